//! `GET /health`

use axum::{Json, extract::State};
use http::StatusCode;
use serde_json::{Value, json};

use super::Guard;

/// Whether the server takes work: `ok`, `degraded` when its store does not answer, `draining`
/// when it is about to end.
pub(super) async fn health(State(guard): State<Guard>) -> (StatusCode, Json<Value>) {
    let (status, word) = if guard.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining")
    } else if guard.app().store().has_users().await.is_err() {
        (StatusCode::SERVICE_UNAVAILABLE, "degraded")
    } else {
        (StatusCode::OK, "ok")
    };
    (status, Json(json!({ "status": word })))
}
