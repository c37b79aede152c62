//! `POST /api/v1/blobs/missing`

use axum::{Json, extract::State};
use mendel_api as api;

use crate::{App, problem::Problem, request::Told};

/// Ask which blobs are missing
///
/// Those that are there will stay for long enough to be named.
pub(crate) async fn missing_blobs(
    State(app): State<App>,
    Told(asked): Told<api::MissingBlobs>,
) -> Result<Json<api::MissingBlobs>, Problem> {
    let digests = app.store.blobs().missing(&asked.digests).await?;
    Ok(Json(api::MissingBlobs { digests }))
}
