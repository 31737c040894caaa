//! The keys that seal what is kept.
//!
//! A root key comes from the configuration and seals nothing but data keys; these are
//! kept by the store, numbered, and seal everything else. So a root key is replaced by
//! sealing a few keys anew, and the configuration's key never touches a customer's
//! value. Data keys reach every node through the [`Directory`](crate::Directory), ahead
//! of whatever they seal; they are opened when they are first needed, and then kept in
//! memory that is wiped at the end.

use std::{collections::HashMap, sync::Arc};

use parking_lot::RwLock;
use waxwing_core::{
    Clock, Entropy,
    clock::random,
    seal::{NONCE_LEN, Sealed, SealedBy, SealingKey, UnsealError},
};
use zeroize::Zeroizing;

use crate::{Actor, DataKey, Resealed, SealedColumn, SealedValue, Store, StoreError, data_key::shown};

/// Where databases from before data keys hold the proof of their root key.
const CHECK: &str = "sealing_check";

/// The keys of the configuration.
#[derive(Debug, Clone)]
pub struct RootKeys {
    /// Seals data keys.
    pub current: SealingKey,
    /// Still open what they sealed before.
    pub previous: Vec<SealingKey>,
}

/// Why a keyring cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// What the database holds was sealed with another root key.
    #[error("the database's secrets were sealed with another encryption key")]
    WrongKey,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Seals and opens.
pub struct Keyring {
    store: Arc<dyn Store>,
    roots: RootKeys,
    opened: RwLock<HashMap<u32, Arc<SealingKey>>>,
}

impl RootKeys {
    /// One key, and none before it.
    pub fn only(current: SealingKey) -> Self {
        Self { current, previous: Vec::new() }
    }

    /// Whether one of them sealed this data key.
    pub fn opens(&self, key: &DataKey) -> bool {
        self.open(&DataKey::place(key.number), &key.sealed).is_ok()
    }

    fn all(&self) -> impl Iterator<Item = &SealingKey> {
        std::iter::once(&self.current).chain(&self.previous)
    }

    /// Opens what a root key itself sealed.
    fn open(&self, bound_to: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, UnsealError> {
        let by = sealed.by()?;
        let fits = |key: &&SealingKey| by == SealedBy::Root || by == SealedBy::Number(key.id());
        let opened = self.all().filter(fits).find_map(|key| key.open(bound_to, sealed).ok());
        opened.ok_or(UnsealError::WrongKey)
    }
}

impl Keyring {
    /// Whether something in the database was sealed with a root key already.
    ///
    /// # Errors
    /// What the store says.
    pub async fn exists(store: &dyn Store) -> Result<bool, StoreError> {
        Ok(!store.directory().data_keys().is_empty() || store.fact(CHECK).await?.is_some())
    }

    /// Proves that the root keys are the database's own. A database without a data key
    /// gets its first; of several nodes that start on it at once, one makes it for all.
    /// Data keys that a previous root key sealed are sealed anew with the current one.
    ///
    /// # Errors
    /// [`KeyringError::WrongKey`] when there is a data key, or a proof from before data
    /// keys, that no root key opens.
    pub async fn unlock(
        store: Arc<dyn Store>,
        roots: RootKeys,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<Self, KeyringError> {
        let keyring = Self { store, roots, opened: RwLock::default() };
        let by = Actor::server(clock.now());
        if keyring.store.directory().data_keys().is_empty() {
            if let Some(proof) = keyring.store.fact(CHECK).await? {
                let proof = Sealed::from_bytes(proof.to_vec());
                keyring.roots.open(CHECK, &proof).map_err(|_| KeyringError::WrongKey)?;
            }
            keyring.make_data_key(1, &by, entropy).await?;
        }
        for key in keyring.store.directory().data_keys() {
            let opened = keyring.data_key(key.number).map_err(|_| KeyringError::WrongKey)?;
            if key.sealed.by() != Ok(SealedBy::Number(keyring.roots.current.id())) {
                let sealed = keyring.seal_data_key(key.number, &opened, entropy);
                // Another node that was faster knows this node's keys, or this one its.
                keyring.store.replace_data_key(&key, sealed, &by).await?;
            }
        }
        Ok(keyring)
    }

    /// Makes a new data key, which seals from now on; older ones go on opening what
    /// they sealed until that is sealed anew.
    ///
    /// # Errors
    /// What the store says.
    pub async fn rotate(&self, by: &Actor, entropy: &dyn Entropy) -> Result<(), StoreError> {
        let newest = self.store.directory().newest_data_key().unwrap_or_default();
        self.make_data_key(newest.saturating_add(1), by, entropy).await
    }

    /// Seals values of `column` anew with data key `number`, unless another change was
    /// faster; how many of them do not open with any key of this node.
    ///
    /// # Errors
    /// What the store says.
    pub async fn reseal(
        &self,
        column: SealedColumn,
        number: u32,
        values: Vec<SealedValue>,
        entropy: &dyn Entropy,
    ) -> Result<usize, StoreError> {
        let given = values.len();
        let reseal = |value: SealedValue| {
            let bytes = self.open(&value.place, &value.sealed)?;
            let after = self.data_key(number)?.seal(number, random(entropy), &value.place, &bytes);
            Ok(Resealed { row: value.row, before: value.sealed, after })
        };
        let opened: Vec<_> =
            values.into_iter().map(reseal).filter_map(Result::<_, UnsealError>::ok).collect();
        let unopened = given - opened.len();
        if !opened.is_empty() {
            self.store.replace_sealed(column, opened).await?;
        }
        Ok(unopened)
    }

    /// The id of the root key that seals data keys.
    pub fn root_key(&self) -> String {
        shown(self.roots.current.id())
    }

    /// Seals a value with the newest data key, for the place named `bound_to`: the row
    /// that it belongs to, such as `wh_…`, or a column of it, such as `wh_…/headers`.
    /// `nonce` must be unpredictable and never used before.
    ///
    /// # Errors
    /// [`UnsealError`] when no root key of this node opens the newest data key.
    pub fn seal(&self, nonce: [u8; NONCE_LEN], bound_to: &str, value: &[u8]) -> Result<Sealed, UnsealError> {
        let newest = self.store.directory().newest_data_key().ok_or(UnsealError::WrongKey)?;
        Ok(self.data_key(newest)?.seal(newest, nonce, bound_to, value))
    }

    /// Opens what was sealed for the place named `bound_to`.
    ///
    /// # Errors
    /// [`UnsealError`] when it was not, or with a key that this node does not have.
    pub fn open(&self, bound_to: &str, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, UnsealError> {
        match sealed.by()? {
            SealedBy::Root => self.roots.open(bound_to, sealed),
            SealedBy::Number(number) => self.data_key(number)?.open(bound_to, sealed),
        }
    }

    fn data_key(&self, number: u32) -> Result<Arc<SealingKey>, UnsealError> {
        if let Some(key) = self.opened.read().get(&number) {
            return Ok(Arc::clone(key));
        }
        let directory = self.store.directory();
        let kept = directory.data_key(number).ok_or(UnsealError::WrongKey)?;
        let bytes = self.roots.open(&DataKey::place(number), &kept.sealed)?;
        let key = Arc::new(SealingKey::from_slice(&bytes).ok_or(UnsealError::Malformed)?);
        let mut opened = self.opened.write();
        // A new key came: those that it replaced may be gone.
        opened.retain(|number, _| directory.data_key(*number).is_some());
        opened.insert(number, Arc::clone(&key));
        Ok(key)
    }

    /// Keeps a fresh data key, unless another node was first to take its number.
    async fn make_data_key(&self, number: u32, by: &Actor, entropy: &dyn Entropy) -> Result<(), StoreError> {
        let key = SealingKey::generate(|bytes| entropy.fill(bytes));
        let sealed = self.seal_data_key(number, &key, entropy);
        self.store.create_data_key(DataKey { number, sealed, created_at: by.at }, by).await?;
        Ok(())
    }

    fn seal_data_key(&self, number: u32, key: &SealingKey, entropy: &dyn Entropy) -> Sealed {
        let root = &self.roots.current;
        root.seal(root.id(), random(entropy), &DataKey::place(number), key.expose())
    }
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring(…)")
    }
}
