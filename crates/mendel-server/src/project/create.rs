//! `POST /api/v1/projects`

use axum::{Json, extract::State};
use mendel_model::{NewProject, Project};

use crate::{App, problem::Problem, request::Told};

/// Make a project
pub(crate) async fn create_project(
    State(app): State<App>,
    Told(wanted): Told<NewProject>,
) -> Result<Json<Project>, Problem> {
    Problem::when_faulty(wanted.faults())?;
    Ok(Json(app.store.create_project(&wanted).await?))
}
