//! `POST /api/v1/runs/{id}/records?attempt=&writer=`

use axum::{Json, extract::State};
use mendel_api as api;
use mendel_model::{Move, ProjectRole, Record, RunId, ServerRole, WriterId, limits::BATCH_BYTES};

use crate::{
    App,
    access::Caller,
    problem::Problem,
    request::{Asked, Named, Sent},
};

/// Store records
///
/// A batch of a writer's frames. What was stored before is acknowledged again, without effect.
pub(crate) async fn append_records(
    State(app): State<App>,
    caller: Caller,
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
    admit(&app, &caller, id, &frames).await?;
    let acknowledged = app.store.append(id, attempt, writer, &frames, (app.now)()).await?;
    app.touched.add(id, frames.len());
    Ok(Json(api::Appended { acknowledged }))
}

/// Refuses changes that `caller` could not make by themselves either: what cannot be read is
/// refused by the store.
async fn admit(app: &App, caller: &Caller, id: RunId, frames: &[u8]) -> Result<(), Problem> {
    if caller.0.user.role == ServerRole::Admin {
        return Ok(());
    }
    let mut rest = frames;
    while let Ok((_, record, length)) = Record::read(rest) {
        match record {
            Record::Update(update) => {
                if let Some(project) = &update.project {
                    app.enter_project(caller, project).await?;
                }
                if let Some(Some(parent)) = update.parent {
                    app.of_run(caller, parent, ProjectRole::Viewer).await?;
                }
            }
            Record::Move(change) if change.to == Move::Publish => app.of_run(caller, id, ProjectRole::Editor).await?,
            Record::Move(_)
            | Record::Create(_)
            | Record::Series { .. }
            | Record::Points(_)
            | Record::Console { .. }
            | Record::Event(_)
            | Record::Artifact(_)
            | Record::Model(_) => {}
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(())
}

/// One record alone may be larger than a batch: a plot cannot be sent in parts.
fn is_single(frames: &[u8]) -> bool {
    Record::peek(frames).is_ok_and(|(_, length)| length == frames.len())
}
