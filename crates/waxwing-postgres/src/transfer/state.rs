//! Where a move stands, as its fact says it.

use tokio_postgres::GenericClient;
use waxwing_store::transfer::{Begun, Cursor, Reached, Table};

use crate::{
    rows::unreadable,
    sql::{Result, execute, first, get, params},
};

/// The name of the fact.
pub(crate) const MOVE: &str = "move";

const UNDER_WAY: &str = "under way";
const FINISHED: &str = "finished";

/// The fact's value: lines, of which a cursor is the last, because it may hold some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    /// Of the source.
    pub(super) identity: String,
    pub(super) begun: Begun,
}

impl State {
    pub(super) fn new(identity: &str, reached: Reached) -> Self {
        Self { identity: identity.to_owned(), begun: Begun::At(reached) }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let identity = &self.identity;
        match &self.begun {
            Begun::Finished => format!("{FINISHED}\n{identity}"),
            Begun::At(Reached { table, rows, cursor }) => {
                let cursor = cursor.as_ref().map(|cursor| format!("\n{}", cursor.0)).unwrap_or_default();
                format!("{UNDER_WAY}\n{identity}\n{}\n{rows}{cursor}", table.name())
            }
        }
        .into_bytes()
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(unreadable)?;
        let mut lines = text.splitn(5, '\n');
        let mut line = || lines.next().ok_or_else(|| unreadable("a line of the move's state is missing"));
        let (stands, identity) = (line()?, line()?.to_owned());
        if stands == FINISHED {
            return Ok(Self { identity, begun: Begun::Finished });
        }
        let table = Table::named(line()?).ok_or_else(|| unreadable("no such table is moved"))?;
        let rows = line()?.parse().map_err(unreadable)?;
        let cursor = lines.next().map(|cursor| Cursor(cursor.to_owned()));
        Ok(Self { identity, begun: Begun::At(Reached { table, rows, cursor }) })
    }

    /// The state that is kept, if there is one.
    pub(super) async fn read<C: GenericClient + Sync>(client: &C) -> Result<Option<Self>> {
        let sql = "SELECT value FROM fact WHERE name = $1";
        let row = first(client, sql, params![MOVE => TEXT]).await?;
        row.map(|row| Self::parse(get(&row, 0)?)).transpose()
    }

    /// Keeps this state in place of `before`; false when that is not what is kept.
    pub(super) async fn replace<C: GenericClient + Sync>(&self, client: &C, before: &Self) -> Result<bool> {
        let sql = "UPDATE fact SET value = $2 WHERE name = $1 AND value = $3";
        let (now, before) = (self.to_bytes(), before.to_bytes());
        let changed = execute(client, sql, params![MOVE => TEXT, now => BYTEA, before => BYTEA]).await?;
        Ok(changed == 1)
    }
}

/// Whether a move into this database is not finished.
pub(crate) async fn is_under_way<C: GenericClient + Sync>(client: &C) -> Result<bool> {
    Ok(matches!(State::read(client).await?, Some(State { begun: Begun::At(_), .. })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_as_it_was_written() {
        let cursor = |text: &str| Some(Cursor(text.to_owned()));
        for cursor in [None, cursor(""), cursor("17 4 1"), cursor("two\nlines\n")] {
            let state = State::new("abc", Reached { table: Table::Attempt, rows: 7, cursor });
            assert_eq!(State::parse(&state.to_bytes()).unwrap(), state);
        }
        let finished = State { identity: "abc".into(), begun: Begun::Finished };
        assert_eq!(State::parse(&finished.to_bytes()).unwrap(), finished);
    }

    #[test]
    fn what_is_no_state_is_refused() {
        for text in
            ["", "under way", "under way\nabc", "under way\nabc\nnothing\n7", "under way\nabc\nevent\nx"]
        {
            assert!(State::parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
