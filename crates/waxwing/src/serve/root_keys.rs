//! Where root keys come from: the environment, a file, or a command.
//!
//! The first key seals data keys. Those after it are earlier ones, which still open
//! what they sealed: they are given for as long as servers with them run.

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::Context;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
};
use waxwing_core::{Entropy, seal::SealingKey};
use waxwing_store::RootKeys;
use zeroize::Zeroizing;

use crate::{
    config::{Database, Settings, settings::Given, table},
    exit::Exit,
    system::OsEntropy,
};

/// How long a command may take that prints the key.
const COMMAND_TIME: Duration = Duration::from_secs(30);
/// What it may print, and how much of its complaints is shown.
const COMMAND_BYTES: usize = 4 << 10;
/// Root keys at most, the current one included.
const MAX_KEYS: usize = 16;

/// The root keys, and where the first one is from.
pub(super) async fn read(
    settings: &Settings,
    database_has_one: bool,
    entropy: &dyn Entropy,
) -> anyhow::Result<(RootKeys, String)> {
    let encryption = &settings.encryption;
    let (keys, origin) = if let Some(text) = &encryption.key.value {
        (parse(text, "WAXWING_ENCRYPTION_KEY")?, "WAXWING_ENCRYPTION_KEY".to_owned())
    } else if let Some(command) = &encryption.command {
        let origin = format!("the command {}", command[0]);
        (parse(&output_of(command).await?, &origin)?, origin)
    } else {
        let path = key_file(settings)?;
        (from_file(&path, database_has_one, entropy)?, path.display().to_string())
    };
    let mut keys = keys.into_iter().chain(previous(&encryption.previous)?);
    let current = keys.next().with_context(|| format!("{origin} gave no encryption key"))?;
    let previous: Vec<SealingKey> = keys.collect();
    if previous.len() >= MAX_KEYS {
        return Err(Exit::Usage.because(format_args!(
            "there are {} encryption keys, {MAX_KEYS} are allowed: leave out previous ones that no server uses.",
            previous.len() + 1
        )));
    }
    Ok((RootKeys { current, previous }, origin))
}

/// The root keys, and where the first one is from, without making one; `None` when none was
/// given and the file is not there in which the server would look.
pub(crate) async fn find(settings: &Settings) -> anyhow::Result<Option<(RootKeys, String)>> {
    let encryption = &settings.encryption;
    let given =
        encryption.key.value.is_some() || encryption.key.file.is_some() || encryption.command.is_some();
    if !given && !key_file(settings)?.exists() {
        return Ok(None);
    }
    read(settings, true, &OsEntropy::check()?).await.map(Some)
}

fn previous(given: &Given) -> anyhow::Result<Vec<SealingKey>> {
    if let Some(text) = &given.value {
        return parse(text, "WAXWING_PREVIOUS_ENCRYPTION_KEYS");
    }
    let Some(path) = &given.file else { return Ok(Vec::new()) };
    let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| {
        Exit::Usage.because(format_args!(
            "the file {} of previous encryption keys cannot be read: {error}.",
            path.display()
        ))
    })?;
    warn_if_others_may_read(path);
    parse(&text, &path.display().to_string())
}

/// Keys with space or commas between them.
fn parse(text: &str, origin: &str) -> anyhow::Result<Vec<SealingKey>> {
    let keys = table::words(text).map(|word| {
        SealingKey::from_base64(word).map_err(|error| {
            Exit::Usage.because(format_args!(
                "the encryption key from {origin} cannot be used: {error}. It is 32 random bytes in base64, as `openssl rand -base64 32` makes them."
            ))
        })
    });
    let keys = keys.collect::<anyhow::Result<Vec<_>>>()?;
    if keys.is_empty() {
        return Err(Exit::Usage.because(format_args!(
            "{origin} gave no encryption key. It is 32 random bytes in base64, as `openssl rand -base64 32` makes them."
        )));
    }
    Ok(keys)
}

fn key_file(settings: &Settings) -> anyhow::Result<PathBuf> {
    match (&settings.encryption.key.file, &settings.database) {
        (Some(file), _) => Ok(file.clone()),
        (None, Database::Sqlite(database)) => {
            let mut name = database.clone().into_os_string();
            name.push(".key");
            Ok(PathBuf::from(name))
        }
        (None, Database::Postgres(_)) => Err(Exit::Usage.because(
            "PostgreSQL needs an encryption key that all servers share: set WAXWING_ENCRYPTION_KEY, or --encryption-key-file, to what `openssl rand -base64 32` prints, and keep a copy: nobody can read the webhooks' secrets without it.",
        )),
    }
}

/// The key in this file; a new one only for a database that has none yet.
fn from_file(path: &Path, database_has_one: bool, entropy: &dyn Entropy) -> anyhow::Result<Vec<SealingKey>> {
    match std::fs::read_to_string(path).map(Zeroizing::new) {
        Ok(text) => {
            warn_if_others_may_read(path);
            parse(&text, &path.display().to_string())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !database_has_one => {
            Ok(vec![make(path, entropy)?])
        }
        Err(error) => Err(Exit::Usage.because(format_args!(
            "the encryption key {} cannot be read: {error}. The database's secrets are sealed with it: put it back, or set WAXWING_ENCRYPTION_KEY.",
            path.display()
        ))),
    }
}

/// A new key, written before it is used, readable by its owner only.
fn make(path: &Path, entropy: &dyn Entropy) -> anyhow::Result<SealingKey> {
    let key = SealingKey::generate(|bytes| entropy.fill(bytes));
    let text = key.to_base64();
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        // The directory's entry must last as long as the database does.
        let directory =
            path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::File::open(directory)?.sync_all()
    };
    write().with_context(|| format!("the encryption key {} cannot be written", path.display()))?;
    tracing::info!(path = %path.display(), "made an encryption key; back it up with the database");
    Ok(key)
}

fn warn_if_others_may_read(path: &Path) {
    let mode = std::fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "others may read the encryption key; chmod 600 it");
    }
}

/// What a command prints, which is never shown. It gets none of this program's
/// settings, because some of them are secrets.
async fn output_of(command: &[String]) -> anyhow::Result<Zeroizing<String>> {
    let name = &command[0];
    let refuse = |what: String| {
        Exit::Usage.because(format_args!("the command {name} that prints the encryption key {what}."))
    };
    let mut process = Command::new(name);
    process.args(&command[1..]).kill_on_drop(true);
    process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for setting in table::SETTINGS {
        process.env_remove(setting.variable());
    }
    let mut child = process.spawn().map_err(|error| refuse(format!("cannot be started: {error}")))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let ended = tokio::time::timeout(COMMAND_TIME, async {
        let (printed, said) = tokio::join!(bounded(stdout), bounded(stderr));
        (printed, said, child.wait().await)
    });
    let Ok((printed, said, status)) = ended.await else {
        return Err(refuse(format!("took longer than {} s", COMMAND_TIME.as_secs())));
    };
    let status = status.map_err(|error| refuse(format!("was lost: {error}")))?;
    if printed.len() > COMMAND_BYTES {
        return Err(refuse(format!("printed more than {COMMAND_BYTES} bytes")));
    }
    if !status.success() {
        let said = String::from_utf8_lossy(&said[..said.len().min(COMMAND_BYTES)]).trim().to_owned();
        return Err(refuse(format!("failed ({status}) and said: {said:?}")));
    }
    let text = str::from_utf8(&printed).map_err(|_| refuse("printed something else than text".into()))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// All of it, or a byte more than is allowed. The room is made at once: what grows
/// leaves copies behind.
async fn bounded(pipe: Option<impl AsyncRead + Unpin>) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(vec![0; COMMAND_BYTES + 1]);
    let mut filled = 0;
    let Some(mut pipe) = pipe else { return Zeroizing::default() };
    while filled < bytes.len() {
        match pipe.read(&mut bytes[filled..]).await {
            Ok(0) | Err(_) => break,
            Ok(count) => filled += count,
        }
    }
    bytes.truncate(filled);
    bytes
}
