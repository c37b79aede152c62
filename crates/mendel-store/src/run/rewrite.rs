//! Rewriting a run as a whole, for callers whose rules are not those of a journal.
//!
//! The run is held while the change looks at it, so that what was decided is what is
//! written. Names, parameters and parents keep the rules that every run has.

use mendel_model::{Run, RunId, Timestamp};

use super::{Held, absent, add_metrics, check_name, create::refuse_cycle, delete::forget_outputs, held, param, write};
use crate::{
    Result, Store, StoreError,
    database::{Session, sql},
    project,
};

impl Store {
    /// Lets `change` rewrite a run. What it refuses leaves the run as it was.
    pub async fn rewrite_run<T, E: From<StoreError>>(
        &self,
        id: RunId,
        now: Timestamp,
        change: impl FnOnce(&mut Run) -> Result<T, E>,
    ) -> Result<(Run, T), E> {
        self.rewrite(id, now, false, change).await
    }

    /// The same, and forgets what the run made.
    pub async fn empty_run<T, E: From<StoreError>>(
        &self,
        id: RunId,
        now: Timestamp,
        change: impl FnOnce(&mut Run) -> Result<T, E>,
    ) -> Result<(Run, T), E> {
        self.rewrite(id, now, true, change).await
    }

    async fn rewrite<T, E: From<StoreError>>(
        &self,
        id: RunId,
        now: Timestamp,
        empty: bool,
        change: impl FnOnce(&mut Run) -> Result<T, E>,
    ) -> Result<(Run, T), E> {
        let mut session = self.database.write().await?;
        let before = held(&mut session, id, true).await?.ok_or_else(|| absent(id))?;
        let mut runs = [before.run.clone()];
        add_metrics(&mut session, &mut runs).await?;
        let [mut run] = runs;
        let told = change(&mut run)?;
        store(&mut session, &before, &run, now).await?;
        if empty {
            forget_outputs(&mut session, run.number).await?;
            run.metrics.clear();
        }
        session.commit().await?;
        Ok((run, told))
    }
}

async fn store(session: &mut Session, before: &Held, run: &Run, now: Timestamp) -> Result<()> {
    let (old, facts) = (&before.run.facts, &run.facts);
    check_name("run", &facts.name, true)?;
    facts.tags.iter().try_for_each(|tag| check_name("tag", tag, false))?;
    param::check_params(&facts.params)?;
    if facts.project != old.project {
        project::ensure(session, &facts.project, now).await?;
    }
    if let Some(parent) = facts.parent.filter(|_| facts.parent != old.parent) {
        refuse_cycle(session, facts.id, parent).await?;
    }
    write(session, run).await?;
    if facts.params != old.params || facts.tags != old.tags {
        param::reindex(session, run.number, &facts.params, &facts.tags).await?;
    }
    let update = sql("UPDATE runs SET status = $1, status_reason = $2, status_message = $3, status_changed = $4, \
         attempt = $5, started = $6, ended = $7, exit_code = $8, signal = $9 WHERE number = $10")
    .bind(run.status)
    .bind(&run.status_reason)
    .bind(&run.status_message)
    .bind(run.status_changed)
    .bind(i64::from(run.attempt))
    .bind(run.started.map(|time| time.0))
    .bind(run.ended.map(|time| time.0))
    .bind(run.exit_code.map(i64::from))
    .bind(run.signal.map(i64::from))
    .bind(run.number);
    session.execute(update).await.map(drop)
}
