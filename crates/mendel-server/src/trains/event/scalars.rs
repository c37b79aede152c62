//! Scalar series: all points, or the means of windows.

use std::collections::{BTreeMap, HashSet};

use mendel_model::{EventKind, Run, SeriesKey, SeriesPoint};
use mendel_store::EventQuery;
use serde_json::{Value, json};

use super::target::{several, target};
use crate::trains::{
    Answer, Object,
    call::Call,
    refusal::Refusal,
    task::told::number,
    time::axis,
    value::{flag, int, items, text, texts, told},
};

/// Points of a series where nobody says how many.
const SAMPLES: i64 = 10_000;
/// Points of one page of raw values.
const RAW: i64 = 200_000;
/// Tasks that are compared at once.
const TASKS: usize = 100;

/// What stands on the other axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axis {
    Iteration,
    Time,
    IsoTime,
}

impl Axis {
    fn of(data: &Object) -> Self {
        match text(data, "key") {
            Some("timestamp") => Self::Time,
            Some("iso_time") => Self::IsoTime,
            _ => Self::Iteration,
        }
    }

    fn shown(self, x: i64) -> Value {
        match self {
            Self::Iteration | Self::Time => x.into(),
            Self::IsoTime => axis(x).into(),
        }
    }
}

/// Which metrics and variants a request narrows to.
#[derive(Debug, Default)]
pub(in crate::trains) struct Wanted(Vec<(String, HashSet<String>)>);

impl Wanted {
    pub(in crate::trains) fn of(given: &[Value]) -> Self {
        let one = |item: &Value| {
            let item = item.as_object()?;
            let variants = texts(item, "variants").unwrap_or_default().into_iter().collect();
            Some((text(item, "metric").unwrap_or_default().to_owned(), variants))
        };
        Self(given.iter().filter_map(one).collect())
    }

    pub(super) fn has(&self, metric: &str, variant: &str) -> bool {
        let fits = |(own, variants): &(String, HashSet<String>)| {
            own == metric && (variants.is_empty() || variants.contains(variant))
        };
        self.0.is_empty() || self.0.iter().any(fits)
    }
}

/// The points of a series, one an iteration: of several the last reported one stands.
fn settled(points: Vec<SeriesPoint>) -> Vec<SeriesPoint> {
    let mut newest: BTreeMap<i64, SeriesPoint> = BTreeMap::new();
    for point in points {
        newest.insert(point.step, point);
    }
    newest.into_values().collect()
}

/// Places and values of a series; means of windows where there are too many.
fn sampled(points: Vec<SeriesPoint>, by: Axis, samples: usize) -> Vec<(i64, f64)> {
    let place = |point: &SeriesPoint| if by == Axis::Iteration { point.step } else { point.time.0 };
    let mut placed: Vec<(i64, f64)> = settled(points).iter().map(|point| (place(point), point.value)).collect();
    placed.sort_by_key(|(x, _)| *x);
    let (Some((least, _)), Some((most, _))) = (placed.first(), placed.last()) else { return placed };
    if placed.len() < samples.max(1) {
        return placed;
    }
    let span = i128::from(*most) - i128::from(*least) + 1;
    let samples = samples.max(1) as i128;
    let width = ((span + samples - 1) / samples).max(1);
    if width == 1 {
        return placed;
    }
    let mut windows: BTreeMap<i128, (f64, f64)> = BTreeMap::new();
    for (x, value) in placed {
        let window = windows.entry(i128::from(x).div_euclid(width) * width).or_default();
        window.0 += value;
        window.1 += 1.0;
    }
    let mean = |(x, (sum, count)): (i128, (f64, f64))| (i64::try_from(x).unwrap_or(i64::MIN), sum / count);
    windows.into_iter().map(mean).collect()
}

async fn histogram_data(
    call: &Call,
    run: &Run,
    data: &Object,
    wanted: &Wanted,
) -> Result<BTreeMap<SeriesKey, Object>, Refusal> {
    let by = Axis::of(data);
    let samples = int(data, "samples").filter(|samples| *samples > 0).unwrap_or(SAMPLES);
    let samples = usize::try_from(samples).unwrap_or(usize::MAX);
    let labels: BTreeMap<SeriesKey, String> = call
        .app
        .store
        .metric_summaries(&[run.number])
        .await?
        .remove(&run.number)
        .unwrap_or_default()
        .into_iter()
        .filter(|summary| !summary.label.is_empty())
        .map(|summary| (summary.key, summary.label))
        .collect();
    let series = call.app.store.all_points(run.facts.id, |key| wanted.has(&key.metric, &key.variant)).await?;
    let mut told_series = BTreeMap::new();
    for (key, points) in series {
        let (xs, ys): (Vec<Value>, Vec<Value>) =
            sampled(points, by, samples).into_iter().map(|(x, y)| (by.shown(x), number(y))).unzip();
        let mut item = told(json!({"name": key.variant, "x": xs, "y": ys}));
        if let Some(label) = labels.get(&key) {
            item.insert("x_axis_label".to_owned(), label.as_str().into());
        }
        told_series.insert(key, item);
    }
    Ok(told_series)
}

fn place<'a>(map: &'a mut Object, key: &str) -> &'a mut Object {
    let place = map.entry(key).or_insert_with(|| json!({}));
    match place {
        Value::Object(object) => object,
        other => {
            *other = json!({});
            other.as_object_mut().expect("just made")
        }
    }
}

/// `events.scalar_metrics_iter_histogram`
pub(super) async fn histogram(call: &Call) -> Answer {
    let Some(run) = target(call).await? else { return Ok(Object::new()) };
    let wanted = Wanted::of(items(&call.data, "metrics"));
    let mut answer = Object::new();
    for (key, item) in histogram_data(call, &run, &call.data, &wanted).await? {
        place(&mut answer, &key.metric).insert(key.variant, item.into());
    }
    Ok(answer)
}

/// `events.multi_task_scalar_metrics_iter_histogram`
pub(super) async fn multi_histogram(call: &Call) -> Answer {
    let runs = several(call).await?;
    if runs.len() > TASKS {
        return Err(Refusal::invalid(format!("at most {TASKS} tasks are compared")).with("field", "tasks"));
    }
    Ok(told(json!({"metrics": histogram_of(call, &runs, &call.data).await?})))
}

/// The series of several tasks, by metric, variant and task.
pub(in crate::trains) async fn histogram_of(call: &Call, runs: &[Run], data: &Object) -> Answer {
    let wanted = Wanted::of(items(data, "metrics"));
    let mut metrics = Object::new();
    for run in runs {
        for (key, mut item) in histogram_data(call, run, data, &wanted).await? {
            item.insert("name".to_owned(), run.facts.name.as_str().into());
            let variants = place(&mut metrics, &key.metric);
            place(variants, &key.variant).insert(run.facts.id.to_string(), item.into());
        }
    }
    Ok(metrics)
}

/// `events.scalar_metrics_iter_raw`
pub(super) async fn raw(call: &Call) -> Answer {
    let scroll = text(&call.data, "scroll_id").map(str::to_owned);
    let state = match &scroll {
        Some(id) => call.app.scrolls.get(id).ok_or_else(|| bad_scroll(id))?.as_u64().unwrap_or(0) as usize,
        None => 0,
    };
    let run = target(call).await?;
    let metric = call.data.get("metric").cloned().unwrap_or_default();
    let wanted = Wanted::of(std::slice::from_ref(&metric));
    let by = Axis::of(&call.data);
    let size = int(&call.data, "batch_size").unwrap_or(RAW).clamp(1, RAW) as usize;
    let mut all: Vec<(String, i64, f64)> = Vec::new();
    if let Some(run) = run {
        let series = call.app.store.all_points(run.facts.id, |key| wanted.has(&key.metric, &key.variant)).await?;
        for (key, points) in series {
            let shown = settled(points).into_iter().map(|point| {
                let x = if by == Axis::Iteration { point.step } else { point.time.0 };
                (key.variant.clone(), x, point.value)
            });
            all.extend(shown);
        }
    }
    let total = all.len();
    let mut variants = Object::new();
    let name = text(&call.data, "key").unwrap_or("iter").to_owned();
    let mut returned = 0;
    for (variant, x, y) in all.into_iter().skip(state).take(size) {
        let item = variants.entry(variant).or_insert_with(|| json!({"y": [], &name: []}));
        for (key, value) in [("y", number(y)), (name.as_str(), by.shown(x))] {
            if let Some(Value::Array(list)) = item.get_mut(key) {
                list.push(value);
            }
        }
        returned += 1;
    }
    let scroll = call.app.scrolls.put(scroll.as_deref(), (state + returned).into());
    let mut answer = told(json!({"variants": variants, "returned": returned, "scroll_id": scroll}));
    if flag(&call.data, "count_total") {
        answer.insert("total".to_owned(), total.into());
    }
    Ok(answer)
}

pub(super) fn bad_scroll(id: &str) -> Refusal {
    Refusal::bad(1104, format!("Invalid scroll id: scroll_id={id}")).with("scroll_id", id)
}

/// `events.get_scalar_metric_data`
pub(super) async fn data(call: &Call) -> Answer {
    let scroll = text(&call.data, "scroll_id").map(str::to_owned);
    let state = match &scroll {
        Some(id) => call.app.scrolls.get(id).ok_or_else(|| bad_scroll(id))?.as_u64().unwrap_or(0) as usize,
        None => 0,
    };
    if text(&call.data, "task").is_none() {
        return Ok(told(json!({"events": [], "returned": 0, "total": 0})));
    }
    let run = target(call).await?;
    let metric = text(&call.data, "metric").map(str::to_owned);
    let mut events: Vec<Value> = Vec::new();
    if let Some(run) = run {
        let wanted = |key: &SeriesKey| metric.as_ref().is_none_or(|metric| key.metric == *metric);
        for (key, points) in call.app.store.all_points(run.facts.id, wanted).await? {
            events.extend(settled(points).iter().map(|point| scalar(&run, &key, point)));
        }
    }
    let total = events.len();
    let page: Vec<Value> = events.into_iter().skip(state).take(SAMPLES as usize).collect();
    let mut answer = told(json!({"returned": page.len(), "total": total}));
    if !flag(&call.data, "no_scroll") {
        let scroll = call.app.scrolls.put(scroll.as_deref(), (state + page.len()).into());
        answer.insert("scroll_id".to_owned(), scroll.into());
    }
    answer.insert("events".to_owned(), page.into());
    Ok(answer)
}

/// A point as an event.
pub(super) fn scalar(run: &Run, key: &SeriesKey, point: &SeriesPoint) -> Value {
    json!({
        "type": "training_stats_scalar", "task": run.facts.id, "metric": key.metric, "variant": key.variant,
        "iter": point.step, "timestamp": point.time.0, "value": number(point.value), "worker": "",
    })
}

/// `events.get_task_single_value_metrics`
pub(super) async fn single_values(call: &Call) -> Answer {
    let runs = several(call).await?;
    let wanted = Wanted::of(items(&call.data, "metrics"));
    Ok(told(json!({"tasks": super::shown::single_values_of(call, &runs, &wanted).await?})))
}

/// `events.get_task_latest_scalar_values`
pub(super) async fn latest(call: &Call) -> Answer {
    let mut metrics: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    if let Some(run) = target(call).await? {
        for (key, points) in call.app.store.all_points(run.facts.id, |_| true).await? {
            let points = settled(points);
            let tail = &points[points.len().saturating_sub(100)..];
            let mean = tail.iter().map(|point| point.value).sum::<f64>() / tail.len().max(1) as f64;
            let last = points.last().map_or(Value::Null, |point| number(point.value));
            let variant = json!({"name": key.variant, "last_value": last, "last_100_value": number(mean)});
            metrics.entry(key.metric).or_default().push(variant);
        }
    }
    let metrics: Vec<Value> =
        metrics.into_iter().map(|(name, variants)| json!({"name": name, "variants": variants})).collect();
    Ok(told(json!({"metrics": metrics})))
}

/// `events.vector_metrics_iter_histogram`
pub(super) async fn vectors(call: &Call) -> Answer {
    let Some(run) = target(call).await? else { return Ok(told(json!({"images": []}))) };
    let query = EventQuery {
        kind: Some(EventKind::Vector),
        metric: text(&call.data, "metric").map(str::to_owned),
        variant: text(&call.data, "variant").map(str::to_owned),
        ..EventQuery::default()
    };
    let mut events = call.app.store.events(run.facts.id, &query).await?;
    events.sort_by_key(|event| event.step);
    let images: Vec<Value> = events.iter().map(|event| super::plots::told_event(&run, event)).collect();
    Ok(told(json!({"images": images})))
}

#[cfg(test)]
mod tests {
    use mendel_model::Timestamp;

    use super::*;

    fn point(step: i64, value: f64) -> SeriesPoint {
        SeriesPoint { step, time: Timestamp(1000 * step), value }
    }

    #[test]
    fn tr_65_windows_begin_at_multiples_of_their_width() {
        let points: Vec<_> = (0..100).map(|step| point(step, step as f64)).collect();
        let ten = sampled(points.clone(), Axis::Iteration, 10);
        assert_eq!(ten, (0..10).map(|at| (at * 10, at as f64 * 10.0 + 4.5)).collect::<Vec<_>>());
        assert_eq!(sampled(points.clone(), Axis::Iteration, 30).len(), 25);
        assert_eq!(sampled(points.clone(), Axis::Iteration, 1000).len(), 100);
        assert_eq!(sampled(points, Axis::Time, 10)[1].0, 9901);
    }

    #[test]
    fn tr_65_a_later_report_of_an_iteration_stands() {
        let points = vec![point(3, 1.0), point(1, 5.0), point(3, 7.0)];
        assert_eq!(sampled(points, Axis::Iteration, 10), [(1, 5.0), (3, 7.0)]);
    }
}
