//! Makes ready what a job needs before its process starts: its folder, what its processes
//! are told, and what will be compared with in the end.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use mendel_api::{Client, ClientError};
use mendel_journal::Workspace;
use mendel_model::{Digest, Manifest, RunId};
use mendel_snapshot::{FileStat, RestoreError, restore};
use tokio::{runtime::Handle, task::spawn_blocking};

use super::{launch::Preparation, reports::ReportPipe};
use crate::{
    job::{FolderLink, Job, JobBatch, Launch, WorkingFolder},
    judge::Named,
    roots::roots,
    worker::{self, Settings},
};

/// The file in the folder of a run where a task lists what it imported.
const IMPORTS: &str = "imports.json";

/// Why a job cannot start.
#[derive(Debug, thiserror::Error)]
pub(super) enum PrepareError {
    /// The workspace's server refused or did not answer.
    #[error("cannot ask the workspace")]
    Ask(#[from] ClientError),
    /// The snapshot's list of files is damaged.
    #[error("the snapshot of run {run} cannot be read")]
    Manifest {
        /// Which run.
        run: RunId,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The snapshot cannot be put back.
    #[error("cannot restore the snapshot of run {run}")]
    Restore {
        /// Which run.
        run: RunId,
        /// Why.
        source: RestoreError,
    },
    /// There is no snapshot to put back.
    #[error("run {run} has no snapshot to work in")]
    NoSnapshot {
        /// Which run.
        run: RunId,
    },
    /// A file of the run's folder cannot be made.
    #[error("cannot make `{}`", path.display())]
    Make {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A job that may start.
#[derive(Debug)]
pub(super) struct Ready {
    /// What starts it.
    pub(super) preparation: Preparation,
    /// The root that it sees: its own folder, or the project's.
    pub(super) root: PathBuf,
    /// The list of its snapshot, if it has one.
    pub(super) manifest: Option<Manifest>,
    /// Existing paths that its words or inputs name, as they are now.
    pub(super) named: Vec<Named>,
    /// Where its processes write what they observe.
    pub(super) observed: PathBuf,
    /// Where its stages report, if it has some.
    pub(super) reports: Option<ReportPipe>,
}

impl Ready {
    /// The installed packages that a task imported, if it told.
    pub(super) fn imports(&self) -> Option<Vec<String>> {
        let place = self.preparation.variables.get("MENDEL_IMPORTS")?;
        serde_json::from_slice(&fs::read(place).ok()?).ok()
    }
}

/// Makes everything ready for `attempt` of `job`.
pub(super) async fn prepare(
    batch: &JobBatch,
    job: &Job,
    attempt: u32,
    client: &Client,
    api: &str,
) -> Result<Ready, PrepareError> {
    let workspace = Workspace::at(&batch.workspace);
    let place = workspace.run(job.run);
    make(&place, |path| fs::create_dir_all(path))?;
    let manifest = match &job.manifest {
        Some(digest) => Some(manifest(job.run, digest, client).await?),
        None => None,
    };
    let (root, folder) = match &job.folder {
        WorkingFolder::InPlace { path } => (job.root.clone(), path.clone()),
        WorkingFolder::Private { below, links } => {
            let work = workspace.work(job.run);
            let manifest = manifest.clone().ok_or(PrepareError::NoSnapshot { run: job.run })?;
            restore_into(&work, job.run, manifest, client).await?;
            links.iter().try_for_each(|link| link_in(&work, link))?;
            (work.clone(), if below.is_empty() { work } else { work.join(below) })
        }
    };
    let stand_in = match &job.launch {
        Launch::Script { stand_in: Some(text), .. } => {
            let script = place.join("notebook.py");
            make(&script, |path| fs::write(path, text))?;
            Some(script)
        }
        _ => None,
    };
    let cache = workspace.cache();
    make(&cache, |path| fs::create_dir_all(path))?;
    let mut variables = BTreeMap::from([
        ("MENDEL_WORKSPACE", batch.workspace.clone().into()),
        ("MENDEL_API", api.into()),
        ("MENDEL_RUN_ID", job.run.to_string().into()),
        ("MENDEL_ATTEMPT", attempt.to_string().into()),
        ("MENDEL_BINARY", batch.binary.clone().into()),
    ]);
    let observed = workspace.observed(job.run);
    // Those of an earlier attempt say nothing about this one.
    let _ = fs::remove_file(&observed);
    let mut reports = None;
    let (python_path, named) = match &job.launch {
        Launch::Stages { document, .. } => {
            variables.insert("MENDEL_STAGES", document.clone().into());
            variables.insert("MENDEL_IMPORTS", place.join(IMPORTS).into());
            let pipe = ReportPipe::new().map_err(|source| PrepareError::Make { path: place.clone(), source })?;
            variables.insert("MENDEL_REPORTS", pipe.path().into());
            reports = Some(pipe);
            (importable(batch, cache)?, Vec::new())
        }
        Launch::Typed { task, .. } => {
            variables.insert("MENDEL_TASK_DIR", task.clone().into());
            (importable(batch, cache)?, Vec::new())
        }
        Launch::Script { .. } | Launch::Command { .. } | Launch::Shell { .. } => {
            let named = named_paths(job, &folder);
            let settings = observation(batch, job, &root, (&observed, &named));
            let told = place.join("observe");
            make(&told, |path| settings.write(path))?;
            variables.insert("MENDEL_OBSERVE", told.into());
            let worker = worker::install(&cache).map_err(|source| PrepareError::Make { path: cache, source })?;
            (Some(worker), named)
        }
    };
    let preparation = Preparation { folder, stand_in, variables, python_path };
    Ok(Ready { preparation, root, manifest, named, observed, reports })
}

/// The folder that makes the package of this command importable, where one is known.
fn importable(batch: &JobBatch, cache: PathBuf) -> Result<Option<PathBuf>, PrepareError> {
    let importable = batch.package.as_ref().map(|package| worker::importable(&cache, package));
    importable.transpose().map_err(|source| PrepareError::Make { path: cache, source })
}

/// What the processes of a job are told about their observation.
fn observation(batch: &JobBatch, job: &Job, root: &Path, (observed, named): (&Path, &[Named])) -> Settings {
    Settings {
        observed: observed.to_owned(),
        roots: roots(root, &job.root),
        named: named.iter().map(|named| named.path.clone()).collect(),
        foreign: [batch.workspace.join("journal"), batch.workspace.join("blobs"), batch.workspace.join("cache")]
            .into_iter()
            .chain(batch.package.clone())
            .collect(),
        package: batch.package.clone(),
        learn: job.parser_note.is_some(),
        coretex: job.coretex,
    }
}

async fn manifest(run: RunId, digest: &Digest, client: &Client) -> Result<Manifest, PrepareError> {
    let bytes = client.blob(digest).await?;
    serde_json::from_slice(&bytes).map_err(|source| PrepareError::Manifest { run, source })
}

/// A folder that was restored before is left as it is: a resumed run finds its checkpoints.
async fn restore_into(work: &Path, run: RunId, manifest: Manifest, client: &Client) -> Result<(), PrepareError> {
    let mark = work.with_file_name("work.ready");
    if mark.is_file() && work.is_dir() {
        return Ok(());
    }
    if work.is_dir() {
        make(work, |path| fs::remove_dir_all(path))?;
    }
    let (runtime, client, folder) = (Handle::current(), client.clone(), work.to_owned());
    let restored = spawn_blocking(move || {
        let mut fetch = |digest: &Digest| match runtime.block_on(client.blob(digest)) {
            Ok(bytes) => Ok(bytes.to_vec()),
            Err(error) => Err(io::Error::other(error)),
        };
        restore(&manifest, &folder, &mut fetch)
    });
    match restored.await {
        Ok(Ok(())) => make(&mark, |path| fs::write(path, b"")),
        Ok(Err(source)) => Err(PrepareError::Restore { run, source }),
        Err(error) => Err(PrepareError::Make { path: work.to_owned(), source: io::Error::other(error) }),
    }
}

fn link_in(work: &Path, link: &FolderLink) -> Result<(), PrepareError> {
    let place = work.join(&link.path);
    if place.symlink_metadata().is_ok() {
        return Ok(());
    }
    if let Some(parent) = place.parent() {
        make(parent, |path| fs::create_dir_all(path))?;
    }
    make(&place, |path| symlink(&link.target, path))
}

fn make(path: &Path, action: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), PrepareError> {
    action(path).map_err(|source| PrepareError::Make { path: path.to_owned(), source })
}

/// The existing paths that words name, plainly or as `--name=path`, and the inputs.
fn named_paths(job: &Job, folder: &Path) -> Vec<Named> {
    let inputs = job.inputs.iter().flatten().map(|path| job.root.join(path));
    let texts = job.arguments.iter().flat_map(|word| {
        let value = word.split_once('=').map(|(_, value)| value);
        [Some(word.as_str()), value].into_iter().flatten().filter(|text| !text.is_empty())
    });
    let mut named: Vec<Named> = Vec::new();
    for path in texts.map(|text| folder.join(text)).chain(inputs) {
        let path = tidy(&path);
        let Ok(facts) = path.metadata() else { continue };
        if path != Path::new("/") && !named.iter().any(|known| known.path == path) {
            named.push(Named { path, stat: FileStat::of(&facts) });
        }
    }
    named
}

/// `path` without `.` and `..`, as Python's `abspath` spells it.
fn tidy(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut tidied = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                tidied.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => tidied.push(part),
        }
    }
    tidied
}
