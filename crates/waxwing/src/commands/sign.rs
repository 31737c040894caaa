//! `waxwing sign`: the headers that the server would send with a body.

use std::{io::Read, path::PathBuf};

use clap::Args;
use waxwing_core::{
    Clock, EventId,
    signature::{Signer, standard_header},
};

use super::secret::{SecretSource, SigningKeySource};
use crate::{exit::Exit, system::SystemClock, terminal};

/// The longest body that is read.
const MAX_BODY: u64 = 64 << 20;

const AFTER_HELP: &str = "\
Examples:
  waxwing sign --secret-file secret.txt --id evt_1 body.json
  WAXWING_SECRET=whsec_… waxwing sign --id evt_1 --timestamp 1774519200 - < body.json
  waxwing sign --secret-file secret.txt --id evt_1 --json body.json | jq -r '.[\"webhook-signature\"]'
  waxwing sign --secret-file secret.txt --signing-key-file key.txt --id evt_1 body.json

With a signing key (whsk_…), webhook-signature carries its signature (v1a) beside the secret's.
The body is signed byte for byte: a newline at the end of the file counts.";

/// Options of `sign`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Options {
    /// The event id, sent as webhook-id
    #[arg(long, value_name = "ID", value_parser = |text: &str| EventId::parse(text))]
    id: EventId,
    /// Unix seconds of the attempt [default: now]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(0..=253_402_300_799))]
    timestamp: Option<i64>,
    /// The body; - for stdin
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    secret: SecretSource,
    #[command(flatten)]
    signing_key: SigningKeySource,
}

/// Prints the headers.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let signer = Signer::new(&options.secret.require()?);
    let key = options.signing_key.read()?;
    let keys: Vec<_> = key.iter().collect();
    let body = read_body(&options.file)?;
    let timestamp = options.timestamp.unwrap_or_else(|| SystemClock.now().seconds());
    let headers = [
        ("webhook-id", options.id.to_string()),
        ("webhook-timestamp", timestamp.to_string()),
        ("webhook-signature", standard_header(&[&signer], &keys, options.id.as_str(), timestamp, &body)),
        ("X-Webhook-Signature", signer.legacy(&body)),
    ];
    if options.json {
        let object: serde_json::Map<String, serde_json::Value> =
            headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value.into())).collect();
        terminal::print(serde_json::Value::from(object))?;
    } else {
        for (name, value) in headers {
            terminal::print(format_args!("{name}: {value}"))?;
        }
    }
    Ok(())
}

/// A body from a file, or from stdin for `-`.
pub(super) fn read_body(path: &PathBuf) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(MAX_BODY + 1).read_to_end(&mut body)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_BODY + 1).read_to_end(&mut body))
    };
    read.map_err(|error| {
        Exit::Usage.because(format_args!("the body {} cannot be read: {error}.", path.display()))
    })?;
    if body.len() as u64 > MAX_BODY {
        return Err(Exit::Usage.because(format_args!("the body is longer than {MAX_BODY} bytes.")));
    }
    Ok(body)
}
