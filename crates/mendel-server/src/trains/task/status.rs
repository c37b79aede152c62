//! The calls that move a task along its life.

use mendel_model::{Run, Status};
use serde_json::{Value, json};

use super::{
    edit::task_id,
    facts::{extra, find, refuse_public, set_extra, set_system_tags, status_word, system_tags, word_of},
};
use crate::trains::{
    Answer, Object,
    call::Call,
    refusal::Refusal,
    time::iso,
    value::{flag, flag_or, needed, text, told, updated},
};

/// A status that is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Change {
    pub(crate) force: bool,
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl Change {
    /// What a request says of it.
    pub(crate) fn of(call: &Call) -> Self {
        let said = |key: &str| text(&call.data, key).unwrap_or_default().to_owned();
        Self { force: flag(&call.data, "force"), reason: said("status_reason"), message: said("status_message") }
    }
}

/// The refusal of a move that the life of a task does not have.
pub(crate) fn refusal_of_status(run: &Run, wanted: &str) -> Refusal {
    let current = status_word(run);
    Refusal::bad(110, format!("Invalid task status: current_status={current}, new_status={wanted}"))
        .with("current_status", current)
        .with("new_status", wanted)
        .with("id", run.facts.id.to_string())
}

/// Brings a run to a status; tells the fields that changed.
pub(crate) fn stand(run: &mut Run, call: &Call, status: Status, change: &Change) -> Result<Object, Refusal> {
    refuse_public(run)?;
    let closed = extra(run, "closed").is_some();
    let allowed = match closed {
        // A closed task takes fewer ways than a stopped one.
        true => matches!(status, Status::Draft | Status::Stopped | Status::Failed | Status::Published),
        false => run.status.may_become(status),
    };
    if !allowed && !change.force {
        return Err(refusal_of_status(run, word_of(status)));
    }
    run.stand(status, &change.reason, &change.message, (call.app.now)());
    set_extra(run, "closed", Value::Null);
    if status == Status::Queued {
        let tags = system_tags(run).into_iter().filter(|tag| tag != "development").collect();
        set_system_tags(run, tags);
    }
    Ok(told_status(run, call))
}

/// The fields that every change of status tells.
pub(crate) fn told_status(run: &Run, call: &Call) -> Object {
    told(json!({
        "status": status_word(run),
        "status_reason": run.status_reason,
        "status_message": run.status_message,
        "status_changed": iso(run.status_changed),
        "last_update": iso(run.updated),
        "last_change": iso(run.updated),
        "last_changed_by": call.who.id,
    }))
}

async fn change(call: &Call, status: Status) -> Result<(Run, Object), Refusal> {
    let wanted = Change::of(call);
    let now = (call.app.now)();
    let id = task_id(call)?;
    let moved = call.app.store.rewrite_run(id, now, |run| stand(run, call, status, &wanted)).await?;
    call.app.touched.add(id, 0);
    Ok(moved)
}

/// `tasks.started`
pub(super) async fn started(call: &Call) -> Answer {
    let wanted = Change::of(call);
    let now = (call.app.now)();
    let (_, (fields, first)) = call
        .app
        .store
        .rewrite_run(task_id(call)?, now, |run| {
            let first = run.started.is_none();
            let mut fields = stand(run, call, Status::Running, &wanted)?;
            run.started = run.started.or(Some(now));
            if let Some(started) = run.started.filter(|_| first) {
                fields.insert("started".to_owned(), iso(started).into());
            }
            Ok::<_, Refusal>((fields, first))
        })
        .await?;
    let mut answer = updated(1, fields);
    answer.insert("started".to_owned(), u8::from(first).into());
    Ok(answer)
}

/// `tasks.stopped`
pub(super) async fn stopped(call: &Call) -> Answer {
    end(call, Status::Stopped).await
}

async fn end(call: &Call, status: Status) -> Answer {
    let (run, mut fields) = change(call, status).await?;
    if let Some(ended) = run.ended {
        fields.insert("completed".to_owned(), iso(ended).into());
    }
    Ok(updated(1, fields))
}

/// `tasks.completed`
pub(super) async fn completed(call: &Call) -> Answer {
    let mut answer = end(call, Status::Completed).await?;
    if flag(&call.data, "publish") {
        let published = publish(call, needed(&call.data, "task")?, &Change::of(call), true).await?;
        let count = published.get("updated").cloned().unwrap_or_default();
        answer.insert("published".to_owned(), count);
    }
    Ok(answer)
}

/// `tasks.failed`
pub(super) async fn failed(call: &Call) -> Answer {
    let (_, fields) = change(call, Status::Failed).await?;
    Ok(updated(1, fields))
}

/// `tasks.close`
pub(super) async fn close(call: &Call) -> Answer {
    let wanted = Change::of(call);
    let now = (call.app.now)();
    let (_, fields) = call
        .app
        .store
        .rewrite_run(task_id(call)?, now, |run| {
            refuse_public(run)?;
            if run.status != Status::Stopped && !wanted.force {
                return Err(refusal_of_status(run, "closed"));
            }
            run.stand(Status::Stopped, &wanted.reason, &wanted.message, now);
            set_extra(run, "closed", true);
            Ok(told_status(run, call))
        })
        .await?;
    Ok(updated(1, fields))
}

/// `tasks.publish`
pub(super) async fn publish_one(call: &Call) -> Answer {
    let models = flag_or(&call.data, "publish_model", true);
    publish(call, needed(&call.data, "task")?, &Change::of(call), models).await
}

/// Makes a task read-only, and with `models` the last model it made too.
pub(crate) async fn publish(call: &Call, id: &str, wanted: &Change, models: bool) -> Answer {
    let run = find(call, id).await?;
    let now = (call.app.now)();
    let (run, mut fields) = call
        .app
        .store
        .rewrite_run(run.facts.id, now, |run| {
            let fields = stand(run, call, Status::Published, wanted)?;
            set_extra(run, "published", iso(now));
            Ok::<_, Refusal>(fields)
        })
        .await?;
    fields.insert("published".to_owned(), iso(now).into());
    if models {
        crate::trains::model::publish_last(call, &run).await?;
    }
    Ok(updated(1, fields))
}
