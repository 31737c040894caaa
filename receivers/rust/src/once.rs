//! Acting on an event once, whatever becomes of the request in the meantime.
//!
//! A sender that has waited for too long hangs up, and its server then drops what it was doing.
//! An id that stayed remembered would turn every retry into a duplicate of work that never
//! ended; so it is taken back on the runtime when that happens, as it is when the work fails.

use std::{future::Future, panic};

use tokio::runtime::Handle;

use crate::Seen;

/// What became of an event that comes at least once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Once<T> {
    /// It came for the first time, and this is what the work gave.
    Done(T),
    /// It was there before: answer as if it had been done now.
    Duplicate,
}

/// Why an event was not acted on. The sender must get an error, so that it tries again.
#[derive(Debug, thiserror::Error)]
pub enum OnceError<E, S> {
    /// Whether it came before is not known, so nothing was done.
    #[error("the store of seen ids could not be asked")]
    Seen(#[source] S),
    /// The work failed, and the id was taken back for the retry.
    #[error("the work failed; a retry is no duplicate")]
    Work(E),
    /// The work failed, and the id could not be taken back: retries will be taken for duplicates.
    #[error("the work failed, and its id could not be forgotten: {seen}")]
    NotForgotten {
        /// How the work failed.
        work: E,
        /// Why the id is still there.
        #[source]
        seen: S,
    },
}

/// Does the work of an event unless it was done before.
///
/// When the work fails, panics, or is dropped half-way, the id is forgotten, so that the retry is
/// not taken for a duplicate. Call it inside a tokio runtime.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use waxwing_receiver::{MemorySeen, Once, once};
///
/// let seen = MemorySeen::new();
/// let work = async || Ok::<_, std::io::Error>("paid out");
/// assert_eq!(once(&seen, "evt_1", work()).await.unwrap(), Once::Done("paid out"));
/// assert_eq!(once(&seen, "evt_1", work()).await.unwrap(), Once::Duplicate);
/// # }
/// ```
///
/// # Errors
/// [`OnceError`].
///
/// # Panics
/// Outside of a tokio runtime, and when `seen` panics.
pub async fn once<S, T, E>(
    seen: &S,
    id: &str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<Once<T>, OnceError<E, S::Error>>
where
    S: Seen + Clone + 'static,
{
    // In a task of its own: were it dropped while it asks, nobody would know who claimed the id.
    let claimed = tokio::spawn(Claim::make(seen.clone(), id.to_owned())).await;
    let claimed = claimed.unwrap_or_else(|error| panic::resume_unwind(error.into_panic()));
    let Some(claim) = claimed.map_err(OnceError::Seen)? else {
        return Ok(Once::Duplicate);
    };
    match work.await {
        Ok(done) => {
            claim.keep();
            Ok(Once::Done(done))
        }
        Err(work) => Err(match claim.give_back().await {
            Ok(()) => OnceError::Work(work),
            Err(seen) => OnceError::NotForgotten { work, seen },
        }),
    }
}

/// An id that was remembered for work that has not ended yet. Dropped, it forgets the id.
struct Claim<S: Seen + Clone + 'static> {
    seen: S,
    id: String,
    runtime: Handle,
    settled: bool,
}

impl<S: Seen + Clone + 'static> Claim<S> {
    /// None if the id was there before.
    async fn make(seen: S, id: String) -> Result<Option<Self>, S::Error> {
        let before = seen.seen(&id).await?;
        Ok((!before).then(|| Self { seen, id, runtime: Handle::current(), settled: false }))
    }

    fn keep(mut self) {
        self.settled = true;
    }

    async fn give_back(mut self) -> Result<(), S::Error> {
        let forgotten = self.seen.forget(&self.id).await;
        self.settled = true;
        forgotten
    }
}

impl<S: Seen + Clone + 'static> Drop for Claim<S> {
    fn drop(&mut self) {
        if !self.settled {
            let (seen, id) = (self.seen.clone(), std::mem::take(&mut self.id));
            // Nobody waits for it who could be told of its failure.
            self.runtime.spawn(async move { drop(seen.forget(&id).await) });
        }
    }
}
