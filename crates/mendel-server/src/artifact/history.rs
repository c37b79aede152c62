//! `GET /api/v1/runs/{id}/artifacts/{name}`

use axum::{Json, extract::State};
use mendel_model::{Artifact, RunId};

use crate::{App, problem::Problem, request::Named};

/// Show the history of an artifact
///
/// Everything the run ever had under the name, newest first.
pub(crate) async fn artifact_history(
    State(app): State<App>,
    Named((id, name)): Named<(RunId, String)>,
) -> Result<Json<Vec<Artifact>>, Problem> {
    Ok(Json(app.store.artifact_history(id, &name).await?))
}
