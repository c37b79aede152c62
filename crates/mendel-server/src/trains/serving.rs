//! Containers that serve models: they report, and are forgotten when they fall silent.
//!
//! What they report lies with the reports of workers; a container is a worker of its own
//! kind.

use std::collections::BTreeMap;

use mendel_model::Timestamp;
use mendel_store::WorkerRecord;
use serde_json::{Value, json};

use super::{
    Answer, Object,
    call::Call,
    refusal::Refusal,
    time::iso,
    value::{flag, int, needed, text, told},
    worker::{Slots, oldest},
};

/// The owner of containers among the workers.
const OWNER: &str = "serving";
/// Seconds after which a silent container is gone, where it says nothing else.
const TIMEOUT: i64 = 600;

/// Answers an endpoint of `serving`.
pub(super) async fn answer(call: &Call, action: &str) -> Option<Answer> {
    Some(match action {
        "register_container" => register(call).await,
        "unregister_container" => unregister(call).await,
        "container_status_report" => report(call).await,
        "get_endpoints" => endpoints(call).await,
        "get_endpoint_details" => details(call).await,
        "get_endpoint_metrics_history" => history(call).await,
        "get_loading_instances" => loading(call).await,
        _ => return None,
    })
}

async fn containers(call: &Call) -> Result<Vec<WorkerRecord>, Refusal> {
    let now = (call.app.now)();
    let workers = call.app.store.workers().await?.into_iter().filter(|worker| worker.owner == OWNER);
    Ok(workers
        .filter(|worker| {
            let timeout = int(&worker.document, "timeout").filter(|timeout| *timeout > 0).unwrap_or(TIMEOUT);
            now.since(worker.seen) <= timeout.saturating_mul(1000).unsigned_abs()
        })
        .collect())
}

async fn register(call: &Call) -> Answer {
    let now = (call.app.now)();
    let mut document = call.data.clone();
    document.insert("registered".to_owned(), now.0.into());
    let name = needed(&call.data, "container_id")?.to_owned();
    call.app.store.put_worker(&WorkerRecord { name, owner: OWNER.to_owned(), seen: now, document }).await?;
    Ok(Object::new())
}

async fn unregister(call: &Call) -> Answer {
    let name = needed(&call.data, "container_id")?;
    match call.app.store.remove_worker(name, OWNER).await? {
        true => Ok(Object::new()),
        false => Err(Refusal::bad(1051, "Container is not registered").with("container_id", name)),
    }
}

async fn report(call: &Call) -> Answer {
    let now = (call.app.now)();
    let name = needed(&call.data, "container_id")?;
    let known = containers(call).await?.into_iter().find(|container| container.name == name);
    let mut container = known.unwrap_or_else(|| WorkerRecord {
        name: name.to_owned(),
        owner: OWNER.to_owned(),
        seen: now,
        document: told(json!({"registered": now.0})),
    });
    container.document.extend(call.data.clone());
    container.document.insert("reported".to_owned(), now.0.into());
    container.seen = now;
    call.app.store.put_worker(&container).await?;
    let kept: Object = ["uptime_sec", "requests_num", "requests_min", "latency_ms"]
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), call.data.get(*key)?.clone())))
        .collect();
    call.app.store.add_worker_report(&format!("{OWNER}:{name}"), now, &kept, oldest(now)).await?;
    Ok(Object::new())
}

fn url(container: &WorkerRecord) -> &str {
    text(&container.document, "endpoint_url").unwrap_or_default()
}

fn number(container: &WorkerRecord, key: &str) -> f64 {
    container.document.get(key).and_then(Value::as_f64).unwrap_or(0.0)
}

/// Containers of each address that serve already.
async fn by_url(call: &Call) -> Result<BTreeMap<String, Vec<WorkerRecord>>, Refusal> {
    let mut by_url: BTreeMap<String, Vec<WorkerRecord>> = BTreeMap::new();
    for container in containers(call).await?.into_iter().filter(|one| !url(one).is_empty()) {
        by_url.entry(url(&container).to_owned()).or_default().push(container);
    }
    Ok(by_url)
}

fn facts(container: &WorkerRecord) -> Object {
    let of = |key: &str| text(&container.document, key).unwrap_or_default();
    told(json!({
        "endpoint": of("endpoint_name"), "model": of("model_name"), "url": url(container),
        "model_source": of("model_source"), "model_version": of("model_version"),
        "preprocess_artifact": of("preprocess_artifact"), "input_type": of("input_type"), "input_size": of("input_size"),
    }))
}

fn sum(containers: &[WorkerRecord], key: &str) -> f64 {
    containers.iter().map(|one| number(one, key)).sum()
}

fn most(containers: &[WorkerRecord], key: &str) -> i64 {
    containers.iter().map(|one| number(one, key) as i64).max().unwrap_or(0)
}

fn latest(containers: &[WorkerRecord]) -> String {
    iso(containers.iter().map(|one| one.seen).max().unwrap_or_default())
}

async fn endpoints(call: &Call) -> Answer {
    let endpoints: Vec<Value> = by_url(call)
        .await?
        .into_values()
        .map(|containers| {
            let first = facts(&containers[0]);
            json!({
                "endpoint": first["endpoint"], "model": first["model"], "url": first["url"],
                "instances": containers.len(), "uptime_sec": most(&containers, "uptime_sec"),
                "requests": sum(&containers, "requests_num") as i64, "requests_min": sum(&containers, "requests_min"),
                "latency_ms": sum(&containers, "latency_ms") as i64 / containers.len() as i64,
                "last_update": latest(&containers),
            })
        })
        .collect();
    Ok(told(json!({"endpoints": endpoints})))
}

async fn of_url(call: &Call) -> Result<Vec<WorkerRecord>, Refusal> {
    let wanted = needed(&call.data, "endpoint_url")?;
    let found = by_url(call).await?.remove(wanted);
    found.ok_or_else(|| Refusal::bad(1052, "No container serves the URL").with("endpoint_url", wanted))
}

async fn details(call: &Call) -> Answer {
    let containers = of_url(call).await?;
    let mut answer = facts(&containers[0]);
    let instances: Vec<Value> = containers
        .iter()
        .map(|one| {
            let stats = one.document.get("machine_stats").cloned().unwrap_or_default();
            let count = |key: &str| stats.get(key).and_then(Value::as_array).map_or(0, Vec::len);
            json!({
                "id": one.name, "uptime_sec": number(one, "uptime_sec") as i64,
                "requests": number(one, "requests_num") as i64, "requests_min": number(one, "requests_min"),
                "latency_ms": number(one, "latency_ms") as i64, "last_update": iso(one.seen),
                "cpu_count": count("cpu_usage"), "gpu_count": count("gpu_usage"),
                "reference": one.document.get("reference").cloned().unwrap_or_else(|| json!([])),
            })
        })
        .collect();
    answer.insert("uptime_sec".to_owned(), most(&containers, "uptime_sec").into());
    answer.insert("last_update".to_owned(), latest(&containers).into());
    answer.insert("instances".to_owned(), instances.into());
    Ok(answer)
}

async fn history(call: &Call) -> Answer {
    let slots = Slots::of(call)?;
    let containers = of_url(call).await?;
    let metric = text(&call.data, "metric_type").unwrap_or("requests");
    let key = match metric {
        "latency_ms" | "latency" => "latency_ms",
        "requests_min" => "requests_min",
        "uptime" => "uptime_sec",
        _ => "requests_num",
    };
    let reports = call.app.store.worker_reports(slots.from, slots.to).await?;
    let of = |name: Option<&str>| -> Vec<(Timestamp, f64, f64)> {
        let own = reports.iter().filter(|(worker, ..)| match worker.strip_prefix("serving:") {
            Some(worker) => match name {
                Some(name) => worker == name,
                None => containers.iter().any(|one| one.name == worker),
            },
            None => false,
        });
        own.filter_map(|(_, time, report)| Some((*time, report.get(key)?.as_f64()?, 0.0))).collect()
    };
    let series = |name: Option<&str>, title: &str| {
        let (dates, values, _) = slots.means(&of(name));
        json!({"title": title, "dates": dates, "values": values})
    };
    let mut answer = told(json!({"computed_interval": slots.seconds(), "total": series(None, metric)}));
    if flag(&call.data, "instance_charts") {
        let instances: Object =
            containers.iter().map(|one| (one.name.clone(), series(Some(&one.name), &one.name))).collect();
        answer.insert("instances".to_owned(), instances.into());
    }
    Ok(answer)
}

async fn loading(call: &Call) -> Answer {
    let now = (call.app.now)();
    let instances: Vec<Value> = containers(call)
        .await?
        .iter()
        .filter(|one| url(one).is_empty())
        .map(|one| {
            let mut item = facts(one);
            let registered = int(&one.document, "registered").map_or(one.seen, Timestamp);
            item.extend(told(json!({
                "id": one.name, "uptime_sec": number(one, "uptime_sec") as i64, "last_update": iso(one.seen),
                "age_sec": now.since(registered) / 1000,
            })));
            Value::Object(item)
        })
        .collect();
    Ok(told(json!({"instances": instances})))
}
