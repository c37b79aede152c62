//! `POST /api/v1/blobs`

use axum::{Json, extract::State};
use mendel_api as api;

use crate::{App, problem::Problem, request::Sent};

/// Store many small blobs
///
/// The body is the blobs, each after its length (four bytes, little-endian). All are durable
/// when their digests are told, in order.
pub(crate) async fn put_blobs(State(app): State<App>, Sent(body): Sent) -> Result<Json<api::StoredBlobs>, Problem> {
    let cut_off = || Problem::invalid("unreadable", "the body ends within a blob");
    let blobs = api::unpack_blobs(body).ok_or_else(cut_off)?;
    Ok(Json(api::StoredBlobs { digests: app.store.blobs().put_many(blobs).await? }))
}
