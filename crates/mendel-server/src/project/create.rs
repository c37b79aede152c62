//! `POST /api/v1/projects`

use axum::{Json, extract::State};
use mendel_model::{NewProject, Project};

use crate::{App, access::Caller, problem::Problem, request::Told};

/// Make a project
pub(crate) async fn create_project(
    State(app): State<App>,
    caller: Caller,
    Told(wanted): Told<NewProject>,
) -> Result<Json<Project>, Problem> {
    Problem::when_faulty(wanted.faults())?;
    let project = app.store.create_project(&wanted).await?;
    app.own_project(&caller, &project.name).await?;
    Ok(Json(project))
}
