//! `GET /api/v1/projects/{name}`

use axum::{Json, extract::State};
use mendel_model::Project;

use crate::{App, problem::Problem, request::Named};

/// Show a project
pub(crate) async fn show_project(State(app): State<App>, Named(name): Named<String>) -> Result<Json<Project>, Problem> {
    let project = app.store.project(&name).await?;
    project.map(Json).ok_or_else(|| Problem::no("project", name))
}
