//! Which earlier stages must run again to begin at a stage.

use std::{collections::BTreeSet, fmt};

use serde::Serialize;

use super::{StageDecl, order::INPUT_ID};

/// A field that is needed and that no enabled stage makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unobtainable {
    /// Id of the stage that needs it.
    pub stage: String,
    /// The field.
    pub field: String,
    /// Id of the disabled stage that would make it, if one would.
    pub disabled: Option<String>,
}

impl fmt::Display for Unobtainable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the stage `{}` needs the field `{}`, which ", self.stage, self.field)?;
        match &self.disabled {
            Some(disabled) => write!(f, "the disabled stage `{disabled}` would make"),
            None => f.write_str("no stage makes"),
        }
    }
}

impl std::error::Error for Unobtainable {}

/// The extra stages, in pipeline order, that run again before `first` so that all stages
/// from `first` on find what they read.
///
/// `stages` stand in pipeline order, `enabled` says which of them run, and `loaded` are the
/// fields that need no computing. Disabled stages make nothing and need nothing.
pub fn stages_needed(
    stages: &[StageDecl],
    enabled: &[bool],
    loaded: &BTreeSet<String>,
    first: usize,
) -> Result<Vec<usize>, Unobtainable> {
    let runs = |index: usize| enabled.get(index).copied().unwrap_or(true);
    let mut have: BTreeSet<&str> = loaded.iter().map(String::as_str).chain([INPUT_ID]).collect();
    let mut open: Vec<usize> = (first.min(stages.len())..stages.len()).filter(|index| runs(*index)).collect();
    have.extend(open.iter().flat_map(|index| &stages[*index].outputs).map(String::as_str));
    let mut extra = BTreeSet::new();
    while let Some(index) = open.pop() {
        for field in stages[index].reads() {
            if have.contains(field) {
                continue;
            }
            let makes = |other: &usize| stages[*other].outputs.iter().any(|output| output == field);
            let Some(producer) = (0..stages.len()).find(|other| runs(*other) && makes(other)) else {
                let disabled = (0..stages.len()).find(makes).map(|other| stages[other].id.clone());
                return Err(Unobtainable { stage: stages[index].id.clone(), field: field.to_owned(), disabled });
            };
            have.extend(stages[producer].outputs.iter().map(String::as_str));
            if extra.insert(producer) {
                open.push(producer);
            }
        }
    }
    Ok(extra.into_iter().collect())
}

#[cfg(test)]
#[path = "needed_tests.rs"]
mod tests;
