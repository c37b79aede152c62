//! Records: kept once, in order, whatever is sent again, and undone whole when refused.

use mendel_model::{Move, Record, RunUpdate, SeriesKey, Status, limits};
use mendel_store::StoreError;
use serde_json::json;

use crate::world::{Batch, World, both, change, id, key, new_run, now, param, points};

both!(
    replayed_batches_have_no_effect,
    a_batch_that_overlaps_the_last_one_counts_once,
    a_gap_in_a_writers_sequence_is_refused,
    series_declared_in_an_earlier_batch_are_known_to_another_process,
    a_run_is_made_started_and_ended_by_its_journal,
    a_move_that_is_too_late_changes_nothing,
    tr_62_the_last_iteration_is_the_highest_reported_or_forced,
    l04_too_many_series_are_refused_and_the_rest_is_kept,
    an_update_that_is_refused_does_not_lose_the_batch,
    points_of_undeclared_series_are_told,
    a_run_that_nobody_made_takes_no_records,
    a_torn_batch_is_refused_whole,
);

async fn replayed_batches_have_no_effect(world: World) {
    world.running(1).await;
    let batch = || Batch::new(1, 1).series(0, "loss").add(points(0, 0..100, |step| step as f64));
    for _ in 0..3 {
        assert_eq!(world.append(1, batch()).await.expect("appends"), 2);
    }
    let series = world.store.series(id(1)).await.expect("reads");
    assert_eq!((series[0].count, series[0].sum), (100, 4950.0));
    assert_eq!(world.store.points(id(1), &key("loss"), 0).await.expect("reads").len(), 100);
}

async fn a_batch_that_overlaps_the_last_one_counts_once(world: World) {
    world.running(1).await;
    let batch = Batch::new(1, 1).series(0, "loss").add(points(0, 0..10, |_| 1.0));
    world.append(1, batch).await.expect("appends");
    let longer = Batch::new(1, 1).series(0, "loss").add(points(0, 0..10, |_| 1.0)).add(points(0, 10..15, |_| 1.0));
    assert_eq!(world.append(1, longer).await.expect("appends"), 3);
    assert_eq!(world.store.series(id(1)).await.expect("reads")[0].count, 15);
}

async fn a_gap_in_a_writers_sequence_is_refused(world: World) {
    world.running(1).await;
    let first = world.append(1, Batch::new(1, 2).series(0, "loss")).await;
    assert!(matches!(first, Err(StoreError::SequenceGap { expected: 1, given: 2 })));
    world.append(1, Batch::new(1, 1).series(0, "loss")).await.expect("appends");
    let later = world.append(1, Batch::new(1, 3).add(points(0, 0..1, |_| 0.0))).await;
    assert!(matches!(later, Err(StoreError::SequenceGap { expected: 2, given: 3 })));
    world.append(1, Batch::new(2, 0).series(0, "other")).await.expect("a writer may count from 0");
}

async fn series_declared_in_an_earlier_batch_are_known_to_another_process(world: World) {
    world.running(1).await;
    world.append(1, Batch::new(1, 1).series(7, "loss")).await.expect("appends");
    let other = world.another().await;
    let batch = Batch::new(1, 2).add(points(7, 0..4, |_| 2.0));
    other.append(id(1), 1, batch.writer, &batch.frames, now()).await.expect("appends");
    assert_eq!(world.store.series(id(1)).await.expect("reads")[0].count, 4);
    other.close().await;
}

async fn a_run_is_made_started_and_ended_by_its_journal(world: World) {
    let end = mendel_model::StatusRecord { exit_code: Some(0), ..change(Move::Complete) };
    let batch = Batch::new(1, 1)
        .add(Record::Create(Box::new(new_run(1))))
        .add(Record::Move(change(Move::Start)))
        .series(0, "loss")
        .add(points(0, 0..10, |step| step as f64))
        .add(Record::Update(Box::new(RunUpdate { set_params: vec![param("lr", json!(1))], ..RunUpdate::default() })))
        .add(Record::Move(end));
    for _ in 0..2 {
        let batch = batch.clone();
        assert_eq!(world.append(1, batch).await.expect("appends"), 6);
    }
    let run = world.store.run(id(1)).await.expect("reads").expect("a run");
    assert_eq!((run.status, run.attempt, run.last_iteration, run.exit_code), (Status::Completed, 1, 9, Some(0)));
    assert_eq!(json!(run.metrics), json!({"loss": 9.0}));
    assert_eq!(run.facts.params.len(), 1);
}

async fn a_move_that_is_too_late_changes_nothing(world: World) {
    world.running(1).await;
    world.store.move_run(id(1), Some(1), &change(Move::Stop), now()).await.expect("stops");
    let batch =
        Batch::new(1, 1).series(0, "loss").add(points(0, 0..2, |_| 1.0)).add(Record::Move(change(Move::Complete)));
    assert_eq!(world.append(1, batch).await.expect("appends"), 3);
    let run = world.store.run(id(1)).await.expect("reads").expect("a run");
    assert_eq!((run.status, run.last_iteration), (Status::Stopped, 1));
}

async fn tr_62_the_last_iteration_is_the_highest_reported_or_forced(world: World) {
    world.running(1).await;
    let batch = Batch::new(1, 1).series(0, "loss").series(1, ":monitor:machine");
    let batch = batch.add(points(0, 0..5, |_| 1.0)).add(points(1, 0..900, |_| 1.0));
    world.append(1, batch).await.expect("appends");
    assert_eq!(world.store.run(id(1)).await.expect("reads").expect("a run").last_iteration, 4);
    let event = json!({"kind": "text", "metric": "note", "variant": "", "step": 40, "time": 0, "body": "hello"});
    let event = Record::Event(serde_json::from_value(event).expect("an event"));
    world.append(1, Batch::new(1, 5).add(event)).await.expect("appends");
    assert_eq!(world.store.run(id(1)).await.expect("reads").expect("a run").last_iteration, 40);
    let forced = Record::Update(Box::new(RunUpdate { last_iteration: Some(3), ..RunUpdate::default() }));
    world.append(1, Batch::new(1, 6).add(forced)).await.expect("appends");
    assert_eq!(world.store.run(id(1)).await.expect("reads").expect("a run").last_iteration, 3);
}

async fn l04_too_many_series_are_refused_and_the_rest_is_kept(world: World) {
    world.running(1).await;
    let limit = limits::SERIES_PER_RUN as u32;
    let declare = |first: u64, numbers: std::ops::Range<u32>| {
        let mut batch = Batch::new(1, first);
        for number in numbers.clone() {
            let key = SeriesKey { metric: "m".into(), variant: number.to_string() };
            batch = batch.add(Record::Series { id: number, key });
        }
        let point = |series| mendel_model::Point { series, step: 1, time: now(), value: 1.0 };
        batch.add(Record::Points(numbers.map(point).collect()))
    };
    world.append(1, declare(1, 0..limit - 1)).await.expect("appends");
    let more = world.append(1, declare(u64::from(limit) + 1, limit - 2..limit + 4)).await;
    assert!(matches!(more, Err(StoreError::TooManySeries { refused: 4, .. })), "{more:?}");
    let series = world.store.series(id(1)).await.expect("reads");
    assert_eq!(series.len(), limits::SERIES_PER_RUN);
    assert_eq!(series.iter().map(|own| own.count).sum::<u64>(), u64::from(limit) + 1);
    let again = world.append(1, declare(u64::from(limit) + 1, limit - 2..limit + 4)).await;
    assert_eq!(again.expect("is done with"), u64::from(limit) + 7);
}

async fn an_update_that_is_refused_does_not_lose_the_batch(world: World) {
    world.running(1).await;
    let bad = RunUpdate { name: Some("x".repeat(300)), ..RunUpdate::default() };
    let batch = Batch::new(1, 1).series(0, "loss").add(Record::Update(Box::new(bad))).add(points(0, 0..3, |_| 1.0));
    let kept = world.append(1, batch).await;
    assert!(matches!(kept, Err(StoreError::PartlyRefused { acknowledged: 3, .. })), "{kept:?}");
    assert_eq!(world.store.series(id(1)).await.expect("reads")[0].count, 3);
}

async fn points_of_undeclared_series_are_told(world: World) {
    world.running(1).await;
    let told = world.append(1, Batch::new(1, 1).add(points(9, 0..3, |_| 1.0))).await;
    assert!(matches!(told, Err(StoreError::PartlyRefused { .. })), "{told:?}");
}

async fn a_run_that_nobody_made_takes_no_records(world: World) {
    let lost = world.append(1, Batch::new(1, 1).series(0, "loss")).await;
    assert!(matches!(lost, Err(StoreError::NotFound { .. })));
}

async fn a_torn_batch_is_refused_whole(world: World) {
    world.running(1).await;
    let mut batch = Batch::new(1, 1).series(0, "loss").add(points(0, 0..3, |_| 1.0));
    batch.frames.pop();
    assert!(matches!(world.append(1, batch).await, Err(StoreError::BadRecords(_))));
    assert!(world.store.series(id(1)).await.expect("reads").is_empty());
}
