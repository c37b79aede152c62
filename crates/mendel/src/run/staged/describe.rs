//! Asks the worker what the stages of a pipeline declare, where the source does not tell.
//!
//! The answer is kept under the digest of the code that gave it, so that a tree whose code is
//! as it was starts no Python.

use std::{path::PathBuf, process::Command};

use mendel_agent::{environment, worker};
use mendel_engine::pipeline::StageDecl;
use mendel_spec::{PipelineSpec, Problem, TreeTask};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Forest, pipeline::placed};
use crate::{
    context::Context,
    exit::Failure,
    printer::Printer,
    run::{options::RunOptions, package},
};

/// What is needed to ask.
pub struct Ask<'a> {
    pub context: &'a Context,
    pub options: &'a RunOptions,
    pub forest: &'a Forest,
    pub task: &'a TreeTask,
    pub named: &'a PipelineSpec,
    /// Whether Python may be started.
    pub may_ask: bool,
    pub printer: &'a Printer,
}

/// A stage as the worker told it.
#[derive(Clone, Serialize, Deserialize)]
pub struct ToldStage {
    #[serde(flatten)]
    pub decl: StageDecl,
    /// The dotted path by which it was named, where its pipeline is a list.
    #[serde(default)]
    pub source: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    stages: Vec<ToldStage>,
}

impl Ask<'_> {
    /// The stages in the order in which they run, from the note or from the worker; none
    /// where only the worker knows and may not be asked. What the worker refuses is a problem.
    pub async fn stages(&self, note: &str) -> Result<Result<Option<Vec<ToldStage>>, Problem>, Failure> {
        let kept = self.context.client.note(note).await?;
        if let Some(answer) = kept.and_then(|kept| serde_json::from_value::<Answer>(kept).ok()) {
            return Ok(Ok(Some(answer.stages)));
        }
        if !self.may_ask {
            return Ok(Ok(None));
        }
        match self.ask()? {
            Ok(answer) => {
                self.context.client.put_note(note, &json!(answer)).await?;
                Ok(Ok(Some(answer.stages)))
            }
            Err(why) => {
                let at = match self.named {
                    PipelineSpec::Stages(paths) => paths.first().map(|path| &path.at),
                    PipelineSpec::Class(path) => Some(&path.at),
                };
                let problem = Problem::error("bad_pipeline", format!("the pipeline cannot be made: {why}"));
                let problem = problem.key("pipeline");
                Ok(Err(at.map_or_else(|| problem.clone(), |at| placed(problem.clone(), at))))
            }
        }
    }

    fn ask(&self) -> Result<Result<Answer, String>, Failure> {
        let prepared = self.forest.environment(self.context, self.options, self.printer)?;
        let trouble = |what: &str, error: std::io::Error| Failure::trouble(format!("{what}: {error}"));
        let cache = self.context.workspace.cache();
        std::fs::create_dir_all(&cache).map_err(|error| trouble("the cache cannot be made", error))?;
        let document = cache.join(format!("describe-{}.json", std::process::id()));
        let text = json!({
            "version": 1,
            "task": {"path": self.task.path, "root": self.task.rootdir, "name": self.task.name},
            "roots": self.forest.roots,
            "project": self.forest.project,
            "pipeline": named(self.named),
            "inputs": [],
            "config": self.task.config,
        });
        std::fs::write(&document, text.to_string()).map_err(|error| trouble("a document cannot be written", error))?;
        let done = command(&prepared, &cache, &self.forest.start, "mendel.pipeline.describe")
            .map_err(|error| trouble("the package cannot be found", error))?
            .env("MENDEL_STAGES", &document)
            .output();
        // It is of no use to anyone any more.
        let _ = std::fs::remove_file(&document);
        let done = done.map_err(|error| trouble("Python cannot be started", error))?;
        if !done.status.success() {
            let text = String::from_utf8_lossy(&done.stderr);
            let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it ended without a word");
            return Ok(Err(last.trim_start_matches("error: ").to_owned()));
        }
        Ok(serde_json::from_slice(&done.stdout).map_err(|error| format!("its answer cannot be read: {error}")))
    }
}

/// A module of the package in the environment of a run, with no user code watched.
pub(super) fn command(
    prepared: &environment::Prepared,
    cache: &std::path::Path,
    folder: &std::path::Path,
    module: &str,
) -> std::io::Result<Command> {
    let python = prepared.python.clone().unwrap_or_else(|| PathBuf::from("python3"));
    let mut command = Command::new(python);
    command.args(["-m", module]).current_dir(folder).stdin(std::process::Stdio::null());
    command.envs(prepared.variables.iter().map(|(name, value)| (name, value)));
    if let Some(package) = package::folder() {
        let importable = worker::importable(cache, &package)?;
        let rest = std::env::var_os("PYTHONPATH").filter(|rest| !rest.is_empty());
        let path = std::iter::once(importable).chain(rest.iter().flat_map(std::env::split_paths));
        command.env("PYTHONPATH", std::env::join_paths(path).map_err(std::io::Error::other)?);
    }
    Ok(command)
}

/// A pipeline as job documents name it.
pub fn named(spec: &PipelineSpec) -> serde_json::Value {
    match spec {
        PipelineSpec::Stages(paths) => json!({"stages": paths.iter().map(|path| &path.path).collect::<Vec<_>>()}),
        PipelineSpec::Class(path) => json!({"class": path.path}),
    }
}
