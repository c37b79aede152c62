//! `mendel report`

use std::path::PathBuf;

use mendel_api::Client;
use serde_json::json;

use super::{
    compare::{comparison::Comparison, page, subject},
    show::load::RunView,
};
use crate::{
    arguments::Global,
    context::{Context, now},
    exit::{Exit, Failure},
    printer::Printer,
    render::{
        document,
        markdown::{escape, fenced, table},
        reason,
        text::{console_line, count},
        time,
        value::{bytes, number, value},
    },
};

const CONSOLE_LINES: usize = 30;

/// Write a report of runs, or of a batch.
#[derive(clap::Args)]
pub struct Report {
    /// Runs, or the id of a batch.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
    /// Markdown, or one page that needs no network.
    #[arg(long, value_enum, default_value = "md")]
    format: Format,
    /// The file to write; standard output when not given.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The heading.
    #[arg(long)]
    title: Option<String>,
}

/// What a report is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Md,
    Html,
}

impl Report {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let runs = subject::members(&context, &self.runs).await?;
        let mut views = Vec::new();
        for run in runs {
            views.push(RunView::load(&context.client, run).await?);
        }
        let comparison = Comparison::of(views, false, None);
        let title = self.title.unwrap_or_else(|| title(&comparison));
        let report = match self.format {
            Format::Md => markdown(&context.client, &comparison, &title).await?,
            Format::Html => page(&context.client, &comparison, &title, true).await?,
        };
        let mut answer = comparison.document();
        if let Some(path) = &self.out {
            std::fs::write(path, &report)
                .map_err(|error| Failure::input(format!("cannot write `{}`: {error}", path.display())))?;
            printer.note(format_args!("Wrote {}", path.display()));
        }
        if let Some(fields) = answer.as_object_mut() {
            match &self.out {
                Some(path) => fields.insert("path".to_owned(), json!(path)),
                None => fields.insert("report".to_owned(), json!(report)),
            };
        }
        printer.answer(&answer, |text| match &self.out {
            Some(path) => text.push_str(&format!("{}\n", path.display())),
            None => text.push_str(&report),
        });
        Ok(Exit::Done)
    }
}

fn title(comparison: &Comparison) -> String {
    match comparison.views.as_slice() {
        [one] => format!("Run @{} {}", one.run.number, one.run.facts.name),
        many => format!("Report on {}", count(many.len(), "run")),
    }
}

async fn markdown(client: &Client, comparison: &Comparison, title: &str) -> Result<String, Failure> {
    let mut text = format!("# {}\n\n", escape(title));
    if comparison.views.len() > 1 {
        text.push_str(&overview(comparison));
    }
    for view in &comparison.views {
        if comparison.views.len() > 1 {
            text.push_str(&format!("## @{} {}\n\n", view.run.number, escape(&view.run.facts.name)));
        }
        facts(view, &mut text);
        parameters(view, &mut text);
        metrics(view, &mut text);
        made(view, &mut text);
        if !view.run.facts.reasons.is_empty() {
            text.push_str("### Computed because\n\n");
            text.extend(view.run.facts.reasons.iter().map(|found| format!("- {}\n", escape(&reason::sentence(found)))));
            text.push('\n');
        }
        let lines = client.console_tail(view.run.facts.id, CONSOLE_LINES).await?.lines;
        if !lines.is_empty() {
            let console: String = lines.iter().map(|line| format!("{}\n", console_line(&line.text, false))).collect();
            text.push_str(&format!("### End of the console\n\n{}\n", fenced(&console, "text")));
        }
    }
    Ok(text.trim_end().to_owned() + "\n")
}

fn overview(comparison: &Comparison) -> String {
    let mut heads: Vec<String> = ["run", "name", "status", "took"].map(str::to_owned).into();
    heads.extend(comparison.params.keys().cloned());
    heads.extend(comparison.metrics.keys().cloned());
    let rows: Vec<Vec<String>> = comparison
        .views
        .iter()
        .enumerate()
        .map(|(row, view)| {
            let run = &view.run;
            let mut cells =
                vec![format!("@{}", run.number), run.facts.name.clone(), run.status.to_string(), took(view)];
            cells.extend(comparison.params.values().map(|values| values[row].as_ref().map(value).unwrap_or_default()));
            cells.extend(comparison.metrics.iter().map(|(name, found)| {
                let last = found[row].as_ref().map(|info| number(info.last.value)).unwrap_or_default();
                match comparison.best.get(name).is_some_and(|best| best.row == row) {
                    true => format!("{last} (best)"),
                    false => last,
                }
            }));
            cells
        })
        .collect();
    format!("{}\n", table(&heads, &rows))
}

fn took(view: &RunView) -> String {
    time::duration(&view.run, now()).map(time::span).unwrap_or_default()
}

fn facts(view: &RunView, text: &mut String) {
    let run = &view.run;
    let facts = &run.facts;
    let lock = facts.environment.as_ref();
    let told = [
        ("Status", [run.status.name(), run.status_message.as_str()].join(" ").trim().to_owned()),
        ("Id", facts.id.to_string()),
        ("Project", facts.project.clone()),
        ("Made", time::moment(facts.created)),
        ("Took", took(view)),
        ("Code", document::words(run)),
        ("Commit", facts.script.commit.clone()),
        ("Snapshot", facts.snapshot.map(|digest| digest.to_string()).unwrap_or_default()),
        ("Python", lock.map(|lock| lock.python.clone()).unwrap_or_default()),
        ("Packages", lock.map(|lock| lock.packages.len().to_string()).unwrap_or_default()),
        ("Tags", facts.tags.join(", ")),
        ("Comment", facts.comment.clone()),
    ];
    let told = told.into_iter().filter(|(_, told)| !told.is_empty());
    text.extend(told.map(|(name, told)| format!("- **{name}**: {}\n", escape(&told))));
    text.push('\n');
}

fn parameters(view: &RunView, text: &mut String) {
    let params = &view.run.facts.params;
    let rows: Vec<Vec<String>> = document::names(params)
        .into_iter()
        .zip(params)
        .map(|(name, param)| vec![name, value(&param.value), document::origin(&view.run, param)])
        .collect();
    section(text, "Parameters", &["parameter", "value", "from"], &rows);
}

fn metrics(view: &RunView, text: &mut String) {
    let extreme = |found: Option<mendel_api::Extreme>| {
        found.map(|at| format!("{} at {}", number(at.value), at.step)).unwrap_or_default()
    };
    let rows: Vec<Vec<String>> = view
        .telling()
        .map(|info| {
            let last = format!("{} at {}", number(info.last.value), info.last.step);
            vec![info.key().path(), last, extreme(info.min), extreme(info.max), info.count.to_string()]
        })
        .collect();
    section(text, "Metrics", &["metric", "last", "min", "max", "points"], &rows);
}

fn made(view: &RunView, text: &mut String) {
    let short = |digest: Option<mendel_model::Digest>| digest.map(|digest| digest.short()).unwrap_or_default();
    let files = view.files.iter();
    let files = files.map(|file| vec![file.path.clone(), "file".to_owned(), bytes(file.size), short(file.digest)]);
    let artifacts = view.named().map(|artifact| {
        vec![artifact.name.clone(), artifact.kind.clone(), bytes(artifact.size), short(artifact.digest)]
    });
    let rows: Vec<Vec<String>> = files.chain(artifacts).collect();
    section(text, "Made", &["name", "type", "size", "digest"], &rows);
}

fn section(text: &mut String, title: &str, heads: &[&str], rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    text.push_str(&format!("### {title}\n\n{}\n", table(&heads, rows)));
}
