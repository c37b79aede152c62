//! `tasks.stop`: at once where nobody works on the task, else as a message to whoever does.

use mendel_model::{Run, Status, Timestamp};
use mendel_store::RunScan;
use serde_json::Value;

use super::{
    edit::touch,
    facts::{extra, id_of, system_tags},
    status::{Change, refusal_of_status, stand, told_status},
};
use crate::trains::{
    Answer,
    call::Call,
    time,
    value::{flag, needed, updated},
};

/// A worker that said nothing for so long is gone.
const SILENCE: u64 = 600_000;

pub(super) async fn stop(call: &Call) -> Answer {
    stop_task(call, needed(&call.data, "task")?).await
}

/// Stops a task, and with it the steps of a pipeline where that is asked for.
pub(super) async fn stop_task(call: &Call, id: &str) -> Answer {
    let answer = stop_one(call, id, &Change::of(call)).await?;
    if flag(&call.data, "include_pipeline_steps") {
        let scan = RunScan { parents: Some(vec![id_of(id)?]), facts: true, ..RunScan::default() };
        let steps = call.app.store.scan_runs(&scan).await?;
        for step in steps.iter().filter(|step| matches!(step.status, Status::Running | Status::Queued)) {
            let forced = Change { force: true, ..Change::of(call) };
            stop_one(call, &step.facts.id.to_string(), &forced).await?;
        }
    }
    Ok(answer)
}

async fn stop_one(call: &Call, id: &str, wanted: &Change) -> Answer {
    let now = (call.app.now)();
    let id = id_of(id)?;
    let (run, fields) = call
        .app
        .store
        .rewrite_run(id, now, |run| {
            if !run.status.may_become(Status::Stopped) && !wanted.force {
                return Err(refusal_of_status(run, "stopped"));
            }
            if run.status == Status::Running && !wanted.force && is_watched(run, now) {
                run.status_message = "stopping".to_owned();
                run.status_reason.clone_from(&wanted.reason);
                let mut fields = told_status(run, call);
                touch(run, now, &mut fields);
                return Ok(fields);
            }
            let message = format!("Stopped by {}", call.who.name);
            stand(run, call, Status::Stopped, &Change { message, ..wanted.clone() })
        })
        .await?;
    if run.status == Status::Stopped {
        call.app.store.leave_queue(None, id).await?;
    }
    Ok(updated(1, fields))
}

/// Whether somebody is there who sees the message and stops the task.
fn is_watched(run: &Run, now: Timestamp) -> bool {
    let reported = extra(run, "last_worker_report").and_then(Value::as_str).and_then(time::parse);
    let development = system_tags(run).iter().any(|tag| tag == "development");
    !development && reported.is_some_and(|reported| now.since(reported) < SILENCE)
}
