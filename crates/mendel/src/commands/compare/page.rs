//! The data of the page that compares runs.

use mendel_api::{Client, ClientError, SeriesInfo};
use mendel_model::Run;
use serde_json::{Map, Value, json};

use super::{super::show::load::RunView, comparison::Comparison};
use crate::{
    context::now,
    render::{
        document,
        page::html,
        text::{console_line, count},
        time, value,
    },
};

/// Points a line may have before it is sampled; a chart has fewer columns.
const POINTS: u64 = 1_200;
const BUCKETS: usize = 400;
const CONSOLE_LINES: usize = 200;

/// The page, with the end of each console where `console` asks for it.
pub async fn page(client: &Client, comparison: &Comparison, title: &str, console: bool) -> Result<String, ClientError> {
    let mut runs = Vec::new();
    for view in &comparison.views {
        let log = match console {
            true => client.console_tail(view.run.facts.id, CONSOLE_LINES).await?.lines,
            false => Vec::new(),
        };
        let log: String = log.iter().map(|line| format!("{}\n", console_line(&line.text, false))).collect();
        runs.push(run(view, log));
    }
    let mut data = comparison.document();
    if let Some(fields) = data.as_object_mut() {
        let subtitle = format!("{} · made {}", count(comparison.views.len(), "run"), time::moment(now()));
        fields.insert("title".into(), json!(title));
        fields.insert("subtitle".into(), json!(subtitle));
        fields.insert("runs".into(), Value::Array(runs));
        fields.insert("all_params".into(), json!(comparison.all_params));
        fields.insert("series".into(), series(client, comparison).await?);
    }
    Ok(html(title, &data))
}

fn run(view: &RunView, log: String) -> Value {
    let run = &view.run;
    let duration = time::duration(run, now());
    json!({
        "id": run.facts.id,
        "number": run.number,
        "name": run.facts.name,
        "status": run.status,
        "params": document::params(&run.facts.params),
        "duration": duration,
        "took": duration.map(time::span).unwrap_or_default(),
        "facts": facts(view, run),
        "log": log,
    })
}

/// What stands under a run's name, in this order.
fn facts(view: &RunView, run: &Run) -> Value {
    let facts = &run.facts;
    let lock = facts.environment.as_ref();
    let outputs: Vec<&str> = view.files.iter().map(|output| output.path.as_str()).collect();
    let artifacts: Vec<&str> = view.named().map(|artifact| artifact.name.as_str()).collect();
    let reasons: Vec<String> = facts.reasons.iter().map(crate::render::reason::sentence).collect();
    json!({
        "project": facts.project,
        "created": time::moment(facts.created),
        "user": facts.user,
        "tags": facts.tags.join(", "),
        "comment": facts.comment,
        "message": run.status_message,
        "code": document::words(run),
        "commit": facts.script.commit,
        "snapshot": facts.snapshot.map(|digest| digest.to_string()),
        "python": lock.map(|lock| lock.python.as_str()),
        "packages": lock.map(|lock| lock.packages.len()),
        "outputs": outputs.join(", "),
        "artifacts": artifacts.join(", "),
        "computed because": reasons.join("; "),
    })
}

/// The lines of each metric, sampled where they are long.
async fn series(client: &Client, comparison: &Comparison) -> Result<Value, ClientError> {
    let mut charts = Map::new();
    for (name, found) in &comparison.metrics {
        let mut lines = Vec::new();
        for (row, info) in found.iter().enumerate() {
            let Some(info) = info else { continue };
            let points = line(client, &comparison.views[row].run, info).await?;
            let (steps, values): (Vec<i64>, Vec<Value>) =
                points.into_iter().map(|(step, value)| (step, value::json(value))).unzip();
            lines.push(json!({"run": row, "steps": steps, "values": values}));
        }
        charts.insert(name.clone(), Value::Array(lines));
    }
    Ok(Value::Object(charts))
}

async fn line(client: &Client, run: &Run, info: &SeriesInfo) -> Result<Vec<(i64, f64)>, ClientError> {
    if info.count <= POINTS {
        let data = client.points(run.facts.id, &info.metric, &info.variant, 0).await?;
        let mut points: Vec<(i64, f64)> = data.steps.into_iter().zip(data.values).collect();
        points.sort_by_key(|(step, _)| *step);
        return Ok(points);
    }
    let buckets = client.sampled(run.facts.id, &info.metric, &info.variant, BUCKETS).await?;
    let mut points = Vec::new();
    for bucket in buckets {
        let mut seen: Vec<(i64, f64)> = [Some(bucket.first), bucket.min, bucket.max, Some(bucket.last)]
            .into_iter()
            .flatten()
            .map(|at| (at.step, at.value))
            .collect();
        seen.sort_by_key(|(step, _)| *step);
        seen.dedup();
        points.extend(seen);
    }
    Ok(points)
}
