//! `GET /api/v1/models?run=`

use axum::{Json, extract::State};
use mendel_api as api;

use crate::{App, access::Caller, problem::Problem, request::Asked};

/// List models
///
/// Of a run or of all, oldest first.
pub(crate) async fn list_models(
    State(app): State<App>,
    Caller(caller): Caller,
    Asked(pairs): Asked,
) -> Result<Json<Vec<api::RunModel>>, Problem> {
    let mut models = app.store.models(pairs.parse("run")?).await?;
    if caller.visible().is_some() {
        let runs: Vec<_> = models.iter().map(|(run, _)| *run).collect();
        let projects = app.store.projects_of(&runs).await?;
        models.retain(|(run, _)| projects.get(run).is_some_and(|project| caller.role_in(project).is_some()));
    }
    Ok(Json(models.into_iter().map(|(run, model)| api::RunModel { run, model }).collect()))
}
