//! Between columns and the domain's values.

use std::fmt::Display;

use tokio_postgres::Row;
use waxwing_core::{
    AccountId, DeliveryState, DisabledReason, EventId, EventType, KeyId, Pattern, Role, Timestamp, WebhookId,
    WebhookStatus, seal::Sealed,
};
use waxwing_store::Credentials;

use crate::{
    error::Error,
    sql::{Result, get},
};

/// A value that no version of this program writes.
pub(crate) fn unreadable(error: impl Display) -> Error {
    Error::Unreadable(error.to_string())
}

pub(crate) fn account_id(row: &Row, column: usize) -> Result<AccountId> {
    AccountId::parse(get(row, column)?).map_err(unreadable)
}

pub(crate) fn webhook_id(row: &Row, column: usize) -> Result<WebhookId> {
    WebhookId::parse(get(row, column)?).map_err(unreadable)
}

pub(crate) fn event_id(row: &Row, column: usize) -> Result<EventId> {
    EventId::parse(get(row, column)?).map_err(unreadable)
}

pub(crate) fn key_id(row: &Row, column: usize) -> Result<KeyId> {
    KeyId::parse(get(row, column)?).map_err(unreadable)
}

pub(crate) fn event_type(row: &Row, column: usize) -> Result<EventType> {
    EventType::parse(get(row, column)?).map_err(unreadable)
}

pub(crate) fn time(row: &Row, column: usize) -> Result<Timestamp> {
    get(row, column).map(Timestamp::from_millis)
}

pub(crate) fn optional_time(row: &Row, column: usize) -> Result<Option<Timestamp>> {
    get::<Option<i64>>(row, column).map(|millis| millis.map(Timestamp::from_millis))
}

pub(crate) fn patterns(row: &Row, column: usize) -> Result<Vec<Pattern>> {
    let text: &str = get(row, column)?;
    text.lines().map(|line| Pattern::parse(line).map_err(unreadable)).collect()
}

pub(crate) fn patterns_text(patterns: &[Pattern]) -> String {
    patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The three columns from this one on.
pub(crate) fn credentials(row: &Row, from: usize) -> Result<Credentials> {
    let sealed = |at| get::<Option<Vec<u8>>>(row, at).map(|bytes| bytes.map(Sealed::from_bytes));
    Ok(Credentials {
        headers: sealed(from)?,
        authorization: sealed(from + 1)?,
        client_certificate: sealed(from + 2)?,
    })
}

pub(crate) fn status(row: &Row, column: usize) -> Result<WebhookStatus> {
    Ok(match get::<i16>(row, column)? {
        0 => WebhookStatus::Active,
        1 => WebhookStatus::Inactive,
        2 => WebhookStatus::Disabled(DisabledReason::Gone),
        3 => WebhookStatus::Disabled(DisabledReason::Failing),
        other => return Err(unreadable(format!("webhook status {other}"))),
    })
}

pub(crate) fn status_number(status: WebhookStatus) -> i16 {
    match status {
        WebhookStatus::Active => 0,
        WebhookStatus::Inactive => 1,
        WebhookStatus::Disabled(DisabledReason::Gone) => 2,
        WebhookStatus::Disabled(DisabledReason::Failing) => 3,
    }
}

pub(crate) fn role(row: &Row, column: usize) -> Result<Role> {
    let number: i16 = get(row, column)?;
    let known = Role::ALL.into_iter().find(|role| role_number(*role) == number);
    known.ok_or_else(|| unreadable(format!("role {number}")))
}

pub(crate) fn role_number(role: Role) -> i16 {
    match role {
        Role::Operator => 0,
        Role::Publisher => 1,
        Role::Account => 2,
        Role::AccountReadOnly => 3,
    }
}

pub(crate) fn state(row: &Row, column: usize) -> Result<DeliveryState> {
    Ok(match get::<i16>(row, column)? {
        0 => DeliveryState::Pending,
        1 => DeliveryState::Retrying,
        2 => DeliveryState::Delivered,
        3 => DeliveryState::Failed,
        4 => DeliveryState::Canceled,
        other => return Err(unreadable(format!("delivery state {other}"))),
    })
}

/// `held` is derived, never written: it stands for what it would be released to.
pub(crate) fn state_number(state: DeliveryState) -> i16 {
    match state {
        DeliveryState::Pending | DeliveryState::Held => 0,
        DeliveryState::Retrying => 1,
        DeliveryState::Delivered => 2,
        DeliveryState::Failed => 3,
        DeliveryState::Canceled => 4,
    }
}

/// A count that is never negative.
pub(crate) fn count(row: &Row, column: usize) -> Result<u32> {
    let count: i32 = get(row, column)?;
    Ok(count.unsigned_abs())
}

pub(crate) fn status_code(row: &Row, column: usize) -> Result<Option<u16>> {
    let code: Option<i32> = get(row, column)?;
    Ok(code.and_then(|code| u16::try_from(code).ok()))
}

/// A number as the columns of counts take it.
pub(crate) fn int(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A bound as SQL takes it.
pub(crate) fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Where a retry stands in `pending`: 0 is the queue of first attempts.
pub(crate) fn again(at: Timestamp) -> i64 {
    at.millis().max(1)
}
