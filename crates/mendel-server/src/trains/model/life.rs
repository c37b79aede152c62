//! Models that are published, put away and deleted.

use mendel_model::{Model, ModelUse, Run, RunId};
use serde_json::{Value, json};

use super::find;
use crate::trains::{
    Answer, Object,
    call::Call,
    refusal::Refusal,
    task::{Change, publish},
    value::{flag, flag_or, many, needed, told},
};

/// `models.set_ready`
pub(super) async fn set_ready(call: &Call) -> Answer {
    let tasks = flag_or(&call.data, "publish_task", true);
    ready(call, needed(&call.data, "model")?, tasks).await
}

async fn ready(call: &Call, id: &str, tasks: bool) -> Answer {
    let model = find(call, id).await?;
    if model.record.published {
        return Err(Refusal::bad(203, format!("Model is already ready: model={id}")).with("model", id));
    }
    let mut answer = told(json!({"updated": 1}));
    if tasks && let Some(run) = run_of(call, &model).await? {
        let status = run.status;
        if status != mendel_model::Status::Published {
            let wanted = Change { force: flag(&call.data, "force_publish_task"), ..Change::default() };
            let told = publish(call, &model.task, &wanted, false).await?;
            answer.insert("published_task".to_owned(), json!({"id": model.task, "data": told}));
        }
    }
    mark_ready(call, id).await?;
    Ok(answer)
}

async fn mark_ready(call: &Call, id: &str) -> Result<(), Refusal> {
    let now = (call.app.now)();
    let change = |model: &mut Model| {
        model.record.published = true;
        model.updated = now;
        Ok::<_, Refusal>(())
    };
    call.app.store.rewrite_model(id, change).await?;
    Ok(())
}

async fn run_of(call: &Call, model: &Model) -> Result<Option<Run>, Refusal> {
    match model.task.parse() {
        Ok(id) => Ok(call.app.store.run(id).await?),
        Err(_) => Ok(None),
    }
}

/// Publishes the last model that a run made, unless it is published.
pub(in crate::trains) async fn publish_last(call: &Call, run: &Run) -> Result<(), Refusal> {
    let linked = call.app.store.linked_models(&[run.number]).await?;
    let last = linked.into_iter().rfind(|(_, record)| record.usage == ModelUse::Output);
    match last {
        Some((_, record)) => mark_ready(call, &record.id).await,
        None => Ok(()),
    }
}

/// `models.publish_many`
pub(super) async fn publish_many(call: &Call) -> Answer {
    let tasks = flag_or(&call.data, "publish_tasks", true);
    many(call, "", |id| async move { ready(call, &id, tasks).await }).await
}

/// `models.archive_many` and `models.unarchive_many`
pub(super) async fn archive_many(call: &Call, away: bool) -> Answer {
    let key = if away { "archived" } else { "unarchived" };
    many(call, key, |id| async move {
        let now = (call.app.now)();
        let change = |model: &mut Model| {
            model.system_tags.retain(|tag| tag != "archived");
            if away {
                model.system_tags.push("archived".to_owned());
            }
            model.system_tags.sort();
            model.updated = now;
            Ok::<_, Refusal>(Object::new())
        };
        call.app.store.rewrite_model(&id, change).await?.ok_or_else(|| Refusal::no_model(&id))
    })
    .await
}

/// `models.delete`
pub(super) async fn delete_one(call: &Call) -> Answer {
    delete(call, needed(&call.data, "model")?.to_owned()).await
}

/// `models.delete_many`
pub(super) async fn delete_many(call: &Call) -> Answer {
    many(call, "", |id| delete(call, id)).await
}

async fn delete(call: &Call, id: String) -> Answer {
    let model = find(call, &id).await?;
    if !flag(&call.data, "force") {
        if model.record.published {
            return Err(Refusal::bad(203, format!("Model is already ready: model={id}")).with("model", id));
        }
        let users = call.app.store.users_of_model(&id).await?;
        let readers: Vec<RunId> =
            users.iter().filter(|(_, usage)| *usage == ModelUse::Input).map(|(run, _)| *run).collect();
        if !readers.is_empty() {
            return Err(Refusal::bad(205, "Model is used by tasks").with("tasks", json!(readers)));
        }
        if let Some(run) = run_of(call, &model).await?.filter(|run| run.status == mendel_model::Status::Published) {
            return Err(Refusal::bad(206, "Model creating task exists").with("task", run.facts.id.to_string()));
        }
    }
    let deleted = call.app.store.remove_model(&id).await?;
    Ok(told(json!({"deleted": deleted, "url": model.record.uri})))
}

/// Deletes the models of a run that is reset or goes, as far as nobody else reads them; the
/// others lose their maker. Tells how many were deleted.
pub(in crate::trains) async fn discard(
    call: &Call,
    run: RunId,
    models: Vec<Model>,
    force: bool,
) -> Result<usize, Refusal> {
    let mut deleted = 0;
    for model in models {
        let id = &model.record.id;
        let users = call.app.store.users_of_model(id).await?;
        let read = users.iter().any(|(other, usage)| *usage == ModelUse::Input && *other != run);
        if read || (model.record.published && !force) {
            orphan(call, id).await?;
        } else {
            call.app.store.remove_model(id).await?;
            deleted += 1;
        }
    }
    Ok(deleted)
}

async fn orphan(call: &Call, id: &str) -> Result<(), Refusal> {
    let change = |model: &mut Model| {
        model.task.clear();
        Ok::<_, Refusal>(())
    };
    call.app.store.rewrite_model(id, change).await?;
    Ok(())
}

/// Lets the models that a run made forget it.
pub(in crate::trains) async fn forget_task(call: &Call, run: RunId) -> Result<(), Refusal> {
    let id = run.to_string();
    for model in call.app.store.registered_models(None).await?.iter().filter(|model| model.task == id) {
        let gone = |model: &mut Model| {
            model.task = format!("__DELETED__{id}");
            Ok::<_, Refusal>(Value::Null)
        };
        call.app.store.rewrite_model(&model.record.id, gone).await?;
    }
    Ok(())
}
