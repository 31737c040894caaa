//! Taking in everything that another store held.
//!
//! The fact [`MOVE`] says where a move stands; it is written in the transaction of
//! every page, and no server starts while it says that the move is under way. Rows
//! keep their numbers, but for those of events, which get the number of their period
//! in front (`numbering`). What waits belongs to a node whose lease has run out, so
//! that the first server takes it over.

mod numbering;
mod state;
mod statements;
mod target;

pub(crate) use state::{MOVE, is_under_way};
pub use target::PostgresTarget;
