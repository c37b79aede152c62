//! Where a task leaves the way of a completed one, and which completed one serves best.

use serde::{Deserialize, Serialize};

use super::{CurrentStage, RecordedStage, stage::same_config};

/// Why a stage diverges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Divergence {
    /// It is not in the record.
    New,
    /// Its code is another, or cannot be known.
    Code,
    /// Its config is another.
    Config,
}

/// The first of `stages`, in pipeline order, that diverges from `record`, and why.
///
/// Without a record the first stage diverges.
pub fn first_diverging(stages: &[CurrentStage], record: Option<&[RecordedStage]>) -> Option<(usize, Divergence)> {
    stages.iter().enumerate().find_map(|(index, stage)| Some((index, divergence(stage, record.unwrap_or_default())?)))
}

/// Why `stage` diverges from `record`, if it does.
pub(super) fn divergence(stage: &CurrentStage, record: &[RecordedStage]) -> Option<Divergence> {
    let Some(recorded) = record.iter().find(|recorded| recorded.id == stage.id) else { return Some(Divergence::New) };
    if stage.code.is_none() || stage.code != recorded.code {
        return Some(Divergence::Code);
    }
    (!same_config(&stage.config, &recorded.config)).then_some(Divergence::Config)
}

/// The completed task to go on from, and the first stage to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pickup {
    /// Its place among the candidates.
    pub candidate: usize,
    /// The first stage to run; none where its whole result is the answer.
    pub first: Option<usize>,
}

/// The best of `candidates`: each is the first stage that diverges from it, if one does.
///
/// The first without divergence, else the one that diverges latest, the earlier of equal
/// ones; none where all diverge at the very first stage.
pub fn pick_up(candidates: &[Option<usize>]) -> Option<Pickup> {
    if let Some(candidate) = candidates.iter().position(Option::is_none) {
        return Some(Pickup { candidate, first: None });
    }
    let mut best: Option<Pickup> = None;
    for (candidate, first) in candidates.iter().enumerate() {
        if *first > Some(0) && best.is_none_or(|best| *first > best.first) {
            best = Some(Pickup { candidate, first: *first });
        }
    }
    best
}

#[cfg(test)]
#[path = "diverge_tests.rs"]
mod tests;
