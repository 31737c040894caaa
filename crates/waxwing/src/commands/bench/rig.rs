//! What a scenario stands on: servers, a TLS receiver in this process, and accounts with
//! their webhooks.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use http::{HeaderMap, HeaderName, HeaderValue};
use waxwing_core::Clock;
use waxwing_peers::{Alpn, ApiClient, RawListener, Received, Receiver, ReceiverOptions};

use super::{
    Plan,
    adapter::{Adapter, Call},
    arrivals::Arrivals,
    load::Account,
    own::{KEY, Own},
    scenario::{Receivers, Scenario},
    template::Known,
    wire::Host,
    words::Answer,
};
use crate::system::SystemClock;

/// Everything that a scenario needs.
pub(super) struct Rig {
    /// Holds the database.
    _directory: tempfile::TempDir,
    receiver: Receiver,
    adapter: Arc<Adapter>,
    /// Ours; with another server there are none.
    pub(super) own: Option<Own>,
    /// Where its API is.
    pub(super) url: String,
    pub(super) hosts: Arc<[Host]>,
    pub(super) groups: BTreeMap<String, Group>,
    /// What arrives.
    pub(super) arrivals: Arc<Arrivals>,
}

/// Accounts and webhooks of the same receivers.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) accounts: Vec<Arc<Account>>,
    /// What is known of each webhook.
    pub(super) webhooks: Vec<Known>,
}

impl Rig {
    /// Builds what the scenario asks for.
    pub(super) async fn build(plan: &Plan, scenario: &Scenario) -> anyhow::Result<Self> {
        let directory = match &plan.directory {
            Some(under) => tempfile::tempdir_in(under),
            None => tempfile::tempdir(),
        };
        let directory = directory.context("no temporary directory can be made")?;
        // Unlike that of any other rig: names must not repeat in a database that outlives this one.
        let number = SystemClock.now().millis().unsigned_abs();
        let answers = scenario.receivers.values().map(|receivers| receivers.answer).collect();
        let arrivals = Arc::new(Arrivals::new(number, plan.adapter.arrives.clone(), answers));
        let receiver = start_receiver(plan, &arrivals).await?;
        let (own, url, hosts, known) = if let Some(other) = &plan.other {
            (None, other.url.clone(), vec![other.host.clone()], plan.known.clone())
        } else {
            let own = Own::start(plan, directory.path(), &plan.roots).await?;
            let (url, hosts) = (own.url()?, own.hosts());
            (Some(own), url, hosts, Known::from([("key".to_owned(), KEY.to_owned())]))
        };
        let mut rig = Self {
            _directory: directory,
            receiver,
            adapter: Arc::clone(&plan.adapter),
            own,
            url,
            hosts: hosts.into(),
            groups: BTreeMap::new(),
            arrivals,
        };
        for (at, (name, receivers)) in scenario.receivers.iter().enumerate() {
            let url = match receivers.answer {
                Answer::Refused => format!("https://{}/{at}", RawListener::closed_port().await?),
                _ => rig.receiver.url(&format!("/{at}")),
            };
            let group = rig.group(&format!("{number}-{name}"), receivers, &url, &known).await?;
            rig.groups.insert(name.clone(), group);
        }
        Ok(rig)
    }

    /// Ends our servers.
    pub(super) async fn stop(&mut self) -> anyhow::Result<()> {
        match &mut self.own {
            Some(own) => own.stop().await,
            None => Ok(()),
        }
    }

    /// Our servers end and start again; how long it took until the first was ready.
    pub(super) async fn restart(&mut self) -> anyhow::Result<Duration> {
        let own = self.own.as_mut().context("only our own servers can be started again")?;
        let took = own.restart().await?;
        self.url = own.url()?;
        self.hosts = own.hosts().into();
        Ok(took)
    }

    /// Accounts `<name>-<n>`, each with its webhooks at `url`.
    async fn group(
        &self,
        name: &str,
        receivers: &Receivers,
        url: &str,
        known: &Known,
    ) -> anyhow::Result<Group> {
        let client = self.client()?;
        let mut group = Group::default();
        for n in 0..receivers.accounts {
            let mut known = known.clone();
            known.insert("account".into(), format!("{name}-{n}"));
            for call in &self.adapter.account {
                self.call(&client, call, &mut known).await?;
            }
            for _ in 0..receivers.webhooks {
                let mut known = known.clone();
                known.insert("url".into(), url.to_owned());
                for call in &self.adapter.webhook {
                    self.call(&client, call, &mut known).await?;
                }
                group.webhooks.push(known);
            }
            let deliveries = if receivers.answer.is_good() { receivers.webhooks } else { 0 };
            let (publish, batch) = (self.adapter.ready(&known), self.adapter.ready_batch(&known));
            group.accounts.push(Arc::new(Account { publish, batch, deliveries }));
        }
        Ok(group)
    }

    /// Pauses or releases every webhook of these receivers.
    pub(super) async fn switch(&self, receivers: &[String], pause: bool) -> anyhow::Result<()> {
        let call = if pause { &self.adapter.pause } else { &self.adapter.release };
        let call = call.as_ref().context("the adapter says neither how to pause nor how to release")?;
        let client = self.client()?;
        for webhook in receivers.iter().filter_map(|name| self.groups.get(name)).flat_map(|it| &it.webhooks) {
            self.call(&client, call, &mut webhook.clone()).await?;
        }
        Ok(())
    }

    /// A client of the server's API that says nothing by itself of who asks.
    pub(super) fn client(&self) -> anyhow::Result<ApiClient> {
        Ok(ApiClient::new(&self.url, "")?)
    }

    /// Makes one call, and keeps what later ones need.
    async fn call(&self, client: &ApiClient, call: &Call, known: &mut Known) -> anyhow::Result<()> {
        let (method, path) = (call.request.method.clone(), call.request.path.text(known));
        let line = format!("{method} {path}");
        let mut headers = HeaderMap::new();
        for (name, value) in self.adapter.headers.iter().chain(&call.headers) {
            let (name, value) = (name.parse::<HeaderName>()?, value.text(known));
            headers.insert(name, HeaderValue::from_str(&value)?);
        }
        let answer = client.request(method, &path, headers, call.body.text(known).into()).await?;
        if !answer.status.is_success() {
            let body = String::from_utf8_lossy(&answer.body);
            bail!("{} answered {line} with {}: {body}", self.adapter.server, answer.status);
        }
        for (name, pointer) in &call.keep {
            let json = answer.json().unwrap_or_default();
            let found = json.pointer(pointer).with_context(|| {
                format!("{} answered {line} without {pointer}: {json}", self.adapter.server)
            })?;
            let text = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
            known.insert(name.clone(), text);
        }
        Ok(())
    }

    /// CPU time so far: of the servers, and of PostgreSQL where it is ours.
    pub(super) fn cpu(&self, plan: &Plan) -> Option<(Duration, Duration)> {
        match (&self.own, &plan.other) {
            (Some(own), _) => own.cpu(),
            (None, Some(other)) => Some((other.cpu()?, Duration::ZERO)),
            (None, None) => None,
        }
    }

    /// The ends of our servers' logs.
    pub(super) fn last_words(&self) -> String {
        self.own.as_ref().map(Own::last_words).unwrap_or_default()
    }
}

async fn start_receiver(plan: &Plan, arrivals: &Arc<Arrivals>) -> anyhow::Result<Receiver> {
    let handler = {
        let arrivals = Arc::clone(arrivals);
        move |received: Received| arrivals.receive(&received)
    };
    let mut options = ReceiverOptions::local(plan.ca.issue(&["127.0.0.1"])?, handler);
    if plan.http1 {
        options.alpn = Alpn::Http1;
    }
    Ok(Receiver::start(options).await?)
}

/// Where a fresh database goes.
pub(super) fn place(plan: &Plan) -> PathBuf {
    plan.directory.clone().unwrap_or_else(std::env::temp_dir)
}
