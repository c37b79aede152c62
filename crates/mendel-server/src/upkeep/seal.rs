//! `POST /api/v1/upkeep/seal?run=`

use axum::{Json, extract::State};
use mendel_api as api;

use crate::{App, problem::Problem, request::Asked};

/// Seal series
///
/// Those of a run whole, or all where it pays.
pub(crate) async fn seal(State(app): State<App>, Asked(pairs): Asked) -> Result<Json<api::Sealed>, Problem> {
    let sealed = app.store.seal(pairs.parse("run")?).await?;
    Ok(Json(api::Sealed { runs: sealed.runs as u64, points: sealed.points, chunks: sealed.chunks as u64 }))
}
