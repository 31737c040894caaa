//! What an event costs the store: CPU of this process for publishing, recording and rolling
//! up, without a network. `counting [webhooks] [events]`; see docs/internals/benchmark.md.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

use std::{fs, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::task::JoinSet;
use waxwing_core::{
    AccountId, EventId, EventType, Outcome, Pattern, Timestamp, WebhookId, delivery::Verdict, envelope,
    seal::Sealed,
};
use waxwing_sqlite::SqliteStore;
use waxwing_store::{
    Actor, Attempt, Completion, Counting, Credentials, Due, NewAccount, NewEvent, NewWebhook, Node, Store,
};

/// Events of a commit, and as many attempts: as 64 connections and the engine make them.
const ROUND: u64 = 64;
/// 5 s at 18,000 events a second.
const ROLL_UP_EVERY: u64 = 90_000;
/// A long lease: nobody renews it here.
const LEASE: Duration = Duration::from_hours(1);

/// CPU time of all threads that there are.
fn cpu() -> Duration {
    let of = |task: fs::DirEntry| {
        let stat = fs::read_to_string(task.path().join("schedstat")).unwrap();
        stat.split(' ').next().unwrap().parse::<u64>().unwrap()
    };
    Duration::from_nanos(fs::read_dir("/proc/self/task").unwrap().map(|task| of(task.unwrap())).sum())
}

fn event(number: u64, account: &AccountId, now: Timestamp) -> NewEvent {
    let id = EventId::generate(now, bytes(number));
    let event_type = EventType::parse("order.created").unwrap();
    let data = format!("{{\"padding\":\"{}\"}}", "x".repeat(900));
    let body = envelope::envelope(&id, &event_type, now, &data).into();
    NewEvent {
        id,
        chosen: false,
        account: account.clone(),
        body,
        event_type,
        created_at: now,
        idempotency_key: None,
        only: None,
    }
}

fn bytes(number: u64) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn delivered(due: &Due, now: Timestamp) -> Completion {
    let attempt = Attempt {
        started_at: now,
        duration: Duration::from_millis(u64::from(due.key.event.to_le_bytes()[0])),
        outcome: Outcome::Succeeded { status: 200 },
        response_body: Bytes::new(),
    };
    Completion {
        key: due.key,
        generation: due.generation,
        replay: due.replay,
        attempt,
        verdict: Verdict::Delivered,
        disable_after: LEASE,
        drop_payload: false,
        repeated: false,
        now,
    }
}

async fn set_up(store: &SqliteStore, webhooks: u64, now: Timestamp) -> (Node, Vec<AccountId>) {
    let (node, by) = (store.register("local", now, LEASE).await.unwrap(), Actor::server(now));
    let mut accounts = Vec::new();
    for number in 0..webhooks {
        let id = AccountId::parse(&format!("account{number}")).unwrap();
        let account = NewAccount { id: id.clone(), name: None, created_at: now };
        store.create_account(account, &by).await.unwrap();
        let webhook = NewWebhook {
            id: WebhookId::generate(now, bytes(number)),
            account: id.clone(),
            url: "https://receiver.example/".into(),
            events: vec![Pattern::parse("*").unwrap()],
            description: None,
            secret: Sealed::from_bytes(vec![1]),
            credentials: Credentials::default(),
            created_at: now,
            limit: 1,
        };
        store.create_webhook(webhook, &by).await.unwrap();
        accounts.push(id);
    }
    (node, accounts)
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().unwrap());
    let (webhooks, events) = (arguments.next().unwrap_or(100), arguments.next().unwrap_or(50_000));
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("waxwing.db"), Arc::default()).unwrap());
    let mut now = Timestamp::from_millis(1_774_519_200_000);
    let (node, accounts) = set_up(&store, webhooks, now).await;
    let (mut rolling, begun) = (Duration::ZERO, cpu());
    let mut tasks = JoinSet::new();
    let mut published = 0;
    while published < events {
        for _ in 0..ROUND {
            let account = &accounts[usize::try_from(published % webhooks).unwrap()];
            let (store, event) = (store.clone(), event(published, account, now));
            tasks.spawn(async move {
                store.publish(node, vec![event]).await.unwrap();
            });
            published += 1;
        }
        // What the commit before brought is recorded by the next one.
        let due = if published > ROUND { store.feed().take().await.fresh } else { Vec::new() };
        for due in due {
            let (store, done) = (store.clone(), delivered(&due, now));
            tasks.spawn(async move {
                store.record(node, done).await.unwrap();
            });
        }
        while tasks.join_next().await.is_some() {}
        now = now.after(Duration::from_millis(4));
        if published % ROLL_UP_EVERY < ROUND {
            rolling += rolled_up(&store, now).await;
        }
    }
    rolling += rolled_up(&store, now).await;
    let all = cpu().saturating_sub(begun);
    let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / f64::from(u32::try_from(published).unwrap());
    println!("{:.2} µs an event, {:.3} of them for rolling up", each(all), each(rolling));
}

async fn rolled_up(store: &SqliteStore, now: Timestamp) -> Duration {
    let begun = cpu();
    while store.roll_up(now, 1_000).await.unwrap() {}
    cpu().saturating_sub(begun)
}
