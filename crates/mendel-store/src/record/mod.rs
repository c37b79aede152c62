//! The hot path: a writer's records become durable, several writers' with one flush.
//!
//! Whoever finds the writing connection free takes all batches that wait and commits them
//! together; the others only wait for their answers. A batch that is refused is undone
//! alone. Acknowledged means committed.

mod apply;
mod gathered;
mod incoming;
mod report;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use mendel_model::{RunId, SeriesKey, Timestamp, WriterId};
use tokio::sync::oneshot;

use self::{
    apply::{Applied, apply},
    incoming::Incoming,
};
use crate::{
    Result, Store, StoreError,
    database::{Session, sql},
};

/// Batches committed together.
const GROUP: usize = 64;
/// Tries of a batch that met another process.
const TRIES: usize = 4;
/// Writers whose series are remembered.
const WRITERS: usize = 4_096;

/// The series that a writer gave numbers, as known in this process.
type Declared = Arc<HashMap<u32, SeriesKey>>;
/// Attempt and writer of a run.
type WriterKey = (RunId, u32, WriterId);

/// Batches that wait for the writing connection, and what is known of their writers.
#[derive(Debug, Default)]
pub(crate) struct Group {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
    declared: Mutex<HashMap<WriterKey, Declared>>,
}

#[derive(Debug)]
struct Waiting {
    batch: Arc<Incoming>,
    answer: oneshot::Sender<Result<u64>>,
}

impl Group {
    fn declared(&self, key: &WriterKey) -> Option<Declared> {
        self.declared.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn remember(&self, key: WriterKey, declared: Declared) {
        let mut known = self.declared.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= WRITERS {
            known.clear();
        }
        known.insert(key, declared);
    }

    fn push(&self, waiting: Waiting) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(waiting);
    }

    /// The next batches; those of one run keep their order, and runs come in one order, so
    /// that two processes cannot hold a run each and wait for the other's.
    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(GROUP);
        let mut group: Vec<_> = waiting.drain(..count).collect();
        group.sort_by_key(|waiting| waiting.batch.run);
        group
    }
}

impl Store {
    /// Takes a writer's records; answers the sequence up to which all is durable.
    ///
    /// Records that were taken before have no effect. The first record of a batch follows
    /// the last one taken, or is the writer's first (0 or 1).
    pub async fn append(
        &self,
        id: RunId,
        attempt: u32,
        writer: WriterId,
        frames: &[u8],
        now: Timestamp,
    ) -> Result<u64> {
        let batch = Arc::new(Incoming::read(id, attempt, writer, frames, now)?);
        loop {
            let (answer, mut answered) = oneshot::channel();
            self.group.push(Waiting { batch: Arc::clone(&batch), answer });
            let turn = tokio::select! {
                biased;
                result = &mut answered => match result {
                    Ok(result) => return result,
                    // Who wrote for us was cut off; what it wrote is undone.
                    Err(_) => continue,
                },
                turn = self.group.turn.lock() => turn,
            };
            while let Err(oneshot::error::TryRecvError::Empty) = peek(&mut answered) {
                let group = self.group.take();
                if group.is_empty() {
                    break;
                }
                self.commit(group).await;
            }
            drop(turn);
            match answered.await {
                Ok(result) => return result,
                Err(_) => continue,
            }
        }
    }

    /// Commits a group and answers each of it.
    async fn commit(&self, group: Vec<Waiting>) {
        let results = match &group[..] {
            [only] => vec![self.commit_alone(&only.batch).await],
            several => match self.commit_together(several).await {
                Ok(results) => results,
                // Something that is nobody's fault; alone each gets its own answer.
                Err(_) => {
                    let mut results = Vec::with_capacity(several.len());
                    for waiting in several {
                        results.push(self.commit_alone(&waiting.batch).await);
                    }
                    results
                }
            },
        };
        for (waiting, result) in group.into_iter().zip(results) {
            // One that was given up no longer listens.
            let _ = waiting.answer.send(result);
        }
    }

    async fn commit_alone(&self, batch: &Incoming) -> Result<u64> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_alone(batch).await {
                Err(StoreError::Busy(_)) if tries < TRIES => {}
                result => return result,
            }
        }
    }

    async fn try_alone(&self, batch: &Incoming) -> Result<u64> {
        let mut session = self.database.write().await?;
        let applied = apply(&mut session, batch, self.group.declared(&batch.key())).await?;
        session.commit().await?;
        self.learn(batch, applied)
    }

    async fn commit_together(&self, group: &[Waiting]) -> Result<Vec<Result<u64>>> {
        let mut session = self.database.write().await?;
        let mut outcomes = Vec::with_capacity(group.len());
        for Waiting { batch, .. } in group {
            session.execute(sql("SAVEPOINT batch")).await?;
            let outcome = apply(&mut session, batch, self.group.declared(&batch.key())).await;
            match &outcome {
                Ok(_) => session.execute(sql("RELEASE SAVEPOINT batch")).await?,
                Err(_) => undo(&mut session).await?,
            };
            outcomes.push(outcome);
        }
        session.commit().await?;
        let pairs = group.iter().zip(outcomes);
        Ok(pairs.map(|(waiting, outcome)| self.learn(&waiting.batch, outcome?)).collect())
    }

    /// Remembers what a committed batch declared, and answers for it.
    fn learn(&self, batch: &Incoming, applied: Applied) -> Result<u64> {
        if let Some(declared) = applied.declared {
            self.group.remember(batch.key(), declared);
        }
        applied.answer
    }
}

async fn undo(session: &mut Session) -> Result<u64> {
    session.execute(sql("ROLLBACK TO SAVEPOINT batch")).await?;
    session.execute(sql("RELEASE SAVEPOINT batch")).await
}

/// Whether an answer is there, without taking it.
fn peek(answered: &mut oneshot::Receiver<Result<u64>>) -> Result<(), oneshot::error::TryRecvError> {
    match answered.is_empty() && !answered.is_terminated() {
        true => Err(oneshot::error::TryRecvError::Empty),
        false => Ok(()),
    }
}
