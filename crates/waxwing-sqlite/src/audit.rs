//! The audit log.

use rusqlite::{Connection, Row, params, params_from_iter, types::Value};
use waxwing_core::AccountId;
use waxwing_store::{Actor, AuditEntry, AuditFilter, By, Page, PageRequest};

use crate::{rows, writer::Writer};

type Result<T> = rusqlite::Result<T>;

impl Writer {
    /// Keeps an entry in the transaction of the change that it tells of.
    pub(crate) fn audit(&mut self, entry: Option<AuditEntry>) -> Result<()> {
        let Some(entry) = entry else { return Ok(()) };
        let (key, role) = match &entry.actor.by {
            By::Key(key, role) => (Some(key.as_str()), Some(role.as_str())),
            By::Server => (None, None),
        };
        self.connection
            .prepare_cached(
                "INSERT INTO audit (at, role, key_id, source, request_id, action, account, object, before, after) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                entry.actor.at.millis(),
                role,
                key,
                entry.actor.source.map(|source| source.to_string()),
                entry.actor.request_id,
                entry.action,
                entry.account.as_ref().map(AccountId::as_str),
                entry.object,
                entry.before,
                entry.after,
            ])?;
        Ok(())
    }
}

/// A condition for each thing that is asked for, so that the right index is used.
pub(crate) fn list(
    connection: &Connection,
    filter: &AuditFilter,
    page: PageRequest,
) -> Result<Page<AuditEntry>> {
    let mut sql = "SELECT seq, at, role, key_id, source, request_id, action, account, object, before, after \
         FROM audit WHERE seq < ?"
        .to_owned();
    let mut values = vec![Value::from(page.cursor.unwrap_or(i64::MAX))];
    let account = filter.account.as_ref().map(ToString::to_string);
    for (condition, wanted) in [
        (" AND account = ?", account.map(Value::from)),
        (" AND object = ?", filter.object.clone().map(Value::from)),
        (" AND action = ?", filter.action.clone().map(Value::from)),
        (" AND at >= ?", filter.since.map(|at| at.millis().into())),
        (" AND at < ?", filter.until.map(|at| at.millis().into())),
    ] {
        if let Some(value) = wanted {
            sql.push_str(condition);
            values.push(value);
        }
    }
    sql.push_str(" ORDER BY seq DESC LIMIT ?");
    values.push(rows::limit(page.limit + 1).into());
    let found = connection
        .prepare_cached(&sql)?
        .query_map(params_from_iter(values), entry)?
        .collect::<Result<Vec<_>>>()?;
    Ok(Page::of(found, page.limit))
}

fn entry(row: &Row<'_>) -> Result<(i64, AuditEntry)> {
    let text = |column| row.get::<_, Option<String>>(column);
    let by = match (text(2)?, text(3)?) {
        (Some(role), Some(key)) => By::Key(rows::key_id(&key)?, rows::role_word(&role)?),
        _ => By::Server,
    };
    let source = text(4)?.map(|source| source.parse().map_err(rows::unreadable)).transpose()?;
    let actor = Actor { by, at: rows::time(row.get(1)?), source, request_id: text(5)? };
    let account = text(7)?.map(|account| rows::account_id(&account)).transpose()?;
    let (action, object) = (row.get(6)?, row.get(8)?);
    Ok((row.get(0)?, AuditEntry { actor, action, account, object, before: text(9)?, after: text(10)? }))
}
