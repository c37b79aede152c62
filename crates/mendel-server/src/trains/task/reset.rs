//! `tasks.reset`: back to a draft, and what the task made is forgotten.

use mendel_model::{Run, Status};
use serde_json::{Value, json};

use super::{
    apply,
    facts::{self, find, refuse_public, set_extra},
    status::{Change, told_status},
};
use crate::trains::{
    Answer, Object,
    call::Call,
    model,
    refusal::Refusal,
    value::{flag, flag_or, needed, told, updated},
};

/// `tasks.reset`
pub(super) async fn reset(call: &Call) -> Answer {
    reset_task(call, needed(&call.data, "task")?).await
}

pub(super) async fn reset_task(call: &Call, id: &str) -> Answer {
    let wanted = Change::of(call);
    let run = find(call, id).await?;
    if run.status == Status::Published && !wanted.force {
        return Err(super::refusal_of_status(&run, "created"));
    }
    let models = model::made_by(call, &run).await?;
    if !wanted.force && models.iter().any(|model| model.record.published) {
        return Err(Refusal::bad(123, "Task cannot be deleted: it has published models").with("id", id));
    }
    let urls = urls(call, &run, &models).await?;
    let now = (call.app.now)();
    let dequeued = call.app.store.leave_queue(None, run.facts.id).await?;
    let clear = flag(&call.data, "clear_all");
    let (_, fields) = call
        .app
        .store
        .empty_run(run.facts.id, now, |run| {
            refuse_public(run)?;
            run.stand(Status::Draft, "reset", "reset", now);
            forget(run, clear);
            let mut fields = told_status(run, call);
            fields.insert("last_iteration".to_owned(), 0.into());
            Ok::<_, Refusal>(fields)
        })
        .await?;
    call.app.touched.add(run.facts.id, 0);
    let mut deleted = 0;
    if flag_or(&call.data, "delete_output_models", true) {
        deleted = model::discard(call, run.facts.id, models, wanted.force).await?;
    }
    let mut answer = updated(1, fields);
    answer.insert("dequeued".to_owned(), json!({"removed": dequeued}));
    answer.insert("deleted_models".to_owned(), deleted.into());
    if flag(&call.data, "return_file_urls") {
        answer.insert("urls".to_owned(), urls.into());
    }
    Ok(answer)
}

/// Takes out of a run what only its last execution knew.
fn forget(run: &mut Run, clear: bool) {
    (run.started, run.ended, run.last_iteration, run.tainted) = (None, None, 0, false);
    run.facts.owner = None;
    run.facts.documents.remove("runtime");
    for key in ["closed", "published", "last_worker", "last_worker_report", "queue", "enqueue_status"] {
        set_extra(run, key, Value::Null);
    }
    let destination = facts::document(run, "output").and_then(|output| output.get("destination")).cloned();
    apply::set_document(
        run,
        "output",
        destination.map_or_else(Object::new, |value| told(json!({"destination": value}))),
    );
    if clear {
        apply::clear_script(run);
        for key in ["execution", "labels"] {
            run.facts.documents.remove(key);
        }
        run.facts.params.clear();
        run.facts.documents.retain(|name, _| !name.starts_with("configuration/"));
    }
}

/// The addresses of the files that belong to a task.
pub(super) async fn urls(call: &Call, run: &Run, models: &[mendel_model::Model]) -> Result<Object, Refusal> {
    if !flag(&call.data, "return_file_urls") {
        return Ok(Object::new());
    }
    let artifacts = call.app.store.artifacts(run.facts.id).await?;
    let events = call.app.store.events(run.facts.id, &mendel_store::EventQuery::default()).await?;
    let artifact_urls: Vec<&String> = artifacts.iter().filter_map(|artifact| artifact.uri.as_ref()).collect();
    let model_urls: Vec<&String> = models.iter().map(|model| &model.record.uri).filter(|uri| !uri.is_empty()).collect();
    let event_urls: Vec<&Value> = events.iter().filter_map(|event| event.body.get("url")).collect();
    Ok(told(json!({"model_urls": model_urls, "artifact_urls": artifact_urls, "event_urls": event_urls})))
}
