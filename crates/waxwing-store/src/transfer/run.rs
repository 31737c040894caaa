//! The move itself: read, write, compare, let servers in.
//!
//! Reading has a thread of its own and is a few pages ahead of writing.

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{Begun, Digest, Page, Reached, Source, Table, Target, TransferError};

/// Pages that are read ahead.
const AHEAD: usize = 2;

/// What is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// A table is being moved.
    Moving {
        /// Which.
        table: Table,
        /// Rows that have been.
        done: u64,
        /// Rows that it has.
        total: u64,
        /// Rows of this and of all earlier tables that have been.
        done_in_all: u64,
        /// Rows of all tables.
        total_in_all: u64,
    },
    /// A table is being compared.
    Comparing(Table),
}

/// What a move came to.
#[derive(Debug, Clone)]
pub enum Moved {
    /// Everything, compared table by table; how many rows an earlier run had moved.
    Now {
        /// What each table holds.
        tables: Vec<(Table, Digest)>,
        /// Rows that were there before this run.
        before: u64,
    },
    /// Nothing: it was finished before.
    Before,
}

/// Moves everything from a source to a target, or goes on doing so.
///
/// # Errors
/// [`TransferError`]; running it again goes on where it was, unless that says otherwise.
pub async fn run(
    source: Box<dyn Source>,
    target: &mut dyn Target,
    watch: &mut (dyn FnMut(Progress) + Send),
) -> Result<Moved, TransferError> {
    let (source, identity, counts) = blocking(move || look(source)).await?;
    let from = match target.begin(&identity).await? {
        Begun::Finished => return Ok(Moved::Before),
        Begun::At(reached) => reached,
    };
    let before = rows_before(&counts, from.table) + from.rows;
    let (sender, mut pages) = channel(AHEAD);
    let reader = tokio::task::spawn_blocking({
        let from = from.clone();
        move || read(source, &from, &sender)
    });
    let written = write(target, from, &counts, &mut pages, watch).await;
    // A reader that nobody listens to ends.
    drop(pages);
    let source = reader.await.map_err(lost)?;
    written?;
    let tables = compare(source?, target, watch).await?;
    target.finish().await?;
    Ok(Moved::Now { tables, before })
}

/// The rows of all tables before this one.
fn rows_before(counts: &[(Table, u64)], table: Table) -> u64 {
    counts.iter().filter(|(one, _)| *one < table).map(|(_, rows)| rows).sum()
}

type Looked = (Box<dyn Source>, String, Vec<(Table, u64)>);

fn look(mut source: Box<dyn Source>) -> Result<Looked, TransferError> {
    let identity = source.identity()?;
    let counts = Table::ALL.into_iter().map(|table| Ok((table, source.count(table)?)));
    let counts = counts.collect::<Result<_, TransferError>>()?;
    Ok((source, identity, counts))
}

/// Reads page after page, until the end or until nobody listens.
fn read(
    mut source: Box<dyn Source>,
    from: &Reached,
    pages: &Sender<(Table, Page)>,
) -> Result<Box<dyn Source>, TransferError> {
    for table in Table::ALL.into_iter().filter(|table| *table >= from.table) {
        let mut cursor = from.cursor.clone().filter(|_| table == from.table);
        loop {
            let page = source.read(table, cursor.as_ref())?;
            let more = page.more;
            cursor.clone_from(&page.last);
            if pages.blocking_send((table, page)).is_err() {
                return Ok(source);
            }
            if !more {
                break;
            }
        }
    }
    Ok(source)
}

async fn write(
    target: &mut dyn Target,
    from: Reached,
    counts: &[(Table, u64)],
    pages: &mut Receiver<(Table, Page)>,
    watch: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), TransferError> {
    let total_in_all = counts.iter().map(|(_, rows)| rows).sum();
    let mut reached = from;
    while let Some((table, page)) = pages.recv().await {
        if table != reached.table {
            reached = Reached { table, rows: 0, cursor: None };
        }
        reached.rows += page.rows.len() as u64;
        if !page.rows.is_empty() {
            reached.cursor = page.last;
            target.write(page.rows, &reached).await?;
        }
        watch(Progress::Moving {
            table,
            done: reached.rows,
            total: counts.iter().find(|(one, _)| *one == table).map_or(0, |(_, rows)| *rows),
            done_in_all: rows_before(counts, table) + reached.rows,
            total_in_all,
        });
    }
    Ok(())
}

/// Reads both sides at once, table by table.
async fn compare(
    source: Box<dyn Source>,
    target: &mut dyn Target,
    watch: &mut (dyn FnMut(Progress) + Send),
) -> Result<Vec<(Table, Digest)>, TransferError> {
    let mut tables = Vec::with_capacity(Table::ALL.len());
    let mut source = source;
    for table in Table::ALL {
        watch(Progress::Comparing(table));
        let reading = blocking(move || digest(source, table));
        let (there, here) = tokio::try_join!(reading, target.digest(table))?;
        let expected;
        (source, expected) = there;
        if here != expected {
            return Err(TransferError::Differ {
                table: table.name(),
                source_rows: expected.rows,
                target_rows: here.rows,
            });
        }
        tables.push((table, here));
    }
    Ok(tables)
}

fn digest(mut source: Box<dyn Source>, table: Table) -> Result<(Box<dyn Source>, Digest), TransferError> {
    let (mut digest, mut cursor) = (Digest::default(), None);
    loop {
        let page = source.read(table, cursor.as_ref())?;
        page.rows.iter().for_each(|row| digest.add(table, row));
        if !page.more {
            return Ok((source, digest));
        }
        cursor = page.last;
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TransferError> + Send + 'static,
) -> Result<T, TransferError> {
    tokio::task::spawn_blocking(work).await.map_err(lost)?
}

/// The thread that reads panicked.
#[allow(clippy::needless_pass_by_value, reason = "fits map_err")]
fn lost(error: tokio::task::JoinError) -> TransferError {
    TransferError::Source(error.to_string())
}
