//! The JSON shapes of answers, shared by the routes.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use waxwing_core::outcome::kept_kind;
use waxwing_store::{LogEntry, Page, Published, log::LoggedAttempt};

use crate::{cursor, problem::Result};

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct List<T> {
    pub(crate) data: Vec<T>,
    /// Pass it on as `cursor` for the next page; null at the end.
    pub(crate) next_cursor: Option<String>,
}

impl<T> List<T> {
    pub(crate) fn of<S>(page: Page<S>, shape: impl Fn(S) -> T) -> Self {
        Self { data: page.items.into_iter().map(shape).collect(), next_cursor: page.next.map(cursor::write) }
    }

    /// The same where not everything can be shown.
    pub(crate) fn try_of<S>(page: Page<S>, shape: impl Fn(S) -> Result<T>) -> Result<Self> {
        let data = page.items.into_iter().map(shape).collect::<Result<_>>()?;
        Ok(Self { data, next_cursor: page.next.map(cursor::write) })
    }

    /// A list that always fits on one page.
    pub(crate) fn whole(data: Vec<T>) -> Self {
        Self { data, next_cursor: None }
    }
}

/// A published event.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventAnswer {
    #[schema(example = "evt_01k5q8d7tz0f3nv2xk5m9r4c6b")]
    pub(crate) id: String,
    #[schema(example = "acme")]
    pub(crate) account_id: String,
    #[schema(example = "deposit.completed")]
    pub(crate) r#type: String,
    #[schema(example = "2026-03-26T10:00:00.000Z")]
    pub(crate) created_at: String,
    /// How many webhooks it goes to.
    pub(crate) webhooks: u32,
}

impl From<Published> for EventAnswer {
    fn from(event: Published) -> Self {
        Self {
            id: event.id.to_string(),
            account_id: event.account.to_string(),
            r#type: event.event_type.to_string(),
            created_at: event.created_at.to_string(),
            webhooks: event.webhooks,
        }
    }
}

/// One delivery of a webhook's event log.
#[derive(Serialize, ToSchema)]
pub(crate) struct LogAnswer {
    pub(crate) event_id: String,
    pub(crate) r#type: String,
    /// pending, retrying, held, delivered, failed or canceled.
    pub(crate) status: &'static str,
    pub(crate) attempt_count: u32,
    pub(crate) last_attempt_at: Option<String>,
    pub(crate) last_status_code: Option<u16>,
    /// Why the last attempt failed, in plain words.
    pub(crate) last_error: Option<String>,
    /// The same as one word of a closed list.
    pub(crate) last_reason: Option<&'static str>,
    pub(crate) next_attempt_at: Option<String>,
    pub(crate) created_at: String,
}

impl From<LogEntry> for LogAnswer {
    fn from(entry: LogEntry) -> Self {
        Self {
            event_id: entry.event_id.to_string(),
            r#type: entry.event_type.to_string(),
            status: entry.state.as_str(),
            attempt_count: entry.attempt_count,
            last_attempt_at: entry.last_attempt_at.map(|at| at.to_string()),
            last_status_code: entry.last_status_code,
            last_reason: kept_kind(entry.last_status_code, entry.last_error.as_deref()),
            last_error: entry.last_error,
            next_attempt_at: entry.next_attempt_at.map(|at| at.to_string()),
            created_at: entry.created_at.to_string(),
        }
    }
}

/// One HTTP request of a delivery.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttemptAnswer {
    /// Counts from 1.
    pub(crate) number: u32,
    pub(crate) started_at: String,
    pub(crate) duration_ms: u64,
    pub(crate) status_code: Option<u16>,
    /// Why it failed, in plain words.
    pub(crate) error: Option<String>,
    /// The same as one word of a closed list: status, dns, forbidden_address, forbidden_url,
    /// authorization, proxy, refused, unreachable, tls, timeout, reset, protocol or internal;
    /// null when it succeeded.
    pub(crate) reason: Option<&'static str>,
    /// The first 1,024 bytes of the answer; bytes that are no text are replaced.
    pub(crate) response_body: Option<String>,
}

impl From<LoggedAttempt> for AttemptAnswer {
    fn from(attempt: LoggedAttempt) -> Self {
        let body = String::from_utf8_lossy(&attempt.response_body);
        Self {
            number: attempt.number,
            started_at: attempt.started_at.to_string(),
            duration_ms: attempt.duration_ms,
            status_code: attempt.status_code,
            reason: kept_kind(attempt.status_code, attempt.error.as_deref()),
            error: attempt.error,
            response_body: Some(body).filter(|body| !body.is_empty()).map(Cow::into_owned),
        }
    }
}

/// JSON that was checked when it came in, as it was written then.
pub(crate) fn raw(text: &[u8]) -> Option<Box<RawValue>> {
    let text = std::str::from_utf8(text).ok()?;
    RawValue::from_string(text.to_owned()).ok()
}
