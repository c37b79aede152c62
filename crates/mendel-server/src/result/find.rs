//! `POST /api/v1/results/find`

use axum::{Json, extract::State};
use mendel_api::{FindResults, FoundResults};
use mendel_model::{RunId, StepResult};

use crate::{App, access::Caller, problem::Problem, request::Told};

/// Find results of many identities
///
/// One list for each identity, in their order: those that may be reused, newest first.
pub(crate) async fn find_results(
    State(app): State<App>,
    caller: Caller,
    Told(asked): Told<FindResults>,
) -> Result<Json<FoundResults>, Problem> {
    let mut results = app.store.results(&asked.identities).await?;
    seen(&app, &caller, &mut results).await?;
    Ok(Json(FoundResults { results }))
}

/// Leaves those of projects that `caller` may see.
pub(crate) async fn seen(app: &App, caller: &Caller, found: &mut [Vec<StepResult>]) -> Result<(), Problem> {
    if caller.0.visible().is_none() {
        return Ok(());
    }
    let runs: Vec<RunId> = found.iter().flatten().map(|result| result.run).collect();
    let projects = app.store.projects_of(&runs).await?;
    let may =
        |result: &StepResult| projects.get(&result.run).is_some_and(|project| caller.0.role_in(project).is_some());
    found.iter_mut().for_each(|results| results.retain(may));
    Ok(())
}
