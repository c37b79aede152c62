//! `POST /api/v1/notes/find`

use axum::{Json, extract::State};
use mendel_api::{FindNotes, FoundNotes};

use crate::{App, access::Caller, problem::Problem, request::Told};

/// Find many notes
///
/// One for each key, in their order; null where there is none.
pub(crate) async fn find_notes(
    State(app): State<App>,
    caller: Caller,
    Told(asked): Told<FindNotes>,
) -> Result<Json<FoundNotes>, Problem> {
    Ok(Json(FoundNotes {
        notes: app.store.notes(&asked.keys.iter().map(|key| caller.note_key(key)).collect::<Vec<_>>()).await?,
    }))
}
