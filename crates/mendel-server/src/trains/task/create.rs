//! `tasks.create` and `tasks.validate`

use mendel_model::{NewRun, RunId, TaskKind, TaskType};
use serde_json::json;

use super::{apply, artifact, facts, legacy, linked};
use crate::trains::{
    Answer, Object,
    call::Call,
    directory::Directory,
    refusal::Refusal,
    time::new_id,
    value::{name, needed, object, tags, text, told},
};

/// Makes a task from a request.
pub(crate) async fn create(call: &Call, given: &Object) -> Answer {
    let given = legacy::modern(call.level, given);
    let directory = Directory::read(call).await?;
    let checked = check(call, &directory, &given).await?;
    let now = (call.app.now)();
    let id: RunId = new_id().parse().map_err(|_| Refusal::new(500, 0, "an id could not be made"))?;
    let run = NewRun {
        id,
        name: checked.name,
        project: checked.project,
        kind: TaskKind::Manual,
        purpose: checked.purpose,
        user: call.who.name.clone(),
        created: now,
        params: Vec::new(),
        tags: tags(&given, "tags")?.unwrap_or_default(),
        comment: text(&given, "comment").unwrap_or_default().to_owned(),
        parent: checked.parent,
        script: Default::default(),
        snapshot: None,
        identity: None,
        code: None,
        environment: None,
        reasons: Vec::new(),
        documents: Object::new(),
        owner: None,
    };
    let store = &call.app.store;
    store.create_runs(std::slice::from_ref(&run), None, now).await?;
    let filled = store
        .rewrite_run(id, now, |run| {
            if text(&given, "project").is_none() {
                facts::set_extra(run, "rootless", true);
            }
            if let Some(marks) = tags(&given, "system_tags")? {
                facts::set_system_tags(run, marks);
            }
            if let Some(lost) = checked.lost_parent {
                facts::set_extra(run, "parent", lost);
            }
            if let Some(destination) = text(&given, "output_dest") {
                apply::destination(run, Some(destination));
            }
            parts(run, &given)
        })
        .await;
    let made = match filled {
        Ok(_) => further(call, id, &given).await,
        Err(refusal) => Err(refusal),
    };
    if let Err(refusal) = made {
        // A task that could not be filled is none.
        store.delete_run(id).await?;
        return Err(refusal);
    }
    Ok(told(json!({"id": id})))
}

/// The parts of a task that lie in the run itself.
pub(super) fn parts(run: &mut mendel_model::Run, given: &Object) -> Result<(), Refusal> {
    if let Some(script) = object(given, "script").filter(|script| !script.is_empty()) {
        apply::script(run, script);
    }
    if let Some(execution) = object(given, "execution") {
        apply::execution(run, execution)?;
    }
    if let Some(output) = object(given, "output") {
        apply::output(run, output);
    }
    if let Some(sections) = object(given, "hyperparams") {
        apply::hyperparams(run, sections);
    }
    if let Some(items) = object(given, "configuration") {
        apply::configuration(run, items);
    }
    if let Some(container) = object(given, "container") {
        apply::container(run, container);
    }
    if let Some(runtime) = object(given, "runtime") {
        apply::set_document(run, "runtime", runtime.clone());
    }
    Ok(())
}

/// The parts of a task that lie beside the run.
pub(super) async fn further(call: &Call, id: RunId, given: &Object) -> Result<(), Refusal> {
    if let Some(artifacts) = object(given, "execution").and_then(|execution| execution.get("artifacts")) {
        artifact::replace(call, id, artifacts).await?;
    }
    if let Some(models) = object(given, "models") {
        linked::replace(call, id, models).await?;
    }
    Ok(())
}

/// `tasks.validate`: the same checks, and nothing kept.
pub(super) async fn validate(call: &Call) -> Answer {
    let given = legacy::modern(call.level, &call.data);
    check(call, &Directory::read(call).await?, &given).await?;
    Ok(Object::new())
}

/// What was found out about a task that is to be.
struct Checked {
    name: String,
    project: String,
    purpose: TaskType,
    parent: Option<RunId>,
    lost_parent: Option<String>,
}

async fn check(call: &Call, directory: &Directory, given: &Object) -> Result<Checked, Refusal> {
    let name = name(needed(given, "name")?)?;
    let purpose = apply::purpose(needed(given, "type")?)?;
    tags(given, "tags")?;
    tags(given, "system_tags")?;
    let project = match text(given, "project") {
        Some(id) => directory.name_of(id)?.to_owned(),
        None => ROOT.to_owned(),
    };
    let (parent, lost_parent) = parent(call, given).await?;
    linked::check_inputs(call, given).await?;
    Ok(Checked { name, project, purpose, parent, lost_parent })
}

/// The parent of a request: a task that is there, or one that was and is remembered.
pub(super) async fn parent(call: &Call, given: &Object) -> Result<(Option<RunId>, Option<String>), Refusal> {
    match text(given, "parent") {
        None => Ok((None, None)),
        Some(lost) if lost.starts_with("__DELETED__") => Ok((None, Some(lost.to_owned()))),
        Some(id) => Ok((Some(facts::find(call, id).await?.facts.id), None)),
    }
}

/// The project of tasks that are in none: every run has one.
pub(crate) const ROOT: &str = "default";
