//! What is laid over the config of a task: values of bound parameters, then `--set`.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::task::{Tree, TreeTask};
use crate::{
    Assignment, Dialect, Document, Kind, Problem, Problems,
    resolve::{from_option, resolve_except, unknown},
    yaml::{meant_key, of_param},
};

/// A value that `--set` lays over the config.
#[derive(Debug, Clone)]
pub(super) struct ConfigSet {
    /// Its path, the stage first.
    pub path: Vec<String>,
    /// The value.
    pub value: Value,
    /// The words that gave it.
    pub words: String,
}

/// Gives selected tasks the values of their parameters and what `sets` lay over their config.
pub(super) fn lay_over(tree: &mut Tree, sets: &[Assignment]) {
    let is_param = |set: &Assignment| tree.selected().any(|(_, task)| task.schema.input(&set.name).is_some());
    let (params, configs): (Vec<_>, Vec<_>) = sets.iter().cloned().partition(is_param);
    let mut problems = Problems::new();
    let mut laid = Vec::new();
    for set in configs {
        match config_set(&set) {
            Ok(set) => laid.push(set),
            Err(problem) => problems.push(not_a_path(tree, problem, &set)),
        }
    }
    for task in tree.tasks.iter_mut().filter(|task| task.selected) {
        let mut faults = Problems::new();
        resolve_params(task, &params, &mut faults);
        task.sound &= !faults.has_errors();
        problems.extend(faults);
        for (path, param) in bound(task) {
            put(&mut task.config, &path, param);
        }
        for set in &laid {
            put(&mut task.config, &set.path, set.value.clone());
        }
    }
    tree.sets = laid;
    tree.problems.extend(problems);
}

/// The values of the parameters of `task`.
fn resolve_params(task: &mut TreeTask, sets: &[Assignment], problems: &mut Problems) {
    if task.schema.inputs.is_empty() {
        return;
    }
    let own: Vec<_> = sets.iter().filter(|set| task.schema.input(&set.name).is_some()).cloned().collect();
    // What does not run needs no values.
    let runs = task.runnable && task.kind == Kind::Staged;
    let varied: HashSet<&str> = if runs { HashSet::new() } else { task.schema.names().collect() };
    task.params = resolve_except(&task.schema, None, &own, &varied, problems);
}

/// The values that parameters of `task` give its config, with their paths.
fn bound(task: &TreeTask) -> Vec<(Vec<String>, Value)> {
    let given = task.params.iter().filter(|param| !param.value.is_null()).filter_map(|param| {
        let path = task.schema.input(&param.name)?.bind.as_deref()?;
        let is_float = param.kind.as_deref().is_some_and(|kind| kind.contains("float"));
        Some((path.split('/').map(str::to_owned).collect(), of_param(&param.value, is_float)))
    });
    given.collect()
}

/// Reads `stage/key=value`; `stage.key` is the same where no `/` stands.
fn config_set(set: &Assignment) -> Result<ConfigSet, Option<Problem>> {
    let separator = if set.name.contains('/') { '/' } else { '.' };
    let path: Vec<String> = set.name.split(separator).map(str::to_owned).collect();
    if path.len() < 2 || path.iter().any(String::is_empty) {
        return Err(None);
    }
    let read = Document::parse(&set.words(), &set.text).and_then(|mut document| {
        let problems = document.finish(Dialect::Core);
        problems.or(document).map(|(document, _)| document)
    });
    match read {
        Ok(document) => {
            let value = document.root.map_or(Value::Null, |root| root.typed(Dialect::Core));
            Ok(ConfigSet { path, value, words: set.words() })
        }
        Err(found) => {
            let why = found.iter().next().map_or_else(String::new, |problem| problem.message.clone());
            let problem = Problem::error("bad_value", format!("the value of `{}` cannot be read: {why}", set.name));
            Err(Some(from_option(problem.key(&*set.name).hint("quote a text that YAML reads otherwise"), set)))
        }
    }
}

/// Why `set` is neither a parameter nor a value of the config.
fn not_a_path(tree: &Tree, problem: Option<Problem>, set: &Assignment) -> Problem {
    problem.unwrap_or_else(|| {
        let schema = tree.selected().map(|(_, task)| &task.schema).find(|schema| !schema.inputs.is_empty());
        let problem = match schema {
            Some(schema) => unknown(schema, &set.name),
            None => Problem::error("unknown_param", format!("`{}` names no parameter", set.name))
                .key(&*set.name)
                .hint(format!("a value of the config is set as `--set stage/{}=…`", set.name)),
        };
        from_option(problem, set)
    })
}

/// Puts `value` at `path`; what is no mapping on the way becomes one.
fn put(config: &mut Value, path: &[String], value: Value) {
    let mut at = config;
    for key in path {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Value::Object(map) = at else { return };
        at = map.entry(meant_key(map, key)).or_insert(Value::Null);
    }
    *at = value;
}
