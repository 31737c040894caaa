//! An adapter: how a server is asked to do what a scenario needs, as a file.
//!
//! Waxwing's own is built in, so that every server is spoken to in the same way.

use std::collections::BTreeMap;

use anyhow::{bail, ensure};
use serde::Deserialize;
use waxwing_peers::Received;

use super::template::{Known, Target, Template};
use crate::exit::Exit;

/// Known in every call; further names come from `needs` and `keep`.
const IN_CALLS: [&str; 1] = ["account"];
/// Known in the calls that make a webhook, besides.
const IN_WEBHOOKS: [&str; 1] = ["url"];
/// Known when an event is published, besides.
pub(super) const IN_EVENTS: [&str; 5] = ["event", "data", "data_text", "uuid", "time"];
/// Known in the body of a batch, besides.
pub(super) const IN_BATCHES: [&str; 1] = ["events"];

/// How to speak to a server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Adapter {
    /// The server's name.
    pub(super) server: String,
    /// Where it listens unless the command line says otherwise.
    pub(super) url: String,
    /// What the user has to give with `--set`, and where it comes from.
    #[serde(default)]
    needs: BTreeMap<String, String>,
    /// Processes whose CPU time counts.
    #[serde(default)]
    pub(super) processes: Vec<String>,
    /// Sent with every call.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Template>,
    /// Calls that make an account.
    #[serde(default)]
    pub(super) account: Vec<Call>,
    /// Calls that make a webhook of an account.
    pub(super) webhook: Vec<Call>,
    /// Pauses a webhook: what is published for it is held.
    pub(super) pause: Option<Call>,
    /// Makes a paused webhook active.
    pub(super) release: Option<Call>,
    /// Publishes an event.
    pub(super) publish: Call,
    /// Publishes many at once.
    pub(super) batch: Option<Batch>,
    /// Where the request that a webhook receives holds the event's name.
    pub(super) arrives: Arrives,
}

/// One request to the server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    /// Method and path.
    pub(super) request: Target,
    /// Sent besides those of every call.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Template>,
    #[serde(default)]
    pub(super) body: Template,
    /// What of the answer later calls need: a name, and a JSON pointer.
    #[serde(default)]
    pub(super) keep: BTreeMap<String, String>,
}

/// A request with many events.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Batch {
    request: Target,
    /// The whole, with `{{events}}`.
    body: Template,
    /// One event; commas go between them.
    each: Template,
    /// The most in one request.
    pub(super) most: usize,
}

/// Where an arriving request holds the event's name.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Arrives {
    /// In this header.
    Header(String),
    /// At this JSON pointer of the body.
    Body(String),
}

impl Arrives {
    /// The event's name.
    pub(super) fn event(&self, received: &Received) -> Option<String> {
        match self {
            Self::Header(name) => Some(received.headers.get(name)?.to_str().ok()?.to_owned()),
            Self::Body(pointer) => {
                let body: serde_json::Value = serde_json::from_slice(&received.body).ok()?;
                Some(body.pointer(pointer)?.as_str()?.to_owned())
            }
        }
    }
}

/// A call with everything filled in but what differs from event to event.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    pub(super) method: String,
    pub(super) path: Template,
    /// `Name: value` lines.
    pub(super) headers: String,
    pub(super) body: Template,
}

/// A batch call, the same way.
#[derive(Debug, Clone)]
pub(super) struct ReadyBatch {
    pub(super) call: Ready,
    pub(super) each: Template,
    pub(super) most: usize,
}

impl Adapter {
    /// Reads a file; `path` is for messages.
    ///
    /// # Errors
    /// When it is no adapter; the message says where.
    pub(super) fn parse(path: &str, text: &str) -> anyhow::Result<Self> {
        let unusable = |error: &dyn std::fmt::Display| {
            Exit::Usage.because(format_args!("{path} is no adapter: {error}"))
        };
        let adapter: Self = toml::from_str(text).map_err(|error| unusable(&error))?;
        adapter.check().map_err(|error| unusable(&error))?;
        Ok(adapter)
    }

    /// What is known of a server from the start.
    ///
    /// # Errors
    /// When something that the adapter needs is not given, or given in vain.
    pub(super) fn known(&self, given: &Known) -> anyhow::Result<Known> {
        for (name, what) in &self.needs {
            if !given.contains_key(name) {
                return Err(Exit::Usage.because(format_args!(
                    "{} needs {name}: {what}. Give it with --set {name}=…",
                    self.server
                )));
            }
        }
        if let Some(name) = given.keys().find(|name| !self.needs.contains_key(*name)) {
            return Err(Exit::Usage.because(format_args!("--set {name}: {} needs no {name}", self.server)));
        }
        Ok(given.clone())
    }

    /// Publishing for one account, of which this is known.
    pub(super) fn ready(&self, known: &Known) -> Ready {
        let call = &self.publish;
        self.ready_call(&call.request, &call.headers, &call.body, known)
    }

    /// Publishing in batches, if the server can.
    pub(super) fn ready_batch(&self, known: &Known) -> Option<ReadyBatch> {
        let batch = self.batch.as_ref()?;
        let call = self.ready_call(&batch.request, &BTreeMap::new(), &batch.body, known);
        Some(ReadyBatch { call, each: batch.each.filled(known), most: batch.most })
    }

    fn ready_call(
        &self,
        request: &Target,
        headers: &BTreeMap<String, Template>,
        body: &Template,
        known: &Known,
    ) -> Ready {
        let mut lines = String::new();
        for (name, value) in self.headers.iter().chain(headers) {
            for text in [name, ": ", &value.text(known), "\r\n"] {
                lines.push_str(text);
            }
        }
        let (method, path) = (request.method.to_string(), request.path.filled(known));
        Ready { method, path, headers: lines, body: body.filled(known) }
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(self.url.starts_with("http://"), "url: the load generator speaks http:// only");
        let mut names: Vec<&str> = IN_CALLS.to_vec();
        names.extend(self.needs.keys().map(String::as_str));
        check_names("headers", self.headers.values(), &names)?;
        for call in &self.account {
            check_call("account", call, &names)?;
            names.extend(call.keep.keys().map(String::as_str));
        }
        // What a webhook's calls keep is of the webhook: publishing does not know it.
        let of_account = names.clone();
        names.extend(IN_WEBHOOKS);
        ensure!(!self.webhook.is_empty(), "webhook: no call makes one");
        for call in &self.webhook {
            check_call("webhook", call, &names)?;
            names.extend(call.keep.keys().map(String::as_str));
        }
        for (what, call) in [("pause", &self.pause), ("release", &self.release)] {
            call.iter().try_for_each(|call| check_call(what, call, &names))?;
        }
        ensure!(self.pause.is_some() == self.release.is_some(), "pause and release go together");
        let mut names = of_account;
        names.extend(IN_EVENTS);
        check_call("publish", &self.publish, &names)?;
        if let Some(batch) = &self.batch {
            ensure!((1..=10_000).contains(&batch.most), "batch.most: 1 to 10000");
            check_names("batch", [&batch.each], &names)?;
            names.extend(IN_BATCHES);
            check_names("batch", [&batch.request.path, &batch.body], &names)?;
        }
        Ok(())
    }
}

fn check_call(what: &str, call: &Call, names: &[&str]) -> anyhow::Result<()> {
    check_names(what, [&call.request.path, &call.body].into_iter().chain(call.headers.values()), names)?;
    if let Some((name, pointer)) = call.keep.iter().find(|(_, pointer)| !pointer.starts_with('/')) {
        bail!("{what}: keep.{name} = {pointer:?} is no JSON pointer; they begin with /");
    }
    Ok(())
}

fn check_names<'a>(
    what: &str,
    templates: impl IntoIterator<Item = &'a Template>,
    names: &[&str],
) -> anyhow::Result<()> {
    for name in templates.into_iter().flat_map(Template::names) {
        ensure!(
            names.contains(&name),
            "{what}: {{{{{name}}}}} stands for nothing; known are {}",
            names.join(", ")
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
server = "Other"
url = "http://127.0.0.1:1"
headers = { Authorization = "Bearer {{token}}" }
needs = { token = "a token" }
arrives = { body = "/id" }
[[account]]
request = "POST /apps"
body = '{"name":"{{account}}"}'
keep = { app = "/id" }
[[webhook]]
request = "POST /apps/{{app}}/hooks"
body = '{"url":"{{url}}"}'
keep = { hook = "/id" }
[publish]
request = "POST /apps/{{app}}/events"
body = '{"id":"{{event}}","data":{{data}}}'
"#;

    #[test]
    fn what_stands_for_nothing_is_refused() {
        Adapter::parse("a.toml", GOOD).unwrap();
        for (from, to, says) in [
            ("Bearer {{token}}", "Bearer {{key}}", "headers: {{key}} stands for nothing"),
            ("/apps/{{app}}/events", "/apps/{{hook}}/events", "publish: {{hook}}"),
            ("\"name\":\"{{account}}\"", "\"url\":\"{{url}}\"", "account: {{url}}"),
            ("hook = \"/id\"", "hook = \"id\"", "no JSON pointer"),
            ("\"POST /apps\"", "\"/apps\"", "is no request"),
            ("http://", "https://", "http:// only"),
            ("server =", "name =", "`name`"),
            ("[publish]", "[pause]\nrequest = \"PUT /x\"\n[publish]", "go together"),
        ] {
            let text = GOOD.replace(from, to);
            assert_ne!(text, GOOD, "{from}");
            let error = Adapter::parse("a.toml", &text).unwrap_err().to_string();
            assert!(error.contains(says) && error.contains("a.toml"), "{to}: {error}");
        }
    }

    #[test]
    fn what_a_server_needs_has_to_be_given_and_nothing_else() {
        let adapter = Adapter::parse("a.toml", GOOD).unwrap();
        let given = |name: &str| Known::from([(name.to_owned(), "x".to_owned())]);
        assert!(adapter.known(&Known::new()).unwrap_err().to_string().contains("Other needs token: a token"));
        assert!(adapter.known(&given("tokn")).is_err());
        let mut known = adapter.known(&given("token")).unwrap();
        known.insert("app".into(), "7".into());
        let ready = adapter.ready(&known);
        assert_eq!(
            (ready.path.text(&known), ready.headers.as_str()),
            ("/apps/7/events".into(), "Authorization: Bearer x\r\n")
        );
        assert_eq!(ready.body.names().collect::<Vec<_>>(), ["event", "data"]);
    }
}
