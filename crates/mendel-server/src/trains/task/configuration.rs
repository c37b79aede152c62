//! Configuration objects of tasks.

use mendel_model::{Run, Status};
use serde_json::{Value, json};

use super::{
    apply,
    edit::{refuse_status, task_id},
    facts::find_all,
    told::configuration_item,
};
use crate::trains::{
    Answer, Object,
    call::Call,
    refusal::Refusal,
    value::{flag, flag_or, items, text, texts, told},
};

/// The names of configuration objects of a run.
const PREFIX: &str = "configuration/";

fn allowed(force: bool) -> &'static [Status] {
    if force { &[Status::Draft, Status::Running] } else { &[Status::Draft] }
}

/// `tasks.edit_configuration`
pub(super) async fn edit(call: &Call) -> Answer {
    let mut given: Vec<(&str, &Object)> = Vec::new();
    for item in items(&call.data, "configuration").iter().filter_map(Value::as_object) {
        given.push((text(item, "name").ok_or_else(|| Refusal::missing(&["name"]))?, item));
    }
    if given.is_empty() {
        return Err(Refusal::invalid("`configuration` is empty").with("field", "configuration"));
    }
    let (now, force) = ((call.app.now)(), flag(&call.data, "force"));
    let change = |run: &mut Run| {
        refuse_status(run, allowed(force), false)?;
        if flag(&call.data, "replace_configuration") {
            run.facts.documents.retain(|name, _| !name.starts_with(PREFIX));
        }
        for (name, item) in &given {
            apply::configuration_item(run, name, item);
        }
        run.updated = run.updated.max(now);
        Ok::<_, Refusal>(())
    };
    call.app.store.rewrite_run(task_id(call)?, now, change).await?;
    Ok(told(json!({"updated": 1})))
}

/// `tasks.delete_configuration`
pub(super) async fn delete(call: &Call) -> Answer {
    let names = texts(&call.data, "configuration").unwrap_or_default();
    let (now, force) = ((call.app.now)(), flag(&call.data, "force"));
    let change = |run: &mut Run| {
        refuse_status(run, allowed(force), false)?;
        let gone = names.iter().filter(|name| run.facts.documents.remove(&format!("{PREFIX}{name}")).is_some());
        let gone = gone.count();
        run.updated = run.updated.max(now);
        Ok::<_, Refusal>(gone)
    };
    let (_, deleted) = call.app.store.rewrite_run(task_id(call)?, now, change).await?;
    Ok(told(json!({"deleted": deleted})))
}

/// `tasks.get_configurations`
pub(super) async fn get(call: &Call) -> Answer {
    let ids = texts(&call.data, "tasks").unwrap_or_default();
    let names = texts(&call.data, "names").filter(|names| !names.is_empty());
    let told_of = |run: &Run| {
        let own = run.facts.documents.iter().filter_map(|(key, body)| {
            let name = key.strip_prefix(PREFIX)?;
            let wanted = names.as_ref().is_none_or(|names| names.iter().any(|one| one == name));
            Some(configuration_item(name, body.as_object()?)).filter(|_| wanted)
        });
        json!({"task": run.facts.id, "configuration": own.collect::<Vec<_>>()})
    };
    let runs = find_all(call, &ids).await?;
    Ok(told(json!({"configurations": runs.iter().map(told_of).collect::<Vec<_>>()})))
}

/// `tasks.get_configuration_names`
pub(super) async fn names(call: &Call) -> Answer {
    let ids = texts(&call.data, "tasks").unwrap_or_default();
    let skip = flag_or(&call.data, "skip_empty", true);
    let told_of = |run: &Run| {
        let own = run.facts.documents.iter().filter_map(|(key, body)| {
            let empty = body.get("text").and_then(Value::as_str).unwrap_or_default().is_empty();
            key.strip_prefix(PREFIX).filter(|_| !(skip && empty))
        });
        json!({"task": run.facts.id, "names": own.collect::<Vec<_>>()})
    };
    let runs = find_all(call, &ids).await?;
    Ok(told(json!({"configurations": runs.iter().map(told_of).collect::<Vec<_>>()})))
}
