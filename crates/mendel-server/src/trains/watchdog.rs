//! Tasks whose client fell silent: they are stopped after a while.
//!
//! Only tasks that were made by a request and that no supervisor holds; those of supervisors
//! are watched by process, and much sooner.

use std::time::Duration;

use mendel_model::{Run, Status, TaskKind, Timestamp};
use mendel_store::RunScan;

use super::refusal::Refusal;
use crate::App;

/// A task in progress that changed nothing for so long is stopped.
const SILENCE: u64 = 7_200_000;
/// How often it is looked.
const EVERY: Duration = Duration::from_secs(60);

/// Stops silent tasks, for as long as it is polled.
pub(crate) async fn stop_silent(app: App) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(Refusal { defect: Some(defect), .. }) = look(&app).await {
            app.report(&*defect);
        }
    }
}

async fn look(app: &App) -> Result<(), Refusal> {
    let now = (app.now)();
    let scan = RunScan { status: Some(vec![Status::Running]), facts: true, ..RunScan::default() };
    for run in app.store.scan_runs(&scan).await?.iter().filter(|run| is_silent(run, now)) {
        let stop = |run: &mut Run| {
            if is_silent(run, now) {
                run.stand(Status::Stopped, "client_lost", "Stopped: nothing was heard for two hours", now);
            }
            Ok::<_, Refusal>(())
        };
        app.store.rewrite_run(run.facts.id, now, stop).await?;
    }
    Ok(())
}

fn is_silent(run: &Run, now: Timestamp) -> bool {
    let watched = run.facts.owner.is_some() || run.facts.kind != TaskKind::Manual;
    !watched && run.status == Status::Running && now.since(run.updated) > SILENCE
}
