//! `tasks.edit`, `tasks.update` and the smaller changes of a task.

use mendel_model::{Run, RunId, Status, Timestamp};
use serde_json::{Value, json};

use super::{
    apply, create,
    facts::{self, find, id_of, refuse_public, set_extra},
    legacy, linked,
};
use crate::trains::{
    Answer, Object,
    call::Call,
    directory::Directory,
    refusal::Refusal,
    time::{self, iso},
    value::{flag, name, needed, object, tags, text, texts, told, updated},
};

/// Fields that may be edited in any status.
const EDITABLE: [&str; 7] = ["name", "tags", "system_tags", "comment", "project", "created", "status_message"];

/// Refuses a change that only a draft takes.
pub(crate) fn refuse_status(run: &Run, allowed: &[Status], force: bool) -> Result<(), Refusal> {
    refuse_public(run)?;
    match force || allowed.contains(&run.status) {
        true => Ok(()),
        false => {
            let status = facts::status_word(run);
            Err(Refusal::bad(110, format!("Invalid task status: expected={}, status={status}", words(allowed)))
                .with("status", status)
                .with("current_status", status)
                .with("id", run.facts.id.to_string()))
        }
    }
}

fn words(statuses: &[Status]) -> String {
    statuses.iter().map(|status| facts::word_of(*status)).collect::<Vec<_>>().join(" or ")
}

/// `tasks.edit`
pub(super) async fn edit(call: &Call) -> Answer {
    edit_document(call, needed(&call.data, "task")?, &call.data, flag(&call.data, "force")).await
}

/// Edits a draft: plain fields are replaced, some objects merged.
pub(crate) async fn edit_document(call: &Call, id: &str, given: &Object, force: bool) -> Answer {
    let given = legacy::modern(call.level, given);
    let directory = Directory::read(call).await?;
    let now = (call.app.now)();
    let run = find(call, id).await?;
    refuse_status(&run, &[Status::Draft], force)?;
    let (parent, lost) = create::parent(call, &given).await?;
    linked::check_inputs(call, &given).await?;
    let (run, fields) = call
        .app
        .store
        .rewrite_run(run.facts.id, now, |run| {
            refuse_status(run, &[Status::Draft], force)?;
            let mut fields = plain_fields(run, &directory, &given)?;
            if given.get("parent").is_some() {
                run.facts.parent = parent;
                set_extra(run, "parent", lost.clone().map_or(Value::Null, Value::from));
                fields.insert("parent".to_owned(), given["parent"].clone());
            }
            if let Some(word) = text(&given, "type") {
                run.facts.purpose = apply::purpose(word)?;
                fields.insert("type".to_owned(), word.into());
            }
            if let Some(destination) = given.get("output_dest") {
                apply::destination(run, destination.as_str().filter(|text| !text.is_empty()));
                fields.insert("output.destination".to_owned(), destination.clone());
            }
            keep_other_items(run, &given);
            create::parts(run, &keep_legacy(run, &given))?;
            for key in
                ["script", "execution", "output", "hyperparams", "configuration", "container", "runtime", "models"]
            {
                if let Some(value) = given.get(key).filter(|value| !value.is_null()) {
                    fields.insert(key.to_owned(), value.clone());
                }
            }
            touch(run, now, &mut fields);
            Ok::<_, Refusal>(fields)
        })
        .await?;
    create::further(call, run.facts.id, &given).await?;
    Ok(updated(1, fields))
}

/// Legacy parameters replace only the items that are legacy too.
fn keep_other_items(run: &mut Run, given: &Object) {
    if flag(given, "legacy_configuration") {
        let legacy = |body: &Value| body.get("format").and_then(Value::as_str) == Some("legacy");
        run.facts.documents.retain(|name, body| !name.starts_with("configuration/") || !legacy(body));
    }
}

fn keep_legacy(run: &Run, given: &Object) -> Object {
    let mut given = given.clone();
    if flag(&given, "legacy_hyperparams") {
        let kept = run.facts.params.iter().filter(|param| param.kind.as_deref() != Some("legacy")).cloned();
        let mut sections = super::told::hyperparams(&kept.collect::<Vec<_>>());
        merge(&mut sections, given.get("hyperparams"));
        given.insert("hyperparams".to_owned(), sections);
    }
    if flag(&given, "legacy_configuration") {
        let mut items = super::told::configuration(run);
        merge(&mut items, given.get("configuration"));
        given.insert("configuration".to_owned(), items);
    }
    given
}

fn merge(into: &mut Value, from: Option<&Value>) {
    match (into, from) {
        (Value::Object(into), Some(Value::Object(from))) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), Some(value));
            }
        }
        (into, Some(value)) => *into = value.clone(),
        (_, None) => {}
    }
}

/// Changes the plain fields of a task; tells those that were changed.
fn plain_fields(run: &mut Run, directory: &Directory, given: &Object) -> Result<Object, Refusal> {
    let mut fields = Object::new();
    if let Some(new) = text(given, "name") {
        run.facts.name = name(new)?;
        fields.insert("name".to_owned(), run.facts.name.as_str().into());
    }
    if let Some(tags) = tags(given, "tags")? {
        fields.insert("tags".to_owned(), json!(tags));
        run.facts.tags = tags;
    }
    if let Some(marks) = tags(given, "system_tags")? {
        fields.insert("system_tags".to_owned(), json!(marks));
        facts::set_system_tags(run, marks);
    }
    if let Some(comment) = given.get("comment").and_then(Value::as_str) {
        run.facts.comment = comment.to_owned();
        fields.insert("comment".to_owned(), comment.into());
    }
    if let Some(id) = text(given, "project") {
        run.facts.project = directory.name_of(id)?.to_owned();
        set_extra(run, "rootless", Value::Null);
        fields.insert("project".to_owned(), id.into());
    }
    if let Some(created) = text(given, "created").and_then(time::parse) {
        run.facts.created = created;
        fields.insert("created".to_owned(), iso(created).into());
    }
    if let Some(message) = given.get("status_message").and_then(Value::as_str) {
        run.status_message = message.to_owned();
        fields.insert("status_message".to_owned(), message.into());
    }
    Ok(fields)
}

/// Notes that a task was changed now.
pub(super) fn touch(run: &mut Run, now: Timestamp, fields: &mut Object) {
    run.updated = run.updated.max(now);
    fields.insert("last_update".to_owned(), iso(run.updated).into());
}

/// `tasks.update`
pub(super) async fn update(call: &Call) -> Answer {
    update_document(call, needed(&call.data, "task")?, &call.data).await
}

async fn update_document(call: &Call, id: &str, given: &Object) -> Answer {
    let mut given: Object = given.clone();
    legacy::split_tags(call.level, &mut given, "task");
    given.retain(|key, value| EDITABLE.contains(&key.as_str()) && !value.is_null());
    if given.is_empty() {
        find(call, id).await?;
        return Ok(updated(0, Object::new()));
    }
    let directory = Directory::read(call).await?;
    let now = (call.app.now)();
    let change = |run: &mut Run| {
        refuse_public(run)?;
        let mut fields = plain_fields(run, &directory, &given)?;
        if fields.is_empty() {
            return Ok::<_, Refusal>(updated(0, fields));
        }
        touch(run, now, &mut fields);
        Ok(updated(1, fields))
    };
    Ok(call.app.store.rewrite_run(id_of(id)?, now, change).await?.1)
}

/// `tasks.update_batch`
pub(super) async fn update_batch(call: &Call) -> Answer {
    if call.lines.is_empty() {
        return Err(Refusal::bad(17, "Batch contains no items"));
    }
    let mut ids = Vec::new();
    for line in &call.lines {
        ids.push(needed(line, "task")?.to_owned());
    }
    let found = facts::find_all(call, &ids).await?;
    let lost: Vec<&String> =
        ids.iter().filter(|id| !found.iter().any(|run| run.facts.id.to_string() == **id)).collect();
    if let Some(first) = lost.first() {
        return Err(Refusal::no_task(first).with("ids", json!(lost)));
    }
    let mut count = 0;
    for (id, line) in ids.iter().zip(&call.lines) {
        let answer = update_document(call, id, line).await?;
        count += answer.get("updated").and_then(Value::as_u64).unwrap_or(0);
    }
    Ok(told(json!({"updated": count})))
}

/// `tasks.set_requirements`
pub(super) async fn set_requirements(call: &Call) -> Answer {
    let requirements = object(&call.data, "requirements").cloned().unwrap_or_default();
    let now = (call.app.now)();
    let change = |run: &mut Run| {
        refuse_public(run)?;
        if !facts::has_script(run) {
            return Err(Refusal::bad(122, "Missing required fields in the task: script").with("field", "script"));
        }
        run.facts.documents.insert("requirements".to_owned(), requirements.clone().into());
        let mut fields = told(json!({"script.requirements": requirements}));
        touch(run, now, &mut fields);
        Ok(updated(1, fields))
    };
    Ok(call.app.store.rewrite_run(id_of(needed(&call.data, "task")?)?, now, change).await?.1)
}

/// `tasks.ping`
pub(super) async fn ping(call: &Call) -> Answer {
    let now = (call.app.now)();
    let change = |run: &mut Run| {
        run.updated = run.updated.max(now);
        Ok::<_, Refusal>(Object::new())
    };
    Ok(call.app.store.rewrite_run(id_of(needed(&call.data, "task")?)?, now, change).await?.1)
}

/// `tasks.move`
pub(super) async fn relocate(call: &Call) -> Answer {
    let ids = texts(&call.data, "ids").unwrap_or_default();
    let (project, id) = super::super::project::destination(call).await?;
    let now = (call.app.now)();
    for run in facts::find_all(call, &ids).await? {
        let change = |run: &mut Run| {
            refuse_public(run)?;
            run.facts.project = project.clone().unwrap_or_else(|| create::ROOT.to_owned());
            set_extra(run, "rootless", if project.is_none() { true.into() } else { Value::Null });
            run.updated = run.updated.max(now);
            Ok::<_, Refusal>(())
        };
        call.app.store.rewrite_run(run.facts.id, now, change).await?;
    }
    Ok(told(json!({"project_id": id})))
}

/// `tasks.make_public` and `tasks.make_private`
pub(super) async fn publicity(call: &Call, public: bool) -> Answer {
    let ids = texts(&call.data, "ids").unwrap_or_default();
    let now = (call.app.now)();
    let mut count = 0;
    for run in facts::find_all(call, &ids).await? {
        let change = |run: &mut Run| {
            let before = facts::is_public(run);
            set_extra(run, "public", if public { true.into() } else { Value::Null });
            Ok::<_, Refusal>(before != public)
        };
        count += usize::from(call.app.store.rewrite_run(run.facts.id, now, change).await?.1);
    }
    Ok(told(json!({"updated": count})))
}

/// The task of a request, by its id alone.
pub(super) fn task_id(call: &Call) -> Result<RunId, Refusal> {
    id_of(needed(&call.data, "task")?)
}
