//! Plots and images by task and iteration, a few iterations at a time and onward.

use std::collections::BTreeMap;

use mendel_model::{Event, EventKind, Run};
use serde_json::{Value, json};

use super::{
    plots::{events_of, told_event},
    scalars::{Wanted, bad_scroll},
    target::{target, targets},
};
use crate::trains::{
    Answer, Object,
    call::Call,
    level::Level,
    refusal::Refusal,
    task::told::number,
    value::{flag, flag_or, int, items, text, told},
};

/// Kinds of plots and of images.
const PLOTS: [EventKind; 2] = [EventKind::Plot, EventKind::Table];
const IMAGES: [EventKind; 2] = [EventKind::Image, EventKind::Media];

/// `events.plots`
pub(super) async fn plots(call: &Call) -> Answer {
    stepped(call, &PLOTS).await
}

/// `events.debug_images`
pub(super) async fn images(call: &Call) -> Answer {
    if call.level >= Level(2, 7) && call.data.contains_key("metrics") {
        return stepped(call, &IMAGES).await;
    }
    older_images(call).await
}

/// The form of earlier levels: the images of a task in one list.
async fn older_images(call: &Call) -> Answer {
    let count = int(&call.data, "iters").filter(|iters| *iters > 0).unwrap_or(1) as usize;
    let (task, images) = match target(call).await? {
        Some(run) => {
            let events = events_of(call, &run, &IMAGES, &Wanted::default()).await?;
            let events = super::plots::last_iterations(events, count, false);
            (run.facts.id.to_string(), events.iter().map(|event| told_event(&run, event)).collect())
        }
        None => (String::new(), Vec::new()),
    };
    // A scroll that comes back finds nothing more.
    let images = if text(&call.data, "scroll_id").is_some() { Vec::new() } else { images };
    let scroll = call.app.scrolls.put(text(&call.data, "scroll_id"), 0.into());
    let count = images.len();
    Ok(told(json!({"task": task, "images": images, "returned": count, "total": count, "scroll_id": scroll})))
}

/// Tasks and metrics of a request.
fn asked(given: &[Value]) -> BTreeMap<String, Vec<Value>> {
    let mut tasks: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for item in given.iter().filter_map(Value::as_object) {
        let Some(task) = text(item, "task") else { continue };
        let own = tasks.entry(task.to_owned()).or_default();
        if let Some(metric) = text(item, "metric") {
            own.push(json!({"metric": metric, "variants": item.get("variants").cloned().unwrap_or_default()}));
        }
    }
    tasks
}

/// Some iterations of each task: the next older ones with each call, until there are none.
async fn stepped(call: &Call, kinds: &[EventKind]) -> Answer {
    let scroll = text(&call.data, "scroll_id").map(str::to_owned);
    let refresh = flag(&call.data, "refresh");
    let state: Object = match scroll.as_deref() {
        Some(id) if !refresh => told(call.app.scrolls.get(id).ok_or_else(|| bad_scroll(id))?),
        _ => Object::new(),
    };
    let count = int(&call.data, "iters").filter(|iters| *iters > 0).unwrap_or(1) as usize;
    let earlier = flag_or(&call.data, "navigate_earlier", true);
    let tasks = asked(items(&call.data, "metrics"));
    let ids: Vec<String> = tasks.keys().cloned().collect();
    let (mut next, mut metrics) = (state.clone(), Vec::new());
    for run in targets(call, &ids).await? {
        let id = run.facts.id.to_string();
        let wanted = Wanted::of(tasks.get(&id).map_or(&[], Vec::as_slice));
        let events = events_of(call, &run, kinds, &wanted).await?;
        let seen = state.get(&id).and_then(Value::as_array);
        let edge = seen.and_then(|seen| Some((seen.first()?.as_i64()?, seen.get(1)?.as_i64()?)));
        let mut steps: Vec<i64> = events.iter().map(|event| event.step).collect();
        steps.dedup();
        // The lowest and the highest iteration that was told bound what comes next.
        if let Some((low, high)) = edge {
            steps.retain(|step| if earlier { *step < low } else { *step > high });
        }
        let chosen: Vec<i64> = match earlier {
            true => steps.iter().rev().take(count).copied().collect(),
            false => steps.iter().take(count).copied().collect::<Vec<_>>().into_iter().rev().collect(),
        };
        if let (Some(low), Some(high)) = (chosen.iter().min(), chosen.iter().max()) {
            next.insert(id.clone(), json!([low, high]));
        }
        metrics.push(json!({"task": id, "iterations": by_step(&run, &events, &chosen)}));
    }
    let scroll = call.app.scrolls.put(scroll.as_deref(), next.into());
    Ok(told(json!({"scroll_id": scroll, "metrics": metrics})))
}

fn by_step(run: &Run, events: &[Event], steps: &[i64]) -> Vec<Value> {
    let of = |step: &i64| {
        let own: Vec<Value> =
            events.iter().filter(|event| event.step == *step).map(|event| told_event(run, event)).collect();
        json!({"iter": step, "events": own})
    };
    steps.iter().map(of).collect()
}

/// The images of several runs as `events.debug_images` tells them.
pub(in crate::trains) async fn by_metric(call: &Call, runs: &[Run], data: &Object) -> Result<Vec<Value>, Refusal> {
    let wanted = Wanted::of(items(data, "metrics"));
    let count = int(data, "iters").filter(|iters| *iters > 0).unwrap_or(1) as usize;
    let mut metrics = Vec::new();
    for run in runs {
        let events = events_of(call, run, &IMAGES, &wanted).await?;
        let mut steps: Vec<i64> = events.iter().map(|event| event.step).collect();
        steps.dedup();
        let chosen: Vec<i64> = steps.iter().rev().take(count).copied().collect();
        metrics.push(json!({"task": run.facts.id, "iterations": by_step(run, &events, &chosen)}));
    }
    Ok(metrics)
}

/// The single values of several runs.
pub(in crate::trains) async fn single_values_of(
    call: &Call,
    runs: &[Run],
    wanted: &Wanted,
) -> Result<Vec<Value>, Refusal> {
    let numbers: Vec<i64> = runs.iter().map(|run| run.number).collect();
    let mut found = call.app.store.single_values(&numbers).await?;
    let mut tasks = Vec::new();
    for run in runs {
        let events = found.remove(&run.number).unwrap_or_default();
        let own: Vec<Value> = events
            .iter()
            .filter(|event| wanted.has(&event.metric, &event.variant))
            .map(|event| {
                let value = event.body.as_f64().map_or(Value::Null, number);
                json!({"metric": event.metric, "variant": event.variant, "value": value, "timestamp": event.time.0})
            })
            .collect();
        if !own.is_empty() {
            tasks.push(json!({"task": run.facts.id, "task_name": run.facts.name, "values": own}));
        }
    }
    Ok(tasks)
}
