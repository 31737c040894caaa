//! The server's own two keys: the operator's, and the root key that seals data keys.
//!
//! Each is taken from the configuration or made at the first start. A server whose
//! root key does not open the database's data keys is refused at its start rather
//! than at the first delivery.

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use waxwing_core::{Clock, Entropy, KeyId, KeyKind, Role, clock::random, seal::SealingKey};
use waxwing_store::{Actor, Key, Keyring, KeyringError, NewKey, RootKeys, Store};

use crate::{
    config::{Database, Settings, settings::Given},
    exit::Exit,
    terminal::{self, Paint},
};

/// What seals secrets, proven to be the database's own.
pub(super) async fn keyring(
    settings: &Settings,
    store: &Arc<dyn Store>,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> anyhow::Result<Keyring> {
    let (root, origin) = if let Some(text) = &settings.encryption_key.value {
        (parse(text, "WAXWING_ENCRYPTION_KEY")?, "WAXWING_ENCRYPTION_KEY".to_owned())
    } else {
        let path = key_file(settings)?;
        let in_use = Keyring::exists(&**store).await?;
        (from_file(&path, in_use, entropy)?, path.display().to_string())
    };
    let keyring = Keyring::unlock(Arc::clone(store), RootKeys::only(root), clock, entropy).await;
    keyring.map_err(|error| match error {
        KeyringError::WrongKey => Exit::Usage.because(format_args!(
            "the encryption key from {origin} is not the one that this database was made with. Give the right one: with another one no webhook's secret can be read."
        )),
        KeyringError::Store(error) => error.into(),
    })
}

/// Makes sure that there is an operator key; prints it if it is new.
pub(super) async fn operator_key(
    settings: &Settings,
    store: &dyn Store,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> anyhow::Result<()> {
    let kept = store.keys(None).await?;
    let given = read(&settings.operator_key)?;
    let (text, generated) = match given {
        Some(text) => (text, false),
        // Not when all have expired: a key is never made and printed behind anybody's back.
        None if kept.is_empty() => (KeyKind::Key(Role::Operator).write(random(entropy)), true),
        None => {
            if !kept.iter().any(|key| key.is_operator_at(clock.now())) {
                tracing::warn!("every operator key has expired; give another one in WAXWING_OPERATOR_KEY");
            }
            return Ok(());
        }
    };
    let hash = waxwing_api::hash_key(&text);
    if store.directory().principal(&hash).is_some() {
        return Ok(());
    }
    let now = clock.now();
    let id = KeyId::generate(now, random(entropy));
    let name = Some(if generated { "made at the first start" } else { "from the configuration" }.to_owned());
    let key = Key {
        id,
        account: None,
        role: Role::Operator,
        name,
        created_at: now,
        expires_at: None,
        last_used_at: None,
    };
    store.create_key(NewKey { key, hash }, &Actor::server(now)).await?;
    if generated {
        show_once(&text);
    } else if !kept.is_empty() {
        tracing::warn!("an operator key was added from the configuration; the earlier ones stay valid");
    }
    Ok(())
}

fn show_once(key: &str) {
    let paint = Paint::of_stderr();
    terminal::note("");
    terminal::note(format_args!("  Operator key, shown this once:  {}", paint.bold(key)));
    terminal::note("  Keep it safe: the database holds only its hash.");
    terminal::note("");
}

fn read(given: &Given) -> anyhow::Result<Option<String>> {
    let Some(path) = &given.file else {
        return Ok(given.value.clone());
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        Exit::Usage.because(format_args!("the operator key file {} cannot be read: {error}.", path.display()))
    })?;
    let key = crate::config::parse::operator_key(&text);
    key.map(Some).map_err(|problem| {
        Exit::Usage.because(format_args!("the operator key file {} {problem}.", path.display()))
    })
}

fn key_file(settings: &Settings) -> anyhow::Result<PathBuf> {
    match (&settings.encryption_key.file, &settings.database) {
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

fn parse(text: &str, origin: &str) -> anyhow::Result<SealingKey> {
    SealingKey::from_base64(text).map_err(|error| {
        Exit::Usage.because(format_args!(
            "the encryption key from {origin} cannot be used: {error}. It is 32 random bytes in base64, as `openssl rand -base64 32` makes them."
        ))
    })
}

/// The key in this file; a new one only for a database that has none yet.
fn from_file(path: &Path, database_has_one: bool, entropy: &dyn Entropy) -> anyhow::Result<SealingKey> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            warn_if_others_may_read(path);
            parse(&text, &path.display().to_string())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !database_has_one => make(path, entropy),
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
