//! What changes meanwhile: events are sent again, webhooks come, go, are paused, and get
//! new secrets.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use crate::{Stage, cast::Kind, harness::server::expect, ledger::count};

/// How often each of them happens.
const EVERY: Duration = Duration::from_secs(4);

/// One delivery on its own, and several of a replay.
pub(crate) async fn send_again(stage: Arc<Stage>) {
    let mut tick = tokio::time::interval(EVERY);
    while stage.goes_on() {
        tick.tick().await;
        for number in stage.ledger.resend(Kind::Healthy, 1) {
            let hook = stage.cast.hook(Kind::Healthy);
            let path = format!("/api/webhook/{}/events/soak-{number}/retry", hook.id);
            expect(202, stage.server.acting_for(&hook.account).post(&path, None).await.unwrap());
        }
        let hook = stage.cast.hook(Kind::Flaky);
        let ids: Vec<_> =
            stage.ledger.resend(Kind::Flaky, 10).iter().map(|number| format!("soak-{number}")).collect();
        if !ids.is_empty() {
            let path = format!("/api/webhook/{}/replay", hook.id);
            let api = stage.server.acting_for(&hook.account);
            let answer = expect(202, api.post(&path, Some(json!({ "event_ids": ids }))).await.unwrap());
            assert_eq!(answer["replayed"], ids.len(), "{answer}");
        }
    }
}

/// Paused for one turn, active for the next.
pub(crate) async fn pause(stage: Arc<Stage>) {
    let mut tick = tokio::time::interval(EVERY);
    let hook = stage.cast.hook(Kind::Paused);
    while stage.goes_on() {
        for status in ["inactive", "active"] {
            tick.tick().await;
            stage.server.set_status(hook, status).await;
        }
    }
}

/// A webhook that lives for one event, and a new secret for another.
pub(crate) async fn make_and_delete(stage: Arc<Stage>) {
    let mut tick = tokio::time::interval(EVERY);
    let slow = stage.cast.hook(Kind::Slow);
    while stage.goes_on() {
        tick.tick().await;
        let hook = stage.server.webhook("passing", &stage.cast.passing(), &["*"]).await;
        let event = stage.server.publish("passing", "passing.test", json!({})).await;
        stage.server.until(&hook, &event, "delivered").await;
        let api = stage.server.acting_for(&hook.account);
        assert_eq!(api.delete(&format!("/api/webhook/{}", hook.id), None).await.unwrap().status, 204);
        let path = format!("/api/webhook/{}/rotate-secret", slow.id);
        expect(200, stage.server.acting_for(&slow.account).post(&path, Some(json!({}))).await.unwrap());
    }
}

/// Looks into the log of events that arrived too often, while it is there.
pub(crate) async fn explain(stage: Arc<Stage>) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    while stage.goes_on() {
        tick.tick().await;
        explain_now(&stage).await;
    }
}

/// Only an attempt whose answer came too late, or got lost, is a reason.
pub(crate) async fn explain_now(stage: &Stage) {
    let again = std::mem::take(&mut *stage.ledger.again.lock().unwrap());
    for number in again {
        let hook = stage.cast.hook(stage.ledger.kind_of(number));
        let detail = stage.server.detail(hook, &format!("soak-{number}")).await;
        let mut attempts = detail["attempts"].as_array().unwrap().iter();
        assert!(
            attempts.any(|it| it["status_code"].is_null() && it["error"].is_string()),
            "sent twice without a cause: {detail:#}"
        );
        count(&stage.ledger.explained);
    }
}
