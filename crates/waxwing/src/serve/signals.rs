//! What asks the process to end.

use anyhow::Context;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
};

use crate::exit::Exit;

/// SIGTERM and SIGINT.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Begins to listen for them; they no longer end the process by themselves.
    pub(super) fn listen() -> anyhow::Result<Self> {
        let on = |kind| signal(kind).context("signals of the operating system cannot be received");
        Ok(Self { terminate: on(SignalKind::terminate())?, interrupt: on(SignalKind::interrupt())? })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    /// From now on the next signal ends the process at once.
    pub(super) fn end_at_once_on_next(mut self) {
        tokio::spawn(async move {
            let name = self.next().await;
            tracing::warn!(signal = name, "asked again to end: ending at once");
            end_now();
        });
    }
}

/// SIGHUP, which no longer ends the process by itself.
pub(super) fn hangups() -> anyhow::Result<Signal> {
    signal(SignalKind::hangup()).context("signals of the operating system cannot be received")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a second signal means now; nothing acknowledged depends on an orderly end"
)]
fn end_now() {
    std::process::exit(i32::from(Exit::Failed as u8));
}

/// Waits until whoever started this process closes its stdin, or forever when
/// that was not asked for. How `demo` and `bench` make sure that their server
/// ends with them, however they end.
pub(super) async fn stdin_closed(asked: bool) {
    let (closed, wait) = oneshot::channel::<()>();
    if asked {
        // A thread of its own: a runtime would wait for the read at its end.
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            drop(closed);
        });
        let _ = wait.await; // dropped, never sent
    } else {
        std::future::pending::<()>().await;
    }
}
