//! How tasks stand: up to date, or pending and why.

use std::collections::HashMap;

use mendel_engine::pipeline::{Cause, Completed, Pending, Standing, Wanted, pending};
use mendel_model::{Dependency, DependencyKind, Digest, EnvironmentPolicy, Reason, ReasonKind, RunId};
use mendel_snapshot::StatIndex;

use super::{
    Forest, StagedTask, reason,
    record::{Completion, completions},
};
use crate::{context::Context, exit::Failure, run::index};

/// A task with its last completion and how it stands beside that.
pub struct Stood {
    /// The last completion, if there is one.
    pub completion: Option<Completion>,
    /// How the task stands.
    pub standing: Standing,
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
    let mut stood = Vec::with_capacity(records.len());
    for (task, completion) in forest.tasks.iter().zip(records) {
        let mut standing = standing(forest, task, completion.as_ref());
        if let Some(completion) = completion.as_ref().filter(|_| task.runnable) {
            let mut more = files.changed(completion)?;
            more.extend(completion.run.and_then(|run| environment.get(&run)).cloned());
            if standing.pending == Pending::UpToDate && !more.is_empty() {
                standing.pending = Pending::Specification;
            }
            standing.causes.extend(more);
        }
        reason::name_symbols(context, task, &mut standing.causes).await?;
        stood.push(Stood { completion, standing });
    }
    // The index only saves reading.
    let _ = files.index.save();
    Ok(stood)
}

fn standing(forest: &Forest, task: &StagedTask, completion: Option<&Completion>) -> Standing {
    let current = task.current_stages();
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
    fn changed(&mut self, completion: &Completion) -> Result<Vec<Cause>, Failure> {
        let mut causes = Vec::new();
        for (path, then) in &completion.read {
            let now = self.digest(path)?;
            if now != *then {
                let text = |digest: &Option<Digest>| digest.as_ref().map(Digest::to_string);
                let reason = Reason {
                    before: text(then),
                    after: text(&now),
                    file: Some(path.clone()),
                    ..Reason::new(ReasonKind::Input, path.clone())
                };
                causes.push(Cause { stage: None, reason });
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
