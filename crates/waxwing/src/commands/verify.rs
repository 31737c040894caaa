//! `waxwing verify`: whether the headers of a received webhook fit its body.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use clap::Args;
use waxwing_core::{
    Clock, PublicKey, Secret, Timestamp,
    signature::{Verifier, verify_legacy, verify_standard},
};

use super::{
    secret::{PublicKeySource, SecretSource},
    sign::read_body,
};
use crate::{
    exit::Exit,
    system::SystemClock,
    terminal::{self, Paint},
};

const AFTER_HELP: &str = "\
Examples:
  waxwing verify --secret-file secret.txt --header 'X-Webhook-Signature: 5d41…' body.json
  waxwing verify --secret-file secret.txt --headers-file headers.txt --at 1774519230 body.json
  waxwing sign --id evt_1 body.json | waxwing verify --headers-file - body.json
  waxwing verify --public-key whpk_… --headers-file headers.txt body.json

Verifies every signature that is given; each of them must hold. A public key verifies
webhook-signature, and needs no secret. Exit code 0 when they do, 3 when
one does not, with the reason on stderr.";

/// Options of `verify`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Options {
    /// A received header; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// Read headers from this file, one a line; - for stdin
    #[arg(long, value_name = "FILE")]
    headers_file: Option<PathBuf>,
    /// Unix seconds at which it arrived [default: now]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(0..=253_402_300_799))]
    at: Option<i64>,
    /// Accept any webhook-timestamp, however old
    #[arg(long)]
    any_age: bool,
    /// The body; - for stdin
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    secret: SecretSource,
    #[command(flatten)]
    public_key: PublicKeySource,
}

/// The headers that matter, by their lowercase names.
const KNOWN: [&str; 4] = ["webhook-id", "webhook-timestamp", "webhook-signature", "x-webhook-signature"];

/// How old or early a timestamp may be, as Standard Webhooks has it.
const TOLERANCE: Duration = Duration::from_mins(5);

/// Verifies and tells.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let keys = Keys::read(options)?;
    let headers = Headers::read(options, &keys)?;
    let body = read_body(&options.file)?;
    let verdict = headers.verify(options, &keys, &body);
    if options.json {
        let reason = verdict.as_ref().err();
        terminal::print(serde_json::json!({ "verified": verdict.is_ok(), "reason": reason }))?;
    } else if let Ok(what) = &verdict {
        terminal::print(Paint::of_stdout().green(format_args!("verified: {what}")))?;
    }
    verdict.map(drop).map_err(|reason| Exit::NotVerified.because(format_args!("not verified: {reason}.")))
}

/// What signatures are verified with: at least one of the two.
struct Keys<'a> {
    secret: Option<Secret>,
    public: Option<&'a PublicKey>,
}

impl<'a> Keys<'a> {
    fn read(options: &'a Options) -> anyhow::Result<Self> {
        let public = options.public_key.public_key.as_ref();
        let secret = if public.is_some() { options.secret.read()? } else { Some(options.secret.require()?) };
        Ok(Self { secret, public })
    }
}

/// The received headers that matter.
struct Headers(BTreeMap<String, String>);

impl Headers {
    fn read(options: &Options, keys: &Keys<'_>) -> anyhow::Result<Self> {
        let mut lines = options.headers.clone();
        if let Some(path) = &options.headers_file {
            if path == &options.file && path.as_os_str() == "-" {
                return Err(Exit::Usage
                    .because("headers and body cannot both come from stdin; name a file for one of them."));
            }
            let text = read_body(path)?;
            lines.extend(String::from_utf8_lossy(&text).lines().map(str::to_owned));
        }
        let named = lines.iter().filter_map(|line| line.split_once(':'));
        let named = named.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        let headers = Self(named.filter(|(name, _)| KNOWN.contains(&name.as_str())).collect());
        if headers.get("webhook-signature").is_none() && headers.get("x-webhook-signature").is_none() {
            return Err(Exit::Usage.because(
                "no signature: pass the received headers with --header 'X-Webhook-Signature: …' or --headers-file FILE.",
            ));
        }
        if keys.secret.is_none() && headers.get("webhook-signature").is_none() {
            return Err(Exit::Usage.because(
                "nothing to verify: a public key verifies webhook-signature alone, and it is not among the headers; pass it, or the secret.",
            ));
        }
        Ok(headers)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// What holds, or why it does not.
    fn verify(&self, options: &Options, keys: &Keys<'_>, body: &[u8]) -> Result<String, String> {
        let by_secret = keys.secret.as_ref().map(|secret| self.by_secret(options, secret, body));
        let by_key = keys.public.map(|key| self.standard(options, key, body));
        Ok(match (by_secret.transpose()?, by_key.transpose()?) {
            (Some(what), Some(())) => format!("{what}, and the public key's too"),
            (Some(what), None) => what.to_owned(),
            (None, _) => "webhook-signature matches the public key".to_owned(),
        })
    }

    fn by_secret(&self, options: &Options, secret: &Secret, body: &[u8]) -> Result<&'static str, String> {
        let legacy = self.get("x-webhook-signature");
        if legacy.is_some_and(|signature| !verify_legacy(secret, body, signature)) {
            return Err("X-Webhook-Signature does not match: another secret, or the body is not the bytes that were sent".into());
        }
        if self.get("webhook-signature").is_none() {
            return Ok("X-Webhook-Signature matches");
        }
        self.standard(options, secret, body)?;
        Ok(if legacy.is_some() { "both signatures match" } else { "webhook-signature matches" })
    }

    fn standard<'a>(
        &self,
        options: &Options,
        verifier: impl Into<Verifier<'a>>,
        body: &[u8],
    ) -> Result<(), String> {
        let need = |name| {
            self.get(name)
                .ok_or_else(|| format!("the header {name} is missing, and webhook-signature needs it"))
        };
        let (id, timestamp) = (need("webhook-id")?, need("webhook-timestamp")?);
        let signature = self.get("webhook-signature").unwrap_or_default();
        let at =
            options.at.map_or_else(|| SystemClock.now(), |seconds| Timestamp::from_millis(seconds * 1000));
        let tolerance = if options.any_age { Duration::MAX } else { TOLERANCE };
        verify_standard(verifier, id, timestamp, body, signature, at, tolerance)
            .map_err(|error| error.to_string())
    }
}
