//! `PUT /api/v1/blobs/{digest}?offset=&last=`

use axum::{Json, extract::State};
use mendel_api as api;
use mendel_model::Digest;

use super::upload::kept;
use crate::{
    App,
    problem::Problem,
    request::{Asked, Named, Sent},
};

/// Store a chunk of a blob
///
/// After the last one the whole is checked against its digest. What is there already need
/// not be sent, and is not stored again.
pub(crate) async fn put_chunk(
    State(app): State<App>,
    Named(digest): Named<Digest>,
    Asked(pairs): Asked,
    Sent(chunk): Sent,
) -> Result<Json<api::UploadState>, Problem> {
    let offset = pairs.parse("offset")?.unwrap_or(0);
    let last = pairs.parse("last")?.unwrap_or(true);
    if chunk.len() > api::CHUNK_BYTES {
        return Err(Problem::too_large("body_too_large", "the chunk", api::CHUNK_BYTES).hint("send smaller chunks"));
    }
    if let Some(state) = kept(&app, &digest).await? {
        return Ok(Json(state));
    }
    let offset = app.store.blobs().write(&digest, offset, chunk, last).await?;
    Ok(Json(api::UploadState { offset, complete: last }))
}
