//! Where each effective value came from: looked for from the strongest source to the weakest.

use std::{collections::BTreeMap, sync::Arc};

use mendel_model::Origin;
use serde_json::Value;

use super::{merge::OWN_KEYS, task::Tree};
use crate::{Dialect, Node, Place};

/// What one source says about a path.
enum Said {
    /// The value stands here.
    Here(Place),
    /// Something else stands on the way, which hides weaker sources.
    Hidden,
    /// Nothing.
    Nothing,
}

impl Tree {
    /// Where every value of the specification of `task` came from, by path (`config/seg/sigma`).
    pub fn origins(&self, task: usize) -> BTreeMap<String, Origin> {
        let mut origins = BTreeMap::new();
        let Some(found) = self.tasks.get(task) else { return origins };
        let mut spec = found.full_spec.clone();
        spec["config"] = found.config.clone();
        leaves(&mut Vec::new(), &spec, &mut |path| {
            if let Some(origin) = self.origin_of(task, path) {
                origins.insert(path.join("/"), origin);
            }
        });
        origins
    }

    /// Where the value at `path` of the specification of `task` came from, if it has one.
    pub fn origin(&self, task: usize, path: &str) -> Option<Origin> {
        self.origin_of(task, &path.split('/').collect::<Vec<_>>())
    }

    fn origin_of(&self, task: usize, path: &[&str]) -> Option<Origin> {
        if let ["config", config @ ..] = path
            && let Some(origin) = self.laid_over(task, config)
        {
            return Some(origin);
        }
        self.place_of(task, path).map(|place| Origin::File { at: place.line_text() })
    }

    /// Where in the files the value at `path` stands.
    pub(super) fn place_of(&self, task: usize, path: &[&str]) -> Option<Place> {
        let own_only = path.first().is_some_and(|key| OWN_KEYS.contains(key));
        let around = self.ancestors(task).filter(|_| !own_only);
        for level in std::iter::once(task).chain(around) {
            match self.said_by(level, path) {
                Said::Here(place) => return Some(place),
                Said::Hidden => return None,
                Said::Nothing => {}
            }
        }
        None
    }

    /// What the folder of `task` itself says: its files, then the file of hyperparameters it names.
    fn said_by(&self, task: usize, path: &[&str]) -> Said {
        let Some(layer) = self.layers.get(task) else { return Said::Nothing };
        for source in &layer.level.sources {
            let Some(root) = &source.document.root else { continue };
            // A config of null adds nothing to the one inherited.
            let empty = path.len() > 1
                && path[0] == "config"
                && root.get("config").is_some_and(|node| node.is_null(source.dialect));
            match find(root, path, &source.document.file, source.dialect) {
                Said::Nothing => {}
                Said::Hidden if empty => {}
                said => return said,
            }
        }
        match (&layer.base, path) {
            (Some(base), ["config", config @ ..]) => match &base.document.root {
                Some(root) => find(root, config, &base.document.file, base.dialect),
                None => Said::Nothing,
            },
            _ => Said::Nothing,
        }
    }

    /// What a parameter or the command line laid at `path` of the config of `task`.
    fn laid_over(&self, task: usize, path: &[&str]) -> Option<Origin> {
        let task = self.tasks.get(task).filter(|task| task.selected)?;
        let touches = |laid: &[&str]| laid.starts_with(path) || path.starts_with(laid);
        let set = self.sets.iter().rev().find(|set| touches(&set.path.iter().map(String::as_str).collect::<Vec<_>>()));
        if let Some(set) = set {
            return Some(Origin::CommandLine { words: set.words.clone() });
        }
        let given = task.params.iter().rev().filter(|param| !param.value.is_null());
        let bound = |name: &str| task.schema.input(name).and_then(|decl| decl.bind.as_deref());
        let mut bound =
            given.filter(|param| bound(&param.name).is_some_and(|to| touches(&to.split('/').collect::<Vec<_>>())));
        bound.next().map(|param| param.origin.clone())
    }
}

fn find(root: &Node, path: &[&str], file: &Arc<str>, dialect: Dialect) -> Said {
    let mut node = root;
    let mut key = root;
    for part in path {
        if node.mapping().is_none() {
            // An empty file hides nothing.
            return if std::ptr::eq(node, root) && node.is_null(dialect) { Said::Nothing } else { Said::Hidden };
        }
        match node.pair_named(part, dialect) {
            Some((found, value)) => (key, node) = (found, value),
            None => return Said::Nothing,
        }
    }
    Said::Here(key.place(file))
}

/// Calls `each` with the path of every value that is no mapping, or an empty one.
fn leaves<'v>(path: &mut Vec<&'v str>, value: &'v Value, each: &mut dyn FnMut(&[&str])) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                path.push(key);
                leaves(path, value, each);
                path.pop();
            }
        }
        _ => each(path),
    }
}
