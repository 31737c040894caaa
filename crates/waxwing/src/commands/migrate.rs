//! `waxwing migrate`: bring the schema of the database up to date.
//!
//! A server does the same at its start. Apart from it, the schema can be changed by
//! a role that may do so, or before ten servers start at once.

use clap::Args;
use serde_json::json;

use crate::{
    config::{Database, Flags, Settings},
    exit::Exit,
    serve::database,
    terminal,
};

const AFTER_HELP: &str = "\
Examples:
  waxwing migrate --database sqlite:/var/lib/waxwing/waxwing.db
  WAXWING_DATABASE=postgres://owner:password@db.example/waxwing waxwing migrate --json

It takes the settings of serve; only those of the database matter. A server does the same at its
start. An SQLite file is refused while a server uses it; a file that does not exist is made.";

/// Options of `migrate`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Options {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags,
}

/// Applies the migrations that are missing, and says which.
pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let settings = Settings::of_process(&options.flags)?;
    let (applied, version) = match &settings.database {
        Database::Sqlite(path) => {
            let done = waxwing_sqlite::migrate(path).map_err(|error| Exit::Failed.because(error))?;
            (done.applied, done.version)
        }
        Database::Postgres(url) => {
            let done = waxwing_postgres::migrate(&database::postgres(&settings, url)).await;
            let done = done.map_err(database::refusal)?;
            (done.applied, done.version)
        }
    };
    let database = settings.database.to_string();
    if options.json {
        terminal::print(json!({ "database": database, "applied": applied, "version": version }))?;
    } else {
        let done = match applied {
            0 => "nothing was to be done".to_owned(),
            1 => "1 migration was applied".to_owned(),
            several => format!("{several} migrations were applied"),
        };
        terminal::print(format_args!("{database}: {done}; the schema has version {version}"))?;
    }
    Ok(())
}
