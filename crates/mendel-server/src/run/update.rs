//! `PATCH /api/v1/runs/{id}`

use axum::{Json, extract::State};
use mendel_model::{Run, RunId, RunUpdate};

use crate::{
    App,
    problem::Problem,
    request::{Asked, Named, Told},
};

/// Change a run
///
/// With `attempt`, only while that attempt is the newest.
pub(crate) async fn update_run(
    State(app): State<App>,
    Named(id): Named<RunId>,
    Asked(pairs): Asked,
    Told(update): Told<RunUpdate>,
) -> Result<Json<Run>, Problem> {
    Problem::when_faulty(update.faults())?;
    let run = app.store.update_run(id, pairs.parse("attempt")?, &update, (app.now)()).await?;
    Ok(Json(run))
}
