//! How tasks stand: up to date, or pending and why.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use mendel_engine::{
    change,
    pipeline::{Cause, Completed, Pending, Standing, Wanted, pending},
};
use mendel_model::{Dependency, DependencyKind, Digest, EnvironmentPolicy, Reason, ReasonKind, RunId};

use super::{
    Forest, StagedTask,
    present::{Present, whole_folder},
    reason,
    record::{Completion, completions},
    scope_files::{LostFile, ScopeFiles, places},
};
use crate::{context::Context, exit::Failure, run::explain};

/// Changes of files of which the line is told.
const EXPLAINED: usize = 20;

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
    let scopes =
        ScopeFiles::of(forest.tasks.iter().zip(&records).filter_map(|(task, record)| Some((task, record.as_ref()?))));
    let mut present = Present::new(context, forest);
    let mut stood = Vec::with_capacity(records.len());
    for (task, completion) in forest.tasks.iter().zip(records) {
        let mut standing = standing(forest, task, completion.as_ref());
        let mut lost = Vec::new();
        if let Some(completion) = completion.as_ref().filter(|_| task.runnable) {
            let mut more = changed((&mut present, forest), task, completion)?;
            for cause in more.iter_mut().take(EXPLAINED) {
                explain::add_line(&context.client, &forest.project, &mut cause.reason).await;
            }
            more.extend(completion.run.and_then(|run| environment.get(&run)).cloned());
            if standing.pending == Pending::UpToDate && !more.is_empty() {
                standing.pending = Pending::Specification;
            }
            standing.causes.extend(more);
            let mut look = |path: &Path| present.of(DependencyKind::Input, &path.to_string_lossy());
            lost = scopes.lost(task, completion, &mut look)?;
        }
        reason::name_symbols(context, task, &mut standing.causes).await?;
        let from = earliest(task, &standing);
        stood.push(Stood { completion, standing, from, lost });
    }
    present.keep();
    Ok(stood)
}

fn earliest(task: &StagedTask, standing: &Standing) -> Option<String> {
    let named = standing.causes.iter().filter(|cause| cause.reason.kind == ReasonKind::Input);
    let named = named.filter_map(|cause| cause.stage.as_ref()).chain(&standing.first_diverging);
    let place = |id: &&String| task.pipeline.stages.iter().position(|stage| stage.id == **id);
    named.min_by_key(place).cloned()
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

/// What stages read that is not as it was when `completion` was made.
fn changed(
    (present, forest): (&mut Present<'_>, &Forest),
    task: &StagedTask,
    completion: &Completion,
) -> Result<Vec<Cause>, Failure> {
    let mut causes = Vec::new();
    // What a stage of the task itself wrote is put back before another reads it.
    let own: HashSet<PathBuf> = places(task, completion).map(|(path, _)| path).collect();
    for read in &completion.read {
        if read.kind == DependencyKind::Input && own.contains(&forest.project.join(&read.subject)) {
            continue;
        }
        let now = match (whole_folder(read.kind, &read.subject), read.step(task)) {
            (Some(folder), Some(step)) => Some(present.whole(step, folder, read.kind == DependencyKind::Input)?),
            (Some(_), None) => None,
            (None, _) => present.of(read.kind, &read.subject)?,
        };
        if now != read.digest {
            let dependency = Dependency { kind: read.kind, subject: read.subject.clone(), digest: read.digest };
            let readers = completion.readers.get(&read.subject).into_iter().flatten();
            let stages = task.pipeline.stages.iter().filter(|stage| readers.clone().any(|id| *id == stage.id));
            let stage = stages.map(|stage| stage.id.clone()).next();
            causes.push(Cause { stage, reason: change(&dependency, now) });
        }
    }
    causes.dedup();
    let doubt = |why: &String| Cause { stage: None, reason: Reason::new(ReasonKind::Incomplete, why.clone()) };
    causes.extend(completion.doubts.iter().map(doubt));
    Ok(causes)
}
