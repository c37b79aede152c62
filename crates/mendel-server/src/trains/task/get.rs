//! `tasks.get_by_id`, `tasks.get_all` and what else lists tasks.

use std::collections::{BTreeSet, HashMap};

use mendel_model::{Run, Status};
use mendel_store::RunScan;
use serde_json::{Value, json};

use super::{
    facts::{self, find, hidden, status_of},
    legacy,
    told::{Needs, tasks},
};
use crate::trains::{
    Answer, Object,
    call::Call,
    directory::Directory,
    query::{Conditions, Fields, Order, Page, Projection, expand},
    refusal::Refusal,
    value::{flag, flag_or, needed, texts, told},
};

/// Which fields of tasks take which conditions.
pub(crate) const FIELDS: Fields = Fields {
    pattern: &["name", "comment", "report"],
    list: &[
        "id",
        "user",
        "tags",
        "system_tags",
        "type",
        "status",
        "project",
        "parent",
        "hyperparams.*",
        "execution.queue",
        "models.input.model",
    ],
    range: &["created", "started", "active_duration", "last_iteration", "last_metrics.*"],
    date: &["status_changed", "last_update", "last_change"],
    exact: &["runtime.*"],
    text: &[
        "id",
        "name",
        "comment",
        "report",
        "models.input.model",
        "models.output.model",
        "script.repository",
        "script.entry_point",
    ],
};

/// References of tasks: where an id lies, and of what.
const REFERENCES: [(&str, &str); 8] = [
    ("user", "user"),
    ("company", "company"),
    ("project", "project"),
    ("parent", "task"),
    ("execution.queue", "queue"),
    ("execution.model", "model"),
    ("models.input.model", "model"),
    ("models.output.model", "model"),
];

/// `tasks.get_by_id`
pub(super) async fn by_id(call: &Call) -> Answer {
    let run = find(call, needed(&call.data, "task")?).await?;
    let directory = Directory::read(call).await?;
    let task = tasks(call, &directory, std::slice::from_ref(&run), Needs::ALL).await?.pop().unwrap_or_default();
    let mut task = Projection::read(&call.data)?.apply(without_internal(task));
    legacy::aged(call.level, &mut task);
    Ok(told(json!({"task": task})))
}

fn without_internal(mut task: Object) -> Object {
    task.remove("enqueue_status");
    task
}

/// A part of a list of tasks.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) tasks: Vec<Object>,
    pub(crate) scroll: Option<String>,
}

/// `tasks.get_all`, and with `full` `tasks.get_all_ex` and `tasks.get_by_id_ex`.
pub(super) async fn all(call: &Call, full: bool) -> Answer {
    let listed = list(call, &call.data, full).await?;
    let mut answer = told(json!({"tasks": listed.tasks}));
    if let Some(scroll) = listed.scroll {
        answer.insert("scroll_id".to_owned(), scroll.into());
    }
    Ok(answer)
}

/// The tasks that a query asks for.
pub(crate) async fn list(call: &Call, request: &Object, full: bool) -> Result<Listed, Refusal> {
    let mut request = request.clone();
    legacy::split_tags(call.level, &mut request, "task");
    let directory = Directory::read(call).await?;
    widen_projects(&directory, &mut request);
    let conditions = Conditions::read(&request, &FIELDS)?;
    let order = Order::read(&request)?;
    let projection = Projection::read(&request)?;
    let page = Page::read(&request, &call.app.scrolls)?;
    let looked: Vec<&str> = conditions.fields().into_iter().chain(order.fields()).collect();
    let needs = Needs::of(looked);
    let runs = candidates(call, &directory, &conditions, needs).await?;
    let wide = flag(&request, "search_hidden") || conditions.names("id");
    let private = !flag_or(&request, "allow_public", true);
    let numbers: HashMap<String, usize> =
        runs.iter().enumerate().map(|(at, run)| (run.facts.id.to_string(), at)).collect();
    let mut fitting = Vec::new();
    for task in tasks(call, &directory, &runs, needs).await? {
        let number = task.get("id").and_then(Value::as_str).and_then(|id| numbers.get(id));
        let Some(run) = number.map(|at| &runs[*at]) else { continue };
        let unseen = !call.rights.sees(&run.facts.project);
        let left_out = unseen || (!wide && hidden(&facts::system_tags(run))) || (private && facts::is_public(run));
        if !left_out && conditions.fit(&task)? {
            fitting.push(task);
        }
    }
    order.sort(&mut fitting);
    let (cut, scroll) = page.cut(fitting, &call.app.scrolls);
    let cut: Vec<Run> = cut
        .iter()
        .filter_map(|task| task.get("id").and_then(Value::as_str))
        .filter_map(|id| numbers.get(id))
        .map(|at| runs[*at].clone())
        .collect();
    let tasks = whole(call, &directory, cut, &projection, full).await?;
    Ok(Listed { tasks, scroll })
}

/// Runs among which the fitting ones are, as narrow as the store can tell.
async fn candidates(
    call: &Call,
    directory: &Directory,
    conditions: &Conditions,
    needs: Needs,
) -> Result<Vec<Run>, Refusal> {
    let ids = conditions.only("id").map(|ids| ids.iter().filter_map(|id| id.parse().ok()).collect());
    let projects = conditions
        .only("project")
        .map(|ids| ids.iter().filter_map(|id| directory.by_id(id)).map(|record| record.project.name.clone()).collect());
    let status = conditions.only("status").map(|words| words.iter().filter_map(|word| status_of(word)).collect());
    let parents = conditions.only("parent").and_then(|ids| {
        // A parent that is gone is remembered by a word that is no id.
        ids.iter().map(|id| id.parse().ok()).collect::<Option<Vec<_>>>()
    });
    let scan = RunScan {
        ids,
        projects,
        status: status.filter(|some: &Vec<Status>| !some.is_empty()),
        parents,
        facts: needs.facts,
        metrics: false,
    };
    Ok(call.app.store.scan_runs(&scan).await?)
}

/// The tasks of a page with all that is asked of them.
async fn whole(
    call: &Call,
    directory: &Directory,
    runs: Vec<Run>,
    projection: &Projection,
    full: bool,
) -> Result<Vec<Object>, Refusal> {
    let wanted = |field: &str| projection.wants(field);
    let needs = Needs {
        facts: true,
        artifacts: wanted("execution"),
        models: wanted("models") || wanted("output") || wanted("execution"),
        metrics: wanted("last_metrics"),
    };
    let ids: Vec<_> = runs.iter().map(|run| run.facts.id).collect();
    let scan = RunScan { ids: Some(ids.clone()), facts: true, ..RunScan::default() };
    let mut found: HashMap<_, _> =
        call.app.store.scan_runs(&scan).await?.into_iter().map(|run| (run.facts.id, run)).collect();
    let runs: Vec<Run> = ids.iter().filter_map(|id| found.remove(id)).collect();
    let mut told = tasks(call, directory, &runs, needs).await?;
    for task in &mut told {
        if !projection.wants("enqueue_status") || projection.is_empty() {
            task.remove("enqueue_status");
        }
        legacy::aged(call.level, task);
    }
    if full {
        refer(call, directory, projection, &mut told).await?;
    }
    Ok(told.into_iter().map(|task| projection.apply(task)).collect())
}

/// Replaces ids by the objects they name, as far as the projection asks for it.
async fn refer(
    call: &Call,
    directory: &Directory,
    projection: &Projection,
    tasks: &mut [Object],
) -> Result<(), Refusal> {
    for (path, noun) in REFERENCES {
        let below = projection.below(path);
        if below.is_empty() && !projection.is_empty() {
            continue;
        }
        let fields = if below.is_empty() { vec!["id"] } else { below };
        let ids: BTreeSet<String> = tasks
            .iter()
            .flat_map(|task| crate::trains::query::values(task, path))
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let objects = objects(call, directory, noun, &ids, &fields).await?;
        let object = |id: &str| objects.get(id).cloned().unwrap_or_else(|| json!({"id": id}));
        for task in tasks.iter_mut() {
            expand(task, path, &object);
        }
    }
    Ok(())
}

/// The objects of these ids with the asked fields.
pub(crate) async fn objects(
    call: &Call,
    directory: &Directory,
    noun: &str,
    ids: &BTreeSet<String>,
    fields: &[&str],
) -> Result<HashMap<String, Value>, Refusal> {
    let mut objects: HashMap<String, Value> = HashMap::new();
    let only_id = fields.iter().all(|field| *field == "id");
    let plain = |id: &str, name: &str| match only_id {
        true => json!({"id": id}),
        false => json!({"id": id, "name": name}),
    };
    match noun {
        "user" => ids.iter().for_each(|id| drop(objects.insert(id.clone(), plain(id, directory.user_name(id))))),
        "company" => ids.iter().for_each(|id| drop(objects.insert(id.clone(), plain(id, "Mendel")))),
        "project" => {
            ids.iter().for_each(|id| drop(objects.insert(id.clone(), directory.reference(id, fields))));
        }
        "queue" if !ids.is_empty() => {
            for queue in call.app.store.queues().await?.into_iter().filter(|queue| ids.contains(&queue.id)) {
                objects.insert(queue.id.clone(), plain(&queue.id, &queue.name));
            }
        }
        "model" if !only_id && !ids.is_empty() => {
            let wanted: Vec<String> = ids.iter().cloned().collect();
            for model in call.app.store.registered_models(Some(&wanted)).await? {
                let project = directory.id_of(&model.project);
                let mut told = told(json!({"id": model.record.id, "name": model.record.name, "uri": model.record.uri}));
                told.insert("project".to_owned(), project.map_or(Value::Null, Value::from));
                objects.insert(model.record.id.clone(), told.into());
            }
        }
        "task" if !only_id && !ids.is_empty() => {
            let wanted: Vec<String> = ids.iter().cloned().collect();
            let scan =
                RunScan { ids: Some(wanted.iter().filter_map(|id| id.parse().ok()).collect()), ..RunScan::default() };
            for run in call.app.store.scan_runs(&scan).await? {
                let id = run.facts.id.to_string();
                let below: Vec<&str> = fields.iter().filter_map(|field| field.strip_prefix("project.")).collect();
                let project =
                    directory.id_of(&run.facts.project).map_or(Value::Null, |project| match below.is_empty() {
                        true => project.into(),
                        false => directory.reference(project, &below),
                    });
                let told = json!({"id": id, "name": run.facts.name, "project": project, "type": run.facts.purpose});
                objects.insert(id, told);
            }
        }
        _ => {}
    }
    Ok(objects)
}

/// Adds the projects below those that are asked for.
pub(crate) fn widen_projects(directory: &Directory, request: &mut Object) {
    if !flag(request, "include_subprojects") {
        return;
    }
    let Some(given) = request.get("project").filter(|given| !given.is_null()).cloned() else { return };
    let mut wide = given.as_array().cloned().unwrap_or_else(|| vec![given]);
    let outer: Vec<&str> = wide
        .iter()
        .filter_map(Value::as_str)
        .filter_map(|id| directory.by_id(id))
        .map(|record| record.project.name.as_str())
        .collect();
    let inner: Vec<Value> = directory
        .projects
        .iter()
        .filter(|record| outer.iter().any(|outer| Directory::is_within(&record.project.name, outer)))
        .map(|record| record.id.as_str().into())
        .collect();
    wide.extend(inner);
    request.insert("project".to_owned(), wide.into());
}

/// The runs of these projects, or of all.
pub(crate) fn prefix_filter(directory: &Directory, ids: Option<&[String]>, inner: bool) -> Option<Vec<String>> {
    let ids = ids.filter(|ids| !ids.is_empty())?;
    let outer: Vec<&str> =
        ids.iter().filter_map(|id| directory.by_id(id)).map(|record| record.project.name.as_str()).collect();
    let fits = |name: &str| match inner {
        true => outer.iter().any(|outer| Directory::is_within(name, outer)),
        false => outer.contains(&name),
    };
    Some(directory.projects.iter().map(|record| record.project.name.clone()).filter(|name| fits(name)).collect())
}

/// `tasks.get_types`
pub(super) async fn types(call: &Call) -> Answer {
    let directory = Directory::read(call).await?;
    let projects = prefix_filter(&directory, texts(&call.data, "projects").as_deref(), true);
    let scan = RunScan { projects, ..RunScan::default() };
    let runs = call.app.store.scan_runs(&scan).await?;
    let words: BTreeSet<String> =
        runs.iter().map(|run| json!(run.facts.purpose).as_str().unwrap_or_default().to_owned()).collect();
    Ok(told(json!({"types": words})))
}
