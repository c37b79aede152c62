//! `tasks.clone`: a draft with the inputs of another task, and none of its outputs.

use mendel_model::{ArtifactMode, ModelUse, NewRun, Run, RunId, TaskKind};
use serde_json::{Value, json};

use super::{apply, create, facts, linked};
use crate::trains::{
    Answer, Object,
    call::Call,
    directory::Directory,
    refusal::Refusal,
    time::new_id,
    value::{name, needed, object, tags, text, told},
};

/// `tasks.clone`
pub(super) async fn clone(call: &Call) -> Answer {
    let source = facts::find(call, needed(&call.data, "task")?).await?;
    let (id, project) = clone_into(call, &source, &call.data).await?;
    let mut answer = told(json!({"id": id}));
    if let Some(project) = project {
        answer.insert("new_project".to_owned(), project);
    }
    Ok(answer)
}

/// Makes a clone; tells its id and the project that was made for it.
pub(crate) async fn clone_into(call: &Call, source: &Run, given: &Object) -> Result<(RunId, Option<Value>), Refusal> {
    let directory = Directory::read(call).await?;
    let now = (call.app.now)();
    let (mut project, mut made) = (source.facts.project.clone(), None);
    if let Some(id) = text(given, "new_task_project") {
        project = directory.name_of(id)?.to_owned();
    } else if let Some(wanted) = text(given, "new_project_name") {
        let record = crate::trains::project::ensure(call, &name(wanted)?).await?;
        project.clone_from(&record.project.name);
        if directory.by_id(&record.id).is_none() {
            made = Some(json!({"id": record.id, "name": record.project.name}));
        }
    }
    let parent =
        given.get("new_task_parent").cloned().map_or_else(Object::new, |parent| told(json!({"parent": parent})));
    let (parent, lost) = create::parent(call, &parent).await?;
    let parent = match (parent, &lost) {
        (None, None) => source.facts.parent.or(Some(source.facts.id)),
        (parent, _) => parent,
    };
    let id: RunId = new_id().parse().map_err(|_| Refusal::new(500, 0, "an id could not be made"))?;
    let run = NewRun {
        id,
        name: text(given, "new_task_name").map_or_else(|| Ok(source.facts.name.clone()), name)?,
        project,
        kind: TaskKind::Manual,
        user: call.who.name.clone(),
        created: now,
        comment: text(given, "new_task_comment").unwrap_or(&source.facts.comment).to_owned(),
        tags: tags(given, "new_task_tags")?.unwrap_or_else(|| source.facts.tags.clone()),
        parent,
        reasons: Vec::new(),
        owner: None,
        ..source.facts.clone()
    };
    let system = tags(given, "new_task_system_tags")?;
    let store = &call.app.store;
    store.create_runs(std::slice::from_ref(&run), None, now).await?;
    let rewritten = store.rewrite_run(id, now, |run| {
        let kept = facts::system_tags(source).into_iter().filter(|tag| tag != "development" && tag != facts::ARCHIVED);
        facts::set_system_tags(run, system.unwrap_or_else(|| kept.collect()));
        for key in ["trains", "runtime"] {
            run.facts.documents.remove(key);
        }
        if let Some(lost) = lost {
            facts::set_extra(run, "parent", lost);
        }
        for key in ["result", "error"] {
            if let Some(Value::Object(output)) = run.facts.documents.get_mut("output") {
                output.remove(key);
            }
        }
        replace_parts(run, given)
    });
    if let Err(refusal) = rewritten.await {
        store.delete_run(id).await?;
        return Err(refusal);
    }
    copy_inputs(call, source, id, given).await?;
    Ok((id, made))
}

fn replace_parts(run: &mut Run, given: &Object) -> Result<(), Refusal> {
    if let Some(sections) = object(given, "new_task_hyperparams") {
        apply::hyperparams(run, sections);
    }
    if let Some(items) = object(given, "new_task_configuration") {
        apply::configuration(run, items);
    }
    if let Some(container) = object(given, "new_task_container") {
        apply::container(run, container);
    }
    if let Some(execution) = object(given, "execution_overrides") {
        apply::execution(run, execution)?;
    }
    Ok(())
}

/// Gives a clone what was given to its source.
async fn copy_inputs(call: &Call, source: &Run, id: RunId, given: &Object) -> Result<(), Refusal> {
    let store = &call.app.store;
    let artifacts = store.artifacts(source.facts.id).await?;
    let inputs: Vec<_> = artifacts.into_iter().filter(|artifact| artifact.mode == ArtifactMode::Input).collect();
    store.add_artifacts(id, &inputs).await?;
    if let Some(models) = given.get("new_task_input_models").filter(|models| models.is_array()) {
        return linked::replace(call, id, &told(json!({"input": models}))).await;
    }
    for (_, record) in store.linked_models(&[source.number]).await? {
        if record.usage == ModelUse::Input {
            store.link_model(id, &record).await?;
        }
    }
    Ok(())
}
