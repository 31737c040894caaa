//! What makes the requests: whom it trusts, and the way they go out.

use std::{path::Path, sync::Arc, time::Duration};

use waxwing_core::TargetPolicy;
use waxwing_delivery::https::{HttpsSender, SenderOptions, proxy::Proxy};
use waxwing_store::Metrics;
use zeroize::Zeroizing;

use crate::{
    config::{
        Settings,
        settings::{Given, Sending},
    },
    exit::Exit,
    system::SystemClock,
};

/// Most servers close a connection after a minute or more without use.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

pub(super) fn sender(
    settings: &Settings,
    policy: &Arc<TargetPolicy>,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<HttpsSender> {
    let Sending { connect_timeout, in_flight, extra_ca_file, proxy, .. } = &settings.sending;
    let roots = extra_ca_file.as_deref().map(|path| read(path, "CA file")).transpose()?;
    let proxy = self::proxy(proxy)?;
    if let Some(proxy) = &proxy {
        tracing::info!(%proxy, "deliveries go out by a proxy");
    }
    HttpsSender::new(SenderOptions {
        policy: Arc::clone(policy),
        proxy,
        extra_ca_pem: roots.map(String::into_bytes),
        user_agent: concat!("Waxwing/", env!("CARGO_PKG_VERSION")).to_owned(),
        connect_timeout: *connect_timeout,
        idle_timeout: IDLE_TIMEOUT,
        max_connections_per_host: *in_flight,
        clock: Arc::new(SystemClock),
        metrics: Arc::clone(metrics),
    })
    .map_err(|error| Exit::Usage.because(format_args!("{error}")))
}

/// The proxy's URL may hold a password: what is wrong with it is told without it.
fn proxy(given: &Given) -> anyhow::Result<Option<Proxy>> {
    let (text, origin) = match given {
        Given { file: Some(path), .. } => {
            (Zeroizing::new(read(path, "proxy file")?), format!("the proxy file {}", path.display()))
        }
        Given { value: Some(url), .. } => (url.clone(), "the proxy".to_owned()),
        Given { value: None, file: None } => return Ok(None),
    };
    let proxy =
        Proxy::parse(&text).map_err(|error| Exit::Usage.because(format_args!("{origin} {error}.")))?;
    Ok(Some(proxy))
}

fn read(path: &Path, what: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        Exit::Usage.because(format_args!("the {what} {} cannot be read: {error}.", path.display()))
    })
}
