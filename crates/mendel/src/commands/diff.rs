//! `mendel diff`
//!
//! What differs between two runs, part by part; what is equal is not listed.

mod code;

use std::collections::{BTreeMap, BTreeSet};

use mendel_model::{DependencyKind, Param, Run};
use serde::Serialize;
use serde_json::Value;

use self::code::CodeChange;
use super::show::load::RunView;
use crate::{
    arguments::Global,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::{
        document,
        paint::Paint,
        table::{Cell, Column, Table, terminal_width},
        text::safe,
        value::{as_number, metric, number, value},
    },
};

/// Show what differs between two runs.
#[derive(clap::Args)]
pub struct Diff {
    /// The run to start from.
    #[arg(value_name = "A")]
    before: String,
    /// The run to compare with it.
    #[arg(value_name = "B")]
    after: String,
    /// Include series of the machine.
    #[arg(long)]
    machine: bool,
}

/// The document of the contract.
#[derive(Debug, Serialize)]
struct Difference {
    a: Value,
    b: Value,
    code: Vec<CodeChange>,
    params: Vec<Change>,
    environment: Vec<Change>,
    inputs: Vec<Change>,
    metrics: Vec<Change>,
}

/// One thing that differs; none where a run does not have it.
#[derive(Debug, PartialEq, Serialize)]
struct Change {
    name: String,
    before: Option<Value>,
    after: Option<Value>,
}

impl Diff {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let before = context.run(&self.before).await?;
        let after = context.run(&self.after).await?;
        let before = RunView::load(&context.client, before).await?;
        let after = RunView::load(&context.client, after).await?;
        let data = [data(&before), data(&after)].concat();
        let mut code = code::changes(&context.client, &before.run, &after.run).await?;
        code.retain(|change| !data.contains(&change.path));
        let difference = Difference {
            a: document::run(&before.run),
            b: document::run(&after.run),
            code,
            params: changes(params(&before.run), params(&after.run)),
            environment: changes(environment(&before.run), environment(&after.run)),
            inputs: changes(inputs(&before), inputs(&after)),
            metrics: changes(metrics(&before.run, self.machine), metrics(&after.run, self.machine)),
        };
        printer.answer(&difference, |text| text.push_str(&told(&difference, &before.run, &after.run, printer)));
        Ok(Exit::Done)
    }
}

/// What differs between two sets of named values, in the order of names.
fn changes(before: BTreeMap<String, Value>, after: BTreeMap<String, Value>) -> Vec<Change> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    changed
        .map(|name| Change { name: name.clone(), before: before.get(name).cloned(), after: after.get(name).cloned() })
        .collect()
}

fn params(run: &Run) -> BTreeMap<String, Value> {
    document::names(&run.facts.params)
        .into_iter()
        .zip(run.facts.params.iter().map(|param: &Param| param.value.clone()))
        .collect()
}

fn environment(run: &Run) -> BTreeMap<String, Value> {
    let Some(lock) = &run.facts.environment else { return BTreeMap::new() };
    let packages = lock.packages.iter().map(|package| (package.name.clone(), Value::from(package.version.as_str())));
    let python = (!lock.python.is_empty()).then(|| ("python".to_owned(), Value::from(lock.python.as_str())));
    packages.chain(python).collect()
}

/// The paths that a run read or wrote: what they hold is an input or a result, not code.
fn data(view: &RunView) -> Vec<String> {
    let read = inputs(view).into_keys();
    read.chain(view.files.iter().map(|file| file.path.clone())).collect()
}

/// The files a run read, as they were then.
fn inputs(view: &RunView) -> BTreeMap<String, Value> {
    let found = view.result.iter().flat_map(|result| &result.dependencies);
    let found = found.filter(|found| matches!(found.kind, DependencyKind::Input | DependencyKind::Listing));
    found.map(|found| (found.subject.clone(), document::value(&found.digest))).collect()
}

fn metrics(run: &Run, machine: bool) -> BTreeMap<String, Value> {
    let wanted = run.metrics.iter().filter(|(name, _)| machine || !document::is_machine(name));
    wanted.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn told(difference: &Difference, before: &Run, after: &Run, printer: &Printer) -> String {
    let paint = Paint(printer.has_colour());
    let mut text =
        format!("@{} {}  →  @{} {}\n", before.number, safe(&before.facts.name), after.number, safe(&after.facts.name));
    for change in &difference.code {
        text.push_str(&format!("\n{}\n", paint.bold(&format!("{} ({})", safe(&change.path), change.change))));
        text.extend(change.diff.lines().map(|line| coloured(line, paint)));
        if let Some(note) = &change.note {
            text.push_str(&format!("{}\n", paint.dim(note)));
        }
    }
    let plain = |found: &Option<Value>| found.as_ref().map_or_else(|| "absent".to_owned(), value);
    let short = |found: &Option<Value>| match found {
        Some(Value::String(digest)) => digest.chars().take(8).collect(),
        Some(_) | None => "absent".to_owned(),
    };
    let last = |found: &Option<Value>| found.as_ref().map_or_else(|| "absent".to_owned(), metric);
    section(&mut text, "parameter", &difference.params, &plain, paint);
    section(&mut text, "environment", &difference.environment, &plain, paint);
    section(&mut text, "input", &difference.inputs, &short, paint);
    section(&mut text, "metric", &difference.metrics, &last, paint);
    if text.lines().count() == 1 {
        text.push_str("nothing differs: code, parameters, environment, inputs and metrics are equal\n");
    }
    text
}

fn coloured(line: &str, paint: Paint) -> String {
    let shown = safe(line);
    let shown = match line.chars().next() {
        Some('+') => paint.green(&shown),
        Some('-') => paint.red(&shown),
        Some('@') => paint.cyan(&shown),
        _ => shown.into_owned(),
    };
    format!("{shown}\n")
}

fn section(text: &mut String, head: &str, changes: &[Change], tell: &dyn Fn(&Option<Value>) -> String, paint: Paint) {
    if changes.is_empty() {
        return;
    }
    let columns =
        vec![Column::text(head, 0), Column::text("before", 0), Column::text("after", 0), Column::number("", 1)];
    let mut table = Table::new(columns);
    for change in changes {
        table.row(vec![
            safe(&change.name).into_owned().into(),
            Cell::coloured(safe(&tell(&change.before)), 31),
            Cell::coloured(safe(&tell(&change.after)), 32),
            Cell::coloured(step(change), 2),
        ]);
    }
    text.push('\n');
    text.push_str(&table.show(terminal_width(), paint));
}

/// By how much a number went up or down.
fn step(change: &Change) -> String {
    let number_of = |found: &Option<Value>| found.as_ref().and_then(as_number);
    match (number_of(&change.before), number_of(&change.after)) {
        (Some(before), Some(after)) if (after - before).is_finite() => {
            let sign = if after >= before { "+" } else { "" };
            format!("{sign}{}", number(after - before))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(pairs: &[(&str, Value)]) -> BTreeMap<String, Value> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn what_is_equal_is_not_listed() {
        let before = named(&[("lr", json!(0.1)), ("seed", json!(1)), ("old", json!(true))]);
        let after = named(&[("lr", json!(0.2)), ("seed", json!(1)), ("new", json!(null))]);
        let found = changes(before, after);
        let names: Vec<&str> = found.iter().map(|change| change.name.as_str()).collect();
        assert_eq!(names, ["lr", "new", "old"]);
        assert_eq!(found[1].before, None);
        assert_eq!(found[1].after, Some(Value::Null));
    }

    #[test]
    fn a_number_tells_by_how_much_it_changed() {
        let change = |before, after| Change { name: "loss".into(), before: Some(before), after: Some(after) };
        assert_eq!(step(&change(json!(0.5), json!(0.25))), "-0.25");
        assert_eq!(step(&change(json!(1), json!(3))), "+2");
        assert_eq!(step(&change(json!("NaN"), json!(3))), "");
        assert_eq!(step(&change(json!("adam"), json!("sgd"))), "");
    }
}
