//! `GET /api/v1/runs/{reference}`

use axum::{Json, extract::State};
use mendel_model::{Run, RunRef};
use mendel_store::Found;

use crate::{App, problem::Problem, request::Named};

/// Show a run
///
/// By its id, its first or last digits, or `@` and its number.
pub(crate) async fn show_run(State(app): State<App>, Named(text): Named<String>) -> Result<Json<Run>, Problem> {
    let hint = "give an id, at least four digits of one, or `@` and a number";
    let bad = |bad: mendel_model::BadId| Problem::invalid("bad_reference", bad.to_string()).hint(hint);
    let reference: RunRef = text.parse().map_err(bad)?;
    match app.store.find_run(&reference).await? {
        Found::One(run) => Ok(Json(*run)),
        Found::None => Err(Problem::no("run", reference)),
        Found::Many(candidates) => Err(Problem::ambiguous(reference, &candidates)),
    }
}
