//! `GET /api/v1/runs/{id}/result`

use axum::{Json, extract::State};
use mendel_model::{RunId, StepResult};

use crate::{App, problem::Problem, request::Named};

/// Show the result of a run
pub(crate) async fn result_of_run(
    State(app): State<App>,
    Named(id): Named<RunId>,
) -> Result<Json<StepResult>, Problem> {
    let result = app.store.result_of(id).await?;
    result.map(Json).ok_or_else(|| Problem::no("result of run", id))
}
