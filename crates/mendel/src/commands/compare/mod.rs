//! `mendel compare`

pub mod comparison;
mod page;
mod repeats;
pub mod subject;

use std::path::PathBuf;

use self::{
    comparison::{Comparison, Direction},
    repeats::repeats,
};
use super::show::load::RunView;
use crate::{
    arguments::Global,
    context::{Context, now},
    exit::{Exit, Failure},
    printer::Printer,
    render::{
        paint::Paint,
        table::{Cell, Column, Table, terminal_width},
        text::{count, safe},
        time,
        value::{number, value},
    },
};

pub use self::page::page;

/// Compare runs, or the members of a batch, side by side.
#[derive(clap::Args)]
pub struct Compare {
    /// Runs, or the id of a batch.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
    /// Write one page with tables and curves that needs no network.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Put the best of this metric first.
    #[arg(long, value_name = "METRIC")]
    sort: Option<String>,
    /// Whether small or large is best; told from the metric's name when not given.
    #[arg(long, value_enum, value_name = "min|max")]
    direction: Option<Direction>,
    /// Include series of the machine.
    #[arg(long)]
    machine: bool,
}

impl Compare {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let runs = subject::members(&context, &self.runs).await?;
        let mut views = Vec::new();
        for run in runs {
            views.push(RunView::load(&context.client, run).await?);
        }
        let mut comparison = Comparison::of(views, self.machine, self.direction);
        if let Some(metric) = &self.sort {
            comparison.sort(metric)?;
        }
        if let Some(path) = &self.html {
            let title = format!("Comparison of {}", count(comparison.views.len(), "run"));
            let html = page(&context.client, &comparison, &title, false).await?;
            std::fs::write(path, html)
                .map_err(|error| Failure::input(format!("cannot write `{}`: {error}", path.display())))?;
            printer.note(format_args!("Wrote {}", path.display()));
        }
        let mut answer = comparison.document();
        if let (Some(path), Some(fields)) = (&self.html, answer.as_object_mut()) {
            fields.insert("html".to_owned(), serde_json::json!(path));
        }
        let repeated = repeats(&comparison);
        if let Some(fields) = answer.as_object_mut() {
            let told = repeated.iter().map(|group| group.document(&comparison)).collect();
            fields.insert("repeats".to_owned(), told);
        }
        printer.answer(&answer, |text| {
            text.push_str(&table(&comparison, Paint(printer.has_colour())));
            repeated.iter().for_each(|group| text.push_str(&group.text(&comparison)));
        });
        Ok(Exit::Done)
    }
}

/// Runs below each other; the best of each metric is starred.
fn table(comparison: &Comparison, paint: Paint) -> String {
    let mut columns =
        vec![Column::text("run", 0), Column::text("name", 0), Column::text("status", 1), Column::number("took", 3)];
    columns.extend(comparison.params.keys().enumerate().map(|(index, name)| Column::number(safe(name), 4 + index)));
    for (index, name) in comparison.metrics.keys().enumerate() {
        columns.push(Column::number(safe(name), 2));
        columns.push(Column::number("min", 20 + index));
        columns.push(Column::number("max", 20 + index));
    }
    let mut table = Table::new(columns);
    for (row, view) in comparison.views.iter().enumerate() {
        let run = &view.run;
        let mut cells: Vec<Cell> = vec![
            format!("@{}", run.number).into(),
            safe(&run.facts.name).into_owned().into(),
            run.status.name().into(),
            time::duration(run, now()).map(time::span).unwrap_or_default().into(),
        ];
        for values in comparison.params.values() {
            let told = values[row].as_ref().map(value).unwrap_or_default();
            cells.push(safe(&told).into_owned().into());
        }
        for (name, found) in &comparison.metrics {
            let is_best = comparison.best.get(name).is_some_and(|best| best.row == row);
            let last = found[row].as_ref().map(|info| number(info.last.value)).unwrap_or_default();
            cells.push(if is_best { Cell::coloured(format!("*{last}"), 32) } else { last.into() });
            let extreme = |found: Option<mendel_api::Extreme>| found.map(|at| number(at.value)).unwrap_or_default();
            cells.push(Cell::coloured(found[row].as_ref().map(|info| extreme(info.min)).unwrap_or_default(), 2));
            cells.push(Cell::coloured(found[row].as_ref().map(|info| extreme(info.max)).unwrap_or_default(), 2));
        }
        table.row(cells);
    }
    let mut text = table.show(terminal_width(), paint);
    if comparison.params.is_empty() && comparison.views.len() > 1 {
        text.push_str(&paint.dim("all parameters are equal\n"));
    }
    if !comparison.best.is_empty() {
        text.push_str(&paint.dim("* best\n"));
    }
    text
}
