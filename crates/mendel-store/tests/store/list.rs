//! Lists of runs: filter, order, pages.

use mendel_model::{RunUpdate, Status};
use mendel_store::{RunQuery, StoreError};
use serde_json::json;

use crate::world::{Batch, World, both, id, new_run, now, param, points};

both!(
    tr_15_filters_hold_columns_tags_params_and_metrics,
    missing_values_sort_last_either_way,
    pages_tell_the_total,
    queries_narrow_by_status_project_parent_ids_and_archive,
    values_that_are_not_numbers_are_found,
    a_filter_that_means_nothing_is_refused,
    texts_of_a_filter_are_data,
);

/// Runs 1 to 4; run 4 has neither parameters nor metrics.
async fn four(world: &World) {
    for number in 1..=4_u64 {
        let mut new = new_run(number);
        if number < 4 {
            new.params = vec![
                param("lr", json!(number as f64 / 10.0)),
                param("opt", json!(["adam", "sgd", "x"][number as usize - 1])),
            ];
            new.params[0].section = "Args".into();
            new.tags = vec![format!("t{number}"), "all".into()];
        }
        world.store.create_runs(&[new], None, now()).await.expect("creates");
        world
            .store
            .move_run(id(number), None, &crate::world::change(mendel_model::Move::Start), now())
            .await
            .expect("starts");
        if number < 4 {
            let batch =
                Batch::new(number, 1).series(0, "loss").add(points(0, 0..5, |step| (step * number as i64) as f64));
            world.append(number, batch).await.expect("appends");
        }
    }
}

async fn tr_15_filters_hold_columns_tags_params_and_metrics(world: World) {
    four(&world).await;
    let cases = [
        ("name = 'run 2'", &["run 2"][..]),
        ("name ~ run and name != 'run 1'", &["run 2", "run 3", "run 4"]),
        ("params.lr = 0.2", &["run 2"]),
        ("p.Args/lr < 0.25", &["run 1", "run 2"]),
        ("p.lr != 0.2", &["run 1", "run 3"]),
        ("p.opt = sgd or p.opt ~ da", &["run 1", "run 2"]),
        ("m.loss >= 8 and m.loss <= 12", &["run 2", "run 3"]),
        ("not m.loss >= 8", &["run 1", "run 4"]),
        ("tags = t1 or tags = t3", &["run 1", "run 3"]),
        ("tags != all", &["run 4"]),
        ("tags ~ 2", &["run 2"]),
        ("status = running and type = training", &["run 1", "run 2", "run 3", "run 4"]),
        ("status = completed", &[]),
        ("ended < 2030-01-01", &[]),
        ("not ended < 2030-01-01 and started >= 2023-01-01", &["run 1", "run 2", "run 3", "run 4"]),
        ("created = 2020-09-13", &["run 1", "run 2", "run 3", "run 4"]),
        ("archived = false and project = demo and user = ''", &["run 1", "run 2", "run 3", "run 4"]),
    ];
    for (filter, expected) in cases {
        assert_eq!(world.names(filter, &["name"]).await, expected, "{filter}");
    }
    assert_eq!(world.names(&format!("id = {}", id(3)), &[]).await, ["run 3"]);
}

async fn missing_values_sort_last_either_way(world: World) {
    four(&world).await;
    let rising = ["run 1", "run 2", "run 3", "run 4"];
    let falling = ["run 3", "run 2", "run 1", "run 4"];
    for (key, up, down) in [("m.loss", rising, falling), ("p.lr", rising, falling)] {
        assert_eq!(world.names("", &[key]).await, up, "{key}");
        assert_eq!(world.names("", &[&format!("-{key}")]).await, down, "-{key}");
    }
    assert_eq!(world.names("", &["-p.opt"]).await, ["run 3", "run 2", "run 1", "run 4"]);
    assert_eq!(world.names("", &["ended"]).await, ["run 4", "run 3", "run 2", "run 1"], "ties come newest first");
    assert_eq!(world.names("", &["status", "name"]).await, rising);
    assert_eq!(world.names("", &[]).await, ["run 4", "run 3", "run 2", "run 1"]);
}

async fn pages_tell_the_total(world: World) {
    let new: Vec<_> = (1..=25).map(new_run).collect();
    world.store.create_runs(&new, None, now()).await.expect("creates");
    let filter = Some("name ~ run".parse().expect("a filter"));
    let sort = vec!["created".parse().expect("a key")];
    let query = RunQuery { filter, sort, limit: 10, offset: 20, ..RunQuery::default() };
    let page = world.store.runs(&query).await.expect("lists");
    let numbers: Vec<_> = page.runs.iter().map(|run| run.number).collect();
    assert_eq!((page.total, numbers), (25, vec![21, 22, 23, 24, 25]));
    let beyond = world.store.runs(&RunQuery { offset: 40, ..query }).await.expect("lists");
    assert_eq!((beyond.total, beyond.runs.len()), (25, 0));
}

async fn queries_narrow_by_status_project_parent_ids_and_archive(world: World) {
    four(&world).await;
    let update = RunUpdate {
        parent: Some(Some(id(1))),
        archived: Some(true),
        project: Some("p".into()),
        ..RunUpdate::default()
    };
    world.store.update_run(id(2), None, &update, now()).await.expect("updates");
    let count = async |query: RunQuery| world.store.runs(&query).await.expect("lists").total;
    assert_eq!(count(RunQuery { parent: Some(id(1)), ..RunQuery::default() }).await, 1);
    assert_eq!(count(RunQuery { archived: Some(false), ..RunQuery::default() }).await, 3);
    assert_eq!(count(RunQuery { project: Some("p".into()), ..RunQuery::default() }).await, 1);
    assert_eq!(count(RunQuery { ids: vec![id(1), id(2), id(9)], ..RunQuery::default() }).await, 2);
    let status = vec![Status::Running, Status::Failed];
    assert_eq!(count(RunQuery { status, archived: Some(true), ..RunQuery::default() }).await, 1);
}

async fn values_that_are_not_numbers_are_found(world: World) {
    world.running(1).await;
    let set = RunUpdate {
        set_params: vec![param("flag", json!(true)), param("text", json!("0.50")), param("none", json!(null))],
        ..RunUpdate::default()
    };
    world.store.update_run(id(1), None, &set, now()).await.expect("updates");
    let batch = Batch::new(1, 1).series(0, "loss").series(1, "acc/top").add(points(0, 0..1, |_| f64::NAN));
    world.append(1, batch.add(points(1, 0..1, |_| f64::INFINITY))).await.expect("appends");
    for filter in ["p.flag = True", "p.text = 0.5", "p.text < 1", "p.none = null", "m.loss = nan", "m.acc/top > 1e300"]
    {
        assert_eq!(world.names(filter, &[]).await, ["run 1"], "{filter}");
    }
    for filter in ["m.loss < 1", "m.loss != nan", "p.flag = False", "p.text > 1"] {
        assert!(world.names(filter, &[]).await.is_empty(), "{filter}");
    }
    let run = world.store.run(id(1)).await.expect("reads").expect("a run");
    assert_eq!(json!(run.metrics), json!({"acc/top": "Infinity", "loss": "NaN"}));
}

async fn a_filter_that_means_nothing_is_refused(world: World) {
    for filter in ["status = done", "m.loss = high", "archived = maybe", "created > soon", "tags < b", "started ~ 2"] {
        let query = RunQuery { filter: Some(filter.parse().expect("well formed")), ..RunQuery::default() };
        assert!(matches!(world.store.runs(&query).await, Err(StoreError::BadFilter(_))), "{filter}");
    }
    let query = RunQuery { sort: vec!["tags".parse().expect("a key")], ..RunQuery::default() };
    assert!(matches!(world.store.runs(&query).await, Err(StoreError::BadFilter(_))));
}

async fn texts_of_a_filter_are_data(world: World) {
    let name = "x' OR '1'='1; DROP TABLE runs; --%_";
    let new = mendel_model::NewRun { name: name.into(), ..new_run(1) };
    world.store.create_runs(&[new, new_run(2)], None, now()).await.expect("creates");
    assert_eq!(world.names(&format!("name = \"{name}\""), &[]).await, [name]);
    assert_eq!(world.names("name ~ '%_'", &[]).await, [name]);
    assert!(world.names("p.a;b = \"' OR 1=1\"", &[]).await.is_empty());
}
