//! `POST /api/v1/runs/{id}/records?attempt=&writer=`

use axum::{Json, extract::State};
use mendel_api as api;
use mendel_model::{Record, RunId, WriterId, limits::BATCH_BYTES};

use crate::{
    App,
    problem::Problem,
    request::{Asked, Named, Sent},
};

/// Store records
///
/// A batch of a writer's frames. What was stored before is acknowledged again, without effect.
pub(crate) async fn append_records(
    State(app): State<App>,
    Named(id): Named<RunId>,
    Asked(pairs): Asked,
    Sent(frames): Sent,
) -> Result<Json<api::Appended>, Problem> {
    let missing = |key| Problem::invalid("bad_query", format!("`{key}` is missing")).field(key);
    let attempt = pairs.parse("attempt")?.ok_or_else(|| missing("attempt"))?;
    let writer: WriterId = pairs.parse("writer")?.ok_or_else(|| missing("writer"))?;
    if frames.len() > BATCH_BYTES && !is_single(&frames) {
        return Err(Problem::too_large("batch_too_large", "the batch", BATCH_BYTES).hint("send fewer records at once"));
    }
    let acknowledged = app.store.append(id, attempt, writer, &frames, (app.now)()).await?;
    app.touched.add(id, frames.len());
    Ok(Json(api::Appended { acknowledged }))
}

/// One record alone may be larger than a batch: a plot cannot be sent in parts.
fn is_single(frames: &[u8]) -> bool {
    Record::peek(frames).is_ok_and(|(_, length)| length == frames.len())
}
