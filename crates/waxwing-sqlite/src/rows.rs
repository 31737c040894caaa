//! Between columns and the domain's values.

use std::fmt::Display;

use rusqlite::{Error, Row, types::Type};
use waxwing_core::{
    AccountId, DeliveryState, DisabledReason, EventId, EventType, KeyId, Pattern, Role, Timestamp, WebhookId,
    WebhookStatus, seal::Sealed,
};
use waxwing_store::Credentials;

type Result<T> = rusqlite::Result<T>;

/// A value that no version of this program writes: the file was changed by hand.
pub(crate) fn unreadable(error: impl Display) -> Error {
    Error::FromSqlConversionFailure(0, Type::Text, error.to_string().into())
}

pub(crate) fn account_id(text: &str) -> Result<AccountId> {
    AccountId::parse(text).map_err(unreadable)
}

pub(crate) fn webhook_id(text: &str) -> Result<WebhookId> {
    WebhookId::parse(text).map_err(unreadable)
}

pub(crate) fn event_id(text: &str) -> Result<EventId> {
    EventId::parse(text).map_err(unreadable)
}

pub(crate) fn key_id(text: &str) -> Result<KeyId> {
    KeyId::parse(text).map_err(unreadable)
}

pub(crate) fn event_type(text: &str) -> Result<EventType> {
    EventType::parse(text).map_err(unreadable)
}

pub(crate) fn time(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) fn patterns(text: &str) -> Result<Vec<Pattern>> {
    text.lines().map(|line| Pattern::parse(line).map_err(unreadable)).collect()
}

pub(crate) fn patterns_text(patterns: &[Pattern]) -> String {
    patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The three columns from this one on.
pub(crate) fn credentials(row: &Row<'_>, from: usize) -> Result<Credentials> {
    let sealed = |at| row.get::<_, Option<Vec<u8>>>(at).map(|bytes| bytes.map(Sealed::from_bytes));
    Ok(Credentials {
        headers: sealed(from)?,
        authorization: sealed(from + 1)?,
        client_certificate: sealed(from + 2)?,
    })
}

pub(crate) fn status(number: i64) -> Result<WebhookStatus> {
    Ok(match number {
        0 => WebhookStatus::Active,
        1 => WebhookStatus::Inactive,
        2 => WebhookStatus::Disabled(DisabledReason::Gone),
        3 => WebhookStatus::Disabled(DisabledReason::Failing),
        other => return Err(unreadable(format!("webhook status {other}"))),
    })
}

pub(crate) fn status_number(status: WebhookStatus) -> i64 {
    match status {
        WebhookStatus::Active => 0,
        WebhookStatus::Inactive => 1,
        WebhookStatus::Disabled(DisabledReason::Gone) => 2,
        WebhookStatus::Disabled(DisabledReason::Failing) => 3,
    }
}

pub(crate) fn role(number: i64) -> Result<Role> {
    let known = Role::ALL.into_iter().find(|role| role_number(*role) == number);
    known.ok_or_else(|| unreadable(format!("role {number}")))
}

pub(crate) fn role_number(role: Role) -> i64 {
    match role {
        Role::Operator => 0,
        Role::Publisher => 1,
        Role::Account => 2,
        Role::AccountReadOnly => 3,
    }
}

pub(crate) fn role_word(word: &str) -> Result<Role> {
    Role::parse(word).map_err(unreadable)
}

pub(crate) fn state(number: i64) -> Result<DeliveryState> {
    Ok(match number {
        0 => DeliveryState::Pending,
        1 => DeliveryState::Retrying,
        2 => DeliveryState::Delivered,
        3 => DeliveryState::Failed,
        4 => DeliveryState::Canceled,
        other => return Err(unreadable(format!("delivery state {other}"))),
    })
}

/// `held` is derived, never written: it stands for what it would be released to.
pub(crate) fn state_number(state: DeliveryState) -> i64 {
    match state {
        DeliveryState::Pending | DeliveryState::Held => 0,
        DeliveryState::Retrying => 1,
        DeliveryState::Delivered => 2,
        DeliveryState::Failed => 3,
        DeliveryState::Canceled => 4,
    }
}

/// A bound as SQL takes it.
pub(crate) fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
