//! The models that a task names: those it reads and those it made.

use mendel_model::{Model, ModelRecord, ModelUse, RunId, Status};
use serde_json::{Value, json};

use super::{edit::refuse_status, facts::find};
use crate::trains::{
    Answer, Object,
    call::Call,
    model,
    refusal::Refusal,
    value::{int, items, needed, object, text, told},
};

fn side(word: &str) -> ModelUse {
    if word == "input" { ModelUse::Input } else { ModelUse::Output }
}

/// What a task remembers of a model that it names.
pub(crate) fn record(model: &Model, name: &str, usage: ModelUse, call: &Call) -> ModelRecord {
    ModelRecord { name: name.to_owned(), usage, time: (call.app.now)(), ..model.record.clone() }
}

/// `tasks.add_or_update_model`
pub(super) async fn add(call: &Call) -> Answer {
    let run = find(call, needed(&call.data, "task")?).await?;
    refuse_status(&run, &[Status::Draft, Status::Running], false)?;
    let model = model::find(call, needed(&call.data, "model")?).await?;
    let record = record(&model, needed(&call.data, "name")?, side(needed(&call.data, "type")?), call);
    call.app.store.link_model(run.facts.id, &record).await?;
    let now = (call.app.now)();
    let iteration = int(&call.data, "iteration");
    let change = |run: &mut mendel_model::Run| {
        run.updated = run.updated.max(now);
        run.last_iteration = run.last_iteration.max(iteration.unwrap_or(run.last_iteration));
        Ok::<_, Refusal>(())
    };
    call.app.store.rewrite_run(run.facts.id, now, change).await?;
    Ok(told(json!({"updated": 1})))
}

/// `tasks.delete_models`
pub(super) async fn delete(call: &Call) -> Answer {
    let run = find(call, needed(&call.data, "task")?).await?;
    refuse_status(&run, &[Status::Draft, Status::Running], false)?;
    let mut named = Vec::new();
    for item in items(&call.data, "models").iter().filter_map(Value::as_object) {
        let name = text(item, "name").ok_or_else(|| Refusal::missing(&["name"]))?;
        let word = text(item, "type").ok_or_else(|| Refusal::missing(&["type"]))?;
        named.push((name.to_owned(), side(word)));
    }
    let removed = call.app.store.unlink_models(run.facts.id, &named).await?;
    Ok(told(json!({"updated": removed.min(1)})))
}

/// Refuses input models that are not there.
pub(super) async fn check_inputs(call: &Call, given: &Object) -> Result<(), Refusal> {
    let models = object(given, "models").map(|models| items(models, "input")).unwrap_or_default();
    for id in models.iter().filter_map(|item| item.get("model")).filter_map(Value::as_str) {
        model::find(call, id).await?;
    }
    Ok(())
}

/// Makes the models of a task those of a request, a side at a time.
pub(super) async fn replace(call: &Call, id: RunId, given: &Object) -> Result<(), Refusal> {
    let store = &call.app.store;
    let run = store.run(id).await?.ok_or_else(|| Refusal::no_task(&id.to_string()))?;
    let there = store.linked_models(&[run.number]).await?;
    for word in ["input", "output"] {
        let Some(wanted) = given.get(word).and_then(Value::as_array) else { continue };
        let usage = side(word);
        let named: Vec<&str> = wanted.iter().filter_map(|item| item.get("name")).filter_map(Value::as_str).collect();
        let gone: Vec<_> = there
            .iter()
            .filter(|(_, record)| record.usage == usage && !named.contains(&record.name.as_str()))
            .map(|(_, record)| (record.name.clone(), usage))
            .collect();
        store.unlink_models(id, &gone).await?;
        for item in wanted.iter().filter_map(Value::as_object) {
            let Some(model_id) = text(item, "model") else { continue };
            // A model that a task made may be gone; the task then names it no longer.
            let Some(model) = store.registered_models(Some(&[model_id.to_owned()])).await?.pop() else { continue };
            let name = text(item, "name").unwrap_or(&model.record.name);
            store.link_model(id, &record(&model, name, usage, call)).await?;
        }
    }
    Ok(())
}
