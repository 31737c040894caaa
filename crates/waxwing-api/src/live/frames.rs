//! What goes over a stream: server-sent events, as the HTML standard defines them.

use bytes::Bytes;

use super::watch::Change;
use crate::shapes::LogAnswer;

/// A comment, which readers pass over.
pub(super) const ALIVE: Bytes = Bytes::from_static(b": still here\n\n");
/// Tells a browser's own reader to wait before it comes back.
pub(super) const BEGIN: Bytes = Bytes::from_static(b"retry: 2000\n\n");

/// An entry of the log. JSON has no line breaks in it.
pub(super) fn entry(watch: u64, change: Change) -> Bytes {
    let id = position(watch, change.number);
    let data = serde_json::to_string(&LogAnswer::from(change.entry)).unwrap_or_default();
    format!("event: entry\nid: {id}\ndata: {data}\n\n").into()
}

/// Not everything could be told: the reader has to read the list anew.
pub(super) fn reset(watch: u64, number: u64) -> Bytes {
    format!("event: reset\nid: {}\ndata: {{}}\n\n", position(watch, number)).into()
}

fn position(watch: u64, number: u64) -> String {
    format!("{watch:016x}-{number}")
}

/// What [`position`] wrote: the watch, and the number of the last change that was read.
pub(super) fn read_position(text: &str) -> Option<(u64, u64)> {
    let (watch, number) = text.split_once('-')?;
    Some((u64::from_str_radix(watch, 16).ok()?, number.parse().ok()?))
}
