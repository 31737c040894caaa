//! Events arrive, also when the receiver is down for a moment or an answer is lost.

use std::path::Path;

use waxwing_peers::{Fault, Passage};

use crate::stage::Stage;

/// The platform's sample events, each as the text of its file.
pub(crate) fn samples() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/events");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let samples: Vec<String> = files.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    assert!(samples.len() > 10, "{} samples", samples.len());
    samples
}

/// What the receiver answered, and what the server was answered.
fn statuses(passages: &[Passage; 2]) -> [(Option<u16>, u16); 2] {
    passages.each_ref().map(|it| (it.upstream_status(), it.status.as_u16()))
}

/// The two requests of an event that was sent twice, byte for byte.
fn both(stage: &Stage, id: &str) -> [Passage; 2] {
    let of_it = stage.edge.passages().into_iter().filter(|passage| passage.id() == id);
    let both: [Passage; 2] = of_it.collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(both[0].request.body, both[1].request.body);
    both
}

/// Events of all types are done. While the receiver is down they are sent again. One whose
/// answer was lost comes twice, and a receiver that deduplicates does it once.
pub(crate) async fn events_are_done(stage: &Stage) {
    let samples = samples();
    for sample in &samples {
        stage.publish(&stage.new_id(), sample).await;
    }
    let down = stage.publish_with(Fault::Down, &samples[0]).await;
    if stage.example.deduplicates {
        let lost = stage.publish_with(Fault::AnswerLost, &samples[1]).await;
        stage.until_done().await;
        let twice = statuses(&both(stage, &lost));
        assert!(matches!(twice, [(Some(200..300), 500), (Some(200..300), 200..300)]), "{twice:?}");
    }
    stage.until_done().await;
    let retried = statuses(&both(stage, &down));
    assert!(matches!(retried, [(None, 500), (Some(200..300), 200..300)]), "{retried:?}");
}
