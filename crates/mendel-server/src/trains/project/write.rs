//! Projects that are made, renamed, moved, merged and deleted.

use mendel_model::{Model, Run};
use mendel_store::{ProjectRecord, RunScan};
use serde_json::{Value, json};

use super::{check_path, ensure};
use crate::trains::{
    Answer, Object,
    call::Call,
    directory::{Directory, basename},
    refusal::Refusal,
    task::{delete as delete_task, legacy, system_tags},
    time::iso,
    value::{flag, needed, tags, text, texts, told, updated},
};

/// Facts of a project that a request may set.
const FACTS: [&str; 4] = ["tags", "system_tags", "default_output_destination", "logo_url"];

/// `projects.create`
pub(super) async fn create(call: &Call) -> Answer {
    let mut given = call.data.clone();
    legacy::split_tags(call.level, &mut given, "project");
    let path = check_path(needed(&given, "name")?)?;
    tags(&given, "tags")?;
    if let Some(record) = Directory::read(call).await?.by_name(&path) {
        if is_asked_at_once(call, record) {
            return Ok(told(json!({"id": record.id})));
        }
        let message = format!("Value combination already exists: name={path}");
        return Err(Refusal::bad(801, message).with("name", path));
    }
    let mut record = ensure(call, &path).await?;
    record.document.insert("user".to_owned(), call.who.name.as_str().into());
    record.document.insert("maker".to_owned(), call.who.session().into());
    write(call, &mut record, &given).await?;
    Ok(told(json!({"id": record.id})))
}

/// Whether a project was made a moment ago by another login. Programs that start together
/// each look for their project, find none, and ask for it; all of them mean the same one.
fn is_asked_at_once(call: &Call, record: &ProjectRecord) -> bool {
    const MOMENT: u64 = 10_000;
    let maker = text(&record.document, "maker").unwrap_or_default();
    let own = call.who.session();
    let fresh = (call.app.now)().since(record.project.created) < MOMENT;
    fresh && !own.is_empty() && !maker.is_empty() && maker != own
}

/// Writes the facts that a request gives; tells them.
async fn write(call: &Call, record: &mut ProjectRecord, given: &Object) -> Result<Object, Refusal> {
    let now = (call.app.now)();
    let mut fields = Object::new();
    if let Some(description) = given.get("description") {
        record.project.description = description.as_str().unwrap_or_default().to_owned();
        fields.insert("description".to_owned(), description.clone());
    }
    for key in FACTS {
        if let Some(value) = given.get(key) {
            let value = tags(given, key)?.map_or_else(|| value.clone(), |tags| json!(tags));
            record.document.insert(key.to_owned(), value.clone());
            fields.insert(key.to_owned(), value);
        }
    }
    record.document.insert("updated".to_owned(), now.0.into());
    fields.insert("last_update".to_owned(), iso(now).into());
    call.app.store.rewrite_project(record).await?;
    Ok(fields)
}

fn found(directory: &Directory, id: &str) -> Result<ProjectRecord, Refusal> {
    let record = directory.by_id(id).cloned().ok_or_else(|| Refusal::no_project(id))?;
    match record.document.contains_key("public") {
        true => Err(Refusal::new(403, 21, "No write permission (a public project)").with("id", id)),
        false => Ok(record),
    }
}

/// `projects.update`
pub(super) async fn update(call: &Call) -> Answer {
    let mut given = call.data.clone();
    legacy::split_tags(call.level, &mut given, "project");
    let directory = Directory::read(call).await?;
    let mut record = found(&directory, needed(&given, "project")?)?;
    let old = record.project.name.clone();
    let mut renamed = None;
    if let Some(wanted) = text(&given, "name") {
        let path = check_path(wanted)?;
        let parent = |path: &str| path.rsplit_once('/').map(|(parent, _)| parent.to_owned());
        if path.contains('/') && parent(&path) != parent(&old) {
            let message = "Project location may not change by an update; move it";
            return Err(Refusal::bad(408, message).with("name", path));
        }
        let path = match parent(&old) {
            Some(parent) if !path.contains('/') => format!("{parent}/{path}"),
            _ => path,
        };
        if path != old {
            rename(call, &directory, &old, &path).await?;
            renamed = Some(path);
        }
    }
    let mut fields = write(call, &mut record, &given).await?;
    if let Some(path) = renamed {
        fields.insert("name".to_owned(), path.into());
    }
    Ok(updated(1, fields))
}

/// Renames a project and all below it.
async fn rename(call: &Call, directory: &Directory, old: &str, new: &str) -> Result<usize, Refusal> {
    let pairs: Vec<(String, String)> = below(directory, old)
        .into_iter()
        .map(|name| (name.to_owned(), format!("{new}{}", &name[old.len()..])))
        .collect();
    for (_, name) in &pairs {
        check_path(name)?;
    }
    let count = pairs.len();
    call.app.store.rename_projects(&pairs).await?;
    Ok(count)
}

/// A project and all below it, by name.
fn below<'a>(directory: &'a Directory, name: &str) -> Vec<&'a str> {
    let names = directory.projects.iter().map(|record| record.project.name.as_str());
    names.filter(|other| Directory::is_within(other, name)).collect()
}

/// `projects.move`
pub(super) async fn relocate(call: &Call) -> Answer {
    let directory = Directory::read(call).await?;
    let record = found(&directory, needed(&call.data, "project")?)?;
    let old = record.project.name.clone();
    let place = text(&call.data, "new_location").map(check_path).transpose()?;
    let current = old.rsplit_once('/').map(|(parent, _)| parent.to_owned());
    if place == current {
        return Err(Refusal::bad(410, "Project is there already").with("source", old));
    }
    let new = match &place {
        None => basename(&old).to_owned(),
        Some(place) if Directory::is_within(place, &old) => {
            return Err(Refusal::bad(411, "Project cannot be moved under itself").with("source", old));
        }
        Some(place) => {
            ensure(call, place).await?;
            format!("{place}/{}", basename(&old))
        }
    };
    let moved = rename(call, &directory, &old, &new).await?;
    Ok(told(json!({"moved": moved})))
}

/// `projects.merge`
pub(super) async fn merge(call: &Call) -> Answer {
    let directory = Directory::read(call).await?;
    let record = found(&directory, needed(&call.data, "project")?)?;
    let old = record.project.name.clone();
    let target = match text(&call.data, "destination_project") {
        Some(id) => found(&directory, id)?.project.name,
        None => return Err(Refusal::missing(&["destination_project"])),
    };
    if Directory::is_within(&target, &old) {
        return Err(Refusal::bad(412, "Project cannot be merged into its own child").with("source", old));
    }
    let runs = call.app.store.scan_runs(&RunScan { projects: Some(vec![old.clone()]), ..RunScan::default() }).await?;
    let names = below(&directory, &old);
    let inner: Vec<&str> = names.iter().copied().filter(|name| *name != old).collect();
    let moved: Vec<(String, String)> =
        inner.iter().map(|name| ((*name).to_owned(), format!("{target}{}", &name[old.len()..]))).collect();
    let (merged, renamed): (Vec<_>, Vec<_>) =
        moved.iter().cloned().partition(|(_, new)| directory.by_name(new).is_some());
    let children = inner.iter().filter(|name| !name[old.len() + 1..].contains('/')).count();
    call.app.store.rename_projects(&renamed).await?;
    let mut pairs = merged;
    pairs.push((old, target));
    call.app.store.merge_projects(&pairs, (call.app.now)()).await?;
    Ok(told(json!({"moved_entities": runs.len(), "moved_projects": children})))
}

/// What a project and all below it hold.
struct Contents {
    names: Vec<String>,
    runs: Vec<Run>,
    models: Vec<Model>,
}

async fn contents(call: &Call) -> Result<Contents, Refusal> {
    let directory = Directory::read(call).await?;
    let record = found(&directory, needed(&call.data, "project")?)?;
    let names: Vec<String> = below(&directory, &record.project.name).into_iter().map(str::to_owned).collect();
    let scan = RunScan { projects: Some(names.clone()), facts: true, ..RunScan::default() };
    let runs = call.app.store.scan_runs(&scan).await?;
    let models = call.app.store.registered_models(None).await?;
    let models = models.into_iter().filter(|model| names.contains(&model.project)).collect();
    Ok(Contents { names, runs, models })
}

impl Contents {
    /// Runs with one of the marks that stand for a kind of their own.
    fn marked(&self, mark: &str) -> Vec<&Run> {
        self.runs.iter().filter(|run| system_tags(run).iter().any(|tag| tag == mark)).collect()
    }

    fn plain(&self) -> Vec<&Run> {
        let own = ["pipeline", "dataset", "reports", "model"];
        self.runs.iter().filter(|run| !system_tags(run).iter().any(|tag| own.contains(&tag.as_str()))).collect()
    }
}

/// `projects.validate_delete`
pub(super) async fn validate_delete(call: &Call) -> Answer {
    let contents = contents(call).await?;
    let open = |runs: &[&Run]| runs.iter().filter(|run| !run.archived).count();
    let (plain, reports) = (contents.plain(), contents.marked("reports"));
    let archived = |model: &&Model| model.system_tags.iter().any(|tag| tag == "archived");
    Ok(told(json!({
        "tasks": plain.len(),
        "non_archived_tasks": open(&plain),
        "models": contents.models.len(),
        "non_archived_models": contents.models.iter().filter(|model| !archived(model)).count(),
        "reports": reports.len(),
        "non_archived_reports": open(&reports),
        "pipelines": contents.marked("pipeline").len(),
        "datasets": contents.marked("dataset").len(),
    })))
}

/// `projects.delete`
pub(super) async fn delete(call: &Call) -> Answer {
    let contents = contents(call).await?;
    let id = needed(&call.data, "project")?;
    if !flag(&call.data, "force") {
        let archived = |model: &Model| model.system_tags.iter().any(|tag| tag == "archived");
        let refusals = [
            (402, "tasks", contents.plain().iter().any(|run| !run.archived)),
            (405, "models", contents.models.iter().any(|model| !archived(model))),
            (406, "datasets", !contents.marked("dataset").is_empty()),
            (413, "pipelines", !contents.marked("pipeline").is_empty()),
        ];
        if let Some((subcode, what, _)) = refusals.into_iter().find(|(.., there)| *there) {
            return Err(Refusal::bad(subcode, format!("Project has associated {what}; use force=true")).with("id", id));
        }
    }
    let store = &call.app.store;
    let now = (call.app.now)();
    let whole = flag(&call.data, "delete_contents");
    let (mut deleted_tasks, mut deleted_models, mut loose) = (0, 0, 0);
    let mut urls = json!({"model_urls": [], "event_urls": [], "artifact_urls": []});
    for run in &contents.runs {
        if whole {
            for artifact in store.artifacts(run.facts.id).await? {
                if let (Some(uri), Value::Array(list)) = (artifact.uri, &mut urls["artifact_urls"]) {
                    list.push(uri.into());
                }
            }
            delete_task(call, &run.facts.id.to_string(), true).await?;
            deleted_tasks += 1;
        } else {
            let free = |run: &mut Run| {
                run.facts.project = "default".to_owned();
                crate::trains::task::set_extra(run, "rootless", true);
                Ok::<_, Refusal>(())
            };
            store.rewrite_run(run.facts.id, now, free).await?;
            loose += 1;
        }
    }
    for model in &contents.models {
        if whole {
            if let (false, Value::Array(list)) = (model.record.uri.is_empty(), &mut urls["model_urls"]) {
                list.push(model.record.uri.as_str().into());
            }
            deleted_models += usize::from(store.remove_model(&model.record.id).await?);
        } else {
            let free = |model: &mut Model| {
                model.project.clear();
                Ok::<_, Refusal>(())
            };
            store.rewrite_model(&model.record.id, free).await?;
        }
    }
    let names: Vec<String> = contents.names.into_iter().filter(|name| name != "default").collect();
    let deleted = store.remove_projects(&names).await?;
    Ok(told(json!({
        "deleted": deleted, "disassociated_tasks": loose, "deleted_models": deleted_models,
        "deleted_tasks": deleted_tasks, "urls": urls,
    })))
}

/// `projects.make_public` and `projects.make_private`
pub(super) async fn publicity(call: &Call, public: bool) -> Answer {
    let directory = Directory::read(call).await?;
    let mut count = 0;
    for id in texts(&call.data, "ids").unwrap_or_default() {
        let Some(mut record) = directory.by_id(&id).cloned() else { continue };
        let was = record.document.remove("public").is_some();
        if public {
            record.document.insert("public".to_owned(), true.into());
        }
        call.app.store.rewrite_project(&record).await?;
        count += usize::from(was != public);
    }
    Ok(told(json!({"updated": count})))
}
