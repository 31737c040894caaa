//! The committer: whatever queued up while the last commit ran becomes the next
//! transaction, as a few statements of many rows.
//!
//! Callers are answered after the commit, never before. It has a connection of its
//! own and sends statements that do not wait for each other in one go. When a
//! transaction fails, all its callers get an error; the next one begins anew,
//! because here, unlike with a file, the database knows what was committed.

use std::{sync::Arc, thread, time::Duration};

use tokio::{runtime::Handle, sync::oneshot, time::Instant};
use tokio_postgres::Client;
use waxwing_core::Timestamp;
use waxwing_store::{
    Completion, Due, NewEvent, Node, PublishError, Published, Recorded, StoreError, counts::Tick,
};

use crate::{
    counts,
    error::Error,
    nodes,
    periods::Period,
    publish, record,
    sql::{BOUNDED, Result},
    store::Shared,
};

/// How often a transaction is tried that another one was in the way of, or for which
/// a period had to begin.
const TRIES: usize = 5;
/// Jobs after which a transaction is worth its fixed costs, and how long to wait for
/// them after one that had [`BUSY`] jobs: a server with little to do never waits.
const ENOUGH: usize = 128;
const PAUSE: Duration = Duration::from_millis(2);
const BUSY: usize = 16;
/// How long a transaction may take before its connection is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// A write.
pub(crate) enum Job {
    Publish(Node, Vec<NewEvent>, oneshot::Sender<Result<Vec<Published>, PublishError>>),
    Record(Node, Box<Completion>, oneshot::Sender<Result<Recorded, StoreError>>),
}

/// What becomes visible outside once a transaction is committed.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) due: Vec<Due>,
    pub(crate) again: Vec<(i64, Timestamp)>,
    pub(crate) published: u64,
    pub(crate) deliveries: u64,
    /// What is counted: kept by the transaction itself, at its end.
    pub(crate) ticks: Vec<Tick>,
    /// Webhooks that an attempt of this transaction condemned.
    pub(crate) disable: Vec<record::Disable>,
}

/// The answers of a transaction, in the order of its jobs.
struct Answers {
    published: Vec<Result<Vec<Published>, PublishError>>,
    recorded: Vec<Result<Recorded, StoreError>>,
}

/// What became of an attempt to commit.
enum Outcome {
    Committed(Answers, Effects),
    /// The events belong to another period than the present one.
    OtherPeriod(i64, Timestamp),
}

pub(crate) type Publishing = (Node, Vec<NewEvent>);
pub(crate) type Recording = (Node, Completion);

/// Starts the thread that commits. It waits for jobs in a blocking way, and works
/// on the runtime that the caller runs on.
pub(crate) fn start(shared: Arc<Shared>) -> std::io::Result<thread::JoinHandle<()>> {
    let runtime = Handle::current();
    thread::Builder::new().name("committer".into()).spawn(move || {
        let mut committer = Committer { shared, client: None };
        let mut pause = Duration::ZERO;
        while let Some(jobs) = committer.shared.group.gather(ENOUGH, pause) {
            pause = if jobs.len() >= BUSY { PAUSE } else { Duration::ZERO };
            runtime.block_on(committer.commit(jobs));
        }
    })
}

struct Committer {
    shared: Arc<Shared>,
    client: Option<Client>,
}

impl Committer {
    async fn commit(&mut self, jobs: Vec<Job>) {
        let (count, started) = (jobs.len(), Instant::now());
        let (mut publishing, mut publishers) = (Vec::new(), Vec::new());
        let (mut recording, mut recorders) = (Vec::new(), Vec::new());
        for job in jobs {
            match job {
                Job::Publish(node, events, reply) => {
                    publishing.push((node, events));
                    publishers.push(reply);
                }
                Job::Record(node, completion, reply) => {
                    recording.push((node, *completion));
                    recorders.push(reply);
                }
            }
        }
        let result = self.tried(&publishing, &recording).await;
        let metrics = &self.shared.metrics;
        metrics.commit_jobs.observe(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
        metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
        match result {
            Ok(answers) => {
                self.shared.noticed(&Ok(()));
                // A caller that went away needs no answer, here and below.
                publishers.into_iter().zip(answers.published).for_each(|(to, answer)| drop(to.send(answer)));
                recorders.into_iter().zip(answers.recorded).for_each(|(to, answer)| drop(to.send(answer)));
            }
            Err(error) => {
                let error = StoreError::from(error);
                if matches!(error, StoreError::Unreachable(_)) {
                    self.shared.doubt(&publishing);
                }
                tracing::warn!(%error, jobs = count, "a transaction failed; its callers are told");
                for to in publishers {
                    drop(to.send(Err(error.clone().into())));
                }
                for to in recorders {
                    drop(to.send(Err(error.clone())));
                }
            }
        }
    }

    async fn tried(&mut self, publishing: &[Publishing], recording: &[Recording]) -> Result<Answers> {
        let mut tries = 1;
        loop {
            let work = self.transaction(publishing, recording, tries == TRIES);
            let outcome = tokio::time::timeout(PATIENCE, work).await.unwrap_or(Err(Error::Timeout(PATIENCE)));
            match outcome {
                Ok(Outcome::Committed(answers, effects)) => {
                    show(&self.shared, effects).await;
                    return Ok(answers);
                }
                Ok(Outcome::OtherPeriod(number, at)) if tries < TRIES => {
                    self.end("ROLLBACK").await?;
                    self.shared.begin_period(number, at).await?;
                }
                Ok(Outcome::OtherPeriod(..)) => {
                    self.client = None;
                    return Err(Error::Unreadable("no period takes the events".into()));
                }
                Err(error) if error.is_conflict() && tries < TRIES => self.end("ROLLBACK").await?,
                Err(error) => {
                    // The server rolls back what a lost connection leaves behind.
                    self.client = None;
                    return Err(error);
                }
            }
            tries += 1;
        }
    }

    async fn end(&mut self, how: &str) -> Result<()> {
        let Some(client) = &self.client else { return Ok(()) };
        let ended = tokio::time::timeout(PATIENCE, client.batch_execute(how)).await;
        let result = ended.unwrap_or_else(|_| Ok(())).map_err(Error::from);
        if result.is_err() {
            self.client = None;
        }
        result
    }

    async fn transaction(
        &mut self,
        publishing: &[Publishing],
        recording: &[Recording],
        any_period: bool,
    ) -> Result<Outcome> {
        let client = match self.client.take().filter(|client| !client.is_closed()) {
            Some(client) => client,
            None => self.shared.address.connect().await?,
        };
        let client = &*self.client.insert(client);
        let shared = &self.shared;
        publish::refresh_accounts(shared, publishing).await?;
        let nodes = publishing.iter().map(|one| one.0).chain(recording.iter().map(|one| one.0));
        let events = publishing.iter().map(|one| one.1.len()).sum();
        let (begun, numbered, known) = tokio::join!(
            async { Ok::<_, Error>(client.batch_execute(&format!("BEGIN; {BOUNDED}")).await?) },
            nodes::begin(client, nodes, events),
            publish::known(client, publishing),
        );
        begun?;
        let ((nodes, rows), mut known) = (numbered?, known?);
        let mut effects = Effects::default();
        let (published, accepted) = publish::accept(shared, &nodes, publishing, &mut known);
        if let (Some(first), Some(latest)) = (rows.first(), accepted.iter().map(publish::created_at).max()) {
            let number = Period::number_of(*first);
            let period = shared.period(number).await?;
            // Nodes whose clocks differ by more than a period could begin them for ever: any will do.
            let fits = period.is_some_and(|period| any_period || period.takes(latest));
            if !fits {
                return Ok(Outcome::OtherPeriod(number, latest));
            }
        }
        let (inserted, recorded) = tokio::join!(
            publish::insert(client, &accepted, &rows, &mut effects),
            record::record(shared, client, &nodes, recording),
        );
        inserted?;
        let recorded = recorded?;
        effects.ticks.extend(recorded.ticks());
        let (judgements, progress, counted, committed) = tokio::join!(
            recorded.fared().write(client),
            recorded.progress().write(client),
            counts::keep(client, &mut effects.ticks),
            async { Ok::<_, Error>(client.batch_execute("COMMIT").await?) },
        );
        // Without these checks a commit of what failed would pass for one: it rolls back.
        let judgements = judgements?;
        progress?;
        counted?;
        committed?;
        let recorded = recorded.answers(shared, &judgements, &mut effects);
        Ok(Outcome::Committed(Answers { published, recorded }, effects))
    }
}

async fn show(shared: &Shared, effects: Effects) {
    shared.metrics.published.inc_by(effects.published);
    shared.metrics.deliveries.inc_by(effects.deliveries);
    for disable in &effects.disable {
        if let Err(error) = record::disable(shared, disable).await {
            tracing::warn!(%error, "a failing webhook could not be disabled; its next failure tries again");
        }
    }
    if !effects.due.is_empty() {
        shared.feed.offer(effects.due);
    }
    for (webhook, at) in effects.again {
        shared.feed.again_at(webhook, at);
    }
}
