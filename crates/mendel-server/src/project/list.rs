//! `GET /api/v1/projects`

use axum::{Json, extract::State};
use mendel_model::Project;

use crate::{App, access::Caller, problem::Problem};

/// List projects
pub(crate) async fn list_projects(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Result<Json<Vec<Project>>, Problem> {
    let mut projects = app.store.projects().await?;
    projects.retain(|project| caller.role_in(&project.name).is_some());
    Ok(Json(projects))
}
