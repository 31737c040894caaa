//! A server without a socket: requests go straight to the router.

use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{Router, body::Body};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tower::ServiceExt;
use waxwing_api::{Access, AccessOptions, Api, Limits, hash_key, listener::Peer, router};
use waxwing_core::{AccountId, Clock, Entropy, KeyId, Role, TargetPolicy, Timestamp, seal::SealingKey};
use waxwing_sqlite::SqliteStore;
use waxwing_store::{
    Actor, Key, Keyring, Metrics, NewKey, RootKeys, Store, StoreError,
    gated::{Call, Gate, Gated},
};

pub(crate) const OPERATOR: &str = "wxo_operator";

/// A clock that tests set; each look at it is a millisecond later.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// Bytes that differ each time and are the same on each run.
#[derive(Default)]
struct TestEntropy(AtomicU64);

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&number.to_be_bytes()[..chunk.len()]);
        }
    }
}

/// Errors of the store to come, by call.
#[derive(Clone, Default)]
pub(crate) struct Faults(Arc<Mutex<HashMap<Call, VecDeque<StoreError>>>>);

impl Faults {
    pub(crate) fn add(&self, call: Call, error: StoreError) {
        self.0.lock().entry(call).or_default().push_back(error);
    }
}

#[async_trait]
impl Gate for Faults {
    async fn pass<T: Send>(
        &self,
        call: Call,
        inner: impl Future<Output = T> + Send,
    ) -> Result<T, StoreError> {
        let fault = self.0.lock().get_mut(&call).and_then(VecDeque::pop_front);
        match fault {
            Some(error) => Err(error),
            None => Ok(inner.await),
        }
    }

    fn health(&self) -> Option<StoreError> {
        self.0.lock().get_mut(&Call::Read).and_then(VecDeque::pop_front)
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body, when the status is the expected one.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// An error with this code, in the shape that every error has.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)), "{self:?}");
        assert_eq!(problem["request_id"], self.headers["x-request-id"].to_str().unwrap());
        assert_eq!(problem["type"], format!("/docs#{code}"));
        for member in ["title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| text.len() > 10), "{self:?}");
        }
        problem
    }
}

/// A request on its way.
pub(crate) struct Req<'a> {
    server: &'a Server,
    request: http::request::Builder,
    body: Body,
}

impl Req<'_> {
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    /// With the operator's key.
    pub(crate) fn operator(self) -> Self {
        self.key(OPERATOR)
    }

    /// With the operator's key, for an account.
    pub(crate) fn acting_for(self, account: &str) -> Self {
        self.operator().header("waxwing-account", account)
    }

    /// As if it came from this address.
    pub(crate) fn from(self, address: &str) -> Self {
        Self { request: self.request.extension(Peer(address.parse().unwrap())), ..self }
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    pub(crate) fn raw(self, kind: &str, body: impl Into<Body>) -> Self {
        let call = self.header("content-type", kind);
        Self { body: body.into(), ..call }
    }

    pub(crate) fn body(self, body: impl Into<Body>) -> Self {
        Self { body: body.into(), ..self }
    }

    pub(crate) async fn send(self) -> Answer {
        let (status, headers, body) = self.open().await;
        // A stream has no end.
        let ends = headers.get("content-type").is_none_or(|kind| kind != "text/event-stream");
        let bytes = if ends { body.collect().await.unwrap().to_bytes() } else { Bytes::new() };
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status, headers, text }
    }

    /// The beginning of the answer, and what its body is read from.
    pub(crate) async fn open(self) -> (StatusCode, HeaderMap, Body) {
        let request: Request<Body> = self.request.body(self.body).unwrap();
        let response = self.server.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        (parts.status, parts.headers, body)
    }
}

pub(crate) struct Server {
    router: Router,
    pub(crate) api: Api,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) faults: Faults,
}

impl Server {
    pub(crate) async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(1_774_519_200_000)));
        let faults = Faults::default();
        let inner = Arc::new(SqliteStore::in_memory(Arc::default()).unwrap());
        let store: Arc<dyn Store> = Arc::new(Gated::new(inner, faults.clone()));
        let node = store.register("one", clock.now(), Duration::from_hours(1)).await.unwrap();
        let id = KeyId::generate(clock.now(), [1; 10]);
        let now = clock.now();
        let key = Key {
            id,
            account: None,
            role: Role::Operator,
            name: None,
            created_at: now,
            expires_at: None,
            last_used_at: None,
            portal: false,
        };
        let new = NewKey { key, hash: hash_key(OPERATOR) };
        assert!(store.create_key(new, &Actor::server(now)).await.unwrap());
        let entropy = Arc::new(TestEntropy::default());
        let roots = RootKeys::only(SealingKey::from_slice(&[7; 32]).unwrap());
        let keyring = Keyring::unlock(store.clone(), roots, &*clock, &*entropy).await.unwrap();
        let api = Api {
            store,
            node,
            clock: clock.clone(),
            entropy,
            keyring: Arc::new(keyring),
            policy: Arc::new(TargetPolicy::new(Vec::new())),
            metrics: Arc::new(Metrics::default()),
            limits,
            rotation_grace: Duration::from_hours(24),
            access: Arc::new(Access::new(AccessOptions {
                failures_per_minute: 60,
                account_requests_per_second: 100_000,
                ..AccessOptions::default()
            })),
            streams: Arc::default(),
            dashboard: None,
            ready: Arc::new(|| Ok(())),
        };
        Self { router: router(api.clone(), true), api, clock, faults }
    }

    /// Another one of the same store.
    pub(crate) fn with_api(&self, api: Api) -> Self {
        let router = router(api.clone(), true);
        Self { router, api, clock: self.clock.clone(), faults: self.faults.clone() }
    }

    /// The same with other bounds of those who ask.
    pub(crate) fn with_access(&self, options: AccessOptions) -> Self {
        self.with_api(Api { access: Arc::new(Access::new(options)), ..self.api.clone() })
    }

    /// With an account `acme`.
    pub(crate) async fn with_acme() -> Self {
        let server = Self::new().await;
        server.account("acme").await;
        server
    }

    pub(crate) fn call(&self, method: &str, path: &str) -> Req<'_> {
        Req { server: self, request: Request::builder().method(method).uri(path), body: Body::empty() }
    }

    pub(crate) fn get(&self, path: &str) -> Req<'_> {
        self.call("GET", path)
    }

    pub(crate) fn post(&self, path: &str) -> Req<'_> {
        self.call("POST", path)
    }

    pub(crate) async fn account(&self, id: &str) {
        self.post("/api/accounts").operator().json(&json!({ "id": id })).send().await.expect(201);
    }

    /// A key of an account.
    pub(crate) async fn account_key(&self, account: &str) -> String {
        let made = self.post(&format!("/api/accounts/{account}/keys")).operator().send().await.expect(201);
        made["key"].as_str().unwrap().to_owned()
    }

    /// A key of this role, of an account if it needs one, put where keys are kept.
    pub(crate) async fn key_of(&self, role: Role, account: Option<&str>) -> String {
        let (now, text) = (self.clock.now(), format!("key of {} {account:?}", role.as_str()));
        let key = Key {
            id: KeyId::generate(now, waxwing_core::clock::random(&*self.api.entropy)),
            account: account.map(|account| AccountId::parse(account).unwrap()),
            role,
            name: None,
            created_at: now,
            expires_at: None,
            last_used_at: None,
            portal: false,
        };
        let new = NewKey { key, hash: hash_key(&text) };
        assert!(self.api.store.create_key(new, &Actor::server(now)).await.unwrap());
        text
    }

    /// A webhook of an account; its id.
    pub(crate) async fn webhook(&self, account: &str, events: &[&str]) -> String {
        let body = json!({ "url": "https://receiver.example/hook", "events": events });
        let made = self.post("/api/webhook/create").acting_for(account).json(&body).send().await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    }

    /// Publishes an event to `acme`; its id.
    pub(crate) async fn publish(&self, kind: &str) -> String {
        let body = json!({ "account_id": "acme", "type": kind, "data": { "amount": "10.00" } });
        let event = self.post("/api/events").operator().json(&body).send().await.expect(202);
        event["id"].as_str().unwrap().to_owned()
    }

    /// The members of a list's page.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let page = self.get(path).acting_for("acme").send().await.expect(200);
        page["data"].as_array().unwrap().clone()
    }

    /// Everything that can be seen of `acme` and of the catalog: two looks differ
    /// when something changed in between.
    pub(crate) async fn picture(&self) -> Value {
        let mut logs = Vec::new();
        let webhooks = self.list("/api/webhook/list").await;
        for webhook in &webhooks {
            let path = format!("/api/webhook/{}/events?limit=250", webhook["id"].as_str().unwrap());
            logs.push(self.list(&path).await);
        }
        json!({
            "accounts": self.list("/api/accounts").await,
            "keys": self.list("/api/accounts/acme/keys").await,
            // Whatever is configured leaves an entry there.
            "audit": self.list("/api/audit?limit=250").await,
            "portal_tokens": self.list("/api/accounts/acme/portal-tokens").await,
            "operator_keys": self.list("/api/keys").await,
            "catalog": self.list("/api/event-types").await,
            "webhooks": webhooks,
            "logs": logs,
        })
    }
}
