//! `waxwing replay`: send deliveries of a webhook again.

use clap::Args;
use serde_json::{Map, Value};

use super::server::{ServerOptions, event_type, expect, reached, webhook_id};
use crate::terminal;

const AFTER_HELP: &str = "\
Examples:
  waxwing replay wh_01jq… --account acme                       every failed delivery
  waxwing replay wh_01jq… --account acme --since 2026-03-26T10:00:00Z --status delivered
  waxwing replay wh_01jq… --account acme --event evt_01jq… --event evt_01jr…

The webhook must be active. Its receiver tells repeated events by their id.";

/// Options of `replay`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Options {
    /// The webhook
    #[arg(value_parser = webhook_id)]
    webhook: String,
    /// Only this event; may be repeated
    #[arg(long = "event", value_name = "EVENT")]
    events: Vec<String>,
    /// Only deliveries in this state [default: failed, unless --event is given]
    #[arg(long, value_parser = ["pending", "retrying", "delivered", "failed"])]
    status: Option<String>,
    /// Only events of this type
    #[arg(long = "type", value_name = "TYPE", value_parser = event_type)]
    event_type: Option<String>,
    /// Only events published at this time or later (RFC 3339)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only events published before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerOptions,
}

impl Options {
    fn request(&self) -> Value {
        let mut request = Map::new();
        if !self.events.is_empty() {
            request.insert("event_ids".to_owned(), self.events.clone().into());
        }
        let members = [
            ("status", &self.status),
            ("type", &self.event_type),
            ("since", &self.since),
            ("until", &self.until),
        ];
        for (name, value) in members {
            if let Some(value) = value {
                request.insert(name.to_owned(), value.clone().into());
            }
        }
        request.into()
    }
}

/// Asks the server to do it.
pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let client = options.server.client()?;
    let path = format!("/api/webhook/{}/replay", options.webhook);
    let answer = expect(202, &reached(client.post(&path, Some(options.request())).await)?)?;
    if options.json {
        terminal::print(&answer)?;
    } else {
        terminal::print(format_args!("{} deliveries are sent again", answer["replayed"]))?;
    }
    Ok(())
}
