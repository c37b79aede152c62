//! Rules of stages for Python: what a step means, and whether a stored result answers it.
//!
//! The rules are those of `mendel-model` and `mendel-engine`; texts are JSON documents.

use std::collections::BTreeMap;

use mendel_engine::{Action, Candidate, StepRequest, plan};
use mendel_model::{Canonical, Dependency, Digest, EnvironmentPolicy, Identity, Reason, StepResult, step_key};
use pyo3::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::bad;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Meaning {
    stage: String,
    config: Value,
    #[serde(default)]
    params: BTreeMap<String, Value>,
    inputs: BTreeMap<String, Digest>,
}

#[pyfunction]
#[pyo3(signature = (meaning_json, /))]
pub(crate) fn stage_identity(meaning_json: &str) -> PyResult<String> {
    let Meaning { stage, config, params, inputs } = serde_json::from_str(meaning_json).map_err(bad)?;
    Ok(Identity::of_stage(&stage, &config, &params, &inputs).to_string())
}

#[pyfunction]
#[pyo3(signature = (value_json, /))]
pub(crate) fn value_digest(value_json: &str) -> PyResult<String> {
    let value: Value = serde_json::from_str(value_json).map_err(bad)?;
    Ok(Canonical::new("value").value(&value).finish().to_string())
}

#[pyfunction]
#[pyo3(signature = (identity, dependencies_json, /))]
pub(crate) fn result_key(identity: &str, dependencies_json: &str) -> PyResult<String> {
    let identity: Identity = identity.parse().map_err(bad)?;
    let dependencies: Vec<Dependency> = serde_json::from_str(dependencies_json).map_err(bad)?;
    Ok(step_key(&identity, &dependencies).to_string())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    step: String,
    identity: Identity,
    #[serde(default)]
    forced: bool,
    #[serde(default)]
    policy: EnvironmentPolicy,
    candidates: Vec<Stored>,
}

#[derive(Deserialize)]
struct Stored {
    result: StepResult,
    present: Vec<Option<Digest>>,
    #[serde(default = "yes")]
    usable: bool,
}

const fn yes() -> bool {
    true
}

#[derive(Serialize)]
struct Decision {
    reuse: Option<Box<StepResult>>,
    reasons: Vec<Reason>,
}

#[pyfunction]
#[pyo3(signature = (question_json, /))]
pub(crate) fn decide(question_json: &str) -> PyResult<String> {
    let Question { step, identity, forced, policy, candidates } = serde_json::from_str(question_json).map_err(bad)?;
    let candidates =
        candidates.into_iter().map(|Stored { result, present, usable }| Candidate { result, present, usable });
    let request = StepRequest {
        id: step.clone(),
        task: step,
        identity: Some(identity),
        params: BTreeMap::new(),
        forced,
        candidates: candidates.collect(),
        relative: None,
        spoiled: None,
    };
    let planned = plan(vec![request], policy).steps.remove(0);
    let reuse = match planned.action {
        Action::Reuse(result) => Some(result),
        Action::Compute | Action::Same { .. } => None,
    };
    let decision = Decision { reuse, reasons: planned.reasons };
    Ok(serde_json::to_string(&decision).expect("a decision has text keys and no failing parts"))
}
