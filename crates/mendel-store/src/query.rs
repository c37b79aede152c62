//! What can be asked of the store: the shapes of questions and answers that are not nouns
//! of the model.

use std::collections::BTreeMap;

use mendel_model::{
    ConsoleLine, Digest, Event, EventKind, Filter, Identity, Project, Run, RunId, SeriesKey, SeriesPoint, SortKey,
    Status, Timestamp,
};
use serde_json::{Map, Value as Json};

/// Which runs are wanted; empty parts do not narrow.
#[derive(Debug, Clone, Default)]
pub struct RunQuery {
    /// A condition.
    pub filter: Option<Filter>,
    /// Order; runs without the value come last, ties newest first.
    pub sort: Vec<SortKey>,
    /// Only of this project.
    pub project: Option<String>,
    /// Only of these projects.
    pub projects: Option<Vec<String>>,
    /// Only these.
    pub ids: Vec<RunId>,
    /// Only of this meaning.
    pub identity: Option<Identity>,
    /// Only in one of these statuses.
    pub status: Vec<Status>,
    /// Only archived, or only not archived, ones.
    pub archived: Option<bool>,
    /// Only children of this run.
    pub parent: Option<RunId>,
    /// Number of runs on the page; 0 is the largest page, L15.
    pub limit: usize,
    /// Number of runs before the page.
    pub offset: usize,
}

/// A page of a list of runs.
#[derive(Debug, Clone, PartialEq)]
pub struct RunPage {
    /// The runs of the page.
    pub runs: Vec<Run>,
    /// Number of runs on all pages.
    pub total: usize,
}

/// What a reference to a run leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Nothing.
    None,
    /// One run.
    One(Box<Run>),
    /// The beginning of several ids; the first ten.
    Many(Vec<RunId>),
}

/// A stretch of a series, told by its extremes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// Its first point.
    pub first: SeriesPoint,
    /// Its last point.
    pub last: SeriesPoint,
    /// Smallest value and its step; none where all are NaN.
    pub min: Option<(f64, i64)>,
    /// Largest value and its step; none where all are NaN.
    pub max: Option<(f64, i64)>,
    /// Sum of the finite values.
    pub sum: f64,
    /// Number of finite values.
    pub finite: u64,
    /// Number of points.
    pub count: u64,
}

/// Lines of a console.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsolePage {
    /// The lines.
    pub lines: Vec<ConsoleLine>,
    /// Number of the first line of the page; lines before it may be gone (L08).
    pub first: u64,
    /// Number of the line after the last; ask with it as `after` to go on.
    pub next: u64,
}

/// Which events are wanted; empty parts do not narrow.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// Only of this kind.
    pub kind: Option<EventKind>,
    /// Only of this title.
    pub metric: Option<String>,
    /// Only of this series.
    pub variant: Option<String>,
    /// Only the newest of each kind, metric and variant.
    pub last: bool,
}

/// What sealing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sealed {
    /// Number of runs looked at.
    pub runs: usize,
    /// Number of points moved out of tails.
    pub points: u64,
    /// Number of chunks written.
    pub chunks: usize,
}

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// The database itself, in its own words.
    Database(String),
    /// A blob whose bytes do not fit its digest.
    Blob(Digest),
    /// A blob that something names and that is not there.
    MissingBlob {
        /// Which blob.
        digest: Digest,
        /// What names it, in words.
        named_by: String,
    },
    /// Points of a series that cannot be read.
    Series {
        /// Which run.
        run: RunId,
        /// Which series, where it is known.
        key: Option<SeriesKey>,
    },
}

/// What garbage collection removed, or would remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Garbage {
    /// Number of blobs.
    pub blobs: usize,
    /// Number of bytes.
    pub bytes: u64,
}

/// Plain conditions on runs; absent ones do not narrow, an empty list fits nothing.
#[derive(Debug, Clone, Default)]
pub struct RunScan {
    /// Only these.
    pub ids: Option<Vec<RunId>>,
    /// Only of these projects.
    pub projects: Option<Vec<String>>,
    /// Only in one of these statuses.
    pub status: Option<Vec<Status>>,
    /// Only children of these.
    pub parents: Option<Vec<RunId>>,
    /// Whether parameters, documents and code are read.
    pub facts: bool,
    /// Whether the last value of each series is read.
    pub metrics: bool,
}

/// What is reported of a run, whoever reports it.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Points by series.
    pub points: BTreeMap<SeriesKey, Vec<SeriesPoint>>,
    /// What the steps of a series count.
    pub labels: BTreeMap<SeriesKey, String>,
    /// Console lines.
    pub console: Vec<ConsoleLine>,
    /// Events; each takes the place of an earlier one of the same kind, name and step.
    pub events: Vec<Event>,
    /// The highest iteration it tells, if it counts.
    pub iteration: Option<i64>,
}

/// A series summarised for people who look at one number of it.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricSummary {
    /// Which series.
    pub key: SeriesKey,
    /// Number of points.
    pub count: u64,
    /// The value that the latest report ended with.
    pub recent: f64,
    /// Smallest value and its step.
    pub min: Option<(f64, i64)>,
    /// Largest value and its step.
    pub max: Option<(f64, i64)>,
    /// The first value and its step.
    pub first: Option<(f64, i64)>,
    /// Mean of the finite values.
    pub mean: Option<f64>,
    /// What its steps count.
    pub label: String,
}

/// A project with what only lists of projects need.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectRecord {
    /// The id, which stays when the name changes.
    pub id: String,
    /// The project.
    pub project: Project,
    /// Free facts.
    pub document: Map<String, Json>,
}

/// A waiting list.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueRecord {
    /// Its id.
    pub id: String,
    /// Its unique name.
    pub name: String,
    /// Free facts.
    pub document: Map<String, Json>,
    /// Who waits, first first, and since when.
    pub entries: Vec<(RunId, Timestamp)>,
}

/// A worker that reported.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkerRecord {
    /// Its name.
    pub name: String,
    /// Who runs it.
    pub owner: String,
    /// When it was last heard of.
    pub seen: Timestamp,
    /// Free facts.
    pub document: Map<String, Json>,
}

/// A file that is known by its path.
#[derive(Debug, Clone, PartialEq)]
pub struct FileRecord {
    /// Its path, without a leading `/`.
    pub path: String,
    /// Its content.
    pub digest: Digest,
    /// Number of bytes.
    pub size: u64,
    /// Media type, where someone said it.
    pub media: String,
}
