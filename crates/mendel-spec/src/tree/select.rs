//! Which tasks of a tree are asked for.

use std::path::{Path, PathBuf};

use super::{task::Tree, walk::label};
use crate::{Problem, TreeOptions};

/// Marks the tasks that `options` ask for among those at and below `root`.
pub(super) fn select(tree: &mut Tree, root: &Path, options: &TreeOptions) {
    let inside: Vec<bool> = tree.tasks.iter().map(|task| task.path.starts_with(root)).collect();
    let all = options.tasks.is_empty() && options.under.is_empty();
    let mut selected = vec![all; inside.len()];
    let mut problems = Vec::new();
    let mut mark = |tree: &Tree, option: &str, given: &PathBuf, exact: bool| {
        let wanted = folders(root, given);
        let matches =
            |path: &Path| wanted.iter().any(|folder| if exact { path == folder } else { path.starts_with(folder) });
        let mut found = false;
        for (index, task) in tree.tasks.iter().enumerate() {
            if inside[index] && matches(&task.path) {
                (found, selected[index]) = (true, true);
            }
        }
        if !found {
            problems.push(unmatched(tree, &inside, root, option, given));
        }
    };
    options.tasks.iter().for_each(|given| mark(tree, "--task", given, true));
    options.under.iter().for_each(|given| mark(tree, "--under", given, false));
    for index in 0..selected.len() {
        tree.tasks[index].selected = selected[index] && inside[index];
    }
    if options.with_ancestors {
        let around: Vec<usize> = (0..selected.len())
            .filter(|index| tree.tasks[*index].selected)
            .flat_map(|index| tree.ancestors(index))
            .collect();
        around.into_iter().for_each(|index| tree.tasks[index].selected = true);
    }
    problems.into_iter().for_each(|problem| tree.problems.push(problem));
}

/// The folders that `given` may mean: from the current folder, else from the tree's.
fn folders(root: &Path, given: &Path) -> Vec<PathBuf> {
    given.canonicalize().into_iter().chain(root.join(given).canonicalize()).collect()
}

/// That no task is where an option says, with the closest one.
fn unmatched(tree: &Tree, inside: &[bool], root: &Path, option: &str, given: &Path) -> Problem {
    let given = given.to_string_lossy();
    let distance = |path: &Path| {
        let names = [label(path), path.strip_prefix(root).unwrap_or(path).display().to_string()];
        names.iter().map(|name| strsim::damerau_levenshtein(name, &given)).min()
    };
    let tasks = tree.tasks.iter().zip(inside).filter(|(_, inside)| **inside).map(|(task, _)| &task.path);
    let hint = match tasks.min_by_key(|path| distance(path)) {
        Some(closest) => format!("the closest task is `{}`", label(closest)),
        None => String::new(),
    };
    let message = format!("`{option} {given}` matches no task of `{}`", label(root));
    Problem::error("no_such_task", message).hint(hint)
}
