//! Keeping attempts and what follows from them.

use bytes::Bytes;
use rusqlite::{OptionalExtension, params};
use serde_json::json;
use waxwing_core::{
    DeliveryState, DisabledReason, Timestamp, WebhookStatus, delivery::Verdict, webhook::Health,
};
use waxwing_store::{
    Actor, Attempt, AuditEntry, Completion, DeliveryKey, Node, Recorded, StoreError, counts::Tick,
};

use crate::{load, rows, writer::Writer};

/// A delivery's row, as far as recording needs it.
struct Row {
    state: DeliveryState,
    attempts: u32,
    due_at: Option<i64>,
    erased: bool,
}

/// What may be kept of a receiver's words: nothing once the event is erased, because it
/// may have echoed the payload.
struct Words {
    error: Option<String>,
    response: Option<Bytes>,
}

impl Words {
    fn of(attempt: &Attempt, row: &Row) -> Self {
        if row.erased {
            return Self { error: None, response: None };
        }
        Self {
            error: attempt.outcome.error().map(ToString::to_string),
            response: Some(attempt.response_body.clone()).filter(|body| !body.is_empty()),
        }
    }
}

impl Writer {
    /// The inner error is the caller's alone; the outer one ends the transaction.
    pub(crate) fn record(
        &mut self,
        node: Node,
        completion: &Completion,
    ) -> rusqlite::Result<Result<Recorded, StoreError>> {
        if self.epochs.get(&node.id) != Some(&node.epoch) {
            return Ok(Err(StoreError::LeaseLost));
        }
        let Some(row) = self.delivery_row(completion.key)? else {
            return Ok(Err(StoreError::Failed("the delivery is gone".into())));
        };
        if completion.repeated && self.stands_in_log(completion)? {
            let status = self.directory.target(completion.key.webhook).map(|target| target.status);
            return Ok(Ok(Recorded { applied: false, state: row.state.observed(status), disabled: None }));
        }
        let number = row.attempts + 1;
        let words = Words::of(&completion.attempt, &row);
        self.insert_attempt(completion.key, number, &completion.attempt, &words)?;
        let target = self.directory.target(completion.key.webhook);
        // What waits for a deleted webhook is canceled, whatever was under way.
        let applied = target.is_some() && self.take_pending(node, completion, &row)?;
        let state = self.update_delivery(completion, &row, number, applied, &words)?;
        self.effects.ticks.push(Tick::attempt(completion, applied, state));
        if applied && state == DeliveryState::Delivered && completion.drop_payload {
            self.drop_payload(completion.key.event, completion.now)?;
        }
        if let (true, Some(replay)) = (applied, completion.replay) {
            self.progress.entry(replay).or_default().add(completion.verdict);
        }
        let disabled = if applied { self.judge_health(completion)? } else { None };
        // A disabling by this very attempt shows at once.
        let status = match disabled {
            Some(reason) => Some(WebhookStatus::Disabled(reason)),
            None => target.map(|target| target.status),
        };
        Ok(Ok(Recorded { applied, state: state.observed(status), disabled }))
    }

    fn delivery_row(&self, key: DeliveryKey) -> rusqlite::Result<Option<Row>> {
        self.connection
            .prepare_cached(
                "SELECT state, attempt_count, due_at, erased IS NOT NULL FROM delivery \
                 WHERE event_seq = ?1 AND webhook_seq = ?2",
            )?
            .query_row([key.event, key.webhook], |row| {
                let state = rows::state(row.get(0)?)?;
                Ok(Row { state, attempts: row.get(1)?, due_at: row.get(2)?, erased: row.get(3)? })
            })
            .optional()
    }

    /// Whether the attempt stands in the log already.
    fn stands_in_log(&self, completion: &Completion) -> rusqlite::Result<bool> {
        let DeliveryKey { webhook, event } = completion.key;
        self.connection
            .prepare_cached(
                "SELECT 1 FROM attempt WHERE event_seq = ?1 AND webhook_seq = ?2 AND started_at = ?3",
            )?
            .exists([event, webhook, completion.attempt.started_at.millis()])
    }

    fn insert_attempt(
        &self,
        key: DeliveryKey,
        number: u32,
        attempt: &Attempt,
        words: &Words,
    ) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO attempt (event_seq, webhook_seq, number, started_at, duration_ms, status_code, error, \
                 response_body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                key.event,
                key.webhook,
                number,
                attempt.started_at.millis(),
                i64::try_from(attempt.duration.as_millis()).unwrap_or(i64::MAX),
                attempt.outcome.status_code(),
                words.error,
                words.response.as_deref(),
            ])?;
        Ok(())
    }

    /// Removes the pending entry or, for a retry, moves it to where it is due. Does
    /// nothing when it is another node's, or was replayed since.
    fn take_pending(&mut self, node: Node, completion: &Completion, row: &Row) -> rusqlite::Result<bool> {
        let (key, Some(due_at)) = (completion.key, row.due_at) else { return Ok(false) };
        let (webhook, event, generation) = (key.webhook, key.event, completion.generation);
        let changed = if let Verdict::RetryAt(at) = completion.verdict {
            let at = again(at);
            self.connection
                .prepare_cached(
                    "UPDATE pending SET due_at = ?6, step = step + 1, former_state = NULL \
                     WHERE webhook_seq = ?1 AND due_at = ?2 AND event_seq = ?3 AND owner = ?4 AND generation = ?5",
                )?
                .execute(params![webhook, due_at, event, node.id, generation, at])?
        } else {
            self.connection
                .prepare_cached(
                    "DELETE FROM pending \
                     WHERE webhook_seq = ?1 AND due_at = ?2 AND event_seq = ?3 AND owner = ?4 AND generation = ?5",
                )?
                .execute(params![webhook, due_at, event, node.id, generation])?
        };
        if let (true, Verdict::RetryAt(at)) = (changed > 0, completion.verdict) {
            self.effects.again.push((webhook, rows::time(again(at))));
        }
        Ok(changed > 0)
    }

    fn update_delivery(
        &self,
        completion: &Completion,
        row: &Row,
        number: u32,
        applied: bool,
        words: &Words,
    ) -> rusqlite::Result<DeliveryState> {
        let state = if applied { row.state.on(completion.verdict.input()) } else { row.state };
        let due_at = match completion.verdict {
            Verdict::RetryAt(at) if applied => Some(again(at)),
            _ if applied => None,
            _ => row.due_at,
        };
        let (attempt, key) = (&completion.attempt, completion.key);
        self.connection
            .prepare_cached(
                "UPDATE delivery SET state = ?1, attempt_count = ?2, due_at = ?3, last_attempt_at = ?4, \
                 last_status_code = ?5, last_error = ?6, \
                 completed_at = CASE WHEN ?7 THEN ?8 ELSE completed_at END \
                 WHERE event_seq = ?9 AND webhook_seq = ?10",
            )?
            .execute(params![
                rows::state_number(state),
                number,
                due_at,
                attempt.started_at.millis(),
                attempt.outcome.status_code(),
                words.error,
                applied && state.is_finished(),
                completion.now.millis(),
                key.event,
                key.webhook,
            ])?;
        Ok(state)
    }

    /// Once nothing of an event is left to be sent.
    fn drop_payload(&self, event: i64, now: Timestamp) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "UPDATE event SET body = x'', erased_at = ?2 WHERE seq = ?1 AND erased_at IS NULL AND NOT EXISTS \
                 (SELECT 1 FROM delivery WHERE event_seq = ?1 AND state NOT IN (2, 4))",
            )?
            .execute([event, now.millis()])?;
        Ok(())
    }

    /// Keeps how the webhook fares; disables it when that is due.
    fn judge_health(&mut self, completion: &Completion) -> rusqlite::Result<Option<DisabledReason>> {
        let webhook = completion.key.webhook;
        let health = match self.health.get(&webhook) {
            Some(health) => *health,
            None => self.read_health(webhook)?,
        };
        let succeeded = completion.verdict == Verdict::Delivered;
        let health = if succeeded { health.succeeded(completion.now) } else { health.failed(completion.now) };
        self.health.insert(webhook, health);
        let reason = match completion.verdict {
            Verdict::Gone => DisabledReason::Gone,
            Verdict::RetryAt(_) | Verdict::Exhausted
                if health.is_failing_for(completion.disable_after, completion.now) =>
            {
                DisabledReason::Failing
            }
            _ => return Ok(None),
        };
        self.disable(webhook, reason, completion.now)
    }

    fn disable(
        &mut self,
        webhook: i64,
        reason: DisabledReason,
        now: Timestamp,
    ) -> rusqlite::Result<Option<DisabledReason>> {
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE webhook SET status = ?1, releasing = 0, updated_at = ?2 \
                 WHERE seq = ?3 AND status = 0 AND deleted_at IS NULL",
            )?
            .execute(params![rows::status_number(WebhookStatus::Disabled(reason)), now.millis(), webhook])?;
        if changed == 0 {
            return Ok(None);
        }
        if let Some(target) = self.directory.target(webhook) {
            let told = json!({ "status": "disabled", "disabled_reason": reason.as_str() });
            let (by, account, id) = (Actor::server(now), Some(&target.account), target.id.as_str());
            self.audit(Some(AuditEntry::of(&by, "webhook.disable", account, id, Some(&told))))?;
        }
        self.refresh_target(webhook)?;
        Ok(Some(reason))
    }

    /// Shows a changed webhook to the directory and the engine after the commit.
    pub(crate) fn refresh_target(&mut self, webhook: i64) -> rusqlite::Result<()> {
        let target = load::target_of(&self.connection, webhook)?;
        self.effects.directory.push(Box::new(move |directory| directory.put_target(target)));
        self.effects.changed.push(webhook);
        Ok(())
    }

    fn read_health(&self, webhook: i64) -> rusqlite::Result<Health> {
        self.connection
            .prepare_cached(
                "SELECT last_success_at, last_failure_at, consecutive_failures, failing_since FROM webhook WHERE seq = ?1",
            )?
            .query_row([webhook], |row| health(row, 0))
    }

    /// Writes health that changed: once for each webhook and transaction.
    pub(crate) fn write_health(&mut self) -> rusqlite::Result<()> {
        if self.health.is_empty() {
            return Ok(());
        }
        let mut update = self.connection.prepare_cached(
            "UPDATE webhook SET last_success_at = ?1, last_failure_at = ?2, consecutive_failures = ?3, \
             failing_since = ?4 WHERE seq = ?5",
        )?;
        for (webhook, health) in self.health.drain() {
            update.execute(params![
                health.last_success_at.map(Timestamp::millis),
                health.last_failure_at.map(Timestamp::millis),
                health.consecutive_failures,
                health.failing_since.map(Timestamp::millis),
                webhook,
            ])?;
        }
        Ok(())
    }
}

/// Health from four columns, beginning with column `first`.
pub(crate) fn health(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Health> {
    let time = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(rows::time));
    Ok(Health {
        last_success_at: time(first)?,
        last_failure_at: time(first + 1)?,
        consecutive_failures: row.get(first + 2)?,
        failing_since: time(first + 3)?,
    })
}

/// Where a retry stands in `pending`: 0 is the queue of first attempts.
pub(crate) fn again(at: Timestamp) -> i64 {
    at.millis().max(1)
}
