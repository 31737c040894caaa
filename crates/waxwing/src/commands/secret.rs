//! Secrets and signing keys for `listen`, `sign` and `verify`: from the environment, a
//! file, or, for a quick try, the command line. Public keys are no secrets, and come
//! from the command line.

use std::path::{Path, PathBuf};

use clap::Args;
use waxwing_core::{PublicKey, Secret, SigningKey};

use super::hidden::Hidden;
use crate::{config::Environment, exit::Exit};

/// Where a signing secret comes from.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct SecretSource {
    /// The webhook's signing secret (other users of this machine may see it; rather use the
    /// variable or the file) [env: WAXWING_SECRET]
    #[arg(long, value_name = "SECRET")]
    secret: Option<Hidden>,
    /// Read the signing secret from this file
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

impl SecretSource {
    /// The secret, if one was given.
    pub(super) fn read(&self) -> anyhow::Result<Option<Secret>> {
        let text = text_of(self.secret.as_deref(), self.secret_file.as_deref(), "WAXWING_SECRET")?;
        let secret = text.map(|text| Secret::given(text.trim())).transpose();
        secret
            .map_err(|error| Exit::Usage.because(format_args!("the signing secret cannot be used: {error}")))
    }

    /// The secret.
    ///
    /// # Errors
    /// Also when none was given.
    pub(super) fn require(&self) -> anyhow::Result<Secret> {
        self.read()?.ok_or_else(|| {
            Exit::Usage.because(
                "no signing secret: set WAXWING_SECRET, or pass --secret-file FILE or --secret SECRET",
            )
        })
    }
}

/// Where a signing key comes from.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct SigningKeySource {
    /// A signing key, to sign with beside the secret (other users of this machine may see it;
    /// rather use the variable or the file) [env: WAXWING_SIGNING_KEY]
    #[arg(long, value_name = "KEY")]
    signing_key: Option<Hidden>,
    /// Read the signing key from this file
    #[arg(long, value_name = "FILE")]
    signing_key_file: Option<PathBuf>,
}

impl SigningKeySource {
    /// The key, if one was given.
    pub(super) fn read(&self) -> anyhow::Result<Option<SigningKey>> {
        let (flag, file) = (self.signing_key.as_deref(), self.signing_key_file.as_deref());
        let text = text_of(flag, file, "WAXWING_SIGNING_KEY")?;
        let key = text.map(|text| SigningKey::parse(text.trim())).transpose();
        key.map_err(|error| Exit::Usage.because(format_args!("the signing key cannot be used: {error}")))
    }
}

/// The public key of a webhook.
#[derive(Debug, Args)]
pub(super) struct PublicKeySource {
    /// The webhook's public key (whpk_…); it verifies webhook-signature without the secret
    #[arg(long, value_name = "KEY", value_parser = |text: &str| PublicKey::parse(text.trim()))]
    pub(super) public_key: Option<PublicKey>,
}

/// The text of a flag, else of a file, else of a variable.
fn text_of(flag: Option<&str>, file: Option<&Path>, variable: &str) -> anyhow::Result<Option<String>> {
    match (flag, file) {
        (Some(text), _) => Ok(Some(text.to_owned())),
        (None, Some(path)) => std::fs::read_to_string(path)
            .map(Some)
            .map_err(|error| Exit::Usage.because(format_args!("{} cannot be read: {error}", path.display()))),
        (None, None) => Ok(Environment::of_process().get(variable).map(str::to_owned)),
    }
}
