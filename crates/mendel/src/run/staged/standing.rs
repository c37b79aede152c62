//! How tasks stand: up to date, or pending and why.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
};

use mendel_engine::pipeline::{Cause, Completed, CurrentStage, Pending, Standing, Wanted, pending};
use mendel_model::{Dependency, DependencyKind, Digest, EnvironmentPolicy, Reason, ReasonKind, RunId};
use mendel_snapshot::StatIndex;

use super::{
    Forest, StagedTask,
    pipeline::config_of,
    reason,
    record::{Completion, completions},
    scope_files::{LostFile, ScopeFiles, places},
};
use crate::{context::Context, exit::Failure, run::index};

/// A task with its last completion and how it stands beside that.
pub struct Stood {
    /// The last completion, if there is one.
    pub completion: Option<Completion>,
    /// How the task stands.
    pub standing: Standing,
    /// The first stage that diverges, or that read what is another now.
    pub from: Option<String>,
    /// Its files of scopes that are not as they were written.
    pub lost: Vec<LostFile>,
}

impl Stood {
    /// Whether nothing is left to do.
    pub fn is_done(&self) -> bool {
        self.standing.pending == Pending::UpToDate
    }
}

/// How each task of `forest` stands, in their order.
pub async fn stand(context: &Context, forest: &Forest) -> Result<Vec<Stood>, Failure> {
    let records = completions(context, &forest.tasks).await?;
    let environment = environments(context, forest, &records).await?;
    let mut files = Files { forest, index: index::of(context, &forest.project), known: HashMap::new() };
    let scopes =
        ScopeFiles::of(forest.tasks.iter().zip(&records).filter_map(|(task, record)| Some((task, record.as_ref()?))));
    let mut stood = Vec::with_capacity(records.len());
    for (task, completion) in forest.tasks.iter().zip(records) {
        let mut standing = standing(forest, task, completion.as_ref());
        let mut lost = Vec::new();
        if let Some(completion) = completion.as_ref().filter(|_| task.runnable) {
            let mut more = files.changed(task, completion)?;
            more.extend(completion.run.and_then(|run| environment.get(&run)).cloned());
            if standing.pending == Pending::UpToDate && !more.is_empty() {
                standing.pending = Pending::Specification;
            }
            standing.causes.extend(more);
            lost = scopes.lost(task, completion, &mut files.index)?;
        }
        reason::name_symbols(context, task, &mut standing.causes).await?;
        let from = earliest(task, &standing);
        stood.push(Stood { completion, standing, from, lost });
    }
    // The index only saves reading.
    let _ = files.index.save();
    Ok(stood)
}

fn earliest(task: &StagedTask, standing: &Standing) -> Option<String> {
    let named = standing.causes.iter().filter(|cause| cause.reason.kind == ReasonKind::Input);
    let named = named.filter_map(|cause| cause.stage.as_ref()).chain(&standing.first_diverging);
    let place = |id: &&String| task.pipeline.stages.iter().position(|stage| stage.id == **id);
    named.min_by_key(place).cloned()
}

fn standing(forest: &Forest, task: &StagedTask, completion: Option<&Completion>) -> Standing {
    let current = task.pipeline.stages.iter().enumerate().map(|(place, stage)| CurrentStage {
        id: stage.id.clone(),
        class: stage.class.clone(),
        code: task.pipeline.digest(place),
        config: config_of(&task.config, &stage.id).clone(),
    });
    let current: Vec<_> = current.collect();
    let origin = |path: &str| forest.origin(task, path);
    let wanted = Wanted { runnable: task.runnable, stages: &current, spec: &task.spec, origin: &origin };
    let record = completion.map(|record| Completed { stages: &record.pipeline, spec: &record.full_spec });
    pending(&wanted, record.as_ref())
}

/// Where the policy is strict: the runs whose environment is not the present one.
async fn environments(
    context: &Context,
    forest: &Forest,
    records: &[Option<Completion>],
) -> Result<HashMap<RunId, Cause>, Failure> {
    let mut changed = HashMap::new();
    if forest.settings.policy != EnvironmentPolicy::Strict {
        return Ok(changed);
    }
    let now = forest.known_lock(context)?.map(|lock| lock.digest());
    for run in records.iter().flatten().filter_map(|record| record.run) {
        let found = context.client.run(&mendel_model::RunRef::Id(run)).await?;
        let then = found.and_then(|run| run.facts.environment).map(|lock| lock.digest());
        if then != now {
            let text = |digest: Option<Digest>| digest.as_ref().map(Digest::to_string);
            let reason = Reason::new(ReasonKind::Environment, "interpreter or packages");
            let reason = Reason { before: text(then), after: text(now), ..reason };
            changed.insert(run, Cause { stage: None, reason });
        }
    }
    Ok(changed)
}

/// The files of the project that stages read, each looked at once.
struct Files<'a> {
    forest: &'a Forest,
    index: StatIndex,
    known: HashMap<String, Option<Digest>>,
}

impl Files<'_> {
    /// The files that are not as they were when `completion` was made.
    fn changed(&mut self, task: &StagedTask, completion: &Completion) -> Result<Vec<Cause>, Failure> {
        let mut causes = Vec::new();
        // What a stage of the task itself wrote is put back before another reads it.
        let own: HashSet<PathBuf> = places(task, completion).map(|(path, _)| path).collect();
        for (path, then) in &completion.read {
            if own.contains(&self.forest.project.join(path)) {
                continue;
            }
            let now = self.digest(path)?;
            if now != *then {
                let text = |digest: &Option<Digest>| digest.as_ref().map(Digest::to_string);
                let reason = Reason {
                    before: text(then),
                    after: text(&now),
                    file: Some(path.clone()),
                    ..Reason::new(ReasonKind::Input, path.clone())
                };
                let readers = completion.readers.get(path).into_iter().flatten();
                let stages = task.pipeline.stages.iter().filter(|stage| readers.clone().any(|id| *id == stage.id));
                let stage = stages.map(|stage| stage.id.clone()).next();
                causes.push(Cause { stage, reason });
            }
        }
        Ok(causes)
    }

    fn digest(&mut self, path: &str) -> Result<Option<Digest>, Failure> {
        if let Some(known) = self.known.get(path) {
            return Ok(*known);
        }
        let dependency = Dependency { kind: DependencyKind::Input, subject: path.to_owned(), digest: None };
        let digest = mendel_snapshot::current_digest(&self.forest.project, &dependency, &mut self.index)?;
        self.known.insert(path.to_owned(), digest);
        Ok(digest)
    }
}
