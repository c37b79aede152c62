//! `POST /api/v1/results/find`

use axum::{Json, extract::State};
use mendel_api::{FindResults, FoundResults};

use crate::{App, problem::Problem, request::Told};

/// Find results of many identities
///
/// One list for each identity, in their order: those that may be reused, newest first.
pub(crate) async fn find_results(
    State(app): State<App>,
    Told(asked): Told<FindResults>,
) -> Result<Json<FoundResults>, Problem> {
    Ok(Json(FoundResults { results: app.store.results(&asked.identities).await? }))
}
