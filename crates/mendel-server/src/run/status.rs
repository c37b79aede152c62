//! `POST /api/v1/runs/{id}/status`

use axum::{Json, extract::State};
use mendel_model::{Run, RunId, StatusRecord};

use crate::{
    App,
    problem::Problem,
    request::{Asked, Named, Told},
};

/// Move a run
///
/// To the status that follows from where it stands; with `attempt`, only while that attempt
/// is the newest.
pub(crate) async fn move_run(
    State(app): State<App>,
    Named(id): Named<RunId>,
    Asked(pairs): Asked,
    Told(change): Told<StatusRecord>,
) -> Result<Json<Run>, Problem> {
    let run = app.store.move_run(id, pairs.parse("attempt")?, &change, (app.now)()).await?;
    app.touched.add(id, 0);
    Ok(Json(run))
}
