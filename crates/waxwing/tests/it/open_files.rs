//! The limit of open files, as a server finds it when it starts.

use crate::harness::World;

/// 100 attempts, 100 connections, those to receivers that are kept, and some others.
const SETTINGS: [(&str, &str); 2] = [("IN_FLIGHT", "100"), ("MAX_CONNECTIONS", "100")];
const NEEDED: u64 = 100 + 100 + 4_096 + 256;
const WORDS: &str = "this process may open";

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_may_open_fewer_files_than_its_bounds_need_says_so_and_what_to_do() {
    let world = World::new();
    let server = world.serve_limited("ulimit -n 300", &SETTINGS).await;
    let log = server.log();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains(WORDS)).collect();
    let numbers = format!("{WORDS} 300 files, but its bounds let it need {NEEDED}");
    assert!(warnings.len() == 1 && warnings[0].contains(&numbers), "{log}");
    assert!(warnings[0].contains("ulimit -n") && warnings[0].contains("WARN"), "{log}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_low_soft_limit_is_raised_to_the_hard_one_and_nothing_is_said() {
    let world = World::new();
    let words = format!("ulimit -Sn 300; ulimit -Hn {NEEDED}");
    let server = world.serve_limited(&words, &SETTINGS).await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let soft = line.split_whitespace().nth(3).unwrap();
    assert_eq!(soft, NEEDED.to_string(), "{line}");
    assert!(!server.log().contains(WORDS), "{}", server.log());
    server.stop().await;
}
