//! What callers hear when something is wrong with what they ask.

use mendel_api::{CreateRuns, RunQuery};
use mendel_model::{NewRun, RunRef};

use crate::lab::{Lab, frames, line, made, refusal, renamed, run_id, wanted, writer_id};

#[tokio::test]
async fn all_faults_are_told_at_once() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let faulty = NewRun { name: "a\nb".into(), tags: vec![String::new()], ..wanted("x") };
        let runs = vec![wanted("good"), faulty];
        let good = runs[0].id;
        let error = client.create_runs(&CreateRuns { runs, batch: None }).await.expect_err("faulty");

        let problem = error.problem().expect("a problem");
        let fields: Vec<_> = problem.faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!((problem.code.as_str(), fields), ("bad_name", vec!["runs[1].name", "runs[1].tags[0]"]));
        assert_eq!(client.run(&RunRef::Id(good)).await.expect("answered"), None, "all or none");
    }
}

#[tokio::test]
async fn ct_02_a_run_that_names_no_project_is_refused() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let run = NewRun { project: " ".into(), ..wanted("x") };
        let id = run.id;
        let made = client.create_runs(&CreateRuns { runs: vec![wanted("good"), run], batch: None }).await;
        let error = made.expect_err("refused");
        assert_eq!(error.problem().and_then(|problem| problem.field.clone()).as_deref(), Some("runs[1].project"));
        assert_eq!(refusal::<()>(Err(error)), (400, "project_required".into()));
        assert_eq!(client.run(&RunRef::Id(id)).await.expect("answered"), None);
    }
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_says_where() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let error =
            client.runs(&RunQuery { filter: Some("los < 3".into()), ..Default::default() }).await.expect_err("bad");
        assert_eq!(error.code(), Some("bad_filter"));
        assert!(error.to_string().contains("column 1"), "{error}");
        let sorted = client.runs(&RunQuery { sort: vec!["los".into()], ..Default::default() }).await;
        assert_eq!(refusal(sorted), (422, "bad_filter".into()));
        let paged = client.runs(&RunQuery { cursor: Some("x".into()), ..Default::default() }).await;
        assert_eq!(refusal(paged), (422, "bad_query".into()));
        let long = client.runs(&RunQuery { limit: 501, ..Default::default() }).await;
        assert_eq!(refusal(long), (422, "page_too_large".into()));
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        assert_eq!(refusal(client.update_run(run_id(), None, &renamed("x")).await), (404, "not_found".into()));
        let sent = client.append(run_id(), 1, writer_id(), frames(1, &[line("x")]).into()).await;
        assert_eq!(refusal(sent), (404, "not_found".into()));
        assert_eq!(client.project("nothing").await.expect("answered"), None);
        assert_eq!(client.note("nothing").await.expect("answered"), None);
        assert_eq!(client.result_of(run_id()).await.expect("answered"), None);
    }
}

#[tokio::test]
async fn a_run_cannot_be_its_own_ancestor() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let run = made(client, wanted("x")).await;
        let update = mendel_model::RunUpdate { parent: Some(Some(run.facts.id)), ..Default::default() };
        assert_eq!(refusal(client.update_run(run.facts.id, None, &update).await), (422, "cycle".into()));
    }
}
