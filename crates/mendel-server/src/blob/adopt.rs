//! `POST /api/v1/blobs/adopt`

use axum::{Json, extract::State};
use mendel_api as api;

use crate::{App, problem::Problem, request::Told};

/// Take over files as blobs
///
/// A client of the same machine wrote them beside the blobs. What is not there, or has other
/// bytes, has to be sent.
pub(crate) async fn adopt_blobs(
    State(app): State<App>,
    Told(offered): Told<api::OfferedBlobs>,
) -> Result<Json<api::AdoptedBlobs>, Problem> {
    let files = offered.files.into_iter().map(|file| (file.name, file.digest)).collect();
    Ok(Json(api::AdoptedBlobs { adopted: app.store.blobs().adopt(files).await? }))
}
