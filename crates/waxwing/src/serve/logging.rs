//! Log lines on stderr, for people or for programs.

use std::{any::Any, panic::PanicHookInfo};

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    config::{LogFormat, Settings},
    terminal::Paint,
};

/// Starts logging for the rest of the process.
pub(super) fn start(settings: &Settings) -> anyhow::Result<()> {
    let filter = EnvFilter::builder().parse(&settings.log)?;
    let registry = tracing_subscriber::registry().with(filter);
    match settings.log_format {
        LogFormat::Text => {
            let layer = fmt::layer().with_writer(std::io::stderr).with_ansi(Paint::of_stderr().is_on());
            registry.with(layer).try_init()?;
        }
        LogFormat::Json => {
            let layer =
                fmt::layer().with_writer(std::io::stderr).json().flatten_event(true).with_current_span(false);
            registry.with(layer.with_span_list(false)).try_init()?;
        }
    }
    std::panic::set_hook(Box::new(panicked));
    Ok(())
}

/// A panic is a bug: where it is, and what it says if that was written beforehand.
fn panicked(panic: &PanicHookInfo<'_>) {
    let at = panic.location().map(ToString::to_string).unwrap_or_default();
    let trace = std::backtrace::Backtrace::capture();
    tracing::error!(at, said = said(panic.payload()), %trace, "a bug: panicked");
}

/// What was put together for the panic may hold what a client sent, or a secret: it is not
/// logged.
fn said(payload: &dyn Any) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("(not shown: it may hold what was sent)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_shows_only_words_of_the_program() {
        assert_eq!(said(&"fixed words"), "fixed words");
        assert!(!said(&String::from("hunter2")).contains("hunter2"));
    }
}
