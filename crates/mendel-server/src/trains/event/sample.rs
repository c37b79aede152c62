//! One image or one plot at a time: through the iterations of a metric, and its variants.

use mendel_model::{Event, EventKind, Run};
use serde_json::{Value, json};

use super::{
    plots::{events_of, told_event},
    scalars::{Wanted, bad_scroll},
    target::target,
};
use crate::trains::{
    Answer,
    call::Call,
    refusal::Refusal,
    value::{flag, flag_or, int, needed, text, told},
};

const PLOTS: [EventKind; 2] = [EventKind::Plot, EventKind::Table];
const IMAGES: [EventKind; 2] = [EventKind::Image, EventKind::Media];

/// `events.get_debug_image_sample`
pub(super) async fn image(call: &Call) -> Answer {
    first(call, false).await
}

/// `events.get_plot_sample`
pub(super) async fn plot(call: &Call) -> Answer {
    first(call, true).await
}

/// `events.next_debug_image_sample`
pub(super) async fn next_image(call: &Call) -> Answer {
    next(call, false).await
}

/// `events.next_plot_sample`
pub(super) async fn next_plot(call: &Call) -> Answer {
    next(call, true).await
}

/// Where a walk through samples stands.
struct Place {
    iteration: i64,
    metric: String,
    variant: String,
}

/// A sample: all plots of a metric at an iteration, or one image.
fn place(event: &Event, plot: bool) -> Place {
    let variant = if plot { String::new() } else { event.variant.clone() };
    Place { iteration: event.step, metric: event.metric.clone(), variant }
}

async fn sample_events(call: &Call, plot: bool) -> Result<Option<(Run, Vec<Event>)>, Refusal> {
    let Some(run) = target(call).await? else { return Ok(None) };
    let kinds = if plot { PLOTS } else { IMAGES };
    let events = events_of(call, &run, &kinds, &Wanted::default()).await?;
    Ok(Some((run, events)))
}

async fn first(call: &Call, plot: bool) -> Answer {
    let metric = needed(&call.data, "metric")?.to_owned();
    let variant = text(&call.data, "variant").unwrap_or_default().to_owned();
    let Some((run, events)) = sample_events(call, plot).await? else {
        return Ok(told(json!({"scroll_id": call.app.scrolls.put(None, Value::Null)})));
    };
    let wanted = int(&call.data, "iteration");
    let fits = |event: &&Event| {
        event.metric == metric && (plot || event.variant == variant) && wanted.is_none_or(|wanted| event.step <= wanted)
    };
    let found = events.iter().filter(fits).max_by_key(|event| event.step).map(|event| place(event, plot));
    let only = flag(&call.data, "navigate_current_metric").then(|| metric.clone());
    let scroll = text(&call.data, "scroll_id").filter(|_| !flag(&call.data, "refresh"));
    show(call, &run, &events, found, only, scroll, plot)
}

async fn next(call: &Call, plot: bool) -> Answer {
    let id = needed(&call.data, "scroll_id")?;
    let state = call.app.scrolls.get(id).ok_or_else(|| bad_scroll(id))?;
    let Some((run, mut events)) = sample_events(call, plot).await? else {
        return Ok(told(json!({"scroll_id": id})));
    };
    let only = state.get("only").and_then(Value::as_str).map(str::to_owned);
    if let Some(only) = &only {
        events.retain(|event| event.metric == *only);
    }
    let at = |key: &str| state.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let here = (state.get("iteration").and_then(Value::as_i64).unwrap_or(0), at("metric"), at("variant"));
    let mut places: Vec<(i64, String, String)> = events
        .iter()
        .map(|event| place(event, plot))
        .map(|place| (place.iteration, place.metric, place.variant))
        .collect();
    places.sort();
    places.dedup();
    let earlier = flag_or(&call.data, "navigate_earlier", true);
    let jump = flag(&call.data, "next_iteration");
    let fits = |place: &&(i64, String, String)| match (jump, earlier) {
        (true, true) => place.0 < here.0,
        (true, false) => place.0 > here.0,
        (false, true) => **place < here,
        (false, false) => **place > here,
    };
    let found = if earlier { places.iter().rev().find(fits) } else { places.iter().find(fits) };
    let found = found.cloned().map(|(iteration, metric, variant)| Place { iteration, metric, variant });
    show(call, &run, &events, found, only, Some(id), plot)
}

fn show(
    call: &Call,
    run: &Run,
    events: &[Event],
    found: Option<Place>,
    only: Option<String>,
    scroll: Option<&str>,
    plot: bool,
) -> Answer {
    let Some(found) = found else {
        let scroll = scroll.map_or_else(|| call.app.scrolls.put(None, Value::Null), str::to_owned);
        let nothing = if plot { json!({"scroll_id": scroll, "events": []}) } else { json!({"scroll_id": scroll}) };
        return Ok(told(nothing));
    };
    let same = |event: &&Event| event.metric == found.metric && (plot || event.variant == found.variant);
    let steps = events.iter().filter(same).map(|event| event.step);
    let (least, most) = (steps.clone().min(), steps.max());
    let shown: Vec<Value> = events
        .iter()
        .filter(same)
        .filter(|event| event.step == found.iteration)
        .map(|event| told_event(run, event))
        .collect();
    let state = json!({"iteration": found.iteration, "metric": found.metric, "variant": found.variant, "only": only});
    let scroll = call.app.scrolls.put(scroll, state);
    let mut answer = told(json!({"scroll_id": scroll, "min_iteration": least, "max_iteration": most}));
    match plot {
        true => answer.insert("events".to_owned(), shown.into()),
        false => answer.insert("event".to_owned(), shown.into_iter().next_back().unwrap_or_default()),
    };
    Ok(answer)
}
