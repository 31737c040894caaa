//! A world for the engine: a store behind a gate, receivers, and virtual time.

use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::time::Instant;
use waxwing_core::{
    AccountId, Clock, DeliveryState, Entropy, ErasureId, EventId, EventType, Pattern, RetrySchedule,
    SigningKey, TargetPolicy, Timestamp, WebhookId, WebhookStatus, envelope, seal::SealingKey,
};
use waxwing_delivery::{Engine, EngineHandle, EngineOptions, EngineParts};
use waxwing_sqlite::SqliteStore;
use waxwing_store::{
    Actor, Keyring, LogDetail, Metrics, NewAccount, NewEvent, NewWebhook, Node, RootKeys, SigningKeyChange,
    Store, StoreError, WebhookChange,
    gated::{Call, Gate, Gated},
};

use crate::receivers::Receivers;

pub(crate) const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// Holds virtual time still while a future runs that works in other threads:
/// tokio's paused clock does not jump while a blocking task is under way.
pub(crate) async fn still<T>(future: impl Future<Output = T>) -> T {
    let (done, wait) = std::sync::mpsc::channel::<()>();
    tokio::task::spawn_blocking(move || wait.recv());
    let output = future.await;
    drop(done);
    output
}

/// What becomes of a call to the store.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// It never reaches the store.
    Refused(StoreError),
    /// It is done, but the answer is lost.
    AnswerLost(StoreError),
}

/// The faults to come, by call; each is used up once.
#[derive(Clone, Default)]
pub(crate) struct Faults(Arc<Mutex<HashMap<Call, VecDeque<Fault>>>>);

impl Faults {
    pub(crate) fn add(&self, call: Call, times: usize, fault: &Fault) {
        self.0.lock().entry(call).or_default().extend(std::iter::repeat_n(fault.clone(), times));
    }

    pub(crate) fn left(&self, call: Call) -> usize {
        self.0.lock().get(&call).map_or(0, VecDeque::len)
    }

    pub(crate) fn clear(&self) {
        self.0.lock().clear();
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
            None => Ok(still(inner).await),
            Some(Fault::Refused(error)) => Err(error),
            Some(Fault::AnswerLost(error)) => {
                still(inner).await;
                Err(error)
            }
        }
    }
}

/// The wall clock: virtual time since a fixed morning, and what it was set forward.
pub(crate) struct TestClock {
    started: Instant,
    ahead: AtomicU64,
}

impl TestClock {
    /// Sets the wall clock forward without letting time pass.
    pub(crate) fn set_forward(&self, by: Duration) {
        self.ahead.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let ahead = Duration::from_millis(self.ahead.load(Ordering::Relaxed));
        Timestamp::from_millis(1_774_519_200_000).after(self.started.elapsed() + ahead)
    }
}

/// Gives the same two bytes again and again: the jitter is known.
#[derive(Default)]
pub(crate) struct TestEntropy(AtomicU16);

impl TestEntropy {
    /// In thousandths of the longest lengthening.
    pub(crate) fn set_jitter(&self, thousandths: u16) {
        self.0.store(thousandths, Ordering::Relaxed);
    }
}

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let pair = self.0.load(Ordering::Relaxed).to_le_bytes();
        bytes.iter_mut().zip(pair.iter().cycle()).for_each(|(byte, value)| *byte = *value);
    }
}

/// A webhook of the world: its name is its host's first label.
#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub(crate) name: &'static str,
    pub(crate) id: WebhookId,
}

pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) node: Node,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) entropy: Arc<TestEntropy>,
    pub(crate) receivers: Arc<Receivers>,
    pub(crate) faults: Faults,
    account: AccountId,
    pub(crate) keyring: Arc<Keyring>,
    numbers: AtomicU64,
}

/// The engine's options in these tests: those of a server, but for a schedule
/// that is quick to read.
pub(crate) fn options() -> EngineOptions {
    EngineOptions { schedule: RetrySchedule::parse("1m,5m,30m").unwrap(), ..EngineOptions::default() }
}

impl World {
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(TestClock { started: Instant::now(), ahead: AtomicU64::new(0) });
        let faults = Faults::default();
        let inner = Arc::new(SqliteStore::in_memory(Arc::default()).unwrap());
        let store: Arc<dyn Store> = Arc::new(Gated::new(inner, faults.clone()));
        let node = store.register("one", clock.now(), options().lease).await.unwrap();
        let account = AccountId::parse("acme").unwrap();
        let acme = NewAccount { id: account.clone(), name: None, created_at: clock.now() };
        store.create_account(acme, &Actor::server(Timestamp::EPOCH)).await.unwrap();
        let entropy = Arc::<TestEntropy>::default();
        let roots = RootKeys::only(SealingKey::from_slice(&[7; 32]).unwrap());
        let keyring = Keyring::unlock(store.clone(), roots, &*clock, &*entropy).await.unwrap();
        Self {
            store,
            node,
            receivers: Arc::new(Receivers::new(clock.clone())),
            clock,
            entropy,
            faults,
            account,
            keyring: Arc::new(keyring),
            numbers: AtomicU64::new(1),
        }
    }

    pub(crate) fn start(&self, options: EngineOptions) -> EngineHandle {
        self.start_as(self.node, options)
    }

    pub(crate) fn start_as(&self, node: Node, options: EngineOptions) -> EngineHandle {
        let parts = EngineParts {
            store: self.store.clone(),
            node,
            sender: self.receivers.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            keyring: self.keyring.clone(),
            policy: Arc::new(TargetPolicy::new(Vec::new())),
            metrics: Arc::new(Metrics::default()),
        };
        Engine::start(parts, options)
    }

    fn number(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&self.numbers.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        bytes
    }

    /// A webhook at `https://<name>.example/hook` that gets what is published to it.
    pub(crate) async fn webhook(&self, name: &'static str) -> Hook {
        let id = WebhookId::generate(self.clock.now(), self.number());
        let webhook = NewWebhook {
            id: id.clone(),
            account: self.account.clone(),
            url: format!("https://{name}.example/hook"),
            events: vec![Pattern::parse(&format!("to.{name}")).unwrap()],
            description: None,
            secret: self.keyring.seal([9; 24], id.as_str(), SECRET.as_bytes()).unwrap(),
            credentials: waxwing_store::Credentials::default(),
            created_at: self.clock.now(),
            limit: 1_000,
        };
        self.store.create_webhook(webhook, &Actor::server(Timestamp::EPOCH)).await.unwrap();
        Hook { name, id }
    }

    /// Publishes `count` events to a webhook; their ids in order.
    pub(crate) async fn publish(&self, hook: &Hook, count: usize) -> Vec<String> {
        self.try_publish(hook, count).await.unwrap()
    }

    pub(crate) async fn try_publish(&self, hook: &Hook, count: usize) -> Result<Vec<String>, StoreError> {
        let now = self.clock.now();
        let event_type = EventType::parse(&format!("to.{}", hook.name)).unwrap();
        let event = |_| {
            let id = EventId::generate(now, self.number());
            NewEvent {
                chosen: false,
                account: self.account.clone(),
                body: envelope::envelope(&id, &event_type, now, "{}").into(),
                event_type: event_type.clone(),
                created_at: now,
                idempotency_key: None,
                only: None,
                id,
            }
        };
        match self.store.publish(self.node, (0..count).map(event).collect()).await {
            Ok(published) => Ok(published.into_iter().map(|event| event.id.to_string()).collect()),
            Err(waxwing_store::PublishError::Store(error)) => Err(error),
            Err(error) => panic!("{error}"),
        }
    }

    /// Lets time pass.
    pub(crate) async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Lets everything happen that can happen at once.
    pub(crate) async fn settle(&self) {
        self.pass(Duration::from_millis(5)).await;
    }

    /// Makes a webhook active or inactive.
    pub(crate) async fn set_active(&self, hook: &Hook, active: bool) {
        let change = WebhookChange { active: Some(active), ..WebhookChange::default() };
        self.change(hook, change).await;
    }

    pub(crate) async fn change(&self, hook: &Hook, change: WebhookChange) {
        let now = self.clock.now();
        self.store
            .update_webhook(&self.account, &hook.id, change, &Actor::server(now))
            .await
            .unwrap()
            .unwrap();
    }

    pub(crate) async fn delete(&self, hook: &Hook) {
        assert!(
            self.store
                .delete_webhook(&self.account, &hook.id, &Actor::server(self.clock.now()))
                .await
                .unwrap()
        );
    }

    pub(crate) async fn rotate(&self, hook: &Hook, secret: &str, grace: Duration) {
        let sealed = self.keyring.seal([5; 24], hook.id.as_str(), secret.as_bytes()).unwrap();
        let now = self.clock.now();
        let previous_expires_at = Some(now.after(grace));
        let rotated = waxwing_store::RotatedSecret { secret: sealed, previous_expires_at };
        assert!(
            self.store.rotate_secret(&self.account, &hook.id, rotated, &Actor::server(now)).await.unwrap()
        );
    }

    /// Changes what signs beside the webhook's secret.
    pub(crate) async fn change_signing_key(&self, hook: &Hook, change: SigningKeyChange) {
        let by = Actor::server(self.clock.now());
        assert!(self.store.change_signing_key(&self.account, &hook.id, change, &by).await.unwrap().is_some());
    }

    /// A change to this signing key; the one before it signs too for an hour.
    pub(crate) fn new_key(&self, hook: &Hook, key: &SigningKey) -> SigningKeyChange {
        SigningKeyChange::Rotate {
            key: self.keyring.seal_signing_key([6; 24], &hook.id, key).unwrap(),
            key_id: key.public_key().thumbprint(),
            previous_expires_at: Some(self.clock.now().after(Duration::from_hours(1))),
        }
    }

    /// Sends one delivery again.
    pub(crate) async fn retry(&self, hook: &Hook, event: &str) {
        let event = EventId::parse(event).unwrap();
        let now = self.clock.now();
        self.store.retry(self.node, &self.account, &hook.id, &event, now).await.unwrap();
    }

    /// Asks for an event's payload to be erased.
    pub(crate) async fn erase(&self, event: &str) -> ErasureId {
        let (now, event) = (self.clock.now(), EventId::parse(event).unwrap());
        let id = ErasureId::generate(now, self.number());
        let begun = self.store.erase_event(id, &event, &Actor::server(now)).await.unwrap();
        begun.unwrap().id
    }

    /// Asks for everything of the account to be erased.
    pub(crate) async fn erase_account(&self) -> ErasureId {
        let now = self.clock.now();
        let id = ErasureId::generate(now, self.number());
        let begun = self.store.erase_account(id, &self.account, &Actor::server(now)).await.unwrap();
        begun.unwrap().id
    }

    pub(crate) async fn detail(&self, hook: &Hook, event: &str) -> LogDetail {
        let event = EventId::parse(event).unwrap();
        self.store.log_detail(&self.account, &hook.id, &event).await.unwrap().unwrap()
    }

    pub(crate) async fn state(&self, hook: &Hook, event: &str) -> DeliveryState {
        self.detail(hook, event).await.entry.state
    }

    /// How many of these deliveries are in a state.
    pub(crate) async fn count(&self, hook: &Hook, events: &[String], state: DeliveryState) -> usize {
        let mut count = 0;
        for event in events {
            count += usize::from(self.state(hook, event).await == state);
        }
        count
    }

    pub(crate) async fn status(&self, hook: &Hook) -> WebhookStatus {
        self.store.webhook(&self.account, &hook.id).await.unwrap().unwrap().status
    }

    /// Registers another node, or the same one anew.
    pub(crate) async fn register(&self, name: &str) -> Node {
        self.store.register(name, self.clock.now(), options().lease).await.unwrap()
    }
}
