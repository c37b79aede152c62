//! `GET /api/v1/notes/{key}`

use axum::{Json, extract::State};
use serde_json::Value;

use crate::{App, access::Caller, problem::Problem, request::Named};

/// Show a note
pub(crate) async fn show_note(
    State(app): State<App>,
    caller: Caller,
    Named(key): Named<String>,
) -> Result<Json<Value>, Problem> {
    let note = app.store.note(&caller.note_key(&key)).await?;
    note.map(Json).ok_or_else(|| Problem::no("note", key))
}
