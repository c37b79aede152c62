//! Queues: waiting lists of tasks, and what agents do with them.

use std::collections::{BTreeMap, BTreeSet};

use mendel_model::{Run, RunId, Status, Timestamp};
use mendel_store::{QueueRecord, RunScan};
use serde_json::{Value, json};

use super::{
    Answer, Object,
    call::Call,
    directory::Directory,
    level::Level,
    query::{Conditions, Fields, Order, Page, Projection, expand},
    refusal::Refusal,
    session::COMPANY,
    task::{give_back, id_of, legacy, set_extra},
    time::{iso, new_id},
    value::{flag, int, items, name, needed, object, tags, text, texts, told, updated},
    worker,
};

/// Which fields of queues take which conditions.
const FIELDS: Fields = Fields {
    pattern: &["name"],
    list: &["tags", "system_tags", "id", "metadata.*"],
    range: &[],
    date: &[],
    exact: &[],
    text: &["id", "name", "display_name"],
};

/// The name of the queue that a server is born with.
const DEFAULT: &str = "default";

/// Answers an endpoint of `queues`.
pub(super) async fn answer(call: &Call, action: &str) -> Option<Answer> {
    Some(match action {
        "create" => create(call).await,
        "update" => update(call).await,
        "delete" => delete(call).await,
        "clear_queue" => clear(call).await,
        "get_all" => all(call, false).await,
        "get_all_ex" => all(call, true).await,
        "get_by_id" => by_id(call).await,
        "get_default" => default(call).await.map(|queue| told(json!({"id": queue.id, "name": queue.name}))),
        "get_num_entries" => num_entries(call).await,
        "get_next_task" => next_task(call).await,
        "peek_task" => peek(call).await,
        "add_task" => add_task(call).await,
        "remove_task" => remove_task(call).await,
        "move_task_forward" => relocate(call, |at, count, _| at.saturating_sub(count)).await,
        "move_task_backward" => relocate(call, |at, count, last| at.saturating_add(count).min(last)).await,
        "move_task_to_front" => relocate(call, |_, _, _| 0).await,
        "move_task_to_back" => relocate(call, |_, _, last| last).await,
        "add_or_update_metadata" => add_metadata(call).await,
        "delete_metadata" => delete_metadata(call).await,
        "get_queue_metrics" => metrics(call).await,
        _ => return None,
    })
}

/// All queues; a server that has none is given its first one.
pub(super) async fn queues(call: &Call) -> Result<Vec<QueueRecord>, Refusal> {
    let queues = call.app.store.queues().await?;
    if !queues.is_empty() {
        return Ok(queues);
    }
    let document = facts(call, json!({"system_tags": ["default"]}));
    match call.app.store.create_queue(&new_id(), DEFAULT, &document).await {
        // Another process may have been faster.
        Ok(()) | Err(mendel_store::StoreError::Exists { .. }) => Ok(call.app.store.queues().await?),
        Err(error) => Err(error.into()),
    }
}

fn facts(call: &Call, given: Value) -> Object {
    let mut facts = told(given);
    facts.insert("user".to_owned(), call.who.name.as_str().into());
    facts.insert("created".to_owned(), (call.app.now)().0.into());
    facts
}

/// The queue of that id.
pub(super) async fn find(call: &Call, id: &str) -> Result<QueueRecord, Refusal> {
    queues(call).await?.into_iter().find(|queue| queue.id == id).ok_or_else(|| Refusal::no_queue(id))
}

/// The queue of that name, made when missing.
pub(super) async fn ensure(call: &Call, wanted: &str) -> Result<QueueRecord, Refusal> {
    if let Some(queue) = queues(call).await?.into_iter().find(|queue| queue.name == wanted) {
        return Ok(queue);
    }
    let id = new_id();
    match call.app.store.create_queue(&id, &name(wanted)?, &facts(call, json!({}))).await {
        Ok(()) => find(call, &id).await,
        Err(mendel_store::StoreError::Exists { .. }) => {
            let found = queues(call).await?.into_iter().find(|queue| queue.name == wanted);
            found.ok_or_else(|| Refusal::no_queue(wanted))
        }
        Err(error) => Err(error.into()),
    }
}

/// The one queue that is marked as the default.
pub(super) async fn default(call: &Call) -> Result<QueueRecord, Refusal> {
    let mut marked: Vec<QueueRecord> = queues(call)
        .await?
        .into_iter()
        .filter(|queue| texts(&queue.document, "system_tags").unwrap_or_default().iter().any(|tag| tag == DEFAULT))
        .collect();
    match marked.len() {
        0 => Err(Refusal::bad(707, "Default queue is not found")),
        1 => Ok(marked.remove(0)),
        _ => Err(Refusal::bad(708, "More than one default queue")),
    }
}

/// Whether a worker listens to a queue.
pub(super) async fn is_watched(call: &Call, id: &str) -> Result<bool, Refusal> {
    let workers = worker::alive(call).await?;
    Ok(workers.iter().any(|worker| texts(&worker.document, "queues").unwrap_or_default().iter().any(|own| own == id)))
}

fn shape(directory: &Directory, queue: &QueueRecord) -> Object {
    let facts = &queue.document;
    let time = |key: &str| facts.get(key).and_then(Value::as_i64).map_or(Timestamp(0), Timestamp);
    let list = |key: &str| {
        let mut list = texts(facts, key).unwrap_or_default();
        list.sort();
        list
    };
    let entries: Vec<Value> =
        queue.entries.iter().map(|(run, added)| json!({"task": run, "added": iso(*added)})).collect();
    let updated = time("updated").max(time("created"));
    told(json!({
        "id": queue.id, "name": queue.name, "display_name": text(facts, "display_name").unwrap_or_default(),
        "user": directory.user(text(facts, "user").unwrap_or_default()), "company": COMPANY,
        "created": iso(time("created")), "last_update": iso(updated),
        "tags": list("tags"), "system_tags": list("system_tags"), "entries": entries,
        "metadata": object(facts, "metadata").cloned().unwrap_or_default(),
    }))
}

fn aged(call: &Call, item: &mut Object) {
    legacy::mix_tags(call.level, item);
    if call.level < Level(2, 13) {
        item.insert("metadata".to_owned(), json!([]));
    }
}

/// `queues.create`
async fn create(call: &Call) -> Answer {
    let mut given = call.data.clone();
    legacy::split_tags(call.level, &mut given, "queue");
    let wanted = name(needed(&given, "name")?)?;
    let mut kept = json!({});
    for key in ["tags", "system_tags", "metadata", "display_name"] {
        if let Some(value) = given.get(key).filter(|value| !value.is_null()) {
            kept[key] = tags(&given, key)?.map_or_else(|| value.clone(), |tags| json!(tags));
        }
    }
    queues(call).await?;
    let id = new_id();
    call.app.store.create_queue(&id, &wanted, &facts(call, kept)).await?;
    Ok(told(json!({"id": id})))
}

/// `queues.update`
async fn update(call: &Call) -> Answer {
    let mut given = call.data.clone();
    legacy::split_tags(call.level, &mut given, "queue");
    let mut queue = find(call, needed(&given, "queue")?).await?;
    let mut fields = Object::new();
    if let Some(wanted) = text(&given, "name") {
        queue.name = name(wanted)?;
        fields.insert("name".to_owned(), queue.name.as_str().into());
    }
    for key in ["tags", "system_tags", "metadata", "display_name"] {
        if let Some(value) = given.get(key).filter(|value| !value.is_null()) {
            let value = tags(&given, key)?.map_or_else(|| value.clone(), |tags| json!(tags));
            queue.document.insert(key.to_owned(), value.clone());
            fields.insert(key.to_owned(), value);
        }
    }
    save(call, &mut queue).await?;
    Ok(updated(1, fields))
}

async fn save(call: &Call, queue: &mut QueueRecord) -> Result<(), Refusal> {
    queue.document.insert("updated".to_owned(), (call.app.now)().0.into());
    Ok(call.app.store.rewrite_queue(&queue.id, &queue.name, &queue.document).await?)
}

/// `queues.delete`
async fn delete(call: &Call) -> Answer {
    let queue = find(call, needed(&call.data, "queue")?).await?;
    if !queue.entries.is_empty() && !flag(&call.data, "force") {
        return Err(Refusal::bad(702, "Queue is not empty; use force=true").with("id", queue.id));
    }
    empty(call, &queue).await?;
    call.app.store.delete_queue(&queue.id).await?;
    Ok(told(json!({"deleted": 1})))
}

async fn empty(call: &Call, queue: &QueueRecord) -> Result<Vec<RunId>, Refusal> {
    let mut gone = Vec::new();
    for (run, _) in &queue.entries {
        if call.app.store.leave_queue(Some(&queue.id), *run).await? > 0 {
            gone.push(*run);
            match give_back(call, &run.to_string()).await {
                Ok(()) | Err(Refusal { subcode: 101, .. }) => {}
                Err(refusal) => return Err(refusal),
            }
        }
    }
    Ok(gone)
}

/// `queues.clear_queue`
async fn clear(call: &Call) -> Answer {
    let queue = find(call, needed(&call.data, "queue")?).await?;
    Ok(told(json!({"removed_tasks": empty(call, &queue).await?})))
}

/// `queues.get_by_id`
async fn by_id(call: &Call) -> Answer {
    let queue = find(call, needed(&call.data, "queue")?).await?;
    let mut item = shape(&Directory::read(call).await?, &queue);
    cut_entries(call, &mut item);
    aged(call, &mut item);
    Ok(told(json!({"queue": item})))
}

fn cut_entries(call: &Call, item: &mut Object) {
    let most = int(&call.data, "max_task_entries").filter(|most| *most >= 0);
    if let (Some(most), Some(Value::Array(entries))) = (most, item.get_mut("entries")) {
        entries.truncate(most as usize);
    }
}

/// `queues.get_all`, and with `full` `queues.get_all_ex`.
async fn all(call: &Call, full: bool) -> Answer {
    let mut request = call.data.clone();
    legacy::split_tags(call.level, &mut request, "queue");
    let directory = Directory::read(call).await?;
    let conditions = Conditions::read(&request, &FIELDS)?;
    let (order, projection) = (Order::read(&request)?, Projection::read(&request)?);
    let page = Page::read(&request, &call.app.scrolls)?;
    let asked = conditions.names("id") || conditions.names("name");
    let wide = flag(&request, "search_hidden") || asked;
    let mut fitting = Vec::new();
    for queue in queues(call).await? {
        let item = shape(&directory, &queue);
        let marks = texts(&queue.document, "system_tags").unwrap_or_default();
        let marks = [marks, texts(&queue.document, "tags").unwrap_or_default()].concat();
        let hidden = marks.iter().any(|tag| tag == "k8s-glue" || tag == "hidden");
        if (wide || !hidden) && conditions.fit(&item)? {
            fitting.push(item);
        }
    }
    order.sort(&mut fitting);
    let (mut cut, scroll) = page.cut(fitting, &call.app.scrolls);
    for item in &mut cut {
        cut_entries(call, item);
        aged(call, item);
    }
    if full {
        expand_all(call, &directory, &mut cut).await?;
    }
    let cut: Vec<Object> = cut.into_iter().map(|item| projection.apply(item)).collect();
    let mut answer = told(json!({"queues": cut}));
    if let Some(scroll) = scroll {
        answer.insert("scroll_id".to_owned(), scroll.into());
    }
    Ok(answer)
}

/// Names the tasks of the entries, and adds who listens.
async fn expand_all(call: &Call, directory: &Directory, queues: &mut [Object]) -> Result<(), Refusal> {
    let ids: BTreeSet<String> = queues
        .iter()
        .flat_map(|queue| super::query::values(queue, "entries.task"))
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let scan = RunScan { ids: Some(ids.iter().filter_map(|id| id.parse().ok()).collect()), ..RunScan::default() };
    let names: BTreeMap<String, String> = call
        .app
        .store
        .scan_runs(&scan)
        .await?
        .into_iter()
        .map(|run| (run.facts.id.to_string(), run.facts.name))
        .collect();
    let workers = worker::alive(call).await?;
    for queue in queues {
        expand(queue, "entries.task", &|id: &str| json!({"id": id, "name": names.get(id)}));
        let id = queue.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let listening: Vec<Value> = workers
            .iter()
            .filter(|worker| texts(&worker.document, "queues").unwrap_or_default().contains(&id))
            .map(|worker| {
                let task = worker.document.get("task").cloned().unwrap_or_default();
                json!({"name": worker.name, "ip": "", "key": worker::key(worker), "task": task})
            })
            .collect();
        queue.insert("workers".to_owned(), listening.into());
        expand(queue, "user", &|id: &str| json!({"id": id, "name": directory.user_name(id)}));
        expand(queue, "company", &|id: &str| json!({"id": id}));
    }
    Ok(())
}

/// `queues.get_num_entries`
async fn num_entries(call: &Call) -> Answer {
    let queue = find(call, needed(&call.data, "queue")?).await?;
    Ok(told(json!({"num": queue.entries.len()})))
}

/// `queues.peek_task`
async fn peek(call: &Call) -> Answer {
    let queue = find(call, needed(&call.data, "queue")?).await?;
    Ok(told(json!({"task": queue.entries.first().map(|(run, _)| *run)})))
}

/// `queues.get_next_task`: the first one leaves the queue, for one taker alone.
async fn next_task(call: &Call) -> Answer {
    let id = needed(&call.data, "queue")?;
    queues(call).await?;
    let store = &call.app.store;
    // A queue that is not there is refused by the store.
    let Some((run, added)) = store.take_from_queue(id).await? else { return Ok(Object::new()) };
    let mut answer = told(json!({"entry": {"task": run, "added": iso(added)}}));
    note_waiting(call, id, added).await?;
    let Some(found) = store.run(run).await? else { return Ok(answer) };
    if found.status == Status::Stopped {
        let now = (call.app.now)();
        let back = |run: &mut Run| {
            run.stand(Status::Queued, "", "", now);
            Ok::<_, Refusal>(())
        };
        store.rewrite_run(run, now, back).await?;
    }
    if flag(&call.data, "get_task_info") {
        let user = Directory::read(call).await?.user(&found.facts.user).to_owned();
        answer.insert("task_info".to_owned(), json!({"company": COMPANY, "user": user}));
    }
    Ok(answer)
}

/// `queues.add_task`
async fn add_task(call: &Call) -> Answer {
    let queue = find(call, needed(&call.data, "queue")?).await?;
    let id = id_of(needed(&call.data, "task")?)?;
    super::task::find(call, &id.to_string()).await?;
    let now = (call.app.now)();
    if !call.app.store.enter_queue(&queue.id, id, now).await? {
        return Err(Refusal::bad(706, "Task already queued").with("task", id.to_string()));
    }
    if flag(&call.data, "update_execution_queue") {
        let name = |run: &mut Run| {
            set_extra(run, "queue", queue.id.as_str());
            Ok::<_, Refusal>(())
        };
        call.app.store.rewrite_run(id, now, name).await?;
    }
    Ok(told(json!({"added": 1})))
}

/// `queues.remove_task`
async fn remove_task(call: &Call) -> Answer {
    let queue = find(call, needed(&call.data, "queue")?).await?;
    let task = needed(&call.data, "task")?;
    let gone = match task.parse() {
        Ok(id) => call.app.store.leave_queue(Some(&queue.id), id).await?,
        Err(_) => 0,
    };
    if gone == 0 {
        let message = "Task is not in the queue";
        return Err(Refusal::bad(703, message).with("task", task).with("queue", queue.id));
    }
    if flag(&call.data, "update_task_status") {
        give_back(call, task).await?;
    }
    Ok(told(json!({"removed": 1})))
}

/// Moves a task within its queue, to where `place` says.
async fn relocate(call: &Call, place: fn(usize, usize, usize) -> usize) -> Answer {
    let queue = find(call, needed(&call.data, "queue")?).await?;
    let task = needed(&call.data, "task")?;
    let mut order: Vec<RunId> = queue.entries.iter().map(|(run, _)| *run).collect();
    let at = order.iter().position(|run| run.to_string() == task);
    let Some(at) = at else {
        return Err(Refusal::bad(703, "Task is not in the queue").with("task", task).with("queue", queue.id));
    };
    let count = int(&call.data, "count").unwrap_or(1);
    let count = usize::try_from(count).map_err(|_| Refusal::invalid("`count` is negative").with("field", "count"))?;
    let run = order.remove(at);
    let target = place(at, count, order.len());
    order.insert(target, run);
    call.app.store.order_queue(&queue.id, &order).await?;
    Ok(told(json!({"position": target})))
}

/// `queues.add_or_update_metadata`
async fn add_metadata(call: &Call) -> Answer {
    let mut queue = find(call, needed(&call.data, "queue")?).await?;
    let mut kept = match flag(&call.data, "replace_metadata") {
        true => Object::new(),
        false => object(&queue.document, "metadata").cloned().unwrap_or_default(),
    };
    for item in items(&call.data, "metadata").iter().filter_map(Value::as_object) {
        let key = text(item, "key").ok_or_else(|| Refusal::missing(&["key"]))?;
        kept.insert(key.to_owned(), item.clone().into());
    }
    queue.document.insert("metadata".to_owned(), kept.into());
    save(call, &mut queue).await?;
    Ok(told(json!({"updated": 1})))
}

/// `queues.delete_metadata`
async fn delete_metadata(call: &Call) -> Answer {
    let mut queue = find(call, needed(&call.data, "queue")?).await?;
    let keys = texts(&call.data, "keys").unwrap_or_default();
    let mut kept = object(&queue.document, "metadata").cloned().unwrap_or_default();
    let before = kept.len();
    kept.retain(|key, _| !keys.contains(key));
    let changed = before != kept.len();
    queue.document.insert("metadata".to_owned(), kept.into());
    save(call, &mut queue).await?;
    Ok(told(json!({"updated": u8::from(changed)})))
}

/// The name under which waiting times of a queue are kept.
fn waiting_of(queue: &str) -> String {
    format!("queue:{queue}")
}

/// Keeps how long a task waited, and how many still do.
async fn note_waiting(call: &Call, queue: &str, added: Timestamp) -> Result<(), Refusal> {
    let now = (call.app.now)();
    let length =
        call.app.store.queues().await?.into_iter().find(|one| one.id == queue).map_or(0, |one| one.entries.len());
    let report = told(json!({"waited": now.since(added) as f64 / 1000.0, "length": length}));
    Ok(call.app.store.add_worker_report(&waiting_of(queue), now, &report, worker::oldest(now)).await?)
}

/// `queues.get_queue_metrics`
async fn metrics(call: &Call) -> Answer {
    let slots = worker::Slots::of(call)?;
    let reports = call.app.store.worker_reports(slots.from, slots.to).await?;
    let wanted = texts(&call.data, "queue_ids").filter(|ids| !ids.is_empty());
    let mut queues_told = Vec::new();
    for queue in queues(call).await? {
        if wanted.as_ref().is_some_and(|ids| !ids.contains(&queue.id)) {
            continue;
        }
        let own: Vec<(Timestamp, f64, f64)> = reports
            .iter()
            .filter(|(name, ..)| *name == waiting_of(&queue.id))
            .map(|(_, time, report)| {
                let number = |key: &str| report.get(key).and_then(Value::as_f64).unwrap_or(0.0);
                (*time, number("waited"), number("length"))
            })
            .collect();
        let (dates, waits, lengths) = slots.means(&own);
        queues_told.push(json!({
            "queue": queue.id, "dates": dates, "avg_waiting_times": waits,
            "queue_lengths": lengths.iter().map(|length| length.round() as i64).collect::<Vec<_>>(),
        }));
    }
    Ok(told(json!({"queues": queues_told})))
}
