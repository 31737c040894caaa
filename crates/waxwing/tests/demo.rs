//! `waxwing demo` tells its whole story, and everything that it claims holds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends by panicking"
)]

#[path = "harness/mod.rs"]
mod harness;
#[path = "harness/sqlite.rs"]
mod place;

use std::time::Duration;

use harness::{run, stderr, stdout};

#[tokio::test]
async fn the_demo_ends_well_in_under_thirty_seconds() {
    let began = tokio::time::Instant::now();
    let told = run(&["demo"]).await;
    let text = stdout(&told);
    assert_eq!(told.status.code(), Some(0), "{text}\n{}", stderr(&told));
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    for expected in ["signature ✓", "will be retried", "refused:", "✓ a replay delivered", "What next"] {
        assert!(text.contains(expected), "no {expected:?} in\n{text}");
    }
    assert!(!text.contains('✗'), "{text}");
    assert!(!text.contains('\x1b'), "colors without a terminal");
    assert_eq!(stderr(&told), "");
}
