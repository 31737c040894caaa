//! What a measurement stands on: a server process with a fresh database, a TLS
//! receiver in this process, accounts with their webhooks.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use serde_json::json;
use tokio::time::{Instant, timeout};
use waxwing_core::Clock;
use waxwing_peers::{Alpn, ApiClient, Ca, Received, Receiver, ReceiverOptions};

use super::{Plan, arrivals::Arrivals, process};
use crate::{
    commands::{child::ChildServer, server::expect},
    system::SystemClock,
};

/// The operator key of the bench's servers; they live on the loopback for minutes.
pub(crate) const KEY: &str = "waxwing-bench-operator-key";

/// The key that seals secrets in a database of the bench on PostgreSQL.
const ENCRYPTION_KEY: &str = "d2F4d2luZy1iZW5jaC1lbmNyeXB0aW9uLWtleS0zMi4=";

/// Servers, receiver and what connects them.
pub(crate) struct Rig {
    directory: tempfile::TempDir,
    receiver: Receiver,
    environment: Vec<(&'static str, String)>,
    /// Unlike that of any other rig: names and ids must not repeat in a database that
    /// outlives this one.
    number: u64,
    postgres: bool,
    /// The servers, while they run: one, but for PostgreSQL.
    servers: Vec<ChildServer>,
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
        let number = SystemClock.now().millis().unsigned_abs();
        let arrivals = Arc::new(Arrivals::numbered_from(number));
        let handler = {
            let arrivals = Arc::clone(&arrivals);
            move |received: Received| arrivals.receive(&received)
        };
        let mut options = ReceiverOptions::local(ca.issue(&["127.0.0.1"])?, handler);
        if plan.http1 {
            options.alpn = Alpn::Http1;
        }
        let receiver = Receiver::start(options).await?;
        let mut environment = vec![
            ("OPERATOR_KEY", KEY.to_owned()),
            ("EXTRA_CA_FILE", roots.display().to_string()),
            ("ALLOWED_NETWORKS", "127.0.0.0/8".to_owned()),
            ("LOG", "warn,waxwing::serve=info".to_owned()),
        ];
        if let Some(url) = &plan.database {
            environment.push(("DATABASE", url.clone()));
            environment.push(("ENCRYPTION_KEY", ENCRYPTION_KEY.to_owned()));
        }
        let postgres = plan.database.is_some();
        let servers = Vec::new();
        let mut rig = Self { directory, receiver, environment, number, postgres, servers, arrivals };
        rig.start(plan.nodes).await?;
        // A run that was interrupted may have left something to do.
        rig.delete_accounts().await?;
        Ok(rig)
    }

    async fn start(&mut self, nodes: usize) -> anyhow::Result<()> {
        for node in 0..nodes {
            let mut environment = self.environment.clone();
            environment.push(("NODE", format!("bench-{node}")));
            self.servers.push(ChildServer::start(self.directory.path(), &environment).await?);
        }
        Ok(())
    }

    /// Ends the servers, in order.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        self.delete_accounts().await?;
        self.end().await
    }

    async fn end(&mut self) -> anyhow::Result<()> {
        for mut server in self.servers.drain(..) {
            server.stop().await?;
        }
        Ok(())
    }

    /// Deletes what a database that outlives the rig would keep on delivering.
    async fn delete_accounts(&self) -> anyhow::Result<()> {
        if !self.postgres {
            return Ok(());
        }
        let client = self.client()?;
        loop {
            let page = expect(200, &client.get("/api/accounts?limit=100").await?)?;
            let accounts = page["data"].as_array().cloned().unwrap_or_default();
            for account in &accounts {
                let path = format!("/api/accounts/{}", account["id"].as_str().unwrap_or_default());
                expect(204, &client.delete(&path, None).await?)?;
            }
            if accounts.is_empty() {
                return Ok(());
            }
        }
    }

    /// Ends the servers and starts them again on the same database; how long it
    /// took until the first was ready.
    pub(crate) async fn restart(&mut self) -> anyhow::Result<Duration> {
        let nodes = self.servers.len();
        self.end().await?;
        let began = Instant::now();
        self.start(nodes).await?;
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
        Ok(ApiClient::new(&self.first()?.url(), KEY)?)
    }

    /// `https://…` of the receiver.
    pub(crate) fn receiver_url(&self, path: &str) -> String {
        self.receiver.url(path)
    }

    /// Where the servers listen.
    pub(crate) fn addrs(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(|server| server.addr).collect()
    }

    /// CPU time so far: of the servers, and of PostgreSQL.
    pub(crate) fn cpu(&self) -> (Duration, Duration) {
        let servers = self.servers.iter().filter_map(|server| process::cpu(server.pid)).sum();
        let postgres = if self.postgres { process::cpu_of_all("postgres") } else { Duration::ZERO };
        (servers, postgres)
    }

    /// Whether PostgreSQL's CPU time counts.
    pub(crate) fn cpu_of_postgres_counts(&self) -> bool {
        self.postgres
    }

    /// Bytes that the servers had written to disk; not known of PostgreSQL.
    pub(crate) fn written(&self) -> Option<u64> {
        if self.postgres { None } else { process::written(self.first().ok()?.pid) }
    }

    /// The most memory that one of the servers ever held, in bytes.
    pub(crate) fn peak_rss(&self) -> Option<u64> {
        self.servers.iter().filter_map(|server| process::peak_rss(server.pid)).max()
    }

    /// The most memory that one of the servers holds now, in bytes.
    pub(crate) fn rss(&self) -> Option<u64> {
        self.servers.iter().filter_map(|server| process::rss(server.pid)).max()
    }

    /// The ends of the servers' logs.
    pub(crate) fn last_words(&self) -> String {
        self.servers.iter().map(ChildServer::last_words).collect::<Vec<_>>().join("\n")
    }

    fn first(&self) -> anyhow::Result<&ChildServer> {
        self.servers.first().context("no server runs")
    }

    /// Bytes of the database's file, without its write-ahead log; 0 on PostgreSQL.
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
            let account = format!("{}-{name}-{n}", self.number);
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
