//! `events.add` and `events.add_batch`: what cannot be kept is counted, the rest is kept.

use std::collections::{BTreeMap, HashMap};

use mendel_model::{
    ConsoleLine, ConsoleStream, Event, EventKind, Run, RunId, SeriesKey, SeriesPoint, Status, Timestamp,
};
use mendel_store::{Report, RunScan};
use serde_json::{Value, json};

use super::{SINGLE, target};
use crate::trains::{
    Answer, Object,
    call::Call,
    file,
    refusal::Refusal,
    value::{flag, text, told},
};

/// Metrics that a machine reports of itself; they never tell how far a task is.
const MONITORS: [&str; 2] = [":monitor:machine", ":monitor:gpu"];
/// Tasks that one batch is about.
const TASKS: usize = 1_000;

/// `events.add`
pub(super) async fn add_one(call: &Call) -> Answer {
    let told = add(call, std::slice::from_ref(&call.data)).await?;
    let errors = told.get("errors_info").and_then(Value::as_object).and_then(|errors| errors.keys().next().cloned());
    match errors {
        Some(error) => Err(Refusal::bad(131, format!("No event was added ({error})"))),
        None => Ok(told),
    }
}

/// `events.add_batch`
pub(super) async fn add_batch(call: &Call) -> Answer {
    if call.lines.is_empty() {
        return Err(Refusal::bad(17, "Batch contains no items"));
    }
    add(call, &call.lines).await
}

/// What was counted of a batch.
#[derive(Debug, Default)]
struct Count {
    added: usize,
    errors: BTreeMap<String, usize>,
}

async fn add(call: &Call, lines: &[Object]) -> Answer {
    let locked = flag(&lines[0], "allow_locked");
    if lines.iter().any(|line| flag(line, "allow_locked") != locked) {
        return Err(Refusal::invalid("`allow_locked` differs within the batch"));
    }
    let runs = runs_of(call, lines).await?;
    let mut count = Count::default();
    let mut reports: HashMap<RunId, Report> = HashMap::new();
    for line in lines {
        let kept = match run_of(line, &runs, locked) {
            Ok(run) => {
                let id = run.facts.id;
                keep(call, line, reports.entry(id).or_default()).await?
            }
            Err(error) => Err(error),
        };
        match kept {
            Ok(()) => count.added += 1,
            Err(error) => *count.errors.entry(error).or_default() += 1,
        }
    }
    let errors: usize = count.errors.values().sum();
    if count.added == 0 {
        return Err(Refusal::bad(131, "No event was added").with("errors_info", json!(count.errors)));
    }
    let touched: Vec<RunId> = reports.keys().copied().collect();
    let size = lines.len() * 64 / touched.len().max(1);
    call.app.store.report(reports.into_iter().collect(), (call.app.now)()).await?;
    touched.into_iter().for_each(|id| call.app.touched.add(id, size));
    Ok(told(json!({"added": count.added, "errors": errors, "errors_info": count.errors})))
}

/// The runs that a batch is about, by the id that its lines say.
async fn runs_of(call: &Call, lines: &[Object]) -> Result<HashMap<String, Run>, Refusal> {
    let mut tasks: Vec<&str> = Vec::new();
    let mut runs = HashMap::new();
    for line in lines {
        if flag(line, "model_event") {
            let id = text(line, "model").or_else(|| text(line, "task")).unwrap_or_default();
            if !runs.contains_key(id)
                && let Ok(run) = target::of_model(call, id).await
            {
                runs.insert(id.to_owned(), run);
            }
        } else if let Some(id) = text(line, "task").filter(|id| !tasks.contains(id)) {
            tasks.push(id);
        }
        if tasks.len() > TASKS {
            return Err(Refusal::invalid(format!("a batch is about at most {TASKS} tasks")));
        }
    }
    let ids = tasks.iter().filter_map(|id| id.parse().ok()).collect();
    let scan = RunScan { ids: Some(ids), ..RunScan::default() };
    for run in call.app.store.scan_runs(&scan).await? {
        runs.insert(run.facts.id.to_string(), run);
    }
    Ok(runs)
}

/// The run of a line, or why there is none.
fn run_of<'a>(line: &Object, runs: &'a HashMap<String, Run>, locked: bool) -> Result<&'a Run, String> {
    let model = flag(line, "model_event");
    let id = text(line, "model").filter(|_| model).or_else(|| text(line, "task"));
    let id = id.ok_or("Event must have a 'task' field")?;
    let known = id.parse::<RunId>().ok().map(|id| id.to_string());
    let run = known.and_then(|id| runs.get(&id));
    let run = run.ok_or(if model { "Invalid model id" } else { "Invalid task id" })?;
    match run.status == Status::Published && !locked {
        true => Err("Task is published".to_owned()),
        false => Ok(run),
    }
}

fn stamp(call: &Call, line: &Object) -> Timestamp {
    let given = ["timestamp", "ts"].iter().find_map(|key| line.get(*key).filter(|value| !value.is_null()));
    let number = given.and_then(|value| value.as_i64().or_else(|| value.as_f64().map(|number| number as i64)));
    number.map_or_else(|| (call.app.now)(), Timestamp)
}

/// Reads an event into a report. An inner refusal is one of the event, which is counted.
async fn keep(call: &Call, line: &Object, report: &mut Report) -> Result<Result<(), String>, Refusal> {
    let kind = text(line, "type").unwrap_or_default().replace(' ', "_");
    let time = stamp(call, line);
    if kind == "log" {
        return Ok(keep_log(line, time, report));
    }
    let step = match step(line) {
        Ok(step) => step,
        Err(error) => return Ok(Err(error)),
    };
    let named = |key: &str| line.get(key).map(crate::trains::task::told::written).unwrap_or_default();
    let (metric, variant) = (named("metric"), named("variant"));
    let event = |kind: EventKind, body: Value| Event {
        kind,
        metric: metric.clone(),
        variant: variant.clone(),
        step,
        time,
        body,
        blob: None,
        media: String::new(),
        file: String::new(),
    };
    match kind.as_str() {
        "training_stats_scalar" => {
            let Some(value) = line.get("value").and_then(number) else {
                return Ok(Err("Scalar event must have a number as its 'value'".to_owned()));
            };
            if step == SINGLE {
                report.events.push(event(EventKind::Value, json!(value)));
            } else {
                let key = SeriesKey { metric: metric.clone(), variant: variant.clone() };
                if let Some(label) = text(line, "x_axis_label") {
                    report.labels.insert(key.clone(), label.to_owned());
                }
                report.points.entry(key).or_default().push(SeriesPoint { step, time, value });
            }
        }
        "training_stats_vector" => {
            let values = line.get("values").filter(|values| values.is_array());
            let Some(values) = values else {
                return Ok(Err("Vector event must have 'values'".to_owned()));
            };
            report.events.push(event(EventKind::Vector, values.clone()));
        }
        "plot" => {
            let Some(figure) = text(line, "plot_str") else {
                return Ok(Err("Plot event must have 'plot_str'".to_owned()));
            };
            let body = match serde_json::from_str(figure) {
                Ok(body @ Value::Object(_)) => body,
                Ok(_) | Err(_) if flag(line, "skip_validation") => figure.into(),
                Ok(_) | Err(_) => return Ok(Err("Plot event must hold JSON in 'plot_str'".to_owned())),
            };
            report.events.push(event(EventKind::Plot, body));
        }
        "training_debug_image" => {
            let url = text(line, "url").unwrap_or_default();
            let body = json!({"url": url, "key": text(line, "key").unwrap_or_default()});
            let mut event = event(EventKind::Image, body);
            if let Some(known) = file::known(call, url).await? {
                event.blob = Some(known.digest);
                event.file = known.path.rsplit('/').next().unwrap_or_default().to_owned();
                event.media = file::media_of(&known.path).to_owned();
                if !event.media.starts_with("image/") {
                    event.kind = EventKind::Media;
                }
            }
            report.events.push(event);
        }
        other => return Ok(Err(format!("Invalid event type '{other}'"))),
    }
    if step != SINGLE && !MONITORS.contains(&metric.as_str()) {
        report.iteration = Some(report.iteration.map_or(step, |known| known.max(step)));
    }
    Ok(Ok(()))
}

fn keep_log(line: &Object, time: Timestamp, report: &mut Report) -> Result<(), String> {
    if flag(line, "model_event") {
        return Err("Log events are not kept for models".to_owned());
    }
    let level = text(line, "level").unwrap_or("info").to_ascii_lowercase();
    let stream = match ["error", "fatal", "critical"].contains(&level.as_str()) {
        true => ConsoleStream::Err,
        false => ConsoleStream::Out,
    };
    let message = line.get("msg").map(crate::trains::task::told::written).unwrap_or_default();
    for text in pieces(&message) {
        report.console.push(ConsoleLine { stream, time, text });
    }
    Ok(())
}

/// A message in pieces that a console line holds, cut at line ends where there are some.
fn pieces(message: &str) -> Vec<String> {
    const MOST: usize = mendel_model::limits::CONSOLE_LINE_BYTES;
    if message.len() <= MOST {
        return vec![message.to_owned()];
    }
    let (mut pieces, mut piece) = (Vec::new(), String::new());
    for line in message.split_inclusive('\n') {
        let mut rest = line;
        if piece.len() + rest.len() > MOST && !piece.is_empty() {
            pieces.push(std::mem::take(&mut piece));
        }
        while rest.len() > MOST {
            let (head, tail) = rest.split_at(rest.floor_char_boundary(MOST));
            pieces.push(head.to_owned());
            rest = tail;
        }
        piece.push_str(rest);
    }
    pieces.push(piece);
    pieces
}

fn step(line: &Object) -> Result<i64, String> {
    match line.get("iter") {
        None | Some(Value::Null) => Ok(0),
        Some(value) => {
            let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 9.2e18).then_some(number as i64);
            let number = value.as_i64().or_else(|| match value {
                Value::Number(_) if value.is_f64() => value.as_f64().and_then(whole),
                Value::String(text) => text.parse().ok(),
                _ => None,
            });
            number.ok_or_else(|| "Event 'iter' is no whole number of 64 bits".to_owned())
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::String(text) => match text.as_str() {
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => text.parse().ok(),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_at_its_lines_and_lost_nowhere() {
        let line = "ü".repeat(100) + "\n";
        let message = line.repeat(500);
        let pieces = pieces(&message);
        assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.len() <= 16 << 10 && piece.ends_with('\n')));
        assert_eq!(pieces.concat(), message);
        assert_eq!(super::pieces(&"x".repeat(40 << 10)).concat().len(), 40 << 10);
    }

    #[test]
    fn iterations_are_whole_numbers_of_64_bits() {
        let step = |value: Value| step(&told(json!({"iter": value})));
        assert_eq!((step(json!(-5)), step(json!(3.0)), step(json!(null))), (Ok(-5), Ok(3), Ok(0)));
        assert!(step(json!(1.5)).is_err() && step(json!(u64::MAX)).is_err() && step(json!([])).is_err());
    }
}
