//! Keeping attempts and what follows from them, many at a time.
//!
//! The entry in `pending` decides whether an attempt has a say: it is gone, or
//! another node's, or of another generation, when somebody else was there first.

use std::collections::{BTreeMap, HashSet};

use serde_json::json;
use tokio_postgres::{Client, Row};
use waxwing_core::{DeliveryState, DisabledReason, Timestamp, WebhookStatus, delivery::Verdict};
use waxwing_store::{Actor, AuditEntry, Completion, DeliveryKey, Node, Recorded, StoreError, counts::Tick};

use crate::{
    audit,
    changes::{self, Change},
    committer::{Effects, Recording},
    health::{Fared, Judgement},
    nodes::Nodes,
    replays::Progress,
    rows::{self, again},
    sql::{Result, execute, get, params, query},
    store::Shared,
};

/// A webhook that is to be disabled, once the attempt that says so is committed:
/// the configuration is locked before deliveries, never after them.
pub(crate) struct Disable {
    webhook: i64,
    reason: DisabledReason,
    now: Timestamp,
}

/// What the statements said of an attempt.
#[derive(Clone, Copy)]
struct Outcome {
    /// Not when it stood in the log before.
    written: bool,
    applied: bool,
    state: DeliveryState,
}

/// A transaction's attempts, written but for the webhooks' health.
pub(crate) struct Written<'a> {
    jobs: &'a [Recording],
    /// In the order of the jobs; `None` where there is no such delivery.
    outcomes: Vec<Result<Option<Outcome>, StoreError>>,
}

/// Writes the attempts. Those of one delivery go one after the other.
pub(crate) async fn record<'a>(
    shared: &Shared,
    client: &Client,
    nodes: &Nodes,
    jobs: &'a [Recording],
) -> Result<Written<'a>> {
    let mut outcomes = Vec::with_capacity(jobs.len());
    for (node, _) in jobs {
        outcomes.push(if nodes.is_current(*node) { Ok(None) } else { Err(StoreError::LeaseLost) });
    }
    let mut left: Vec<usize> = (0..jobs.len()).filter(|job| outcomes[*job].is_ok()).collect();
    let repeated: Vec<usize> = left.iter().copied().filter(|job| jobs[*job].1.repeated).collect();
    if !repeated.is_empty() {
        for (job, outcome) in kept(client, jobs, &repeated).await? {
            outcomes[job] = Ok(Some(outcome));
            left.retain(|other| *other != job);
        }
    }
    while !left.is_empty() {
        let mut keys = HashSet::new();
        let (now, later): (Vec<usize>, Vec<usize>) =
            left.iter().partition(|job| keys.insert(jobs[**job].1.key));
        for (job, outcome) in write(shared, client, jobs, &now).await? {
            outcomes[job] = Ok(Some(outcome));
        }
        left = later;
    }
    drop_payloads(client, jobs, &outcomes).await?;
    Ok(Written { jobs, outcomes })
}

/// Drops what needs no sending any more, of the jobs that ask for it.
async fn drop_payloads(
    client: &Client,
    jobs: &[Recording],
    outcomes: &[Result<Option<Outcome>, StoreError>],
) -> Result<()> {
    let delivered = |outcome: &Result<Option<Outcome>, StoreError>| {
        matches!(outcome, Ok(Some(Outcome { applied: true, state: DeliveryState::Delivered, .. })))
    };
    let made = jobs.iter().zip(outcomes).filter(|(_, outcome)| delivered(outcome)).map(|(job, _)| &job.1);
    let dropping: Vec<_> = made.filter(|completion| completion.drop_payload).collect();
    let Some(now) = dropping.iter().map(|completion| completion.now).max() else { return Ok(()) };
    let events: Vec<i64> = dropping.iter().map(|completion| completion.key.event).collect();
    let sql = "SELECT drop_payloads($1, $2)";
    query(client, sql, params![events => INT8_ARRAY, now.millis() => INT8]).await?;
    Ok(())
}

/// Writes attempts of different deliveries.
async fn write(
    shared: &Shared,
    client: &Client,
    jobs: &[Recording],
    which: &[usize],
) -> Result<Vec<(usize, Outcome)>> {
    let of = || which.iter().map(|job| &jobs[*job]);
    let completions = || of().map(|(_, completion)| completion);
    let webhooks: Vec<i64> = completions().map(|one| one.key.webhook).collect();
    let events: Vec<i64> = completions().map(|one| one.key.event).collect();
    let owners: Vec<i64> = of().map(|(node, one)| owner(shared, *node, one)).collect();
    let generations: Vec<i32> = completions().map(|one| rows::int(one.generation)).collect();
    let states: Vec<i16> = completions().map(|one| rows::state_number(state_after(one))).collect();
    let due: Vec<Option<i64>> = completions().map(due_at).collect();
    let completed: Vec<Option<i64>> =
        completions().map(|one| state_after(one).is_finished().then(|| one.now.millis())).collect();
    let attempts = || completions().map(|one| &one.attempt);
    let started: Vec<i64> = attempts().map(|attempt| attempt.started_at.millis()).collect();
    let took: Vec<i64> =
        attempts().map(|attempt| i64::try_from(attempt.duration.as_millis()).unwrap_or(i64::MAX)).collect();
    let codes: Vec<Option<i32>> =
        attempts().map(|attempt| attempt.outcome.status_code().map(i32::from)).collect();
    let errors: Vec<Option<String>> =
        attempts().map(|attempt| attempt.outcome.error().map(ToString::to_string)).collect();
    let bodies: Vec<Option<&[u8]>> =
        attempts().map(|attempt| Some(&attempt.response_body[..]).filter(|body| !body.is_empty())).collect();
    let found = query(
        client,
        RECORD,
        params![
            webhooks => INT8_ARRAY, events => INT8_ARRAY, owners => INT8_ARRAY, generations => INT4_ARRAY,
            states => INT2_ARRAY, due => INT8_ARRAY, completed => INT8_ARRAY, started => INT8_ARRAY,
            took => INT8_ARRAY, codes => INT4_ARRAY, errors => TEXT_ARRAY, bodies => BYTEA_ARRAY,
        ],
    )
    .await?;
    let mut written = Vec::with_capacity(found.len());
    for row in found {
        let outcome = Outcome { written: true, state: rows::state(&row, 1)?, applied: get(&row, 2)? };
        written.push((numbered(&row, which)?, outcome));
    }
    Ok(written)
}

/// Which attempts of these were kept the time before, when the answer was lost. That
/// transaction may not have ended yet, so it is waited for first.
async fn kept(client: &Client, jobs: &[Recording], which: &[usize]) -> Result<Vec<(usize, Outcome)>> {
    let completions = || which.iter().map(|job| &jobs[*job].1);
    let webhooks: Vec<i64> = completions().map(|one| one.key.webhook).collect();
    let events: Vec<i64> = completions().map(|one| one.key.event).collect();
    let started: Vec<i64> = completions().map(|one| one.attempt.started_at.millis()).collect();
    let lock = "SELECT 1 FROM delivery d JOIN unnest($1::bigint[], $2::bigint[]) AS j(webhook, event) \
         ON d.webhook_seq = j.webhook AND d.event_seq = j.event \
         ORDER BY d.webhook_seq, d.event_seq FOR NO KEY UPDATE OF d";
    query(client, lock, params![webhooks => INT8_ARRAY, events => INT8_ARRAY]).await?;
    let answers = query(
        client,
        "SELECT j.n, d.state FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) \
         WITH ORDINALITY AS j(webhook, event, started, n) \
         JOIN delivery d ON d.webhook_seq = j.webhook AND d.event_seq = j.event \
         WHERE EXISTS (SELECT FROM attempt a WHERE a.webhook_seq = j.webhook AND a.event_seq = j.event \
         AND a.started_at = j.started)",
        params![webhooks => INT8_ARRAY, events => INT8_ARRAY, started => INT8_ARRAY],
    )
    .await?;
    let mut found = Vec::with_capacity(answers.len());
    for row in answers {
        found.push((
            numbered(&row, which)?,
            Outcome { written: false, state: rows::state(&row, 1)?, applied: false },
        ));
    }
    Ok(found)
}

/// The job that an answer is for: its first column counts from 1.
fn numbered(row: &Row, which: &[usize]) -> Result<usize> {
    let number = usize::try_from(get::<i64>(row, 0)?).unwrap_or(usize::MAX);
    let job = number.checked_sub(1).and_then(|number| which.get(number));
    Ok(*job.ok_or_else(|| rows::unreadable("an answer to nothing"))?)
}

/// Of a deleted webhook nothing waits that an attempt could end: it is canceled,
/// whatever was under way.
fn owner(shared: &Shared, node: Node, completion: &Completion) -> i64 {
    if shared.directory.target(completion.key.webhook).is_some() { node.id } else { -1 }
}

/// Only what waits is moved, so the state before does not matter.
fn state_after(completion: &Completion) -> DeliveryState {
    DeliveryState::Pending.on(completion.verdict.input())
}

fn due_at(completion: &Completion) -> Option<i64> {
    match completion.verdict {
        Verdict::RetryAt(at) => Some(again(at)),
        Verdict::Delivered | Verdict::Exhausted | Verdict::Gone => None,
    }
}

/// What the function looks at and does: migrations/0002_functions.sql.
const RECORD: &str = "SELECT number, state, applied FROM record_attempts($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
     $11, $12)";

impl Written<'_> {
    /// How the webhooks fared by the attempts that counted.
    pub(crate) fn fared(&self) -> Fared {
        let mut fared = Fared::default();
        for (job, outcome) in self.outcomes.iter().enumerate() {
            if let Ok(Some(Outcome { applied: true, .. })) = outcome {
                let completion = &self.jobs[job].1;
                fared.add(
                    job,
                    completion.key.webhook,
                    completion.verdict == Verdict::Delivered,
                    completion.now,
                );
            }
        }
        fared
    }

    /// What the attempts are counted as.
    pub(crate) fn ticks(&self) -> impl Iterator<Item = Tick> {
        self.jobs.iter().zip(&self.outcomes).filter_map(|((_, completion), outcome)| match outcome {
            Ok(Some(Outcome { written: true, applied, state })) => {
                Some(Tick::attempt(completion, *applied, *state))
            }
            _ => None,
        })
    }

    /// What they ended of replays.
    pub(crate) fn progress(&self) -> Progress {
        let mut progress = Progress::default();
        for ((_, completion), outcome) in self.jobs.iter().zip(&self.outcomes) {
            if let (Some(replay), Ok(Some(Outcome { applied: true, .. }))) = (completion.replay, outcome) {
                progress.add(replay, completion.verdict);
            }
        }
        progress
    }

    /// The answers in the order of the jobs.
    pub(crate) fn answers(
        &self,
        shared: &Shared,
        judgements: &BTreeMap<i64, Judgement>,
        effects: &mut Effects,
    ) -> Vec<Result<Recorded, StoreError>> {
        let mut condemned = HashSet::new();
        let mut answers = Vec::with_capacity(self.jobs.len());
        for (job, outcome) in self.outcomes.iter().enumerate() {
            let completion = &self.jobs[job].1;
            answers.push(match outcome {
                Err(error) => Err(error.clone()),
                Ok(None) => Err(StoreError::Failed("the delivery is gone".into())),
                Ok(Some(outcome)) => {
                    Ok(answer(shared, job, completion, *outcome, judgements, &mut condemned, effects))
                }
            });
        }
        answers
    }
}

fn answer(
    shared: &Shared,
    job: usize,
    completion: &Completion,
    outcome: Outcome,
    judgements: &BTreeMap<i64, Judgement>,
    condemned: &mut HashSet<i64>,
    effects: &mut Effects,
) -> Recorded {
    let DeliveryKey { webhook, .. } = completion.key;
    let status = shared.directory.target(webhook).map(|target| target.status);
    if let (true, Some(at)) = (outcome.applied, due_at(completion)) {
        effects.again.push((webhook, Timestamp::from_millis(at)));
    }
    let judgement = judgements.get(&webhook);
    let failing = || judgement.is_some_and(|judgement| judgement.condemns(job, completion));
    let reason = match completion.verdict {
        Verdict::Gone => Some(DisabledReason::Gone),
        Verdict::RetryAt(_) | Verdict::Exhausted if failing() => Some(DisabledReason::Failing),
        Verdict::RetryAt(_) | Verdict::Exhausted | Verdict::Delivered => None,
    };
    let is_active = status.is_some_and(WebhookStatus::is_active);
    let disabled = reason.filter(|_| outcome.applied && is_active && condemned.insert(webhook));
    if let Some(reason) = disabled {
        effects.disable.push(Disable { webhook, reason, now: completion.now });
    }
    // A disabling by this very attempt shows at once.
    let status = disabled.map_or(status, |reason| Some(WebhookStatus::Disabled(reason)));
    Recorded { applied: outcome.applied, state: outcome.state.observed(status), disabled }
}

/// Disables a webhook, unless somebody changed its status meanwhile.
pub(crate) async fn disable(shared: &Shared, disable: &Disable) -> Result<()> {
    let mut connection = shared.connection().await?;
    let transaction = connection.transaction().await?;
    changes::lock(&transaction).await?;
    let changed = execute(
        &*transaction,
        "UPDATE webhook SET status = $1, releasing = false, updated_at = $2 \
         WHERE seq = $3 AND status = 0 AND deleted_at IS NULL",
        params![
            rows::status_number(WebhookStatus::Disabled(disable.reason)) => INT2,
            disable.now.millis() => INT8, disable.webhook => INT8,
        ],
    )
    .await?;
    if changed > 0 {
        if let Some(target) = shared.directory.target(disable.webhook) {
            let told = json!({ "status": "disabled", "disabled_reason": disable.reason.as_str() });
            let (by, account, id) = (Actor::server(disable.now), Some(&target.account), target.id.as_str());
            let entry = AuditEntry::of(&by, "webhook.disable", account, id, Some(&told));
            audit::note(&transaction, Some(entry)).await?;
        }
        changes::note(&transaction, &[Change::Webhook(disable.webhook)]).await?;
    }
    transaction.commit().await?;
    changes::refresh(shared).await
}
