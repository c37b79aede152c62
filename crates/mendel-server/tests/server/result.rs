//! Results, projects and notes.

use mendel_model::{Canonical, Digest, Move, NewProject, ProjectType, StepResult};
use serde_json::json;

use crate::lab::{Lab, NOW, moved, refusal, started};

#[tokio::test]
async fn a_result_is_found_by_meaning_once_its_run_completed() {
    let lab = Lab::new().await;
    for (number, client) in lab.clients().into_iter().enumerate() {
        let run = started(client, "train").await;
        let identity = Canonical::new("test").value(&json!(number)).identity();
        let result = StepResult {
            identity,
            key: Digest::of(b"key"),
            run: run.facts.id,
            step: "main".into(),
            dependencies: vec![],
            outputs: vec![],
            duration: 5,
            finished: NOW,
            input: None,
            stage: None,
        };
        client.put_results(std::slice::from_ref(&result)).await.expect("kept");
        assert_eq!(client.results(&identity).await.expect("answered"), []);
        moved(client, &run, Move::Complete).await;
        assert_eq!(client.results(&identity).await.expect("answered"), std::slice::from_ref(&result));
        let unknown = Canonical::new("other").value(&json!(number)).identity();
        let both = client.results_of(&[unknown, identity]).await.expect("answered");
        assert_eq!(both, [vec![], vec![result.clone()]]);
        assert_eq!(client.result_of(run.facts.id).await.expect("answered"), Some(result));
    }
}

#[tokio::test]
async fn a_project_is_made_once() {
    let lab = Lab::new().await;
    for (number, client) in lab.clients().into_iter().enumerate() {
        let name = format!("häuser & bäume {number}");
        let wanted =
            NewProject { name: name.clone(), description: "d".into(), kind: ProjectType::ComputerVision, created: NOW };
        let made = client.create_project(&wanted).await.expect("made");
        assert_eq!(client.project(&name).await.expect("answered"), Some(made.clone()));
        assert!(client.projects().await.expect("answered").contains(&made));
        assert_eq!(refusal(client.create_project(&wanted).await), (409, "exists".into()));
        let nameless = NewProject { name: String::new(), ..wanted };
        assert_eq!(refusal(client.create_project(&nameless).await), (422, "bad_name".into()));
    }
}

#[tokio::test]
async fn a_note_is_replaced_and_removed() {
    let lab = Lab::new().await;
    for client in lab.clients() {
        let key = "parser/a b?c#d%";
        for value in [json!({"a": [1, 2.5, null]}), json!("a\u{1e}b\u{1f}c\n")] {
            client.put_note(key, &value).await.expect("kept");
            assert_eq!(client.note(key).await.expect("answered"), Some(value.clone()));
            let keys = ["absent".to_owned(), key.to_owned()];
            assert_eq!(client.notes::<serde_json::Value>(&keys).await.expect("answered"), [None, Some(value)]);
        }
        client.put_note(key, &json!(null)).await.expect("removed");
        assert_eq!(client.note(key).await.expect("answered"), None);
    }
}
