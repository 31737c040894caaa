//! The database that is moved into.

use std::time::Duration;

use async_trait::async_trait;
use tokio_postgres::{Client, GenericClient, Transaction};
use waxwing_core::Timestamp;
use waxwing_store::transfer::{
    Begun, Digest, Kind, PAGE_ROWS, Reached, Row, Table, Target, TransferError, Value,
};

use super::{
    MOVE,
    numbering::{Numbering, Step},
    state::State,
    statements::{self, MOVED_NODE, Values},
};
use crate::{
    OpenError, PostgresOptions,
    address::Address,
    migrate,
    periods::{self, Period},
    rows::unreadable,
    sql::{Param, Result, execute, first, get, params, query},
    store::unusable,
};

/// Tables that hold nothing in a database that no server has used, and in plain
/// words what is there otherwise.
const EMPTY: [(&str, &str); 7] = [
    ("node", "a server was started on it"),
    ("account", "it has accounts"),
    ("api_key", "it has API keys"),
    ("event_type", "it has event types"),
    ("data_key", "it has keys that seal secrets"),
    ("period", "it has events"),
    ("fact", "it was used before"),
];

/// A database that everything is moved into.
pub struct PostgresTarget {
    client: Client,
    state: Option<State>,
    numbering: Numbering,
    period_length: Duration,
}

impl PostgresTarget {
    /// Connects to a database, and brings its schema up to date.
    ///
    /// # Errors
    /// [`OpenError`] says what is in the way.
    pub async fn open(options: &PostgresOptions) -> Result<Self, OpenError> {
        let address = Address::parse(&options.url, options.passfile.as_deref())?;
        migrate::bring_up_to_date(&address).await?;
        let client = address.connect().await.map_err(|error| unusable(&address, &error))?;
        let period_length = options.period;
        Ok(Self { client, state: None, numbering: Numbering::new(Vec::new(), period_length), period_length })
    }

    async fn begun(&mut self, identity: &str) -> Result<std::result::Result<Begun, TransferError>> {
        let transaction = self.client.transaction().await?;
        transaction.batch_execute("LOCK TABLE fact IN EXCLUSIVE MODE").await?;
        let state = match State::read(&transaction).await? {
            Some(state) if state.identity == identity => state,
            Some(State { begun: Begun::At(_), .. }) => return Ok(Err(TransferError::OtherSource)),
            Some(_) => return Ok(Err(TransferError::NotEmpty("something else was moved into it before"))),
            None => {
                for (table, found) in EMPTY {
                    let row = first(&transaction, &format!("SELECT 1 FROM {table} LIMIT 1"), &[]).await?;
                    if row.is_some() {
                        return Ok(Err(TransferError::NotEmpty(found)));
                    }
                }
                begin(&transaction, identity).await?
            }
        };
        transaction.commit().await?;
        self.numbering = Numbering::new(read_periods(&self.client).await?, self.period_length);
        let begun = state.begun.clone();
        self.state = Some(state);
        Ok(Ok(begun))
    }

    async fn keep(&mut self, mut rows: Vec<Row>, reached: &Reached) -> Result<bool> {
        let Some(before) = &self.state else { return Err(unreadable("the move has not begun")) };
        let table = reached.table;
        let transaction = self.client.transaction().await?;
        // What a crash of the database takes away it takes with the state: then it is
        // moved again.
        transaction.batch_execute("SET LOCAL synchronous_commit = off").await?;
        if table == Table::Event {
            number(&transaction, &mut self.numbering, &rows).await?;
        }
        each_event_row(table, &mut rows, |old| self.numbering.row(old))?;
        let columns = table.columns().iter().enumerate();
        let arrays = columns.map(|(at, column)| Values::of(column, at, &rows)).collect::<Result<Vec<_>>>()?;
        let params: Vec<Param<'_>> = arrays.iter().map(Values::param).collect();
        execute(&transaction, &statements::insert(table), &params).await?;
        let now = State::new(&before.identity, reached.clone());
        if !now.replace(&transaction, before).await? {
            return Ok(false);
        }
        transaction.commit().await?;
        self.state = Some(now);
        Ok(true)
    }

    async fn read_back(&mut self, table: Table) -> Result<Digest> {
        let transaction = self.client.transaction().await?;
        let sql = format!("DECLARE everything NO SCROLL CURSOR FOR {}", statements::select(table));
        execute(&transaction, &sql, &[]).await?;
        let fetch = format!("FETCH {PAGE_ROWS} FROM everything");
        let mut digest = Digest::default();
        loop {
            let found = query(&transaction, &fetch, &[]).await?;
            let mut rows =
                found.iter().map(|row| statements::values(table, row)).collect::<Result<Vec<_>>>()?;
            each_event_row(table, &mut rows, |row| self.numbering.old(row))?;
            for row in &rows {
                digest.add(table, row);
            }
            if rows.is_empty() {
                return Ok(digest);
            }
        }
    }

    /// What hangs on the moved rows and is not moved itself.
    async fn derived(&self) -> Result<bool> {
        let sql = "SELECT (SELECT count(*) FROM failed) = (SELECT count(*) FROM delivery WHERE state = 3) \
                   AND (SELECT count(*) FROM node) = 1";
        first(&self.client, sql, &[]).await?.map_or(Ok(false), |row| get(&row, 0))
    }

    async fn let_servers_in(&mut self) -> Result<bool> {
        let Some(before) = &self.state else { return Err(unreadable("the move has not begun")) };
        // Without it the first statements would be planned as if the tables were empty.
        self.client.batch_execute("ANALYZE").await?;
        let transaction = self.client.transaction().await?;
        for table in ["account", "api_key", "webhook", "audit", "erasure", "tally"] {
            let sql = format!(
                "SELECT setval(pg_get_serial_sequence('{table}', 'seq'), max(seq)) FROM {table} HAVING max(seq) > 0"
            );
            query(&transaction, &sql, &[]).await?;
        }
        let row = first(&transaction, "SELECT max(seq) FROM event", &[]).await?;
        if let Some(last) = row.map_or(Ok(None), |row| get::<Option<i64>>(&row, 0))? {
            query(&transaction, "SELECT setval('event_seq', $1)", params![last => INT8]).await?;
            periods::make(&transaction, Period::number_of(last) + 1).await?;
        }
        let now = State { identity: before.identity.clone(), begun: Begun::Finished };
        if !now.replace(&transaction, before).await? {
            return Ok(false);
        }
        transaction.commit().await?;
        self.state = Some(now);
        Ok(true)
    }
}

#[async_trait]
impl Target for PostgresTarget {
    async fn begin(&mut self, identity: &str) -> Result<Begun, TransferError> {
        self.begun(identity).await.map_err(failed)?
    }

    async fn write(&mut self, rows: Vec<Row>, reached: &Reached) -> Result<(), TransferError> {
        let kept = self.keep(rows, reached).await.map_err(failed)?;
        if kept { Ok(()) } else { Err(TransferError::Overtaken) }
    }

    async fn digest(&mut self, table: Table) -> Result<Digest, TransferError> {
        self.read_back(table).await.map_err(failed)
    }

    async fn finish(&mut self) -> Result<(), TransferError> {
        if !self.derived().await.map_err(failed)? {
            let reason = "the list of failed deliveries is not complete, or a server was started on it";
            return Err(TransferError::Target(reason.into()));
        }
        let finished = self.let_servers_in().await.map_err(failed)?;
        if finished { Ok(()) } else { Err(TransferError::Overtaken) }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "fits map_err")]
fn failed(error: crate::error::Error) -> TransferError {
    TransferError::Target(error.to_string())
}

async fn begin(transaction: &Transaction<'_>, identity: &str) -> Result<State> {
    let state = State::new(identity, Reached { table: Table::ALL[0], rows: 0, cursor: None });
    let sql = "INSERT INTO fact (name, value) VALUES ($1, $2)";
    execute(transaction, sql, params![MOVE => TEXT, state.to_bytes() => BYTEA]).await?;
    // Any server that looks for leases that ran out finds this one.
    let sql = "INSERT INTO node (name, epoch, lease_until) VALUES ($1, 1, 1)";
    execute(transaction, sql, params![MOVED_NODE => TEXT]).await?;
    Ok(state)
}

/// The periods so far, each with the row that its first event had.
async fn read_periods<C: GenericClient + Sync>(client: &C) -> Result<Vec<(i64, Period)>> {
    let sql = "SELECT number, starts_at, ends_at FROM period ORDER BY number";
    let mut periods = Vec::new();
    for row in query(client, sql, &[]).await? {
        let period = Period { number: get(&row, 0)?, starts_at: get(&row, 1)?, ends_at: get(&row, 2)? };
        let (first_row, end) = (Period::first_row(period.number), Period::first_row(period.number + 1));
        let sql = "SELECT min(seq) - $1 FROM event WHERE seq >= $1 AND seq < $2";
        let row = first(client, sql, params![first_row => INT8, end => INT8]).await?;
        let old = row.map_or(Ok(None), |row| get::<Option<i64>>(&row, 0))?;
        periods.push((old.ok_or_else(|| unreadable("a period without events"))?, period));
    }
    Ok(periods)
}

/// Begins the periods of events, with their partitions.
async fn number(transaction: &Transaction<'_>, numbering: &mut Numbering, rows: &[Row]) -> Result<()> {
    let columns = Table::Event.columns();
    let at = |name: &str| columns.iter().position(|column| column.name == name);
    let (Some(seq), Some(time)) = (at("seq"), at("created_at")) else { return Ok(()) };
    for row in rows {
        let (Value::Int(old), Value::Int(time)) = (&row[seq], &row[time]) else {
            return Err(unreadable("an event without row or time"));
        };
        match numbering.put(*old, Timestamp::from_millis(*time))? {
            Step::Stay => {}
            Step::Begin(period) => {
                periods::make(transaction, period.number).await?;
                let sql = "INSERT INTO period (number, starts_at, ends_at) VALUES ($1, $2, $3)";
                let Period { number, starts_at, ends_at } = period;
                execute(transaction, sql, params![number => INT8, starts_at => INT8, ends_at => INT8])
                    .await?;
            }
            Step::Lengthen(Period { number, ends_at, .. }) => {
                let sql = "UPDATE period SET ends_at = $2 WHERE number = $1";
                execute(transaction, sql, params![number => INT8, ends_at => INT8]).await?;
            }
        }
    }
    Ok(())
}

/// Puts other numbers in place of the rows of events.
fn each_event_row(table: Table, rows: &mut [Row], number: impl Fn(i64) -> Result<i64>) -> Result<()> {
    let Some(at) = table.columns().iter().position(|column| column.kind == Kind::Event) else {
        return Ok(());
    };
    for row in rows {
        if let Some(Value::Int(event)) = row.get_mut(at) {
            *event = number(*event)?;
        }
    }
    Ok(())
}
