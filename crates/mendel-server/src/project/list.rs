//! `GET /api/v1/projects`

use axum::{Json, extract::State};
use mendel_model::Project;

use crate::{App, problem::Problem};

/// List projects
pub(crate) async fn list_projects(State(app): State<App>) -> Result<Json<Vec<Project>>, Problem> {
    Ok(Json(app.store.projects().await?))
}
