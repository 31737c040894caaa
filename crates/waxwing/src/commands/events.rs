//! `waxwing events tail`: follow what happens to events.
//!
//! Asks the server again and again, no faster than it was told, and prints a
//! delivery when it is new or has changed. It watches the newest deliveries of
//! each webhook; what is older changes unseen.

use std::{collections::HashMap, time::Duration};

use clap::{Args, Subcommand};
use serde_json::Value;
use waxwing_core::schedule::parse_duration;
use waxwing_peers::ApiClient;

use super::{
    interrupt::until_interrupted,
    server::{ServerOptions, event_type, expect, reached, webhook_id},
};
use crate::{
    config::suggest,
    exit::Exit,
    terminal::{self, Paint, Tone},
};

/// Deliveries of a webhook that are watched: the most that a page holds.
const WATCHED: usize = 250;
/// Webhooks that are followed at most.
const MAX_WEBHOOKS: usize = 100;
/// The shortest pause between two questions.
const LEAST_PAUSE: Duration = Duration::from_millis(200);

const STATES: [&str; 6] = ["pending", "retrying", "held", "delivered", "failed", "canceled"];

const AFTER_HELP: &str = "\
Examples:
  waxwing events tail --account acme                  every webhook of the account
  waxwing events tail wh_01jq… --account acme --status failed
  waxwing events tail wh_01jq… --account acme --once --json | jq .last_error

Prints a line when a delivery is new or has changed; Ctrl-C ends it.";

/// Subcommands of `events`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Follow the event log of one webhook, or of all webhooks of an account.
    #[command(after_help = AFTER_HELP)]
    Tail(Tail),
}

/// Options of `events tail`.
#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// The webhook [default: every webhook of the account]
    #[arg(value_parser = webhook_id)]
    webhook: Option<String>,
    /// Only deliveries in this state
    #[arg(long)]
    status: Option<String>,
    /// Only events of this type
    #[arg(long = "type", value_name = "TYPE", value_parser = event_type)]
    event_type: Option<String>,
    /// Deliveries of each webhook to begin with
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(0..=250))]
    limit: u16,
    /// Print what is there and end
    #[arg(long)]
    once: bool,
    /// How long to wait before asking again
    #[arg(long, default_value = "2s", value_parser = |text: &str| parse_duration(text))]
    interval: Duration,
    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerOptions,
}

/// Follows until interrupted.
pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    let Command::Tail(options) = command;
    if let Some(status) = options.status.as_deref().filter(|status| !STATES.contains(status)) {
        let hint = suggest::hint(status, STATES);
        return Err(
            Exit::Usage.because(format_args!("--status {status}: write one of {}.{hint}", STATES.join(", ")))
        );
    }
    let client = options.server.client()?;
    until_interrupted(follow(&options, &client)).await?;
    Ok(())
}

async fn follow(options: &Tail, client: &ApiClient) -> anyhow::Result<()> {
    let mut seen: HashMap<String, HashMap<String, Value>> = HashMap::new();
    let mut first = true;
    loop {
        for webhook in webhooks(options, client).await? {
            let before = seen.remove(&webhook).unwrap_or_default();
            let page = page(options, client, &webhook).await?;
            let newest = if first { usize::from(options.limit) } else { page.len() };
            for entry in page.iter().take(newest).rev() {
                if before.get(&id(entry)) != Some(entry) {
                    print(options, &webhook, entry)?;
                }
            }
            let now = page.into_iter().map(|entry| (id(&entry), entry)).collect();
            seen.insert(webhook, now);
        }
        if options.once {
            return Ok(());
        }
        first = false;
        tokio::time::sleep(options.interval.max(LEAST_PAUSE)).await;
    }
}

async fn webhooks(options: &Tail, client: &ApiClient) -> anyhow::Result<Vec<String>> {
    if let Some(webhook) = &options.webhook {
        return Ok(vec![webhook.clone()]);
    }
    let list = expect(200, &reached(client.get(&format!("/api/webhook/list?limit={MAX_WEBHOOKS}")).await)?)?;
    let data = list["data"].as_array().cloned().unwrap_or_default();
    Ok(data.iter().filter_map(|webhook| webhook["id"].as_str().map(str::to_owned)).collect())
}

/// The newest deliveries of a webhook, newest first.
async fn page(options: &Tail, client: &ApiClient, webhook: &str) -> anyhow::Result<Vec<Value>> {
    let filter = |name: &str, value: &Option<String>| {
        value.as_ref().map_or_else(String::new, |value| format!("&{name}={value}"))
    };
    let filters = filter("status", &options.status) + &filter("type", &options.event_type);
    let path = format!("/api/webhook/{webhook}/events?limit={WATCHED}{filters}");
    let mut answer = expect(200, &reached(client.get(&path).await)?)?;
    match answer["data"].take() {
        Value::Array(entries) => Ok(entries),
        _ => anyhow::bail!("the server's answer to {path} holds no list"),
    }
}

fn id(entry: &Value) -> String {
    entry["event_id"].as_str().unwrap_or_default().to_owned()
}

fn print(options: &Tail, webhook: &str, entry: &Value) -> anyhow::Result<()> {
    if options.json {
        let mut entry = entry.clone();
        entry["webhook_id"] = webhook.into();
        terminal::print(entry)?;
        return Ok(());
    }
    let paint = Paint::of_stdout();
    let text = |member: &str| entry[member].as_str().unwrap_or_default().to_owned();
    let state = text("status");
    let attempts = entry["attempt_count"].as_u64().unwrap_or_default();
    let outcome = match (&entry["last_status_code"], text("last_error")) {
        (_, error) if !error.is_empty() => error,
        (Value::Null, _) => String::new(),
        (code, _) => code.to_string(),
    };
    terminal::print(format_args!(
        "{}  {}  {:<28} {}  {}  attempts {attempts}  {outcome}",
        paint.dim(text("created_at")),
        paint.tone(tone_of(&state), format_args!("{state:<9}")),
        text("type"),
        text("event_id"),
        paint.dim(webhook),
    ))?;
    Ok(())
}

/// The color of a delivery's state.
pub(super) fn tone_of(state: &str) -> Tone {
    match state {
        "delivered" => Tone::Good,
        "failed" | "canceled" => Tone::Bad,
        "retrying" | "held" | "pending" => Tone::Waiting,
        _ => Tone::Plain,
    }
}
