//! A panic is a bug of ours. It costs the request that met it, and no other: its answer is
//! a 500, and the process goes on.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

/// The future's output, or `None` when it panicked. What the panic said is not looked at:
/// it may hold what a client sent.
pub(crate) async fn caught<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    // After a panic the future is not polled again, and what it shares with others is
    // behind locks that each statement leaves in order.
    let poll = std::future::poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    });
    let result: Result<F::Output, Box<dyn Any + Send>> = poll.await;
    result.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_caught_wherever_the_future_is() {
        assert_eq!(caught(async { 7 }).await, Some(7));
        let at_once = caught(async { panic!("at once") });
        assert_eq!(at_once.await, None::<()>);
        let later = caught(async {
            tokio::task::yield_now().await;
            panic!("later")
        });
        assert_eq!(later.await, None::<()>);
    }
}
