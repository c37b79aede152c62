//! `tasks.enqueue` and `tasks.dequeue`: a task waits in one queue, and goes back to where it
//! stood when it leaves.

use mendel_model::{Run, Status};
use mendel_store::QueueRecord;
use serde_json::{Value, json};

use super::{
    facts::{extra, find, id_of, set_extra, status_of, status_word},
    status::{Change, refusal_of_status, stand, told_status},
};
use crate::trains::{
    Answer, Object,
    call::Call,
    queue,
    refusal::Refusal,
    value::{flag, flag_or, needed, text, updated},
};

/// `tasks.enqueue`
pub(super) async fn enqueue_one(call: &Call) -> Answer {
    let mut answer = enqueue(call, needed(&call.data, "task")?, &call.data).await?;
    if flag(&call.data, "verify_watched_queue") {
        answer.insert("queue_watched".to_owned(), is_watched(call, &call.data).await?.into());
    }
    Ok(answer)
}

/// Puts a task into a queue.
pub(crate) async fn enqueue(call: &Call, id: &str, given: &Object) -> Answer {
    let run = find(call, id).await?;
    let queue = wanted_queue(call, given).await?;
    if queue.entries.iter().any(|(other, _)| *other == run.facts.id) {
        return Err(Refusal::bad(706, format!("Task already queued: task={id}"))
            .with("task", id)
            .with("queue", queue.id));
    }
    let wanted = Change::of(call);
    if !wanted.force && !matches!(run.status, Status::Draft | Status::Queued | Status::Stopped | Status::Failed) {
        return Err(refusal_of_status(&run, "queued"));
    }
    let now = (call.app.now)();
    let store = &call.app.store;
    store.leave_queue(None, run.facts.id).await?;
    let named = flag_or(given, "update_execution_queue", true);
    let (_, mut fields) = store
        .rewrite_run(run.facts.id, now, |run| {
            let before = status_word(run);
            if run.status != Status::Queued {
                set_extra(run, "enqueue_status", before);
            }
            let fields = stand(run, call, Status::Queued, &wanted)?;
            if named {
                set_extra(run, "queue", queue.id.as_str());
            }
            Ok::<_, Refusal>(fields)
        })
        .await?;
    store.enter_queue(&queue.id, run.facts.id, now).await?;
    fields.insert("execution.queue".to_owned(), queue.id.into());
    let mut answer = updated(1, fields);
    answer.insert("queued".to_owned(), 1.into());
    Ok(answer)
}

/// The queue that a request means; one that is named and missing is made.
async fn wanted_queue(call: &Call, given: &Object) -> Result<QueueRecord, Refusal> {
    match (text(given, "queue"), text(given, "queue_name")) {
        (Some(_), Some(_)) => Err(Refusal::invalid("either `queue` or `queue_name` may be given, and not both")),
        (Some(id), None) => queue::find(call, id).await,
        (None, Some(name)) => queue::ensure(call, name).await,
        (None, None) => queue::default(call).await,
    }
}

/// Whether a worker listens to the queue of a request.
pub(super) async fn is_watched(call: &Call, given: &Object) -> Result<bool, Refusal> {
    let queue = wanted_queue(call, given).await?;
    queue::is_watched(call, &queue.id).await
}

/// `tasks.dequeue`
pub(super) async fn dequeue_one(call: &Call) -> Answer {
    dequeue(call, needed(&call.data, "task")?).await
}

/// Takes a task out of its queue.
///
/// An agent asks for it with the status of a task that it started already; that task stays
/// in progress.
pub(super) async fn dequeue(call: &Call, id: &str) -> Answer {
    let run = find(call, id).await?;
    let now = (call.app.now)();
    let store = &call.app.store;
    let all = flag(&call.data, "remove_from_all_queues");
    let queue = extra(&run, "queue").and_then(Value::as_str).filter(|_| !all);
    let left = store.leave_queue(queue, run.facts.id).await?;
    if !matches!(run.status, Status::Queued | Status::Running) {
        let mut answer = updated(0, Object::new());
        answer.insert("dequeued".to_owned(), left.min(1).into());
        return Ok(answer);
    }
    let wanted = Change::of(call);
    let named = match text(&call.data, "new_status") {
        None => None,
        Some(word) => Some(
            status_of(word)
                .ok_or_else(|| Refusal::invalid(format!("`{word}` is not a status")).with("field", "new_status"))?,
        ),
    };
    let (_, mut fields) = store
        .rewrite_run(run.facts.id, now, |run| {
            set_extra(run, "queue", Value::Null);
            let fields = match (run.status, named) {
                (Status::Running, None | Some(Status::Running)) => {
                    run.updated = run.updated.max(now);
                    told_status(run, call)
                }
                (_, Some(named)) => stand(run, call, named, &Change { force: true, ..wanted.clone() })?,
                (_, None) => {
                    let before = status_before(run);
                    stand(run, call, before, &Change { force: true, ..wanted.clone() })?
                }
            };
            set_extra(run, "enqueue_status", Value::Null);
            Ok::<_, Refusal>(fields)
        })
        .await?;
    fields.insert("execution.queue".to_owned(), Value::Null);
    let mut answer = updated(1, fields);
    answer.insert("dequeued".to_owned(), 1.into());
    Ok(answer)
}

/// The status a task had before it was put into a queue.
pub(super) fn status_before(run: &Run) -> Status {
    let word = extra(run, "enqueue_status").and_then(Value::as_str);
    word.and_then(status_of).filter(|status| *status != Status::Queued).unwrap_or(Status::Draft)
}

/// Gives a task that lost its queue the status it had before.
pub(crate) async fn give_back(call: &Call, id: &str) -> Result<(), Refusal> {
    let now = (call.app.now)();
    let change = |run: &mut Run| {
        if run.status == Status::Queued {
            run.stand(status_before(run), "", "", now);
        }
        set_extra(run, "queue", Value::Null);
        set_extra(run, "enqueue_status", Value::Null);
        Ok::<_, Refusal>(json!(null))
    };
    call.app.store.rewrite_run(id_of(id)?, now, change).await?;
    Ok(())
}
