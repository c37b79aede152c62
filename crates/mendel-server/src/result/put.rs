//! `POST /api/v1/results`

use axum::extract::State;
use http::StatusCode;
use mendel_model::StepResult;

use crate::{App, problem::Problem, request::Told};

/// Keep the result of a step
pub(crate) async fn put_result(State(app): State<App>, Told(result): Told<StepResult>) -> Result<StatusCode, Problem> {
    app.store.put_result(&result).await?;
    Ok(StatusCode::NO_CONTENT)
}
