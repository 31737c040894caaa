//! Statements of a move: rows as arrays of their columns, and back.

use tokio_postgres::{Row as SqlRow, types::Type};
use waxwing_store::transfer::{Column, Kind, Row, Table, Value};

use super::MOVE;
use crate::{
    error::Error,
    rows::unreadable,
    sql::{Param, Result, get},
};

/// The values of one column.
#[derive(Debug)]
pub(super) enum Values<'a> {
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<&'a str>>),
    Blobs(Vec<Option<&'a [u8]>>),
    /// As PostgreSQL writes arrays: arrays of arrays must be rectangular.
    Lists(Vec<String>),
}

impl<'a> Values<'a> {
    /// Column number `at` of some rows.
    pub(super) fn of(column: &Column, at: usize, rows: &'a [Row]) -> Result<Self> {
        let wrong = || unreadable(format!("the column {} was given something else", column.name));
        let values = rows.iter().map(|row| row.get(at).ok_or_else(wrong));
        Ok(match column.kind {
            Kind::Int | Kind::Bool | Kind::Event => Self::Ints(each(values, |value| match value {
                Value::Null => Some(None),
                Value::Int(number) => Some(Some(*number)),
                Value::Text(_) | Value::Blob(_) | Value::Rows(_) => None,
            })?),
            Kind::Text => Self::Texts(each(values, |value| match value {
                Value::Null => Some(None),
                Value::Text(text) => Some(Some(text.as_str())),
                Value::Int(_) | Value::Blob(_) | Value::Rows(_) => None,
            })?),
            Kind::Blob => Self::Blobs(each(values, |value| match value {
                Value::Null => Some(None),
                Value::Blob(blob) => Some(Some(blob.as_slice())),
                Value::Int(_) | Value::Text(_) | Value::Rows(_) => None,
            })?),
            Kind::Rows => Self::Lists(each(values, |value| match value {
                Value::Rows(rows) => Some(list(rows)),
                Value::Null | Value::Int(_) | Value::Text(_) | Value::Blob(_) => None,
            })?),
        })
    }

    pub(super) fn param(&self) -> Param<'_> {
        match self {
            Self::Ints(values) => (values, Type::INT8_ARRAY),
            Self::Texts(values) => (values, Type::TEXT_ARRAY),
            Self::Blobs(values) => (values, Type::BYTEA_ARRAY),
            Self::Lists(values) => (values, Type::TEXT_ARRAY),
        }
    }
}

fn each<'a, T>(
    values: impl Iterator<Item = Result<&'a Value>>,
    take: impl Fn(&'a Value) -> Option<T>,
) -> Result<Vec<T>> {
    let wrong = || unreadable("a column was given something else");
    values.map(|value| take(value?).ok_or_else(wrong)).collect()
}

fn list(rows: &[i64]) -> String {
    let rows: Vec<String> = rows.iter().map(i64::to_string).collect();
    format!("{{{}}}", rows.join(","))
}

/// What a webhook's row is here: how it fares has a table of its own.
const HEALTH: [&str; 4] = ["last_success_at", "last_failure_at", "consecutive_failures", "failing_since"];

fn names(columns: &[Column], wanted: impl Fn(&str) -> bool) -> String {
    columns.iter().map(|column| column.name).filter(|name| wanted(name)).collect::<Vec<_>>().join(", ")
}

/// Inserts rows that are given as an array for each column.
pub(super) fn insert(table: Table) -> String {
    let (name, columns) = (table.name(), table.columns());
    let is_kept = |name: &str| table != Table::Webhook || !HEALTH.contains(&name);
    let kept = names(columns, is_kept);
    let from = columns.iter().enumerate().map(|(at, column)| {
        let kind = match column.kind {
            Kind::Int | Kind::Bool | Kind::Event => "bigint",
            Kind::Text | Kind::Rows => "text",
            Kind::Blob => "bytea",
        };
        format!("${}::{kind}[]", at + 1)
    });
    let values = columns.iter().filter(|column| is_kept(column.name)).map(|column| match column.kind {
        Kind::Bool => format!("{} <> 0", column.name),
        Kind::Rows => format!("{}::bigint[]", column.name),
        Kind::Int | Kind::Event | Kind::Text | Kind::Blob => column.name.to_owned(),
    });
    let (from, values) = (from.collect::<Vec<_>>().join(", "), values.collect::<Vec<_>>().join(", "));
    let all = names(columns, |_| true);
    let rows = format!("WITH r AS MATERIALIZED (SELECT * FROM unnest({from}) AS r({all}))");
    let insert = format!("INSERT INTO {name} ({kept}) OVERRIDING SYSTEM VALUE SELECT {values} FROM r");
    match table {
        Table::Webhook => {
            let health = HEALTH.join(", ");
            format!(
                "{rows}, w AS ({insert}) INSERT INTO webhook_health (webhook_seq, {health}) SELECT seq, {health} FROM r"
            )
        }
        Table::Delivery => {
            let failed = "INSERT INTO failed (event_seq, webhook_seq) SELECT event_seq, webhook_seq FROM r WHERE state = 3";
            format!("{rows}, f AS ({failed}) {insert}")
        }
        Table::Pending => format!(
            "{rows} INSERT INTO pending ({kept}, owner) \
             SELECT {values}, (SELECT seq FROM node WHERE name = '{MOVED_NODE}') FROM r"
        ),
        _ => format!("{rows} {insert}"),
    }
}

/// The node to which everything belongs that waits: one whose lease ran out.
pub(super) const MOVED_NODE: &str = "moved from SQLite";

/// Reads all rows of a table, in any order.
pub(super) fn select(table: Table) -> String {
    let columns = table.columns().iter().map(|column| match column.kind {
        Kind::Bool => format!("{}::int::bigint", column.name),
        Kind::Int | Kind::Event => format!("{}::bigint", column.name),
        Kind::Text | Kind::Blob | Kind::Rows => column.name.to_owned(),
    });
    let columns = columns.collect::<Vec<_>>().join(", ");
    let from = match table {
        Table::Webhook => "webhook JOIN webhook_health ON webhook_seq = seq".to_owned(),
        Table::Fact => format!("fact WHERE name <> '{MOVE}'"),
        other => other.name().to_owned(),
    };
    format!("SELECT {columns} FROM {from}")
}

/// A row as [`select`] reads it.
pub(super) fn values(table: Table, row: &SqlRow) -> Result<Row> {
    let value = |(at, column): (usize, &Column)| {
        Ok::<_, Error>(match column.kind {
            Kind::Int | Kind::Bool | Kind::Event => {
                get::<Option<i64>>(row, at)?.map_or(Value::Null, Value::Int)
            }
            Kind::Text => get::<Option<String>>(row, at)?.map_or(Value::Null, Value::Text),
            Kind::Blob => get::<Option<Vec<u8>>>(row, at)?.map_or(Value::Null, Value::Blob),
            Kind::Rows => {
                let mut rows: Vec<i64> = get(row, at)?;
                rows.sort_unstable();
                Value::Rows(rows)
            }
        })
    };
    table.columns().iter().enumerate().map(value).collect()
}
