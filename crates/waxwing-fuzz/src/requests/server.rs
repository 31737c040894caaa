//! A server without a socket, in memory, made anew now and then so that it stays small.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use tokio::runtime::Runtime;
use tower::ServiceExt;
use waxwing_api::{Access, AccessOptions, Api, Limits, hash_key, router};
use waxwing_core::{
    AccountId, Clock, Entropy, KeyId, Role, TargetPolicy, Timestamp, clock::random, seal::SealingKey,
};
use waxwing_sqlite::SqliteStore;
use waxwing_store::{Actor, Key, Keyring, Metrics, NewAccount, NewKey, RootKeys, Store};

/// An operator's key.
pub(super) const OPERATOR: &str = "operator";
/// A key of each role; those of accounts are `acme`'s.
pub(super) const KEYS: [&str; 4] = [OPERATOR, "publisher", "account", "reader"];
const ROLES: [Role; 4] = [Role::Operator, Role::Publisher, Role::Account, Role::AccountReadOnly];

/// Requests until the next server.
const REQUESTS: u32 = 2_000;

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// A clock that goes on by a millisecond with each look.
struct Steps(AtomicI64);

impl Clock for Steps {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(1, Relaxed))
    }
}

/// Bytes that differ each time and are the same on each run.
#[derive(Default)]
struct Counted(AtomicU64);

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.0.fetch_add(1, Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&number.to_be_bytes()[..chunk.len()]);
        }
    }
}

struct Server {
    runtime: Runtime,
    api: Arc<Api>,
    left: u32,
}

static SERVER: Mutex<Option<Server>> = Mutex::new(None);

/// Asks the server of the moment.
pub(super) fn ask(request: Request<Vec<u8>>) -> Answer {
    let mut slot = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    if slot.as_ref().is_none_or(|server| server.left == 0) {
        *slot = Some(Server::new());
    }
    let Some(server) = slot.as_mut() else { unreachable!("it was just made") };
    server.left -= 1;
    let router = router(Arc::clone(&server.api), true);
    server.runtime.block_on(async {
        let Ok(response) = router.oneshot(request.map(|body| Full::new(body.into()))).await;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
        Answer { status: head.status, headers: head.headers, body }
    })
}

impl Server {
    #[expect(clippy::expect_used, reason = "without a server nothing can be asked")]
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("the system gives a runtime");
        let clock = Arc::new(Steps(AtomicI64::new(1_774_519_200_000)));
        let store = SqliteStore::in_memory(Arc::default()).expect("memory holds a database");
        let store: Arc<dyn Store> = Arc::new(store);
        let entropy: Arc<dyn Entropy> = Arc::new(Counted::default());
        let roots = RootKeys::only(SealingKey::generate(|key| key.fill(7)));
        let (node, keyring) = runtime.block_on(async {
            let node = store.register("one", clock.now(), Duration::from_hours(24)).await;
            fill(&*store, &*clock, &*entropy).await;
            let keyring = Keyring::unlock(Arc::clone(&store), roots, &*clock, &*entropy).await;
            (node.expect("a first node"), keyring.expect("a first key"))
        });
        let api = Api {
            store,
            node,
            clock,
            entropy,
            keyring: Arc::new(keyring),
            policy: Arc::new(TargetPolicy::new(Vec::new())),
            metrics: Arc::new(Metrics::default()),
            limits: Limits::default(),
            rotation_grace: Duration::from_hours(24),
            access: Arc::new(Access::new(AccessOptions::default())),
            streams: Arc::default(),
            dashboard: None,
            ready: Arc::new(|| Ok(())),
        };
        Self { runtime, api: Arc::new(api), left: REQUESTS }
    }
}

/// An account, and a key of each role.
#[expect(clippy::expect_used, reason = "without them every request ends at the door")]
async fn fill(store: &dyn Store, clock: &dyn Clock, entropy: &dyn Entropy) {
    let by = Actor::server(clock.now());
    let acme = AccountId::parse("acme").expect("an id");
    let account = NewAccount { id: acme.clone(), name: None, created_at: clock.now() };
    store.create_account(account, &by).await.expect("a first account");
    for (text, role) in KEYS.into_iter().zip(ROLES) {
        let key = Key {
            id: KeyId::generate(clock.now(), random(entropy)),
            account: matches!(role, Role::Account | Role::AccountReadOnly).then(|| acme.clone()),
            role,
            name: None,
            created_at: clock.now(),
            expires_at: None,
            last_used_at: None,
            portal: false,
        };
        let new = NewKey { key, hash: hash_key(text) };
        assert!(store.create_key(new, &by).await.expect("a key can be kept"), "{text} is new");
    }
}
