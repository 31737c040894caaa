//! Reading what was counted, in one snapshot. What is not rolled up yet is added to what is.

use std::collections::BTreeMap;

use tokio_postgres::{GenericClient, IsolationLevel};
use waxwing_core::{AccountId, Timestamp, WebhookId};
use waxwing_store::{
    Counts, Point, Span, Worst,
    counts::{Step, Sums},
};

use super::{COLUMNS, MOMENTS, counts, number, sums};
use crate::{
    log, rows,
    sql::{Result, first, get, params, query},
    store::Shared,
};

/// Deliveries of a webhook among which the one is looked for that failed last.
const RECENT: i64 = 10;

impl Shared {
    pub(crate) async fn counts(
        &self,
        account: &AccountId,
        webhook: &WebhookId,
        span: Span,
    ) -> Result<Option<Vec<Point>>> {
        let row = {
            let connection = self.connection().await?;
            log::webhook(&**connection, account, webhook).await?
        };
        match row {
            Some((row, _)) => self.series(row, span).await.map(Some),
            None => Ok(None),
        }
    }

    pub(crate) async fn series(&self, webhook: i64, span: Span) -> Result<Vec<Point>> {
        let mut connection = self.connection().await?;
        let level = IsolationLevel::RepeatableRead;
        let snapshot = connection.build_transaction().isolation_level(level).read_only(true).start().await?;
        let waiting = waiting(&*snapshot).await?;
        let points = points(&*snapshot, &waiting, webhook, span).await?;
        let point = |(at, counts)| Point { at: Timestamp::from_millis(at), counts };
        Ok(points.into_iter().map(point).collect())
    }

    pub(crate) async fn worst(&self, span: Span, limit: usize) -> Result<Vec<Worst>> {
        let mut connection = self.connection().await?;
        let level = IsolationLevel::RepeatableRead;
        let snapshot = connection.build_transaction().isolation_level(level).read_only(true).start().await?;
        let waiting = waiting(&*snapshot).await?;
        let (since, until) = (span.since.millis(), span.until.millis());
        let failing =
            query(&*snapshot, FAILING, params![since => INT8, until => INT8, rows::limit(limit) => INT8])
                .await?;
        let mut worst = Vec::with_capacity(failing.len());
        for one in failing {
            let row: i64 = get(&one, 0)?;
            let mut counts = Counts::default();
            for point in points(&*snapshot, &waiting, row, span).await?.values() {
                counts.add(point);
            }
            let failure = first(&*snapshot, LAST_FAILURE, params![row => INT8, RECENT => INT8]).await?;
            let (last_error, last_status_code) = match &failure {
                Some(failure) => (get(failure, 0)?, get::<Option<i32>>(failure, 1)?),
                None => (None, None),
            };
            worst.push(Worst {
                account: rows::account_id(&one, 1)?,
                webhook: rows::webhook_id(&one, 2)?,
                counts,
                last_error,
                last_status_code: last_status_code.and_then(|code| u16::try_from(code).ok()),
            });
        }
        Ok(worst)
    }
}

/// What is not rolled up.
async fn waiting<C: GenericClient + Sync>(client: &C) -> Result<Sums> {
    sums(&query(client, "SELECT counts FROM tally", &[]).await?)
}

async fn points<C: GenericClient + Sync>(
    client: &C,
    waiting: &Sums,
    webhook: i64,
    span: Span,
) -> Result<BTreeMap<i64, Counts>> {
    let (since, until) = (span.since.millis(), span.until.millis());
    let mut points = BTreeMap::<i64, Counts>::new();
    let mut add = |at: i64, counts: &Counts| {
        let begin = span.step.begin(Timestamp::from_millis(at)).millis();
        points.entry(begin).or_default().add(counts);
    };
    let sql = format!(
        "{MOMENTS} SELECT m.at, {COLUMNS} FROM moment t \
         CROSS JOIN LATERAL (SELECT * FROM metric m \
           WHERE m.step = $1 AND m.at = t.at AND m.webhook_seq = $2 OFFSET 0) m"
    );
    for step in Step::ALL.into_iter().filter(|step| *step <= span.step) {
        let wanted = params![number(step) => INT2, webhook => INT8, since => INT8, until => INT8];
        for row in query(client, &sql, wanted).await? {
            add(get(&row, 0)?, &counts(&row, 1)?);
        }
    }
    let within = waiting.range((since, i64::MIN)..(until, i64::MIN));
    for ((at, _), counts) in within.filter(|((_, row), _)| *row == webhook) {
        add(*at, counts);
    }
    Ok(points)
}

/// The webhooks with the most failed attempts.
const FAILING: &str = "\
SELECT w.seq, a.id, w.id FROM (
  SELECT webhook_seq, sum(failed) AS failed FROM metric
  WHERE step = 0 AND failed > 0 AND webhook_seq > 0 AND at >= $1 AND at < $2 GROUP BY webhook_seq
) m JOIN webhook w ON w.seq = m.webhook_seq AND w.deleted_at IS NULL
JOIN account a ON a.seq = w.account_seq ORDER BY m.failed DESC, w.seq LIMIT $3";

/// The delivery that failed last, of those that wait for a retry and those that failed for
/// good; what waits is sought along the lane of each node.
const LAST_FAILURE: &str = "\
SELECT d.last_error, d.last_status_code FROM (
  (SELECT p.event_seq FROM node n CROSS JOIN LATERAL (
    SELECT event_seq FROM pending WHERE owner = n.seq AND webhook_seq = $1 AND due_at > 0
    ORDER BY due_at DESC LIMIT $2
  ) p)
  UNION
  (SELECT event_seq FROM failed WHERE webhook_seq = $1 ORDER BY event_seq DESC LIMIT $2)
) e CROSS JOIN LATERAL (
  SELECT * FROM delivery d WHERE d.webhook_seq = $1 AND d.event_seq = e.event_seq OFFSET 0
) d WHERE d.last_error IS NOT NULL ORDER BY d.last_attempt_at DESC, d.event_seq DESC LIMIT 1";
