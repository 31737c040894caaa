//! Commands that run until somebody presses Ctrl-C.

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
