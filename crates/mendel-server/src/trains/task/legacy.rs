//! Older forms of a task: what callers of earlier levels send and expect.

use serde_json::{Value, json};

use crate::trains::{Object, level::Level, query::text, value::object};

/// Words that earlier levels kept among the tags and that programs set.
fn is_system_tag(tag: &str, noun: &str) -> bool {
    let tag = tag.strip_prefix('-').unwrap_or(tag);
    match noun {
        "task" => ["active", "archived", "development"].contains(&tag) || tag.starts_with("annotat"),
        "model" => ["active", "archived"].contains(&tag),
        "project" => ["archived", "public", "default"].contains(&tag),
        "queue" => tag == "default",
        _ => false,
    }
}

/// A request in the form of the newest level.
pub(crate) fn modern(level: Level, given: &Object) -> Object {
    let mut given = given.clone();
    split_tags(level, &mut given, "task");
    let Some(execution) = given.get("execution").and_then(Value::as_object).cloned() else { return given };
    if let Some(parameters) = object(&execution, "parameters").filter(|parameters| !parameters.is_empty()) {
        let mut sections = object(&given, "hyperparams").cloned().unwrap_or_default();
        for (name, value) in parameters {
            let (section, name) = match name.strip_prefix("TF_DEFINE/") {
                Some(name) => ("TF_DEFINE", name),
                None => ("Args", name.as_str()),
            };
            let item = json!({"section": section, "name": name, "value": text(value), "type": "legacy"});
            add(&mut sections, section, name, item);
        }
        given.insert("hyperparams".to_owned(), sections.into());
        given.insert("legacy_hyperparams".to_owned(), true.into());
    }
    if let Some(descriptions) = object(&execution, "model_desc").filter(|descriptions| !descriptions.is_empty()) {
        let mut items = object(&given, "configuration").cloned().unwrap_or_default();
        for (name, value) in descriptions {
            items.insert(name.clone(), json!({"name": name, "value": text(value), "type": "legacy"}));
        }
        given.insert("configuration".to_owned(), items.into());
        given.insert("legacy_configuration".to_owned(), true.into());
    }
    if let Some(command) = execution.get("docker_cmd").and_then(Value::as_str) {
        let (image, arguments) = command.trim().split_once(' ').unwrap_or((command.trim(), ""));
        let container = if image.is_empty() { json!({}) } else { json!({"image": image, "arguments": arguments}) };
        given.insert("container".to_owned(), container);
    }
    if let Some(model) = execution.get("model").and_then(Value::as_str).filter(|model| !model.is_empty()) {
        add_model(&mut given, "input", "Input Model", model);
    }
    let output = object(&given, "output").and_then(|output| output.get("model")).and_then(Value::as_str);
    if let Some(model) = output.filter(|model| !model.is_empty()).map(str::to_owned) {
        add_model(&mut given, "output", "Output Model", &model);
    }
    given
}

fn add(sections: &mut Object, section: &str, name: &str, item: Value) {
    let place = sections.entry(section).or_insert_with(|| json!({}));
    if let Value::Object(place) = place {
        place.insert(name.to_owned(), item);
    }
}

fn add_model(given: &mut Object, side: &str, name: &str, model: &str) {
    let models = given.entry("models").or_insert_with(|| json!({}));
    if let Value::Object(models) = models
        && !models.contains_key(side)
    {
        models.insert(side.to_owned(), json!([{"name": name, "model": model}]));
    }
}

/// Splits mixed tags of an earlier level into those of people and those of programs.
pub(crate) fn split_tags(level: Level, given: &mut Object, noun: &str) {
    if level >= Level(2, 3) || given.contains_key("system_tags") {
        return;
    }
    let Some(tags) = given.get("tags").and_then(Value::as_array).cloned() else { return };
    let (system, own): (Vec<Value>, Vec<Value>) =
        tags.into_iter().partition(|tag| tag.as_str().is_some_and(|tag| is_system_tag(tag, noun)));
    given.insert("tags".to_owned(), own.into());
    given.insert("system_tags".to_owned(), system.into());
}

/// Mixes the tags of people and of programs, as earlier levels have them.
pub(crate) fn mix_tags(level: Level, document: &mut Object) {
    if level >= Level(2, 3) {
        return;
    }
    let Some(system) = document.get("system_tags").and_then(Value::as_array).cloned() else { return };
    let tags = document.entry("tags").or_insert_with(|| json!([]));
    if let Value::Array(tags) = tags {
        tags.extend(system);
    }
}

/// A task in the form of an earlier level.
pub(crate) fn aged(level: Level, task: &mut Object) {
    mix_tags(level, task);
    if level < Level(2, 13) {
        let of = |side: &str, last: bool| {
            let list = task.get("models")?.get(side)?.as_array()?;
            if last { list.last() } else { list.first() }?.get("model").cloned()
        };
        let (input, output) = (of("input", false), of("output", true));
        let container = task.get("container").and_then(Value::as_object).cloned().unwrap_or_default();
        let words = ["image", "arguments"].map(|key| container.get(key).and_then(Value::as_str).unwrap_or_default());
        let command = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        if let Some(Value::Object(execution)) = task.get_mut("execution") {
            if let Some(input) = input {
                execution.insert("model".to_owned(), input);
            }
            if !command.is_empty() {
                execution.insert("docker_cmd".to_owned(), command.into());
            }
        }
        if let (Some(Value::Object(place)), Some(model)) = (task.get_mut("output"), output) {
            place.insert("model".to_owned(), model);
        }
    }
    if level < Level(2, 9) {
        let parameters = legacy_parameters(task);
        let descriptions = legacy_descriptions(task);
        if let Some(Value::Object(execution)) = task.get_mut("execution") {
            execution.insert("parameters".to_owned(), parameters.into());
            execution.insert("model_desc".to_owned(), descriptions.into());
        }
    }
}

fn legacy_parameters(task: &Object) -> Object {
    let mut parameters = Object::new();
    for (section, items) in object(task, "hyperparams").into_iter().flatten() {
        for (name, item) in items.as_object().into_iter().flatten() {
            if item.get("type").and_then(Value::as_str) == Some("legacy") {
                let name = if section == "TF_DEFINE" { format!("TF_DEFINE/{name}") } else { name.clone() };
                parameters.insert(name, item.get("value").cloned().unwrap_or_default());
            }
        }
    }
    parameters
}

fn legacy_descriptions(task: &Object) -> Object {
    let items = object(task, "configuration").into_iter().flatten();
    let legacy = items.filter(|(_, item)| item.get("type").and_then(Value::as_str) == Some("legacy"));
    legacy.map(|(name, item)| (name.clone(), item.get("value").cloned().unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: Value) -> Object {
        value.as_object().expect("an object").clone()
    }

    #[test]
    fn old_parameters_become_items_of_a_section() {
        let given =
            of(json!({"execution": {"parameters": {"lr": 0.1, "TF_DEFINE/a": "b"}, "docker_cmd": "image -v x"}}));
        let modern = modern(Level(2, 8), &given);
        assert_eq!(modern["hyperparams"]["Args"]["lr"]["value"], "0.1");
        assert_eq!(modern["hyperparams"]["TF_DEFINE"]["a"]["type"], "legacy");
        assert_eq!(modern["container"], json!({"image": "image", "arguments": "-v x"}));
    }

    #[test]
    fn empty_old_parameters_wipe_nothing() {
        let given = of(json!({"execution": {"parameters": {}}, "hyperparams": {"Args": {"a": {"value": "1"}}}}));
        let modern = modern(Level(2, 9), &given);
        assert_eq!(modern["hyperparams"]["Args"]["a"]["value"], "1");
        assert!(!modern.contains_key("legacy_hyperparams"));
    }

    #[test]
    fn old_callers_see_one_model_a_side_and_mixed_tags() {
        let mut task = of(json!({
            "tags": ["a"], "system_tags": ["development"], "execution": {}, "output": {}, "container": {"image": "i"},
            "models": {"input": [{"model": "1"}, {"model": "2"}], "output": [{"model": "3"}, {"model": "4"}]},
            "hyperparams": {"Args": {"lr": {"value": "1", "type": "legacy"}, "x": {"value": "2"}}},
        }));
        aged(Level(2, 1), &mut task);
        assert_eq!(task["tags"], json!(["a", "development"]));
        assert_eq!((&task["execution"]["model"], &task["output"]["model"]), (&json!("1"), &json!("4")));
        assert_eq!(task["execution"]["parameters"], json!({"lr": "1"}));
        assert_eq!(task["execution"]["docker_cmd"], "i");
    }
}
