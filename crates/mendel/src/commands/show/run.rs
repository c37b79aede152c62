//! A run as one document.

use mendel_api::{Client, ClientError};
use mendel_model::{ConsoleLine, Run};
use serde_json::{Map, Value, json};

use super::{
    Show,
    load::{self, RunView},
    run_text,
};
use crate::{
    context::now,
    exit::Failure,
    printer::Printer,
    render::{document, time},
};

/// Shows `run` with the parts that were asked for.
pub async fn show(client: &Client, run: Run, wanted: &Show, printer: &Printer) -> Result<(), Failure> {
    let view = RunView::load(client, run).await?;
    if printer.is_json() {
        let answer = document(client, &view, wanted).await?;
        printer.answer(&answer, |_| {});
        return Ok(());
    }
    let text = run_text::text(client, &view, wanted, printer).await?;
    printer.out(&text);
    Ok(())
}

async fn document(client: &Client, view: &RunView, wanted: &Show) -> Result<Value, Failure> {
    let all = wanted.wants_all();
    let id = view.run.facts.id;
    let mut answer = facts(view);
    if wanted.metrics || all {
        answer.insert("metrics".into(), metrics(client, view, &[]).await?);
    } else if !wanted.plot.is_empty() {
        answer.insert("metrics".into(), metrics(client, view, &wanted.plot).await?);
    }
    if wanted.artifacts || all {
        answer.insert("artifacts".into(), document::value(&view.artifacts));
        answer.insert("models".into(), document::value(&view.models));
    }
    if wanted.log || all {
        answer.insert("log".into(), Value::String(one_text(&load::console(client, id).await?)));
    }
    if wanted.timing || all {
        answer.insert("timing".into(), timing(view));
    }
    let batches = client.batches_of(id).await?;
    answer.insert("batches".into(), batches.iter().map(|batch| json!(batch.id)).collect());
    Ok(Value::Object(answer))
}

fn facts(view: &RunView) -> Map<String, Value> {
    let run = &view.run;
    let facts = &run.facts;
    let names = document::names(&facts.params);
    let origins: Map<String, Value> = names
        .iter()
        .zip(&facts.params)
        .map(|(name, param)| (name.clone(), json!(document::origin(run, param))))
        .collect();
    let types: Map<String, Value> = names
        .iter()
        .zip(&facts.params)
        .filter_map(|(name, param)| Some((name.clone(), json!(param.kind.as_ref()?))))
        .collect();
    let last: Map<String, Value> = view.series.iter().map(|info| (info.key().path(), load::summary(info))).collect();
    let told = json!({
        "status_message": run.status_message,
        "type": facts.purpose,
        "comment": facts.comment,
        "parent": facts.parent,
        "attempt": run.attempt,
        "exit_code": run.exit_code,
        "signal": run.signal,
        "last_iteration": run.last_iteration,
        "tainted": run.tainted,
        "duration": time::duration(run, now()),
        "snapshot": facts.snapshot,
        "code": facts.code,
        "identity": facts.identity,
        "origins": origins,
        "types": types,
        "reasons": facts.reasons,
        "environment": facts.environment,
        "script": facts.script,
        "documents": facts.documents,
        "outputs": view.outputs(),
        "dependencies": view.result.as_ref().map(|result| &result.dependencies),
        "last_metrics": run.metrics,
        "metric_summary": last,
    });
    let mut answer = object(document::run(run));
    // Points take this name where they are asked for.
    answer.remove("metrics");
    answer.extend(object(told));
    answer
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}

/// Every point of the series, or of those that `only` names.
async fn metrics(client: &Client, view: &RunView, only: &[String]) -> Result<Value, ClientError> {
    let mut metrics = Map::new();
    for info in &view.series {
        let path = info.key().path();
        if only.is_empty() || only.iter().any(|name| *name == path || *name == info.metric) {
            let data = client.points(view.run.facts.id, &info.metric, &info.variant, 0).await?;
            metrics.insert(path, load::pairs(&data));
        }
    }
    Ok(Value::Object(metrics))
}

fn timing(view: &RunView) -> Value {
    let run = &view.run;
    json!({
        "created": document::time(run.facts.created),
        "started": run.started.map(document::time),
        "ended": run.ended.map(document::time),
        "waited": run.started.map(|started| started.since(run.facts.created)),
        "duration": time::duration(run, now()),
        "attempts": run.attempt,
        "stages": view.stages,
        "steps": view.result.iter().map(|result| json!({
            "step": result.step,
            "duration": result.duration,
            "finished": document::time(result.finished),
        })).collect::<Vec<_>>(),
    })
}

/// The console as one text, both streams in the order of writing.
fn one_text(lines: &[ConsoleLine]) -> String {
    lines.iter().flat_map(|line| [line.text.as_str(), "\n"]).collect()
}
