//! Whether a task is up to date, and what stands against it.

use mendel_model::Origin;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Cause, CurrentStage, Divergence, RecordedStage,
    diff::changes,
    diverge::{divergence, first_diverging},
};

/// The reason in one word; the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Pending {
    /// No completion is on record.
    #[serde(rename = "incomplete")]
    Incomplete,
    /// Code of a stage is another, or a stage came or went.
    #[serde(rename = "pipeline")]
    Pipeline,
    /// The specification is another.
    #[serde(rename = "specification")]
    Specification,
    /// Nothing is left to do.
    #[serde(rename = "")]
    UpToDate,
}

impl Pending {
    /// The word; empty where nothing is left to do.
    pub fn word(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Pipeline => "pipeline",
            Self::Specification => "specification",
            Self::UpToDate => "",
        }
    }
}

/// A task as it would run now.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Whether it runs at all; one that does not is never pending.
    pub runnable: bool,
    /// Its stages in pipeline order.
    pub stages: &'a [CurrentStage],
    /// Its full specification with the effective config.
    pub spec: &'a Value,
    /// What supplied the value at a path of `spec` (`config/stage/key`).
    pub origin: &'a dyn Fn(&str) -> Option<Origin>,
}

/// A task as it was completed.
#[derive(Debug, Clone, Copy)]
pub struct Completed<'a> {
    /// Its stages in pipeline order.
    pub stages: &'a [RecordedStage],
    /// Its full specification with the effective config.
    pub spec: &'a Value,
}

/// The answer, with every cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The reason in one word.
    pub pending: Pending,
    /// Id of the first stage that diverges, if one does.
    pub first_diverging: Option<String>,
    /// What changed; those that make the reason first.
    pub causes: Vec<Cause>,
}

/// Whether the task `wanted` is pending beside the record of its last completion.
pub fn pending(wanted: &Wanted<'_>, record: Option<&Completed<'_>>) -> Standing {
    if !wanted.runnable {
        return Standing { pending: Pending::UpToDate, first_diverging: None, causes: Vec::new() };
    }
    let first = first_diverging(wanted.stages, record.map(|record| record.stages));
    let first_diverging = first.map(|(index, _)| wanted.stages[index].id.clone());
    let Some(record) = record else {
        return Standing { pending: Pending::Incomplete, first_diverging, causes: vec![Cause::incomplete()] };
    };
    let mut causes = pipeline_causes(wanted.stages, record.stages);
    let pipeline = !causes.is_empty();
    causes.extend(specification_causes(wanted, record.spec));
    let pending = match (pipeline, causes.is_empty()) {
        (true, _) => Pending::Pipeline,
        (false, false) => Pending::Specification,
        (false, true) => Pending::UpToDate,
    };
    Standing { pending, first_diverging, causes }
}

/// Stages whose code is another, that came, or that went.
fn pipeline_causes(stages: &[CurrentStage], record: &[RecordedStage]) -> Vec<Cause> {
    let mut causes = Vec::new();
    for stage in stages {
        match divergence(stage, record) {
            Some(Divergence::New) => causes.push(Cause::added(stage)),
            Some(Divergence::Code) => {
                let before = record.iter().find(|recorded| recorded.id == stage.id);
                causes.push(Cause::code(stage, before.and_then(|before| before.code.as_ref())));
            }
            Some(Divergence::Config) | None => {}
        }
    }
    let gone = record.iter().filter(|recorded| stages.iter().all(|stage| stage.id != recorded.id));
    causes.extend(gone.map(Cause::removed));
    causes
}

/// Values of the specification that are others.
fn specification_causes(wanted: &Wanted<'_>, before: &Value) -> Vec<Cause> {
    let known = |id: &&str| wanted.stages.iter().any(|stage| stage.id == *id);
    let causes = changes(before, wanted.spec).into_iter().map(|(path, before, after)| {
        let origin = (wanted.origin)(&path.join("/"));
        match path.as_slice() {
            ["config", stage, key @ ..] if known(stage) && !key.is_empty() => {
                Cause::value(Some(stage), &key.join("/"), (before, after), origin)
            }
            path => Cause::value(None, &path.join("/"), (before, after), origin),
        }
    });
    causes.collect()
}

#[cfg(test)]
#[path = "pending_tests.rs"]
mod tests;
