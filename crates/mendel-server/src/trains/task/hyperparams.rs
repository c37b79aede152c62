//! Parameters of tasks as items of sections.

use mendel_model::{Run, Status};
use serde_json::{Value, json};

use super::{
    apply,
    edit::{refuse_status, task_id},
    facts::find_all,
    told::parameter,
};
use crate::trains::{
    Answer, Object,
    call::Call,
    refusal::Refusal,
    value::{flag, items, text, texts, told},
};

/// The section that may be edited in every status.
const PROPERTIES: &str = "properties";

/// A section as it is kept.
fn section_of(item: &Object) -> Result<String, Refusal> {
    let section = text(item, "section").ok_or_else(|| Refusal::missing(&["section"]))?;
    Ok(match section.eq_ignore_ascii_case(PROPERTIES) {
        true => PROPERTIES.to_owned(),
        false => section.to_owned(),
    })
}

/// Refuses a change of parameters that is more than one of properties, unless the task is a
/// draft, or with `force` in progress.
fn refuse_late(run: &Run, properties: bool, force: bool) -> Result<(), Refusal> {
    if properties {
        return super::facts::refuse_public(run);
    }
    let allowed: &[Status] = if force { &[Status::Draft, Status::Running] } else { &[Status::Draft] };
    refuse_status(run, allowed, false)
}

/// `tasks.edit_hyper_params`
pub(super) async fn edit(call: &Call) -> Answer {
    let mut given = Vec::new();
    for item in items(&call.data, "hyperparams").iter().filter_map(Value::as_object) {
        let name = text(item, "name").ok_or_else(|| Refusal::missing(&["name"]))?;
        given.push((section_of(item)?, name.to_owned(), item));
    }
    if given.is_empty() {
        return Err(Refusal::invalid("`hyperparams` is empty").with("field", "hyperparams"));
    }
    let replace = text(&call.data, "replace_hyperparams").unwrap_or("none");
    let properties = given.iter().all(|(section, ..)| section == PROPERTIES) && replace != "all";
    let now = (call.app.now)();
    let force = flag(&call.data, "force");
    let change = |run: &mut Run| {
        refuse_late(run, properties, force)?;
        let old = run.clone();
        match replace {
            "all" => run.facts.params.clear(),
            "section" => run.facts.params.retain(|param| {
                let own = if param.section.is_empty() { "General" } else { &param.section };
                !given.iter().any(|(section, ..)| section == own)
            }),
            _ => {}
        }
        for (section, name, item) in &given {
            let param = apply::parameter(&old, section, name, item);
            apply::set_parameter(run, param);
        }
        if !properties {
            run.updated = run.updated.max(now);
        }
        Ok::<_, Refusal>(())
    };
    call.app.store.rewrite_run(task_id(call)?, now, change).await?;
    Ok(told(json!({"updated": 1})))
}

/// `tasks.delete_hyper_params`
pub(super) async fn delete(call: &Call) -> Answer {
    let mut given: Vec<(String, Option<String>)> = Vec::new();
    for item in items(&call.data, "hyperparams").iter().filter_map(Value::as_object) {
        given.push((section_of(item)?, text(item, "name").map(str::to_owned)));
    }
    for (section, _) in given.iter().filter(|(_, name)| name.is_none()) {
        if given.iter().any(|(other, name)| other == section && name.is_some()) {
            let message = "Conflicting fields (a section is named with and without a name)";
            return Err(Refusal::bad(15, message).with("section", section.as_str()));
        }
    }
    let properties = given.iter().all(|(section, _)| section == PROPERTIES);
    let now = (call.app.now)();
    let force = flag(&call.data, "force");
    let change = |run: &mut Run| {
        refuse_late(run, properties, force)?;
        let before = run.facts.params.len();
        run.facts.params.retain(|param| {
            let own = if param.section.is_empty() { "General" } else { &param.section };
            !given.iter().any(|(section, name)| section == own && name.as_ref().is_none_or(|name| *name == param.name))
        });
        if !properties {
            run.updated = run.updated.max(now);
        }
        Ok::<_, Refusal>(before - run.facts.params.len())
    };
    let (_, deleted) = call.app.store.rewrite_run(task_id(call)?, now, change).await?;
    Ok(told(json!({"deleted": deleted})))
}

/// `tasks.get_hyper_params`
pub(super) async fn get(call: &Call) -> Answer {
    let ids = texts(&call.data, "tasks").unwrap_or_default();
    let runs = find_all(call, &ids).await?;
    let told_of = |run: &Run| {
        let mut params: Vec<Object> = run.facts.params.iter().map(parameter).collect();
        let key = |item: &Object| ["section", "name"].map(|key| text(item, key).unwrap_or_default().to_owned());
        params.sort_by_key(key);
        json!({"task": run.facts.id, "hyperparams": params})
    };
    Ok(told(json!({"params": runs.iter().map(told_of).collect::<Vec<_>>()})))
}
