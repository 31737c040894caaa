//! `waxwing event-types load`: fill the catalog from a file.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::{Args, Subcommand};
use http::{HeaderMap, Method};
use serde_json::value::RawValue;

use super::server::{ServerOptions, expect, reached};
use crate::{exit::Exit, terminal};

const AFTER_HELP: &str = "\
The file is JSON:
  {\"event_types\": [{\"type\": \"deposit.completed\", \"description\": \"…\",
                    \"example\": {…}, \"schema\": {…}}]}

Everything but type is optional. An event type that the catalog knows already is replaced; none is
removed. Loading the same file again changes nothing.

Example:
  waxwing event-types load samples/event-types.json";

/// Subcommands of `event-types`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add or replace every event type of a file.
    #[command(after_help = AFTER_HELP)]
    Load(Load),
}

/// Options of `event-types load`.
#[derive(Debug, Args)]
pub(crate) struct Load {
    /// The file
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerOptions,
}

/// Puts each entry.
pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    let Command::Load(options) = command;
    let entries = read(&options.file)?;
    let client = options.server.client()?;
    let mut added = 0;
    let mut replaced = 0;
    for (event_type, entry) in entries {
        let path = format!("/api/event-types/{event_type}");
        let answer = reached(client.request(Method::PUT, &path, HeaderMap::new(), entry.into()).await)?;
        // 201 for a new one, 200 for one that was known.
        match answer.status.as_u16() {
            201 => added += 1,
            200 | 204 => replaced += 1,
            _ => {
                expect(200, &answer)
                    .with_context(|| format!("{event_type} was not taken; those before it were"))?;
            }
        }
    }
    if options.json {
        terminal::print(serde_json::json!({ "added": added, "replaced": replaced }))?;
    } else {
        terminal::print(format_args!("{added} event types added, {replaced} replaced"))?;
    }
    Ok(())
}

/// Type and body of each entry, all checked before the first is sent. Examples
/// and schemas go out as they stand in the file, numbers with all their digits.
fn read(path: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let refuse = |error: anyhow::Error| Exit::Usage.because(format_args!("{}: {error:#}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| refuse(error.into()))?;
    split(&text).map_err(refuse)
}

fn split(text: &str) -> anyhow::Result<Vec<(String, String)>> {
    let mut file: BTreeMap<String, Vec<BTreeMap<String, Box<RawValue>>>> =
        serde_json::from_str(text).context("the file has another form than --help shows")?;
    let entries = file.remove("event_types").context("there is no list \"event_types\"; see --help")?;
    let split_entry = |(at, mut entry): (usize, BTreeMap<String, Box<RawValue>>)| {
        let event_type = entry.remove("type").with_context(|| format!("entry {at} has no \"type\""))?;
        let event_type: String = serde_json::from_str(event_type.get())?;
        waxwing_core::EventType::parse(&event_type).with_context(|| format!("entry {at}: {event_type:?}"))?;
        Ok((event_type, serde_json::to_string(&entry)?))
    };
    entries.into_iter().enumerate().map(split_entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_its_type_and_the_rest_to_the_digit() {
        let file = r#"{"event_types":[{"type":"a.b","example":{"n":0.10}},{"type":"c"}]}"#;
        let entries = split(file).unwrap();
        assert_eq!(entries[0], ("a.b".to_owned(), r#"{"example":{"n":0.10}}"#.to_owned()));
        assert_eq!(entries[1].1, "{}");
    }

    #[test]
    fn a_file_of_another_form_is_refused() {
        for file in ["", "[]", "{}", r#"{"event_types":[{}]}"#, r#"{"event_types":[{"type":"a b"}]}"#] {
            assert!(split(file).is_err(), "{file}");
        }
    }
}
