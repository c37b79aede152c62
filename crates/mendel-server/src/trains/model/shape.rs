//! A model as it is told, and the parts of a request as the registry keeps them.

use mendel_model::Model;
use serde_json::{Value, json};

use crate::trains::{
    Object,
    call::Call,
    directory::Directory,
    refusal::Refusal,
    session::COMPANY,
    task::told::{blob_address, last_metrics, written},
    time::iso,
    value::told,
};

/// A model as it is told.
pub(super) fn model(call: &Call, directory: &Directory, model: &Model) -> Object {
    let record = &model.record;
    let mut tags = record.tags.clone();
    tags.sort();
    let uri = match (record.uri.as_str(), &record.digest) {
        ("", Some(digest)) => blob_address(&call.base, digest, &record.name),
        (uri, _) => uri.to_owned(),
    };
    let mut item = told(json!({
        "id": record.id,
        "name": record.name,
        "user": directory.user(&model.user),
        "company": if model.system_tags.iter().any(|tag| tag == "public") { "" } else { COMPANY },
        "created": iso(record.time),
        "last_update": iso(model.updated.max(record.time)),
        "last_change": iso(model.updated.max(record.time)),
        "comment": record.comment,
        "tags": tags,
        "system_tags": model.system_tags.iter().filter(|tag| *tag != "public").collect::<Vec<_>>(),
        "framework": record.framework,
        "labels": record.labels,
        "uri": uri,
        "ready": record.published,
        "metadata": metadata(&record.metadata),
        "ui_cache": model.ui_cache,
        "last_iteration": record.iteration.unwrap_or(0),
        "stats": {"labels_count": record.labels.len()},
    }));
    let mut add = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            item.insert(key.to_owned(), value);
        }
    };
    add("design", (!record.design.is_empty()).then(|| json!({"design": record.design})));
    add("task", (!model.task.is_empty()).then(|| model.task.as_str().into()));
    add("parent", (!model.parent.is_empty()).then(|| model.parent.as_str().into()));
    add("project", directory.id_of(&model.project).map(Value::from));
    item
}

/// Key-value pairs as items.
fn metadata(kept: &Object) -> Object {
    let item = |(key, value): (&String, &Value)| {
        let item = match value {
            Value::Object(object) if object.contains_key("value") => {
                json!({"key": key, "type": object.get("type"), "value": object.get("value").map(written)})
            }
            value => json!({"key": key, "type": "str", "value": written(value)}),
        };
        (key.clone(), item)
    };
    kept.iter().map(item).collect()
}

/// An item as it is kept: a text alone, where that is all there is.
pub(super) fn metadata_value(item: &Object) -> Value {
    let value = item.get("value").cloned().unwrap_or_default();
    match item.get("type").and_then(Value::as_str) {
        None | Some("" | "str") => value,
        Some(kind) => json!({"type": kind, "value": value}),
    }
}

/// The design of a request as text.
pub(super) fn design(given: &Value) -> String {
    match given {
        Value::Object(object) => match object.get("design") {
            Some(text) => written(text),
            None if object.is_empty() => String::new(),
            None => given.to_string(),
        },
        other => written(other),
    }
}

/// The summaries of what was reported of a model.
pub(super) async fn add_metrics(call: &Call, item: &mut Object) -> Result<(), Refusal> {
    let Some(id) = item.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok()) else { return Ok(()) };
    let mut metrics = Object::new();
    if let Some(run) = call.app.store.run(id).await? {
        let summaries = call.app.store.metric_summaries(&[run.number]).await?.remove(&run.number).unwrap_or_default();
        metrics = last_metrics(&summaries);
        let known = item.get("last_iteration").and_then(Value::as_i64).unwrap_or(0);
        item.insert("last_iteration".to_owned(), run.last_iteration.max(known).into());
    }
    item.insert("last_metrics".to_owned(), metrics.into());
    Ok(())
}
