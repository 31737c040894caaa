//! The audit log.

use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use waxwing_core::{AccountId, Role, Timestamp};
use waxwing_store::{Actor, AuditEntry, AuditFilter, By, Page, PageRequest};

use crate::{
    rows,
    sql::{Result, execute, get, params, query},
    store::Shared,
};

/// Keeps an entry in the transaction of the change that it tells of.
pub(crate) async fn note(transaction: &Transaction<'_>, entry: Option<AuditEntry>) -> Result<()> {
    let Some(entry) = entry else { return Ok(()) };
    let (key, role) = match &entry.actor.by {
        By::Key(key, role) => (Some(key.as_str()), Some(role.as_str())),
        By::Server => (None, None),
    };
    let source = entry.actor.source.map(|source| source.to_string());
    execute(
        &**transaction,
        "INSERT INTO audit (at, role, key_id, source, request_id, action, account, object, before, after) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            entry.actor.at.millis() => INT8, role => TEXT, key => TEXT, source => TEXT,
            entry.actor.request_id => TEXT, entry.action => TEXT,
            entry.account.as_ref().map(AccountId::as_str) => TEXT, entry.object => TEXT,
            entry.before => TEXT, entry.after => TEXT,
        ],
    )
    .await?;
    Ok(())
}

impl Shared {
    pub(crate) async fn audit_log(
        &self,
        filter: &AuditFilter,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>> {
        // What is not asked for is no condition: the plan is made for each question anew.
        let found = query(
            &**self.connection().await?,
            "SELECT seq, at, role, key_id, source, request_id, action, account, object, before, after \
             FROM audit WHERE seq < $1 AND ($2::text IS NULL OR account = $2) \
             AND ($3::text IS NULL OR object = $3) AND ($4::text IS NULL OR action = $4) \
             AND ($5::bigint IS NULL OR at >= $5) AND ($6::bigint IS NULL OR at < $6) \
             ORDER BY seq DESC LIMIT $7",
            params![
                page.cursor.unwrap_or(i64::MAX) => INT8,
                filter.account.as_ref().map(AccountId::as_str) => TEXT, filter.object => TEXT,
                filter.action => TEXT, filter.since.map(Timestamp::millis) => INT8,
                filter.until.map(Timestamp::millis) => INT8, rows::limit(page.limit + 1) => INT8,
            ],
        )
        .await?;
        Ok(Page::of(found.iter().map(entry).collect::<Result<_>>()?, page.limit))
    }
}

fn entry(row: &Row) -> Result<(i64, AuditEntry)> {
    let by = match get::<Option<&str>>(row, 2)? {
        Some(role) => By::Key(rows::key_id(row, 3)?, Role::parse(role).map_err(rows::unreadable)?),
        None => By::Server,
    };
    let source = get::<Option<&str>>(row, 4)?;
    let source = source.map(|source| source.parse().map_err(rows::unreadable)).transpose()?;
    let actor = Actor { by, at: rows::time(row, 1)?, source, request_id: get(row, 5)? };
    let account = match get::<Option<&str>>(row, 7)? {
        Some(_) => Some(rows::account_id(row, 7)?),
        None => None,
    };
    let (action, object) = (get(row, 6)?, get(row, 8)?);
    let (before, after) = (get(row, 9)?, get(row, 10)?);
    Ok((get(row, 0)?, AuditEntry { actor, action, account, object, before, after }))
}
