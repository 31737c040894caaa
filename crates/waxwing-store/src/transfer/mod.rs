//! Taking everything from one store to another, table by table.
//!
//! A [`Source`] is read in pages, a [`Target`] keeps each page together with where
//! the page ended, in one transaction, so that [`run`] can be interrupted at any
//! moment and goes on where it was. At the end both sides are read once more and
//! compared by the [`Digest`] of each table. A row is its columns' values: what is
//! in them is for the stores to know.

mod digest;
mod run;
mod table;

use async_trait::async_trait;

pub use digest::{Checksum, Digest};
pub use run::{Moved, Progress, run};
pub use table::{Column, Kind, Table};

/// Rows of a page at most.
pub const PAGE_ROWS: usize = 2_000;
/// Bytes of a page at most, but for its last row.
pub const PAGE_BYTES: usize = 8 << 20;

/// A column's value, the same in every store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A number; 0 and 1 for what is true or false.
    Int(i64),
    /// Words.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// Row numbers, ascending.
    Rows(Vec<i64>),
}

/// The values of a row, in the order of [`Table::columns`].
pub type Row = Vec<Value>;

/// Some rows of a table, in the order of its key.
#[derive(Debug, Clone)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// The last of them, if there is one.
    pub last: Option<Cursor>,
    /// Whether there may be rows after it.
    pub more: bool,
}

/// The key of the last row that was read. Only its source can read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// Where a move stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The table that is being moved.
    pub table: Table,
    /// How many of its rows have been.
    pub rows: u64,
    /// After which row it goes on; `None` at its beginning.
    pub cursor: Option<Cursor>,
}

/// What a target knows of moves into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// One of this source is under way.
    At(Reached),
    /// One of this source was finished; servers may have used the target since.
    Finished,
}

/// Why a move came to an end before its time. It can always be run again.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The database that is moved cannot be read.
    #[error("the database that is moved cannot be read: {0}")]
    Source(String),
    /// The database that is filled failed.
    #[error("the database that is moved into failed: {0}")]
    Target(String),
    /// The target holds something else.
    #[error(
        "the database that is moved into is not empty: {0}. Give one that no server has used, or drop and make this one again"
    )]
    NotEmpty(&'static str),
    /// The target holds a part of something else.
    #[error(
        "the database that is moved into holds an unfinished move of another database, or of this one before a server used it again. Drop and make it again, and begin anew"
    )]
    OtherSource,
    /// Somebody else does the same.
    #[error("another waxwing moves into the same database; let it finish, or stop it first")]
    Overtaken,
    /// The two sides are not the same.
    #[error(
        "the two databases differ in the table {table}: {source_rows} rows were to be moved, {target_rows} arrived, or their contents differ. No server starts on the new one. Drop and make it again, and begin anew; the old one was not changed"
    )]
    Differ {
        /// In this table.
        table: &'static str,
        /// Rows of the source.
        source_rows: u64,
        /// Rows of the target.
        target_rows: u64,
    },
}

/// What is moved. Reads one snapshot for as long as it lives. Its methods block.
pub trait Source: Send + 'static {
    /// What tells this database, as it is now, from any other and from itself after
    /// a server used it.
    fn identity(&mut self) -> Result<String, TransferError>;
    /// How many rows a table has.
    fn count(&mut self, table: Table) -> Result<u64, TransferError>;
    /// The rows after a cursor: at most [`PAGE_ROWS`] and [`PAGE_BYTES`].
    fn read(&mut self, table: Table, after: Option<&Cursor>) -> Result<Page, TransferError>;
}

/// What is moved into. Until [`Target::finish`] no server starts on it.
#[async_trait]
pub trait Target: Send {
    /// Begins the move of a source, or finds out where it stands.
    async fn begin(&mut self, identity: &str) -> Result<Begun, TransferError>;
    /// Keeps rows, and how far that is, in one transaction.
    async fn write(&mut self, rows: Vec<Row>, reached: &Reached) -> Result<(), TransferError>;
    /// Reads a table back, with the row numbers of the source.
    async fn digest(&mut self, table: Table) -> Result<Digest, TransferError>;
    /// Lets servers in.
    async fn finish(&mut self) -> Result<(), TransferError>;
}
