//! `GET /api/v1/runs/{id}/artifacts`

use axum::{Json, extract::State};
use mendel_model::{Artifact, RunId};

use crate::{App, problem::Problem, request::Named};

/// List artifacts
///
/// The newest of each name.
pub(crate) async fn list_artifacts(
    State(app): State<App>,
    Named(id): Named<RunId>,
) -> Result<Json<Vec<Artifact>>, Problem> {
    Ok(Json(app.store.artifacts(id).await?))
}
