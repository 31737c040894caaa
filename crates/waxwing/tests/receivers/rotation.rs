//! The secret is rotated and the receiver exchanged while events keep coming.

use std::{cell::Cell, time::Duration};

use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};
use waxwing_peers::Passage;

use crate::{
    deliveries::samples,
    harness::server::expect,
    process::Process,
    stage::{ACCOUNT, Stage, brief},
};

/// Between two events: steady traffic that leaves the processor to the start of a receiver.
const PACE: Duration = Duration::from_millis(20);
/// Requests that are seen in each phase before the next begins.
const IN_EACH_PHASE: usize = 10;

/// How many signatures `webhook-signature` has.
fn signatures(passage: &Passage) -> usize {
    passage.request.headers["webhook-signature"].to_str().unwrap().split(' ').count()
}

fn none_is_refused(seen: &[Passage]) {
    let refused: String = seen.iter().filter(|passage| !passage.status.is_success()).map(brief).collect();
    assert!(refused.is_empty(), "refused during the rotation:\n{refused}");
}

/// From the old secret to the new one without a request that is refused. `secrets` gives the
/// second process's, from the old one and the new one.
pub(crate) async fn a_rotation_has_no_gap(stage: &mut Stage, secrets: impl Fn(&str, &str) -> String) {
    let before = stage.edge.passages().len();
    let (stop, samples) = (Cell::new(false), samples());
    let traffic = async {
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut published = Vec::new();
        for sample in samples.iter().cycle() {
            if stop.get() {
                break;
            }
            pace.tick().await;
            published.push(stage.new_id());
            stage.publish(published.last().unwrap(), sample).await;
        }
        published
    };
    let rotation = async {
        let second = rotate(stage, before, secrets).await;
        stop.set(true);
        second
    };
    let (published, second) = tokio::join!(traffic, rotation);
    stage.until_done().await;
    let seen = stage.edge.passages().split_off(before);
    none_is_refused(&seen);
    assert_eq!(seen.len(), published.len(), "one request for each event");
    for id in published {
        assert_eq!(stage.server.detail(&stage.hook, &id).await["attempt_count"], 1);
    }
    stage.keep(second);
}

/// Goes on once each phase has seen its requests.
async fn rotate(stage: &Stage, before: usize, secrets: impl Fn(&str, &str) -> String) -> Process {
    let phase = async |what: &str, belongs: &dyn Fn(&Passage) -> bool| {
        let enough =
            |seen: &[Passage]| seen[before..].iter().filter(|it| belongs(it)).count() >= IN_EACH_PHASE;
        stage.until_seen(what, enough).await;
        none_is_refused(&stage.edge.passages()[before..]);
    };
    let account = stage.server.acting_for(ACCOUNT);
    let path = |end: &str| format!("/api/webhook/{}/{end}", stage.hook.id);
    phase("requests with the old secret", &|it| signatures(it) == 1).await;
    let rotated = expect(200, account.post(&path("rotate-secret"), Some(json!({}))).await.unwrap());
    let new = rotated["secret"].as_str().unwrap();
    phase("requests with both secrets to the first process", &|it| signatures(it) == 2).await;
    let second = stage.start_process(&secrets(&stage.hook.secret, new)).await;
    stage.edge.switch_to(second.addr);
    let of_second = |it: &Passage| it.upstream == Some(second.addr);
    phase("requests with both secrets to the second process", &|it| of_second(it) && signatures(it) == 2)
        .await;
    assert_eq!(account.post(&path("end-grace-period"), None).await.unwrap().status, 204);
    phase("requests with the new secret", &|it| of_second(it) && signatures(it) == 1).await;
    second
}
