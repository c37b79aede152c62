//! A task folder: its file, its kind, its entry and its parameters.

use std::path::{Path, PathBuf};

use mendel_model::ProjectType;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Decision, Dialect, Kind, ParamSchema, Problems};

/// What `mendel sweep` does without arguments.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Sweep {
    /// Parameters and their values, in the form the script receives.
    pub grid: Vec<(String, Vec<Value>)>,
    /// Name of the sampler; a grid where absent.
    pub sampler: Option<String>,
    /// How many trials a sampler makes.
    pub trials: Option<u64>,
    /// The metric to make best.
    pub objective: Option<String>,
    /// `min` or `max`.
    pub direction: Option<String>,
}

/// What a run of the task needs.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Resources {
    /// Processor cores.
    pub cpu: Option<f64>,
    /// Accelerators.
    pub gpu: Option<u64>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Seconds.
    pub time: Option<u64>,
}

/// A task folder, read whole.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskFile {
    /// The folder.
    pub folder: PathBuf,
    /// The task files found, as named in messages; none for a bare script folder.
    pub files: Vec<String>,
    /// What kind of task it is.
    pub kind: Kind,
    /// What decided that.
    pub decision: Decision,
    /// Its id, where the file gives one.
    pub id: Option<String>,
    /// Its name; the folder's where the file gives none.
    pub name: String,
    /// What it does.
    pub description: String,
    /// Whether it is offered.
    pub active: bool,
    /// The field of work.
    pub project_type: Option<ProjectType>,
    /// The entry script, below the folder.
    pub entry: Option<String>,
    /// The environment file chosen by `environment:`.
    pub environment: Option<String>,
    /// Whether it takes values of the folders around it.
    pub inherit: bool,
    /// Its parameters.
    pub schema: ParamSchema,
    /// Its own sweep.
    pub sweep: Option<Sweep>,
    /// What a run needs.
    pub resources: Resources,
    /// The whole file as data.
    pub document: Map<String, Value>,
    /// How plain scalars were read.
    pub dialect: Dialect,
    /// What was odd and did not stop it.
    pub warnings: Problems,
}

/// How to read a folder.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions<'a> {
    /// `--entry FILE`, relative to the folder.
    pub entry: Option<&'a str>,
}

/// Reads a task folder.
pub fn read_folder(folder: &Path) -> Result<TaskFile, Problems> {
    read_folder_with(folder, &ReadOptions::default())
}

/// Reads a task folder, with what the command line says about it.
pub fn read_folder_with(folder: &Path, options: &ReadOptions<'_>) -> Result<TaskFile, Problems> {
    let _ = (folder, options);
    todo!()
}

/// Reads the task files of a snapshot: `texts` are (name, text), `listing` the paths of all its files.
pub fn read_texts(
    texts: &[(String, String)],
    listing: &[String],
    options: &ReadOptions<'_>,
) -> Result<TaskFile, Problems> {
    let _ = (texts, listing, options);
    todo!()
}
