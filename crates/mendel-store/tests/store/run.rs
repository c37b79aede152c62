//! Runs: made once, changed within their rules, moved along their life.

use mendel_model::{BatchId, Move, NewBatch, NewRun, Record, RunId, RunRef, RunUpdate, Status};
use mendel_store::{EventQuery, Found, StoreError};
use serde_json::json;

use crate::world::{Batch, World, both, change, id, key, new_run, now, param, points};

both!(
    a_run_is_made_once_and_reads_back_as_it_was_made,
    runs_of_one_action_are_numbered_in_their_order,
    a_manual_run_begins_as_a_draft,
    a_run_is_found_by_id_part_and_number,
    updates_change_what_they_name_and_nothing_else,
    a_published_run_takes_tags_and_comment_only,
    a_run_is_never_its_own_ancestor,
    s56_a_new_run_cannot_close_a_circle,
    a_start_begins_an_attempt_and_an_end_stands,
    illegal_moves_are_refused_with_the_status,
    a_writer_of_another_attempt_is_refused,
    reset_forgets_outputs_and_keeps_what_was_given,
    a_deleted_run_is_gone_whole,
    l06_names_that_cannot_be_names_are_refused,
    a_batch_keeps_its_members_in_order,
);

async fn a_run_is_made_once_and_reads_back_as_it_was_made(world: World) {
    let mut new = new_run(1);
    new.params = vec![param("lr", json!(0.1)), param("name", json!("a\u{0}b"))];
    new.tags = vec!["b".into(), "a".into()];
    new.documents = json!({"General": {"text": "long"}}).as_object().expect("an object").clone();
    let made = world.store.create_runs(&[new.clone()], None, now()).await.expect("creates");
    assert_eq!(made[0].facts, new);
    assert_eq!((made[0].number, made[0].status, made[0].attempt), (1, Status::Queued, 0));
    let other = mendel_model::NewRun { name: "other".into(), ..new.clone() };
    let again = world.store.create_runs(&[other], None, now()).await.expect("answers");
    assert_eq!(again, made);
    assert_eq!(world.store.run(id(1)).await.expect("reads"), Some(made[0].clone()));
    assert_eq!(world.store.run(id(2)).await.expect("reads"), None);
}

async fn runs_of_one_action_are_numbered_in_their_order(world: World) {
    let new: Vec<_> = (1..=120).map(new_run).collect();
    let made = world.store.create_runs(&new, None, now()).await.expect("creates");
    assert_eq!(made.iter().map(|run| run.number).collect::<Vec<_>>(), (1..=120).collect::<Vec<_>>());
    world.store.delete_run(id(120)).await.expect("deletes");
    let next = world.store.create_runs(&[new_run(121)], None, now()).await.expect("creates");
    assert_eq!(next[0].number, 121);
}

async fn a_manual_run_begins_as_a_draft(world: World) {
    let new = NewRun { kind: mendel_model::TaskKind::Manual, ..new_run(1) };
    let made = world.store.create_runs(&[new], None, now()).await.expect("creates");
    assert_eq!(made[0].status, Status::Draft);
}

async fn a_run_is_found_by_id_part_and_number(world: World) {
    let far = RunId::new(1 << 40, [7; 10]);
    let new = [new_run(1), new_run(2), NewRun { id: far, ..new_run(3) }];
    world.store.create_runs(&new, None, now()).await.expect("creates");
    let one = |found| if let Found::One(run) = found { run.facts.id } else { panic!("{found:?}") };
    let find = async |reference: RunRef| world.store.find_run(&reference).await.expect("finds");
    let part = |digits: &str| digits.parse().expect("a part");
    assert_eq!(one(find(RunRef::Id(id(2))).await), id(2));
    assert_eq!(one(find(RunRef::Number(3)).await), far);
    assert_eq!(one(find(part("0100")).await), far, "the beginning");
    assert_eq!(one(find(part("070707")).await), far, "the end");
    assert_eq!(find(part("0000")).await, Found::Many(vec![id(1), id(2)]));
    assert_eq!(find(RunRef::Number(9)).await, Found::None);
    assert_eq!(find(part("beef")).await, Found::None);
}

async fn updates_change_what_they_name_and_nothing_else(world: World) {
    let mut new = new_run(1);
    new.params = vec![param("lr", json!(0.1)), param("depth", json!(3))];
    new.tags = vec!["old".into(), "kept".into()];
    new.documents.insert("gone".into(), json!(1));
    world.store.create_runs(&[new], None, now()).await.expect("creates");
    let update = RunUpdate {
        name: Some("new".into()),
        project: Some("other".into()),
        add_tags: vec!["new".into(), "kept".into()],
        remove_tags: vec!["old".into()],
        set_params: vec![param("lr", json!(0.2))],
        documents: json!({"gone": null, "here": {"a": 1}}).as_object().expect("an object").clone(),
        last_iteration: Some(7),
        ..RunUpdate::default()
    };
    let run = world.store.update_run(id(1), None, &update, now()).await.expect("updates");
    assert_eq!(
        (run.facts.name.as_str(), run.facts.tags.as_slice()),
        ("new", &["kept".to_owned(), "new".to_owned()][..])
    );
    assert_eq!(run.facts.params, [param("lr", json!(0.2)), param("depth", json!(3))]);
    assert_eq!(run.facts.documents, json!({"here": {"a": 1}}).as_object().expect("an object").clone());
    assert_eq!((run.last_iteration, run.facts.comment.as_str()), (7, ""));
    assert_eq!(world.store.run(id(1)).await.expect("reads"), Some(run));
    assert!(world.store.project("other").await.expect("reads").is_some());
    assert_eq!(world.names("p.lr = 0.2 and tags = new", &[]).await, ["new"]);
    assert!(world.names("p.lr = 0.1", &[]).await.is_empty());
    let absent = world.store.update_run(id(9), None, &update, now()).await;
    assert!(matches!(absent, Err(StoreError::NotFound { .. })));
}

async fn a_published_run_takes_tags_and_comment_only(world: World) {
    world.running(1).await;
    world.store.move_run(id(1), Some(1), &change(Move::Complete), now()).await.expect("completes");
    world.store.move_run(id(1), None, &change(Move::Publish), now()).await.expect("publishes");
    let tags = RunUpdate { add_tags: vec!["best".into()], comment: Some("good".into()), ..RunUpdate::default() };
    let run = world.store.update_run(id(1), None, &tags, now()).await.expect("updates");
    assert_eq!((run.facts.tags.len(), run.facts.comment.as_str(), run.status), (1, "good", Status::Published));
    let name = RunUpdate { name: Some("x".into()), ..RunUpdate::default() };
    assert!(matches!(world.store.update_run(id(1), None, &name, now()).await, Err(StoreError::Published(_))));
    let late = world.append(1, Batch::new(1, 1).series(0, "loss")).await;
    assert!(matches!(late, Err(StoreError::Published(_))), "{late:?}");
}

async fn a_run_is_never_its_own_ancestor(world: World) {
    world.store.create_runs(&[new_run(1), new_run(2), new_run(3)], None, now()).await.expect("creates");
    let below = |parent| RunUpdate { parent: Some(Some(id(parent))), ..RunUpdate::default() };
    world.store.update_run(id(2), None, &below(1), now()).await.expect("moves");
    world.store.update_run(id(3), None, &below(2), now()).await.expect("moves");
    let circle = world.store.update_run(id(1), None, &below(3), now()).await;
    assert!(matches!(circle, Err(StoreError::Cycle(_))));
    assert!(matches!(world.store.update_run(id(1), None, &below(1), now()).await, Err(StoreError::Cycle(_))));
    let free = RunUpdate { parent: Some(None), ..RunUpdate::default() };
    assert_eq!(world.store.update_run(id(2), None, &free, now()).await.expect("frees").facts.parent, None);
}

async fn s56_a_new_run_cannot_close_a_circle(world: World) {
    let below = |child, parent| mendel_model::NewRun { parent: Some(id(parent)), ..new_run(child) };
    let own = world.store.create_runs(&[below(1, 1)], None, now()).await;
    assert!(matches!(own, Err(StoreError::Cycle(_))));
    world.store.create_runs(&[below(1, 2)], None, now()).await.expect("creates");
    let closing = world.store.create_runs(&[below(2, 1)], None, now()).await;
    assert!(matches!(closing, Err(StoreError::Cycle(_))));
    assert_eq!(world.store.run(id(2)).await.expect("reads"), None);
}

async fn a_start_begins_an_attempt_and_an_end_stands(world: World) {
    let run = world.running(1).await;
    assert_eq!((run.status, run.attempt, run.started), (Status::Running, 1, Some(now())));
    let failed = mendel_model::StatusRecord { exit_code: Some(3), reason: "exit".into(), ..change(Move::Fail) };
    let run = world.store.move_run(id(1), Some(1), &failed, now()).await.expect("fails");
    assert_eq!((run.status, run.exit_code, run.status_reason.as_str()), (Status::Failed, Some(3), "exit"));
    let late = world.store.move_run(id(1), Some(1), &change(Move::Complete), now()).await;
    assert!(matches!(late, Err(StoreError::WrongStatus(_))));
    let run = world.store.move_run(id(1), Some(1), &change(Move::Start), now()).await.expect("resumes");
    assert_eq!((run.attempt, run.exit_code, run.ended), (2, None, None));
}

async fn illegal_moves_are_refused_with_the_status(world: World) {
    world.store.create_runs(&[new_run(1)], None, now()).await.expect("creates");
    let Err(StoreError::WrongStatus(wrong)) = world.store.move_run(id(1), None, &change(Move::Complete), now()).await
    else {
        panic!("refused");
    };
    assert_eq!((wrong.status, wrong.attempted), (Status::Queued, Move::Complete));
    let absent = world.store.move_run(id(7), None, &change(Move::Start), now()).await;
    assert!(matches!(absent, Err(StoreError::NotFound { .. })));
}

async fn a_writer_of_another_attempt_is_refused(world: World) {
    world.running(1).await;
    world.store.move_run(id(1), Some(1), &change(Move::Fail), now()).await.expect("fails");
    world.store.move_run(id(1), None, &change(Move::Start), now()).await.expect("resumes");
    let end = world.store.move_run(id(1), Some(1), &change(Move::Complete), now()).await;
    assert!(matches!(end, Err(StoreError::StaleAttempt { given: 1, current: 2 })));
    let update = RunUpdate { comment: Some("x".into()), ..RunUpdate::default() };
    let update = world.store.update_run(id(1), Some(1), &update, now()).await;
    assert!(matches!(update, Err(StoreError::StaleAttempt { .. })));
    let records = world.append(1, Batch::new(1, 1).series(0, "loss")).await;
    assert!(matches!(records, Err(StoreError::StaleAttempt { .. })));
}

async fn reset_forgets_outputs_and_keeps_what_was_given(world: World) {
    let mut new = new_run(1);
    new.params = vec![param("lr", json!(0.1))];
    new.snapshot = Some(mendel_model::Digest::of(b"manifest"));
    world.store.create_runs(std::slice::from_ref(&new), None, now()).await.expect("creates");
    world.store.move_run(id(1), None, &change(Move::Start), now()).await.expect("starts");
    let artifact = |name: &str, mode: &str| {
        let json =
            json!({"name": name, "type": "file", "mode": mode, "digest": null, "size": 0, "file": "", "time": 0});
        Record::Artifact(serde_json::from_value(json).expect("an artifact"))
    };
    let batch = Batch::new(1, 1).series(0, "loss").add(points(0, 0..10, |step| step as f64));
    let batch = batch.add(artifact("made", "output")).add(artifact("given", "input"));
    world.append(1, batch).await.expect("appends");
    world.store.move_run(id(1), Some(1), &change(Move::Complete), now()).await.expect("completes");
    let run = world.store.move_run(id(1), None, &change(Move::Reset), now()).await.expect("resets");
    assert_eq!((run.status, run.last_iteration, run.started, run.ended), (Status::Draft, 0, None, None));
    assert_eq!((run.facts.snapshot, &run.facts.params), (new.snapshot, &new.params));
    assert!(run.metrics.is_empty());
    assert!(world.store.series(id(1)).await.expect("reads").is_empty());
    assert!(world.store.points(id(1), &key("loss"), 0).await.expect("reads").is_empty());
    assert!(world.store.events(id(1), &EventQuery::default()).await.expect("reads").is_empty());
    let names: Vec<_> = world.store.artifacts(id(1)).await.expect("reads").into_iter().map(|own| own.name).collect();
    assert_eq!(names, ["given"]);
    let late = world.append(1, Batch::new(1, 5).add(points(0, 10..11, |_| 0.0))).await;
    assert!(matches!(late, Err(StoreError::StaleAttempt { .. })), "{late:?}");
    let run = world.store.move_run(id(1), Some(1), &change(Move::Start), now()).await.expect("starts again");
    assert_eq!(run.attempt, 2);
}

async fn a_deleted_run_is_gone_whole(world: World) {
    world.running(1).await;
    world.append(1, Batch::new(1, 1).series(0, "loss").add(points(0, 0..3, |_| 1.0))).await.expect("appends");
    assert!(world.store.delete_run(id(1)).await.expect("deletes"));
    assert!(!world.store.delete_run(id(1)).await.expect("answers"));
    assert_eq!(world.store.run(id(1)).await.expect("reads"), None);
    let late = world.append(1, Batch::new(1, 3).add(points(0, 3..4, |_| 1.0))).await;
    assert!(matches!(late, Err(StoreError::NotFound { .. })));
}

async fn l06_names_that_cannot_be_names_are_refused(world: World) {
    let long = mendel_model::NewRun { name: "x".repeat(257), ..new_run(1) };
    let refused = world.store.create_runs(&[new_run(2), long], None, now()).await;
    assert!(matches!(refused, Err(StoreError::BadName { .. })));
    assert_eq!(world.store.run(id(2)).await.expect("reads"), None, "all or nothing");
    let nowhere = mendel_model::NewRun { project: String::new(), ..new_run(1) };
    assert!(world.store.create_runs(&[nowhere], None, now()).await.is_err());
}

async fn a_batch_keeps_its_members_in_order(world: World) {
    let batch = NewBatch {
        id: BatchId::new(5, [0; 10]),
        name: "grid".into(),
        project: "demo".into(),
        members: vec![id(3), id(1), id(2)],
        created: now(),
    };
    let new: Vec<_> = (1..=2).map(new_run).collect();
    for _ in 0..2 {
        world.store.create_runs(&new, Some(&batch), now()).await.expect("creates");
    }
    assert_eq!(world.store.batch(batch.id).await.expect("reads"), Some(batch.clone()));
    assert_eq!(world.store.batches_of(id(2)).await.expect("reads"), [batch]);
    assert_eq!(world.names("batch = grid", &["name"]).await, ["run 1", "run 2"]);
    assert!(world.names("batch != grid", &[]).await.is_empty());
}
