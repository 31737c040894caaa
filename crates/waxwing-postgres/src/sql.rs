//! Statements as they are sent: unnamed, with the types of their parameters.

use tokio_postgres::{
    GenericClient, Row,
    types::{FromSql, ToSql, Type},
};

use crate::error::Error;

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Has the server end a transaction whose node says nothing any more: cut off without a
/// sign of it, it would hold its locks, and with them takeovers and changes of others,
/// for hours.
pub(crate) const BOUNDED: &str = "SET LOCAL idle_in_transaction_session_timeout = '10s'";

/// A parameter with its type.
pub(crate) type Param<'a> = (&'a (dyn ToSql + Sync), Type);

/// Parameters: `params![id => TEXT, rows => INT8_ARRAY]`.
macro_rules! params {
    ($($value:expr => $kind:ident),* $(,)?) => {
        &[$((&$value as &(dyn ::tokio_postgres::types::ToSql + Sync), ::tokio_postgres::types::Type::$kind)),*]
    };
}
pub(crate) use params;

/// The rows of a statement.
pub(crate) async fn query<C: GenericClient + Sync>(
    client: &C,
    sql: &str,
    params: &[Param<'_>],
) -> Result<Vec<Row>> {
    Ok(client.query_typed(sql, params).await?)
}

/// The first row, if there is one.
pub(crate) async fn first<C: GenericClient + Sync>(
    client: &C,
    sql: &str,
    params: &[Param<'_>],
) -> Result<Option<Row>> {
    Ok(query(client, sql, params).await?.into_iter().next())
}

/// How many rows a statement changed.
pub(crate) async fn execute<C: GenericClient + Sync>(
    client: &C,
    sql: &str,
    params: &[Param<'_>],
) -> Result<u64> {
    Ok(client.execute_typed(sql, params).await?)
}

/// A column's value.
pub(crate) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T> {
    Ok(row.try_get(column)?)
}
