//! Deleting what is old and finished: whole periods at once.

use waxwing_core::Timestamp;

use crate::{
    sql::{Result, execute},
    store::Shared,
};

impl Shared {
    /// A bite is a period here; `from` is the number of the one before it.
    pub(crate) async fn retain(&self, cutoff: Timestamp, from: i64) -> Result<Option<i64>> {
        if from == 0 {
            let connection = self.connection().await?;
            // A node that did not see a change for a day has lost its lease long ago.
            let sql = "DELETE FROM change WHERE created_at < now() - interval '1 day'";
            execute(&**connection, sql, &[]).await?;
            drop(connection);
            self.forget_replays(cutoff).await?;
            self.end_old_period(cutoff).await?;
        }
        match self.retain_period(cutoff, from).await {
            // Somebody reads or writes it just now: next time.
            Err(error) if error.is_locked() => Ok(None),
            result => result,
        }
    }
}
