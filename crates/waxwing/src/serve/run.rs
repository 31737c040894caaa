//! From settings to a running server, and back.

use std::{sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::watch};
use waxwing_api::{Access, Api, Limits, Listeners, dashboard::Dashboard, listener::Bounds, noting_uses};
use waxwing_core::{Clock, Entropy};
use waxwing_delivery::{Engine, EngineOptions, EngineParts};
use waxwing_store::{Metrics, StoreError};

use super::{
    certificate::Certificate,
    dashboard, database, files,
    health::{self, Broken, Health},
    keys, logging, sender, signals,
};
use crate::{
    config::{Flags, Settings},
    exit::Exit,
    system::{OsEntropy, SystemClock},
};

/// The pause before a server that lost its lease asks for another one again.
const JOIN_PAUSE: Duration = Duration::from_millis(250);

/// Runs until it is asked to end, or cannot go on.
pub(crate) async fn run(flags: Flags) -> anyhow::Result<()> {
    let settings = Settings::of_process(&flags)?;
    logging::start(&settings)?;
    files::warn_if_few(&settings);
    let mut signals = signals::Signals::listen()?;
    // Bound first: a taken port is the likeliest mistake, and costs nothing then.
    let listener = bind(&settings.listen).await?;
    let metrics_listener = match &settings.metrics_listen {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let address = listener.local_addr()?;
    let node =
        settings.node.clone().unwrap_or_else(|| database::node_name(&settings.database, address.port()));
    let certificate = settings.tls.as_ref().map(Certificate::open).transpose()?;
    let server = Server::open(&settings, &node).await?;
    let (stop, stopped) = watch::channel(false);
    let bounds = Bounds::of_connections(settings.limits.connections);
    let tls = certificate.as_ref().map(Certificate::tls);
    let listeners = Listeners { api: listener, metrics: metrics_listener, bounds, tls };
    let serving = tokio::spawn(server.serve(&settings, listeners, stopped));
    if let Some(certificate) = certificate {
        tokio::spawn(certificate.keep_fresh(Arc::clone(&server.parts.metrics), signals::hangups()?));
    }
    tracing::info!(%address, tls = settings.tls.is_some(), database = %settings.database, version = env!("CARGO_PKG_VERSION"), node, "listening");
    let end = tokio::select! {
        name = signals.next() => {
            tracing::info!(signal = name, "shutting down");
            Ok(())
        }
        () = signals::stdin_closed(flags.until_stdin_closes) => Ok(()),
        reason = server.deliver() => Err(reason),
    };
    signals.end_at_once_on_next();
    server.close(&settings, stop, serving).await;
    end
}

async fn bind(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let cure = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another program listens there already; stop it or choose another port with --listen"
            }
            std::io::ErrorKind::PermissionDenied => {
                "ports below 1024 need a privilege; choose a higher one with --listen"
            }
            std::io::ErrorKind::AddrNotAvailable => {
                "this machine has no such address; choose another one with --listen"
            }
            _ => "choose another address with --listen",
        };
        Exit::Failed.because(format_args!("cannot listen at {address}: {error}; {cure}"))
    })
}

struct Server {
    health: Arc<Health>,
    dashboard: Option<Arc<Dashboard>>,
    parts: EngineParts,
    options: EngineOptions,
}

impl Server {
    /// Opens the database, makes the keys ready and starts delivering.
    async fn open(settings: &Settings, node: &str) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy::check()?);
        let metrics = Arc::new(Metrics::default());
        // What costs nothing is checked before the database is touched.
        let dashboard = dashboard::open(&settings.dashboard)?;
        let sending = &settings.sending;
        let policy = Arc::new(sending.policy());
        let sender = sender::sender(settings, &policy, &metrics)?;
        let store = database::open(settings, Arc::clone(&metrics)).await?;
        let keyring = Arc::new(keys::keyring(settings, &store, &*clock, &*entropy).await?);
        keys::operator_key(settings, &*store, &*clock, &*entropy).await?;
        // An attempt begins only if the lease outlasts it; renewals keep most of it ahead.
        let lease = settings.lease.max(2 * sending.request_timeout);
        let node = store.register(node, clock.now(), lease).await?;
        let parts = EngineParts {
            store: Arc::clone(&store),
            node,
            sender: Arc::new(sender),
            clock,
            entropy,
            keyring,
            policy,
            metrics,
        };
        let options = EngineOptions {
            request_timeout: sending.request_timeout,
            schedule: sending.schedule.clone(),
            disable_after: sending.disable_after,
            in_flight: sending.in_flight,
            in_flight_per_webhook: sending.in_flight_per_webhook,
            lease,
            drop_payloads: sending.drop_payloads,
            retention: sending.retention,
            ..EngineOptions::default()
        };
        let health = Health::new(store, Engine::start(parts.clone(), options.clone()));
        Ok(Self { health, dashboard, parts, options })
    }

    /// Delivers for as long as it can; why it no longer can.
    async fn deliver(&self) -> anyhow::Error {
        loop {
            match self.health.broken().await {
                Broken::ForGood(error) => return error,
                Broken::LeaseLost => {
                    if let Err(error) = self.join_again().await {
                        return error;
                    }
                }
            }
        }
    }

    /// Begins anew with a new lease once the store gives one: what it had in hand was
    /// taken over by another server. Publishing answers 503 meanwhile.
    async fn join_again(&self) -> anyhow::Result<()> {
        tracing::warn!(
            "this server's lease was lost, nothing more is sent; it joins the others again when it can"
        );
        if let Some(engine) = self.health.take_engine() {
            engine.shutdown(Duration::ZERO).await;
        }
        let EngineParts { store, clock, .. } = &self.parts;
        let node = loop {
            match store.rejoin(self.parts.node, clock.now(), self.options.lease).await {
                Ok(node) => break node,
                Err(StoreError::LeaseLost) => {
                    return Err(health::end(
                        Exit::LeaseLost,
                        "another server registered under this one's name",
                    ));
                }
                Err(error @ StoreError::Stopped(_)) => {
                    return Err(health::end(Exit::StoreStopped, &error.to_string()));
                }
                Err(StoreError::Busy | StoreError::Unreachable(_) | StoreError::Failed(_)) => {
                    tokio::time::sleep(JOIN_PAUSE).await;
                }
            }
        };
        let parts = EngineParts { node, ..self.parts.clone() };
        self.health.put_engine(Engine::start(parts, self.options.clone()));
        tracing::info!("this server has a lease again and delivers");
        Ok(())
    }

    /// Answers requests until `stopped`, then finishes those under way.
    fn serve(
        &self,
        settings: &Settings,
        listeners: Listeners,
        stopped: watch::Receiver<bool>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let health = Arc::clone(&self.health);
        let api = Api {
            store: Arc::clone(&self.parts.store),
            node: self.parts.node,
            clock: Arc::clone(&self.parts.clock),
            entropy: Arc::clone(&self.parts.entropy),
            keyring: Arc::clone(&self.parts.keyring),
            policy: Arc::clone(&self.parts.policy),
            metrics: Arc::clone(&self.parts.metrics),
            limits: Limits {
                event_bytes: settings.limits.event_bytes,
                batch_events: settings.limits.batch_events,
                webhooks_per_account: settings.limits.webhooks_per_account,
                patterns_per_webhook: settings.limits.patterns_per_webhook,
            },
            rotation_grace: settings.rotation_grace,
            access: Arc::new(Access::new(settings.access.clone())),
            streams: Arc::default(),
            dashboard: self.dashboard.clone(),
            ready: Arc::new(move || health.ready()),
        };
        noting_uses(api.clone(), waxwing_api::serve(api, listeners, stopped))
    }

    /// Ends in the opposite order of the beginning: no new requests, those under
    /// way, deliveries under way, the lease, the database.
    async fn close(
        self,
        settings: &Settings,
        stop: watch::Sender<bool>,
        serving: tokio::task::JoinHandle<()>,
    ) {
        let deadline = settings.shutdown_timeout;
        let began = tokio::time::Instant::now();
        self.health.leave();
        stop.send_replace(true);
        match tokio::time::timeout(deadline, serving).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the API did not end as it should"),
            Err(_) => {
                tracing::warn!("requests were cut off: they took longer than the shutdown timeout");
            }
        }
        if let Some(engine) = self.health.take_engine() {
            engine.shutdown(deadline.saturating_sub(began.elapsed())).await;
        }
        if let Err(error) = self.parts.store.leave(self.parts.node).await {
            tracing::warn!(%error, "the lease could not be given back; it runs out by itself");
        }
        self.parts.store.close().await;
        tracing::info!("ended");
    }
}
