//! A server of somebody else, as far as its API document goes: it checks each request
//! against the document, answers as the document says, and delivers what is published.
//!
//! `servers/<name>.json` holds the calls: their request bodies' schemas as in the document
//! that `from` names, with references resolved, nothing unknown allowed and descriptions left
//! out; answers that fit the document; and where account, URL and payload stand.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use waxwing_peers::ApiClient;

pub(crate) struct Fake {
    pub(crate) url: String,
    /// What its adapter has to be given.
    pub(crate) set: Vec<String>,
    state: Arc<State>,
}

struct State {
    document: Value,
    /// The authority of the receivers, once it is written.
    roots: PathBuf,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// URLs by account.
    webhooks: BTreeMap<String, Vec<String>>,
    clients: BTreeMap<String, ApiClient>,
    problems: Vec<String>,
    calls: BTreeSet<String>,
    count: u64,
}

struct Request {
    method: String,
    path: String,
    query: String,
    authorization: Option<String>,
    body: Value,
}

impl Fake {
    pub(crate) async fn start(name: &str, roots: &Path) -> Self {
        let file = format!("{}/tests/bench/servers/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let document: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let set = document["set"].as_array().unwrap().iter().map(|set| set.as_str().unwrap().to_owned());
        let set = set.collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // Where the document's paths have a prefix, an adapter's url has it.
        let prefix = if name == "outpost" { "/api/v1" } else { "" };
        let url = format!("http://{}{prefix}", listener.local_addr().unwrap());
        let state = Arc::new(State { document, roots: roots.to_owned(), seen: Mutex::default() });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { url, set, state }
    }

    /// What did not fit the document.
    pub(crate) fn problems(&self) -> Vec<String> {
        self.state.seen.lock().unwrap().problems.clone()
    }

    pub(crate) fn calls_never_made(&self) -> Vec<String> {
        let calls = self.state.document["calls"].as_array().unwrap().iter();
        let calls = calls.map(|call| call["request"].as_str().unwrap().to_owned());
        let seen = self.state.seen.lock().unwrap();
        calls.filter(|call| !seen.calls.contains(call)).collect()
    }
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    let mut input = Vec::new();
    while let Some(request) = read(&mut stream, &mut input).await {
        let (status, body) = answer(&state, &request);
        let answer = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
             {:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The next request of a connection.
async fn read(stream: &mut TcpStream, input: &mut Vec<u8>) -> Option<Request> {
    let end = loop {
        if let Some(end) = input.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(input).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(input[..end].to_vec()).unwrap();
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    let length: usize = header("content-length").map_or(0, |length| length.parse().unwrap());
    while input.len() < end + 4 + length {
        stream.read_buf(input).await.ok()?;
    }
    let rest = input.split_off(end + 4 + length);
    let body = serde_json::from_slice(&input[end + 4..]).unwrap_or_default();
    *input = rest;
    let mut line = head.lines().next()?.split(' ');
    let (method, target) = (line.next()?.to_owned(), line.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    Some(Request { method, path, query, authorization: header("authorization"), body })
}

/// Status and body, as the document has them.
fn answer(state: &State, request: &Request) -> (u64, String) {
    let calls = state.document["calls"].as_array().unwrap();
    let Some(call) = calls.iter().find(|call| is_of(call["request"].as_str().unwrap(), request)) else {
        let problem = format!("{} {} is not in the document", request.method, request.path);
        state.seen.lock().unwrap().problems.push(problem);
        return (404, "{}".to_owned());
    };
    let mut seen = state.seen.lock().unwrap();
    let problems = problems(state, call, request);
    seen.problems.extend(problems);
    seen.calls.insert(call["request"].as_str().unwrap().to_owned());
    seen.count += 1;
    if let Some(url) = call["url"].as_str() {
        let url = request.body.pointer(url).unwrap().as_str().unwrap().to_owned();
        seen.webhooks.entry(account(call, request)).or_default().push(url);
    }
    if let Some(payload) = call["payload"].as_str() {
        let payload = request.body.pointer(payload).unwrap();
        let payload = payload.as_str().map_or_else(|| payload.to_string(), str::to_owned);
        deliver(state, &mut seen, &account(call, request), &payload);
    }
    let text = call["answer"].to_string().replace("{{n}}", &format!("{:012}", seen.count));
    (call["status"].as_u64().unwrap(), text)
}

/// Whether a request is of a documented method and path.
fn is_of(documented: &str, request: &Request) -> bool {
    let (method, path) = documented.split_once(' ').unwrap();
    let parts = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let (wanted, given) = (parts(path), parts(&request.path));
    let fits =
        |(wanted, given): (&String, &String)| wanted == given || wanted.starts_with('{') && !given.is_empty();
    method == request.method && wanted.len() == given.len() && wanted.iter().zip(&given).all(fits)
}

fn problems(state: &State, call: &Value, request: &Request) -> Vec<String> {
    let mut problems = Vec::new();
    if !call["body"].is_null() && !request.body.is_null() {
        let validator = jsonschema::validator_for(&call["body"]).unwrap();
        let errors = validator.iter_errors(&request.body);
        problems
            .extend(errors.map(|error| format!("{}: {}: {error}", call["request"], error.instance_path())));
    }
    let names = request.query.split('&').filter_map(|pair| pair.split('=').next());
    for name in names.filter(|name| !name.is_empty()) {
        if !call["query"].as_array().unwrap().contains(&name.into()) {
            problems.push(format!("{}: there is no parameter {name}", call["request"]));
        }
    }
    if state.document["authorization"].as_str() != request.authorization.as_deref() {
        problems.push(format!("{}: authorization {:?}", call["request"], request.authorization));
    }
    problems
}

fn account(call: &Value, request: &Request) -> String {
    match (call["account"]["path"].as_u64(), call["account"]["body"].as_str()) {
        (Some(part), _) => request.path.split('/').nth(usize::try_from(part).unwrap()).unwrap().to_owned(),
        (None, pointer) => request.body.pointer(pointer.unwrap()).unwrap().as_str().unwrap().to_owned(),
    }
}

/// Sends a payload to every webhook of an account.
fn deliver(state: &State, seen: &mut Seen, account: &str, payload: &str) {
    for url in seen.webhooks.get(account).cloned().unwrap_or_default() {
        let client = seen.clients.entry(url.clone()).or_insert_with(|| {
            let (base, _) = url.rsplit_once('/').unwrap();
            let pem = std::fs::read(&state.roots).unwrap();
            ApiClient::new(base, "").unwrap().trusting(&pem).unwrap()
        });
        let (client, payload) = (client.clone(), bytes::Bytes::from(payload.to_owned()));
        let path = format!("/{}", url.rsplit_once('/').unwrap().1);
        tokio::spawn(async move {
            client.post_raw(&path, http::HeaderMap::new(), payload).await.unwrap();
        });
    }
}
