//! `PUT /api/v1/notes/{key}`

use axum::extract::State;
use http::StatusCode;
use serde_json::Value;

use crate::{
    App,
    access::Caller,
    problem::Problem,
    request::{Named, Told},
};

/// Keep a note
///
/// In place of what was there; null removes it.
pub(crate) async fn put_note(
    State(app): State<App>,
    caller: Caller,
    Named(key): Named<String>,
    Told(value): Told<Value>,
) -> Result<StatusCode, Problem> {
    app.store.put_note(&caller.note_key(&key), &value).await?;
    Ok(StatusCode::NO_CONTENT)
}
