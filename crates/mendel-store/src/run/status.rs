//! Moving a run along its life: the model says where, one conditional update makes it so.

use mendel_model::{Move, Owner, Run, RunId, StatusRecord, Timestamp, Transition};

use super::{Held, absent, add_metrics, change::refuse_stale, delete::forget_outputs, held, write_facts};
use crate::{
    Result, Store, StoreError,
    database::{Session, sql},
};

impl Store {
    /// Moves a run along its life; `attempt` is the fence of a writer, which for a start may
    /// be the attempt before or the one that begins.
    pub async fn move_run(
        &self,
        id: RunId,
        attempt: Option<u32>,
        change: &StatusRecord,
        now: Timestamp,
    ) -> Result<Run> {
        let mut session = self.database.write().await?;
        let mut runs = [apply_move(&mut session, id, attempt, change, now).await?.run];
        add_metrics(&mut session, &mut runs).await?;
        session.commit().await?;
        let [run] = runs;
        Ok(run)
    }
}

/// Moves a run within a session.
///
/// The update holds only if status and attempt are still those the model was asked about;
/// otherwise someone else was faster and the model is asked again.
pub(crate) async fn apply_move(
    session: &mut Session,
    id: RunId,
    attempt: Option<u32>,
    change: &StatusRecord,
    now: Timestamp,
) -> Result<Held> {
    loop {
        let mut held = held(session, id, false).await?.ok_or_else(|| absent(id))?;
        if let Some(given) = attempt {
            refuse_other_attempt(&held, given, change.to)?;
        }
        let transition = held.run.status.apply(change.to)?;
        let before = held.run.attempt;
        follow(&mut held, transition, change, now);
        if write_status(session, &held, transition, before).await? == 0 {
            continue;
        }
        match change.to {
            Move::Start => write_facts(session, held.run.number, &held.run.facts).await?,
            Move::Reset => {
                forget_outputs(session, held.run.number).await?;
                write_facts(session, held.run.number, &held.run.facts).await?;
            }
            Move::Queue | Move::Complete | Move::Fail | Move::Stop | Move::Publish => {}
        }
        return Ok(held);
    }
}

/// Ends are told by the writers of an attempt, which a reset fences off; the other moves
/// are made by someone who has only seen which attempt is the current one.
fn refuse_other_attempt(held: &Held, given: u32, wanted: Move) -> Result<()> {
    let current = held.run.attempt;
    let known = match wanted {
        Move::Complete | Move::Fail | Move::Stop => return refuse_stale(held, given),
        Move::Start => given == current || given == current + 1,
        Move::Queue | Move::Publish | Move::Reset => given == current,
    };
    if known { Ok(()) } else { Err(StoreError::StaleAttempt { given, current }) }
}

fn follow(held: &mut Held, transition: Transition, change: &StatusRecord, now: Timestamp) {
    let run = &mut held.run;
    run.status = transition.to;
    run.status_reason.clone_from(&change.reason);
    run.status_message.clone_from(&change.message);
    run.status_changed = change.time;
    run.updated = run.updated.max(now);
    if transition.new_attempt {
        run.attempt += 1;
        run.started = run.started.or(Some(change.time));
        run.facts.owner = change.owner.clone().or(run.facts.owner.take());
    }
    match change.to {
        Move::Complete | Move::Fail | Move::Stop => end(run, change),
        Move::Start | Move::Queue => reopen(run),
        Move::Reset => {
            reopen(run);
            run.started = None;
            run.last_iteration = 0;
            run.tainted = false;
            run.facts.owner = None::<Owner>;
            run.metrics.clear();
            // A run that never started has no writers to refuse.
            held.forgotten = if run.attempt > 0 { i64::from(run.attempt) } else { held.forgotten };
        }
        Move::Publish => {}
    }
}

fn end(run: &mut Run, change: &StatusRecord) {
    run.ended = Some(change.time);
    run.exit_code = change.exit_code;
    run.signal = change.signal;
}

fn reopen(run: &mut Run) {
    run.ended = None;
    run.exit_code = None;
    run.signal = None;
}

async fn write_status(session: &mut Session, held: &Held, transition: Transition, attempt: u32) -> Result<u64> {
    let run = &held.run;
    let update = sql("UPDATE runs SET status = $1, status_reason = $2, status_message = $3, status_changed = $4, \
         updated = $5, attempt = $6, started = $7, ended = $8, exit_code = $9, signal = $10, tainted = $11, \
         last_iteration = $12, forgotten = $13 WHERE number = $14 AND status = $15 AND attempt = $16")
    .bind(transition.to)
    .bind(&run.status_reason)
    .bind(&run.status_message)
    .bind(run.status_changed)
    .bind(run.updated)
    .bind(i64::from(run.attempt))
    .bind(run.started.map(|time| time.0))
    .bind(run.ended.map(|time| time.0))
    .bind(run.exit_code.map(i64::from))
    .bind(run.signal.map(i64::from))
    .bind(run.tainted)
    .bind(run.last_iteration)
    .bind(held.forgotten)
    .bind(run.number)
    .bind(transition.from)
    .bind(i64::from(attempt));
    session.execute(update).await
}
