//! What a project holds, counted for lists of projects.

use std::collections::{BTreeMap, BTreeSet};

use mendel_model::{Model, Run, Status};
use mendel_store::RunScan;
use serde_json::{Value, json};

use crate::trains::{
    Object,
    call::Call,
    directory::Directory,
    refusal::Refusal,
    task::{hidden, status_word, system_tags},
    value::{flag, flag_or, text, texts, told},
};

/// All runs that lists show, from their rows.
pub(super) async fn runs(call: &Call) -> Result<Vec<Run>, Refusal> {
    let runs = call.app.store.scan_runs(&RunScan::default()).await?;
    Ok(runs.into_iter().filter(|run| !hidden(&system_tags(run))).collect())
}

/// Names of projects in which some users made something; none where that is not asked.
pub(super) async fn active_projects(
    call: &Call,
    directory: &Directory,
    request: &Object,
) -> Result<Option<BTreeSet<String>>, Refusal> {
    let Some(users) = texts(request, "active_users").filter(|users| !users.is_empty()) else { return Ok(None) };
    let mut names = BTreeSet::new();
    for run in runs(call).await? {
        if users.iter().any(|user| directory.user(&run.facts.user) == user) {
            with_parents(&run.facts.project, &mut names);
        }
    }
    Ok(Some(names))
}

/// Names of projects that hold pipelines, reports or datasets; none where that is not asked.
pub(super) async fn children_projects(
    call: &Call,
    _directory: &Directory,
    request: &Object,
) -> Result<Option<BTreeSet<String>>, Refusal> {
    let Some(kind) = text(request, "children_type") else { return Ok(None) };
    let wanted = texts(request, "children_tags").unwrap_or_default();
    let mark = if kind == "report" { "reports" } else { kind };
    let mut names = BTreeSet::new();
    for run in call.app.store.scan_runs(&RunScan::default()).await? {
        let tagged = wanted.is_empty() || wanted.iter().any(|tag| run.facts.tags.contains(tag));
        if tagged && system_tags(&run).iter().any(|tag| tag == mark) {
            with_parents(&run.facts.project, &mut names);
        }
    }
    Ok(Some(names))
}

fn with_parents(name: &str, names: &mut BTreeSet<String>) {
    names.extend(name.match_indices('/').map(|(end, _)| name[..end].to_owned()));
    names.insert(name.to_owned());
}

/// Adds what flags of the request ask for.
pub(super) async fn add(
    call: &Call,
    directory: &Directory,
    request: &Object,
    projects: &mut [Object],
) -> Result<(), Refusal> {
    let (stats, own) = (flag(request, "include_stats"), flag(request, "check_own_contents"));
    if !stats && !own && !flag(request, "include_dataset_stats") {
        return Ok(());
    }
    let runs = runs(call).await?;
    let models = call.app.store.registered_models(None).await?;
    let inner = flag_or(request, "stats_with_children", true);
    for project in projects {
        let Some(name) = project.get("id").and_then(Value::as_str).and_then(|id| directory.by_id(id)) else { continue };
        let name = name.project.name.clone();
        if own {
            let count = runs.iter().filter(|run| run.facts.project == name).count();
            let made = models.iter().filter(|model: &&Model| model.project == name).count();
            project.insert("own_tasks".to_owned(), count.into());
            project.insert("own_models".to_owned(), made.into());
        }
        if stats {
            let fits = |run: &&Run| match inner {
                true => Directory::is_within(&run.facts.project, &name),
                false => run.facts.project == name,
            };
            let state = text(request, "stats_for_state");
            let mut told_stats = Object::new();
            for (state_name, archived) in [("active", false), ("archived", true)] {
                if state.is_none_or(|state| state == state_name) {
                    let chosen = runs.iter().filter(fits).filter(|run| run.archived == archived);
                    told_stats.insert(state_name.to_owned(), counted(call, chosen).into());
                }
            }
            project.insert("stats".to_owned(), told_stats.into());
            let below: Vec<Value> = directory
                .projects
                .iter()
                .filter(|other| other.project.name != name && Directory::is_within(&other.project.name, &name))
                .map(|other| json!({"id": other.id, "name": other.project.name}))
                .collect();
            project.insert("sub_projects".to_owned(), below.into());
        }
        if flag(request, "include_dataset_stats") {
            project.insert("dataset_stats".to_owned(), json!({"file_count": 0, "total_size": 0}));
        }
    }
    Ok(())
}

/// Counts of some runs.
fn counted<'a>(call: &Call, runs: impl Iterator<Item = &'a Run>) -> Object {
    const DAY: u64 = 24 * 3600 * 1000;
    let now = (call.app.now)();
    let mut by_status: BTreeMap<&str, usize> = [
        "created",
        "queued",
        "in_progress",
        "stopped",
        "published",
        "publishing",
        "closed",
        "failed",
        "completed",
        "unknown",
    ]
    .map(|word| (word, 0))
    .into();
    let (mut runtime, mut total, mut today, mut last) = (0, 0, 0, 0);
    for run in runs {
        *by_status.entry(status_word(run)).or_default() += 1;
        total += 1;
        let until = run.ended.unwrap_or(now);
        runtime += run.started.map_or(0, |started| until.since(started) / 1000);
        let fresh = run.ended.is_some_and(|ended| now.since(ended) < DAY);
        today += usize::from(fresh && matches!(run.status, Status::Completed | Status::Published));
        last = last.max(run.started.map_or(0, |started| started.0 / 1000));
    }
    told(json!({
        "status_count": by_status, "total_runtime": runtime, "total_tasks": total,
        "completed_tasks_24h": today, "last_task_run": last,
    }))
}
