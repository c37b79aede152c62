//! A run as a task is told.

use std::collections::HashMap;

use mendel_model::{Artifact, ArtifactMode, Digest, Event, ModelRecord, ModelUse, Param, Run};
use mendel_store::MetricSummary;
use serde_json::{Number, Value, json};

use super::facts::{document, extra, has_script, is_public, status_word, system_tags};
use crate::trains::{
    Object, call::Call, directory::Directory, refusal::Refusal, session::COMPANY, time::iso, value::told,
};

/// Pairs of metric and variant that are summarised.
const METRICS: usize = 2_000;

/// Which parts of tasks are read beside their row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) facts: bool,
    pub(crate) artifacts: bool,
    pub(crate) models: bool,
    pub(crate) metrics: bool,
}

impl Needs {
    /// Everything.
    pub(crate) const ALL: Self = Self { facts: true, artifacts: true, models: true, metrics: true };

    /// What these fields need.
    pub(crate) fn of<'a>(fields: impl IntoIterator<Item = &'a str>) -> Self {
        let mut needs = Self { facts: false, artifacts: false, models: false, metrics: false };
        for field in fields {
            match field.split('.').next().unwrap_or_default() {
                "execution" => (needs.artifacts, needs.facts) = (true, true),
                "models" => needs.models = true,
                "last_metrics" => needs.metrics = true,
                "output" => (needs.facts, needs.models) = (true, true),
                "id" | "name" | "user" | "type" | "comment" | "created" | "started" | "completed" | "parent"
                | "project" | "tags" | "system_tags" | "last_update" | "last_change" | "last_iteration"
                | "active_duration" | "status_changed" => {}
                // The status too: whether a stopped task was closed is a fact.
                _ => needs.facts = true,
            }
        }
        needs
    }
}

/// Runs as tasks, in their order.
pub(crate) async fn tasks(
    call: &Call,
    directory: &Directory,
    runs: &[Run],
    needs: Needs,
) -> Result<Vec<Object>, Refusal> {
    let numbers: Vec<i64> = runs.iter().map(|run| run.number).collect();
    let store = &call.app.store;
    let mut models: HashMap<i64, Vec<ModelRecord>> = HashMap::new();
    if needs.models {
        for (number, record) in store.linked_models(&numbers).await? {
            models.entry(number).or_default().push(record);
        }
    }
    let mut metrics = match needs.metrics {
        true => store.metric_summaries(&numbers).await?,
        false => HashMap::new(),
    };
    let singles = match needs.metrics {
        true => store.single_values(&numbers).await?,
        false => HashMap::new(),
    };
    let mut tasks = Vec::with_capacity(runs.len());
    for run in runs {
        let mut task = task(call, directory, run);
        if needs.facts {
            add_facts(directory, run, &mut task);
        }
        if needs.artifacts {
            let artifacts = store.artifacts(run.facts.id).await?;
            let told: Vec<Value> = artifacts.iter().map(|one| artifact(call, one)).collect();
            if let Some(Value::Object(execution)) = task.get_mut("execution") {
                execution.insert("artifacts".to_owned(), told.into());
            }
        }
        if needs.models {
            task.insert("models".to_owned(), linked(models.get(&run.number).map_or(&[], Vec::as_slice)));
        }
        if needs.metrics {
            let mut summaries = metrics.remove(&run.number).unwrap_or_default();
            summaries.truncate(METRICS);
            let mut last = last_metrics(&summaries);
            add_single_values(singles.get(&run.number).map_or(&[], Vec::as_slice), &mut last);
            task.insert("last_metrics".to_owned(), last.into());
        }
        tasks.push(task);
    }
    Ok(tasks)
}

/// What the row of a run tells.
fn task(call: &Call, directory: &Directory, run: &Run) -> Object {
    let facts = &run.facts;
    let mut tags = facts.tags.clone();
    tags.sort();
    let mut task = told(json!({
        "id": facts.id,
        "name": facts.name,
        "user": directory.user(&facts.user),
        "company": if is_public(run) { "" } else { COMPANY },
        "type": facts.purpose,
        "comment": facts.comment,
        "created": iso(facts.created),
        "last_update": iso(run.updated),
        "last_change": iso(run.updated.max(run.status_changed)),
        "last_iteration": run.last_iteration.max(0),
        "tags": tags,
        "system_tags": system_tags(run),
        "status": status_word(run),
        "status_changed": iso(run.status_changed),
    }));
    let mut add = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            task.insert(key.to_owned(), value);
        }
    };
    let project = directory.id_of(&facts.project).filter(|_| extra(run, "rootless").is_none());
    add("project", project.map(Value::from));
    add("parent", facts.parent.map(|parent| parent.to_string().into()));
    add("started", run.started.map(|time| iso(time).into()));
    add("completed", run.ended.map(|time| iso(time).into()));
    let until = run.ended.unwrap_or_else(|| (call.app.now)());
    add("active_duration", run.started.map(|started| (until.since(started) / 1000).into()));
    task
}

/// What the documents of a run tell.
fn add_facts(directory: &Directory, run: &Run, task: &mut Object) {
    let mut add = |key: &str, value: Value| {
        task.insert(key.to_owned(), value);
    };
    add("status", status_word(run).into());
    add("status_reason", run.status_reason.as_str().into());
    add("status_message", run.status_message.as_str().into());
    add("script", script(run));
    add("execution", execution(run));
    add("hyperparams", hyperparams(&run.facts.params));
    add("configuration", configuration(run));
    add("container", container(run));
    add("runtime", document(run, "runtime").cloned().unwrap_or_default().into());
    let output = document(run, "output").cloned().unwrap_or_default();
    add("output", output.into());
    add("last_changed_by", directory.user(&run.facts.user).into());
    for key in ["last_worker", "last_worker_report", "published", "report", "report_assets", "parent", "enqueue_status"]
    {
        if let Some(value) = extra(run, key) {
            add(key, value.clone());
        }
    }
}

/// The code of a task; an empty object where it has none.
fn script(run: &Run) -> Value {
    if !has_script(run) {
        return json!({});
    }
    let info = &run.facts.script;
    let mut script = document(run, "script").cloned().unwrap_or_default();
    script.entry("binary").or_insert_with(|| "python".into());
    script.insert("repository".to_owned(), info.repository.as_str().into());
    script.insert("entry_point".to_owned(), info.entry.as_str().into());
    for (key, value) in [("branch", &info.branch), ("version_num", &info.commit), ("working_dir", &info.working_folder)]
    {
        if !value.is_empty() {
            script.insert(key.to_owned(), value.as_str().into());
        }
    }
    if let Some(requirements) = run.facts.documents.get("requirements") {
        script.insert("requirements".to_owned(), requirements.clone());
    } else if let Some(lock) = &run.facts.environment {
        let lines: Vec<_> = lock.packages.iter().map(|one| format!("{}=={}", one.name, one.version)).collect();
        script.insert("requirements".to_owned(), json!({"pip": lines.join("\n")}));
    }
    script.into()
}

fn execution(run: &Run) -> Value {
    let mut execution = document(run, "execution").cloned().unwrap_or_default();
    execution.insert("artifacts".to_owned(), json!([]));
    if let Some(labels) = document(run, "labels") {
        execution.insert("model_labels".to_owned(), labels.clone().into());
    }
    if let Some(queue) = extra(run, "queue") {
        execution.insert("queue".to_owned(), queue.clone());
    }
    execution.into()
}

/// Parameters by section and name, each as text.
pub(crate) fn hyperparams(params: &[Param]) -> Value {
    let mut sections = Object::new();
    for param in params {
        let section = if param.section.is_empty() { "General" } else { &param.section };
        let place = sections.entry(section).or_insert_with(|| json!({}));
        if let Value::Object(place) = place {
            place.insert(param.name.clone(), parameter(param).into());
        }
    }
    sections.into()
}

/// One parameter as an item.
pub(crate) fn parameter(param: &Param) -> Object {
    let section = if param.section.is_empty() { "General" } else { &param.section };
    let mut item = told(json!({"section": section, "name": param.name, "value": written(&param.value)}));
    if let Some(kind) = &param.kind {
        item.insert("type".to_owned(), kind.as_str().into());
    }
    if !param.description.is_empty() {
        item.insert("description".to_owned(), param.description.as_str().into());
    }
    item
}

/// A value as Python writes it.
pub(crate) fn written(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Configuration objects by name.
pub(crate) fn configuration(run: &Run) -> Value {
    let items = run.facts.documents.iter().filter_map(|(key, body)| {
        let name = key.strip_prefix("configuration/")?;
        Some((name.to_owned(), configuration_item(name, body.as_object()?).into()))
    });
    Value::Object(items.collect())
}

/// One configuration object as an item.
pub(crate) fn configuration_item(name: &str, body: &Object) -> Object {
    let mut item = told(json!({"name": name}));
    for (key, own) in [("value", "text"), ("type", "format"), ("description", "description")] {
        if let Some(value) = body.get(own).filter(|value| value.is_string()) {
            item.insert(key.to_owned(), value.clone());
        }
    }
    item
}

fn container(run: &Run) -> Value {
    let kept = document(run, "container").cloned().unwrap_or_default();
    Value::Object(kept.into_iter().filter(|(_, value)| value.is_string()).collect())
}

/// Where the bytes of a blob are fetched by whoever reached the server at `base`.
pub(crate) fn blob_address(base: &str, digest: &Digest, file: &str) -> String {
    let file: String =
        file.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '_' }).collect();
    format!("{base}/.blobs/{digest}/{file}")
}

/// An artifact as it is told.
pub(crate) fn artifact(call: &Call, artifact: &Artifact) -> Value {
    let kept = artifact.metadata.get("trains").and_then(Value::as_object).cloned().unwrap_or_default();
    let uri = artifact
        .uri
        .clone()
        .or_else(|| artifact.digest.as_ref().map(|digest| blob_address(&call.base, digest, &artifact.file)));
    let mut data = told(json!({"preview": artifact.preview, "content_type": artifact.media}));
    if let Some(hash) = kept.get("data_hash") {
        data.insert("data_hash".to_owned(), hash.clone());
    }
    data.retain(|_, value| value.as_str().is_none_or(|text| !text.is_empty()));
    let mut item = told(json!({
        "key": artifact.name,
        "mode": if artifact.mode == ArtifactMode::Input { "input" } else { "output" },
        "type": artifact.kind,
        "content_size": artifact.size,
        "timestamp": artifact.time.0 / 1000,
        "type_data": data,
    }));
    if let Some(uri) = uri {
        item.insert("uri".to_owned(), uri.into());
    }
    if let Some(hash) = kept.get("hash") {
        item.insert("hash".to_owned(), hash.clone());
    }
    match kept.get("display_data") {
        Some(rows) => {
            item.insert("display_data".to_owned(), rows.clone());
        }
        None => {
            let own = artifact.metadata.iter().filter(|(key, _)| *key != "trains");
            let rows: Vec<Value> = own.map(|(key, value)| json!([key, written(value)])).collect();
            if !rows.is_empty() {
                item.insert("display_data".to_owned(), rows.into());
            }
        }
    }
    item.into()
}

fn linked(records: &[ModelRecord]) -> Value {
    let side = |usage: ModelUse| -> Vec<Value> {
        let own = records.iter().filter(|record| record.usage == usage);
        own.map(|record| json!({"name": record.name, "model": record.id, "updated": iso(record.time)})).collect()
    };
    json!({"input": side(ModelUse::Input), "output": side(ModelUse::Output)})
}

/// A number as JSON has it; what it has no number for is null.
pub(crate) fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// The digest by which a metric or a variant is a key.
pub(crate) fn key_of(name: &str) -> String {
    use md5::Digest as _;
    md5::Md5::digest(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Summaries by the digests of metric and variant.
pub(crate) fn last_metrics(summaries: &[MetricSummary]) -> Object {
    let mut metrics = Object::new();
    for summary in summaries {
        let mut item = told(json!({
            "metric": summary.key.metric,
            "variant": summary.key.variant,
            "value": number(summary.recent),
            "count": summary.count,
        }));
        let extremes = [("min_value", summary.min), ("max_value", summary.max), ("first_value", summary.first)];
        for (key, extreme) in extremes {
            if let Some((value, step)) = extreme {
                item.insert(key.to_owned(), number(value));
                item.insert(format!("{key}_iteration"), step.into());
            }
        }
        if let Some(mean) = summary.mean {
            item.insert("mean_value".to_owned(), number((mean * 100.0).round() / 100.0));
        }
        if !summary.label.is_empty() {
            item.insert("x_axis_label".to_owned(), summary.label.as_str().into());
        }
        put(&mut metrics, &summary.key.metric, &summary.key.variant, item);
    }
    metrics
}

fn put(metrics: &mut Object, metric: &str, variant: &str, item: Object) {
    let place = metrics.entry(key_of(metric)).or_insert_with(|| json!({}));
    if let Value::Object(variants) = place {
        variants.insert(key_of(variant), item.into());
    }
}

/// Adds single values, which are summarised like points and drawn as none.
fn add_single_values(events: &[Event], metrics: &mut Object) {
    for event in events {
        let Some(value) = event.body.as_f64() else { continue };
        let step = event.step;
        let item = told(json!({
            "metric": event.metric, "variant": event.variant, "value": number(value), "count": 1,
            "min_value": number(value), "min_value_iteration": step, "max_value": number(value),
            "max_value_iteration": step, "first_value": number(value), "first_value_iteration": step,
            "mean_value": number((value * 100.0).round() / 100.0),
        }));
        put(metrics, &event.metric, &event.variant, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tr_64_metrics_are_keyed_by_lower_case_digests() {
        assert_eq!(key_of(""), "d41d8cd98f00b204e9800998ecf8427e");
    }

    #[test]
    fn values_are_written_as_python_writes_them() {
        assert_eq!(written(&json!(true)), "True");
        assert_eq!(written(&json!(0.1)), "0.1");
        assert_eq!(written(&json!("x")), "x");
        assert_eq!((number(2.0), number(0.5), number(f64::NAN)), (json!(2), json!(0.5), Value::Null));
    }
}
