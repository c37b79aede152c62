//! Closes a run: its outputs are stored, its result is put where later requests find it,
//! and its status says how it ended. Doing it twice has the effect of doing it once.

use std::{process::ExitStatus, time::Duration};

use mendel_api::{Client, ClientError};
use mendel_journal::{Workspace, journals_of};
use mendel_model::{
    Artifact, ArtifactMode, Identity, Output, Record, Run, RunId, RunRef, RunUpdate, Status, StatusRecord, StepResult,
    limits::SNAPSHOT_FILE_BYTES, step_key,
};
use mendel_snapshot::StatIndex;
use serde_json::Map;
use tokio::task::spawn_blocking;

use super::{
    Ended, Event,
    hold::Surroundings,
    outcome::{MemoryFacts, Outcome, StopReason},
    prepare::Ready,
    recorder::Recorder,
};
use crate::{
    clock::now,
    job::{Job, WorkingFolder},
    judge::{Case, FoundOutput, Judgement, judge},
    sender::deliver_journals,
    worker::Observed,
};

/// The document of a run that says why its result is not reused.
pub const TAINTED: &str = "tainted";
/// The document of a run that says why every file of the project counts.
pub const WHOLE: &str = "whole";
/// How often a change is tried while the server is busy.
const TRIES: u32 = 7;

/// A run whose process ended.
pub(super) struct Closing<'a> {
    pub(super) job: &'a Job,
    pub(super) attempt: u32,
    pub(super) ready: Ready,
    pub(super) status: std::io::Result<ExitStatus>,
    pub(super) stop: Option<StopReason>,
    pub(super) observed: Vec<Observed>,
    pub(super) identity: Option<Identity>,
    pub(super) last_lines: Vec<String>,
    pub(super) memory: MemoryFacts,
    pub(super) started_ns: i64,
    pub(super) duration: Duration,
    pub(super) recorder: Option<Recorder>,
}

/// Closes the run and says how it ended.
pub(super) async fn close(mut closing: Closing<'_>, around: &Surroundings) -> Ended {
    let (job, time) = (closing.job, now());
    let (change, refused) = closing.outcome(time);
    let warn = |text: String| around.events.send(Event::Warning { run: Some(job.run), text });
    let mut judgement = closing.judge(around).await.unwrap_or_else(|error| Judgement {
        tainted: vec![format!("it could not be judged: {error}")],
        ..Judgement::default()
    });
    let (outputs, failed) = store_outputs(job, &judgement.outputs, &around.client).await;
    if let Some(error) = failed {
        judgement.tainted.push(format!("not every output could be stored: {error}"));
    }
    if let Some(recorder) = &closing.recorder {
        if job.keep.artifacts {
            outputs.iter().for_each(|output| recorder.record(&artifact(output, time)));
        }
        // What it could not deliver lies in a journal, which is delivered below.
        let _undelivered = recorder.close().await;
    }
    let workspace = Workspace::at(&around.batch.workspace);
    match journals_of(&workspace, job.run) {
        Ok(journals) => {
            let failed = deliver_journals(&around.client, &journals).await;
            failed.iter().for_each(|error| warn(format!("not everything it reported is delivered yet: {error}")));
        }
        Err(error) => warn(format!("what it reported cannot be read: {error}")),
    }
    let helped = closing.observed.contains(&Observed::Help);
    closing.tell_what_counts(&judgement, &around.client).await.unwrap_or_else(|error| {
        warn(format!("what its result depends on could not be kept: {error}"));
    });
    let answers = job.keep.result && refused.is_none() && !helped;
    if answers {
        let result = closing.result(&judgement, &outputs, time);
        if let Err(error) = keep_result(&closing, &result, &judgement, &around.client).await {
            warn(format!("its result could not be kept: {error}"));
        }
    }
    let status = finish(&around.client, job.run, closing.attempt, &change).await;
    let run = status.unwrap_or_else(|error| {
        warn(format!("its end could not be kept: {error}"));
        None
    });
    let status = run.as_ref().map_or_else(|| expected(&change), |run| run.status);
    if status == Status::Completed {
        closing.remove_folder(&workspace, &outputs).await.unwrap_or_else(|error| {
            warn(format!("its folder could not be removed: {error}"));
        });
    }
    Ended {
        run: job.run,
        status,
        reason: run.as_ref().map_or(change.reason, |run| run.status_reason.clone()),
        message: run.as_ref().map_or(change.message, |run| run.status_message.clone()),
        exit_code: change.exit_code,
        signal: change.signal,
        last_lines: std::mem::take(&mut closing.last_lines),
        reusable: answers && status == Status::Completed && judgement.tainted.is_empty(),
        outputs,
        tainted: judgement.tainted,
        refused,
        started: true,
        time,
        duration: closing.duration.as_millis() as u64,
    }
}

impl Closing<'_> {
    fn outcome(&self, time: mendel_model::Timestamp) -> (StatusRecord, Option<String>) {
        match &self.status {
            Ok(status) => {
                let outcome = Outcome {
                    status: *status,
                    stop: self.stop.as_ref(),
                    observed: &self.observed,
                    last_lines: &self.last_lines,
                    memory: self.memory,
                    time,
                };
                (outcome.record(), outcome.refused())
            }
            Err(error) => (failed("its process could not be waited for", &error.to_string()), None),
        }
    }

    async fn judge(&mut self, around: &Surroundings) -> Result<Judgement, String> {
        let workspace = Workspace::at(&around.batch.workspace);
        let (job, observed) = (self.job.clone(), self.observed.clone());
        let (root, manifest) = (self.ready.root.clone(), self.ready.manifest.take());
        let (named, started_ns) = (self.ready.named.clone(), self.started_ns);
        let judged = spawn_blocking(move || {
            let mut index = match job.folder {
                WorkingFolder::InPlace { .. } => StatIndex::for_root(&workspace.index(), &root),
                WorkingFolder::Private { .. } => StatIndex::in_memory(),
            };
            let case = Case {
                job: &job,
                root: &root,
                manifest: manifest.as_ref(),
                named: &named,
                observed: &observed,
                started_ns,
            };
            let judged = judge(&case, &mut index).map_err(|error| error.to_string());
            for one in &observed {
                if let Observed::Aside { place, .. } = one {
                    // It was needed for this; a file too many does no harm.
                    let _ = std::fs::remove_file(place);
                }
            }
            // The index only saves time.
            let _ = index.save();
            judged
        });
        judged.await.unwrap_or_else(|error| Err(error.to_string()))
    }

    /// Keeps in words what a person must know of its dependencies.
    async fn tell_what_counts(&self, judgement: &Judgement, client: &Client) -> Result<(), ClientError> {
        for text in judgement.texts.iter().filter(|text| !text.is_empty()) {
            patiently(|| client.put_blob(text.as_bytes())).await?;
        }
        let mut documents = Map::new();
        if !judgement.tainted.is_empty() {
            documents.insert(TAINTED.to_owned(), judgement.tainted.clone().into());
        }
        if let Some(whole) = &judgement.whole {
            documents.insert(WHOLE.to_owned(), whole.clone().into());
        }
        if documents.is_empty() {
            return Ok(());
        }
        let update = RunUpdate { documents, ..RunUpdate::default() };
        patiently(|| client.update_run(self.job.run, Some(self.attempt), &update)).await.map(drop)
    }

    fn result(&self, judgement: &Judgement, outputs: &[Output], time: mendel_model::Timestamp) -> StepResult {
        let identity = self.identity.unwrap_or_else(|| {
            Identity::of_script(self.job.launch.entry(), &self.job.starts_in, &[], &self.job.arguments)
        });
        StepResult {
            identity,
            key: step_key(&identity, &judgement.dependencies),
            run: self.job.run,
            step: self.job.step.clone(),
            dependencies: judgement.dependencies.clone(),
            outputs: outputs.to_vec(),
            duration: self.duration.as_millis() as u64,
            finished: time,
            input: None,
            stage: None,
        }
    }

    /// A private folder goes, unless something lies only there.
    async fn remove_folder(&self, workspace: &Workspace, outputs: &[Output]) -> std::io::Result<()> {
        let private = matches!(self.job.folder, WorkingFolder::Private { .. });
        if !private || outputs.iter().any(|output| !output.kept) {
            return Ok(());
        }
        let work = workspace.work(self.job.run);
        tokio::fs::remove_dir_all(&work).await?;
        tokio::fs::remove_file(work.with_file_name("work.ready")).await
    }
}

async fn keep_result(
    closing: &Closing<'_>,
    result: &StepResult,
    judgement: &Judgement,
    client: &Client,
) -> Result<(), ClientError> {
    let tainted = !judgement.tainted.is_empty();
    let settled = closing.job.identity == Some(result.identity) || closing.identity == Some(result.identity);
    if tainted || !settled {
        let identity = (!settled).then_some(result.identity);
        let update = RunUpdate { tainted: tainted.then_some(true), identity, ..RunUpdate::default() };
        patiently(|| client.update_run(closing.job.run, Some(closing.attempt), &update)).await?;
    }
    patiently(|| client.put_results(std::slice::from_ref(result))).await
}

/// Moves a run to its end; one that ended already stays as it is. Returns the run.
pub(crate) async fn finish(
    client: &Client,
    run: RunId,
    attempt: u32,
    change: &StatusRecord,
) -> Result<Option<Run>, ClientError> {
    match patiently(|| client.move_run(run, Some(attempt), change)).await {
        Ok(run) => Ok(Some(run)),
        Err(error) if matches!(error.code(), Some("wrong_status" | "stale_attempt")) => {
            client.run(&RunRef::Id(run)).await
        }
        Err(error) => Err(error),
    }
}

async fn patiently<T, F: Future<Output = Result<T, ClientError>>>(
    mut ask: impl FnMut() -> F,
) -> Result<T, ClientError> {
    let mut pause = Duration::from_millis(100);
    for _ in 1..TRIES {
        match ask().await {
            Err(error) if error.is_passing() => tokio::time::sleep(pause).await,
            answer => return answer,
        }
        pause *= 2;
    }
    ask().await
}

async fn store_outputs(job: &Job, found: &[FoundOutput], client: &Client) -> (Vec<Output>, Option<ClientError>) {
    let (mut outputs, mut failed) = (Vec::with_capacity(found.len()), None);
    for FoundOutput { path, place, digest, size, executable, link, new } in found {
        let mut output = Output {
            path: path.clone(),
            digest: *digest,
            size: *size,
            kept: link.is_some(),
            executable: *executable,
            link: link.clone(),
            new: *new,
        };
        if link.is_some() {
            outputs.push(output);
            continue;
        }
        if *size <= SNAPSHOT_FILE_BYTES || job.keep.large_outputs {
            match client.put_blob_file(place).await {
                Ok((digest, size)) => output = Output { digest, size, kept: true, ..output },
                Err(error) => failed = Some(error),
            }
        }
        outputs.push(output);
    }
    (outputs, failed)
}

fn artifact(output: &Output, time: mendel_model::Timestamp) -> Record {
    let name = output.path.rsplit('/').next().unwrap_or(&output.path);
    Record::Artifact(Artifact {
        name: output.path.clone(),
        kind: "output".to_owned(),
        mode: ArtifactMode::Output,
        digest: output.kept.then_some(output.digest),
        size: output.size,
        file: name.to_owned(),
        media: String::new(),
        preview: String::new(),
        metadata: Map::new(),
        uri: None,
        time,
    })
}

/// The change of a run that failed without a process telling why.
pub(super) fn failed(reason: &str, message: &str) -> StatusRecord {
    StatusRecord {
        to: mendel_model::Move::Fail,
        reason: reason.to_owned(),
        message: message.to_owned(),
        time: now(),
        owner: None,
        exit_code: None,
        signal: None,
    }
}

/// Where `change` leads from a running run.
pub(super) fn expected(change: &StatusRecord) -> Status {
    Status::Running.apply(change.to).map_or(Status::Running, |moved| moved.to)
}
