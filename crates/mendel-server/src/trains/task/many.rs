//! The calls for several tasks: each for itself, and no bad id stops the others.

use super::{delete::delete as delete_task, queueing, reset, status, stop::stop_task, tagging};
use crate::trains::{
    Answer,
    call::Call,
    value::{flag, flag_or, many},
};

pub(super) async fn archive(call: &Call) -> Answer {
    many(call, "archived", |id| async move { tagging::put_away(call, &id, true).await }).await
}

pub(super) async fn unarchive(call: &Call) -> Answer {
    many(call, "unarchived", |id| async move { tagging::put_away(call, &id, false).await }).await
}

pub(super) async fn publish(call: &Call) -> Answer {
    let models = flag_or(&call.data, "publish_model", true);
    many(call, "", |id| async move { status::publish(call, &id, &status::Change::of(call), models).await }).await
}

pub(super) async fn stop(call: &Call) -> Answer {
    many(call, "", |id| async move { stop_task(call, &id).await }).await
}

pub(super) async fn reset(call: &Call) -> Answer {
    many(call, "", |id| async move { reset::reset_task(call, &id).await }).await
}

pub(super) async fn delete(call: &Call) -> Answer {
    let force = flag(&call.data, "force");
    many(call, "", |id| async move { delete_task(call, &id, force).await }).await
}

pub(super) async fn enqueue(call: &Call) -> Answer {
    let mut answer = many(call, "queued", |id| async move { queueing::enqueue(call, &id, &call.data).await }).await?;
    if flag(&call.data, "verify_watched_queue") {
        let watched = queueing::is_watched(call, &call.data).await?;
        answer.insert("queue_watched".to_owned(), watched.into());
    }
    Ok(answer)
}

pub(super) async fn dequeue(call: &Call) -> Answer {
    many(call, "dequeued", |id| async move { queueing::dequeue(call, &id).await }).await
}
