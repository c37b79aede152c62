//! Pipelines: controllers that are cloned and put into a queue.

use mendel_model::Run;
use serde_json::{Value, json};

use super::{
    Answer, Object,
    call::Call,
    refusal::Refusal,
    task::{self, clone_into, delete, enqueue, find},
    value::{flag, items, many, needed, text, told},
};

/// Answers an endpoint of `pipelines`.
pub(super) async fn answer(call: &Call, action: &str) -> Option<Answer> {
    Some(match action {
        "start_pipeline" => start(call).await,
        "delete_runs" => delete_runs(call).await,
        _ => return None,
    })
}

/// `pipelines.start_pipeline`
async fn start(call: &Call) -> Answer {
    let source = find(call, needed(&call.data, "task")?).await?;
    let mut given: Object = told(json!({"new_task_name": source.facts.name}));
    let mut sections = told(task::told::hyperparams(&source.facts.params));
    for item in items(&call.data, "args").iter().filter_map(Value::as_object) {
        let name = text(item, "name").ok_or_else(|| Refusal::missing(&["name"]))?;
        let place = sections.entry("Args").or_insert_with(|| json!({}));
        if let Value::Object(place) = place {
            let value = item.get("value").cloned().unwrap_or_default();
            place.insert(name.to_owned(), json!({"section": "Args", "name": name, "value": value}));
        }
    }
    given.insert("new_task_hyperparams".to_owned(), sections.into());
    let (id, _) = clone_into(call, &source, &given).await?;
    let id = id.to_string();
    let mut answer = told(json!({"pipeline": id, "enqueued": false}));
    if text(&call.data, "queue").is_some() {
        enqueue(call, &id, &call.data).await?;
        answer.insert("enqueued".to_owned(), true.into());
        if flag(&call.data, "verify_watched_queue") {
            let queue = needed(&call.data, "queue")?;
            answer.insert("queue_watched".to_owned(), super::queue::is_watched(call, queue).await?.into());
        }
    }
    Ok(answer)
}

/// `pipelines.delete_runs`: one run at least stays.
async fn delete_runs(call: &Call) -> Answer {
    let project = needed(&call.data, "project")?;
    let directory = super::directory::Directory::read(call).await?;
    let name = directory.name_of(project)?.to_owned();
    let scan = mendel_store::RunScan { projects: Some(vec![name]), ..Default::default() };
    let runs: Vec<Run> = call.app.store.scan_runs(&scan).await?;
    let ids = super::value::texts(&call.data, "ids").unwrap_or_default();
    if !runs.is_empty() && runs.iter().all(|run| ids.contains(&run.facts.id.to_string())) {
        return Err(Refusal::bad(160, "Cannot remove all runs of a pipeline; one must stay").with("project", project));
    }
    many(call, "", |id| async move { delete(call, &id, true).await }).await
}
