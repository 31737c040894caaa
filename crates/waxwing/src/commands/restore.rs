//! `waxwing restore`: make a database of a backup.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::json;
use waxwing_sqlite::{
    backup::{Contents, check},
    lock,
};

use super::{
    backup::summary,
    interrupt::{AskedToEnd, on_thread},
    whole::{self, Whole},
};
use crate::{
    config::{Database, Flags, Settings},
    exit::Exit,
    serve::root_keys,
    terminal,
};

const AFTER_HELP: &str = "\
Examples:
  waxwing restore /backup/waxwing.db --database sqlite:/var/lib/waxwing/waxwing.db
  gunzip < waxwing.db.gz | waxwing restore - --config /etc/waxwing.toml

It takes the settings of serve; only those of the database and of its encryption key matter. The
database must not exist yet: move an old one away, with its -wal and -shm. The backup is checked,
and so is the encryption key, if there is one; then the database appears as a whole. Start the
server on it: what waited in the backup is sent, perhaps once more, with the same ids.";

/// Bytes that are copied at a time, before the room on the disk is looked at again.
const PIECE: u64 = 8 << 20;

/// Options of `restore`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Options {
    /// The backup; - for stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags,
}

/// Restores it.
pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let settings = Settings::of_process(&options.flags)?;
    let Database::Sqlite(database) = &settings.database else {
        return Err(Exit::Usage.because(format_args!(
            "{} is restored with the tools of PostgreSQL, such as pg_restore: docs/operating/postgresql.md says how",
            settings.database
        )));
    };
    let asked = AskedToEnd::listen()?;
    let target = Whole::begin(database)?;
    let _lock = lock(database).map_err(|error| Exit::Failed.because(error))?;
    nothing_beside(database)?;
    let (file, partial) = (options.file.clone(), target.partial().to_owned());
    let copied = asked.or(on_thread(move || copy(&file, &partial))).await?;
    let contents = copied.ok_or_else(|| Exit::Failed.because("it was interrupted; nothing was restored"))?;
    let key = key_that_opens(&settings, &contents).await?;
    target.finish()?;
    tell(&options, &settings.database.to_string(), &contents, key.as_deref())
}

/// What another database of this name has left would be taken for a part of this one.
fn nothing_beside(database: &Path) -> anyhow::Result<()> {
    for suffix in ["-wal", "-shm", "-journal"] {
        let beside = with_suffix(database, suffix);
        if beside.exists() {
            return Err(Exit::Failed.because(format_args!(
                "there is a file {} of a database that was here before, and SQLite would mix the two up: move it away, together with that database",
                beside.display()
            )));
        }
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Copies the backup and checks the copy. Blocks the thread.
fn copy(file: &Path, partial: &Path) -> anyhow::Result<Contents> {
    let named = |what: &dyn std::fmt::Display| {
        Exit::Failed.because(format_args!("{} {what}; nothing was restored", file.display()))
    };
    let mut from: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let log = with_suffix(file, "-wal");
        if log.metadata().is_ok_and(|log| log.len() > 0) {
            return Err(named(&format_args!(
                "is no backup but a database in use, or one whose server was killed: {} has what was committed last. Take a backup with `waxwing backup --database sqlite:{}`",
                log.display(),
                file.display()
            )));
        }
        Box::new(File::open(file).map_err(|error| named(&format_args!("cannot be read: {error}")))?)
    };
    let mut into = File::options().write(true).open(partial)?;
    loop {
        whole::room_for(PIECE, partial)
            .map_err(|reason| Exit::Failed.because(format_args!("nothing was restored: {reason}")))?;
        let copied = io::copy(&mut from.by_ref().take(PIECE), &mut into);
        if copied.map_err(|error| named(&format_args!("could not be copied: {error}")))? == 0 {
            break;
        }
    }
    into.flush()?;
    check(partial).map_err(|error| named(&error))
}

/// Where the key is from, if there is one, that opens what the backup holds.
async fn key_that_opens(settings: &Settings, contents: &Contents) -> anyhow::Result<Option<String>> {
    if contents.data_keys.is_empty() {
        return Ok(None);
    }
    let Some((keys, origin)) = root_keys::find(settings).await? else { return Ok(None) };
    if contents.data_keys.iter().all(|key| keys.opens(key)) {
        return Ok(Some(origin));
    }
    Err(Exit::Usage.because(format_args!(
        "the encryption key from {origin} is not the one of this backup, whose secrets need root key {}; nothing was restored. Give the right one, or, while it is being replaced, the former one in WAXWING_PREVIOUS_ENCRYPTION_KEYS",
        summary::root_keys(contents).join(" and ")
    )))
}

fn tell(options: &Options, database: &str, contents: &Contents, key: Option<&str>) -> anyhow::Result<()> {
    let file = options.file.display().to_string();
    if options.json {
        let more = json!({ "file": file, "database": database, "encryption_key": key });
        terminal::print(summary::json(contents, more))?;
        return Ok(());
    }
    let newest = contents.newest_event_at.map_or_else(String::new, |at| format!(", the last event of {at}"));
    terminal::print(format_args!(
        "restored {file} to {database}, checked\n  {}{newest}",
        summary::words(contents)
    ))?;
    match key {
        Some(origin) => terminal::note(format_args!("The encryption key from {origin} opens its secrets.")),
        None if contents.data_keys.is_empty() => {
            terminal::note("It holds no data keys, so the server tries the encryption key when it starts.");
        }
        None => terminal::note(format_args!(
            "No encryption key was found to try: the server needs the one of the backup (root key {}).",
            summary::root_keys(contents).join(" and ")
        )),
    }
    terminal::note(
        "When it starts, what waited in the backup is sent, perhaps once more, with the same ids.",
    );
    Ok(())
}
