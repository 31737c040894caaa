//! Query parameters.

use http::Uri;
use waxwing_core::{AccountId, DeliveryState, DisabledReason, EventId, EventType, Timestamp, WebhookStatus};
use waxwing_store::{AuditFilter, LogFilter, PageRequest, Step, page::MAX_PAGE};

use crate::{
    cursor,
    problem::{Code, Problem, Result},
};

/// Items of a page when the request does not say.
const DEFAULT_PAGE: usize = 50;

/// The parameters of a request: each known, each once.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn read(uri: &Uri, known: &[&str]) -> Result<Self> {
        let refuse = |detail: String| Problem::new(Code::QueryInvalid, detail);
        let text = uri.query().unwrap_or_default();
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(text)
            .map_err(|error| refuse(format!("The query cannot be read: {error}.")))?;
        for (at, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(refuse(format!("The parameter {name:?} is not known here. Known: {known}.")));
            }
            if pairs[..at].iter().any(|(other, _)| other == name) {
                return Err(refuse(format!("The parameter {name:?} stands twice.")));
            }
        }
        Ok(Self(pairs))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    fn parsed<T>(&self, name: &str, what: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>> {
        let Some(text) = self.get(name) else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| {
            Problem::new(Code::QueryInvalid, format!("The parameter {name:?} must be {what}, not {text:?}."))
        })
    }

    pub(crate) fn page(&self) -> Result<PageRequest> {
        let what = format!("a number from 1 to {MAX_PAGE}");
        let limit = self.parsed("limit", &what, |text| {
            text.parse().ok().filter(|limit| (1..=MAX_PAGE).contains(limit))
        })?;
        let cursor = match self.get("cursor") {
            None => None,
            Some(text) => Some(cursor::read(text).ok_or_else(|| {
                Problem::new(Code::CursorInvalid, "Pass on next_cursor exactly as the page before gave it.")
            })?),
        };
        Ok(PageRequest { limit: limit.unwrap_or(DEFAULT_PAGE), cursor })
    }

    pub(crate) fn audit_filter(&self) -> Result<AuditFilter> {
        let account = self.parsed("account_id", "an account's id", |text| AccountId::parse(text).ok())?;
        let word = |name| self.parsed(name, "a word without U+0000", word);
        let (object, action) = (word("object")?, word("action")?);
        Ok(AuditFilter { account, object, action, since: self.time("since")?, until: self.time("until")? })
    }

    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>> {
        let what = "a time such as 2026-03-26T10:00:00.000Z (RFC 3339)";
        self.parsed(name, what, |text| Timestamp::parse(text).ok())
    }

    pub(crate) fn log_filter(&self) -> Result<LogFilter> {
        let states = "one of pending, retrying, held, delivered, failed, canceled";
        Ok(LogFilter {
            state: self.parsed("status", states, DeliveryState::parse)?,
            event_type: self.parsed("type", "an event type such as deposit.completed", |text| {
                EventType::parse(text).ok()
            })?,
            since: self.time("since")?,
            until: self.time("until")?,
            event_id: self.parsed("event_id", "an event's id or the beginning of one", |text| {
                EventId::parse(text).ok().map(|id| id.to_string())
            })?,
        })
    }

    pub(crate) fn step(&self) -> Result<Option<Step>> {
        self.parsed("step", "one of minute, hour, day", Step::parse)
    }

    pub(crate) fn webhook_status(&self) -> Result<Option<WebhookStatus>> {
        self.parsed("status", "one of active, inactive, disabled", |text| match text {
            "active" => Some(WebhookStatus::Active),
            "inactive" => Some(WebhookStatus::Inactive),
            "disabled" => Some(WebhookStatus::Disabled(DisabledReason::Failing)),
            _ => None,
        })
    }
}

/// A text that every store can look for.
fn word(text: &str) -> Option<String> {
    (!text.contains('\0')).then(|| text.to_owned())
}
