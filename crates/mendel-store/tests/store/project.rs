//! Projects and notes.

use mendel_model::{NewProject, ProjectType};
use mendel_store::StoreError;
use serde_json::json;

use crate::world::{World, both, new_run, now};

both!(a_project_name_is_taken_once, making_a_run_makes_its_project, notes_are_kept_replaced_and_removed);

fn new(name: &str) -> NewProject {
    NewProject { name: name.into(), description: "about".into(), kind: ProjectType::Nlp, created: now() }
}

async fn a_project_name_is_taken_once(world: World) {
    let made = world.store.create_project(&new("words")).await.expect("creates");
    assert_eq!((made.kind, made.runs), (ProjectType::Nlp, 0));
    let again = world.store.create_project(&new("words")).await;
    assert!(matches!(again, Err(StoreError::Exists { .. })));
    assert_eq!(world.store.project("words").await.expect("reads"), Some(made));
    assert_eq!(world.store.project("none").await.expect("reads"), None);
}

async fn making_a_run_makes_its_project(world: World) {
    world.store.create_project(&new("another")).await.expect("creates");
    world.store.create_runs(&[new_run(1), new_run(2)], None, now()).await.expect("creates");
    let projects = world.store.projects().await.expect("reads");
    let projects: Vec<_> = projects.iter().map(|own| (own.name.as_str(), own.runs)).collect();
    assert_eq!(projects, [("another", 0), ("demo", 2)]);
}

async fn notes_are_kept_replaced_and_removed(world: World) {
    assert_eq!(world.store.note("parser:abc").await.expect("reads"), None);
    for value in [json!({"a": 1}), json!([1, "two"])] {
        world.store.put_note("parser:abc", &value).await.expect("puts");
        assert_eq!(world.store.note("parser:abc").await.expect("reads"), Some(value));
    }
    world.store.put_note("parser:abc", &json!(null)).await.expect("removes");
    assert_eq!(world.store.note("parser:abc").await.expect("reads"), None);
}
