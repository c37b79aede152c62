//! `PATCH /api/v1/runs/{id}`

use axum::{Json, extract::State};
use mendel_model::{ProjectRole, Run, RunId, RunUpdate};

use crate::{
    App,
    access::{Caller, Via},
    problem::Problem,
    request::{Asked, Named, Told},
};

/// Change a run
///
/// With `attempt`, only while that attempt is the newest.
pub(crate) async fn update_run(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<RunId>,
    Asked(pairs): Asked,
    Told(update): Told<RunUpdate>,
) -> Result<Json<Run>, Problem> {
    Problem::when_faulty(update.faults())?;
    if let Some(project) = update.project.as_deref().filter(|_| caller.0.via != Via::Place) {
        app.enter_project(&caller, project).await?;
    }
    if let Some(Some(parent)) = update.parent {
        app.of_run(&caller, parent, ProjectRole::Viewer).await?;
    }
    let run = app.store.update_run(id, pairs.parse("attempt")?, &update, (app.now)()).await?;
    Ok(Json(run))
}
