//! `GET /api/v1/blobs/{digest}/upload`

use axum::{Json, extract::State};
use mendel_api as api;
use mendel_model::Digest;

use crate::{App, problem::Problem, request::Named};

/// Ask how far an upload has come
pub(crate) async fn upload_state(
    State(app): State<App>,
    Named(digest): Named<Digest>,
) -> Result<Json<api::UploadState>, Problem> {
    let state = match kept(&app, &digest).await? {
        Some(state) => state,
        None => api::UploadState { offset: app.store.blobs().uploaded(&digest).await?, complete: false },
    };
    Ok(Json(state))
}

/// The state of a blob that is there and whole, which then stays for long enough to be named.
pub(super) async fn kept(app: &App, digest: &Digest) -> Result<Option<api::UploadState>, Problem> {
    let size = app.store.blobs().renew(digest).await?;
    Ok(size.map(|offset| api::UploadState { offset, complete: true }))
}
