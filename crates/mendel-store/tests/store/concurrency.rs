//! Several at once: what two stores over the same data do together is done once.

use std::sync::Arc;

use mendel_model::{Move, RunUpdate, Status};
use mendel_store::{Store, StoreError};
use tokio::task::JoinSet;

use crate::world::{Batch, World, both, change, id, key, new_run, now, points, writer};

both!(
    tr_07_ten_starts_at_once_make_one_project_and_ten_runs,
    one_run_made_by_many_at_once_is_made_once,
    tags_added_at_once_are_all_there,
    writers_at_once_lose_nothing,
    a_refused_batch_does_not_take_its_neighbours_along,
    one_of_many_starts_wins,
    two_parents_at_once_close_no_circle,
);

/// Two stores over the same data, in turn.
async fn stores(world: &World) -> [Store; 2] {
    [world.store.clone(), world.another().await]
}

async fn tr_07_ten_starts_at_once_make_one_project_and_ten_runs(world: World) {
    let stores = stores(&world).await;
    let mut tasks = JoinSet::new();
    for number in 1..=10_u64 {
        let store = stores[number as usize % 2].clone();
        tasks.spawn(async move { store.create_runs(&[new_run(number)], None, now()).await });
    }
    let mut numbers: Vec<_> = tasks.join_all().await.into_iter().map(|made| made.expect("creates")[0].number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
    let projects = world.store.projects().await.expect("reads");
    assert_eq!((projects.len(), projects[0].runs), (1, 10));
}

async fn one_run_made_by_many_at_once_is_made_once(world: World) {
    let stores = stores(&world).await;
    let mut tasks = JoinSet::new();
    for number in 0..10 {
        let store = stores[number % 2].clone();
        tasks.spawn(async move { store.create_runs(&[new_run(1)], None, now()).await });
    }
    for made in tasks.join_all().await {
        assert_eq!(made.expect("creates")[0].number, 1);
    }
}

async fn tags_added_at_once_are_all_there(world: World) {
    world.running(1).await;
    let stores = stores(&world).await;
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let store = stores[number % 2].clone();
        let update = RunUpdate { add_tags: vec![format!("t{number:02}"), "same".into()], ..RunUpdate::default() };
        tasks.spawn(async move { store.update_run(id(1), None, &update, now()).await });
    }
    for updated in tasks.join_all().await {
        updated.expect("updates");
    }
    let mut tags = world.store.run(id(1)).await.expect("reads").expect("a run").facts.tags;
    tags.sort_unstable();
    assert_eq!(tags.len(), 21);
    assert_eq!(world.names("tags = t07 and tags = same", &[]).await, ["run 1"]);
}

async fn writers_at_once_lose_nothing(world: World) {
    for run in 1..=2 {
        world.running(run).await;
    }
    let stores = stores(&world).await;
    let mut tasks = JoinSet::new();
    for number in 1..=8_u64 {
        let store = stores[number as usize % 2].clone();
        tasks.spawn(async move {
            for batch in 0..10_u64 {
                let steps = batch as i64 * 10..batch as i64 * 10 + 10;
                let records = Batch::new(number, batch * 2 + 1).series(0, "loss").add(points(0, steps, |_| 1.0));
                for _ in 0..2 {
                    let run = id(number % 2 + 1);
                    store.append(run, 1, writer(number), &records.frames, now()).await.expect("appends");
                }
            }
        });
    }
    tasks.join_all().await;
    for run in 1..=2 {
        let series = world.store.series(id(run)).await.expect("reads");
        assert_eq!((series.len(), series[0].count, series[0].sum), (1, 400, 400.0));
        assert_eq!(world.store.points(id(run), &key("loss"), 0).await.expect("reads").len(), 400);
    }
}

async fn a_refused_batch_does_not_take_its_neighbours_along(world: World) {
    world.running(1).await;
    let mut tasks = JoinSet::new();
    for number in 1..=12_u64 {
        let store = world.store.clone();
        let attempt = if number % 3 == 0 { 7 } else { 1 };
        let records = Batch::new(number, 1).series(0, "loss").add(points(0, 0..10, |_| 1.0));
        tasks.spawn(async move { store.append(id(1), attempt, writer(number), &records.frames, now()).await });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Ok(2))).count(), 8, "{answers:?}");
    let stale = |answer: &&Result<u64, StoreError>| matches!(answer, Err(StoreError::StaleAttempt { .. }));
    assert_eq!(answers.iter().filter(stale).count(), 4);
    assert_eq!(world.store.series(id(1)).await.expect("reads")[0].count, 80);
}

async fn one_of_many_starts_wins(world: World) {
    world.store.create_runs(&[new_run(1)], None, now()).await.expect("creates");
    let stores = stores(&world).await;
    let mut tasks = JoinSet::new();
    for number in 0..10 {
        let store = stores[number % 2].clone();
        tasks.spawn(async move { store.move_run(id(1), None, &change(Move::Start), now()).await });
    }
    let moves = tasks.join_all().await;
    assert_eq!(moves.iter().filter(|moved| moved.is_ok()).count(), 1);
    assert!(
        moves.iter().filter_map(|moved| moved.as_ref().err()).all(|error| matches!(error, StoreError::WrongStatus(_)))
    );
    let run = world.store.run(id(1)).await.expect("reads").expect("a run");
    assert_eq!((run.status, run.attempt), (Status::Running, 1));
}

async fn two_parents_at_once_close_no_circle(world: World) {
    world.store.create_runs(&[new_run(1), new_run(2)], None, now()).await.expect("creates");
    let stores = Arc::new(stores(&world).await);
    let mut tasks = JoinSet::new();
    for (store, child, parent) in [(0, 1, 2), (1, 2, 1)] {
        let stores = Arc::clone(&stores);
        let update = RunUpdate { parent: Some(Some(id(parent))), ..RunUpdate::default() };
        tasks.spawn(async move { stores[store].update_run(id(child), None, &update, now()).await });
    }
    let made = tasks.join_all().await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1, "{made:?}");
}
