//! What columns and filters of a page may offer: names and values that are in use.

use std::collections::{BTreeMap, BTreeSet};

use mendel_model::{Model, Run};
use mendel_store::RunScan;
use serde_json::{Value, json};

use crate::trains::{
    Answer, Object,
    call::Call,
    directory::Directory,
    query::{Pattern, text as plain},
    refusal::Refusal,
    task::{
        hidden, prefix_filter, system_tags,
        told::{key_of, parameter, written},
    },
    value::{flag, flag_or, int, needed, object, text, texts, told},
};

/// Runs of the projects of a request, with their facts.
async fn runs(call: &Call, key: &str) -> Result<Vec<Run>, Refusal> {
    let directory = Directory::read(call).await?;
    let ids = match text(&call.data, key) {
        Some(id) if id != "*" => Some(vec![id.to_owned()]),
        Some(_) => None,
        None => texts(&call.data, key),
    };
    let inner = flag_or(&call.data, "include_subprojects", true);
    let projects = prefix_filter(&directory, ids.as_deref(), inner);
    let scan = RunScan { projects, facts: true, ..RunScan::default() };
    let runs = call.app.store.scan_runs(&scan).await?;
    let shown = |run: &Run| !hidden(&system_tags(run)) && call.rights.sees(&run.facts.project);
    Ok(runs.into_iter().filter(shown).collect())
}

/// Models of the projects of a request.
async fn models(call: &Call, key: &str) -> Result<Vec<Model>, Refusal> {
    let directory = Directory::read(call).await?;
    let ids = match text(&call.data, key) {
        Some(id) if id != "*" => Some(vec![id.to_owned()]),
        Some(_) => None,
        None => texts(&call.data, key),
    };
    let inner = flag_or(&call.data, "include_subprojects", true);
    let projects = prefix_filter(&directory, ids.as_deref(), inner);
    let models = call.app.store.registered_models(None).await?;
    let chosen = |model: &Model| {
        projects.as_ref().is_none_or(|names| names.contains(&model.project)) && call.rights.sees(&model.project)
    };
    Ok(models.into_iter().filter(chosen).collect())
}

/// A page of a list, and how many come after it.
fn paged<T>(call: &Call, items: Vec<T>) -> (Vec<T>, usize, usize) {
    let total = items.len();
    let size = int(&call.data, "page_size").filter(|size| *size > 0).map_or(500, |size| size as usize);
    let start =
        int(&call.data, "page").filter(|page| *page >= 0).map_or(0, |page| (page as usize).saturating_mul(size));
    let page: Vec<T> = items.into_iter().skip(start).take(size).collect();
    let remaining = total.saturating_sub(start.saturating_add(page.len()));
    (page, remaining, total)
}

/// `projects.get_hyper_parameters`
pub(super) async fn hyper_parameters(call: &Call) -> Answer {
    let mut names: BTreeSet<(String, String)> = BTreeSet::new();
    for run in runs(call, "project").await? {
        for param in &run.facts.params {
            let item = parameter(param);
            let of = |key: &str| text(&item, key).unwrap_or_default().to_owned();
            names.insert((of("section"), of("name")));
        }
    }
    let (page, remaining, total) = paged(call, names.into_iter().collect());
    let parameters: Vec<Value> =
        page.into_iter().map(|(section, name)| json!({"section": section, "name": name})).collect();
    Ok(told(json!({"parameters": parameters, "remaining": remaining, "total": total})))
}

/// `projects.get_hyperparam_values`
pub(super) async fn hyperparam_values(call: &Call) -> Answer {
    let (section, name) = (needed(&call.data, "section")?, needed(&call.data, "name")?);
    let pattern = text(&call.data, "pattern").map(|pattern| Pattern::new(pattern, true)).transpose()?;
    let mut values: BTreeSet<String> = BTreeSet::new();
    for run in runs(call, "projects").await? {
        for param in &run.facts.params {
            let own = if param.section.is_empty() { "General" } else { &param.section };
            if own == section && param.name == name {
                let value = written(&param.value);
                if pattern.as_ref().map_or(Ok(true), |pattern| pattern.is_in(&value))? {
                    values.insert(value);
                }
            }
        }
    }
    let (page, _, total) = paged(call, values.into_iter().collect());
    Ok(told(json!({"values": page, "total": total})))
}

/// `projects.get_model_metadata_keys`
pub(super) async fn metadata_keys(call: &Call) -> Answer {
    let models = models(call, "project").await?;
    let keys: BTreeSet<String> = models.iter().flat_map(|model| model.record.metadata.keys().cloned()).collect();
    let (page, remaining, total) = paged(call, keys.into_iter().collect());
    Ok(told(json!({"keys": page, "remaining": remaining, "total": total})))
}

/// `projects.get_model_metadata_values`
pub(super) async fn metadata_values(call: &Call) -> Answer {
    let key = needed(&call.data, "key")?;
    let models = models(call, "projects").await?;
    let value = |model: &Model| {
        let value = model.record.metadata.get(key)?;
        Some(value.get("value").map_or_else(|| plain(value), plain))
    };
    let values: BTreeSet<String> = models.iter().filter_map(value).collect();
    let (page, _, total) = paged(call, values.into_iter().collect());
    Ok(told(json!({"values": page, "total": total})))
}

/// Tags that fit the filter of a request, each once.
fn tags(call: &Call, tagged: Vec<(Vec<String>, Vec<String>)>) -> Object {
    let filter = object(&call.data, "filter").cloned().unwrap_or_default();
    let wanted = |key: &str| texts(&filter, key).unwrap_or_default();
    let (own, marks) = (wanted("tags"), wanted("system_tags"));
    let fits = |(tags, system): &&(Vec<String>, Vec<String>)| {
        own.iter().all(|tag| tags.contains(tag)) && marks.iter().all(|tag| system.contains(tag))
    };
    let fitting: Vec<_> = tagged.iter().filter(fits).collect();
    let all: BTreeSet<&String> = fitting.iter().flat_map(|(tags, _)| tags).collect();
    let mut answer = told(json!({"tags": all}));
    if flag(&call.data, "include_system") {
        let system: BTreeSet<&String> = fitting.iter().flat_map(|(_, system)| system).collect();
        answer.insert("system_tags".to_owned(), json!(system));
    }
    answer
}

/// `projects.get_task_tags`
pub(super) async fn task_tags(call: &Call) -> Answer {
    let runs = runs(call, "projects").await?;
    Ok(tags(call, runs.iter().map(|run| (run.facts.tags.clone(), system_tags(run))).collect()))
}

/// `projects.get_model_tags`
pub(super) async fn model_tags(call: &Call) -> Answer {
    let models = models(call, "projects").await?;
    Ok(tags(call, models.into_iter().map(|model| (model.record.tags, model.system_tags)).collect()))
}

/// `projects.get_project_tags`
pub(super) async fn project_tags(call: &Call) -> Answer {
    let directory = Directory::read(call).await?;
    let names = prefix_filter(&directory, texts(&call.data, "projects").as_deref(), true);
    let tagged = directory
        .projects
        .iter()
        .filter(|record| names.as_ref().is_none_or(|names| names.contains(&record.project.name)))
        .map(|record| {
            let of = |key: &str| texts(&record.document, key).unwrap_or_default();
            (of("tags"), of("system_tags"))
        })
        .collect();
    Ok(tags(call, tagged))
}

/// `projects.get_task_parents`
pub(super) async fn task_parents(call: &Call) -> Answer {
    let directory = Directory::read(call).await?;
    let state = text(&call.data, "tasks_state");
    let runs = runs(call, "projects").await?;
    let chosen = runs.iter().filter(|run| match state {
        Some("archived") => run.archived,
        Some(_) => !run.archived,
        None => true,
    });
    let ids: BTreeSet<_> = chosen.filter_map(|run| run.facts.parent).collect();
    let scan = RunScan { ids: Some(ids.into_iter().collect()), ..RunScan::default() };
    let pattern = text(&call.data, "task_name").map(|pattern| Pattern::new(pattern, true)).transpose()?;
    let mut parents = Vec::new();
    for run in call.app.store.scan_runs(&scan).await? {
        if pattern.as_ref().map_or(Ok(true), |pattern| pattern.is_in(&run.facts.name))? {
            let project = directory.by_name(&run.facts.project);
            let project = project.map(|record| json!({"id": record.id, "name": record.project.name}));
            parents.push(json!({"id": run.facts.id, "name": run.facts.name, "project": project}));
        }
    }
    Ok(told(json!({"parents": parents})))
}

/// `projects.get_unique_metric_variants`
pub(super) async fn metric_variants(call: &Call) -> Answer {
    let runs = match texts(&call.data, "ids").filter(|ids| !ids.is_empty()) {
        Some(ids) => {
            let ids = ids.iter().filter_map(|id| id.parse().ok()).collect();
            call.app.store.scan_runs(&RunScan { ids: Some(ids), ..RunScan::default() }).await?
        }
        None if flag(&call.data, "model_metrics") => {
            let models = models(call, "project").await?;
            let ids = models.iter().filter_map(|model| model.record.id.parse().ok()).collect();
            call.app.store.scan_runs(&RunScan { ids: Some(ids), ..RunScan::default() }).await?
        }
        None => runs(call, "project").await?,
    };
    let numbers: Vec<i64> = runs.iter().map(|run| run.number).collect();
    let mut names: BTreeSet<(String, String)> = BTreeSet::new();
    for summary in call.app.store.metric_summaries(&numbers).await?.into_values().flatten() {
        names.insert((summary.key.metric, summary.key.variant));
    }
    for event in call.app.store.single_values(&numbers).await?.into_values().flatten() {
        names.insert((event.metric, event.variant));
    }
    let metrics: Vec<Value> = names
        .into_iter()
        .map(|(metric, variant)| {
            json!({"metric": metric, "metric_hash": key_of(&metric), "variant": variant, "variant_hash": key_of(&variant)})
        })
        .collect();
    Ok(told(json!({"metrics": metrics})))
}

/// `projects.get_user_names`
pub(super) async fn user_names(call: &Call) -> Answer {
    let directory = Directory::read(call).await?;
    let mut users: BTreeMap<String, String> = BTreeMap::new();
    if text(&call.data, "entity") == Some("model") {
        for model in models(call, "projects").await? {
            users.insert(directory.user(&model.user).to_owned(), model.user.clone());
        }
    } else {
        for run in runs(call, "projects").await? {
            users.insert(directory.user(&run.facts.user).to_owned(), run.facts.user.clone());
        }
    }
    let users: Vec<Value> = users.into_iter().map(|(id, name)| json!({"id": id, "name": name})).collect();
    Ok(told(json!({"users": users})))
}
