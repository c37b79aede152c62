//! A tree of tasks as it is read: each task with all that it inherits.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use mendel_model::{Canonical, Digest, InputId, Param};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    base::Base,
    level::Level,
    merge::OWN_KEYS,
    overlay::ConfigSet,
    scope::{ScopeFault, fill_scope, has_placeholder},
};
use crate::{Assignment, Kind, ParamSchema, Place, Problems};

/// What the command line says about a tree.
#[derive(Debug, Clone, Default)]
pub struct TreeOptions {
    /// `--set stage/key=value`, laid over the config of selected tasks; a name without `/` is a parameter.
    pub sets: Vec<Assignment>,
    /// `--task FOLDER`: these tasks exactly.
    pub tasks: Vec<PathBuf>,
    /// `--under FOLDER`: these folders and everything below.
    pub under: Vec<PathBuf>,
    /// `--with-ancestors`: the ancestors of what is selected, too.
    pub with_ancestors: bool,
}

/// A dotted path to a Python class, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DottedPath {
    /// The path, such as `pkg.seg.Segment`.
    pub path: String,
    /// Where it stands.
    pub at: Place,
}

/// What a task says its pipeline is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PipelineSpec {
    /// Stages, in any order.
    Stages(Vec<DottedPath>),
    /// A ready-made pipeline class.
    Class(DottedPath),
}

/// A scope of a task: a path that is filled with an input id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scope {
    /// The path, resolved for the task, its placeholder kept; a `%` of a folder's own name is `%%`.
    pub pattern: String,
    /// Where it is declared.
    pub at: Place,
}

/// One task of a tree.
#[derive(Debug, Clone, Serialize)]
pub struct TreeTask {
    /// Its folder, links resolved.
    pub path: PathBuf,
    /// Its name; the folder's where its file gives none.
    pub name: String,
    /// The task it inherits from, by its place in the tree.
    pub parent: Option<usize>,
    /// Its task file as messages name it.
    pub file: Arc<str>,
    /// What kind of task it is.
    pub kind: Kind,
    /// Whether nothing is wrong with it and with those it inherits from.
    pub sound: bool,
    /// Whether it is among those asked for.
    pub selected: bool,
    /// Whether it runs; inherited.
    pub runnable: bool,
    /// Its pipeline, if it or a task it inherits from has one.
    pub pipeline: Option<PipelineSpec>,
    /// Its inputs, sorted and without duplicates.
    pub input_ids: Arc<[InputId]>,
    /// Its specification merged with those it inherits from, as written.
    pub full_spec: Value,
    /// Its effective hyperparameters, by stage id.
    pub config: Value,
    /// Its scopes by name.
    pub scopes: BTreeMap<String, Scope>,
    /// Stages whose outputs are not stored: ids or dotted class paths, and where they stand.
    pub marginal: Vec<(String, Place)>,
    /// The parameters it and those it inherits from declare.
    pub schema: Arc<ParamSchema>,
    /// Values of its parameters; none for a task that is not selected.
    pub params: Vec<Param>,
    /// Name of its folder, `{DIRNAME}`.
    pub dirname: String,
    /// Folder of its root task, `{ROOTDIR}`.
    pub rootdir: PathBuf,
}

impl TreeTask {
    /// The specification as it would be run: merged, with the effective config and the values
    /// of parameters, without what is only a label or concerns the folder alone.
    pub fn spec(&self) -> Value {
        let mut spec = self.full_spec.as_object().cloned().unwrap_or_default();
        spec.retain(|key, _| !OWN_KEYS.contains(&key.as_str()));
        spec.insert("config".to_owned(), self.config.clone());
        if !self.params.is_empty() {
            spec.remove("param_groups");
            spec.insert("params".to_owned(), Value::Object(self.visible_params()));
        }
        Value::Object(spec)
    }

    /// The digest of the specification as it would be run; the order of keys is nothing to it.
    pub fn spec_digest(&self) -> Digest {
        spec_digest(&self.spec())
    }

    /// The parameters that every stage sees: those that are bound to no key of the config.
    pub fn visible_params(&self) -> Map<String, Value> {
        let bound = |name: &str| self.schema.input(name).is_some_and(|decl| decl.bind.is_some());
        let visible = self.params.iter().filter(|param| !bound(&param.name));
        visible.map(|param| (param.name.clone(), param.value.clone())).collect()
    }

    /// What is wrong between its scopes and its inputs: one number and one text stand for all of
    /// their kind. A scope without placeholder is one path, and so does for one input.
    pub(super) fn scope_faults(&self) -> Vec<(Place, ScopeFault)> {
        let is_number = |id: &&InputId| matches!(id, InputId::Int(_));
        let number = self.input_ids.iter().find(is_number);
        let text = self.input_ids.iter().find(|id| !is_number(id));
        let mut faults = Vec::new();
        for (name, scope) in &self.scopes {
            if let (false, [_, second, ..]) = (has_placeholder(&scope.pattern), &*self.input_ids) {
                faults.push((scope.at.clone(), ScopeFault::shared(name, &scope.pattern, second)));
                continue;
            }
            let mut tried = number.iter().chain(&text).map(|id| fill_scope(name, &scope.pattern, id));
            if let Some(fault) = tried.find_map(Result::err) {
                faults.push((scope.at.clone(), fault));
            }
        }
        faults
    }

    /// The path that the scope `name` has for the input `id`; none without that scope or an id.
    pub fn scope_path(&self, name: &str, id: Option<&InputId>) -> Result<Option<String>, ScopeFault> {
        match (self.scopes.get(name), id) {
            (Some(scope), Some(id)) => fill_scope(name, &scope.pattern, id).map(Some),
            _ => Ok(None),
        }
    }
}

/// The digest of a specification with its effective config.
pub fn spec_digest(spec: &Value) -> Digest {
    Canonical::new("spec").value(spec).finish()
}

/// Tasks, parents before children, and everything that is wrong with them.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// The tasks in the order of their folders, with those around that they inherit from.
    pub tasks: Vec<TreeTask>,
    /// Errors and warnings.
    pub problems: Problems,
    /// What each task is made of, to say where a value came from.
    pub(super) layers: Vec<Layer>,
    /// What the command line lays over the config.
    pub(super) sets: Vec<ConfigSet>,
}

/// What one folder adds to what it inherits.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    /// Its task files.
    pub level: Arc<Level>,
    /// The file of hyperparameters it names.
    pub base: Option<Arc<Base>>,
}

impl Tree {
    /// The selected tasks with their places.
    pub fn selected(&self) -> impl Iterator<Item = (usize, &TreeTask)> {
        self.tasks.iter().enumerate().filter(|(_, task)| task.selected)
    }

    /// The tasks that `task` inherits from, nearest first.
    pub fn ancestors(&self, task: usize) -> impl Iterator<Item = usize> {
        let parent = |task: &usize| self.tasks.get(*task).and_then(|task| task.parent);
        std::iter::successors(parent(&task), parent)
    }
}
