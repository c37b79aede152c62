//! Models that are made and changed.

use mendel_model::{Model, ModelRecord, ModelUse, Run, Status, Timestamp};
use serde_json::{Value, json};

use super::{find, shape};
use crate::trains::{
    Answer, Object,
    call::Call,
    directory::Directory,
    level::Level,
    refusal::Refusal,
    task::{checked_labels, find as find_task, id_of, legacy, record, refuse_status},
    time::{self, iso, new_id},
    value::{flag, int, items, name, needed, tags, text, texts, told, updated},
};

/// `models.create`
pub(super) async fn create(call: &Call) -> Answer {
    let mut given = call.data.clone();
    legacy::split_tags(call.level, &mut given, "model");
    let uri = needed(&given, "uri")?.to_owned();
    let directory = Directory::read(call).await?;
    let now = (call.app.now)();
    let id = new_id();
    let record = ModelRecord {
        id: id.clone(),
        name: name(needed(&given, "name")?)?,
        usage: ModelUse::Output,
        framework: String::new(),
        digest: crate::trains::file::known(call, &uri).await?.map(|file| file.digest),
        size: 0,
        uri,
        design: String::new(),
        labels: Object::new(),
        tags: Vec::new(),
        comment: String::new(),
        metadata: Object::new(),
        iteration: None,
        published: false,
        time: now,
    };
    let mut model = Model {
        record,
        project: String::new(),
        task: String::new(),
        parent: String::new(),
        user: call.who.name.clone(),
        updated: now,
        system_tags: Vec::new(),
        ui_cache: Object::new(),
    };
    given.remove("uri");
    check(call, &given).await?;
    apply(&mut model, &directory, &given, now)?;
    if flag(&given, "public") {
        model.system_tags.push("public".to_owned());
    }
    call.app.store.put_model(&model).await?;
    Ok(told(json!({"id": id, "created": true})))
}

/// Refuses references to what is not there.
async fn check(call: &Call, given: &Object) -> Result<(), Refusal> {
    if let Some(task) = text(given, "task") {
        find_task(call, task).await?;
    }
    if let Some(parent) = text(given, "parent") {
        find(call, parent).await?;
    }
    Ok(())
}

/// Changes the fields that a request gives; tells them.
fn apply(model: &mut Model, directory: &Directory, given: &Object, now: Timestamp) -> Result<Object, Refusal> {
    let mut fields = Object::new();
    for (key, value) in given.iter().filter(|(_, value)| !value.is_null()) {
        let plain = value.as_str().unwrap_or_default().to_owned();
        match key.as_str() {
            "name" => model.record.name = name(&plain)?,
            "uri" => {
                // The bytes at another address are other bytes.
                if model.record.uri != plain {
                    model.record.digest = None;
                }
                model.record.uri = plain;
            }
            "comment" => model.record.comment = plain,
            "framework" => model.record.framework = plain,
            "design" => model.record.design = shape::design(value),
            "labels" => model.record.labels = checked_labels(value, "labels")?,
            "tags" => model.record.tags = tags(given, "tags")?.unwrap_or_default(),
            "system_tags" => model.system_tags = tags(given, "system_tags")?.unwrap_or_default(),
            "ready" => model.record.published = value.as_bool().unwrap_or(false),
            "project" => model.project = directory.name_of(&plain)?.to_owned(),
            "task" => model.task = plain,
            "parent" => model.parent = plain,
            "iteration" => model.record.iteration = value.as_i64(),
            "ui_cache" => model.ui_cache = value.as_object().cloned().unwrap_or_default(),
            "created" => model.record.time = time::parse(&plain).unwrap_or(model.record.time),
            _ => continue,
        }
        fields.insert(key.clone(), value.clone());
    }
    model.updated = model.updated.max(now);
    fields.remove("iteration");
    fields.insert("last_update".to_owned(), iso(model.updated).into());
    Ok(fields)
}

/// Fields that an update takes; an edit takes all.
const UPDATED: [&str; 9] =
    ["name", "comment", "tags", "system_tags", "ready", "created", "ui_cache", "project", "task"];

/// `models.edit` and `models.update`
pub(super) async fn edit(call: &Call, all: bool) -> Answer {
    let id = needed(&call.data, "model")?;
    let mut given = call.data.clone();
    legacy::split_tags(call.level, &mut given, "model");
    given.retain(|key, value| !value.is_null() && (all || UPDATED.contains(&key.as_str()) || key == "iteration"));
    check(call, &given).await?;
    let directory = Directory::read(call).await?;
    let now = (call.app.now)();
    let file = match text(&given, "uri") {
        Some(uri) => crate::trains::file::known(call, uri).await?,
        None => None,
    };
    let mut task = String::new();
    let change = |model: &mut Model| {
        let fields = apply(model, &directory, &given, now)?;
        if let Some(file) = file {
            (model.record.digest, model.record.size) = (Some(file.digest), file.size);
        }
        task.clone_from(&model.task);
        Ok::<_, Refusal>(fields)
    };
    let fields = call.app.store.rewrite_model(id, change).await?.ok_or_else(|| Refusal::no_model(id))?;
    refresh_links(call, id).await?;
    if let (Some(iteration), false) = (int(&given, "iteration"), task.is_empty()) {
        raise_iteration(call, &task, iteration).await?;
    }
    Ok(updated(usize::from(fields.len() > 1), fields))
}

/// Tells the runs that name a model what it is now.
async fn refresh_links(call: &Call, id: &str) -> Result<(), Refusal> {
    let model = find(call, id).await?;
    for (run, usage) in call.app.store.users_of_model(id).await? {
        let Some(number) = call.app.store.run(run).await?.map(|run| run.number) else { continue };
        for (_, known) in call.app.store.linked_models(&[number]).await? {
            if known.id == id {
                let fresh = ModelRecord { name: known.name, usage, time: known.time, ..model.record.clone() };
                call.app.store.link_model(run, &fresh).await?;
            }
        }
    }
    Ok(())
}

async fn raise_iteration(call: &Call, task: &str, iteration: i64) -> Result<(), Refusal> {
    let Ok(id) = id_of(task) else { return Ok(()) };
    let now = (call.app.now)();
    let raise = |run: &mut Run| {
        run.last_iteration = run.last_iteration.max(iteration);
        Ok::<_, Refusal>(())
    };
    match call.app.store.rewrite_run(id, now, raise).await {
        Ok(_) | Err(Refusal { subcode: 101, .. }) => Ok(()),
        Err(refusal) => Err(refusal),
    }
}

/// `models.update_for_task`, of earlier levels.
pub(super) async fn update_for_task(call: &Call) -> Answer {
    if call.level > Level(2, 13) {
        return Err(Refusal::new(301, 1, "Endpoint is not offered at this level; edit the models of the task"));
    }
    let (uri, other) = (text(&call.data, "uri"), text(&call.data, "override_model_id"));
    if uri.is_some() == other.is_some() {
        return Err(Refusal::missing(&["uri", "override_model_id"]));
    }
    let run = find_task(call, needed(&call.data, "task")?).await?;
    refuse_status(&run, &[Status::Draft, Status::Running], false)?;
    if let Some(iteration) = int(&call.data, "iteration") {
        raise_iteration(call, &run.facts.id.to_string(), iteration).await?;
    }
    let store = &call.app.store;
    if let Some(id) = other {
        let model = find(call, id).await?;
        store.link_model(run.facts.id, &record(&model, "Output Model", ModelUse::Output, call)).await?;
        return Ok(told(json!({"id": id, "created": false, "updated": 1, "fields": {}})));
    }
    let directory = Directory::read(call).await?;
    let now = (call.app.now)();
    let linked = store.linked_models(&[run.number]).await?;
    let last = linked.into_iter().rfind(|(_, known)| known.usage == ModelUse::Output).map(|(_, known)| known.id);
    let mut given = call.data.clone();
    legacy::split_tags(call.level, &mut given, "model");
    given.retain(|key, value| {
        !value.is_null() && ["uri", "name", "comment", "tags", "system_tags"].contains(&key.as_str())
    });
    if let Some(id) = last {
        let change = |model: &mut Model| apply(model, &directory, &given, now);
        let fields = store.rewrite_model(&id, change).await?.ok_or_else(|| Refusal::no_model(&id))?;
        return Ok(told(json!({"id": id, "created": false, "updated": 1, "fields": fields})));
    }
    let id = new_id();
    let design = run.facts.documents.iter().find(|(key, _)| key.starts_with("configuration/"));
    let design = design.and_then(|(_, body)| body.get("text")).and_then(Value::as_str).unwrap_or_default().to_owned();
    let labels = run.facts.documents.get("labels").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut model = Model {
        record: ModelRecord {
            id: id.clone(),
            name: run.facts.name.clone(),
            usage: ModelUse::Output,
            framework: String::new(),
            digest: None,
            size: 0,
            uri: String::new(),
            design,
            labels,
            tags: Vec::new(),
            comment: String::new(),
            metadata: Object::new(),
            iteration: None,
            published: false,
            time: now,
        },
        project: run.facts.project.clone(),
        task: run.facts.id.to_string(),
        parent: String::new(),
        user: call.who.name.clone(),
        updated: now,
        system_tags: Vec::new(),
        ui_cache: Object::new(),
    };
    apply(&mut model, &directory, &given, now)?;
    store.put_model(&model).await?;
    store.link_model(run.facts.id, &record(&model, "Output Model", ModelUse::Output, call)).await?;
    Ok(told(json!({"id": id, "created": true, "updated": 0, "fields": {}})))
}

/// `models.update_tags`
pub(super) async fn update_tags(call: &Call) -> Answer {
    let ids = texts(&call.data, "ids").unwrap_or_default();
    let add = tags(&call.data, "add_tags")?.unwrap_or_default();
    let remove = tags(&call.data, "remove_tags")?.unwrap_or_default();
    if add.is_empty() && remove.is_empty() {
        return Err(Refusal::missing(&["add_tags", "remove_tags"]));
    }
    let now = (call.app.now)();
    each(call, &ids, |model| {
        model.record.tags.retain(|tag| !remove.contains(tag));
        model.record.tags.extend(add.iter().cloned());
        model.record.tags.sort();
        model.record.tags.dedup();
        model.updated = now;
    })
    .await
}

/// Changes models of these ids that are there; tells how many.
async fn each(call: &Call, ids: &[String], change: impl Fn(&mut Model)) -> Answer {
    let mut count = 0;
    for id in ids {
        let changed = call.app.store.rewrite_model(id, |model| {
            change(model);
            Ok::<_, Refusal>(())
        });
        count += usize::from(changed.await?.is_some());
    }
    Ok(told(json!({"updated": count})))
}

/// `models.add_or_update_metadata`
pub(super) async fn add_metadata(call: &Call) -> Answer {
    let id = needed(&call.data, "model")?;
    let now = (call.app.now)();
    let given: Vec<&Object> = items(&call.data, "metadata").iter().filter_map(Value::as_object).collect();
    let change = |model: &mut Model| {
        if flag(&call.data, "replace_metadata") {
            model.record.metadata.clear();
        }
        for item in &given {
            let key = text(item, "key").ok_or_else(|| Refusal::missing(&["key"]))?;
            model.record.metadata.insert(key.to_owned(), shape::metadata_value(item));
        }
        model.updated = now;
        Ok::<_, Refusal>(())
    };
    call.app.store.rewrite_model(id, change).await?.ok_or_else(|| Refusal::no_model(id))?;
    Ok(told(json!({"updated": 1})))
}

/// `models.delete_metadata`
pub(super) async fn delete_metadata(call: &Call) -> Answer {
    let id = needed(&call.data, "model")?;
    let keys = texts(&call.data, "keys").unwrap_or_default();
    let now = (call.app.now)();
    let change = |model: &mut Model| {
        let before = model.record.metadata.len();
        model.record.metadata.retain(|key, _| !keys.contains(key));
        model.updated = now;
        Ok::<_, Refusal>(before != model.record.metadata.len())
    };
    let gone = call.app.store.rewrite_model(id, change).await?.ok_or_else(|| Refusal::no_model(id))?;
    Ok(told(json!({"updated": u8::from(gone)})))
}

/// `models.move`
pub(super) async fn relocate(call: &Call) -> Answer {
    let ids = texts(&call.data, "ids").unwrap_or_default();
    let (project, id) = crate::trains::project::destination(call).await?;
    let project = project.unwrap_or_default();
    each(call, &ids, |model| model.project.clone_from(&project)).await?;
    Ok(told(json!({"project_id": id})))
}

/// `models.make_public` and `models.make_private`
pub(super) async fn publicity(call: &Call, public: bool) -> Answer {
    let ids = texts(&call.data, "ids").unwrap_or_default();
    each(call, &ids, |model| {
        model.system_tags.retain(|tag| tag != "public");
        if public {
            model.system_tags.push("public".to_owned());
        }
    })
    .await
}
