//! How webhooks fare: what a transaction's attempts add up to, and what follows.
//!
//! Written last before the commit, as sums rather than as rows read before: nodes
//! that deliver to the same webhook hold each other up for the commit alone.

use std::collections::BTreeMap;

use tokio_postgres::{Client, Row};
use waxwing_core::{Timestamp, webhook::Health};
use waxwing_store::Completion;

use crate::{
    rows,
    sql::{Result, get, params, query},
};

/// What attempts of one transaction say of their webhooks.
#[derive(Default)]
pub(crate) struct Fared(BTreeMap<i64, Sum>);

#[derive(Default)]
struct Sum {
    /// After the attempts, counted from nothing.
    health: Health,
    last_failure: Option<usize>,
}

/// How a webhook stands after a transaction.
pub(crate) struct Judgement {
    health: Health,
    /// The job whose failure was the last.
    last_failure: Option<usize>,
}

impl Judgement {
    /// Whether this attempt is the one by which the webhook has failed for too long.
    pub(crate) fn condemns(&self, job: usize, completion: &Completion) -> bool {
        self.last_failure == Some(job) && self.health.is_failing_for(completion.disable_after, completion.now)
    }
}

impl Fared {
    /// Adds an attempt; they come in order.
    pub(crate) fn add(&mut self, job: usize, webhook: i64, succeeded: bool, now: Timestamp) {
        let sum = self.0.entry(webhook).or_default();
        if succeeded {
            sum.health = sum.health.succeeded(now);
        } else {
            sum.health = sum.health.failed(now);
            sum.last_failure = Some(job);
        }
    }

    /// Adds the sums to the rows.
    pub(crate) async fn write(self, client: &Client) -> Result<BTreeMap<i64, Judgement>> {
        if self.0.is_empty() {
            return Ok(BTreeMap::new());
        }
        let webhooks: Vec<i64> = self.0.keys().copied().collect();
        let sums = || self.0.values().map(|sum| sum.health);
        let times = |of: fn(Health) -> Option<Timestamp>| -> Vec<Option<i64>> {
            sums().map(|health| of(health).map(Timestamp::millis)).collect()
        };
        let (success, failure) =
            (times(|health| health.last_success_at), times(|health| health.last_failure_at));
        let since = times(|health| health.failing_since);
        let failures: Vec<i64> = sums().map(|health| i64::from(health.consecutive_failures)).collect();
        let found = query(
            client,
            WRITE,
            params![
                webhooks => INT8_ARRAY, success => INT8_ARRAY, failure => INT8_ARRAY, failures => INT8_ARRAY,
                since => INT8_ARRAY,
            ],
        )
        .await?;
        let mut judgements = BTreeMap::new();
        for row in found {
            let webhook: i64 = get(&row, 4)?;
            let last_failure = self.0.get(&webhook).and_then(|sum| sum.last_failure);
            judgements.insert(webhook, Judgement { health: health(&row, 0)?, last_failure });
        }
        Ok(judgements)
    }
}

const WRITE: &str = "SELECT last_success_at, last_failure_at, consecutive_failures, failing_since, webhook_seq \
     FROM add_health($1, $2, $3, $4, $5)";

/// Health from four columns, beginning with column `first`.
pub(crate) fn health(row: &Row, first: usize) -> Result<Health> {
    let failures: i64 = get(row, first + 2)?;
    Ok(Health {
        last_success_at: rows::optional_time(row, first)?,
        last_failure_at: rows::optional_time(row, first + 1)?,
        consecutive_failures: u32::try_from(failures).unwrap_or(u32::MAX),
        failing_since: rows::optional_time(row, first + 3)?,
    })
}
