//! The certificate that the API shows, read from its files at the start and whenever they
//! change.
//!
//! Files are compared by content, every few seconds and at SIGHUP: that also sees the links
//! that a cluster swaps. A pair that cannot be used is told once, and the one before stays.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    sync::Arc,
    time::Duration,
};

use tokio::signal::unix::Signal;
use waxwing_api::listener::{Identity, Tls};
use waxwing_core::Clock;
use waxwing_store::Metrics;

use crate::{config::TlsFiles, exit::Exit, system::SystemClock};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// A certificate in use, and the files that it came from.
pub(super) struct Certificate {
    files: TlsFiles,
    tls: Tls,
    shown: Identity,
    /// What the files held, or why they could not be read, at the last look.
    seen: Result<u64, String>,
}

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// What is wrong with them, with the exit code of wrong usage.
    pub(super) fn open(files: &TlsFiles) -> anyhow::Result<Self> {
        let unusable = |error: String| Exit::Usage.because(error);
        let look = Look::at(files);
        let shown = look.identity.map_err(unusable)?;
        let tls = Tls::new(shown.clone()).map_err(|error| unusable(error.to_string()))?;
        Ok(Self { files: files.clone(), tls, shown, seen: look.seen })
    }

    /// TLS that shows it, and its successors.
    pub(super) fn tls(&self) -> Tls {
        self.tls.clone()
    }

    /// Looks at the files for as long as the process lives.
    pub(super) async fn keep_fresh(mut self, metrics: Arc<Metrics>, mut hangups: Signal) {
        tell(&self.shown, &metrics);
        let mut looks = tokio::time::interval(LOOK);
        loop {
            let asked = tokio::select! {
                _ = looks.tick() => false,
                _ = hangups.recv() => true,
            };
            self.look(asked, &metrics);
        }
    }

    fn look(&mut self, asked: bool, metrics: &Metrics) {
        let look = Look::at(&self.files);
        if look.seen == self.seen && !asked {
            return;
        }
        self.seen = look.seen;
        match look.identity {
            Ok(identity) => {
                self.tls.replace(identity.clone());
                self.shown = identity;
                tell(&self.shown, metrics);
            }
            Err(error) => {
                let not_after = self.shown.not_after;
                tracing::error!(error, %not_after, "the new certificate cannot be used; the one before stays");
            }
        }
    }
}

fn tell(shown: &Identity, metrics: &Metrics) {
    let not_after = shown.not_after;
    metrics.tls_not_after.set(not_after.seconds());
    if not_after <= SystemClock.now() {
        tracing::warn!(%not_after, "the certificate of the API has expired; clients will refuse it");
    } else {
        tracing::info!(%not_after, "the certificate of the API is in use");
    }
}

/// What the files hold.
struct Look {
    /// A mark of their bytes.
    seen: Result<u64, String>,
    /// What the bytes are good for.
    identity: Result<Identity, String>,
}

impl Look {
    fn at(files: &TlsFiles) -> Self {
        let (certificate, key) = match bytes(&files.certificate).and_then(|one| Ok((one, bytes(&files.key)?)))
        {
            Ok(both) => both,
            Err(error) => return Self { seen: Err(error.clone()), identity: Err(error) },
        };
        let mut mark = DefaultHasher::new();
        (&certificate, &key).hash(&mut mark);
        let identity = Identity::read(&certificate, &key).map_err(|error| {
            let [certificate, key] = [&files.certificate, &files.key].map(|path| path.display());
            format!("{error} ({certificate}, {key}).")
        });
        Self { seen: Ok(mark.finish()), identity }
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("the file {} cannot be read: {error}.", path.display()))
}
