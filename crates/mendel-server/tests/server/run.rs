//! Making, finding, changing, moving and deleting runs.

use mendel_api::{CreateRuns, RunQuery};
use mendel_model::{BatchId, Move, NewBatch, NewRun, Param, RunRef, RunUpdate, Status};
use serde_json::json;

use crate::lab::{Lab, NOW, change, made, moved, refusal, renamed, run_id, started, wanted};

fn param(name: &str, value: serde_json::Value) -> Param {
    let param = json!({"name": name, "value": value, "origin": {"from": "default"}});
    serde_json::from_value(param).expect("a parameter")
}

#[tokio::test]
async fn a_run_is_made_once_however_often_it_is_asked_for() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let facts = wanted("train");
        let first = made(client, facts.clone()).await;
        let again = made(client, facts.clone()).await;

        assert_eq!(first, again);
        assert_eq!((first.status, first.facts), (Status::Queued, facts));
        assert_eq!(
            client.runs(&RunQuery { ids: vec![again.facts.id], ..Default::default() }).await.expect("a page").total,
            1
        );
    }
}

#[tokio::test]
async fn a_run_is_found_by_id_number_beginning_and_end() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let run = made(client, wanted("train")).await;
        let text = run.facts.id.to_string();
        let parts = [&text[..31], &text[20..]].map(|part| RunRef::Part(part.to_owned()));
        for reference in [RunRef::Id(run.facts.id), RunRef::Number(run.number)].into_iter().chain(parts) {
            let found = client.run(&reference).await.expect("answered");
            assert_eq!(found.map(|found| found.facts.id), Some(run.facts.id), "{reference}");
        }
        assert_eq!(client.run(&RunRef::Id(run_id())).await.expect("answered"), None);
    }
}

#[tokio::test]
async fn a_beginning_that_several_runs_share_is_refused_with_their_ids() {
    let lab = Lab::new().await;
    let runs = [made(&lab.inside, wanted("a")).await, made(&lab.inside, wanted("b")).await];
    let beginning = runs[0].facts.id.to_string()[..4].to_owned();

    for client in lab.clients() {
        let error = client.run(&RunRef::Part(beginning.clone())).await.expect_err("ambiguous");
        assert_eq!(error.code(), Some("ambiguous"));
        assert!(runs.iter().all(|run| error.to_string().contains(&run.facts.id.to_string())), "{error}");
        assert!(error.hint().is_some());
    }
}

#[tokio::test]
async fn a_list_is_filtered_sorted_and_paged() {
    let lab = Lab::new().await;
    let named = |index: usize| {
        let params = vec![param("lr", json!(index as f64 / 10.0))];
        NewRun { params, tags: vec!["grid".into()], ..wanted(&format!("run {index}")) }
    };
    let runs: Vec<_> = (0..7).map(named).collect();
    lab.inside.create_runs(&CreateRuns { runs, batch: None }).await.expect("made");
    made(&lab.inside, NewRun { project: "other".into(), ..wanted("stranger") }).await;

    for client in lab.clients() {
        let query = RunQuery {
            filter: Some("tags = grid and params.lr < 0.55".into()),
            sort: vec!["-name".into()],
            project: Some("digits".into()),
            limit: 4,
            ..Default::default()
        };
        let first = client.runs(&query).await.expect("a page");
        let names: Vec<_> = first.runs.iter().map(|run| run.facts.name.as_str()).collect();
        assert_eq!((first.total, names), (6, vec!["run 5", "run 4", "run 3", "run 2"]));

        let second = client.runs(&RunQuery { cursor: first.next.clone(), ..query.clone() }).await.expect("a page");
        let names: Vec<_> = second.runs.iter().map(|run| run.facts.name.as_str()).collect();
        assert_eq!((names, second.next), (vec!["run 1", "run 0"], None));
        assert_eq!(client.all_runs(&query).await.expect("all").len(), 6);
    }
}

#[tokio::test]
async fn a_list_of_thousands_of_ids_is_answered() {
    let lab = Lab::new().await;
    let run = made(&lab.inside, wanted("train")).await;
    for client in lab.clients() {
        let ids = (0..3000).map(|_| run_id()).chain([run.facts.id]).collect();
        let found = client.all_runs(&RunQuery { ids, ..Default::default() }).await.expect("a page");
        assert_eq!(found.len(), 1);
    }
}

#[tokio::test]
async fn a_batch_is_made_with_its_runs() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let runs = vec![wanted("one"), wanted("two")];
        let members: Vec<_> = runs.iter().map(|run| run.id).collect();
        let id = BatchId::from_uuid(run_id().uuid());
        let batch =
            NewBatch { id, name: "grid".into(), project: "digits".into(), members: members.clone(), created: NOW };
        client.create_runs(&CreateRuns { runs, batch: Some(batch.clone()) }).await.expect("made");

        assert_eq!(client.batch(id).await.expect("answered"), Some(batch.clone()));
        assert_eq!(client.batches_of(members[1]).await.expect("answered"), [batch]);
    }
}

#[tokio::test]
async fn a_run_says_other_things_about_itself_after_an_update() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let run = made(client, NewRun { tags: vec!["old".into()], ..wanted("train") }).await;
        let update = RunUpdate {
            name: Some("häuser ☂".into()),
            add_tags: vec!["new".into()],
            remove_tags: vec!["old".into()],
            set_params: vec![param("lr", json!(0.5))],
            ..Default::default()
        };
        let updated = client.update_run(run.facts.id, None, &update).await.expect("updated");
        let found = client.run(&RunRef::Id(run.facts.id)).await.expect("answered").expect("there");

        assert_eq!(updated, found);
        assert_eq!((found.facts.name.as_str(), found.facts.tags), ("häuser ☂", vec!["new".to_owned()]));
        assert_eq!(found.facts.params[0].value, json!(0.5));
    }
}

#[tokio::test]
async fn a_run_moves_only_where_it_may() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let run = started(client, "train").await;
        assert_eq!((run.status, run.attempt), (Status::Running, 1));
        let ended = moved(client, &run, Move::Complete).await;
        assert_eq!(ended.status, Status::Completed);

        let error = client.move_run(run.facts.id, None, &change(Move::Stop)).await.expect_err("ended");
        assert_eq!(error.code(), Some("wrong_status"));
        assert_eq!(error.problem().and_then(|problem| problem.current), Some(Status::Completed));
    }
}

#[tokio::test]
async fn a_replaced_attempt_neither_updates_nor_moves_the_run() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let run = started(client, "train").await;
        moved(client, &run, Move::Fail).await;
        let second = moved(client, &run, Move::Start).await;
        assert_eq!(second.attempt, 2);

        let id = run.facts.id;
        assert_eq!(refusal(client.update_run(id, Some(1), &renamed("late")).await), (409, "stale_attempt".into()));
        assert_eq!(refusal(client.move_run(id, Some(1), &change(Move::Fail)).await), (409, "stale_attempt".into()));
        client.update_run(id, Some(2), &renamed("in time")).await.expect("updated");
    }
}

#[tokio::test]
async fn a_published_run_keeps_its_name() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let run = started(client, "train").await;
        moved(client, &run, Move::Complete).await;
        moved(client, &run, Move::Publish).await;

        let error = client.update_run(run.facts.id, None, &renamed("other")).await.expect_err("published");
        assert_eq!(error.code(), Some("wrong_status"));
        assert_eq!(error.problem().and_then(|problem| problem.current), Some(Status::Published));
        let tagged = RunUpdate { add_tags: vec!["best".into()], ..Default::default() };
        assert!(client.update_run(run.facts.id, None, &tagged).await.is_ok());
    }
}

#[tokio::test]
async fn a_deleted_run_is_gone() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let run = made(client, wanted("train")).await;
        assert!(client.delete_run(run.facts.id).await.expect("answered"));
        assert!(!client.delete_run(run.facts.id).await.expect("answered"));
        assert_eq!(client.run(&RunRef::Id(run.facts.id)).await.expect("answered"), None);
    }
}
