//! `waxwing move`: take everything along from SQLite to PostgreSQL.
//!
//! The stores do the work (`waxwing_store::transfer`); here are the options, what is
//! shown while it runs, and what is printed at the end.

mod progress;
mod summary;

use std::path::Path;

use clap::Args;
use waxwing_postgres::PostgresTarget;
use waxwing_sqlite::SqliteSource;
use waxwing_store::transfer::{self, TransferError};

use self::{progress::Display, summary::Summary};
use crate::{
    config::{Database, Flags, Settings, parse},
    exit::Exit,
    serve::database,
};

const AFTER_HELP: &str = "\
Examples:
  waxwing move --from sqlite:/var/lib/waxwing/waxwing.db --to postgres://me:password@db.example/waxwing
  WAXWING_DATABASE=postgres://me:password@db.example/waxwing waxwing move --from sqlite:waxwing.db

Stop the server first: a file that is in use is refused. The file is not changed. The target must be
a database that no server has used. When it is interrupted, run the same command again: it goes on
where it was. Until it is finished no server starts on the target. At the end both sides are read
once more and compared row by row.

Then start the server on the target with the encryption key of the old one.";

/// Options of `move`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Options {
    /// The database to move, such as sqlite:waxwing.db
    #[arg(long, value_name = "URL", value_parser = parse::database)]
    from: Database,
    /// Where to: postgres://user:password@host:5432/name [default: WAXWING_DATABASE]
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Read settings from this TOML file, as serve does [env: WAXWING_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    /// PostgreSQL password file, for a URL without a password [default: ~/.pgpass]
    #[arg(long, value_name = "FILE")]
    database_passfile: Option<String>,
    /// The retention of the servers to come: events are laid down by it [default: 30d]
    #[arg(long, value_name = "DURATION")]
    retention: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    /// The settings of a server on the target.
    fn settings(&self) -> anyhow::Result<Settings> {
        let given = [
            ("database", &self.to),
            ("database_passfile", &self.database_passfile),
            ("retention", &self.retention),
        ];
        let given = given.into_iter().filter_map(|(key, value)| Some((key, value.clone()?)));
        let flags = Flags { config: self.config.clone(), values: given.collect(), until_stdin_closes: false };
        Settings::of_process(&flags)
    }
}

/// Moves everything, or the rest of it.
pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let settings = options.settings()?;
    let (from, url) = ends(&options.from, &settings.database)?;
    let began = tokio::time::Instant::now();
    let source = SqliteSource::open(from).map_err(|error| Exit::Failed.because(error))?;
    let target = PostgresTarget::open(&database::postgres(&settings, url)).await;
    let mut target = target.map_err(database::refusal)?;
    let mut display = Display::new();
    let moved = transfer::run(Box::new(source), &mut target, &mut |progress| display.show(progress)).await;
    drop(display);
    let moved = moved.map_err(refusal)?;
    let to = settings.database.to_string();
    let summary = Summary { from: options.from.to_string(), to, moved, took: began.elapsed() };
    if options.json { summary.print_json() } else { summary.print_text() }
}

/// The file and the URL; anything else cannot be moved.
fn ends<'a>(from: &'a Database, to: &'a Database) -> anyhow::Result<(&'a Path, &'a str)> {
    match (from, to) {
        (Database::Sqlite(path), Database::Postgres(url)) => Ok((path, url)),
        (Database::Postgres(_), _) => Err(Exit::Usage.because(format_args!(
            "--from: {from} cannot be moved; only from SQLite to PostgreSQL, give sqlite:<path>"
        ))),
        (Database::Sqlite(_), Database::Sqlite(_)) => Err(Exit::Usage.because(format_args!(
            "--to: nothing can be moved to {to}; only from SQLite to PostgreSQL, give postgres://user:password@host:5432/name. To move a file, stop the server and copy it with its key"
        ))),
    }
}

fn refusal(error: TransferError) -> anyhow::Error {
    match error {
        TransferError::Source(_) | TransferError::Target(_) => {
            Exit::Failed.because(format_args!("{error}. Run the same command again: it goes on where it was"))
        }
        TransferError::NotEmpty(_)
        | TransferError::OtherSource
        | TransferError::Overtaken
        | TransferError::Differ { .. } => Exit::Failed.because(error),
    }
}
