//! Log lines on stderr, for people or for programs.

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
    Ok(())
}
