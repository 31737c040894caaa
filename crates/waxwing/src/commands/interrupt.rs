//! Commands that end when somebody presses Ctrl-C.

use std::future::Future;

use anyhow::Context;

/// Works until it is done or interrupted; `None` when interrupted.
pub(super) async fn until_interrupted<T>(
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<Option<T>> {
    tokio::select! {
        result = work => result.map(Some),
        signal = tokio::signal::ctrl_c() => {
            signal.context("signals of the operating system cannot be received")?;
            Ok(None)
        }
    }
}

/// What blocks, on a thread of its own; the end of the process does not wait for it.
pub(super) async fn on_thread<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let (done, result) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().spawn(move || drop(done.send(work())));
    thread.context("the operating system gives no thread")?;
    result.await.context("the thread that did the work panicked")?
}
