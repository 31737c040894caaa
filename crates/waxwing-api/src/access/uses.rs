//! When keys were last used: noted in memory, and kept once a minute.
//!
//! A write for each request would cost more than the request; who reads the list of keys
//! wants to know whether one is still in use, not to the second.

use std::{collections::HashMap, convert::Infallible, time::Duration};

use parking_lot::Mutex;
use waxwing_core::{KeyId, Timestamp};
use waxwing_store::StoreError;

use crate::Api;

/// How often uses are kept.
const EVERY: Duration = Duration::from_mins(1);
/// Keys of one write.
const BITE: usize = 250;
/// Keys whose use is noted between two writes; the uses of further ones are not.
const NOTED: usize = 100_000;

/// Uses that are not kept yet.
#[derive(Debug, Default)]
pub(super) struct Uses(Mutex<HashMap<KeyId, Timestamp>>);

impl Uses {
    pub(super) fn note(&self, key: &KeyId, now: Timestamp) {
        let mut noted = self.0.lock();
        if let Some(last) = noted.get_mut(key) {
            *last = now.max(*last);
        } else if noted.len() < NOTED {
            noted.insert(key.clone(), now);
        }
    }

    /// Forgets what is kept now, but not what was noted meanwhile.
    fn forget(&self, kept: &[(KeyId, Timestamp)]) {
        let mut noted = self.0.lock();
        for (key, at) in kept {
            if noted.get(key) == Some(at) {
                noted.remove(key);
            }
        }
    }
}

impl Api {
    /// Keeps the uses that were noted.
    ///
    /// # Errors
    /// When the store does not take them; they stay noted then.
    pub async fn keep_uses(&self) -> Result<(), StoreError> {
        let uses = &self.access.uses;
        let noted: Vec<_> = uses.0.lock().iter().map(|(key, at)| (key.clone(), *at)).collect();
        for bite in noted.chunks(BITE) {
            self.store.touch_keys(bite.to_vec()).await?;
            uses.forget(bite);
        }
        Ok(())
    }
}

/// Keeps uses for as long as `serving` takes, and once more when it has ended.
pub async fn noting_uses<T>(api: Api, serving: impl Future<Output = T> + Send) -> T {
    let served = tokio::select! {
        served = serving => served,
        never = each_minute(api.clone()) => match never {},
    };
    keep(&api).await;
    served
}

async fn each_minute(api: Api) -> Infallible {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        keep(&api).await;
    }
}

async fn keep(api: &Api) {
    if let Err(error) = api.keep_uses().await {
        tracing::warn!(%error, "it could not be kept when keys were last used; tried again later");
    }
}
