//! The server's own two keys: the operator's, and the root key that seals data keys.
//!
//! Each is taken from the configuration or made at the first start. A server whose
//! root key does not open the database's data keys is refused at its start rather
//! than at the first delivery.

use std::sync::Arc;

use waxwing_core::{Clock, Entropy, KeyId, KeyKind, Role, clock::random};
use waxwing_store::{Actor, Key, Keyring, KeyringError, NewKey, Store};
use zeroize::Zeroizing;

use super::root_keys;
use crate::{
    config::{Settings, settings::Given},
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
    let in_use = Keyring::exists(&**store).await?;
    let (roots, origin) = root_keys::read(settings, in_use, entropy).await?;
    Keyring::unlock(Arc::clone(store), roots, clock, entropy).await.map_err(|error| match error {
        KeyringError::WrongKey => Exit::Usage.because(format_args!(
            "the encryption key from {origin} is not the one that this database was made with. Give the right one: with another one no webhook's secret can be read. While it is being replaced, give the former one in WAXWING_PREVIOUS_ENCRYPTION_KEYS."
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
        None if kept.is_empty() => {
            (Zeroizing::new(KeyKind::Key(Role::Operator).write(random(entropy))), true)
        }
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
        portal: false,
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

fn read(given: &Given) -> anyhow::Result<Option<Zeroizing<String>>> {
    let Some(path) = &given.file else {
        return Ok(given.value.clone());
    };
    let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| {
        Exit::Usage.because(format_args!("the operator key file {} cannot be read: {error}.", path.display()))
    })?;
    let key = crate::config::parse::operator_key(&text);
    key.map(Some).map_err(|problem| {
        Exit::Usage.because(format_args!("the operator key file {} {problem}.", path.display()))
    })
}
