//! Runs as the documents that programs read: the same keys in every command.

use std::collections::{BTreeMap, HashMap};

use mendel_model::{Param, Run, RunId, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Parameters by name; where two sections have one name, by `section/name`.
pub fn params(params: &[Param]) -> Map<String, Value> {
    let names = names(params);
    names.into_iter().zip(params).map(|(name, param)| (name, param.value.clone())).collect()
}

/// The name of each parameter as answers spell it.
pub fn names(params: &[Param]) -> Vec<String> {
    let mut count: HashMap<&str, usize> = HashMap::new();
    for param in params {
        *count.entry(&param.name).or_default() += 1;
    }
    let spelled = |param: &Param| match count.get(param.name.as_str()) {
        Some(1) => param.name.clone(),
        _ => param.path(),
    };
    params.iter().map(spelled).collect()
}

/// A run in a list.
pub fn run(run: &Run) -> Value {
    json!({
        "id": run.facts.id,
        "number": run.number,
        "name": run.facts.name,
        "project": run.facts.project,
        "status": run.status,
        "status_reason": run.status_reason,
        "params": params(&run.facts.params),
        "metrics": run.metrics,
        "tags": run.facts.tags,
        "created": time(run.facts.created),
        "started": run.started.map(time),
        "ended": run.ended.map(time),
        "user": run.facts.user,
        "kind": run.facts.kind,
        "archived": run.archived,
    })
}

/// One run, or several as `{runs: […]}`: what commands that act on runs answer.
pub fn runs(runs: &[Run]) -> Value {
    match runs {
        [one] => run(one),
        many => json!({"runs": many.iter().map(run).collect::<Vec<_>>()}),
    }
}

/// Where the value of a parameter came from; files of the project by their path below its root.
pub fn origin(run: &Run, param: &Param) -> String {
    let told = param.origin.to_string();
    match run.facts.script.root.as_str() {
        "" | "/" => told,
        root => told.replace(&format!("{}/", root.trim_end_matches('/')), ""),
    }
}

/// What a run started, in the words it was started with.
pub fn words(run: &Run) -> String {
    let script = &run.facts.script;
    [script.entry.as_str()].into_iter().chain(script.arguments.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

/// The end of an id, which is chance alone; the beginning is the time, which the members of
/// a grid share.
pub fn short_id(id: RunId) -> String {
    id.to_string().split_off(20)
}

/// A moment as programs read it: ISO 8601 in UTC.
pub fn time(time: Timestamp) -> String {
    time.to_string()
}

/// Anything as a value; what cannot be written as JSON has no place in an answer.
pub fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).expect("the nouns have text keys and no failing parts")
}

/// Whether a series is about the machine and not about the work.
pub fn is_machine(metric: &str) -> bool {
    metric.starts_with(":monitor") || metric.starts_with("system/") || metric.starts_with("machine/")
}

/// Last values that tell something about the work, by name.
pub fn telling(metrics: &BTreeMap<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    metrics.iter().filter(|(name, _)| !is_machine(name))
}

#[cfg(test)]
mod tests {
    use mendel_model::Origin;

    use super::*;

    fn param(section: &str, name: &str, value: Value) -> Param {
        Param {
            section: section.into(),
            name: name.into(),
            kind: None,
            value,
            origin: Origin::Code,
            required: false,
            description: String::new(),
        }
    }

    #[test]
    fn a_name_of_two_sections_is_told_with_its_section() {
        let all =
            [param("Args", "lr", json!(0.1)), param("Args", "seed", json!(1)), param("General", "seed", json!(2))];
        assert_eq!(Value::Object(params(&all)), json!({"lr": 0.1, "Args/seed": 1, "General/seed": 2}));
    }
}
