//! What customers and operators look at meanwhile.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::Stage;

const EVERY: Duration = Duration::from_millis(250);
const QUERIES: [&str; 3] = ["limit=50", "limit=50&status=failed", "limit=20&type=soak.test&status=delivered"];

pub(crate) async fn run(stage: Arc<Stage>) {
    let mut tick = tokio::time::interval(EVERY);
    let hooks = stage.cast.hooks();
    for turn in 0.. {
        tick.tick().await;
        if !stage.goes_on() {
            return;
        }
        let hook = &hooks[turn % hooks.len()];
        let began = Instant::now();
        stage.server.log_of(hook, QUERIES[turn / hooks.len() % QUERIES.len()]).await;
        stage.ledger.reading.add(began.elapsed());
        if let Some(newest) = stage.ledger.newest() {
            let hook = stage.cast.hook(stage.ledger.kind_of(newest));
            stage.server.detail(hook, &format!("soak-{newest}")).await;
        }
        for path in ["/healthz", "/readyz"] {
            let answer = stage.server.api.get(path).await.unwrap();
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
        }
    }
}
