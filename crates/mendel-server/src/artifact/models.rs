//! `GET /api/v1/models?run=`

use axum::{Json, extract::State};
use mendel_api as api;

use crate::{App, problem::Problem, request::Asked};

/// List models
///
/// Of a run or of all, oldest first.
pub(crate) async fn list_models(
    State(app): State<App>,
    Asked(pairs): Asked,
) -> Result<Json<Vec<api::RunModel>>, Problem> {
    let models = app.store.models(pairs.parse("run")?).await?;
    Ok(Json(models.into_iter().map(|(run, model)| api::RunModel { run, model }).collect()))
}
