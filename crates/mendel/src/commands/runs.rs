//! `mendel runs`
//!
//! Which columns tell most is decided here: parameters that differ and metrics of the work,
//! as many as the terminal has room for.

use std::collections::{BTreeMap, BTreeSet};

use mendel_api::RunQuery;
use mendel_model::Run;
use serde_json::{Value, json};

use crate::{
    arguments::Global,
    context::{Context, now},
    exit::{Exit, Failure},
    printer::Printer,
    render::{
        document,
        paint::Paint,
        table::{Cell, Column, Table, terminal_width},
        text::safe,
        time, value,
    },
};

/// Rows of the table when no number is asked for; programs get all.
const SHOWN: usize = 25;
const PARAM_COLUMNS: usize = 6;
const METRIC_COLUMNS: usize = 4;

/// List runs.
#[derive(clap::Args)]
#[command(after_help = "\
Filters: `status = completed and metrics.loss < 0.5 and params.lr = 0.01 and tags = best`.
Fields: id name project status type user comment created started ended tags batch archived
params.NAME (p.NAME) metrics.NAME (m.NAME). Comparisons: = != < <= > >= ~ (contains);
`and`, `or`, `not`, parentheses.")]
pub struct Runs {
    /// Only runs of this project.
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Only runs that meet this condition.
    #[arg(long, value_name = "EXPR")]
    filter: Option<String>,
    /// Sort by this field, `-` before it for the largest first.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true, default_value = "-created")]
    sort: Vec<String>,
    /// List at most so many; 0 lists all.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// List archived runs instead.
    #[arg(long)]
    archived: bool,
    /// Show these fields, such as `number,name,p.lr,m.loss`.
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    columns: Vec<String>,
}

impl Runs {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let columns = self.columns.iter().map(|name| Field::parse(name)).collect::<Result<Vec<_>, _>>()?;
        let context = Context::here(global).await?;
        let limit = self.limit.unwrap_or(if printer.is_json() { 0 } else { SHOWN });
        let query = RunQuery {
            filter: self.filter,
            sort: self.sort,
            project: self.project,
            archived: Some(self.archived),
            limit: limit.min(mendel_model::limits::PAGE_ROWS),
            ..RunQuery::default()
        };
        let (runs, total) = match limit {
            1..=mendel_model::limits::PAGE_ROWS => {
                let page = context.client.runs(&query).await?;
                (page.runs, page.total)
            }
            _ => {
                let mut runs = context.client.all_runs(&query).await?;
                let total = runs.len() as u64;
                if limit > 0 {
                    runs.truncate(limit);
                }
                (runs, total)
            }
        };
        let answer = json!({"runs": runs.iter().map(document::run).collect::<Vec<_>>(), "total": total});
        let shown = if columns.is_empty() { choose(&runs) } else { columns };
        printer.answer(&answer, |text| text.push_str(&table(&runs, &shown, printer)));
        if !printer.is_json() && (runs.len() as u64) < total {
            printer.note(format_args!("{} of {total} shown; `--limit 0` shows all", runs.len()));
        }
        if total == 0 {
            printer.note(format_args!("There are no such runs; `mendel run` makes one."));
        }
        Ok(Exit::Done)
    }
}

/// A column of the list.
#[derive(Debug, Clone, PartialEq)]
enum Field {
    Plain(&'static str),
    Param(String),
    Metric(String),
}

const PLAIN: [&str; 12] =
    ["number", "id", "name", "status", "age", "duration", "project", "tags", "user", "created", "kind", "comment"];

impl Field {
    fn parse(text: &str) -> Result<Self, Failure> {
        if let Some((head, name)) = text.split_once('.') {
            match head {
                "p" | "param" | "params" => return Ok(Self::Param(name.to_owned())),
                "m" | "metric" | "metrics" => return Ok(Self::Metric(name.to_owned())),
                _ => {}
            }
        }
        PLAIN.into_iter().find(|name| *name == text).map(Self::Plain).ok_or_else(|| {
            Failure::input_hint(
                format!("`{text}` is not a column"),
                format!("there are {}, params.NAME, metrics.NAME", PLAIN.join(", ")),
            )
        })
    }

    fn column(&self, rank: usize) -> Column {
        match self {
            Self::Plain(name @ ("age" | "duration")) => Column::number(*name, rank),
            Self::Plain("number") => Column::text("run", rank),
            Self::Plain(name) => Column::text(*name, rank),
            Self::Param(name) | Self::Metric(name) => Column::number(safe(name), rank),
        }
    }

    fn cell(&self, run: &Run) -> Cell {
        let text = match self {
            Self::Plain(name) => return plain(name, run),
            Self::Param(name) => param(run, name).map(value::value).unwrap_or_default(),
            Self::Metric(name) => run.metrics.get(name).map(value::metric).unwrap_or_default(),
        };
        safe(&text).into_owned().into()
    }
}

fn plain(name: &str, run: &Run) -> Cell {
    let facts = &run.facts;
    let text = match name {
        "number" => format!("@{}", run.number),
        "id" => document::short_id(facts.id),
        "name" => facts.name.clone(),
        "status" => return Cell::coloured(run.status.name(), status_colour(run)),
        "age" => time::ago(facts.created, now()),
        "duration" => time::duration(run, now()).map(time::span).unwrap_or_default(),
        "project" => facts.project.clone(),
        "tags" => facts.tags.join(", "),
        "user" => facts.user.clone(),
        "created" => time::moment(facts.created),
        "kind" => value::value(&document::value(&facts.kind)),
        _ => facts.comment.clone(),
    };
    safe(&text).into_owned().into()
}

fn status_colour(run: &Run) -> u8 {
    use mendel_model::Status;
    match run.status {
        Status::Completed | Status::Published => 32,
        Status::Failed => 31,
        Status::Running => 36,
        Status::Stopped => 33,
        Status::Draft | Status::Queued => 2,
    }
}

fn param<'a>(run: &'a Run, name: &str) -> Option<&'a Value> {
    run.facts.params.iter().find(|param| param.name == name || param.path() == name).map(|param| &param.value)
}

/// The plain columns, then parameters that differ, then metrics of the work.
fn choose(runs: &[Run]) -> Vec<Field> {
    let mut fields: Vec<Field> = ["number", "id", "name", "status", "age", "duration"].map(Field::Plain).into();
    if runs.iter().any(|run| !run.facts.tags.is_empty()) {
        fields.push(Field::Plain("tags"));
    }
    let projects: BTreeSet<&str> = runs.iter().map(|run| run.facts.project.as_str()).collect();
    if projects.len() > 1 {
        fields.push(Field::Plain("project"));
    }
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut metrics: BTreeMap<&str, usize> = BTreeMap::new();
    for run in runs {
        for (name, param) in document::names(&run.facts.params).into_iter().zip(&run.facts.params) {
            values.entry(name).or_default().insert(param.value.to_string());
        }
        for (name, _) in document::telling(&run.metrics) {
            *metrics.entry(name).or_default() += 1;
        }
    }
    // A run without a parameter tells as much as one with another value.
    let tells = |name: &str, seen: &BTreeSet<String>| {
        runs.len() == 1 || seen.len() > 1 || runs.iter().any(|run| param(run, name).is_none())
    };
    let mut params: Vec<(usize, String)> = values
        .into_iter()
        .filter(|(name, seen)| tells(name, seen))
        .map(|(name, seen)| (usize::MAX - seen.len(), name))
        .collect();
    params.sort();
    fields.extend(params.into_iter().take(PARAM_COLUMNS).map(|(_, name)| Field::Param(name)));
    let mut metrics: Vec<(usize, &str)> = metrics.into_iter().map(|(name, runs)| (usize::MAX - runs, name)).collect();
    metrics.sort_unstable();
    fields.extend(metrics.into_iter().take(METRIC_COLUMNS).map(|(_, name)| Field::Metric(name.to_owned())));
    fields
}

fn table(runs: &[Run], fields: &[Field], printer: &Printer) -> String {
    if runs.is_empty() {
        return String::new();
    }
    let mut params = 0;
    let columns = fields.iter().map(|field| {
        field.column(match field {
            Field::Plain("number" | "name" | "status") => 0,
            Field::Plain("age") => 1,
            Field::Metric(_) => 2,
            Field::Plain("duration") => 3,
            // The first ones tell most.
            Field::Param(_) => {
                params += 1;
                4 + params
            }
            Field::Plain("id") => 4,
            Field::Plain(_) => 20,
        })
    });
    let mut table = Table::new(columns.collect());
    for run in runs {
        table.row(fields.iter().map(|field| field.cell(run)).collect());
    }
    table.show(terminal_width(), Paint(printer.has_colour()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_named_as_in_filters() {
        assert_eq!(Field::parse("p.lr").ok(), Some(Field::Param("lr".into())));
        assert_eq!(Field::parse("metrics.loss/train").ok(), Some(Field::Metric("loss/train".into())));
        assert_eq!(Field::parse("age").ok(), Some(Field::Plain("age")));
        assert!(Field::parse("colour").is_err());
    }
}
