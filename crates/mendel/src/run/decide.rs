//! Asks the engine what has to be computed: brings the stored results of each cell, and
//! what their dependencies are now.

use std::collections::{BTreeMap, HashMap, HashSet};

use mendel_agent::{job::words_note, supervisor::TAINTED};
use mendel_api::RunQuery;
use mendel_engine::{Candidate, Plan, Relative, StepRequest};
use mendel_model::{
    Dependency, DependencyKind, Digest, EnvironmentLock, EnvironmentPolicy, Identity, Manifest, Output, Param, Run,
    Status, StepResult,
};
use mendel_snapshot::StatIndex;
use serde_json::Value;

use crate::{
    context::Context,
    exit::Failure,
    render,
    run::{
        explain,
        prepare::{Cell, Prepared},
    },
};

/// Decides every cell of `task`.
pub async fn decide(context: &Context, task: &Prepared, force: bool, index: &mut StatIndex) -> Result<Plan, Failure> {
    let lock = task.known_lock(context)?;
    let mut present = Present { task, lock: lock.as_ref(), index, known: known_data(task), tree: None };
    let mut requests = Vec::with_capacity(task.cells.len());
    let mut recent = None;
    let stored = stored_results(context, task, force).await?;
    for (cell, results) in task.cells.iter().zip(stored) {
        let mut candidates = Vec::with_capacity(results.len());
        for result in results {
            let digests = result.dependencies.iter().map(|dependency| present.digest(dependency, &result.outputs));
            let digests = digests.collect::<Result<_, _>>()?;
            candidates.push(Candidate { present: digests, result, usable: true });
        }
        if candidates.is_empty() && !force && recent.is_none() {
            recent = Some(of_task(context, task).await?);
        }
        let earlier = recent.as_deref().filter(|_| candidates.is_empty()).unwrap_or_default();
        requests.push(StepRequest {
            id: format!("{}{}", task.name, cell.suffix),
            task: task.name.clone(),
            identity: cell.identity,
            params: values(&cell.params),
            forced: force,
            relative: earlier.first().map(|run| Relative { run: run.facts.id, params: values(&run.facts.params) }),
            spoiled: earlier.iter().find(|run| run.tainted && run.facts.identity == cell.identity).map(why_tainted),
            candidates,
        });
    }
    let mut plan = mendel_engine::plan(requests, task.policy);
    explain::add_lines(context, &task.root, &mut plan).await;
    if let Err(error) = present.index.save() {
        // The index only saves reading; without it the next request is slower, not wrong.
        eprintln!("note: the index of files was not kept: {error}");
    }
    Ok(plan)
}

/// The results stored for each cell, asked for with one question: those of its meaning, and
/// those of the same words where only a run can tell what they mean.
async fn stored_results(context: &Context, task: &Prepared, force: bool) -> Result<Vec<Vec<StepResult>>, Failure> {
    if force {
        return Ok(vec![Vec::new(); task.cells.len()]);
    }
    let identities: Vec<_> = task.cells.iter().filter_map(|cell| cell.identity).collect();
    let mut found = context.client.results_of(&identities).await?.into_iter();
    let of_cell = |cell: &Cell| cell.identity.and_then(|_| found.next()).unwrap_or_default();
    let mut stored: Vec<_> = task.cells.iter().map(of_cell).collect();
    if task.parser_note.is_some() {
        for (cell, results) in task.cells.iter().zip(&mut stored) {
            results.extend(results_by_words(context, cell).await?);
        }
    }
    Ok(stored)
}

/// The results of an earlier run of the same words, whose meaning that run told.
async fn results_by_words(context: &Context, cell: &Cell) -> Result<Vec<StepResult>, Failure> {
    let Some(identity) = &cell.identity else { return Ok(Vec::new()) };
    let note = context.client.note(&words_note(identity)).await?;
    let Some(settled) = note.and_then(|note| note.as_str()?.parse::<Identity>().ok()) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for result in context.client.results(&settled).await? {
        // Other words may mean the same today, and something else with other code.
        let run = context.run(&result.run.to_string()).await?;
        if run.facts.script.arguments == cell.words {
            found.push(result);
        }
    }
    Ok(found)
}

/// The values of parameters by name; by `section/name` where a name is not unique.
pub fn values(params: &[Param]) -> BTreeMap<String, Value> {
    let names = render::document::names(params);
    names.into_iter().zip(params).map(|(name, param)| (name, param.value.clone())).collect()
}

/// Why the result of a run is never reused.
pub fn why_tainted(run: &Run) -> String {
    let told = run.facts.documents.get(TAINTED).and_then(|why| why.get(0)?.as_str());
    told.unwrap_or("its files changed while it ran").to_owned()
}

/// The latest finished runs of the same task, newest first, to say what differs.
async fn of_task(context: &Context, task: &Prepared) -> Result<Vec<Run>, Failure> {
    let query = RunQuery {
        project: Some(task.project.clone()),
        status: vec![Status::Completed, Status::Published],
        sort: vec!["-created".into()],
        limit: 50,
        ..RunQuery::default()
    };
    let page = context.client.runs(&query).await?;
    let root = task.root.display().to_string();
    let same = |run: &Run| {
        run.facts.kind == task.kind && run.facts.script.entry == task.entry && run.facts.script.root == root
    };
    Ok(page.runs.into_iter().filter(same).collect())
}

/// The present digests of dependencies, each looked at once.
struct Present<'a> {
    task: &'a Prepared,
    lock: Option<&'a EnvironmentLock>,
    index: &'a mut StatIndex,
    known: HashMap<(DependencyKind, String), Option<Digest>>,
    tree: Option<Manifest>,
}

impl Present<'_> {
    /// Everything that a snapshot would hold now.
    fn tree(&mut self) -> Result<&Manifest, Failure> {
        if self.tree.is_none() {
            self.tree = Some(self.task.present_tree(self.index)?);
        }
        Ok(self.tree.as_ref().expect("it was just read"))
    }

    fn digest(&mut self, dependency: &Dependency, outputs: &[Output]) -> Result<Option<Digest>, Failure> {
        if dependency.kind == DependencyKind::Environment {
            // What cannot be told without building it recomputes only where the policy is strict.
            let untold = if self.task.policy == EnvironmentPolicy::Strict { None } else { dependency.digest };
            return Ok(self.lock.map_or(untold, |lock| Some(lock.digest())));
        }
        if dependency.kind == DependencyKind::Variable {
            return Ok(std::env::var_os(&dependency.subject).map(|value| Digest::of(value.as_encoded_bytes())));
        }
        if is_whole(dependency) {
            return Ok(Some(self.tree()?.digest_without(&new_paths(outputs))));
        }
        let name = (dependency.kind, dependency.subject.clone());
        if let Some(known) = self.known.get(&name) {
            return Ok(*known);
        }
        let digest = mendel_snapshot::current_digest(&self.task.root, dependency, self.index)?;
        self.known.insert(name, digest);
        Ok(digest)
    }
}

/// The paths that a run made anew: what it was made of does not hold them.
fn new_paths(outputs: &[Output]) -> HashSet<&str> {
    outputs.iter().filter(|output| output.new).map(|output| output.path.as_str()).collect()
}

/// The digests of data that is found by name.
fn known_data(task: &Prepared) -> HashMap<(DependencyKind, String), Option<Digest>> {
    let named = task.cells.iter().flat_map(|cell| cell.data.all()).filter(|datum| datum.path.is_none());
    named.map(|datum| ((DependencyKind::Input, datum.subject.clone()), Some(datum.version))).collect()
}

/// Whether it is the snapshot as a whole.
fn is_whole(dependency: &Dependency) -> bool {
    dependency.kind == DependencyKind::Code && dependency.subject == "."
}
