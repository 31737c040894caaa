//! Those who use the service while a history runs: publishers, who send an event until it
//! is acknowledged, and an operator, who changes webhooks and has deliveries sent again.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use waxwing_core::{Secret, WebhookId};

use crate::{
    client::{Client, Heard},
    oracle::{Event, FOR_ALL, Hook},
};

/// Publishes until trouble ends; what it began it brings to an end.
pub(crate) async fn publish(client: Client, number: usize) {
    let world = &client.world;
    let mut count = 0;
    while world.is_trouble() {
        sleep(world.chance.millis(1..world.setting.gap_ms)).await;
        count += 1;
        let kind = kind(&client);
        let id = format!("e{number}-{count}");
        let event =
            Event { kind: kind.clone(), began: Instant::now(), acknowledged: None, by: None, erased: false };
        world.oracle.with(|state| state.events.insert(id.clone(), event));
        let data = json!({ "count": count, "padding": "x".repeat(usize::from(count % 7 == 0) * 300) });
        let body = json!({ "account_id": "acme", "type": kind, "id": id, "data": data });
        let mut asked = 1;
        while !acknowledged(&client, &id, &body, asked).await {
            asked += 1;
            sleep(world.chance.millis(50..900)).await;
        }
        // Some publishers are not sure that they were heard.
        if world.chance.percent(5) {
            acknowledged(&client, &id, &body, asked + 1).await;
        }
    }
}

async fn acknowledged(client: &Client, id: &str, body: &Value, asked: u32) -> bool {
    let mut asked_at = String::new();
    let heard = client.ask("POST", "/api/events", body, |process| process.clone_into(&mut asked_at)).await;
    let done = heard.is_some_and(|heard| heard.is(202) || heard.is(200));
    if done {
        client.world.oracle.with(|state| {
            if let Some(event) = state.events.get_mut(id) {
                event.acknowledged.get_or_insert(Instant::now());
                if asked == 1 {
                    event.by = Some(asked_at.clone());
                    state.accepted.entry(asked_at).or_default().push(id.to_owned());
                }
            }
        });
    }
    done
}

fn kind(client: &Client) -> String {
    let types: Vec<String> =
        client.world.oracle.with(|state| state.hooks.values().map(|hook| hook.kind.clone()).collect());
    if types.is_empty() || client.world.chance.percent(30) {
        return FOR_ALL.into();
    }
    client.world.chance.pick(&types).clone()
}

/// Makes a webhook at a host; whether it is known to be made.
pub(crate) async fn create(client: &Client, host: &str) -> bool {
    let world = &client.world;
    let secret = secret(client);
    let kind = format!("to.{host}");
    let hook = Hook { kind: kind.clone(), secrets: vec![secret.clone()], ..Hook::default() };
    world.oracle.with(|state| state.hooks.insert(host.into(), hook));
    let body = json!({
        "url": format!("https://{host}.example/hook"),
        "events": [kind, FOR_ALL],
        "secret": secret.expose(),
    });
    let heard = client.ask("POST", "/api/webhook/create", &body, |_| {}).await;
    let Some(heard) = heard.filter(|heard| heard.is(201)) else { return false };
    let id = heard.body()["id"].as_str().and_then(|id| WebhookId::parse(id).ok());
    world.oracle.with(|state| {
        if let Some(hook) = state.hooks.get_mut(host) {
            hook.id = id;
            hook.created = Some(Instant::now());
        }
    });
    true
}

/// Changes things until trouble ends.
pub(crate) async fn operate(client: Client) {
    let world = &client.world;
    let mut hosts = world.setting.webhooks;
    loop {
        sleep(world.chance.millis(100..world.setting.act_ms)).await;
        if !world.is_trouble() {
            return;
        }
        let Some((host, id)) = some_webhook(&client) else { continue };
        match world.chance.among(0..20) {
            0..3 => set_active(&client, &host, &id, false).await,
            3..8 => set_active(&client, &host, &id, true).await,
            8..12 => retry(&client, &host, &id).await,
            12..14 => replay(&client, &host, &id).await,
            14..16 => rotate(&client, &host, &id).await,
            16 => {
                hosts += 1;
                create(&client, &format!("h{hosts}")).await;
            }
            17 => delete(&client, &host, &id).await,
            18 => erase(&client).await,
            _ => drop(client.ask("GET", &format!("/api/webhook/{id}/events"), &Value::Null, |_| {}).await),
        }
    }
}

fn some_webhook(client: &Client) -> Option<(String, WebhookId)> {
    let known: Vec<_> = client.world.oracle.with(|state| {
        let there = state.hooks.iter().filter(|(_, hook)| hook.deleting.is_none());
        there.filter_map(|(host, hook)| Some((host.clone(), hook.id.clone()?))).collect()
    });
    (!known.is_empty()).then(|| client.world.chance.pick(&known).clone())
}

/// Makes a webhook active or inactive.
pub(crate) async fn set_active(client: &Client, host: &str, id: &WebhookId, active: bool) {
    with_hook(client, host, |hook| hook.moved = true);
    let status = if active { "active" } else { "inactive" };
    client.ask("PUT", &format!("/api/webhook/{id}"), &json!({ "status": status }), |_| {}).await;
}

async fn retry(client: &Client, host: &str, id: &WebhookId) {
    let events: Vec<String> = client
        .world
        .oracle
        .with(|state| state.of.keys().filter(|(to, _)| to == host).map(|(_, event)| event.clone()).collect());
    if events.is_empty() {
        return;
    }
    let event = client.world.chance.pick(&events).clone();
    let replayed = Some(event.clone());
    let begun = |by: &str| with_hook(client, host, |hook| hook.replays.push((replayed, by.into())));
    client.ask("POST", &format!("/api/webhook/{id}/events/{event}/retry"), &Value::Null, begun).await;
}

async fn replay(client: &Client, host: &str, id: &WebhookId) {
    let states = ["pending", "retrying", "delivered", "failed"];
    let body = json!({ "status": client.world.chance.pick(&states) });
    let begun = |by: &str| with_hook(client, host, |hook| hook.replays.push((None, by.into())));
    client.ask("POST", &format!("/api/webhook/{id}/replay"), &body, begun).await;
}

async fn rotate(client: &Client, host: &str, id: &WebhookId) {
    let secret = secret(client);
    with_hook(client, host, |hook| hook.secrets.push(secret.clone()));
    let grace = client.world.chance.among(0..20);
    let body = json!({ "secret": secret.expose(), "grace_seconds": grace });
    client.ask("POST", &format!("/api/webhook/{id}/rotate-secret"), &body, |_| {}).await;
}

async fn delete(client: &Client, host: &str, id: &WebhookId) {
    with_hook(client, host, |hook| {
        hook.moved = true;
        hook.deleting.get_or_insert(Instant::now());
    });
    let gone = |heard: Option<Heard>| heard.is_some_and(|heard| heard.is(204) || heard.is(404));
    while !gone(client.ask("DELETE", &format!("/api/webhook/{id}"), &Value::Null, |_| {}).await) {
        sleep(Duration::from_millis(300)).await;
    }
}

async fn erase(client: &Client) {
    let events: Vec<String> = client.world.oracle.with(|state| state.events.keys().cloned().collect());
    if events.is_empty() {
        return;
    }
    let event = client.world.chance.pick(&events).clone();
    client.world.oracle.with(|state| {
        if let Some(event) = state.events.get_mut(&event) {
            event.erased = true;
        }
    });
    client.ask("POST", &format!("/api/events/{event}/erase"), &Value::Null, |_| {}).await;
}

fn with_hook(client: &Client, host: &str, change: impl FnOnce(&mut Hook)) {
    client.world.oracle.with(|state| {
        if let Some(hook) = state.hooks.get_mut(host) {
            change(hook);
        }
    });
}

fn secret(client: &Client) -> Secret {
    let number = client.world.chance.among(0..u64::MAX);
    Secret::given(&format!("secret-{number:020}")).expect("a secret")
}
