//! Runs that nobody holds any more: their journals are delivered, then they are closed.
//!
//! A run whose supervisor died failed, reason `worker_lost`; one that a bare script opened
//! for itself was stopped, reason `client_lost`. Both can be resumed.

use std::{fs, io, os::unix::ffi::OsStrExt as _, path::Path};

use mendel_api::{Client, ClientError};
use mendel_journal::{Liveness, Workspace, journals_of, liveness};
use mendel_model::{Move, Run, RunId, Status, StatusRecord};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{clock::now, sender::deliver_journals, supervisor::finish};

/// A run that was left alone, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovered {
    /// Which run.
    pub run: RunId,
    /// Its status now.
    pub status: Status,
    /// Why.
    pub reason: String,
    /// What could not be delivered yet.
    pub undelivered: Vec<String>,
}

/// Closes those of `runs` that are running while their owner on this host is dead. Two
/// openers at once close each run once.
pub async fn recover(workspace: &Workspace, client: &Client, runs: &[Run]) -> Result<Vec<Recovered>, ClientError> {
    let mut recovered = Vec::new();
    for run in runs.iter().filter(|run| is_left_alone(run)) {
        let id = run.facts.id;
        let supervised = is_supervised(workspace, id);
        if supervised {
            kill_left_over(id, run.attempt);
        }
        let undelivered = match journals_of(workspace, id) {
            Ok(journals) => deliver_journals(client, &journals).await.iter().map(ToString::to_string).collect(),
            Err(error) => vec![error.to_string()],
        };
        // What it delivered may have closed it already; then that stands.
        let closed = finish(client, id, run.attempt, &lost(supervised)).await?;
        if let Some(run) = closed {
            recovered.push(Recovered { run: id, status: run.status, reason: run.status_reason, undelivered });
        }
    }
    Ok(recovered)
}

fn is_left_alone(run: &Run) -> bool {
    let owner = run.facts.owner.as_ref();
    run.status == Status::Running && owner.is_some_and(|owner| liveness(owner) == Liveness::Dead)
}

/// A supervisor leaves what it told its children in the run's folder.
fn is_supervised(workspace: &Workspace, run: RunId) -> bool {
    workspace.run(run).join("observe").is_file()
}

fn lost(supervised: bool) -> StatusRecord {
    let (to, reason, message) = match supervised {
        true => (Move::Fail, "worker_lost", "its supervisor died, and its processes with it"),
        false => (Move::Stop, "client_lost", "the process that reported it ended without closing it"),
    };
    StatusRecord {
        to,
        reason: reason.to_owned(),
        message: message.to_owned(),
        time: now(),
        owner: None,
        exit_code: None,
        signal: None,
    }
}

/// The death of a supervisor ends its children, but not theirs; those are known by their
/// environment, which no stranger shares.
fn kill_left_over(run: RunId, attempt: u32) {
    let marks = [format!("MENDEL_RUN_ID={run}"), format!("MENDEL_ATTEMPT={attempt}")];
    for entry in fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok) {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let own = u32::try_from(pid) == Ok(std::process::id());
        if !own && environment_holds(&entry.path(), &marks).unwrap_or(false) {
            // One that ended meanwhile needs no signal.
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

fn environment_holds(process: &Path, marks: &[String]) -> io::Result<bool> {
    let environment = fs::read(process.join("environ"))?;
    let variables: Vec<_> = environment.split(|byte| *byte == 0).collect();
    Ok(marks.iter().all(|mark| variables.contains(&std::ffi::OsStr::new(mark).as_bytes())))
}
