//! Commands that end when somebody presses Ctrl-C.

use std::future::Future;

use anyhow::Context;
use tokio::signal::unix::{Signal, SignalKind, signal};

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

/// Signals that ask for an end, from when on this is made: for work that has to leave
/// nothing behind.
pub(super) struct AskedToEnd {
    interrupt: Signal,
    terminate: Signal,
}

impl AskedToEnd {
    pub(super) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("signals of the operating system cannot be received");
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Works until it is done; `None` when the end was asked for.
    pub(super) async fn or<T>(
        mut self,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<Option<T>> {
        tokio::select! {
            result = work => result.map(Some),
            _ = self.interrupt.recv() => Ok(None),
            _ = self.terminate.recv() => Ok(None),
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
