//! The one writer: a thread that commits whatever has queued up as one transaction.
//!
//! Callers are answered after the commit, never before. When a transaction
//! fails, all its callers get an error and the store stops: what is on disk is
//! then known only to the next process that opens the file.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::{sync::oneshot, time::Instant};
use waxwing_core::{Timestamp, webhook::Health};
use waxwing_store::{
    Completion, DeliveryKey, Directory, Due, Feed, Metrics, NewEvent, Node, PublishError, Published,
    Recorded, StoreError, counts::Tick, group::Group,
};

use crate::{checkpoint::Checkpointer, damage, replays::Progress};

/// A write.
pub(crate) enum Job {
    Publish(Node, Vec<NewEvent>, oneshot::Sender<Result<Vec<Published>, PublishError>>),
    Record(Node, Box<Completion>, oneshot::Sender<Result<Recorded, StoreError>>),
    /// Anything else, in a savepoint of its own.
    Other(Work, Answer),
}

/// Statements of one write, and the answer that they lead to.
pub(crate) type Work = Box<dyn FnOnce(&mut Writer) -> rusqlite::Result<Answer> + Send>;

/// A change of the directory.
pub(crate) type Change = Box<dyn FnOnce(&Directory) + Send>;

/// Answers a caller, once it is known whether the commit succeeded.
pub(crate) type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Why the store takes no more writes.
#[derive(Debug, Default)]
pub(crate) struct Stopped(Mutex<Option<String>>);

impl Stopped {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match &*self.0.lock() {
            None => Ok(()),
            Some(reason) => Err(StoreError::Stopped(reason.clone())),
        }
    }

    /// From now on it takes none, because this failed.
    pub(crate) fn because(&self, what: &str, error: &rusqlite::Error) -> StoreError {
        tracing::error!(%error, "{what} failed; the store takes no more writes");
        let reason = if damage::is_told_by(error) {
            format!("the database file is damaged ({error}); restore a backup")
        } else {
            format!(
                "{what} failed ({error}). Nothing acknowledged is lost; free disk space or repair the disk, then start again"
            )
        };
        StoreError::Stopped(self.0.lock().get_or_insert(reason).clone())
    }
}

/// What becomes visible outside once a transaction is committed.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) due: Vec<Due>,
    pub(crate) again: Vec<(i64, Timestamp)>,
    pub(crate) replayed: Vec<(DeliveryKey, Timestamp)>,
    pub(crate) first: Vec<i64>,
    pub(crate) changed: Vec<i64>,
    pub(crate) directory: Vec<Change>,
    /// What is counted: kept by the transaction itself, at its end.
    pub(crate) ticks: Vec<Tick>,
    /// Who wants the write-ahead log emptied, and hear whether it is.
    pub(crate) fold: Vec<oneshot::Sender<bool>>,
    pub(crate) published: u64,
    pub(crate) deliveries: u64,
}

/// What the writer thread works with.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) directory: Arc<Directory>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) effects: Effects,
    /// The row of the next event: rows are never used twice.
    pub(crate) next_event: i64,
    /// Deliveries that are not in `listing`.
    pub(crate) unlisted: usize,
    /// The epoch of every registered node.
    pub(crate) epochs: HashMap<i64, i64>,
    /// Nodes whose work was taken over.
    pub(crate) lost: HashSet<i64>,
    /// Health that changed in this transaction: one update for each webhook.
    pub(crate) health: HashMap<i64, Health>,
    /// How far replays came in this transaction, by their rows: one update for each.
    pub(crate) progress: BTreeMap<i64, Progress>,
    pub(crate) stopped: Arc<Stopped>,
    pub(crate) checkpointer: Option<Checkpointer>,
}

impl Writer {
    /// Runs until the queue is closed.
    pub(crate) fn run(mut self, group: &Group<Job>) {
        while let Some(jobs) = group.take() {
            self.take_on(jobs);
        }
        // Whoever copies the file of a server that has ended must get all of it.
        if let Some(checkpointer) = self.checkpointer.take() {
            checkpointer.end(&self.connection);
        }
    }

    /// Commits these jobs, or refuses them.
    pub(crate) fn take_on(&mut self, jobs: Vec<Job>) {
        if let Err(stopped) = self.stopped.check() {
            return refuse(jobs, &stopped);
        }
        if let Some(checkpointer) = &self.checkpointer {
            checkpointer.restart_if_long(&self.connection);
        }
        self.commit(jobs);
    }

    fn commit(&mut self, jobs: Vec<Job>) {
        let (count, started) = (jobs.len(), Instant::now());
        let mut answers = Vec::with_capacity(count);
        let result = self.transaction(jobs, &mut answers);
        self.metrics.commit_jobs.observe(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
        self.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
        let result = match result {
            Ok(()) => {
                self.publish_effects();
                if let Some(checkpointer) = &self.checkpointer {
                    checkpointer.committed();
                }
                Ok(())
            }
            Err(error) => Err(self.stop(&error)),
        };
        for answer in answers {
            answer(result.clone());
        }
    }

    fn transaction(&mut self, jobs: Vec<Job>, answers: &mut Vec<Answer>) -> rusqlite::Result<()> {
        let mut jobs = jobs.into_iter();
        let outcome = self.statements(&mut jobs, answers);
        if outcome.is_err() {
            // Those that had not their turn are answered like the others.
            answers.extend(jobs.map(|job| match job {
                Job::Publish(_, _, reply) => answer(reply, Err(unreached().into())),
                Job::Record(_, _, reply) => answer(reply, Err(unreached())),
                Job::Other(_, failed) => failed,
            }));
        }
        outcome
    }

    fn statements(
        &mut self,
        jobs: &mut impl Iterator<Item = Job>,
        answers: &mut Vec<Answer>,
    ) -> rusqlite::Result<()> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for job in jobs {
            match job {
                Job::Publish(node, events, reply) => match self.publish(node, events) {
                    Ok(published) => answers.push(answer(reply, published)),
                    Err(error) => {
                        answers.push(answer(reply, Err(unreached().into())));
                        return Err(error);
                    }
                },
                Job::Record(node, completion, reply) => match self.record(node, &completion) {
                    Ok(recorded) => answers.push(answer(reply, recorded)),
                    Err(error) => {
                        answers.push(answer(reply, Err(unreached())));
                        return Err(error);
                    }
                },
                Job::Other(work, failed) => match self.in_savepoint(work) {
                    Ok(Ok(answer)) => answers.push(answer),
                    Ok(Err(error)) => {
                        answers.push(Box::new(move |committed| failed(committed.and(Err(error)))));
                    }
                    Err(error) => {
                        answers.push(failed);
                        return Err(error);
                    }
                },
            }
        }
        self.write_health()?;
        self.keep_tally()?;
        self.write_progress()?;
        self.list_bite()?;
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    /// A write that fails alone: the others of its transaction are kept. Not if it finds the
    /// file damaged.
    fn in_savepoint(&mut self, work: Work) -> rusqlite::Result<Result<Answer, StoreError>> {
        // Health and replays are read and written by such jobs too.
        self.write_health()?;
        self.write_progress()?;
        self.connection.prepare_cached("SAVEPOINT job")?.execute([])?;
        let before = self.effects.mark();
        match work(self) {
            Ok(answer) => {
                self.connection.prepare_cached("RELEASE job")?.execute([])?;
                Ok(Ok(answer))
            }
            Err(error) if damage::is_told_by(&error) => Err(error),
            Err(error) => {
                self.connection.prepare_cached("ROLLBACK TO job")?.execute([])?;
                self.connection.prepare_cached("RELEASE job")?.execute([])?;
                self.effects.cut(before);
                Ok(Err(StoreError::Failed(error.to_string())))
            }
        }
    }

    fn publish_effects(&mut self) {
        let effects = std::mem::take(&mut self.effects);
        for change in effects.directory {
            change(&self.directory);
        }
        self.metrics.published.inc_by(effects.published);
        self.metrics.deliveries.inc_by(effects.deliveries);
        for webhook in effects.changed {
            self.feed.changed(webhook);
        }
        if !effects.due.is_empty() {
            self.feed.offer(effects.due);
        }
        for webhook in effects.first {
            self.feed.first_in_store(webhook);
        }
        for (key, at) in effects.replayed {
            self.feed.replayed(key, at);
        }
        for (webhook, at) in effects.again {
            self.feed.again_at(webhook, at);
        }
        if !effects.fold.is_empty() {
            // There is no log in memory.
            let folded = self.checkpointer.as_ref().is_none_or(|it| it.fold(&self.connection));
            for reply in effects.fold {
                // Whoever went away asks again.
                let _ = reply.send(folded);
            }
        }
    }

    fn stop(&mut self, error: &rusqlite::Error) -> StoreError {
        self.effects = Effects::default();
        self.health.clear();
        self.progress.clear();
        // Whether this succeeds does not matter: nothing more is written.
        let _ = self.connection.execute_batch("ROLLBACK");
        self.stopped.because("a commit", error)
    }
}

fn unreached() -> StoreError {
    StoreError::Stopped("its transaction failed".into())
}

fn refuse(jobs: Vec<Job>, stopped: &StoreError) {
    for job in jobs {
        match job {
            // A caller that went away needs no answer.
            Job::Publish(_, _, reply) => drop(reply.send(Err(stopped.clone().into()))),
            Job::Record(_, _, reply) => drop(reply.send(Err(stopped.clone()))),
            Job::Other(_, failed) => failed(Err(stopped.clone())),
        }
    }
}

/// Sends `result` when the commit succeeded, the commit's error otherwise.
pub(crate) fn answer<T, E>(reply: oneshot::Sender<Result<T, E>>, result: Result<T, E>) -> Answer
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    Box::new(move |committed| {
        // A caller that went away needs no answer.
        drop(reply.send(committed.map_err(E::from).and(result)));
    })
}

impl Effects {
    pub(crate) fn mark(&self) -> [usize; 7] {
        let Self { due, again, replayed, first, changed, directory, ticks, .. } = self;
        [due.len(), again.len(), replayed.len(), first.len(), changed.len(), directory.len(), ticks.len()]
    }

    pub(crate) fn cut(&mut self, [due, again, replayed, first, changed, directory, ticks]: [usize; 7]) {
        self.due.truncate(due);
        self.replayed.truncate(replayed);
        self.again.truncate(again);
        self.first.truncate(first);
        self.changed.truncate(changed);
        self.directory.truncate(directory);
        self.ticks.truncate(ticks);
    }
}
