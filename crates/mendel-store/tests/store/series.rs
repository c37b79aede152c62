//! Series: the same points and extremes before sealing, after it, and half-way.

use mendel_model::{Move, SeriesPoint};
use mendel_store::Bucket;

use crate::world::{Batch, World, both, change, id, key, now, points};

both!(
    points_are_the_same_before_and_after_sealing,
    summaries_follow_every_batch,
    sampling_keeps_extremes_ends_and_count,
    a_hundred_thousand_points_are_sampled_from_roll_ups,
    small_chunks_are_opened_again,
    the_sealer_takes_runs_that_ended_and_runs_with_many_tails,
    an_attempt_begins_a_chunk_of_its_own,
);

fn wave(step: i64) -> f64 {
    match step % 1_000 {
        17 => f64::NAN,
        18 => f64::INFINITY,
        19 => f64::NEG_INFINITY,
        _ => (step as f64 / 300.0).sin() * step as f64,
    }
}

async fn fill(world: &World, batches: i64, size: i64) {
    world.running(1).await;
    for batch in 0..batches {
        let first = batch as u64 * 2 + 1;
        let steps = batch * size..(batch + 1) * size;
        let batch = Batch::new(1, first).series(0, "loss").add(points(0, steps, wave));
        world.append(1, batch).await.expect("appends");
    }
}

fn bits(points: &[SeriesPoint]) -> Vec<(i64, i64, u64)> {
    points.iter().map(|point| (point.step, point.time.0, point.value.to_bits())).collect()
}

fn check_sampled(sampled: &[Bucket], all: &[SeriesPoint], most: usize) {
    assert!(sampled.len() <= most && !sampled.is_empty(), "{}", sampled.len());
    assert_eq!(sampled.iter().map(|bucket| bucket.count).sum::<u64>(), all.len() as u64);
    let values = || all.iter().map(|point| point.value).filter(|value| !value.is_nan());
    let low = sampled.iter().filter_map(|bucket| bucket.min).map(|(value, _)| value).reduce(f64::min);
    let high = sampled.iter().filter_map(|bucket| bucket.max).map(|(value, _)| value).reduce(f64::max);
    assert_eq!((low, high), (values().reduce(f64::min), values().reduce(f64::max)));
    assert_eq!(sampled[0].first.step, all[0].step);
    assert_eq!(sampled[sampled.len() - 1].last.step, all[all.len() - 1].step);
    let sum: f64 = sampled.iter().map(|bucket| bucket.sum).sum();
    let exact: f64 = values().filter(|value| value.is_finite()).sum();
    assert!((sum - exact).abs() <= exact.abs() * 1e-9 + 1e-6, "{sum} {exact}");
}

async fn points_are_the_same_before_and_after_sealing(world: World) {
    fill(&world, 5, 2_000).await;
    let before = world.store.points(id(1), &key("loss"), 0).await.expect("reads");
    let sealed = world.store.seal(Some(id(1))).await.expect("seals");
    assert_eq!((sealed.runs, sealed.points, sealed.chunks), (1, 10_000, 1));
    let after = world.store.points(id(1), &key("loss"), 0).await.expect("reads");
    assert_eq!(bits(&after), bits(&before));
    assert_eq!(after.len(), 10_000);
    world.append(1, Batch::new(1, 11).add(points(0, 10_000..10_005, wave))).await.expect("appends");
    let more = world.store.points(id(1), &key("loss"), 0).await.expect("reads");
    assert_eq!(more.len(), 10_005);
    assert_eq!(bits(&more[..10_000]), bits(&before));
    assert_eq!(world.store.points(id(1), &key("loss"), 7).await.expect("reads").len(), 7);
    assert!(world.store.points(id(1), &key("none"), 0).await.expect("reads").is_empty());
    assert_eq!(world.store.seal(Some(id(1))).await.expect("seals").points, 5);
    assert_eq!(world.store.seal(Some(id(1))).await.expect("seals").points, 0);
}

async fn summaries_follow_every_batch(world: World) {
    world.running(1).await;
    let batches: [&[(i64, f64)]; 4] =
        [&[(5, f64::NAN)], &[(3, 4.0), (9, f64::INFINITY)], &[(9, -2.0)], &[(1, 7.0), (2, f64::NEG_INFINITY)]];
    for (place, batch) in batches.iter().enumerate() {
        let records = batch.iter().map(|(step, value)| mendel_model::Point {
            series: 0,
            step: *step,
            time: now(),
            value: *value,
        });
        let records = mendel_model::Record::Points(records.collect());
        world.append(1, Batch::new(1, place as u64 * 2 + 1).series(0, "loss").add(records)).await.expect("appends");
        if place == 0 {
            let series = world.store.series(id(1)).await.expect("reads");
            assert!(series[0].last.value.is_nan() && series[0].min.is_none() && series[0].max.is_none());
        }
    }
    let series = world.store.series(id(1)).await.expect("reads").remove(0);
    assert_eq!((series.count, series.last.step, series.last.value), (6, 9, -2.0));
    assert_eq!((series.min, series.max), (Some((f64::NEG_INFINITY, 2)), Some((f64::INFINITY, 9))));
    assert_eq!((series.sum, series.finite), (9.0, 3));
}

async fn sampling_keeps_extremes_ends_and_count(world: World) {
    fill(&world, 3, 5_000).await;
    let all = world.store.points(id(1), &key("loss"), 0).await.expect("reads");
    for seal in [false, true] {
        if seal {
            world.store.seal(Some(id(1))).await.expect("seals");
        }
        for buckets in [1, 7, 100, 1_000, 20_000] {
            let sampled = world.store.sampled(id(1), &key("loss"), buckets).await.expect("reads");
            check_sampled(&sampled, &all, buckets);
        }
    }
    assert!(world.store.sampled(id(1), &key("none"), 10).await.expect("reads").is_empty());
}

async fn a_hundred_thousand_points_are_sampled_from_roll_ups(world: World) {
    fill(&world, 15, 10_000).await;
    let sealed = world.store.seal(Some(id(1))).await.expect("seals");
    assert_eq!(sealed.points, 150_000);
    let all = world.store.points(id(1), &key("loss"), 0).await.expect("reads");
    for buckets in [1, 2, 50, 580] {
        let sampled = world.store.sampled(id(1), &key("loss"), buckets).await.expect("reads");
        check_sampled(&sampled, &all, buckets);
        assert!(sampled.len() * 2 >= buckets, "{} of {buckets}", sampled.len());
    }
}

async fn small_chunks_are_opened_again(world: World) {
    world.running(1).await;
    let mut chunks = 0;
    for batch in 0..10_i64 {
        let steps = batch * 1_000..(batch + 1) * 1_000;
        let records = Batch::new(1, batch as u64 * 2 + 1).series(0, "loss").add(points(0, steps, wave));
        world.append(1, records).await.expect("appends");
        chunks += world.store.seal(Some(id(1))).await.expect("seals").chunks;
    }
    assert_eq!(chunks, 10);
    let all = world.store.points(id(1), &key("loss"), 0).await.expect("reads");
    let expected: Vec<_> = (0..10_000).map(|step| (step, step * 10, wave(step).to_bits())).collect();
    assert_eq!(bits(&all), expected);
    check_sampled(&world.store.sampled(id(1), &key("loss"), 20).await.expect("reads"), &all, 20);
}

async fn the_sealer_takes_runs_that_ended_and_runs_with_many_tails(world: World) {
    fill(&world, 3, 10).await;
    assert_eq!(world.store.seal(None).await.expect("seals").runs, 0, "it goes on and has few tails");
    world.store.move_run(id(1), Some(1), &change(Move::Complete), now()).await.expect("completes");
    let sealed = world.store.seal(None).await.expect("seals");
    assert_eq!((sealed.runs, sealed.points), (1, 30));
    world.running(2).await;
    for batch in 0..64 {
        let records = Batch::new(2, batch * 2 + 1).series(0, "loss").add(points(0, 0..2, wave));
        world.append(2, records).await.expect("appends");
    }
    assert_eq!(world.store.seal(None).await.expect("seals").points, 128);
}

async fn an_attempt_begins_a_chunk_of_its_own(world: World) {
    fill(&world, 1, 100).await;
    world.store.seal(Some(id(1))).await.expect("seals");
    world.store.move_run(id(1), Some(1), &change(Move::Fail), now()).await.expect("fails");
    world.store.move_run(id(1), None, &change(Move::Start), now()).await.expect("resumes");
    let batch = Batch::new(2, 1).series(0, "loss").add(points(0, 50..60, wave));
    world.store.append(id(1), 2, batch.writer, &batch.frames, now()).await.expect("appends");
    assert_eq!(world.store.seal(Some(id(1))).await.expect("seals").chunks, 1);
    let all = world.store.points(id(1), &key("loss"), 0).await.expect("reads");
    assert_eq!((all.len(), all[109].step), (110, 59));
}
