//! Servers of our own: this very program, on a fresh database, as child processes.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use tokio::time::{Instant, timeout};
use waxwing_peers::ApiClient;

use super::{Plan, process, wire::Host};
use crate::commands::{child::ChildServer, server::expect};

/// The operator key of the bench's servers; they live on the loopback for minutes.
pub(super) const KEY: &str = "waxwing-bench-operator-key";
/// The key that seals secrets in a database of the bench on PostgreSQL.
const ENCRYPTION_KEY: &str = "d2F4d2luZy1iZW5jaC1lbmNyeXB0aW9uLWtleS0zMi4=";
/// How long a server that starts again may take to be ready.
const READY_WITHIN: Duration = Duration::from_mins(5);

/// The servers of one scenario: one, but for PostgreSQL.
pub(super) struct Own {
    directory: PathBuf,
    environment: Vec<(&'static str, String)>,
    nodes: usize,
    pub(super) postgres: bool,
    children: Vec<ChildServer>,
}

impl Own {
    /// Starts them; `roots` is the file with the receiver's authority.
    pub(super) async fn start(plan: &Plan, directory: &Path, roots: &Path) -> anyhow::Result<Self> {
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
        let (directory, postgres) = (directory.to_owned(), plan.database.is_some());
        let mut own = Self { directory, environment, nodes: plan.nodes, postgres, children: Vec::new() };
        own.launch().await?;
        // A run that was interrupted may have left something to do.
        own.delete_accounts().await?;
        Ok(own)
    }

    async fn launch(&mut self) -> anyhow::Result<()> {
        for node in 0..self.nodes {
            let mut environment = self.environment.clone();
            environment.push(("NODE", format!("bench-{node}")));
            self.children.push(ChildServer::start(&self.directory, &environment).await?);
        }
        Ok(())
    }

    /// Ends the servers, in order.
    pub(super) async fn stop(&mut self) -> anyhow::Result<()> {
        self.delete_accounts().await?;
        self.end().await
    }

    async fn end(&mut self) -> anyhow::Result<()> {
        for mut server in self.children.drain(..) {
            server.stop().await?;
        }
        Ok(())
    }

    /// Deletes what a database that outlives the bench would keep on delivering.
    async fn delete_accounts(&self) -> anyhow::Result<()> {
        if !self.postgres {
            return Ok(());
        }
        let client = ApiClient::new(&self.url()?, KEY)?;
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
    pub(super) async fn restart(&mut self) -> anyhow::Result<Duration> {
        self.end().await?;
        let began = Instant::now();
        self.launch().await?;
        let client = ApiClient::new(&self.url()?, KEY)?;
        let ready = async {
            while !client.get("/readyz").await.is_ok_and(|answer| answer.status == 200) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(READY_WITHIN, ready).await.with_context(|| {
            format!("the server did not become ready within {} s", READY_WITHIN.as_secs())
        })?;
        Ok(began.elapsed())
    }

    /// `http://…` of the first.
    pub(super) fn url(&self) -> anyhow::Result<String> {
        Ok(self.children.first().context("no server runs")?.url())
    }

    /// Where they listen.
    pub(super) fn hosts(&self) -> Vec<Host> {
        self.children.iter().map(|server| Host::local(server.addr)).collect()
    }

    /// CPU time so far: of the servers, and of PostgreSQL.
    pub(super) fn cpu(&self) -> Option<(Duration, Duration)> {
        let servers = self.children.iter().map(|server| process::cpu(server.pid)).sum::<Option<_>>()?;
        let postgres = if self.postgres { process::cpu_of_all("postgres") } else { Duration::ZERO };
        Some((servers, postgres))
    }

    /// Bytes that the servers had written to disk; not known of PostgreSQL.
    pub(super) fn written(&self) -> Option<u64> {
        if self.postgres { None } else { process::written(self.children.first()?.pid) }
    }

    /// The most memory that one of the servers ever held, in bytes.
    pub(super) fn peak_rss(&self) -> Option<u64> {
        self.children.iter().filter_map(|server| process::peak_rss(server.pid)).max()
    }

    /// The most memory that one of the servers holds now, in bytes.
    pub(super) fn rss(&self) -> Option<u64> {
        self.children.iter().filter_map(|server| process::rss(server.pid)).max()
    }

    /// Bytes of the database's file, without and of its write-ahead log; not known of PostgreSQL.
    pub(super) fn disk(&self) -> Option<(u64, u64)> {
        let size = |ending| process::disk(&self.directory, ending);
        (!self.postgres).then(|| (size(".db"), size(".db-wal")))
    }

    /// The ends of the servers' logs.
    pub(super) fn last_words(&self) -> String {
        self.children.iter().map(ChildServer::last_words).collect::<Vec<_>>().join("\n")
    }
}
