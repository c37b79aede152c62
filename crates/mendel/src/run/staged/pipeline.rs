//! The pipeline of a task: what its stages declare, their order and their code.

use std::{path::Path, sync::Arc};

use mendel_engine::pipeline::{AbsentNeed, OrderFault, StageDecl, absent_needs, is_enabled, order_stages};
use mendel_model::{Digest, StageName};
use mendel_spec::{DottedPath, PipelineSpec, Place, Problem, Problems, TreeTask, nearest};
use serde_json::Value;

use super::{code::Code, describe::ToldStage, prints::Print};

/// A pipeline that is known.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// What its stages declare, in the order in which they run.
    pub stages: Vec<StageDecl>,
    /// What the class of each stage reaches, where it can be told.
    pub code: Vec<Option<Arc<Print>>>,
}

/// What is known of a pipeline without starting Python.
pub enum Known {
    /// All of it.
    Whole(Arc<Pipeline>),
    /// The worker has to be asked; the key of the note that keeps its answer.
    Asked(String),
}

impl Pipeline {
    /// Reads the pipeline that a task names from the source of its classes.
    pub fn read(spec: &PipelineSpec, code: &mut Code) -> Result<Known, Problems> {
        let paths = match spec {
            PipelineSpec::Stages(paths) => paths.iter().collect(),
            PipelineSpec::Class(path) => vec![path],
        };
        let mut problems = Problems::new();
        let mut prints = Vec::with_capacity(paths.len());
        for path in &paths {
            match code.print(&path.path) {
                Ok(print) => prints.push(print),
                Err(found) => found.into_iter().for_each(|problem| problems.push(placed(problem, &path.at))),
            }
        }
        if problems.has_errors() {
            return Err(problems);
        }
        let declared = match spec {
            PipelineSpec::Stages(paths) => declared(paths, &prints)?,
            PipelineSpec::Class(_) => None,
        };
        let Some(declared) = declared else {
            let mut form = mendel_model::Canonical::new("pipeline");
            paths.iter().zip(&prints).for_each(|(path, print)| {
                form.text(&path.path).digest(&print.digest);
            });
            return Ok(Known::Asked(format!("pipeline:{}", form.finish())));
        };
        let order = order_stages(&declared).map_err(|problem| {
            let told = |fault: &OrderFault| {
                let problem = Problem::error("bad_pipeline", fault.to_string()).key("pipeline");
                paths.first().map_or_else(|| problem.clone(), |first| placed(problem.clone(), &first.at))
            };
            Problems(problem.faults.iter().map(told).collect())
        })?;
        let stages = order.iter().map(|place| declared[*place].clone()).collect();
        let code = order.iter().map(|place| Some(prints[*place].clone())).collect();
        Ok(Known::Whole(Arc::new(Self { stages, code })))
    }

    /// The pipeline whose stages the worker told, in the order in which they run.
    pub fn told(stages: Vec<ToldStage>, code: &mut Code) -> Self {
        // A class that is made while the pipeline is built has no source to be read; what made it may have.
        let print = |stage: &ToldStage| {
            let own = code.print(&stage.decl.class).ok();
            own.or_else(|| code.print(stage.source.as_deref()?).ok())
        };
        let prints = stages.iter().map(print).collect();
        Self { stages: stages.into_iter().map(|stage| stage.decl).collect(), code: prints }
    }

    /// Digest of the code of each stage.
    pub fn digest(&self, stage: usize) -> Option<Digest> {
        self.code[stage].as_ref().map(|print| print.digest)
    }

    /// Whether each stage runs with `config`.
    pub fn enabled(&self, config: &Value) -> Vec<bool> {
        self.stages.iter().map(|stage| is_enabled(stage, config_of(config, &stage.id))).collect()
    }

    /// What is wrong between the stages and what `task` says of them.
    pub fn judge(&self, task: &TreeTask, place: &dyn Fn(&str) -> Option<Place>) -> Problems {
        let mut problems = Problems::new();
        let ids: Vec<&str> = self.stages.iter().map(|stage| stage.id.as_str()).collect();
        for (entry, at) in &task.marginal {
            if self.marginal_id(entry).is_none() {
                let problem =
                    Problem::error("unknown_stage", format!("marginal stage `{entry}` is not in the pipeline"));
                let problem = problem.key("marginal_stages").hint(known(entry, &ids));
                problems.push(placed(problem, at));
            }
        }
        for stage in &self.stages {
            let config = config_of(&task.config, &stage.id);
            if !config.is_object() && !config.is_null() {
                problems.push(no_mapping(&stage.id, config, place));
            }
        }
        let configs: Vec<_> = self.stages.iter().map(|stage| config_of(&task.config, &stage.id).clone()).collect();
        for need in absent_needs(&self.stages, &configs) {
            problems.push(absent(&need, place));
        }
        let names = task.config.as_object().into_iter().flat_map(serde_json::Map::keys);
        for name in names.filter(|name| !ids.contains(&name.as_str())) {
            let problem = Problem::warning("unknown_stage", format!("config `{name}` belongs to no stage"));
            let problem = problem.key(format!("config/{name}")).hint(known(name, &ids));
            problems.push(match place(&format!("config/{name}")) {
                Some(at) => placed(problem, &at),
                None => problem,
            });
        }
        problems
    }

    /// The id of the marginal stage that `entry` names: an id, or the dotted path of a class.
    pub fn marginal_id(&self, entry: &str) -> Option<&str> {
        let stage = self.stages.iter().find(|stage| stage.id == entry || stage.class == entry);
        stage.map(|stage| stage.id.as_str())
    }
}

/// The sub-mapping of a stage.
pub fn config_of<'a>(config: &'a Value, stage: &str) -> &'a Value {
    config.get(stage).unwrap_or(&Value::Null)
}

/// The declarations of stages in the order of `paths`; none where one cannot be told.
fn declared(paths: &[DottedPath], prints: &[Arc<Print>]) -> Result<Option<Vec<StageDecl>>, Problems> {
    let mut problems = Problems::new();
    let mut stages = Vec::with_capacity(paths.len());
    for (path, print) in paths.iter().zip(prints) {
        let Some(declaration) = print.declaration.clone() else { return Ok(None) };
        let class = path.path.rsplit('.').next().unwrap_or(&path.path);
        let id = match declaration.id {
            Some(id) => StageName::new(id),
            None => StageName::of_class(class),
        };
        match id {
            Ok(id) => stages.push(StageDecl {
                class: path.path.clone(),
                id: id.as_str().to_owned(),
                inputs: declaration.inputs,
                consumes: declaration.consumes,
                outputs: declaration.outputs,
                enabled_by_default: declaration.enabled_by_default,
            }),
            Err(error) => problems.push(placed(Problem::error("bad_stage_id", error.to_string()), &path.at)),
        }
    }
    if problems.has_errors() { Err(problems) } else { Ok(Some(stages)) }
}

fn no_mapping(stage: &str, config: &Value, place: &dyn Fn(&str) -> Option<Place>) -> Problem {
    let key = format!("config/{stage}");
    let message = format!("the config of stage `{stage}` must be a mapping, and is `{config}`");
    let problem = Problem::error("bad_value", message).key(key.clone());
    let problem = problem.hint(format!("write `{stage}: {{key: value}}`"));
    match place(&key) {
        Some(at) => placed(problem, &at),
        None => problem,
    }
}

fn absent(need: &AbsentNeed, place: &dyn Fn(&str) -> Option<Place>) -> Problem {
    let problem = Problem::error("absent_field", need.to_string()).key(need.key.clone());
    let problem = problem.hint(format!("enable `{}`, or disable `{}` as well", need.disabled, need.stage));
    match place(&need.key) {
        Some(at) => placed(problem, &at),
        None => problem,
    }
}

/// The ids there are, the nearest first where one is near.
fn known(word: &str, ids: &[&str]) -> String {
    let all = ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
    match nearest(word, ids.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? the stages are {all}"),
        None => format!("the stages are {all}"),
    }
}

/// The problem at its place in a task file, with the line shown; one that has a line keeps it.
pub fn placed(problem: Problem, at: &Place) -> Problem {
    if problem.line.is_some() {
        return problem;
    }
    let problem = problem.at(at);
    match std::fs::read_to_string(Path::new(&*at.file)) {
        Ok(text) => problem.show(&text),
        Err(_) => problem,
    }
}
