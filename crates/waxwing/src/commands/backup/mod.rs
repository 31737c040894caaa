//! `waxwing backup`: a copy of an SQLite database, taken beside the server.
//!
//! The server is not asked: whoever may read the file may copy it, and only they. The
//! reasons are in docs/adr/0008-backup.md.

pub(super) mod summary;
mod watch;

use std::{
    fs::File,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use clap::Args;
use serde_json::json;
use tokio::time::Instant;
use waxwing_core::{Clock, Timestamp};
use waxwing_sqlite::backup::{BackupError, Contents, back_up, check};

use self::watch::Watch;
use super::{
    interrupt::{AskedToEnd, on_thread},
    whole::Whole,
};
use crate::{
    config::{Database, Flags, Settings},
    exit::Exit,
    system::SystemClock,
    terminal,
};

const AFTER_HELP: &str = "\
Examples:
  waxwing backup --database sqlite:/var/lib/waxwing/waxwing.db --output /backup/waxwing.db
  waxwing backup --config /etc/waxwing.toml --output - | gzip > waxwing.db.gz

It takes the settings of serve; only the database matters. Run it on the server's machine as the
user that may read the file, whether the server runs or not. What was acknowledged before it began
is in the backup; the encryption key is not. The file appears under its name once all of it is on
disk and was checked; nothing is overwritten. For PostgreSQL use pg_dump or pg_basebackup.";

/// Options of `backup`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Options {
    /// Where to: a file that does not exist, or - for stdout [default: waxwing-<time>.db]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags,
}

/// What came of it.
struct Backup {
    /// Everything acknowledged before is in it.
    as_of: Timestamp,
    bytes: u64,
    took: Duration,
    contents: Contents,
}

/// Takes one.
pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let settings = Settings::of_process(&options.flags)?;
    let Database::Sqlite(from) = &settings.database else {
        return Err(Exit::Usage.because(format_args!(
            "{} is backed up with the tools of PostgreSQL, pg_dump or pg_basebackup: docs/operating/postgresql.md says how",
            settings.database
        )));
    };
    let to_stdout = options.output.as_deref() == Some(Path::new("-"));
    if to_stdout && io::stdout().is_terminal() {
        return Err(Exit::Usage.because("a backup is no text for a terminal: send it to a file or a program"));
    }
    let output = match options.output {
        Some(path) if !to_stdout => path,
        // Beside the database, which is where such a file has room and is not read by others.
        Some(_) => from.with_file_name(default_name()),
        None => PathBuf::from(default_name()),
    };
    let asked = AskedToEnd::listen()?;
    let file = Whole::begin(&output)?;
    let (source, partial) = (from.clone(), file.partial().to_owned());
    let taken = asked.or(on_thread(move || take(&source, &partial))).await?;
    let backup = taken.ok_or_else(|| Exit::Failed.because("it was interrupted; there is no backup"))?;
    if to_stdout {
        let copied = io::copy(&mut File::open(file.partial())?, &mut io::stdout().lock());
        copied.context("the backup could not be written to stdout")?;
    } else {
        file.finish()?;
    }
    let shown = (!to_stdout).then(|| output.display().to_string());
    tell(&backup, &settings.database.to_string(), shown.as_deref(), options.json)
}

fn default_name() -> String {
    let time = SystemClock.now().to_string().replace(':', "-");
    format!("waxwing-{time}.db")
}

/// Copies and checks. Blocks the thread.
fn take(from: &Path, partial: &Path) -> anyhow::Result<Backup> {
    let (as_of, began) = (SystemClock.now(), Instant::now());
    let mut watch = Watch::new(partial.to_owned());
    let copied = back_up(from, partial, |progress| watch.look(progress));
    drop(watch);
    copied.map_err(|error| match error {
        BackupError::Open(_) => Exit::Failed.because(error),
        _ => Exit::Failed.because(format_args!("there is no backup of {}: {error}", from.display())),
    })?;
    let contents = check(partial).map_err(|error| {
        Exit::Failed.because(format_args!(
            "there is no backup of {}: the copy {error}. If it is damaged, so is the database perhaps: look at it with `sqlite3 {} 'PRAGMA integrity_check'`, and keep the earlier backups",
            from.display(),
            from.display()
        ))
    })?;
    let bytes = partial.metadata().map_or(0, |file| file.len());
    Ok(Backup { as_of, bytes, took: began.elapsed(), contents })
}

/// Says what was done; on stderr where stdout has the copy.
fn tell(backup: &Backup, database: &str, file: Option<&str>, as_json: bool) -> anyhow::Result<()> {
    let Backup { as_of, bytes, took, contents } = backup;
    let line = if as_json {
        let more = json!({
            "database": database, "file": file, "as_of": as_of.to_string(), "bytes": bytes,
            "seconds": took.as_secs_f64(),
        });
        summary::json(contents, more).to_string()
    } else {
        format!(
            "backed up {database} to {}: {} bytes in {:.1} s, checked\n  {}\n  everything acknowledged before {as_of} is in it",
            file.unwrap_or("stdout"),
            terminal::grouped(*bytes),
            took.as_secs_f64(),
            summary::words(contents),
        )
    };
    match file {
        Some(_) => terminal::print(line)?,
        None => terminal::note(line),
    }
    if !as_json {
        terminal::note(format_args!(
            "The encryption key is not in it (root key {}): keep that too, apart from it. Without it no webhook's secret can be read.",
            summary::root_keys(contents).join(", ")
        ));
    }
    Ok(())
}
