//! Workers: who serves queues, what they do, and how their machines fare.

use std::collections::{BTreeMap, BTreeSet};

use mendel_model::{Run, Timestamp};
use mendel_store::{RunScan, WorkerRecord};
use serde_json::{Value, json};

use super::{
    Answer, Object,
    call::Call,
    directory::Directory,
    query::Pattern,
    refusal::Refusal,
    session::COMPANY,
    task::{id_of, set_extra},
    time::iso,
    value::{flag, int, items, needed, object, text, texts, told},
};

/// Seconds after which a silent worker is gone, where it says nothing else.
const TIMEOUT: i64 = 600;
/// Reports of machines are kept for so long.
const KEPT: i64 = 30 * 24 * 3600 * 1000;
/// Seconds of a time slot, at least.
const INTERVAL: i64 = 40;
/// Time slots of one answer, at most.
const SLOTS: i64 = 20_000;

/// Answers an endpoint of `workers`.
pub(super) async fn answer(call: &Call, action: &str) -> Option<Answer> {
    Some(match action {
        "register" => register(call).await,
        "unregister" => unregister(call).await,
        "status_report" => status_report(call).await,
        "get_all" => all(call).await,
        "get_count" => count(call).await,
        "get_metric_keys" => metric_keys(call).await,
        "get_stats" => stats(call).await,
        "get_activity_report" => activity(call).await,
        "get_runtime_properties" => runtime_properties(call).await,
        "set_runtime_properties" => set_runtime_properties(call).await,
        _ => return None,
    })
}

/// The time before which reports are forgotten.
pub(super) fn oldest(now: Timestamp) -> Timestamp {
    Timestamp(now.0 - KEPT)
}

/// What names a worker among those of all users.
pub(super) fn key(worker: &WorkerRecord) -> String {
    format!("worker_{COMPANY}_{}_{}", worker.owner, worker.name)
}

/// Workers that were heard of lately enough.
pub(super) async fn alive(call: &Call) -> Result<Vec<WorkerRecord>, Refusal> {
    let now = (call.app.now)();
    let workers = call.app.store.workers().await?.into_iter().filter(|worker| worker.owner != "serving");
    let fresh = |worker: &WorkerRecord| {
        let timeout = int(&worker.document, "timeout").filter(|timeout| *timeout > 0).unwrap_or(TIMEOUT);
        now.since(worker.seen) <= timeout.saturating_mul(1000).unsigned_abs()
    };
    Ok(workers.filter(fresh).collect())
}

async fn known(call: &Call, name: &str) -> Result<Option<WorkerRecord>, Refusal> {
    let workers = call.app.store.workers().await?;
    Ok(workers.into_iter().find(|worker| worker.name == name && worker.owner == call.who.id))
}

fn fresh(call: &Call, name: &str) -> WorkerRecord {
    let now = (call.app.now)();
    let document = told(json!({"registered": now.0}));
    WorkerRecord { name: name.to_owned(), owner: call.who.id.clone(), seen: now, document }
}

/// Takes over the fields of a request that describe a worker.
fn describe(call: &Call, worker: &mut WorkerRecord) {
    for key in ["queues", "tags", "system_tags", "timeout"] {
        if let Some(value) = call.data.get(key).filter(|value| !value.is_null()) {
            worker.document.insert(key.to_owned(), value.clone());
        }
    }
    worker.seen = (call.app.now)();
    worker.document.insert("active".to_owned(), worker.seen.0.into());
}

/// `workers.register`
async fn register(call: &Call) -> Answer {
    let name = needed(&call.data, "worker")?;
    for queue in texts(&call.data, "queues").unwrap_or_default() {
        super::queue::find(call, &queue).await?;
    }
    let mut worker = known(call, name).await?.unwrap_or_else(|| fresh(call, name));
    describe(call, &mut worker);
    call.app.store.put_worker(&worker).await?;
    Ok(Object::new())
}

/// `workers.unregister`
async fn unregister(call: &Call) -> Answer {
    call.app.store.remove_worker(needed(&call.data, "worker")?, &call.who.id).await?;
    Ok(Object::new())
}

/// `workers.status_report`
async fn status_report(call: &Call) -> Answer {
    let name = needed(&call.data, "worker")?;
    let now = (call.app.now)();
    let mut worker = known(call, name).await?.unwrap_or_else(|| fresh(call, name));
    describe(call, &mut worker);
    for key in ["task", "queue"] {
        match text(&call.data, key) {
            Some(id) => worker.document.insert(key.to_owned(), id.into()),
            None => worker.document.remove(key),
        };
    }
    worker.document.insert("reported".to_owned(), now.0.into());
    if let Some(id) = text(&call.data, "task") {
        let note = |run: &mut Run| {
            set_extra(run, "last_worker", name);
            set_extra(run, "last_worker_report", iso(now));
            run.updated = run.updated.max(now);
            Ok::<_, Refusal>(())
        };
        call.app.store.rewrite_run(id_of(id)?, now, note).await?;
    }
    call.app.store.put_worker(&worker).await?;
    let mut report = object(&call.data, "machine_stats").cloned().unwrap_or_default();
    report.retain(|_, value| !value.is_null());
    if let Some(task) = text(&call.data, "task") {
        report.insert("task".to_owned(), task.into());
    }
    let time = int(&call.data, "timestamp").map_or(now, Timestamp);
    call.app.store.add_worker_report(name, time, &report, oldest(now)).await?;
    Ok(Object::new())
}

/// Workers that fit a request.
async fn chosen(call: &Call) -> Result<Vec<WorkerRecord>, Refusal> {
    let now = (call.app.now)();
    let mut workers = alive(call).await?;
    if let Some(seconds) = int(&call.data, "last_seen").filter(|seconds| *seconds > 0) {
        workers.retain(|worker| now.since(worker.seen) <= seconds.unsigned_abs().saturating_mul(1000));
    }
    for key in ["tags", "system_tags"] {
        if let Some(wanted) = texts(&call.data, key).filter(|wanted| !wanted.is_empty()) {
            workers.retain(|worker| {
                let own = texts(&worker.document, key).unwrap_or_default();
                wanted.iter().any(|tag| own.contains(tag))
            });
        }
    }
    if let Some(pattern) = text(&call.data, "worker_pattern") {
        let pattern = Pattern::new(pattern, true)?;
        let mut fitting = Vec::new();
        for worker in workers {
            if pattern.is_in(&worker.name)? {
                fitting.push(worker);
            }
        }
        workers = fitting;
    }
    Ok(workers)
}

/// `workers.get_all`
async fn all(call: &Call) -> Answer {
    let directory = Directory::read(call).await?;
    let workers = chosen(call).await?;
    let queues = super::queue::queues(call).await?;
    let ids: BTreeSet<_> = workers
        .iter()
        .filter_map(|worker| text(&worker.document, "task")?.parse().ok())
        .chain(queues.iter().filter_map(|queue| queue.entries.first().map(|(run, _)| *run)))
        .collect();
    let scan = RunScan { ids: Some(ids.into_iter().collect()), ..RunScan::default() };
    let runs: BTreeMap<String, Run> =
        call.app.store.scan_runs(&scan).await?.into_iter().map(|run| (run.facts.id.to_string(), run)).collect();
    let queue_entry = |id: &str| {
        let queue = queues.iter().find(|queue| queue.id == id)?;
        let next = queue.entries.first().map(|(run, _)| run.to_string());
        let next = next.map(|id| json!({"id": id, "name": runs.get(&id).map(|run| run.facts.name.as_str())}));
        let mut entry = told(json!({"id": queue.id, "name": queue.name, "num_tasks": queue.entries.len()}));
        if let Some(next) = next {
            entry.insert("next_task".to_owned(), next);
        }
        Some(Value::Object(entry))
    };
    let mut told_workers = Vec::new();
    for worker in &workers {
        let facts = &worker.document;
        let time = |key: &str| int(facts, key).map_or(worker.seen, Timestamp);
        let mut item = told(json!({
            "id": worker.name,
            "key": key(worker),
            "ip": "",
            "user": {"id": worker.owner, "name": directory.user_name(&worker.owner)},
            "company": super::session::company(),
            "register_time": iso(time("registered")),
            "last_activity_time": iso(worker.seen),
            "last_report_time": iso(time("reported")),
            "tags": texts(facts, "tags").unwrap_or_default(),
            "system_tags": texts(facts, "system_tags").unwrap_or_default(),
            "queues": texts(facts, "queues").unwrap_or_default().iter().filter_map(|id| queue_entry(id)).collect::<Vec<_>>(),
        }));
        if let Some(queue) = text(facts, "queue").and_then(queue_entry) {
            item.insert("queue".to_owned(), queue);
        }
        if let Some(run) = text(facts, "task").and_then(|id| runs.get(id)) {
            let running = run.started.map_or(0, |started| (call.app.now)().since(started));
            item.insert("task".to_owned(), json!({
                "id": run.facts.id, "name": run.facts.name, "running_time": running, "last_iteration": run.last_iteration,
            }));
            if let Some(record) = directory.by_name(&run.facts.project) {
                item.insert("project".to_owned(), json!({"id": record.id, "name": record.project.name}));
            }
        }
        told_workers.push(Value::Object(item));
    }
    Ok(told(json!({"workers": told_workers})))
}

/// `workers.get_count`
async fn count(call: &Call) -> Answer {
    Ok(told(json!({"count": chosen(call).await?.len()})))
}

/// Numbers of a report by their key and, in a list, their place.
fn numbers(report: &Object) -> impl Iterator<Item = (&str, Option<usize>, f64)> {
    report.iter().flat_map(|(key, value)| {
        let list: Vec<(Option<usize>, f64)> = match value {
            Value::Array(items) => {
                items.iter().enumerate().filter_map(|(at, item)| Some((Some(at), item.as_f64()?))).collect()
            }
            value => value.as_f64().map(|number| (None, number)).into_iter().collect(),
        };
        list.into_iter().map(move |(at, number)| (key.as_str(), at, number))
    })
}

/// `workers.get_metric_keys`
async fn metric_keys(call: &Call) -> Answer {
    let now = (call.app.now)();
    let wanted = texts(&call.data, "worker_ids").filter(|ids| !ids.is_empty());
    let reports = call.app.store.worker_reports(oldest(now), now).await?;
    let mut categories: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (name, _, report) in &reports {
        if name.starts_with("queue:") || wanted.as_ref().is_some_and(|ids| !ids.contains(name)) {
            continue;
        }
        for (key, ..) in numbers(report) {
            let category = key.split('_').next().unwrap_or(key);
            categories.entry(category).or_default().insert(key.to_owned());
        }
    }
    if categories.is_empty() && wanted.is_some() {
        return Err(Refusal::bad(1005, "No statistic metrics found for the workers"));
    }
    let categories: Vec<Value> =
        categories.into_iter().map(|(name, keys)| json!({"name": name, "metric_keys": keys})).collect();
    Ok(told(json!({"categories": categories})))
}

/// Equal stretches of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slots {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    width: i64,
}

impl Slots {
    /// What a request asks for: two times in seconds, and the seconds of a slot.
    pub(super) fn of(call: &Call) -> Result<Self, Refusal> {
        let second = |key: &str| {
            let value = call.data.get(key).and_then(Value::as_f64).unwrap_or(0.0);
            (value * 1000.0) as i64
        };
        let (from, to) = (second("from_date"), second("to_date"));
        if from >= to {
            return Err(
                Refusal::bad(16, "Bad field value (`from_date` must be before `to_date`)").with("field", "to_date")
            );
        }
        let least = (to.saturating_sub(from) / SLOTS).max(INTERVAL * 1000);
        let width = int(&call.data, "interval").unwrap_or(INTERVAL).saturating_mul(1000).max(least);
        Ok(Self { from: Timestamp(from), to: Timestamp(to), width })
    }

    /// Seconds of a slot.
    pub(super) fn seconds(&self) -> i64 {
        self.width / 1000
    }

    fn slot(&self, time: Timestamp) -> i64 {
        self.from.0 + (time.0 - self.from.0).div_euclid(self.width) * self.width
    }

    /// Means of two numbers in the slots that have some.
    pub(super) fn means(&self, points: &[(Timestamp, f64, f64)]) -> (Vec<i64>, Vec<f64>, Vec<f64>) {
        let mut slots: BTreeMap<i64, (f64, f64, f64)> = BTreeMap::new();
        for (time, one, other) in points {
            let slot = slots.entry(self.slot(*time)).or_default();
            *slot = (slot.0 + one, slot.1 + other, slot.2 + 1.0);
        }
        let dates = slots.keys().map(|slot| slot / 1000).collect();
        let mean = |pick: fn(&(f64, f64, f64)) -> f64| slots.values().map(|slot| pick(slot) / slot.2).collect();
        (dates, mean(|slot| slot.0), mean(|slot| slot.1))
    }
}

/// `workers.get_stats`
async fn stats(call: &Call) -> Answer {
    let slots = Slots::of(call)?;
    let wanted = texts(&call.data, "worker_ids").filter(|ids| !ids.is_empty());
    let split = flag(&call.data, "split_by_variant");
    let asked: Vec<(&str, &str)> = items(&call.data, "items")
        .iter()
        .filter_map(Value::as_object)
        .filter_map(|item| Some((text(item, "key")?, text(item, "category").unwrap_or("avg"))))
        .collect();
    if asked.is_empty() {
        return Err(Refusal::invalid("`items` is empty").with("field", "items"));
    }
    type Series = BTreeMap<i64, Vec<f64>>;
    let mut found: BTreeMap<(String, String, String), Series> = BTreeMap::new();
    for (name, time, report) in call.app.store.worker_reports(slots.from, slots.to).await? {
        if name.starts_with("queue:") || wanted.as_ref().is_some_and(|ids| !ids.contains(&name)) {
            continue;
        }
        for (key, at, number) in numbers(&report).filter(|(key, ..)| asked.iter().any(|(own, _)| own == key)) {
            let variant = at.filter(|_| split).map_or_else(|| "total".to_owned(), |at| at.to_string());
            let series = found.entry((name.clone(), key.to_owned(), variant)).or_default();
            series.entry(slots.slot(time)).or_default().push(number);
        }
    }
    let mut workers: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for ((worker, metric, variant), series) in found {
        let dates: Vec<i64> = series.keys().map(|slot| slot / 1000).collect();
        let aggregate = |kind: &str| -> Vec<f64> {
            let of = |numbers: &Vec<f64>| match kind {
                "min" => numbers.iter().copied().fold(f64::INFINITY, f64::min),
                "max" => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                _ => numbers.iter().sum::<f64>() / numbers.len() as f64,
            };
            series.values().map(of).collect()
        };
        let kinds = asked.iter().filter(|(own, _)| *own == metric).map(|(_, kind)| *kind).collect::<BTreeSet<_>>();
        let told_stats: Vec<Value> =
            kinds.into_iter().map(|kind| json!({"aggregation": kind, "values": aggregate(kind)})).collect();
        let mut item = told(json!({"metric": metric, "dates": dates, "stats": told_stats}));
        if split {
            item.insert("variant".to_owned(), variant.into());
        }
        workers.entry(worker).or_default().push(item.into());
    }
    let workers: Vec<Value> =
        workers.into_iter().map(|(worker, metrics)| json!({"worker": worker, "metrics": metrics})).collect();
    Ok(told(json!({"workers": workers})))
}

/// `workers.get_activity_report`
async fn activity(call: &Call) -> Answer {
    let slots = Slots::of(call)?;
    let mut total: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    let mut active: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    for (name, time, report) in call.app.store.worker_reports(slots.from, slots.to).await? {
        if name.starts_with("queue:") {
            continue;
        }
        let slot = slots.slot(time);
        if report.contains_key("task") {
            active.entry(slot).or_default().insert(name.clone());
        }
        total.entry(slot).or_default().insert(name);
    }
    let series = |by_slot: &BTreeMap<i64, BTreeSet<String>>| {
        let dates: Vec<i64> = total.keys().map(|slot| slot / 1000).collect();
        let counts: Vec<usize> = total.keys().map(|slot| by_slot.get(slot).map_or(0, BTreeSet::len)).collect();
        json!({"dates": dates, "counts": counts})
    };
    Ok(told(json!({"total": series(&total), "active": series(&active)})))
}

/// `workers.get_runtime_properties`
async fn runtime_properties(call: &Call) -> Answer {
    let worker = known(call, text(&call.data, "worker").unwrap_or_default()).await?;
    let properties = worker.and_then(|worker| worker.document.get("properties").cloned());
    Ok(told(json!({"runtime_properties": properties.unwrap_or_else(|| json!([]))})))
}

/// `workers.set_runtime_properties`
async fn set_runtime_properties(call: &Call) -> Answer {
    let name = needed(&call.data, "worker")?;
    let Some(mut worker) = known(call, name).await? else {
        return Err(Refusal::bad(1004, "Worker is not registered").with("worker", name));
    };
    let given = items(&call.data, "runtime_properties");
    let added: Vec<&str> = given.iter().filter_map(|item| item.get("key")?.as_str()).collect();
    let answer = told(json!({"added": added, "removed": []}));
    worker.document.insert("properties".to_owned(), given.into());
    call.app.store.put_worker(&worker).await?;
    Ok(answer)
}
