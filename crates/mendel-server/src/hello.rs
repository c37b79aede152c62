//! `GET /api/v1`

use axum::{Json, extract::State};
use mendel_api as api;

use crate::App;

/// Who answers
pub(crate) async fn hello(State(app): State<App>) -> Json<api::Hello> {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Json(api::Hello { workspace: app.workspace.to_string(), version })
}
