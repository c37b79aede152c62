//! `GET /api/v1/runs/{reference}`

use axum::{Json, extract::State};
use mendel_model::{Run, RunId, RunRef};
use mendel_store::Found;

use crate::{App, access::Caller, problem::Problem, request::Named};

/// Show a run
///
/// By its id, its first or last digits, or `@` and its number.
pub(crate) async fn show_run(
    State(app): State<App>,
    caller: Caller,
    Named(text): Named<String>,
) -> Result<Json<Run>, Problem> {
    let hint = "give an id, at least four digits of one, or `@` and a number";
    let bad = |bad: mendel_model::BadId| Problem::invalid("bad_reference", bad.to_string()).hint(hint);
    let reference: RunRef = text.parse().map_err(bad)?;
    match app.store.find_run(&reference).await? {
        Found::One(run) if caller.0.role_in(&run.facts.project).is_some() => Ok(Json(*run)),
        Found::None | Found::One(_) => Err(Problem::no("run", reference)),
        Found::Many(candidates) => {
            let projects = app.store.projects_of(&candidates).await?;
            let seen = |run: &RunId| projects.get(run).is_some_and(|project| caller.0.role_in(project).is_some());
            let candidates: Vec<_> = candidates.into_iter().filter(seen).collect();
            match candidates[..] {
                [] => Err(Problem::no("run", reference)),
                [run] => app.store.run(run).await?.map(Json).ok_or_else(|| Problem::no("run", reference)),
                _ => Err(Problem::ambiguous(reference, &candidates)),
            }
        }
    }
}
