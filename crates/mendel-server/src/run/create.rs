//! `POST /api/v1/runs`

use std::collections::BTreeSet;

use axum::{Json, extract::State, http::StatusCode};
use mendel_api as api;
use mendel_model::{Fault, Run, RunId};

use crate::{
    App,
    access::{Caller, Via},
    problem::Problem,
    request::Told,
};

/// Make runs
///
/// All of them or none; a run that is there already is answered as it is.
pub(crate) async fn create_runs(
    State(app): State<App>,
    caller: Caller,
    Told(mut wanted): Told<api::CreateRuns>,
) -> Result<Json<Vec<Run>>, Problem> {
    if let Some(index) = wanted.runs.iter().position(|run| run.project.trim().is_empty()) {
        let message = "a run belongs to a project, and none is chosen";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "project_required", message)
            .field(&format!("runs[{index}].project"))
            .hint("name one; it is made when it is not there"));
    }
    Problem::when_faulty(faults(&wanted))?;
    if caller.0.via != Via::Place {
        admit(&app, &caller, &mut wanted).await?;
    }
    let runs = app.store.create_runs(&wanted.runs, wanted.batch.as_ref(), (app.now)()).await?;
    Ok(Json(runs))
}

/// Refuses what `caller` may not make or name, and says who makes it.
async fn admit(app: &App, caller: &Caller, wanted: &mut api::CreateRuns) -> Result<(), Problem> {
    let mut projects: BTreeSet<String> = wanted.batch.iter().map(|batch| batch.project.clone()).collect();
    let mut named: Vec<RunId> = wanted.batch.iter().flat_map(|batch| batch.members.iter().copied()).collect();
    for run in &mut wanted.runs {
        run.user.clone_from(&caller.0.user.name);
        projects.insert(run.project.clone());
        named.push(run.id);
        named.extend(run.parent);
    }
    // A run that is there is answered as it is, so whoever names one must be allowed to see it.
    for (run, project) in app.store.projects_of(&named).await? {
        if caller.0.role_in(&project).is_none() {
            return Err(Problem::no("run", run));
        }
    }
    for project in projects {
        app.enter_project(caller, &project).await?;
    }
    Ok(())
}

fn faults(wanted: &api::CreateRuns) -> Vec<Fault> {
    let mut faults = wanted.batch.as_ref().map(|batch| batch.faults()).unwrap_or_default();
    for (index, run) in wanted.runs.iter().enumerate() {
        let placed = |fault: Fault| Fault { field: format!("runs[{index}].{}", fault.field), ..fault };
        faults.extend(run.faults().into_iter().map(placed));
    }
    faults
}
