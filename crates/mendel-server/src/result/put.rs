//! `POST /api/v1/results`

use axum::extract::State;
use http::StatusCode;
use mendel_api::PutResults;

use crate::{App, problem::Problem, request::Told};

/// Keep results of steps
///
/// All of them, or none.
pub(crate) async fn put_results(State(app): State<App>, Told(told): Told<PutResults>) -> Result<StatusCode, Problem> {
    app.store.put_results(&told.results).await?;
    Ok(StatusCode::NO_CONTENT)
}
