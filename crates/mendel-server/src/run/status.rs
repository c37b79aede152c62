//! `POST /api/v1/runs/{id}/status`

use axum::{Json, extract::State};
use mendel_model::{Move, ProjectRole, Run, RunId, StatusRecord};

use crate::{
    App,
    access::Caller,
    problem::Problem,
    request::{Asked, Named, Told},
};

/// Move a run
///
/// To the status that follows from where it stands; with `attempt`, only while that attempt
/// is the newest.
pub(crate) async fn move_run(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<RunId>,
    Asked(pairs): Asked,
    Told(change): Told<StatusRecord>,
) -> Result<Json<Run>, Problem> {
    if change.to == Move::Publish {
        app.of_run(&caller, id, ProjectRole::Editor).await?;
    }
    let run = app.store.move_run(id, pairs.parse("attempt")?, &change, (app.now)()).await?;
    app.touched.add(id, 0);
    Ok(Json(run))
}
