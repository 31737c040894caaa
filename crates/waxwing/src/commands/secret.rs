//! Secrets for `listen`, `sign` and `verify`: from the environment, a file, or,
//! for a quick try, the command line.

use std::path::PathBuf;

use clap::Args;
use waxwing_core::Secret;

use crate::{config::Environment, exit::Exit};

/// Where a signing secret comes from.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct SecretSource {
    /// The webhook's signing secret (other users of this machine may see it; rather use the
    /// variable or the file) [env: WAXWING_SECRET]
    #[arg(long, value_name = "SECRET")]
    secret: Option<String>,
    /// Read the signing secret from this file
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

impl SecretSource {
    /// The secret, if one was given.
    pub(super) fn read(&self) -> anyhow::Result<Option<Secret>> {
        let environment = Environment::of_process();
        let text = match (&self.secret, &self.secret_file) {
            (Some(secret), _) => secret.clone(),
            (None, Some(path)) => std::fs::read_to_string(path).map_err(|error| {
                Exit::Usage.because(format_args!("{} cannot be read: {error}", path.display()))
            })?,
            (None, None) => match environment.get("WAXWING_SECRET") {
                Some(secret) => secret.to_owned(),
                None => return Ok(None),
            },
        };
        let secret = Secret::given(text.trim());
        secret
            .map(Some)
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
