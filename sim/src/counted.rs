//! Whether what was counted of a webhook is what its log says.

use waxwing_core::WebhookId;
use waxwing_store::Counts;

use crate::world::World;

/// What is counted otherwise than it should be. Which deliveries ended is left out: the log
/// forgets how one ended that was replayed.
pub(crate) fn otherwise(world: &World, webhook: &WebhookId) -> Option<String> {
    let mut logged = Counts::default();
    for detail in world.database.log(webhook) {
        logged.events += 1;
        for attempt in detail.attempts {
            // Why it failed is gone when its event is erased; what was answered stays.
            let succeeded = attempt.status_code.is_some_and(|status| (200..300).contains(&status));
            logged.succeeded += u64::from(succeeded);
            logged.failed += u64::from(!succeeded);
            if attempt.status_code.is_some() {
                logged.answers.count(attempt.duration_ms);
            }
        }
    }
    let counted = Counts { delivered: 0, exhausted: 0, ..world.database.counts(webhook) };
    let short = |counts: &Counts| {
        format!("{} events, {} successes and {} failures", counts.events, counts.succeeded, counts.failed)
    };
    (counted != logged).then(|| format!("counted {}, the log has {}", short(&counted), short(&logged)))
}
