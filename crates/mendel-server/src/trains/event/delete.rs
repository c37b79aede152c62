//! Events that are taken back.

use mendel_model::{Run, Status, Timestamp};
use serde_json::json;

use super::target::{target, targets};
use crate::trains::{
    Answer, Object,
    call::Call,
    model,
    refusal::Refusal,
    value::{flag, int, needed, told},
};

/// What is published keeps its events.
fn refuse_locked(call: &Call, run: &Run) -> Result<(), Refusal> {
    match run.status == Status::Published && !flag(&call.data, "allow_locked") {
        true => Err(Refusal::no_task(&run.facts.id.to_string())),
        false => Ok(()),
    }
}

/// `events.delete_for_task`
pub(super) async fn for_task(call: &Call) -> Answer {
    let Some(run) = target(call).await? else { return Err(Refusal::no_task("")) };
    refuse_locked(call, &run)?;
    Ok(told(json!({"deleted": call.app.store.forget_reports(run.facts.id).await?})))
}

/// `events.delete_for_model`
pub(super) async fn for_model(call: &Call) -> Answer {
    let id = needed(&call.data, "model")?;
    let model = model::find(call, id).await?;
    if model.record.published && !flag(&call.data, "allow_locked") {
        return Err(Refusal::no_model(id));
    }
    let deleted = match id.parse() {
        Ok(id) => call.app.store.forget_reports(id).await?,
        Err(_) => false,
    };
    Ok(told(json!({"deleted": deleted})))
}

/// `events.clear_task_log`
pub(super) async fn clear_log(call: &Call) -> Answer {
    let Some(run) = targets(call, &[needed(&call.data, "task")?.to_owned()]).await?.pop() else {
        return Err(Refusal::no_task(""));
    };
    refuse_locked(call, &run)?;
    let now = (call.app.now)();
    let before = match int(&call.data, "threshold_sec") {
        Some(seconds) => Timestamp(now.0.saturating_sub(seconds.saturating_mul(1000))),
        None => Timestamp(i64::MAX),
    };
    Ok(told(json!({"deleted": call.app.store.forget_console(run.facts.id, before).await?})))
}

/// `events.clear_scroll`
pub(super) fn clear_scroll(call: &Call) -> Answer {
    call.app.scrolls.remove(needed(&call.data, "scroll_id")?);
    Ok(Object::new())
}
