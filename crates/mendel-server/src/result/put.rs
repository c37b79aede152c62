//! `POST /api/v1/results`

use axum::extract::State;
use http::StatusCode;
use mendel_api::PutResults;
use mendel_model::ProjectRole;

use crate::{App, access::Caller, problem::Problem, request::Told};

/// Keep results of steps
///
/// All of them, or none.
pub(crate) async fn put_results(
    State(app): State<App>,
    caller: Caller,
    Told(told): Told<PutResults>,
) -> Result<StatusCode, Problem> {
    for result in &told.results {
        app.of_run(&caller, result.run, ProjectRole::Runner).await?;
    }
    app.store.put_results(&told.results).await?;
    Ok(StatusCode::NO_CONTENT)
}
