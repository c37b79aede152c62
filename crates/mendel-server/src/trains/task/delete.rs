//! `tasks.delete`: a task that is a draft or was put away goes with all it made.

use mendel_model::{Run, Status};
use mendel_store::RunScan;
use serde_json::{Value, json};

use super::{
    facts::{find, refuse_public, set_extra},
    reset::urls,
};
use crate::trains::{
    Answer,
    call::Call,
    model,
    refusal::Refusal,
    value::{flag, flag_or, needed, told},
};

/// `tasks.delete`
pub(super) async fn delete_one(call: &Call) -> Answer {
    delete(call, needed(&call.data, "task")?, flag(&call.data, "force")).await
}

/// Deletes a task; its children remember that they had it.
pub(crate) async fn delete(call: &Call, id: &str, force: bool) -> Answer {
    let run = find(call, id).await?;
    refuse_public(&run)?;
    let store = &call.app.store;
    let cannot = |why: &str| Refusal::bad(123, format!("Task cannot be deleted ({why})")).with("id", id);
    if !force && run.status != Status::Draft && !run.archived {
        return Err(cannot("it is neither a draft nor archived").with("status", super::status_word(&run)));
    }
    let children =
        store.scan_runs(&RunScan { parents: Some(vec![run.facts.id]), facts: true, ..RunScan::default() }).await?;
    if !force && children.iter().any(|child| child.status == Status::Published) {
        return Err(cannot("it has published children"));
    }
    let models = model::made_by(call, &run).await?;
    if !force && models.iter().any(|model| model.record.published) {
        return Err(cannot("it has published models"));
    }
    if flag(&call.data, "include_pipeline_steps") {
        for step in &children {
            Box::pin(delete(call, &step.facts.id.to_string(), true)).await?;
        }
    }
    let urls = urls(call, &run, &models).await?;
    let now = (call.app.now)();
    for child in &children {
        let orphan = |child: &mut Run| {
            child.facts.parent = None;
            set_extra(child, "parent", format!("__DELETED__{id}"));
            Ok::<_, Refusal>(())
        };
        match store.rewrite_run(child.facts.id, now, orphan).await {
            Ok(_) | Err(Refusal { subcode: 101, .. }) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    let count = models.len();
    let deleted = match flag_or(&call.data, "delete_output_models", true) {
        true => model::discard(call, run.facts.id, models, force).await?,
        false => 0,
    };
    model::forget_task(call, run.facts.id).await?;
    store.leave_queue(None, run.facts.id).await?;
    let gone = store.delete_run(run.facts.id).await?;
    let mut answer = told(json!({
        "deleted": gone,
        "updated_children": children.len(),
        "updated_models": count - deleted.min(count),
        "deleted_models": deleted,
    }));
    if flag(&call.data, "return_file_urls") {
        answer.insert("urls".to_owned(), Value::Object(urls));
    }
    Ok(answer)
}
