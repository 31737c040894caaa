//! What a copy holds, for people and for programs.

use serde_json::{Value, json};
use waxwing_sqlite::backup::Contents;

use crate::terminal::grouped;

/// In words.
pub(in crate::commands) fn words(contents: &Contents) -> String {
    let Contents { accounts, webhooks, events, deliveries, waiting, attempts, .. } = contents;
    let [accounts, webhooks, events, deliveries, waiting, attempts] =
        [accounts, webhooks, events, deliveries, waiting, attempts].map(|count| grouped(*count));
    format!(
        "{accounts} accounts, {webhooks} webhooks, {events} events, {deliveries} deliveries of which {waiting} wait, {attempts} attempts"
    )
}

/// The ids of the root keys of which one opens its secrets.
pub(in crate::commands) fn root_keys(contents: &Contents) -> Vec<String> {
    let mut ids: Vec<String> = contents.data_keys.iter().map(waxwing_store::DataKey::root_key).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// With more members.
pub(in crate::commands) fn json(contents: &Contents, more: Value) -> Value {
    let mut all = more;
    all["schema_version"] = json!(contents.version);
    all["accounts"] = json!(contents.accounts);
    all["webhooks"] = json!(contents.webhooks);
    all["events"] = json!(contents.events);
    all["deliveries"] = json!(contents.deliveries);
    all["waiting"] = json!(contents.waiting);
    all["attempts"] = json!(contents.attempts);
    all["newest_event_at"] = json!(contents.newest_event_at.map(|at| at.to_string()));
    all["root_keys"] = json!(root_keys(contents));
    all
}
