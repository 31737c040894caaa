//! How long the event log takes to answer, however much it holds.

use anyhow::Context;
use serde_json::Value;
use tokio::time::Instant;
use waxwing_core::{Clock, Timestamp};
use waxwing_peers::ApiClient;

use super::{
    histogram::Histogram,
    own::KEY,
    results::{Latency, Queried, Query},
    rig::Rig,
    template::{Known, Template},
};
use crate::{commands::server::expect, system::SystemClock};

/// Entries of a page.
const PAGE: usize = 100;
/// The most pages that are walked to get to the middle of a log.
const MAX_WALK: usize = 1000;
/// Webhooks whose logs are read in turn.
const WEBHOOKS: usize = 10;

/// What is asked. The last two filters are the hard kind: nothing fits them.
const QUERIES: [(&str, &str); 8] = [
    ("newest page of 100", "?limit=100"),
    ("a page in the middle of the log", "?limit=100{{middle}}"),
    ("status=delivered", "?limit=100&status=delivered"),
    ("since a minute ago", "?limit=100&since={{since}}"),
    ("type=deposit.completed", "?limit=100&type=deposit.completed"),
    ("status=failed, which none is", "?limit=100&status=failed"),
    ("type=deposit.failed, which none is", "?limit=100&type=deposit.failed"),
    ("one delivery with its attempts", "/{{event_id}}"),
];

/// One log that is read.
struct Log {
    client: ApiClient,
    known: Known,
}

/// Asks every question `times` times.
pub(super) async fn measure(
    rig: &Rig,
    receivers: &[String],
    entries: usize,
    times: usize,
) -> anyhow::Result<Queried> {
    let webhooks = receivers.iter().filter_map(|name| rig.groups.get(name)).flat_map(|it| &it.webhooks);
    let webhooks: Vec<&Known> = webhooks.collect();
    // Pages from the newest entry to the middle of a webhook's log.
    let middle = (entries / webhooks.len().max(1) / PAGE / 2).min(MAX_WALK);
    let mut logs = Vec::new();
    for webhook in webhooks.into_iter().take(WEBHOOKS) {
        logs.push(Log::open(rig, webhook, middle).await?);
    }
    let mut queries = Vec::new();
    for (name, query) in QUERIES {
        let template = Template::try_from(query.to_owned()).map_err(anyhow::Error::msg)?;
        let took = Histogram::default();
        let mut rows = 0;
        for log in logs.iter().cycle().take(times) {
            let path = log.path(&template.text(&log.known));
            let began = Instant::now();
            let answer = expect(200, &log.client.get(&path).await?)?;
            took.add(began.elapsed());
            rows = rows.max(answer["data"].as_array().map_or(1, Vec::len));
        }
        queries.push(Query { name, times, rows, latency_ms: Latency::of(&took) });
    }
    Ok(Queried { receivers: receivers.to_vec(), entries, queries })
}

impl Log {
    async fn open(rig: &Rig, webhook: &Known, middle: usize) -> anyhow::Result<Self> {
        let client = ApiClient::new(&rig.url, KEY)?.account(&webhook["account"])?;
        let mut log = Self { client, known: webhook.clone() };
        let mut page = log.page(&format!("?limit={PAGE}")).await?;
        let first = page["data"][0]["event_id"].as_str().context("the log is empty")?;
        log.known.insert("event_id".into(), first.to_owned());
        for _ in 0..middle {
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            let next = format!("&cursor={cursor}");
            page = log.page(&format!("?limit={PAGE}{next}")).await?;
            log.known.insert("middle".into(), next);
        }
        let minute_ago = Timestamp::from_millis(SystemClock.now().millis() - 60_000);
        log.known.insert("since".into(), minute_ago.to_string());
        Ok(log)
    }

    fn path(&self, query: &str) -> String {
        format!("/api/webhook/{}/events{query}", self.known["webhook"])
    }

    async fn page(&self, query: &str) -> anyhow::Result<Value> {
        expect(200, &self.client.get(&self.path(query)).await?)
    }
}
