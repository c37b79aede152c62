//! Plots of tasks, and their events of any type in pages.

use std::collections::BTreeMap;

use mendel_model::{Event, EventKind, Run};
use mendel_store::EventQuery;
use serde_json::{Value, json};

use super::{
    log,
    metrics::kinds,
    scalars::{Wanted, bad_scroll, scalar},
    target::{several, target},
};
use crate::trains::{
    Answer, Object,
    call::Call,
    refusal::Refusal,
    task::told::{blob_address, number},
    value::{flag, int, items, text, told},
};

/// Events of a page, at most.
const MOST: i64 = 10_000;
/// Events of a page where nobody says how many.
const EVENTS: i64 = 500;

/// An event as it is told.
pub(in crate::trains) fn told_event(run: &Run, event: &Event) -> Value {
    let mut item = told(json!({
        "task": run.facts.id, "metric": event.metric, "variant": event.variant, "iter": event.step,
        "timestamp": event.time.0, "worker": "",
    }));
    let mut add = |key: &str, value: Value| drop(item.insert(key.to_owned(), value));
    match event.kind {
        EventKind::Plot | EventKind::Table => {
            add("type", "plot".into());
            let figure = match &event.body {
                Value::String(text) => text.clone(),
                body => body.to_string(),
            };
            add("plot_str", figure.into());
        }
        EventKind::Image | EventKind::Media => {
            add("type", "training_debug_image".into());
            let url = event.body.get("url").and_then(Value::as_str).filter(|url| !url.is_empty()).map(str::to_owned);
            let own = || event.blob.as_ref().map(|digest| blob_address("", digest, &event.file));
            add("url", url.or_else(own).unwrap_or_default().into());
            add("key", event.body.get("key").cloned().unwrap_or_else(|| "".into()));
        }
        EventKind::Vector => {
            add("type", "training_stats_vector".into());
            add("value", event.body.clone());
        }
        EventKind::Value => {
            add("type", "training_stats_scalar".into());
            add("value", event.body.as_f64().map_or(Value::Null, number));
        }
        EventKind::Text | EventKind::Stage => {
            add("type", "log".into());
            add("msg", event.body.clone());
        }
    }
    item.into()
}

/// The events of a run of some kinds that a request narrows to.
pub(super) async fn events_of(
    call: &Call,
    run: &Run,
    wanted_kinds: &[EventKind],
    wanted: &Wanted,
) -> Result<Vec<Event>, Refusal> {
    let mut events = Vec::new();
    for kind in wanted_kinds {
        let query = EventQuery { kind: Some(*kind), ..EventQuery::default() };
        events.extend(call.app.store.events(run.facts.id, &query).await?);
    }
    events.retain(|event| wanted.has(&event.metric, &event.variant));
    events.sort_by_key(|event| event.step);
    Ok(events)
}

/// The last `count` iterations of each metric and variant, or of each metric.
pub(super) fn last_iterations(events: Vec<Event>, count: usize, by_metric: bool) -> Vec<Event> {
    let mut steps: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
    let key = |event: &Event| {
        let variant = if by_metric { String::new() } else { event.variant.clone() };
        (event.metric.clone(), variant)
    };
    for event in &events {
        steps.entry(key(event)).or_default().push(event.step);
    }
    for own in steps.values_mut() {
        own.sort_unstable_by(|one, other| other.cmp(one));
        own.dedup();
        own.truncate(count);
    }
    events.into_iter().filter(|event| steps[&key(event)].contains(&event.step)).collect()
}

fn iterations(data: &Object) -> usize {
    int(data, "iters").filter(|iters| *iters > 0).and_then(|iters| usize::try_from(iters).ok()).unwrap_or(1)
}

/// A page of items, and the scroll that goes on.
fn paged(call: &Call, items: Vec<Value>, size: usize) -> Result<(Vec<Value>, usize, String), Refusal> {
    let scroll = text(&call.data, "scroll_id").map(str::to_owned);
    let start = match &scroll {
        Some(id) => call.app.scrolls.get(id).ok_or_else(|| bad_scroll(id))?.as_u64().unwrap_or(0) as usize,
        None => 0,
    };
    let total = items.len();
    let page: Vec<Value> = items.into_iter().skip(start).take(size).collect();
    let scroll = call.app.scrolls.put(scroll.as_deref(), (start + page.len()).into());
    Ok((page, total, scroll))
}

/// `events.get_task_plots`
pub(super) async fn of_task(call: &Call) -> Answer {
    let wanted = Wanted::of(items(&call.data, "metrics"));
    let plots = match target(call).await? {
        Some(run) => {
            let events = events_of(call, &run, &[EventKind::Plot, EventKind::Table], &wanted).await?;
            let events = last_iterations(events, iterations(&call.data), false);
            events.iter().map(|event| told_event(&run, event)).collect()
        }
        None => Vec::new(),
    };
    let (page, total, scroll) = paged(call, plots, MOST as usize)?;
    let mut answer = told(json!({"returned": page.len(), "total": total, "plots": page}));
    if !flag(&call.data, "no_scroll") {
        answer.insert("scroll_id".to_owned(), scroll.into());
    }
    Ok(answer)
}

/// `events.get_multi_task_plots`
pub(super) async fn multi(call: &Call) -> Answer {
    let runs = several(call).await?;
    let (plots, returned) = plots_of(call, &runs, &call.data).await?;
    // All is told at once; a scroll that comes back finds nothing more.
    let (plots, returned, scroll) = match text(&call.data, "scroll_id") {
        Some(id) => (Object::new(), 0, id.to_owned()),
        None => (plots, returned, call.app.scrolls.put(None, returned.into())),
    };
    let mut answer = told(json!({"plots": plots, "returned": returned, "total": returned}));
    if !flag(&call.data, "no_scroll") {
        answer.insert("scroll_id".to_owned(), scroll.into());
    }
    Ok(answer)
}

/// The plots of several runs by metric, variant, task and iteration.
pub(in crate::trains) async fn plots_of(call: &Call, runs: &[Run], data: &Object) -> Result<(Object, usize), Refusal> {
    let wanted = Wanted::of(items(data, "metrics"));
    let (mut plots, mut returned) = (json!({}), 0);
    for run in runs {
        let events = events_of(call, run, &[EventKind::Plot, EventKind::Table], &wanted).await?;
        for event in last_iterations(events, iterations(data), flag(data, "last_iters_per_task_metric")) {
            let place = &mut plots[&event.metric][&event.variant][run.facts.id.to_string()][event.step.to_string()];
            if place.is_null() {
                *place = json!({"name": run.facts.name, "plots": []});
            }
            if let Some(Value::Array(list)) = place.get_mut("plots") {
                list.push(told_event(run, &event));
                returned += 1;
            }
        }
    }
    Ok((told(plots), returned))
}

/// `events.get_task_events`
pub(super) async fn events(call: &Call) -> Answer {
    let wanted = Wanted::of(items(&call.data, "metrics"));
    let kind = text(&call.data, "event_type").map(|kind| kind.replace(' ', "_"));
    let mut all: Vec<Value> = Vec::new();
    if let Some(run) = target(call).await? {
        let is = |word: &str| kind.as_deref().is_none_or(|kind| kind == word);
        if is("training_stats_scalar") {
            let series = call.app.store.all_points(run.facts.id, |key| wanted.has(&key.metric, &key.variant)).await?;
            for (key, points) in series {
                let newest: BTreeMap<i64, _> = points.into_iter().map(|point| (point.step, point)).collect();
                all.extend(newest.values().map(|point| scalar(&run, &key, point)));
            }
            let values = events_of(call, &run, &[EventKind::Value], &wanted).await?;
            all.extend(values.iter().map(|event| told_event(&run, event)));
        }
        for word in ["plot", "training_debug_image", "training_stats_vector"].into_iter().filter(|word| is(word)) {
            let found = events_of(call, &run, kinds(word).unwrap_or(&[]), &wanted).await?;
            all.extend(found.iter().map(|event| told_event(&run, event)));
        }
        if is("log") {
            let lines = call.app.store.console(run.facts.id, 0, 0).await?.lines;
            all.extend(lines.iter().map(|line| log::event(&run, line)));
        }
    }
    let step = |event: &Value| event.get("iter").and_then(Value::as_i64).unwrap_or(0);
    all.sort_by_key(step);
    if text(&call.data, "order") == Some("desc") {
        all.reverse();
    }
    let size = int(&call.data, "batch_size").unwrap_or(EVENTS).clamp(1, MOST) as usize;
    let (page, total, scroll) = paged(call, all, size)?;
    Ok(told(json!({"returned": page.len(), "total": total, "scroll_id": scroll, "events": page})))
}
