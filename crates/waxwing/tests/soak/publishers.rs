//! Publishing at a fixed rate, whatever the server does meanwhile. One event in fifty is
//! published twice, which must change nothing.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinSet,
    time::Instant,
};
use waxwing_peers::ApiClient;

use crate::{Stage, ledger::count};

const PUBLISHERS: usize = 16;
const TWICE: usize = 50;
/// The pause after a publish that was refused for the moment.
const PAUSE: Duration = Duration::from_millis(50);

pub(crate) async fn run(stage: Arc<Stage>) {
    let (give, take) = mpsc::unbounded_channel();
    let take = Arc::new(Mutex::new(take));
    let mut publishers = JoinSet::new();
    for _ in 0..PUBLISHERS {
        publishers.spawn(publisher(Arc::clone(&stage), Arc::clone(&take)));
    }
    // What is late is late from the moment at which it should have been sent.
    let mut tick = tokio::time::interval(Duration::from_secs(1) / u32::try_from(stage.plan.rate).unwrap());
    while stage.goes_on() {
        let due = tick.tick().await;
        give.send(stage.ledger.begin(due)).unwrap();
    }
    drop(give);
    while let Some(ended) = publishers.join_next().await {
        ended.unwrap();
    }
}

async fn publisher(stage: Arc<Stage>, take: Arc<Mutex<mpsc::UnboundedReceiver<usize>>>) {
    let api = stage.server.api.clone();
    loop {
        let Some(number) = take.lock().await.recv().await else { return };
        while !publish(&stage, &api, number, 202).await {
            count(&stage.ledger.refused);
            tokio::time::sleep_until(Instant::now() + PAUSE).await;
        }
        stage.ledger.acknowledge(number);
        if number.is_multiple_of(TWICE) {
            while !publish(&stage, &api, number, 200).await {
                count(&stage.ledger.refused);
            }
        }
    }
}

/// Whether it was taken.
async fn publish(stage: &Stage, api: &ApiClient, number: usize, expected: u16) -> bool {
    let account = stage.ledger.kind_of(number).account();
    let filling = "x".repeat(number * 31 % 2_000);
    let data = json!({ "number": number, "filling": filling });
    let event =
        json!({ "account_id": account, "type": "soak.test", "id": format!("soak-{number}"), "data": data });
    let answer = api.post("/api/events", Some(event)).await.unwrap();
    match answer.status.as_u16() {
        429 | 503 => false,
        status => {
            assert_eq!(status, expected, "{answer:?}");
            true
        }
    }
}
