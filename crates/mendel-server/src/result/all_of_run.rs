//! `GET /api/v1/runs/{id}/results`

use axum::{Json, extract::State};
use mendel_model::{RunId, StepResult};

use crate::{App, problem::Problem, request::Named};

/// List the results of a run
///
/// Of every step of it that ended well, in the order in which they were kept.
pub(crate) async fn results_of_run(
    State(app): State<App>,
    Named(id): Named<RunId>,
) -> Result<Json<Vec<StepResult>>, Problem> {
    Ok(Json(app.store.results_of_run(id).await?))
}
