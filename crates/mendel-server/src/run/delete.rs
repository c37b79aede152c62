//! `DELETE /api/v1/runs/{id}`

use axum::extract::State;
use http::StatusCode;
use mendel_model::RunId;

use crate::{App, problem::Problem, request::Named};

/// Delete a run
///
/// With all that belongs to it; its blobs go with the next collection of garbage.
pub(crate) async fn delete_run(State(app): State<App>, Named(id): Named<RunId>) -> Result<StatusCode, Problem> {
    match app.store.delete_run(id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::no("run", id)),
    }
}
