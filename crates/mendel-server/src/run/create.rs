//! `POST /api/v1/runs`

use axum::{Json, extract::State, http::StatusCode};
use mendel_api as api;
use mendel_model::{Fault, Run};

use crate::{App, problem::Problem, request::Told};

/// Make runs
///
/// All of them or none; a run that is there already is answered as it is.
pub(crate) async fn create_runs(
    State(app): State<App>,
    Told(wanted): Told<api::CreateRuns>,
) -> Result<Json<Vec<Run>>, Problem> {
    if let Some(index) = wanted.runs.iter().position(|run| run.project.trim().is_empty()) {
        let message = "a run belongs to a project, and none is chosen";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "project_required", message)
            .field(&format!("runs[{index}].project"))
            .hint("name one; it is made when it is not there"));
    }
    Problem::when_faulty(faults(&wanted))?;
    let runs = app.store.create_runs(&wanted.runs, wanted.batch.as_ref(), (app.now)()).await?;
    Ok(Json(runs))
}

fn faults(wanted: &api::CreateRuns) -> Vec<Fault> {
    let mut faults = wanted.batch.as_ref().map(|batch| batch.faults()).unwrap_or_default();
    for (index, run) in wanted.runs.iter().enumerate() {
        let placed = |fault: Fault| Fault { field: format!("runs[{index}].{}", fault.field), ..fault };
        faults.extend(run.faults().into_iter().map(placed));
    }
    faults
}
