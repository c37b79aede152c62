//! `DELETE /api/v1/runs/{id}`

use axum::extract::State;
use http::StatusCode;
use mendel_model::RunId;

use crate::{App, access::Caller, problem::Problem, request::Named};

/// Delete a run
///
/// With all that belongs to it; its blobs go with the next collection of garbage.
pub(crate) async fn delete_run(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<RunId>,
) -> Result<StatusCode, Problem> {
    let project = app.store.project_and_user_of(id).await?.map(|(project, _)| project).unwrap_or_default();
    match app.store.delete_run(id).await? {
        true => {
            app.note(&caller, "run.delete", &id.to_string(), &project, serde_json::Value::Null).await?;
            Ok(StatusCode::NO_CONTENT)
        }
        false => Err(Problem::no("run", id)),
    }
}
