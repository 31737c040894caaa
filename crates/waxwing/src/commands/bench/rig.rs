//! What a measurement stands on: a server process with a fresh database, a TLS
//! receiver in this process, accounts with their webhooks.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use serde_json::json;
use tokio::time::{Instant, timeout};
use waxwing_peers::{Alpn, ApiClient, Ca, Received, Receiver, ReceiverOptions};

use super::{Plan, arrivals::Arrivals, process};
use crate::commands::{child::ChildServer, server::expect};

/// The operator key of the bench's servers; they live on the loopback for minutes.
pub(crate) const KEY: &str = "waxwing-bench-operator-key";

/// Server, receiver and what connects them.
pub(crate) struct Rig {
    directory: tempfile::TempDir,
    receiver: Receiver,
    environment: Vec<(&'static str, String)>,
    /// The server, while it runs.
    pub(crate) server: ChildServer,
    /// What arrives.
    pub(crate) arrivals: Arc<Arrivals>,
}

/// A webhook of the bench.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    /// Its account.
    pub(crate) account: String,
    /// Its id.
    pub(crate) id: String,
}

impl Rig {
    /// Builds what the plan asks for.
    pub(crate) async fn build(plan: &Plan) -> anyhow::Result<Self> {
        let directory = match &plan.directory {
            Some(under) => tempfile::tempdir_in(under),
            None => tempfile::tempdir(),
        };
        let directory = directory.context("no temporary directory can be made")?;
        let ca = Ca::generate("Waxwing bench")?;
        let roots = directory.path().join("ca.pem");
        std::fs::write(&roots, ca.pem())?;
        let arrivals = Arc::new(Arrivals::default());
        let handler = {
            let arrivals = Arc::clone(&arrivals);
            move |received: Received| arrivals.receive(&received)
        };
        let mut options = ReceiverOptions::local(ca.issue(&["127.0.0.1"])?, handler);
        if plan.http1 {
            options.alpn = Alpn::Http1;
        }
        let receiver = Receiver::start(options).await?;
        let environment = vec![
            ("OPERATOR_KEY", KEY.to_owned()),
            ("EXTRA_CA_FILE", roots.display().to_string()),
            ("ALLOWED_NETWORKS", "127.0.0.0/8".to_owned()),
            ("LOG", "warn,waxwing::serve=info".to_owned()),
        ];
        let server = ChildServer::start(directory.path(), &environment).await?;
        Ok(Self { directory, receiver, environment, server, arrivals })
    }

    /// Ends the server and starts it again on the same database; how long it
    /// took until it was ready.
    pub(crate) async fn restart(&mut self) -> anyhow::Result<Duration> {
        self.server.stop().await?;
        let began = Instant::now();
        self.server = ChildServer::start(self.directory.path(), &self.environment).await?;
        let client = self.client()?;
        let ready = async {
            while !client.get("/readyz").await.is_ok_and(|answer| answer.status == 200) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(Duration::from_mins(1), ready)
            .await
            .context("the server did not become ready within a minute")?;
        Ok(began.elapsed())
    }

    /// A client of the server's API.
    pub(crate) fn client(&self) -> anyhow::Result<ApiClient> {
        Ok(ApiClient::new(&self.server.url(), KEY)?)
    }

    /// `https://…` of the receiver.
    pub(crate) fn receiver_url(&self, path: &str) -> String {
        self.receiver.url(path)
    }

    /// Where the server listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.server.addr
    }

    /// CPU time of the server so far.
    pub(crate) fn cpu(&self) -> Duration {
        process::cpu(self.server.pid).unwrap_or_default()
    }

    /// Bytes of the database's file, without its write-ahead log.
    pub(crate) fn disk(&self) -> u64 {
        process::disk(self.directory.path(), ".db")
    }

    /// Bytes of its write-ahead log, which does not grow with what is stored.
    pub(crate) fn log(&self) -> u64 {
        process::disk(self.directory.path(), ".db-wal")
    }

    /// Accounts `<name>-<n>`, each with `webhooks` webhooks at `url`.
    pub(crate) async fn accounts(
        &self,
        name: &str,
        count: usize,
        webhooks: usize,
        url: &str,
    ) -> anyhow::Result<Vec<Hook>> {
        let client = self.client()?;
        let mut hooks = Vec::with_capacity(count * webhooks);
        for n in 0..count {
            let account = format!("{name}-{n}");
            expect(201, &client.post("/api/accounts", Some(json!({ "id": account }))).await?)?;
            let acting = client.clone().account(&account)?;
            for _ in 0..webhooks {
                let wanted = json!({ "url": url, "events": ["*"] });
                let made = expect(201, &acting.post("/api/webhook/create", Some(wanted)).await?)?;
                let id = made["id"].as_str().unwrap_or_default().to_owned();
                hooks.push(Hook { account: account.clone(), id });
            }
        }
        Ok(hooks)
    }
}
