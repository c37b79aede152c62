//! `GET /api/v1/runs/{id}/series`

use axum::{Json, extract::State};
use mendel_api as api;
use mendel_model::RunId;

use crate::{App, problem::Problem, request::Named};

/// List series
///
/// What is known of each without reading its points.
pub(crate) async fn list_series(
    State(app): State<App>,
    Named(id): Named<RunId>,
) -> Result<Json<Vec<api::SeriesInfo>>, Problem> {
    let series = app.store.series(id).await?;
    Ok(Json(series.into_iter().map(api::SeriesInfo::from).collect()))
}
