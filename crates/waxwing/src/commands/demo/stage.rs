//! Where the story plays: the server, the customers' receiver, their webhooks.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use anyhow::Context;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use waxwing_core::{Entropy, Secret, clock::random};
use waxwing_peers::{ApiClient, Ca, RawListener, Received, Receiver, ReceiverOptions, ServerCert};

use super::actors::{ALL, Actor, Actors, Arrival, LEGACY, SCHEDULE, TIMEOUT};
use crate::{
    commands::{child::ChildServer, server::expect},
    system::OsEntropy,
};

/// The one account of the story.
pub(super) const ACCOUNT: &str = "acme";

/// A webhook of the story.
#[derive(Debug)]
pub(super) struct Hook {
    /// Whose it is.
    pub(super) actor: Actor,
    /// Its id.
    pub(super) id: String,
    /// Its URL.
    pub(super) url: String,
    /// What its deliveries are signed with.
    pub(super) secret: Secret,
}

/// What reaches the customers' servers.
pub(super) type Arrivals = UnboundedReceiver<Arrival>;

/// Everything that runs.
pub(super) struct Stage {
    /// The server.
    pub(super) server: ChildServer,
    /// Acting for the account.
    pub(super) client: ApiClient,
    /// How the customers' servers behave.
    pub(super) actors: Arc<Actors>,
    receivers: Vec<Receiver>,
    legacy: SocketAddr,
    cert: ServerCert,
    // Last, because it is removed when it is dropped.
    directory: tempfile::TempDir,
}

impl Stage {
    /// Starts server and receiver; what reaches the latter comes beside.
    pub(super) async fn build() -> anyhow::Result<(Self, Arrivals)> {
        let directory = tempfile::tempdir().context("no temporary directory can be made")?;
        let ca = Ca::generate("Waxwing demo")?;
        let cert = ca.issue(&["127.0.0.1"])?;
        let roots = directory.path().join("ca.pem");
        std::fs::write(&roots, ca.pem())?;
        let (told, arrivals) = unbounded_channel();
        let actors = Actors::new(told);
        let receiver = Receiver::start(ReceiverOptions::local(cert.clone(), handler(&actors))).await?;
        let key = operator_key();
        let environment = [
            ("OPERATOR_KEY", key.clone()),
            ("REQUEST_TIMEOUT", format!("{}ms", TIMEOUT.as_millis())),
            ("RETRY_SCHEDULE", SCHEDULE.to_owned()),
            ("EXTRA_CA_FILE", roots.display().to_string()),
            ("ALLOWED_NETWORKS", "127.0.0.0/8".to_owned()),
        ];
        let server = ChildServer::start(directory.path(), &environment).await?;
        let client = ApiClient::new(&server.url(), &key)?;
        expect(
            201,
            &client.post("/api/accounts", Some(json!({ "id": ACCOUNT, "name": "Acme Ltd" }))).await?,
        )?;
        let client = client.account(ACCOUNT)?;
        let legacy = RawListener::closed_port().await?;
        Ok((Self { server, client, actors, receivers: vec![receiver], legacy, cert, directory }, arrivals))
    }

    /// Registers a webhook for each customer's server.
    pub(super) async fn register(&self) -> anyhow::Result<Vec<Hook>> {
        let mut hooks = Vec::with_capacity(ALL.len());
        for actor in ALL {
            let addr = if actor == LEGACY { self.legacy } else { self.receivers[0].addr };
            let url = format!("https://{addr}/{}", actor.name);
            let wanted = json!({ "url": url, "events": actor.events, "description": actor.habit });
            let made = expect(201, &self.client.post("/api/webhook/create", Some(wanted)).await?)?;
            let text = |member: &str| made[member].as_str().unwrap_or_default();
            let secret = Secret::given(text("secret")).context("the server gave no usable secret")?;
            hooks.push(Hook { actor, id: text("id").to_owned(), url, secret });
        }
        Ok(hooks)
    }

    /// Brings the server that was down up, and lets the hanging one answer.
    pub(super) async fn repair(&mut self) -> anyhow::Result<()> {
        self.actors.repair();
        let options = ReceiverOptions {
            bind: self.legacy,
            ..ReceiverOptions::local(self.cert.clone(), handler(&self.actors))
        };
        self.receivers.push(Receiver::start(options).await?);
        Ok(())
    }

    /// The event log of a webhook, oldest first.
    pub(super) async fn log(&self, hook: &Hook) -> anyhow::Result<Vec<Value>> {
        let path = format!("/api/webhook/{}/events?limit=100", hook.id);
        let answer = expect(200, &self.client.get(&path).await?)?;
        let mut entries = answer["data"].as_array().cloned().unwrap_or_default();
        entries.reverse();
        Ok(entries)
    }

    /// Ends everything.
    pub(super) async fn strike(mut self) -> anyhow::Result<()> {
        self.server.stop().await?;
        for receiver in self.receivers {
            receiver.stop().await;
        }
        self.directory.close().context("the demo's temporary directory cannot be removed")
    }
}

/// Secrets by the name of their webhook.
pub(super) fn secrets(hooks: &[Hook]) -> HashMap<&'static str, &Secret> {
    hooks.iter().map(|hook| (hook.actor.name, &hook.secret)).collect()
}

fn handler(actors: &Arc<Actors>) -> impl Fn(Received) -> waxwing_peers::Reply + Send + Sync + 'static {
    let actors = Arc::clone(actors);
    move |received| actors.answer(received)
}

fn operator_key() -> String {
    let entropy: &dyn Entropy = &OsEntropy;
    let bytes: [u8; 24] = random(entropy);
    bytes.iter().fold("demo_".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}
