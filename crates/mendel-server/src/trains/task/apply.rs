//! Writes the parts of a request into a run: code, parameters, configuration and the rest.

use mendel_model::{Origin, Param, Run, TaskType};
use serde_json::{Value, json};

use super::{facts::document, told::written};
use crate::trains::{Object, refusal::Refusal, value::text};

/// Fields of a script that are texts and short.
const SCRIPT: [&str; 4] = ["binary", "tag", "diff", "requirements"];

/// Sets a document, or removes it where nothing is left of it.
pub(super) fn set_document(run: &mut Run, name: &str, object: Object) {
    match object.is_empty() {
        true => run.facts.documents.remove(name),
        false => run.facts.documents.insert(name.to_owned(), object.into()),
    };
}

/// Merges fields over a script.
pub(super) fn script(run: &mut Run, given: &Object) {
    let mut kept = document(run, "script").cloned().unwrap_or_default();
    kept.entry("binary").or_insert_with(|| "python".into());
    for (key, value) in given {
        let short = value.as_str().map(|text| text.trim().to_owned());
        let info = &mut run.facts.script;
        match (key.as_str(), short) {
            ("repository", short) => info.repository = short.unwrap_or_default(),
            ("entry_point", short) => info.entry = short.unwrap_or_default(),
            ("branch", short) => info.branch = short.unwrap_or_default(),
            ("version_num", short) => info.commit = short.unwrap_or_default(),
            ("working_dir", short) => info.working_folder = short.unwrap_or_default(),
            ("requirements", _) => match value {
                Value::Null => drop(run.facts.documents.remove("requirements")),
                value => drop(run.facts.documents.insert("requirements".to_owned(), value.clone())),
            },
            // A patch is kept to the byte.
            ("diff", _) if value.is_string() => drop(kept.insert(key.clone(), value.clone())),
            (key, Some(short)) if SCRIPT.contains(&key) => drop(kept.insert(key.to_owned(), short.into())),
            (key, None) if SCRIPT.contains(&key) => drop(kept.remove(key)),
            _ => {}
        }
    }
    run.facts.documents.insert("script".to_owned(), kept.into());
}

/// Removes all that is known of the code.
pub(super) fn clear_script(run: &mut Run) {
    run.facts.script = Default::default();
    run.facts.documents.remove("script");
    run.facts.documents.remove("requirements");
}

/// Merges fields over an execution; artifacts and models are kept elsewhere.
pub(super) fn execution(run: &mut Run, given: &Object) -> Result<(), Refusal> {
    let mut kept = document(run, "execution").cloned().unwrap_or_default();
    for (key, value) in given {
        match key.as_str() {
            "model_labels" => labels(run, value)?,
            "artifacts" | "parameters" | "model_desc" | "model" | "docker_cmd" | "queue" => {}
            key if value.is_null() => drop(kept.remove(key)),
            key => drop(kept.insert(key.to_owned(), value.clone())),
        }
    }
    set_document(run, "execution", kept);
    Ok(())
}

/// Sets the numbers of labels.
fn labels(run: &mut Run, given: &Value) -> Result<(), Refusal> {
    let labels = checked_labels(given, "execution.model_labels")?;
    set_document(run, "labels", labels);
    Ok(())
}

/// Labels with their numbers, all of them whole.
pub(crate) fn checked_labels(given: &Value, field: &str) -> Result<Object, Refusal> {
    let labels = given.as_object().cloned().unwrap_or_default();
    match labels.values().all(|value| value.is_i64() || value.is_u64()) {
        true => Ok(labels),
        false => Err(Refusal::invalid("labels are whole numbers").with("field", field)),
    }
}

/// Parameters in place of all there are.
pub(super) fn hyperparams(run: &mut Run, given: &Object) {
    let mut params = Vec::new();
    for (section, items) in given {
        for (name, item) in items.as_object().into_iter().flatten() {
            let item = item.as_object().cloned().unwrap_or_default();
            params.push(parameter(run, section, name, &item));
        }
    }
    run.facts.params = params;
}

/// One parameter. A value that is the same text as before keeps its type.
pub(super) fn parameter(run: &Run, section: &str, name: &str, item: &Object) -> Param {
    let given = item.get("value").map(written).unwrap_or_default();
    let known = run.facts.params.iter().find(|known| {
        let own = if known.section.is_empty() { "General" } else { &known.section };
        own == section && known.name == name
    });
    let value = match known.filter(|known| written(&known.value) == given) {
        Some(known) => known.value.clone(),
        None => given.into(),
    };
    let kind = text(item, "type").map(str::to_owned);
    let origin = match known {
        Some(known) if known.value == value => known.origin.clone(),
        Some(_) => Origin::Edit,
        None => Origin::Code,
    };
    Param {
        section: known.map_or_else(|| section.to_owned(), |known| known.section.clone()),
        name: name.to_owned(),
        kind,
        value,
        origin,
        required: known.is_some_and(|known| known.required),
        description: text(item, "description").unwrap_or_default().to_owned(),
    }
}

/// Sets a parameter among the others.
pub(super) fn set_parameter(run: &mut Run, param: Param) {
    let place = run.facts.params.iter_mut().find(|known| known.section == param.section && known.name == param.name);
    match place {
        Some(known) => *known = param,
        None => run.facts.params.push(param),
    }
}

/// Configuration objects in place of all there are.
pub(super) fn configuration(run: &mut Run, given: &Object) {
    run.facts.documents.retain(|name, _| !name.starts_with("configuration/"));
    for (name, item) in given {
        if let Some(item) = item.as_object() {
            configuration_item(run, name, item);
        }
    }
}

/// One configuration object.
pub(super) fn configuration_item(run: &mut Run, name: &str, item: &Object) {
    let name = format!("configuration/{name}");
    let mut body = run.facts.documents.get(&name).and_then(Value::as_object).cloned().unwrap_or_default();
    body.insert("text".to_owned(), item.get("value").map(written).unwrap_or_default().into());
    for (key, own) in [("type", "format"), ("description", "description")] {
        match text(item, key) {
            Some(value) => body.insert(own.to_owned(), value.into()),
            None => body.remove(own),
        };
    }
    run.facts.documents.insert(name, body.into());
}

/// The container in place of the one there was.
pub(super) fn container(run: &mut Run, given: &Object) {
    set_document(
        run,
        "container",
        given.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.clone(), value.clone())).collect(),
    );
}

/// Where outputs go.
pub(super) fn destination(run: &mut Run, destination: Option<&str>) {
    let mut output = document(run, "output").cloned().unwrap_or_default();
    match destination {
        Some(destination) => output.insert("destination".to_owned(), destination.into()),
        None => output.remove("destination"),
    };
    set_document(run, "output", output);
}

/// Merges fields over an output; models are kept elsewhere.
pub(super) fn output(run: &mut Run, given: &Object) {
    let mut kept = document(run, "output").cloned().unwrap_or_default();
    for (key, value) in given.iter().filter(|(key, _)| *key != "model") {
        match value {
            Value::Null => kept.remove(key),
            value => kept.insert(key.clone(), value.clone()),
        };
    }
    set_document(run, "output", kept);
}

/// What kind of work a task is.
pub(super) fn purpose(word: &str) -> Result<TaskType, Refusal> {
    serde_json::from_value(json!(word))
        .map_err(|_| Refusal::invalid(format!("`{word}` is not a type of task")).with("field", "type"))
}
