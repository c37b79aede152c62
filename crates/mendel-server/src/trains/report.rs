//! Reports: texts with figures, kept as tasks of a hidden project.

use mendel_model::{Run, Status};
use serde_json::{Value, json};

use super::{
    Answer, Object,
    call::Call,
    directory::Directory,
    event, project,
    refusal::Refusal,
    task::{self, Change, extra, find, mark_archived, publish, set_extra, system_tags},
    time::iso,
    value::{flag, int, name, needed, object, tags, text, told, updated},
};

/// The project of the reports of a project.
const FOLDER: &str = ".reports";
/// The mark of a report.
const MARK: &str = "reports";

/// Answers an endpoint of `reports`.
pub(super) async fn answer(call: &Call, action: &str) -> Option<Answer> {
    Some(match action {
        "create" => create(call).await,
        "update" => update(call).await,
        "delete" => delete(call).await,
        "move" => relocate(call).await,
        "publish" => publish_report(call).await,
        "archive" => put_away(call, true).await,
        "unarchive" => put_away(call, false).await,
        "share" => share(call).await,
        "get_all_ex" => all(call).await,
        "get_tags" => get_tags(call).await,
        "get_task_data" => task_data(call).await,
        _ => return None,
    })
}

/// The report of a request; another task is none.
async fn report(call: &Call) -> Result<Run, Refusal> {
    let run = find(call, needed(&call.data, "task")?).await?;
    match system_tags(&run).iter().any(|tag| tag == MARK) {
        true => Ok(run),
        false => Err(Refusal::bad(150, "Operation is supported on reports only").with("id", run.facts.id.to_string())),
    }
}

/// The hidden project of a project, made when missing.
async fn folder(call: &Call, name: Option<&str>) -> Result<mendel_store::ProjectRecord, Refusal> {
    let path = name.map_or_else(|| FOLDER.to_owned(), |name| format!("{name}/{FOLDER}"));
    let mut record = project::ensure(call, &path).await?;
    let hidden = json!(["hidden"]);
    if record.document.get("system_tags") != Some(&hidden) {
        record.document.insert("system_tags".to_owned(), hidden);
        call.app.store.rewrite_project(&record).await?;
    }
    Ok(record)
}

/// `reports.create`
async fn create(call: &Call) -> Answer {
    let directory = Directory::read(call).await?;
    let outer = match text(&call.data, "project") {
        Some(id) => Some(directory.name_of(id)?.to_owned()),
        None => None,
    };
    let folder = folder(call, outer.as_deref()).await?;
    let given = json!({
        "name": needed(&call.data, "name")?, "type": "report", "project": folder.id,
        "comment": text(&call.data, "comment").unwrap_or_default(),
        "tags": tags(&call.data, "tags")?.unwrap_or_default(),
        "system_tags": [MARK, "hidden"],
    });
    let made = task::create(call, &told(given)).await?;
    let id = needed(&made, "id")?.to_owned();
    write(call, &id, &call.data).await?;
    Ok(told(json!({"id": id, "project_id": folder.id})))
}

/// Writes text and assets of a report; tells what was given.
async fn write(call: &Call, id: &str, given: &Object) -> Result<Object, Refusal> {
    let now = (call.app.now)();
    let change = |run: &mut Run| {
        let mut fields = Object::new();
        for key in ["report", "report_assets"] {
            if let Some(value) = given.get(key).filter(|value| !value.is_null()) {
                set_extra(run, key, value.clone());
                fields.insert(key.to_owned(), value.clone());
            }
        }
        if let Some(wanted) = text(given, "name") {
            run.facts.name = name(wanted)?;
            fields.insert("name".to_owned(), run.facts.name.as_str().into());
        }
        if let Some(comment) = given.get("comment").and_then(Value::as_str) {
            run.facts.comment = comment.to_owned();
            fields.insert("comment".to_owned(), comment.into());
        }
        if let Some(tags) = tags(given, "tags")? {
            fields.insert("tags".to_owned(), json!(tags));
            run.facts.tags = tags;
        }
        run.updated = run.updated.max(now);
        fields.insert("last_update".to_owned(), iso(run.updated).into());
        Ok::<_, Refusal>(fields)
    };
    Ok(call.app.store.rewrite_run(task::id_of(id)?, now, change).await?.1)
}

/// `reports.update`
async fn update(call: &Call) -> Answer {
    let run = report(call).await?;
    let text_changes = call.data.keys().any(|key| key != "tags" && key != "task" && key != "comment");
    if run.status == Status::Published && text_changes {
        return Err(task::refusal_of_status(&run, "created"));
    }
    Ok(updated(1, write(call, &run.facts.id.to_string(), &call.data).await?))
}

/// `reports.delete`
async fn delete(call: &Call) -> Answer {
    let run = report(call).await?;
    let force = flag(&call.data, "force");
    if !force && run.status != Status::Draft && !run.archived {
        return Err(Refusal::bad(123, "Report cannot be deleted; use force=true").with("id", run.facts.id.to_string()));
    }
    task::delete(call, &run.facts.id.to_string(), force).await?;
    Ok(told(json!({"deleted": 1})))
}

/// `reports.move`
async fn relocate(call: &Call) -> Answer {
    let run = report(call).await?;
    let (outer, _) = project::destination(call).await?;
    let folder = folder(call, outer.as_deref()).await?;
    let now = (call.app.now)();
    let change = |run: &mut Run| {
        run.facts.project.clone_from(&folder.project.name);
        run.updated = run.updated.max(now);
        Ok::<_, Refusal>(())
    };
    call.app.store.rewrite_run(run.facts.id, now, change).await?;
    Ok(told(json!({"project_id": folder.id})))
}

/// `reports.publish`
async fn publish_report(call: &Call) -> Answer {
    let run = report(call).await?;
    let forced = Change { force: true, ..Change::default() };
    publish(call, &run.facts.id.to_string(), &forced, false).await
}

/// `reports.archive` and `reports.unarchive`
async fn put_away(call: &Call, away: bool) -> Answer {
    let run = report(call).await?;
    let now = (call.app.now)();
    let comment = text(&call.data, "comment").map(str::to_owned);
    let change = |run: &mut Run| {
        let changed = run.archived != away;
        mark_archived(run, away);
        if let Some(comment) = comment {
            run.facts.comment = comment;
        }
        run.updated = run.updated.max(now);
        Ok::<_, Refusal>(changed)
    };
    let (_, changed) = call.app.store.rewrite_run(run.facts.id, now, change).await?;
    let key = if away { "archived" } else { "unarchived" };
    Ok(told(json!({key: u8::from(changed)})))
}

/// `reports.share`
async fn share(call: &Call) -> Answer {
    let run = report(call).await?;
    let shared = flag(&call.data, "share");
    let now = (call.app.now)();
    let change = |run: &mut Run| {
        let changed = extra(run, "shared").is_some() != shared;
        set_extra(run, "shared", if shared { true.into() } else { Value::Null });
        Ok::<_, Refusal>(changed)
    };
    let (_, changed) = call.app.store.rewrite_run(run.facts.id, now, change).await?;
    Ok(told(json!({"changed": u8::from(changed)})))
}

/// `reports.get_all_ex`
async fn all(call: &Call) -> Answer {
    let mut query = call.data.clone();
    query.insert("type".to_owned(), json!(["report"]));
    query.insert("search_hidden".to_owned(), true.into());
    query.insert("include_subprojects".to_owned(), true.into());
    let listed = task::list(call, &query, true).await?;
    let mut answer = told(json!({"tasks": listed.tasks}));
    if let Some(scroll) = listed.scroll {
        answer.insert("scroll_id".to_owned(), scroll.into());
    }
    Ok(answer)
}

/// `reports.get_tags`
async fn get_tags(call: &Call) -> Answer {
    let runs = call.app.store.scan_runs(&mendel_store::RunScan::default()).await?;
    let tags: std::collections::BTreeSet<String> = runs
        .into_iter()
        .filter(|run| system_tags(run).iter().any(|tag| tag == MARK))
        .flat_map(|run| run.facts.tags)
        .collect();
    Ok(told(json!({"tags": tags})))
}

/// `reports.get_task_data`: what a report shows of the tasks that a query finds.
async fn task_data(call: &Call) -> Answer {
    let mut query = call.data.clone();
    let size = int(&query, "size").filter(|size| *size > 0).unwrap_or(100);
    query.remove("size");
    query.insert("page".to_owned(), 0.into());
    query.insert("page_size".to_owned(), size.into());
    let listed = task::list(call, &query, false).await?;
    let ids = listed.tasks.iter().filter_map(|task| text(task, "id")?.parse().ok()).collect::<Vec<_>>();
    let scan = mendel_store::RunScan { ids: Some(ids), facts: true, ..Default::default() };
    let runs = call.app.store.scan_runs(&scan).await?;
    let mut answer = told(json!({"tasks": listed.tasks}));
    if let Some(asked) = object(&call.data, "plots") {
        answer.insert("plots".to_owned(), event::plots_of(call, &runs, asked).await?.0.into());
    }
    if let Some(asked) = object(&call.data, "debug_images") {
        answer.insert("debug_images".to_owned(), event::by_metric(call, &runs, asked).await?.into());
    }
    if let Some(asked) = object(&call.data, "scalar_metrics_iter_histogram") {
        answer
            .insert("scalar_metrics_iter_histogram".to_owned(), event::histogram_of(call, &runs, asked).await?.into());
    }
    if let Some(asked) = object(&call.data, "single_value_metrics") {
        let wanted = event::Wanted::of(super::value::items(asked, "metrics"));
        let values = event::single_values_of(call, &runs, &wanted).await?;
        answer.insert("single_value_metrics".to_owned(), values.into());
    }
    Ok(answer)
}
