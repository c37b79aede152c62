//! `POST /api/v1/upkeep/backup`

use axum::extract::State;
use http::StatusCode;
use mendel_api as api;

use crate::{
    App,
    access::{Caller, Via},
    problem::Problem,
    request::Told,
};

/// Back the store up
///
/// Into a folder on this machine; doing it again brings the folder up to date.
pub(crate) async fn backup(
    State(app): State<App>,
    Caller(caller): Caller,
    Told(into): Told<api::BackupInto>,
) -> Result<StatusCode, Problem> {
    if caller.via != Via::Place {
        return Err(Problem::forbidden("a copy is written on the machine of the server, by its owner there"));
    }
    app.store.backup(&into.path).await?;
    Ok(StatusCode::NO_CONTENT)
}
