//! Every built-in scenario runs, and counts what it should.

use serde_json::Value;

use crate::{results, steps};

/// A thousandth of the counts of the files.
async fn tiny(name: &str) -> Vec<Value> {
    let dir = tempfile::tempdir().unwrap();
    let results = results(dir.path(), &["--only", name, "--scale", "0.001", "--directory", "."]).await;
    assert_eq!(results["scenarios"].as_array().unwrap().len(), 1);
    assert!(results["server"]["database"].as_str().unwrap().starts_with("SQLite 3."), "{results:#}");
    let steps = steps(&results, name).clone();
    steps.iter().filter(|step| step["step"] == "publish").for_each(assert_measured);
    steps
}

/// What holds of every measurement.
fn assert_measured(step: &Value) {
    let percentiles = step["latency_ms"]["percentiles"].as_array().unwrap();
    let latencies: Vec<f64> = percentiles.iter().map(|pair| pair[1].as_f64().unwrap()).collect();
    assert!(latencies.is_sorted() && latencies[0] > 0.0, "{step:#}");
    assert!(step["delivered_per_second"].as_f64().unwrap() > 0.0, "{step:#}");
    if cfg!(target_os = "linux") {
        assert!(step["peak_rss_bytes"].as_u64().unwrap() > 1 << 20, "{step:#}");
        assert!(step["cpu_us_per_delivery"].is_f64(), "{step:#}");
    }
}

/// The measurement of this name: its events, and its deliveries.
fn published(steps: &[Value], name: &str) -> (u64, u64) {
    let step = steps.iter().find(|step| step["name"] == name).unwrap_or_else(|| panic!("{name}: {steps:#?}"));
    (step["events"].as_u64().unwrap(), step["deliveries"].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn saturation_delivers_all_it_publishes() {
    let steps = tiny("saturation").await;
    assert_eq!(steps[0]["events_stored"], 10);
    assert!(steps[0]["disk_bytes"].as_u64().unwrap() > 0);
    assert_eq!(published(&steps, "saturation"), (200, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn saturation_with_events_stored_says_how_many_there_were() {
    let steps = tiny("saturation-million-stored").await;
    assert_eq!(steps[1]["events_stored_before"], 1000);
    assert_eq!(published(&steps, "slow"), (100, 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_steady_rate_is_a_share_of_what_was_measured() {
    let steps = tiny("steady-rate").await;
    let rate = |at: usize| steps[at]["rate_per_second"].as_f64().unwrap();
    assert_eq!(steps[1]["rate_per_second"], Value::Null);
    assert!((rate(2) - 100.0).abs() < 1e-9 && (rate(5) / rate(3) - 5.0).abs() < 1e-6, "{steps:#?}");
    assert_eq!(steps.len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn fan_out_multiplies_deliveries() {
    for (name, events) in [("fan-out-1", 100), ("fan-out-10", 20), ("fan-out-100", 2)] {
        let deliveries = events * name.rsplit('-').next().unwrap().parse::<u64>().unwrap();
        assert_eq!(published(&tiny(name).await, "saturation"), (events, deliveries), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn isolation_compares_healthy_webhooks_beside_bad_ones_to_themselves() {
    let steps = tiny("isolation").await;
    let beside = steps.iter().find(|step| step["name"] == "slow beside").unwrap();
    assert_eq!(beside["against"]["name"], "slow alone");
    assert!(beside["against"]["p99_ratio"].as_f64().unwrap() > 0.0);
    assert_eq!(published(&steps, "slow beside"), (100, 100));
    assert_eq!(steps.iter().filter(|step| step["step"] == "pile-up" && step["events"] == 100).count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_and_failing_webhooks_get_events_but_do_not_count() {
    let steps = tiny("slow-and-failing").await;
    assert_eq!(published(&steps, "slow of all"), (100, 95));
    assert_eq!(published(&steps, "slow alone"), (100, 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_drains_while_others_are_measured() {
    let steps = tiny("backlog-drain").await;
    let drain = steps.last().unwrap();
    assert_eq!((&drain["step"], &drain["deliveries"]), (&"drain".into(), &200.into()), "{drain:#}");
    assert!(drain["delivered_per_second"].as_f64().unwrap() > 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_with_a_backlog_is_timed() {
    let steps = tiny("start-with-backlog").await;
    assert_eq!(steps[1]["waiting"], 1000);
    assert!(steps[1]["ready_ms"].as_f64().unwrap() > 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_log_answers_what_it_is_asked() {
    let steps = tiny("event-log").await;
    assert_eq!(steps[1]["entries"], 10_000);
    let queries = steps[1]["queries"].as_array().unwrap();
    let rows = |part: &str| {
        let query = queries.iter().find(|query| query["name"].as_str().unwrap().contains(part));
        query.unwrap()["rows"].as_u64().unwrap()
    };
    assert_eq!(
        (rows("newest"), rows("middle"), rows("status=delivered"), rows("since")),
        (100, 100, 100, 100)
    );
    assert_eq!((rows("status=failed"), rows("type=deposit.failed"), rows("one delivery")), (0, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_for_people_and_for_programs_are_of_one_run() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["--only", "saturation", "--scale", "0.001", "--http1", "--output", "results.json"];
    let output = crate::bench(dir.path(), &arguments).await;
    let text = crate::harness::stdout(&output);
    assert!(output.status.success(), "{}", crate::harness::stderr(&output));
    assert!(text.contains("accepted events/s") && text.contains("saturation, full speed"), "{text}");
    let results: Value =
        serde_json::from_str(&std::fs::read_to_string(dir.path().join("results.json")).unwrap()).unwrap();
    crate::assert_fits(&results);
    assert_eq!(results["command"][1], "bench");
    assert_eq!(results["server"]["http"], "HTTP/1.1");
    assert!(results["machine"]["cores"].as_u64().unwrap() >= 1);
    assert!(results["machine"]["disk"]["fsync_p50_ms"].is_f64());
    assert_eq!(results["scenarios"][0]["file"], include_str!("../../../../bench/scenarios/saturation.toml"));
}
