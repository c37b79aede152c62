//! A pipeline as it would run: its stages, and every value with the file and line it is from.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::{
    arguments::Global,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::{
        paint::Paint,
        table::{Cell, Column, Table, terminal_width},
        text::safe,
        value::value,
    },
    run::{
        options::RunOptions,
        staged::{Forest, StagedTask, reason, standing},
    },
};

/// Shows the task in `folder` of a tree; false where it is no pipeline.
pub async fn show(folder: &Path, global: &Global, printer: &Printer) -> Result<Option<Exit>, Failure> {
    let context = Context::here(global).await?;
    let options = RunOptions { tasks: vec![folder.to_owned()], ..RunOptions::default() };
    let forest = Forest::read(&context, &[folder.to_owned()], &options, (true, printer)).await?;
    let own = folder.canonicalize().map_err(|error| Failure::input(format!("`{}`: {error}", folder.display())))?;
    if !forest.is_staged(Some(&own)) {
        return if forest.problems.has_errors() { Err(Failure::Problems(forest.problems)) } else { Ok(None) };
    }
    let stood = standing::stand(&context, &forest).await?;
    let found = forest.tasks.iter().zip(stood).find(|(task, _)| Path::new(&task.address) == own);
    let Some((task, stood)) = found else { return Ok(None) };
    let origins: Map<String, Value> =
        forest.origins(task).into_iter().map(|(path, origin)| (path, origin.to_string().into())).collect();
    let enabled = task.pipeline.enabled(&task.config);
    let stages = task.pipeline.stages.iter().zip(&enabled).map(|(stage, enabled)| {
        json!({
            "id": stage.id, "class": stage.class, "inputs": stage.inputs, "consumes": stage.consumes,
            "outputs": stage.outputs, "enabled": enabled, "marginal": task.marginal.contains(&stage.id),
        })
    });
    let document = json!({
        "path": task.address,
        "kind": "staged",
        "decided": origins.get("pipeline"),
        "runnable": task.runnable,
        "name": task.name,
        "config": task.config,
        "params": task.visible,
        "origins": origins,
        "inputs": task.inputs,
        "scopes": task.scopes,
        "stages": stages.collect::<Vec<_>>(),
        "full_spec": task.spec,
        "pending": stood.standing.pending.word(),
        "stage": stood.from,
        "reasons": stood.standing.causes.iter().map(reason::of).collect::<Vec<_>>(),
        "warnings": forest.problems,
    });
    printer.answer(&document, |text| text.push_str(&told(task, &origins, stood.standing.pending.word(), printer)));
    Ok(Some(Exit::Done))
}

fn told(task: &StagedTask, origins: &Map<String, Value>, pending: &str, printer: &Printer) -> String {
    let paint = Paint(printer.has_colour());
    let stages: Vec<&str> = task.pipeline.stages.iter().map(|stage| stage.id.as_str()).collect();
    let ids: Vec<String> = task.inputs.iter().take(12).map(ToString::to_string).collect();
    let more = if task.inputs.len() > ids.len() { ", …" } else { "" };
    let pending = match (task.runnable, pending) {
        (false, _) => "not runnable",
        (true, "") => "up to date",
        (true, word) => word,
    };
    let lines = [
        ("kind", "staged".to_owned()),
        ("stages", stages.join(" → ")),
        ("inputs", format!("{} ({}{more})", task.inputs.len(), ids.join(", "))),
        ("pending", pending.to_owned()),
    ];
    let mut text = format!("{}\n", paint.bold(&safe(&task.name)));
    for (name, line) in lines {
        text.push_str(&format!("{}  {}\n", paint.dim(&format!("{name:<10}")), safe(&line)));
    }
    let columns = [Column::text("stage", 0), Column::text("value", 0), Column::text("", 1), Column::text("from", 2)];
    let mut table = Table::new(columns.into());
    for param in task.params().iter().filter(|param| !param.section.is_empty()) {
        let origin = origins.get(&format!("config/{}/{}", param.section, param.name));
        let origin = origin.and_then(Value::as_str).unwrap_or_default();
        table.row(vec![
            safe(&param.section).into_owned().into(),
            safe(&param.name).into_owned().into(),
            safe(&value(&param.value)).into_owned().into(),
            Cell::coloured(safe(origin), 2),
        ]);
    }
    if !table.is_empty() {
        text.push('\n');
        text.push_str(&table.show(terminal_width(), paint));
    }
    text
}
