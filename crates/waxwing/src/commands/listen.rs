//! `waxwing listen`: a receiver on this machine that prints and verifies what
//! arrives.
//!
//! Its certificate comes from an authority that exists for this run only; the
//! server must be told to trust it, and to deliver to this machine.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::Context;
use clap::Args;
use tokio::sync::mpsc;
use waxwing_core::{Clock, PublicKey, Secret};
use waxwing_peers::{Alpn, Ca, Received, Receiver, ReceiverOptions, Reply, verify};

use super::{
    interrupt::until_interrupted,
    secret::{PublicKeySource, SecretSource},
};
use crate::{
    system::SystemClock,
    terminal::{self, Paint},
};

/// Requests that arrived and are not printed yet.
const WAITING: usize = 1_024;

const AFTER_HELP: &str = "\
Examples:
  waxwing listen --secret-file secret.txt
  waxwing listen --listen 127.0.0.1:9443 --status 500 --count 3
  waxwing listen --json | jq .body.type

It prints the environment with which a server on this machine delivers to it. Requests are
answered with --status whether their signature holds or not; what is wrong is printed.";

/// Which signatures hold, or why one does not.
type Verdict = Result<String, String>;

/// Options of `listen`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Options {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:9443", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Status to answer with
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(200..=599))]
    status: u16,
    /// End after this many requests
    #[arg(long)]
    count: Option<u64>,
    /// Where to put the certificate of the authority [default: a temporary directory]
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    secret: SecretSource,
    #[command(flatten)]
    public_key: PublicKeySource,
}

/// What signatures are verified with.
struct Keys {
    secret: Option<Secret>,
    public: Option<PublicKey>,
}

/// Listens until interrupted, or until enough has arrived.
pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let keys = Keys { secret: options.secret.read()?, public: options.public_key.public_key.clone() };
    let ca = Ca::generate("Waxwing listen")?;
    let directory = tempfile::tempdir().context("no temporary directory can be made")?;
    let ca_file = options.ca_file.clone().unwrap_or_else(|| directory.path().join("waxwing-listen-ca.pem"));
    std::fs::write(&ca_file, ca.pem()).with_context(|| format!("{} cannot be written", ca_file.display()))?;
    let cert = ca.issue(&["localhost", "127.0.0.1", "::1", &options.listen.ip().to_string()])?;
    let (arrived, arrivals) = mpsc::channel(WAITING);
    let status = options.status;
    let handler = move |received: Received| {
        // When printing cannot keep up, the sender is told to come back.
        if arrived.try_send(received).is_ok() { Reply::status(status) } else { Reply::status(503) }
    };
    let bind = options.listen;
    let receiver = Receiver::start(ReceiverOptions {
        bind,
        cert,
        alpn: Alpn::Both,
        client_ca: None,
        handler: Arc::new(handler),
    })
    .await?;
    introduce(&receiver, &ca_file, keys.secret.is_some() || keys.public.is_some());
    until_interrupted(print_all(&options, &keys, arrivals)).await?;
    receiver.stop().await;
    Ok(())
}

fn introduce(receiver: &Receiver, ca_file: &std::path::Path, verifies: bool) {
    let paint = Paint::of_stderr();
    terminal::note(format_args!("Listening at {}", paint.bold(receiver.url("/"))));
    terminal::note("A server on this machine delivers here when it is started with");
    terminal::note(format_args!("  WAXWING_EXTRA_CA_FILE={}", ca_file.display()));
    terminal::note(format_args!("  WAXWING_ALLOWED_NETWORKS={}", receiver.addr.ip()));
    if !verifies {
        terminal::note(
            "No secret was given, so that signatures are not verified (WAXWING_SECRET, --secret-file, --secret, --public-key).",
        );
    }
}

async fn print_all(
    options: &Options,
    keys: &Keys,
    mut arrivals: mpsc::Receiver<Received>,
) -> anyhow::Result<()> {
    let mut left = options.count.unwrap_or(u64::MAX);
    while left > 0
        && let Some(received) = arrivals.recv().await
    {
        let verdict = keys.judge(&received);
        if options.json {
            print_json(options, &received, verdict)?;
        } else {
            print_text(options, &received, verdict)?;
        }
        left -= 1;
    }
    Ok(())
}

impl Keys {
    /// Nothing when there is nothing to verify with.
    fn judge(&self, received: &Received) -> Option<Verdict> {
        let by_secret = self.secret.as_ref().map(|secret| by_secret(secret, received));
        let by_key = self.public.as_ref().map(|key| by_key(key, received));
        match (by_secret, by_key) {
            (Some(by_secret), Some(by_key)) => {
                Some(by_secret.and_then(|first| by_key.map(|second| format!("{first}, {second}"))))
            }
            (by_secret, by_key) => by_secret.or(by_key),
        }
    }
}

/// During a rotation's grace period the two schemes may be signed with different
/// secrets.
fn by_secret(secret: &Secret, received: &Received) -> Verdict {
    let (headers, body) = (&received.headers, &received.body);
    let standard = verify::standard(headers, body, secret, SystemClock.now());
    let plain = verify::legacy(headers, body, secret);
    match (standard, plain) {
        (Ok(()), Ok(())) => Ok("both signatures ✓".into()),
        (Ok(()), Err(_)) => Ok("webhook-signature ✓, X-Webhook-Signature made with another secret".into()),
        (Err(_), Ok(())) => Ok("X-Webhook-Signature ✓, webhook-signature not".into()),
        (Err(error), Err(_)) => Err(error.to_string()),
    }
}

fn by_key(key: &PublicKey, received: &Received) -> Verdict {
    let verified = verify::standard(&received.headers, &received.body, key, SystemClock.now());
    verified.map(|()| "public key ✓".into()).map_err(|error| error.to_string())
}

fn print_json(options: &Options, received: &Received, verdict: Option<Verdict>) -> anyhow::Result<()> {
    let body: Option<serde_json::Value> = serde_json::from_slice(&received.body).ok();
    let headers = received.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned().into())
    });
    let headers: serde_json::Map<String, serde_json::Value> = headers.collect();
    let line = serde_json::json!({
        "received_at": SystemClock.now().to_string(),
        "method": received.method.as_str(),
        "path": received.path,
        "answered": options.status,
        "verified": verdict.as_ref().map(Result::is_ok),
        "reason": verdict.and_then(Result::err),
        "headers": headers,
        "body": body,
        "text": String::from_utf8_lossy(&received.body),
    });
    terminal::print(line)?;
    Ok(())
}

fn print_text(options: &Options, received: &Received, verdict: Option<Verdict>) -> anyhow::Result<()> {
    let paint = Paint::of_stdout();
    let signature = match verdict {
        None => paint.dim("signature not verified"),
        Some(Ok(which)) => paint.green(which),
        Some(Err(reason)) => paint.red(format_args!("signature ✗ {reason}")),
    };
    let header = |name: &str| {
        received.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("–").to_owned()
    };
    terminal::print(format_args!(
        "{} {} {}  id {}  {signature}  answered {}",
        paint.dim(SystemClock.now()),
        paint.bold(&received.method),
        received.path,
        header("webhook-id"),
        options.status,
    ))?;
    terminal::print(format_args!("  {}", String::from_utf8_lossy(&received.body)))?;
    Ok(())
}
