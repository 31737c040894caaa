//! Every route × every way to ask × one's own account or another's: what is let in does its
//! work, what is refused changes nothing.
//!
//! The routes are those of the OpenAPI document, which is made from the same table as the
//! router. A route without a rule here fails the test, and so does a rule without a route.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use waxwing_api::openapi_json;

use crate::harness::{Answer, OPERATOR, Server};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Everybody, with a key or without.
    Open,
    /// Whoever has a key.
    Holder,
    /// Operators.
    Operator,
    /// Who may publish.
    Publish,
    /// Whoever has a key with which one reads.
    Reader,
    /// The account, and operators for it.
    View,
    /// The same, but for those who may only read.
    Change,
}
use Rule::{Change, Holder, Open, Operator, Publish, Reader, View};

const EVENT: &str = r#"{"account_id":"acme","type":"a.b","data":{}}"#;

/// Method, path, who may, and a body that fits.
const RULES: &[(&str, &str, Rule, &str)] = &[
    ("get", "/.well-known/webhooks/{id}/jwks.json", Open, ""),
    ("get", "/healthz", Open, ""),
    ("get", "/readyz", Open, ""),
    ("get", "/metrics", Open, ""),
    ("post", "/api/events", Publish, EVENT),
    ("post", "/api/events/batch", Publish, r#"{"events":[{"account_id":"acme","type":"a.b","data":{}}]}"#),
    ("get", "/api/events/{id}", Operator, ""),
    ("post", "/api/accounts", Operator, r#"{"id":"new"}"#),
    ("get", "/api/accounts", Operator, ""),
    ("get", "/api/accounts/{id}", Operator, ""),
    ("delete", "/api/accounts/{id}", Operator, ""),
    ("post", "/api/accounts/{id}/keys", Operator, "{}"),
    ("get", "/api/accounts/{id}/keys", Operator, ""),
    ("delete", "/api/accounts/{id}/keys/{key_id}", Operator, ""),
    ("post", "/api/accounts/{id}/portal-tokens", Operator, "{}"),
    ("get", "/api/accounts/{id}/portal-tokens", Operator, ""),
    ("post", "/api/keys", Operator, r#"{"role":"publisher"}"#),
    ("get", "/api/keys", Operator, ""),
    ("delete", "/api/keys/{key_id}", Operator, ""),
    ("get", "/api/overview", Operator, ""),
    ("get", "/api/audit", Operator, ""),
    ("get", "/api/encryption", Operator, ""),
    ("post", "/api/encryption/rotate", Operator, ""),
    ("post", "/api/accounts/{id}/erase", Operator, ""),
    ("post", "/api/events/{id}/erase", Operator, ""),
    ("get", "/api/erasures", Operator, ""),
    ("get", "/api/erasures/{id}", Operator, ""),
    ("put", "/api/event-types/{type}", Operator, "{}"),
    ("delete", "/api/event-types/{type}", Operator, ""),
    ("get", "/api/me", Holder, ""),
    ("get", "/api/event-types", Reader, ""),
    ("get", "/api/webhook/list", View, ""),
    ("post", "/api/webhook/create", Change, r#"{"url":"https://a.example/","events":["*"]}"#),
    ("get", "/api/webhook/{id}", View, ""),
    ("put", "/api/webhook/{id}", Change, r#"{"description":"changed"}"#),
    ("delete", "/api/webhook/{id}", Change, ""),
    ("post", "/api/webhook/{id}/rotate-secret", Change, "{}"),
    ("post", "/api/webhook/{id}/end-grace-period", Change, ""),
    ("get", "/api/webhook/{id}/signing-key", View, ""),
    ("post", "/api/webhook/{id}/signing-key", Change, "{}"),
    ("delete", "/api/webhook/{id}/signing-key", Change, ""),
    ("post", "/api/webhook/{id}/signing-key/end-grace-period", Change, ""),
    ("post", "/api/webhook/{id}/test", Change, ""),
    ("get", "/api/webhook/{id}/events", View, ""),
    ("get", "/api/webhook/{id}/events/{event_id}", View, ""),
    ("get", "/api/webhook/{id}/events/stream", View, ""),
    ("post", "/api/webhook/{id}/events/{event_id}/retry", Change, ""),
    ("post", "/api/webhook/{id}/replay", Change, "{}"),
    ("get", "/api/webhook/{id}/metrics", View, ""),
    ("get", "/api/webhook/{id}/replays", View, ""),
    ("get", "/api/webhook/{id}/replays/{replay_id}", View, ""),
    ("delete", "/api/webhook/{id}/replays/{replay_id}", Change, ""),
];

/// Ways to ask. Those of an account are keys of `acme`, and of `other` beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Nobody,
    Unknown,
    Expired,
    Revoked,
    Operator,
    Publisher,
    Account,
    AccountReadOnly,
    PortalToken,
    PortalTokenReadOnly,
}

const EVERYBODY: [Who; 10] = [
    Who::Nobody,
    Who::Unknown,
    Who::Expired,
    Who::Revoked,
    Who::Operator,
    Who::Publisher,
    Who::Account,
    Who::AccountReadOnly,
    Who::PortalToken,
    Who::PortalTokenReadOnly,
];

impl Who {
    fn has_no_valid_key(self) -> bool {
        matches!(self, Self::Nobody | Self::Unknown | Self::Expired | Self::Revoked)
    }

    fn reads_only(self) -> bool {
        matches!(self, Self::AccountReadOnly | Self::PortalTokenReadOnly)
    }

    /// Where a key of this kind is made, and from what; an account's for `account`.
    fn recipe(self, account: &str) -> (String, Value) {
        let keys = format!("/api/accounts/{account}/keys");
        let tokens = format!("/api/accounts/{account}/portal-tokens");
        match self {
            Self::Nobody | Self::Unknown | Self::Operator => (String::new(), Value::Null),
            Self::Expired => ("/api/keys".into(), json!({ "role": "operator", "expires_in_seconds": 1 })),
            Self::Revoked => ("/api/keys".into(), json!({ "role": "operator" })),
            Self::Publisher => ("/api/keys".into(), json!({ "role": "publisher" })),
            Self::Account => (keys, json!({})),
            Self::AccountReadOnly => (keys, json!({ "role": "account_read_only" })),
            Self::PortalToken => (tokens, json!({})),
            Self::PortalTokenReadOnly => (tokens, json!({ "read_only": true })),
        }
    }
}

/// Whose things are asked for; all that is asked for is `acme`'s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// One's own.
    Own,
    /// By the id of a webhook, in one's own account.
    ForeignId,
    /// By naming the account that is not one's own.
    ForeignAccount,
    /// An operator who names no account.
    Unnamed,
}

/// What is expected: `None` for any 2xx.
fn expected(rule: Rule, who: Who, place: Place) -> Option<(u16, &'static str)> {
    match (rule, who) {
        (Open, _) => None,
        _ if who.has_no_valid_key() => Some((401, "unauthorized")),
        (Holder, _) | (Publish, Who::Publisher | Who::Operator) => None,
        (_, Who::Publisher) => Some((403, "publish_only")),
        (Operator, Who::Operator) | (Reader, _) => None,
        (Operator | Publish, _) => Some((403, "operator_only")),
        (View | Change, _) if place == Place::Unnamed => Some((400, "account_header_missing")),
        (View | Change, _) if place == Place::ForeignAccount => Some((404, "not_found")),
        (Change, _) if who.reads_only() => Some((403, "read_only")),
        (View | Change, _) if place == Place::ForeignId => Some((404, "not_found")),
        (View | Change, _) => None,
    }
}

/// Where it makes a difference whose things are asked for.
fn places(rule: Rule, who: Who, path: &str) -> Vec<Place> {
    let mut places = vec![Place::Own];
    if matches!(rule, View | Change) && !who.has_no_valid_key() && who != Who::Publisher {
        places.push(if who == Who::Operator { Place::Unnamed } else { Place::ForeignAccount });
        if path.contains("{id}") {
            places.push(Place::ForeignId);
        }
    }
    places
}

/// A server with something of every kind in it.
struct World {
    server: Server,
    webhook: String,
    event: String,
    account_key: String,
    operator_key: String,
    erasure: String,
    replay: String,
}

impl World {
    async fn new() -> Self {
        let server = Server::with_acme().await;
        server.account("other").await;
        let webhook = server.webhook("acme", &["*"]).await;
        for _ in 0..2 {
            let path = format!("/api/webhook/{webhook}/signing-key");
            let rotated = server.post(&path).acting_for("acme").send().await;
            assert!(rotated.status.is_success(), "{rotated:?}");
        }
        let event = server.publish("a.b").await;
        server.call("PUT", "/api/event-types/a.b").operator().json(&json!({})).send().await.expect(201);
        let id = |made: Value| made["id"].as_str().unwrap().to_owned();
        let account_key = id(server.post("/api/accounts/acme/keys").operator().send().await.expect(201));
        let spare = server.post("/api/keys").operator().json(&json!({ "role": "operator" }));
        let operator_key = id(spare.send().await.expect(201));
        let replay = server.post(&format!("/api/webhook/{webhook}/replay")).acting_for("acme");
        let replay = id(replay.send().await.expect(202));
        let erased = server.publish("a.b").await;
        let erasure = server.post(&format!("/api/events/{erased}/erase")).operator().send().await;
        assert!(erasure.status.is_success(), "{erasure:?}");
        let erasure = id(erasure.json());
        Self { server, webhook, event, account_key, operator_key, erasure, replay }
    }

    fn fill(&self, path: &str) -> String {
        let key = if path.starts_with("/api/keys") { &self.operator_key } else { &self.account_key };
        let id = match path {
            path if path.starts_with("/api/accounts") => "acme",
            path if path.starts_with("/api/events") => &self.event,
            path if path.starts_with("/api/erasures") => &self.erasure,
            _ => &self.webhook,
        };
        let path = path.replace("{replay_id}", &self.replay);
        let path = path.replace("{event_id}", &self.event).replace("{key_id}", key);
        path.replace("{type}", "a.b").replace("{id}", id)
    }

    /// A key to ask with.
    async fn key(&self, who: Who, account: &str) -> Option<String> {
        let (path, body) = who.recipe(account);
        match who {
            Who::Nobody => return None,
            Who::Unknown => return Some("wxo_nobody_made_this_key".into()),
            Who::Operator => return Some(OPERATOR.into()),
            _ => {}
        }
        let made = self.server.post(&path).operator().json(&body).send().await.expect(201);
        if who == Who::Revoked {
            let path = format!("{path}/{}", made["id"].as_str().unwrap());
            self.server.call("DELETE", &path).operator().send().await.expect(204);
        }
        if who == Who::Expired {
            self.server.clock.advance(Duration::from_secs(2));
        }
        made["key"].as_str().or(made["token"].as_str()).map(str::to_owned)
    }

    async fn ask(&self, route: &Route, who: Who, place: Place, key: Option<&str>) -> Answer {
        let mut call = self.server.call(&route.method.to_uppercase(), &self.fill(&route.path));
        if let Some(key) = key {
            call = call.key(key);
        }
        let named = match (place, who) {
            (Place::Own, Who::Operator) | (Place::ForeignAccount, _) => Some("acme"),
            (Place::ForeignId, Who::Operator) => Some("other"),
            _ => None,
        };
        if let Some(account) = named {
            call = call.header("waxwing-account", account);
        }
        let body = route.body;
        if body.is_empty() { call.send().await } else { call.raw("application/json", body).send().await }
    }
}

struct Route {
    method: String,
    path: String,
    rule: Rule,
    body: &'static str,
}

/// The operations of the document, each with its rule.
fn routes() -> Vec<Route> {
    let document: Value = serde_json::from_str(&openapi_json()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, methods)| {
        methods.as_object().unwrap().keys().map(move |method| (method.clone(), path.clone()))
    });
    let routes: Vec<Route> = operations
        .map(|(method, path)| {
            let rule = RULES.iter().find(|(m, p, ..)| (*m, *p) == (method.as_str(), path.as_str()));
            let (.., rule, body) = *rule.unwrap_or_else(|| panic!("give {method} {path} a rule in RULES"));
            Route { method, path, rule, body }
        })
        .collect();
    let ruled: BTreeSet<_> = RULES.iter().map(|(method, path, ..)| (*method, *path)).collect();
    assert_eq!((ruled.len(), routes.len()), (RULES.len(), RULES.len()), "a rule without a route, or twice");
    routes
}

/// The keys of the account that asks for its own things, and of one that asks for others'.
fn asking(place: Place) -> &'static str {
    if place == Place::Own { "acme" } else { "other" }
}

#[tokio::test]
async fn who_is_refused_is_told_why_and_changes_nothing() {
    let world = World::new().await;
    let mut keys = Vec::new();
    for who in EVERYBODY {
        for account in ["acme", "other"] {
            keys.push((who, account, world.key(who, account).await));
        }
    }
    let key_of = |who: Who, account: &str| {
        keys.iter().find(|(w, a, _)| (*w, *a) == (who, account)).and_then(|(.., key)| key.as_deref())
    };
    let (before, mut refused) = (world.server.picture().await, 0);
    for route in &routes() {
        for who in EVERYBODY {
            for place in places(route.rule, who, &route.path) {
                let Some((status, code)) = expected(route.rule, who, place) else { continue };
                let what = format!("{} {} by {who:?}, {place:?}", route.method, route.path);
                let answer = world.ask(route, who, place, key_of(who, asking(place))).await;
                assert_eq!(answer.status, status, "{what}: {answer:?}");
                answer.refused(status, code);
                assert_eq!(world.server.picture().await, before, "{what} left something behind");
                refused += 1;
            }
        }
    }
    assert!(refused > 300, "{refused}");
}

#[tokio::test]
async fn who_is_let_in_is_served() {
    let mut served = 0;
    for route in &routes() {
        for who in EVERYBODY {
            if expected(route.rule, who, Place::Own).is_some() {
                continue;
            }
            // A world of its own, for it may be the end of that.
            let world = World::new().await;
            let key = world.key(who, "acme").await;
            let answer = world.ask(route, who, Place::Own, key.as_deref()).await;
            let what = format!("{} {} by {who:?}", route.method, route.path);
            assert!(answer.status.is_success(), "{what}: {answer:?}");
            served += 1;
        }
    }
    assert!(served > 100, "{served}");
}
