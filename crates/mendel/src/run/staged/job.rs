//! A task as a run, and as a job document for the worker.

use std::{collections::BTreeMap, path::Path};

use mendel_agent::{
    environment::Prepared,
    job::{Job, JobEnvironment, Keep, Launch, WorkingFolder},
};
use mendel_model::{Digest, EnvironmentLock, NewRun, Reason, RunId, ScriptInfo, TaskKind};
use mendel_snapshot::Snapshot;
use serde_json::{Map, Value, json};

use super::{Forest, StagedTask, describe::named};
use crate::{
    context::{Context, now},
    exit::Failure,
    run::options::RunOptions,
};

/// The document of a run under which its job document is kept, for later attempts.
pub const DOCUMENT: &str = "stages";

/// The name of the job document in the folder of a run.
const FILE: &str = "stages.json";

/// What the tasks of one request share once something has to be computed.
pub struct Ready<'a> {
    pub forest: &'a Forest,
    pub environment: &'a Prepared,
    pub snapshot: &'a Snapshot,
    pub manifest: Digest,
    pub options: &'a RunOptions,
    /// How many inputs go on side by side, of all tasks together.
    pub jobs: usize,
    /// Where the tasks share what they use at once.
    pub pool: &'a Path,
}

impl Ready<'_> {
    /// The run that computes `task`.
    pub fn run(&self, task: &StagedTask, reasons: Vec<Reason>) -> NewRun {
        let git = self.snapshot.manifest.git.clone().unwrap_or_default();
        let settings = &self.forest.settings;
        let mut documents = Map::new();
        documents.insert(DOCUMENT.to_owned(), self.document(task));
        NewRun {
            id: RunId::from_uuid(mendel_journal::new_id()),
            name: self.options.name.clone().unwrap_or_else(|| task.name.clone()),
            project: settings.project.clone(),
            kind: TaskKind::Staged,
            purpose: Default::default(),
            user: std::env::var("USER").unwrap_or_default(),
            created: now(),
            params: self.params(task),
            tags: settings.tags.clone(),
            comment: self.options.comment.clone().unwrap_or_default(),
            parent: None,
            script: ScriptInfo {
                entry: below(&self.forest.project, Path::new(&task.address)),
                arguments: Vec::new(),
                root: self.forest.project.display().to_string(),
                working_folder: below(&self.forest.project, &self.forest.start),
                repository: git.repository,
                branch: git.branch.unwrap_or_default(),
                commit: git.commit.unwrap_or_default(),
                diff: git.diff,
            },
            snapshot: Some(self.manifest),
            identity: Some(task.identity()),
            code: Some(self.snapshot.manifest.digest()),
            environment: Some(self.environment.lock.clone()),
            reasons,
            documents,
            owner: None,
        }
    }

    /// The parameters of `task`, each with the place its value came from.
    fn params(&self, task: &StagedTask) -> Vec<mendel_model::Param> {
        let mut params = task.params();
        for param in &mut params {
            if let Some(origin) = self.forest.origin(task, &format!("config/{}/{}", param.section, param.name)) {
                param.origin = origin;
            }
        }
        params
    }

    /// What the worker is told.
    fn document(&self, task: &StagedTask) -> Value {
        let stages = task.pipeline.stages.iter().enumerate();
        let code: BTreeMap<_, _> =
            stages.filter_map(|(place, stage)| Some((stage.class.clone(), task.pipeline.digest(place)?))).collect();
        let options = self.options;
        json!({
            "version": 1,
            "task": {"path": task.address, "root": task.root, "name": task.name},
            "roots": self.forest.roots,
            "project": self.forest.project,
            "planned": self.forest.planned,
            "pipeline": named(&task.named),
            "inputs": task.inputs,
            "config": task.config,
            "full_spec": task.spec,
            "scopes": task.scopes,
            "marginal": task.marginal,
            "params": task.visible,
            "unnamed": self.environment.variables.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "code": code,
            "environment": {"digest": self.environment.lock.digest(), "policy": self.forest.settings.policy},
            "force": options.force,
            "pickup": !options.no_pickup,
            "cutoff": !options.no_cutoff,
            "keep_marginals": options.keep_marginals,
            "fail_fast": options.fail_fast,
            "jobs": self.jobs,
            "pool": self.pool,
            "resources": self.forest.resources(task),
            "isolate": options.isolate,
        })
    }
}

/// How one attempt of a run is started.
pub struct Attempt<'a> {
    pub run: &'a NewRun,
    /// The job document.
    pub document: &'a Value,
    pub environment: &'a Prepared,
    pub folder: WorkingFolder,
    pub monitor: bool,
}

impl Attempt<'_> {
    /// Tasks that load the same pipeline from the same places import the same.
    fn family(&self) -> Option<String> {
        let document = self.document;
        let isolate = document["isolate"].as_bool().unwrap_or_default();
        (!isolate).then(|| format!("{} {}", document["pipeline"], document["roots"]))
    }

    /// The job; its document is written into the folder of the run.
    pub fn job(self, context: &Context) -> Result<Job, Failure> {
        let place = context.workspace.run(self.run.id);
        let file = place.join(FILE);
        let unwritable =
            |error: std::io::Error| Failure::trouble(format!("cannot write `{}`: {error}", file.display()));
        std::fs::create_dir_all(&place).map_err(unwritable)?;
        std::fs::write(&file, self.document.to_string()).map_err(unwritable)?;
        let script = &self.run.script;
        let variables = self.environment.variables.iter();
        let variables = variables.map(|(name, value)| (name.clone(), Some(value.to_string_lossy().into_owned())));
        Ok(Job {
            run: self.run.id,
            step: "main".into(),
            launch: Launch::Stages { entry: script.entry.clone(), document: file, family: self.family() },
            arguments: Vec::new(),
            root: script.root.clone().into(),
            folder: self.folder,
            starts_in: script.working_folder.clone(),
            manifest: self.run.snapshot,
            environment: JobEnvironment {
                python: self.environment.python.clone(),
                variables: variables.collect(),
                lock: Some(EnvironmentLock::digest(&self.environment.lock)),
            },
            inputs: None,
            data: Vec::new(),
            identity: self.run.identity,
            parser_settles: false,
            parser_note: None,
            keep: Keep { monitor: self.monitor, result: false, ..Keep::default() },
            coretex: false,
        })
    }
}

/// `path` below `root` with `/`; whole where it lies elsewhere.
fn below(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}
