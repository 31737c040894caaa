//! The run passes a receiver that is right, and fails one for each mistake.

use std::path::Path;

use crate::{Kind, contract::Example, examine};

async fn examine_with(mistake: &str) {
    let example = Example {
        language: "python".to_owned(),
        name: "mistaken".to_owned(),
        folder: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/receivers"),
        command: ["python3", "mistaken.py", mistake].map(str::to_owned).to_vec(),
        url_path: "/".to_owned(),
        deduplicates: true,
    };
    examine(example, Kind::Library).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_right_passes() {
    examine_with("none").await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "done more than once")]
async fn one_that_acts_on_duplicates_fails() {
    examine_with("acts-on-duplicates").await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "no_matching_signature")]
async fn one_that_takes_forgeries_fails() {
    examine_with("takes-forgeries").await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "timestamp_too_old")]
async fn one_that_takes_old_requests_fails() {
    examine_with("takes-old-requests").await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "refused during the rotation")]
async fn one_that_knows_one_secret_fails_at_the_rotation() {
    examine_with("knows-one-secret").await;
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "run receivers/python/setup.sh")]
async fn one_that_does_not_start_fails_with_what_to_do() {
    examine_with("does-not-start").await;
}
