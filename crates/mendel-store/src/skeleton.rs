#![expect(unused_variables)]
//! Public signatures; being built.
use std::path::Path;

use mendel_model::*;
use serde_json::Value;

use crate::*;

/// The metadata of a workspace, and its blobs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    blobs: Blobs,
}

impl Store {
    /// Opens the store in `root` (`.mendel`), making it when there is none.
    pub async fn open_folder(root: &Path) -> Result<Store> {
        todo!()
    }
    /// Opens the store in `root`; [`StoreError::NotFound`] when there is none.
    pub async fn open_folder_existing(root: &Path) -> Result<Store> {
        todo!()
    }
    /// Opens a PostgreSQL database, with blobs in the folder `blobs`.
    pub async fn open_postgres(url: &str, blobs: &Path) -> Result<Store> {
        todo!()
    }
    /// Closes all connections.
    pub async fn close(&self) {
        todo!()
    }
    /// The blobs.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// Makes runs, and a batch of them, in one transaction; ids that exist are left as they are.
    pub async fn create_runs(&self, runs: &[NewRun], batch: Option<&NewBatch>, now: Timestamp) -> Result<Vec<Run>> {
        todo!()
    }
    /// The run of that id.
    pub async fn run(&self, id: RunId) -> Result<Option<Run>> {
        todo!()
    }
    /// The run a person means.
    pub async fn find_run(&self, reference: &RunRef) -> Result<Found> {
        todo!()
    }
    /// A page of runs.
    pub async fn runs(&self, query: &RunQuery) -> Result<RunPage> {
        todo!()
    }
    /// Changes what a run says about itself; `attempt` is the fence of a writer.
    pub async fn update_run(&self, id: RunId, attempt: Option<u32>, update: &RunUpdate, now: Timestamp) -> Result<Run> {
        todo!()
    }
    /// Moves a run along its life.
    pub async fn move_run(
        &self,
        id: RunId,
        attempt: Option<u32>,
        change: &StatusRecord,
        now: Timestamp,
    ) -> Result<Run> {
        todo!()
    }
    /// Deletes a run whole; whether there was one.
    pub async fn delete_run(&self, id: RunId) -> Result<bool> {
        todo!()
    }

    /// Takes a writer's records; answers the sequence up to which all is durable.
    pub async fn append(
        &self,
        id: RunId,
        attempt: u32,
        writer: WriterId,
        frames: &[u8],
        now: Timestamp,
    ) -> Result<u64> {
        todo!()
    }
    /// Summaries of all series of a run.
    pub async fn series(&self, id: RunId) -> Result<Vec<SeriesSummary>> {
        todo!()
    }
    /// Points of a series in the order of their reporting; 0 is no limit.
    pub async fn points(&self, id: RunId, key: &SeriesKey, limit: usize) -> Result<Vec<SeriesPoint>> {
        todo!()
    }
    /// A series in at most `buckets` stretches that keep its extremes.
    pub async fn sampled(&self, id: RunId, key: &SeriesKey, buckets: usize) -> Result<Vec<Bucket>> {
        todo!()
    }
    /// Merges tails into chunks; of one run whole, or of all runs where it pays.
    pub async fn seal(&self, id: Option<RunId>) -> Result<Sealed> {
        todo!()
    }

    /// Console lines from number `after` on.
    pub async fn console(&self, id: RunId, after: u64, limit: usize) -> Result<ConsolePage> {
        todo!()
    }
    /// The last lines of the console.
    pub async fn console_tail(&self, id: RunId, lines: usize) -> Result<ConsolePage> {
        todo!()
    }
    /// Events in the order of their reporting.
    pub async fn events(&self, id: RunId, query: &EventQuery) -> Result<Vec<Event>> {
        todo!()
    }
    /// The newest artifact of each name.
    pub async fn artifacts(&self, id: RunId) -> Result<Vec<Artifact>> {
        todo!()
    }
    /// All artifacts of a name, newest first.
    pub async fn artifact_history(&self, id: RunId, name: &str) -> Result<Vec<Artifact>> {
        todo!()
    }
    /// Models of a run, or of all, with the run that names them, oldest first.
    pub async fn models(&self, id: Option<RunId>) -> Result<Vec<(RunId, ModelRecord)>> {
        todo!()
    }

    /// Keeps the result of a step; one a run and step name.
    pub async fn put_result(&self, result: &StepResult) -> Result<()> {
        todo!()
    }
    /// Results that may be reused, newest first.
    pub async fn results(&self, identity: &Identity) -> Result<Vec<StepResult>> {
        todo!()
    }
    /// The newest result of a run.
    pub async fn result_of(&self, run: RunId) -> Result<Option<StepResult>> {
        todo!()
    }

    /// Makes a project.
    pub async fn create_project(&self, project: &NewProject) -> Result<Project> {
        todo!()
    }
    /// All projects by name.
    pub async fn projects(&self) -> Result<Vec<Project>> {
        todo!()
    }
    /// The project of that name.
    pub async fn project(&self, name: &str) -> Result<Option<Project>> {
        todo!()
    }
    /// The batch of that id.
    pub async fn batch(&self, id: BatchId) -> Result<Option<Batch>> {
        todo!()
    }
    /// The batches a run belongs to, oldest first.
    pub async fn batches_of(&self, run: RunId) -> Result<Vec<Batch>> {
        todo!()
    }
    /// Keeps a small document of the workspace; null removes it.
    pub async fn put_note(&self, key: &str, value: &Value) -> Result<()> {
        todo!()
    }
    /// The document under that key.
    pub async fn note(&self, key: &str) -> Result<Option<Value>> {
        todo!()
    }

    /// Looks for damage without changing anything.
    pub async fn check(&self) -> Result<Vec<Damage>> {
        todo!()
    }
    /// Puts damaged blobs into quarantine and clears old partial ones; tells what was found.
    pub async fn repair(&self, now: Timestamp) -> Result<Vec<Damage>> {
        todo!()
    }
    /// Removes blobs nothing names, except young ones; or only counts them.
    pub async fn collect_garbage(&self, dry_run: bool, now: Timestamp) -> Result<Garbage> {
        todo!()
    }
    /// Copies the store as of one moment into a folder; doing it again brings it up to date.
    pub async fn backup(&self, into: &Path) -> Result<()> {
        todo!()
    }
}
