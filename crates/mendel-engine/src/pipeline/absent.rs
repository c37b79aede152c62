//! Disabled stages: what is absent by choice, and which fields a finished input has.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;
use serde_json::Value;

use super::{StageDecl, order::INPUT_ID};

/// Whether a stage runs: its config key `enabled`, else what its class says.
pub fn is_enabled(stage: &StageDecl, config: &Value) -> bool {
    match config.get("enabled") {
        Some(value) => is_true(value),
        None => stage.enabled_by_default,
    }
}

/// The truth of a value, as Python has it.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// A stage that runs and needs a field which is absent by choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AbsentNeed {
    /// Id of the stage that needs the field.
    pub stage: String,
    /// The field.
    pub field: String,
    /// Id of the disabled stage that would make it.
    pub disabled: String,
    /// What disabled that: a path in the config, or `enabled_by_default` of the class.
    pub key: String,
}

impl fmt::Display for AbsentNeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stage, field, disabled, key } = self;
        write!(
            f,
            "the stage `{stage}` needs the field `{field}`, which the stage `{disabled}` would make: `{key}` disables it"
        )
    }
}

impl std::error::Error for AbsentNeed {}

/// Everything that stages which run need from disabled ones; `configs` are the sub-mappings
/// of `stages`, in their order. While there is any, nothing may run.
pub fn absent_needs(stages: &[StageDecl], configs: &[Value]) -> Vec<AbsentNeed> {
    let config = |index: usize| configs.get(index).unwrap_or(&Value::Null);
    let runs = |index: usize| is_enabled(&stages[index], config(index));
    let mut needs = Vec::new();
    for (_, stage) in stages.iter().enumerate().filter(|(index, _)| runs(*index)) {
        for field in stage.reads() {
            let makes = |index: &usize| stages[*index].outputs.iter().any(|output| output == field);
            let Some(producer) = (0..stages.len()).find(makes).filter(|index| !runs(*index)) else { continue };
            let key = match config(producer).get("enabled") {
                Some(_) => format!("config/{}/enabled", stages[producer].id),
                None => format!("{}.enabled_by_default", stages[producer].class),
            };
            let disabled = stages[producer].id.clone();
            needs.push(AbsentNeed { stage: stage.id.clone(), field: field.to_owned(), disabled, key });
        }
    }
    needs
}

/// The fields that a finished input has in the store: those made, less those consumed, those
/// of marginal stages (by id), and those of disabled ones.
pub fn stored_fields(stages: &[StageDecl], enabled: &[bool], marginal: &[String]) -> BTreeSet<String> {
    let mut fields = BTreeSet::from([INPUT_ID.to_owned()]);
    let runs = |(index, _): &(usize, &StageDecl)| enabled.get(*index).copied().unwrap_or(true);
    for (_, stage) in stages.iter().enumerate().filter(runs) {
        fields.extend(stage.outputs.iter().cloned());
        fields.retain(|field| !stage.consumes.contains(field));
    }
    for stage in stages.iter().filter(|stage| marginal.contains(&stage.id)) {
        fields.retain(|field| !stage.outputs.contains(field));
    }
    fields
}

#[cfg(test)]
#[path = "absent_tests.rs"]
mod tests;
