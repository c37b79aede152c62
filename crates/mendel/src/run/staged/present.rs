//! What the dependencies of stages are now, each looked at once for all tasks of a request.

use std::collections::HashMap;

use mendel_model::{Dependency, DependencyKind, Digest, InputId};
use mendel_snapshot::{StatIndex, Whole, WholeFor, current_digest};
use mendel_spec::fill_scope;

use super::{Forest, StagedTask};
use crate::{context::Context, exit::Failure, run::index};

/// Looks at dependencies.
pub struct Present<'a> {
    context: &'a Context,
    forest: &'a Forest,
    index: StatIndex,
    known: HashMap<(DependencyKind, String), Option<Digest>>,
    whole: HashMap<String, Whole>,
}

/// One step of a task: the place of its stage, and its input.
pub type StepOf<'a> = (&'a StagedTask, usize, &'a InputId);

impl<'a> Present<'a> {
    /// For the tasks of `forest`.
    pub fn new(context: &'a Context, forest: &'a Forest) -> Self {
        Self {
            context,
            forest,
            index: index::of(context, &forest.project),
            known: HashMap::new(),
            whole: HashMap::new(),
        }
    }

    /// What `dependency` of a step is now. `environment` is the digest of the present one.
    pub fn of_step(
        &mut self,
        step: StepOf<'_>,
        dependency: &Dependency,
        environment: Option<Digest>,
    ) -> Result<Option<Digest>, Failure> {
        let (task, _, input) = step;
        if let Some(folder) = whole_folder(dependency.kind, &dependency.subject) {
            return self.whole(step, folder, dependency.kind == DependencyKind::Input).map(Some);
        }
        match dependency.kind {
            DependencyKind::Code => {
                let place = task.pipeline.stages.iter().position(|stage| stage.class == dependency.subject);
                return Ok(place.and_then(|place| task.pipeline.digest(place)));
            }
            DependencyKind::Environment => return Ok(environment.or(dependency.digest)),
            _ => {}
        }
        let Some(rest) = dependency.subject.strip_prefix("scope:") else {
            return self.of(dependency.kind, &dependency.subject);
        };
        let (scope, suffix) = rest.split_once('/').unwrap_or((rest, ""));
        let filled = task.scopes.get(scope).and_then(|pattern| fill_scope(scope, pattern, input).ok());
        match (filled, suffix) {
            (None, _) => Ok(None),
            (Some(path), "") => self.of(dependency.kind, &path),
            (Some(path), suffix) => self.of(dependency.kind, &format!("{path}/{suffix}")),
        }
    }

    /// What a dependency is now that names neither code nor a scope.
    pub fn of(&mut self, kind: DependencyKind, subject: &str) -> Result<Option<Digest>, Failure> {
        if kind == DependencyKind::Variable {
            return Ok(std::env::var_os(subject).map(|value| Digest::of(value.as_encoded_bytes())));
        }
        let name = (kind, subject.to_owned());
        if let Some(known) = self.known.get(&name) {
            return Ok(*known);
        }
        let dependency = Dependency { kind, subject: subject.to_owned(), digest: None };
        let digest = current_digest(&self.forest.project, &dependency, &mut self.index)?;
        self.known.insert(name, digest);
        Ok(digest)
    }

    /// All in a folder of the project that may count for a step of which nobody knows what it read.
    pub fn whole(
        &mut self,
        (task, place, input): StepOf<'_>,
        folder: &str,
        data_only: bool,
    ) -> Result<Digest, Failure> {
        if !self.whole.contains_key(folder) {
            let list = Whole::list(self.context.workspace.root(), &self.forest.project);
            let whole = Whole::look(&self.forest.project, folder, &list, &mut self.index)?;
            self.whole.insert(folder.to_owned(), whole);
        }
        let earlier: Vec<_> = task.pipeline.stages[..place].iter().map(|stage| stage.id.as_str()).collect();
        let step = WholeFor { task: &task.address, input: &input.json(), earlier: &earlier, data_only };
        Ok(self.whole[folder].digest(step))
    }

    /// Keeps what was learned of files for the next command; it only saves reading.
    pub fn keep(&mut self) {
        let _ = self.index.save();
    }
}

/// The folder of the project of which a dependency is all files together; empty for all of it.
pub fn whole_folder(kind: DependencyKind, subject: &str) -> Option<&str> {
    Whole::folder_of(subject).filter(|_| matches!(kind, DependencyKind::Code | DependencyKind::Input))
}
