//! What callers without a journal use: reports, queues, files, workers, the registry, and
//! runs and projects that are rewritten as a whole.

use mendel_model::{ConsoleLine, ConsoleStream, Digest, Event, EventKind, Model, SeriesPoint, Status, Timestamp};
use mendel_store::{FileRecord, Report, RunScan, StoreError, WorkerRecord};
use serde_json::{Map, json};

use crate::world::{World, both, id, key, new_run, now};

both!(
    tr_13_a_report_needs_no_journal,
    tr_30_two_takers_never_get_one_run,
    tr_87_a_run_is_rewritten_or_left_alone,
    tr_17_a_path_leads_to_a_blob,
    tr_25_a_model_is_in_the_registry_once,
    a_project_keeps_its_id_under_another_name,
    runs_are_scanned_by_plain_conditions,
    a_worker_is_known_until_it_is_removed,
);

fn event(step: i64, body: serde_json::Value) -> Event {
    Event {
        kind: EventKind::Plot,
        metric: "plot".into(),
        variant: String::new(),
        step,
        time: now(),
        body,
        blob: None,
        media: String::new(),
        file: String::new(),
    }
}

async fn tr_13_a_report_needs_no_journal(world: World) {
    let store = &world.store;
    store.create_runs(&[new_run(1)], None, now()).await.expect("creates");
    let point = |step, value| SeriesPoint { step, time: now(), value };
    let report = |step, value| Report {
        points: [(key("loss"), vec![point(step, value)])].into(),
        labels: [(key("loss"), "epoch".to_owned())].into(),
        console: vec![ConsoleLine { stream: ConsoleStream::Out, time: now(), text: "line\nand more".into() }],
        events: vec![event(1, json!({"data": value}))],
        iteration: Some(step),
    };
    for (step, value) in [(5, 0.5), (9, 0.1), (3, 0.9)] {
        store.report(vec![(id(1), report(step, value))], now()).await.expect("reports");
    }
    let run = store.run(id(1)).await.expect("reads").expect("is there");
    assert_eq!(run.last_iteration, 9);
    let summary = store.metric_summaries(&[run.number]).await.expect("reads")[&run.number][0].clone();
    assert_eq!((summary.recent, summary.first, summary.count), (0.9, Some((0.5, 5)), 3));
    assert_eq!((summary.min, summary.max, summary.label.as_str()), (Some((0.1, 9)), Some((0.9, 3)), "epoch"));
    let points = store.all_points(id(1), |_| true).await.expect("reads");
    assert_eq!(points[&key("loss")].len(), 3);
    let events = store.events(id(1), &Default::default()).await.expect("reads");
    assert_eq!(events.iter().map(|event| event.body.clone()).collect::<Vec<_>>(), [json!({"data": 0.9})]);
    assert_eq!(store.console(id(1), 0, 0).await.expect("reads").lines.len(), 3);
    store.forget_reports(id(1)).await.expect("forgets");
    assert!(store.all_points(id(1), |_| true).await.expect("reads").is_empty());
    let absent = store.report(vec![(id(9), Report::default())], now()).await;
    assert!(matches!(absent, Err(StoreError::NotFound { .. })));
}

async fn tr_30_two_takers_never_get_one_run(world: World) {
    let (store, other) = (&world.store, world.another().await);
    let runs: Vec<_> = (1..=6).map(new_run).collect();
    store.create_runs(&runs, None, now()).await.expect("creates");
    store.create_queue("q", "line", &Map::new()).await.expect("creates");
    let taken = store.create_queue("r", "line", &Map::new()).await;
    assert!(matches!(taken, Err(StoreError::Exists { .. })));
    for number in 1..=6 {
        assert!(store.enter_queue("q", id(number), now()).await.expect("enters"));
    }
    assert!(!store.enter_queue("q", id(1), now()).await.expect("is there"));
    store.order_queue("q", &[id(6), id(1), id(2), id(3), id(4), id(5)]).await.expect("orders");
    assert_eq!(store.leave_queue(None, id(2)).await.expect("leaves"), 1);
    let (mut one, mut two) = (Vec::new(), Vec::new());
    while let (Ok(first), Ok(second)) = tokio::join!(store.take_from_queue("q"), other.take_from_queue("q")) {
        one.extend(first);
        two.extend(second);
        if first.is_none() && second.is_none() {
            break;
        }
    }
    let mut all: Vec<_> = one.iter().chain(&two).map(|(run, _)| *run).collect();
    assert!(all[0] == id(6) || two[0].0 == id(6), "{all:?}");
    all.sort();
    assert_eq!(all, [id(1), id(3), id(4), id(5), id(6)]);
    assert!(matches!(store.take_from_queue("none").await, Err(StoreError::NotFound { .. })));
}

async fn tr_87_a_run_is_rewritten_or_left_alone(world: World) {
    let store = &world.store;
    store.create_runs(&[new_run(1), new_run(2)], None, now()).await.expect("creates");
    let (run, told) = store
        .rewrite_run(id(1), now(), |run| {
            run.facts.name = "another".into();
            run.facts.project = "elsewhere".into();
            run.facts.documents.insert("system_tags".into(), json!(["hidden"]));
            run.stand(Status::Running, "why", "", Timestamp(5));
            Ok::<_, StoreError>(7)
        })
        .await
        .expect("rewrites");
    assert_eq!((told, run.attempt, run.status), (7, 1, Status::Running));
    assert_eq!(store.run(id(1)).await.expect("reads"), Some(run));
    let refused = store.rewrite_run(id(1), now(), |run| {
        run.facts.name = "lost".into();
        Err::<(), _>(StoreError::Published(id(1)))
    });
    assert!(refused.await.is_err());
    let cycle = store.rewrite_run(id(1), now(), |run| {
        run.facts.parent = Some(id(1));
        Ok::<_, StoreError>(())
    });
    assert!(matches!(cycle.await, Err(StoreError::Cycle(_))));
    let light = store.scan_runs(&RunScan::default()).await.expect("scans");
    assert_eq!(light[0].facts.name, "another");
    assert_eq!(light[0].facts.documents["system_tags"], json!(["hidden"]));
}

async fn tr_17_a_path_leads_to_a_blob(world: World) {
    let store = &world.store;
    let digest = store.blobs().put("content").await.expect("puts");
    let file = |path: &str| FileRecord { path: path.into(), digest, size: 7, media: String::new() };
    store.put_files(&[file("a/b.txt"), file("a/c/d"), file("a0")], now()).await.expect("puts");
    store.put_files(&[file("a/b.txt")], now()).await.expect("puts again");
    assert_eq!(store.file("a/b.txt").await.expect("reads").map(|file| file.digest), Some(digest));
    assert_eq!(store.remove_files_below("a").await.expect("removes"), 2);
    assert!(store.file("a0").await.expect("reads").is_some());
    assert!(!store.remove_file("a/b.txt").await.expect("is gone"));
}

async fn tr_25_a_model_is_in_the_registry_once(world: World) {
    let store = &world.store;
    store.create_runs(&[new_run(1), new_run(2)], None, now()).await.expect("creates");
    let model: Model = serde_json::from_value(json!({
        "id": "m", "name": "net", "use": "output", "digest": Digest::of(b"x"), "time": 1, "task": id(1), "project": "demo",
    }))
    .expect("a model");
    store.put_model(&model).await.expect("puts");
    let link = |name: &str| mendel_model::ModelRecord { name: name.into(), ..model.record.clone() };
    store.link_model(id(1), &link("out")).await.expect("links");
    store.link_model(id(2), &link("other")).await.expect("links");
    let numbers: Vec<i64> =
        store.scan_runs(&RunScan::default()).await.expect("scans").iter().map(|run| run.number).collect();
    assert_eq!(store.linked_models(&numbers).await.expect("reads").len(), 2);
    assert_eq!(store.users_of_model("m").await.expect("reads").len(), 2);
    let renamed = store.rewrite_model("m", |model| {
        model.record.comment = "better".into();
        Ok::<_, StoreError>(())
    });
    assert_eq!(renamed.await.expect("rewrites"), Some(()));
    assert_eq!(store.registered_models(None).await.expect("reads")[0].record.comment, "better");
    assert!(store.remove_model("m").await.expect("removes"));
    assert!(store.linked_models(&numbers).await.expect("reads").is_empty());
}

async fn a_project_keeps_its_id_under_another_name(world: World) {
    let store = &world.store;
    store.create_runs(&[new_run(1)], None, now()).await.expect("creates");
    let before = store.ensure_project("demo", now()).await.expect("is there");
    store.rename_projects(&[("demo".into(), "shown".into())]).await.expect("renames");
    let after = store.ensure_project("shown", now()).await.expect("is there");
    assert_eq!((before.id.len(), &before.id, after.project.runs), (32, &after.id, 1));
    assert_eq!(store.run(id(1)).await.expect("reads").expect("is there").facts.project, "shown");
    store.ensure_project("target", now()).await.expect("makes");
    let taken = store.rename_projects(&[("shown".into(), "target".into())]).await;
    assert!(matches!(taken, Err(StoreError::Exists { .. })));
    store.merge_projects(&[("shown".into(), "target".into())], now()).await.expect("merges");
    let names: Vec<_> = store.project_records().await.expect("reads").into_iter().map(|one| one.project.name).collect();
    assert_eq!(names, ["target"]);
    assert_eq!(store.remove_projects(&["target".into()]).await.expect("keeps"), 0);
}

async fn runs_are_scanned_by_plain_conditions(world: World) {
    let store = &world.store;
    store.create_runs(&[new_run(1), new_run(2), new_run(3)], None, now()).await.expect("creates");
    let ids = async |scan: RunScan| {
        let runs = store.scan_runs(&scan).await.expect("scans");
        runs.iter().map(|run| run.facts.id).collect::<Vec<_>>()
    };
    let three = RunScan { ids: Some(vec![id(3), id(1), id(8)]), facts: true, metrics: true, ..RunScan::default() };
    assert_eq!(ids(three).await, [id(1), id(3)]);
    assert!(ids(RunScan { projects: Some(Vec::new()), ..RunScan::default() }).await.is_empty());
    let status = Some(vec![Status::Running]);
    assert!(ids(RunScan { status, projects: Some(vec!["demo".into()]), ..RunScan::default() }).await.is_empty());
    assert!(ids(RunScan { parents: Some(vec![id(1)]), ..RunScan::default() }).await.is_empty());
}

async fn a_worker_is_known_until_it_is_removed(world: World) {
    let store = &world.store;
    let worker = WorkerRecord { name: "w".into(), owner: "u".into(), seen: now(), document: Map::new() };
    store.put_worker(&worker).await.expect("puts");
    store.put_worker(&WorkerRecord { seen: Timestamp(9), ..worker.clone() }).await.expect("puts");
    assert_eq!(store.workers().await.expect("reads")[0].seen, Timestamp(9));
    let report = Map::from_iter([("cpu".to_owned(), json!(1.5))]);
    store.add_worker_report("w", Timestamp(5), &report, Timestamp(0)).await.expect("reports");
    store.add_worker_report("w", Timestamp(50), &report, Timestamp(10)).await.expect("reports");
    let reports = store.worker_reports(Timestamp(0), Timestamp(100)).await.expect("reads");
    assert_eq!(reports.iter().map(|(_, time, _)| time.0).collect::<Vec<_>>(), [50]);
    assert!(store.remove_worker("w", "u").await.expect("removes"));
}
