//! What runs make besides series: events, artifacts, models, results of steps.

use mendel_model::{
    Digest, EventKind, Identity, Move, Record, RunUpdate, ScopeFile, StageField, StageRecord, StepResult, Timestamp,
    stage_step,
};
use mendel_store::{EventQuery, StoreError};
use serde_json::{Value, json};

use crate::world::{Batch, World, both, change, id, new_run, now};

both!(
    events_are_narrowed_and_the_newest_told,
    the_newest_artifact_of_a_name_is_shown,
    a_model_recorded_again_is_replaced,
    results_are_reused_only_of_runs_that_ended_well,
    rp_38_a_stage_answers_whatever_becomes_of_its_run,
);

fn event(kind: &str, metric: &str, step: i64, body: Value) -> Record {
    let event = json!({"kind": kind, "metric": metric, "variant": "v", "step": step, "time": step, "body": body});
    Record::Event(serde_json::from_value(event).expect("an event"))
}

fn artifact(name: &str, content: &[u8]) -> Record {
    let digest = Digest::of(content);
    let json = json!({"name": name, "type": "file", "digest": digest, "size": content.len(), "file": name, "time": 0});
    Record::Artifact(serde_json::from_value(json).expect("an artifact"))
}

fn model(id: &str, name: &str, usage: &str) -> Record {
    let json = json!({"id": id, "name": name, "use": usage, "digest": null, "time": 0});
    Record::Model(serde_json::from_value(json).expect("a model"))
}

async fn events_are_narrowed_and_the_newest_told(world: World) {
    world.running(1).await;
    let batch = Batch::new(1, 1)
        .add(event("plot", "roc", 1, json!({"data": [1, 2]})))
        .add(event("plot", "roc", 2, json!({"data": [3]})))
        .add(event("plot", "roc", 2, json!({"data": [4]})))
        .add(event("text", "note", 0, json!("a\u{0}b")));
    world.append(1, batch).await.expect("appends");
    let bodies = async |query: EventQuery| -> Vec<Value> {
        world.store.events(id(1), &query).await.expect("reads").into_iter().map(|event| event.body).collect()
    };
    assert_eq!(bodies(EventQuery::default()).await.len(), 4);
    let plots = EventQuery { kind: Some(EventKind::Plot), ..EventQuery::default() };
    assert_eq!(bodies(plots.clone()).await.len(), 3);
    assert_eq!(bodies(EventQuery { last: true, ..plots }).await, [json!({"data": [4]})]);
    let note = EventQuery { metric: Some("note".into()), variant: Some("v".into()), ..EventQuery::default() };
    assert_eq!(bodies(note).await, [json!("a\u{0}b")]);
}

async fn the_newest_artifact_of_a_name_is_shown(world: World) {
    world.running(1).await;
    let batch = Batch::new(1, 1).add(artifact("b", b"1")).add(artifact("a", b"2")).add(artifact("b", b"3"));
    world.append(1, batch).await.expect("appends");
    let shown = world.store.artifacts(id(1)).await.expect("reads");
    let shown: Vec<_> = shown.iter().map(|own| (own.name.as_str(), own.digest)).collect();
    assert_eq!(shown, [("a", Some(Digest::of(b"2"))), ("b", Some(Digest::of(b"3")))]);
    let history = world.store.artifact_history(id(1), "b").await.expect("reads");
    assert_eq!(
        history.iter().map(|own| own.digest).collect::<Vec<_>>(),
        [Some(Digest::of(b"3")), Some(Digest::of(b"1"))]
    );
}

async fn a_model_recorded_again_is_replaced(world: World) {
    world.running(1).await;
    world.running(2).await;
    let batch = Batch::new(1, 1).add(model("m1", "old", "output")).add(model("m2", "in", "input"));
    world.append(1, batch.add(model("m1", "new", "output"))).await.expect("appends");
    world.append(2, Batch::new(2, 1).add(model("m1", "new", "input"))).await.expect("appends");
    let names = |models: Vec<(mendel_model::RunId, mendel_model::ModelRecord)>| -> Vec<_> {
        models.into_iter().map(|(run, model)| (run, model.name)).collect()
    };
    let own = names(world.store.models(Some(id(1))).await.expect("reads"));
    assert_eq!(own, [(id(1), "new".to_owned()), (id(1), "in".to_owned())]);
    assert_eq!(world.store.models(None).await.expect("reads").len(), 3);
}

async fn results_are_reused_only_of_runs_that_ended_well(world: World) {
    let identity: Identity = format!("m1:{}", Digest::of(b"identity")).parse().expect("an identity");
    let result = |run: u64, finished: i64| StepResult {
        identity,
        key: Digest::of(b"key"),
        run: id(run),
        step: "main".into(),
        dependencies: Vec::new(),
        outputs: Vec::new(),
        duration: 5,
        finished: Timestamp(finished),
        input: None,
        stage: None,
    };
    for run in 1..=4 {
        world.running(run).await;
        world.store.put_results(&[result(run, run as i64 * 100)]).await.expect("puts");
    }
    assert_eq!(world.store.results(&[identity]).await.expect("reads"), [vec![]], "none has ended");
    for run in [1, 2, 3] {
        world.store.move_run(id(run), Some(1), &change(Move::Complete), now()).await.expect("completes");
    }
    world.store.move_run(id(4), Some(1), &change(Move::Fail), now()).await.expect("fails");
    let tainted = RunUpdate { tainted: Some(true), ..RunUpdate::default() };
    world.store.update_run(id(3), None, &tainted, now()).await.expect("taints");
    let unknown: Identity = format!("m1:{}", Digest::of(b"unknown")).parse().expect("an identity");
    let found = world.store.results(&[identity, unknown, identity]).await.expect("reads");
    let runs: Vec<Vec<_>> = found.iter().map(|own| own.iter().map(|result| result.run).collect()).collect();
    assert_eq!(runs, [vec![id(2), id(1)], vec![], vec![id(2), id(1)]]);
    assert_eq!(world.store.result_of(id(4)).await.expect("reads"), Some(result(4, 400)));
    world.store.create_runs(&[new_run(5)], None, now()).await.expect("creates");
    assert_eq!(world.store.result_of(id(5)).await.expect("reads"), None);
    let record = mendel_model::StageRecord {
        task: "/tree".into(),
        fields: Vec::new(),
        files: Vec::new(),
        absent: Vec::new(),
        config: serde_json::Value::Null,
        seconds: 0.5,
        doubts: Vec::new(),
        whole: None,
    };
    let input = Some(mendel_model::InputId::Text("1".into()));
    let whole = StepResult { step: "cut[\"1\"]".into(), input, stage: Some(record), ..result(4, 500) };
    world.store.put_results(std::slice::from_ref(&whole)).await.expect("puts");
    let found = world.store.results(&[identity]).await.expect("reads");
    assert_eq!(found[0].first(), Some(&whole), "a stage is whole whatever became of its run");
    let partly = world.store.put_results(&[result(5, 1), result(9, 1)]).await;
    assert!(matches!(partly, Err(StoreError::NotFound { .. })));
    assert_eq!(world.store.result_of(id(5)).await.expect("reads"), None, "all or none");
}

async fn rp_38_a_stage_answers_whatever_becomes_of_its_run(world: World) {
    let identity: Identity = format!("m1:{}", Digest::of(b"stage")).parse().expect("an identity");
    let field =
        StageField { name: "mask".into(), format: "npy".into(), digest: Digest::of(b"mask"), size: 4, kept: true };
    let file =
        ScopeFile { scope: "seg".into(), path_suffix: String::new(), digest: Digest::of(b"png"), size: 3, mode: 0o644 };
    let stage = StageRecord {
        task: "/tree/a".into(),
        fields: vec![field],
        files: vec![file],
        absent: vec!["shape".into()],
        config: json!({"sigma": 1.0, "n": [1, 2]}),
        seconds: 0.25,
        doubts: Vec::new(),
        whole: None,
    };
    let result = |input: i64| StepResult {
        identity,
        key: Digest::of(b"key"),
        run: id(1),
        step: stage_step("segment", Some(&input.into())),
        dependencies: Vec::new(),
        outputs: Vec::new(),
        duration: 5,
        finished: Timestamp(input),
        input: Some(input.into()),
        stage: Some(stage.clone()),
    };
    world.running(1).await;
    world.store.put_results(&[result(2), result(1)]).await.expect("puts");
    assert_eq!(world.store.results(&[identity]).await.expect("reads"), [[result(2), result(1)]]);
    world.store.move_run(id(1), Some(1), &change(Move::Fail), now()).await.expect("fails");
    assert_eq!(world.store.results(&[identity]).await.expect("reads"), [[result(2), result(1)]]);
    assert_eq!(world.store.results_of_run(id(1)).await.expect("reads"), [result(2), result(1)]);

    let (position, marks) = world.store.marks(0, 2).await.expect("reads").expect("they are few");
    assert_eq!(marks, [identity.mark(); 2]);
    assert_eq!(world.store.marks(0, 1).await.expect("reads"), None, "they are more than asked for");
    assert_eq!(world.store.marks(position, 9).await.expect("reads"), Some((position, vec![])), "nothing came since");
    world.store.put_results(&[result(3)]).await.expect("puts");
    let (later, marks) = world.store.marks(position, 9).await.expect("reads").expect("they are few");
    assert!(later > position && marks.len() == 1);

    world.store.move_run(id(1), None, &change(Move::Reset), now()).await.expect("resets");
    assert_eq!(world.store.results(&[identity]).await.expect("reads"), [vec![]], "a reset forgets");
}
