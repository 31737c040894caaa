//! Erasing one event's payload, in one transaction: what its publishing wrote at once
//! is erased at once, so that an event without payload never waits to be sent.

use rusqlite::{OptionalExtension, params};
use waxwing_core::{AccountId, ErasureId, EventId};
use waxwing_store::{Actor, Erased, Erasure};

use super::receipts;
use crate::{rows, writer::Writer};

type Result<T> = rusqlite::Result<T>;

/// An event, as far as erasing it needs it.
struct Event {
    row: i64,
    account: AccountId,
    key: Option<String>,
    has_payload: bool,
}

impl Writer {
    /// See [`waxwing_store::Store::erase_event`].
    pub(crate) fn erase_event(
        &mut self,
        id: ErasureId,
        event: &EventId,
        by: &Actor,
    ) -> Result<Option<Erasure>> {
        let Some(found) = self.event_to_erase(event)? else { return Ok(None) };
        let erased = self.zeroing(|writer| writer.erase_words(&found, by))?;
        if erased.is_nothing()
            && let Some(before) = receipts::last(&self.connection, &found.account, Some(event))?
        {
            return Ok(Some(before));
        }
        let erasure = Erasure {
            id,
            account: found.account,
            event: Some(event.clone()),
            requested_at: by.at,
            completed_at: None,
            erased,
        };
        self.keep_erasure(&erasure, by)?;
        Ok(Some(erasure))
    }

    /// Runs `work` so that what it deletes is overwritten, in freed pages too.
    pub(crate) fn zeroing<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.connection.pragma_update(None, "secure_delete", "on")?;
        let result = work(self);
        self.connection.pragma_update(None, "secure_delete", "fast")?;
        result
    }

    fn event_to_erase(&self, id: &EventId) -> Result<Option<Event>> {
        self.connection
            .prepare_cached(
                "SELECT e.seq, a.id, e.idempotency, length(e.body) > 0 \
                 FROM event e JOIN account a ON a.seq = e.account_seq WHERE e.id = ?1",
            )?
            .query_row([id.as_str()], |row| {
                let account = rows::account_id(row.get_ref(1)?.as_str()?)?;
                Ok(Event { row: row.get(0)?, account, key: row.get(2)?, has_payload: row.get(3)? })
            })
            .optional()
    }

    fn erase_words(&mut self, event: &Event, by: &Actor) -> Result<Erased> {
        self.end_waiting(event.row, by)?;
        let count = |sql: &str, event: i64| -> Result<u64> {
            Ok(u64::try_from(self.connection.prepare_cached(sql)?.execute([event])?).unwrap_or(u64::MAX))
        };
        let deliveries = count(
            "UPDATE delivery SET last_error = NULL, erased = 1 WHERE event_seq = ?1 AND erased IS NULL",
            event.row,
        )?;
        let attempts = count(
            "UPDATE attempt SET error = NULL, response_body = NULL \
             WHERE event_seq = ?1 AND (error IS NOT NULL OR response_body IS NOT NULL)",
            event.row,
        )?;
        let mut idempotency_keys = 0;
        if let Some(key) = &event.key {
            let sql = "DELETE FROM idempotency WHERE key = ?1 AND event_seq = ?2";
            idempotency_keys = self
                .connection
                .prepare_cached(sql)?
                .execute(params![key, event.row])?
                .try_into()
                .unwrap_or(0);
        }
        self.connection
            .prepare_cached(
                "UPDATE event SET body = x'', erased_at = coalesce(erased_at, ?2), idempotency = NULL \
                 WHERE seq = ?1",
            )?
            .execute([event.row, by.at.millis()])?;
        Ok(Erased {
            events: event.has_payload.into(),
            deliveries,
            attempts,
            idempotency_keys,
            ..Erased::default()
        })
    }

    /// Ends what waits of an event as canceled; the engine forgets what it read.
    fn end_waiting(&mut self, event: i64, by: &Actor) -> Result<()> {
        let waiting: Vec<(i64, i64)> = self
            .connection
            .prepare_cached(
                "SELECT webhook_seq, due_at FROM delivery WHERE event_seq = ?1 AND due_at IS NOT NULL",
            )?
            .query_map([event], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_>>()?;
        for (webhook, due_at) in waiting {
            self.connection
                .prepare_cached(
                    "DELETE FROM pending WHERE webhook_seq = ?1 AND due_at = ?2 AND event_seq = ?3",
                )?
                .execute([webhook, due_at, event])?;
            self.connection
                .prepare_cached(
                    "UPDATE delivery SET state = 4, due_at = NULL, completed_at = ?3 \
                     WHERE event_seq = ?1 AND webhook_seq = ?2",
                )?
                .execute([event, webhook, by.at.millis()])?;
            self.effects.changed.push(webhook);
        }
        Ok(())
    }
}
