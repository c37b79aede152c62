//! `POST /api/v1/upkeep/garbage?dry_run=`

use axum::{Json, extract::State};
use mendel_api as api;

use crate::{App, problem::Problem, request::Asked};

/// Collect garbage
///
/// Removes the blobs that nothing names; with `dry_run`, only counts them.
pub(crate) async fn collect_garbage(
    State(app): State<App>,
    Asked(pairs): Asked,
) -> Result<Json<api::Garbage>, Problem> {
    let garbage = app.store.collect_garbage(pairs.parse("dry_run")?.unwrap_or(false), (app.now)()).await?;
    Ok(Json(api::Garbage { blobs: garbage.blobs as u64, bytes: garbage.bytes }))
}
