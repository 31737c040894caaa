//! Whether what happened is what should have.

use serde_json::Value;

use super::{
    actors::{ATTEMPTS, BOOKS, CRM, FAILURES, SHOP, TIMEOUT},
    claims::Claims,
    live::Live,
    samples::Sample,
    stage::Hook,
};

/// The event log of a webhook, once nothing waits any more.
pub(super) fn log(claims: &mut Claims, hook: &Hook, entries: &[Value]) {
    let all = |state: &str, attempts: u64, error: &str| {
        let fits = |entry: &Value| {
            entry["status"] == state
                && entry["attempt_count"] == attempts
                && entry["last_error"].as_str().unwrap_or_default().contains(error)
        };
        !entries.is_empty() && entries.iter().all(fits)
    };
    let count = entries.len();
    match hook.actor {
        SHOP => claims.check(
            all("delivered", 1, ""),
            format!("the healthy webhook got its {count} events at the first attempt"),
        ),
        CRM => claims.check(
            all("delivered", u64::from(FAILURES) + 1, ""),
            format!("the webhook that failed twice got its {count} events at the third attempt"),
        ),
        BOOKS => claims.check(
            all("failed", ATTEMPTS, "within"),
            format!("the one that hangs was given up after {ATTEMPTS} attempts of {} s", TIMEOUT.as_secs()),
        ),
        _ => claims.check(
            all("failed", ATTEMPTS, "refused"),
            format!("the one that is down was given up after {ATTEMPTS} attempts"),
        ),
    }
}

/// Everything that arrived, at the end.
pub(super) fn arrivals(claims: &mut Claims, live: &Live, samples: &[Sample]) {
    let total = live.arrivals.len();
    claims.check(live.verified == total, format!("each of the {total} requests carried a valid signature"));
    let at_shop: Vec<_> = live.at(SHOP.name).collect();
    claims.check(
        at_shop.len() == samples.len(),
        format!("nothing was lost and nothing came twice: {} events, as many requests", samples.len()),
    );
    let untouched = samples.iter().all(|sample| {
        let end = format!(r#""data":{}}}"#, sample.data);
        let id = sample.id();
        at_shop.iter().any(|(_, arrival)| {
            arrival.received.headers.get("webhook-id").is_some_and(|header| *header == id)
                && arrival.received.body.ends_with(end.as_bytes())
        })
    });
    claims.check(untouched, "the data of every event arrived byte for byte, each number with its digits");
    let last = at_shop.iter().map(|(seconds, _)| *seconds).fold(0.0, f64::max);
    claims.check(
        last < 1.0,
        format!("three bad neighbours did not slow the healthy one down: done after {last:.3} s"),
    );
}
