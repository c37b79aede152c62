use mendel_model::Digest;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn stages(spec: &Value) -> Vec<CurrentStage> {
    let stage = |id: &str| CurrentStage {
        id: id.into(),
        class: format!("pkg.seg.{id}"),
        code: Some(Digest::of(id.as_bytes())),
        config: spec["config"][id].clone(),
    };
    vec![stage("load"), stage("segmentation"), stage("measure")]
}

fn record(stages: &[CurrentStage]) -> Vec<RecordedStage> {
    let recorded = |stage: &CurrentStage| {
        let CurrentStage { id, class, code, config } = stage.clone();
        RecordedStage { id, class, code, config, enabled: true }
    };
    stages.iter().map(recorded).collect()
}

fn spec() -> Value {
    json!({"input_ids": "1-3", "config": {"segmentation": {"sigma": 1, "n": {"sizes": [1, 2]}}, "free": {"k": 1}}})
}

/// The answer for `stages` and `now`, beside a completion of `spec`.
fn standing(stages_now: &[CurrentStage], now: &Value) -> Standing {
    let recorded = record(&stages(&spec()));
    let origin =
        |path: &str| (path == "config/segmentation/sigma").then(|| Origin::File { at: "tree/x/task.yml:4".into() });
    let wanted = Wanted { runnable: true, stages: stages_now, spec: now, origin: &origin };
    pending(&wanted, Some(&Completed { stages: &recorded, spec: &spec() }))
}

fn changed(change: impl Fn(&mut Value)) -> Standing {
    let mut now = spec();
    change(&mut now);
    standing(&stages(&now), &now)
}

fn words(standing: &Standing) -> Vec<String> {
    standing.causes.iter().map(Cause::to_string).collect()
}

#[test]
fn rp_12_a_task_without_a_completion_is_incomplete() {
    let (spec, stages) = (spec(), stages(&spec()));
    let wanted = Wanted { runnable: true, stages: &stages, spec: &spec, origin: &|_| None };
    let answer = pending(&wanted, None);
    assert_eq!((answer.pending, answer.first_diverging.as_deref()), (Pending::Incomplete, Some("load")));
    assert_eq!(words(&answer), ["no completion on record"]);
}

#[test]
fn rp_13_changed_code_is_pipeline_and_names_the_stage() {
    let mut now = stages(&spec());
    now[1].code = Some(Digest::of(b"other"));
    let mut answer = standing(&now, &spec());
    assert_eq!((answer.pending, answer.first_diverging.as_deref()), (Pending::Pipeline, Some("segmentation")));
    assert_eq!(words(&answer), ["segmentation: code changed (pkg.seg.segmentation)"]);
    answer.causes[0].reason.subject = "pkg/seg.py: process, helper blur".into();
    assert_eq!(words(&answer), ["segmentation: code changed (pkg/seg.py: process, helper blur)"]);
    now[1].code = None;
    assert_eq!(standing(&now, &spec()).pending, Pending::Pipeline, "a doubt computes");
}

#[test]
fn rp_24_a_stage_added_or_removed_is_pipeline() {
    let mut added = stages(&spec());
    added.push(CurrentStage { id: "plot".into(), class: "pkg.Plot".into(), ..added[0].clone() });
    let answer = standing(&added, &spec());
    assert_eq!((answer.pending, answer.first_diverging.as_deref()), (Pending::Pipeline, Some("plot")));
    assert_eq!(words(&answer), ["plot: stage added (`pkg.Plot`)"]);
    let mut removed = stages(&spec());
    removed.pop();
    let answer = standing(&removed, &spec());
    assert_eq!((answer.pending, answer.first_diverging.as_deref()), (Pending::Pipeline, None));
    assert_eq!(words(&answer), ["measure: stage removed (`pkg.seg.measure`)"]);
}

#[test]
fn rp_14_a_changed_value_is_specification_with_what_it_was_what_it_is_and_where() {
    let answer = changed(|now| now["config"]["segmentation"]["sigma"] = json!(2));
    assert_eq!((answer.pending, answer.first_diverging.as_deref()), (Pending::Specification, Some("segmentation")));
    assert_eq!(words(&answer), ["segmentation: sigma 1 -> 2 (tree/x/task.yml:4)"]);
    let reason = &answer.causes[0].reason;
    assert_eq!((reason.file.as_deref(), reason.line), (Some("tree/x/task.yml"), Some(4)));
}

#[test]
fn rp_14_every_kind_of_change_is_told_in_words() {
    for (path, value, first, text) in [
        ("/config/segmentation/n/sizes", json!([1, 3]), Some("segmentation"), "segmentation: n/sizes [1,2] -> [1,3]"),
        (
            "/config/segmentation/sigma",
            json!(1.0),
            Some("segmentation"),
            "segmentation: sigma 1 -> 1.0 (tree/x/task.yml:4)",
        ),
        ("/config/free/k", json!(2), None, "config/free/k 1 -> 2"),
        ("/input_ids", json!("1-4"), None, "input_ids \"1-3\" -> \"1-4\""),
    ] {
        let answer = changed(|now| *now.pointer_mut(path).unwrap() = value.clone());
        assert_eq!((answer.pending, answer.first_diverging.as_deref()), (Pending::Specification, first), "{path}");
        assert_eq!(words(&answer), [text]);
    }
    let added = changed(|now| now["config"]["load"] = json!({"fast": true}));
    assert_eq!(words(&added), ["config/load added: {\"fast\":true}"]);
    let removed = changed(|now| drop(now["config"]["segmentation"].as_object_mut().unwrap().remove("sigma")));
    assert_eq!(words(&removed), ["segmentation: sigma removed, was 1 (tree/x/task.yml:4)"]);
}

#[test]
fn rp_15_nothing_changed_is_up_to_date_and_what_does_not_run_always_is() {
    let same = changed(|_| ());
    assert_eq!((same.pending, same.causes.len(), same.pending.word()), (Pending::UpToDate, 0, ""));
    let reordered: Value = serde_json::from_str(
        r#"{"config": {"free": {"k": 1}, "segmentation": {"n": {"sizes": [1, 2]}, "sigma": 1}}, "input_ids": "1-3"}"#,
    )
    .unwrap();
    assert_eq!(standing(&stages(&reordered), &reordered).pending, Pending::UpToDate);
    let (spec, stages) = (spec(), stages(&spec()));
    let node = Wanted { runnable: false, stages: &stages, spec: &spec, origin: &|_| None };
    assert_eq!(pending(&node, None).pending, Pending::UpToDate);
}

#[test]
fn rp_11_an_answer_survives_its_json_and_pipeline_comes_before_specification() {
    let mut now = spec();
    now["config"]["segmentation"]["sigma"] = json!(2);
    let mut code = stages(&now);
    code[2].code = Some(Digest::of(b"other"));
    let answer = standing(&code, &now);
    assert_eq!(answer.pending, Pending::Pipeline);
    assert_eq!(answer.first_diverging.as_deref(), Some("segmentation"));
    assert_eq!(answer.causes.len(), 2);
    let json = serde_json::to_value(&answer).unwrap();
    assert_eq!((json["pending"].as_str(), json["causes"][0]["stage"].as_str()), (Some("pipeline"), Some("measure")));
    assert_eq!(serde_json::from_value::<Standing>(json).unwrap(), answer);
}

proptest! {
    #[test]
    fn rp_14_a_specification_is_pending_exactly_where_it_differs(a in 0..3i64, b in 0..3i64, c in 0..3i64) {
        let answer = changed(|now| {
            now["config"]["segmentation"]["sigma"] = json!(a);
            now["config"]["segmentation"]["n"]["sizes"] = json!([1, b]);
            now["config"]["free"]["k"] = json!(c);
        });
        let changes = [a != 1, b != 2, c != 1].iter().filter(|changed| **changed).count();
        prop_assert_eq!(answer.causes.len(), changes);
        prop_assert_eq!(answer.pending == Pending::UpToDate, changes == 0);
    }
}
