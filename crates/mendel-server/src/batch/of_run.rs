//! `GET /api/v1/runs/{id}/batches`

use axum::{Json, extract::State};
use mendel_model::{Batch, RunId};

use crate::{App, problem::Problem, request::Named};

/// List the batches of a run
pub(crate) async fn batches_of_run(
    State(app): State<App>,
    Named(id): Named<RunId>,
) -> Result<Json<Vec<Batch>>, Problem> {
    Ok(Json(app.store.batches_of(id).await?))
}
