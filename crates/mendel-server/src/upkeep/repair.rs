//! `POST /api/v1/upkeep/repair`

use axum::{Json, extract::State};
use mendel_api as api;

use super::check::told;
use crate::{App, problem::Problem};

/// Repair the store
///
/// What is damaged is put aside, so that the rest goes on; tells what was found.
pub(crate) async fn repair(State(app): State<App>) -> Result<Json<Vec<api::Damage>>, Problem> {
    Ok(Json(told(app.store.repair((app.now)()).await?)))
}
