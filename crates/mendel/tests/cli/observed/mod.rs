//! Results are reused only while all that they depended on is as it was.

mod children;
mod files;
mod modules;
mod outputs;
mod values;

use serde_json::Value;

use crate::lab::{Lab, id};

/// Runs `script`, changes something, and runs it again: it must be computed again.
#[track_caller]
pub fn computes_after(lab: &Lab, words: &[&str], change: impl FnOnce()) -> Value {
    let first = lab.run(words);
    let executed = lab.executions();
    assert_eq!(id(&lab.run(words)), id(&first), "unchanged, it is answered");
    change();
    let second = lab.run(words);
    assert_ne!(id(&second), id(&first), "{words:?} is computed again");
    assert_eq!(lab.executions(), executed + 1);
    second
}

/// The first reason why `run` was computed.
pub fn reason(lab: &Lab, run: &Value) -> Value {
    lab.json(&["why", id(run)])["reasons"][0].clone()
}
