//! Edits planted in a project of Python modules: what each changes is known, and Python is asked too.
//!
//! The project lies in `project/`. `<<old=>new|stages|kind>>` marks a place that an edit changes, and
//! the stages it reaches; `<<number|…>>` is changed to other numbers.

mod edits;
mod project;
mod python;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use edits::Edit;
use project::{Project, STAGES};
use python::Python;

/// Most of the edits that may make a stage run again in vain, in percent.
const NEEDLESS: usize = 5;

/// What one stage answered to one edit.
struct Finding<'e> {
    edit: &'e Edit,
    stage: &'static str,
    why: Vec<String>,
}

#[test]
fn planted_edits_never_lead_to_wrong_reuse_seldom_to_needless_work_and_always_to_a_reason() {
    let project = Project::read();
    let edits = edits::all(&project);
    assert!(edits.len() >= 400, "only {} edits", edits.len());
    let before = project.fingerprints(&BTreeMap::new());
    let mut python = Python::start(&project);
    let results = python.results(&BTreeMap::new());
    for stage in STAGES {
        assert!(!results[stage].starts_with("error"), "{stage}: {}", results[stage]);
    }

    let (mut wrong, mut needless, mut untrue, mut unexplained) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for edit in &edits {
        let after = project.fingerprints(&edit.files);
        let answers = python.results(&edit.files);
        for stage in STAGES {
            let is_reached = edit.reaches.contains(stage);
            let is_other = answers[stage] != results[stage];
            if is_other != is_reached && (is_other || !edit.is_silent) {
                untrue.push(format!("{} for {stage}: {} became {}", edit.name, results[stage], answers[stage]));
            }
            let is_stale = before[stage].digest != after[stage].digest;
            if !is_stale && (is_reached || is_other) {
                wrong.push(format!("{} for {stage}", edit.name));
            }
            let why = if is_stale { differing(&before[stage], &after[stage]) } else { Vec::new() };
            if is_stale && why.is_empty() {
                unexplained.push(format!("{} for {stage}", edit.name));
            }
            if is_stale && !is_reached {
                needless.push(Finding { edit, stage, why });
            }
        }
    }
    assert!(untrue.is_empty(), "what the edits are said to reach is not what Python does:\n{}", untrue.join("\n"));
    assert!(wrong.is_empty(), "wrong reuse:\n{}", wrong.join("\n"));

    assert!(unexplained.is_empty(), "no symbol tells why:\n{}", unexplained.join("\n"));

    let in_vain: BTreeSet<&str> = needless.iter().map(|finding| finding.edit.name.as_str()).collect();
    println!(
        "{} edits, {} stages, {} needless answers of {} edits",
        edits.len(),
        STAGES.len(),
        needless.len(),
        in_vain.len()
    );
    for finding in &needless {
        println!("  needless: {} for {} ({})", finding.edit.name, finding.stage, finding.why.join(", "));
    }
    for (kind, count) in kinds(&edits) {
        println!("  {count:4} {kind}");
    }
    assert!(in_vain.len() * 100 < edits.len() * NEEDLESS, "{} of {} edits are needless", in_vain.len(), edits.len());
}

/// Names of the symbols that differ between two fingerprints.
fn differing(before: &mendel_spec::code::Fingerprint, after: &mendel_spec::code::Fingerprint) -> Vec<String> {
    let names: BTreeSet<&Arc<str>> = before.symbols.keys().chain(after.symbols.keys()).collect();
    names
        .into_iter()
        .filter(|&name| {
            before.symbols.get(name).map(|fact| fact.digest) != after.symbols.get(name).map(|fact| fact.digest)
        })
        .map(ToString::to_string)
        .collect()
}

fn kinds(edits: &[Edit]) -> BTreeMap<&str, usize> {
    let mut kinds = BTreeMap::new();
    for edit in edits {
        *kinds.entry(edit.kind.as_str()).or_insert(0) += 1;
    }
    kinds
}
