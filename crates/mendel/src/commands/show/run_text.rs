//! A run as people read it: what it is, what it was given, what it made, and why.

use mendel_agent::supervisor::{WHOLE, progress_of};
use mendel_api::{Client, ClientError, SeriesInfo};
use mendel_model::{DependencyKind, Run, Status};

use super::{Show, load::RunView};
use crate::{
    context::now,
    exit::Failure,
    printer::Printer,
    render::{
        chart::{Line, Room, chart},
        document,
        paint::Paint,
        progress, reason,
        sparkline::sparkline,
        table::{Cell, Column, Table, terminal_width},
        text::{console_line, count, safe},
        time,
        value::{bytes, number, value},
    },
    run::decide,
};

const SPARK_BLOCKS: usize = 24;
const SPARKED_SERIES: usize = 40;
const CHART_ROWS: usize = 14;
const CONSOLE_TAIL: usize = 10;

/// The whole text.
pub async fn text(client: &Client, view: &RunView, wanted: &Show, printer: &Printer) -> Result<String, Failure> {
    let paint = Paint(printer.has_colour());
    let mut text = head(&view.run, paint);
    if let (Status::Running, Some(told)) = (view.run.status, progress_of(&view.run.facts.documents)) {
        let moment = now();
        text.push_str(&format!("{}\n", progress::head("progress", &told, moment)));
        progress::stages(&told, moment).iter().for_each(|line| text.push_str(&format!("{line}\n")));
    }
    if !wanted.plot.is_empty() {
        for metric in &wanted.plot {
            text.push_str(&plot(client, view, metric, paint).await?);
        }
        return Ok(text);
    }
    params(&view.run, paint, &mut text);
    metrics(client, view, paint, &mut text).await?;
    made(view, wanted, paint, &mut text);
    surroundings(view, paint, &mut text);
    reasons(&view.run, paint, &mut text);
    if wanted.timing {
        timing(view, paint, &mut text);
    }
    if wanted.metrics {
        points(client, view, paint, &mut text).await?;
    }
    log(client, view, wanted, paint, &mut text).await?;
    Ok(text)
}

fn head(run: &Run, paint: Paint) -> String {
    let facts = &run.facts;
    let id = facts.id.to_string();
    let status = paint.by_status(run.status, run.status.name());
    let mut text = format!("{}  {}  {status}", paint.bold(&format!("@{}", run.number)), paint.bold(&safe(&facts.name)));
    if !run.status_message.is_empty() {
        text.push_str(&format!(": {}", safe(&run.status_message)));
    } else if !run.status_reason.is_empty() {
        text.push_str(&format!(": {}", safe(&run.status_reason)));
    }
    text.push('\n');
    let mut parts = vec![format!("project {}", safe(&facts.project)), format!("made {}", time::moment(facts.created))];
    parts.push(match (run.status, time::duration(run, now())) {
        (Status::Running, Some(span)) => format!("running for {}", time::span(span)),
        (_, Some(span)) => format!("took {}", time::span(span)),
        (_, None) => "not started".to_owned(),
    });
    parts.extend((run.attempt > 1).then(|| format!("attempt {}", run.attempt)));
    parts.extend(run.exit_code.filter(|code| *code != 0).map(|code| format!("exit code {code}")));
    parts.extend(run.archived.then(|| "archived".to_owned()));
    parts.extend(run.tainted.then(|| format!("never reused: {}", safe(&decide::why_tainted(run)))));
    parts.extend((!facts.tags.is_empty()).then(|| format!("tags {}", safe(&facts.tags.join(", ")))));
    text.push_str(&format!("{}\n{}\n", paint.dim(&id), paint.dim(&parts.join(" · "))));
    if !facts.comment.is_empty() {
        text.push_str(&format!("{}\n", safe(&facts.comment)));
    }
    text
}

fn params(run: &Run, paint: Paint, text: &mut String) {
    if run.facts.params.is_empty() {
        return;
    }
    let columns =
        vec![Column::text("parameter", 0), Column::text("value", 0), Column::text("type", 2), Column::text("from", 1)];
    let mut table = Table::new(columns);
    for (name, param) in document::names(&run.facts.params).iter().zip(&run.facts.params) {
        let kind = param.kind.clone().unwrap_or_default();
        let origin = document::origin(run, param);
        table.row(vec![
            safe(name).into_owned().into(),
            safe(&value(&param.value)).into_owned().into(),
            Cell::coloured(safe(&kind), 2),
            Cell::coloured(safe(&origin), 2),
        ]);
    }
    section(text, &table.show(terminal_width(), paint));
}

async fn metrics(client: &Client, view: &RunView, paint: Paint, text: &mut String) -> Result<(), ClientError> {
    let columns = vec![
        Column::text("metric", 0),
        Column::number("last", 0),
        Column::number("min", 1),
        Column::number("max", 1),
        Column::number("points", 3),
        Column::text("", 2),
    ];
    let mut table = Table::new(columns);
    for (index, info) in view.telling().enumerate() {
        let extreme =
            |found: Option<mendel_api::Extreme>| found.map_or_else(String::new, |extreme| number(extreme.value));
        let spark = match index < SPARKED_SERIES && info.count > 1 {
            true => client.points(view.run.facts.id, &info.metric, &info.variant, SPARK_BLOCKS).await?.values,
            false => Vec::new(),
        };
        table.row(vec![
            safe(&info.key().path()).into_owned().into(),
            number(info.last.value).into(),
            extreme(info.min).into(),
            extreme(info.max).into(),
            info.count.to_string().into(),
            Cell::coloured(sparkline(&spark, SPARK_BLOCKS), 36),
        ]);
    }
    let machine = view.series.len() - view.telling().count();
    if !table.is_empty() {
        section(text, &table.show(terminal_width(), paint));
    }
    if machine > 0 {
        text.push_str(
            &paint.dim(&format!("and {} of the machine\n", count(machine, "series").replace("seriess", "series"))),
        );
    }
    Ok(())
}

fn made(view: &RunView, wanted: &Show, paint: Paint, text: &mut String) {
    let columns =
        vec![Column::text("made", 0), Column::text("type", 1), Column::number("size", 1), Column::text("digest", 2)];
    let mut table = Table::new(columns);
    let short = |digest: Option<mendel_model::Digest>| {
        Cell::coloured(digest.map(|digest| digest.short()).unwrap_or_default(), 2)
    };
    for output in &view.files {
        let kind = if output.kept { "file" } else { "file, not kept" };
        table.row(vec![
            safe(&output.path).into_owned().into(),
            kind.into(),
            bytes(output.size).into(),
            short(output.digest),
        ]);
    }
    for artifact in view.named() {
        let name = match artifact.metadata.get("value") {
            Some(handed) => format!("{} = {}", artifact.name, value(handed)),
            None => artifact.name.clone(),
        };
        let kind = format!(
            "{}{}",
            artifact.kind,
            if artifact.mode == mendel_model::ArtifactMode::Input { ", given" } else { "" }
        );
        table.row(vec![
            safe(&name).into_owned().into(),
            safe(&kind).into_owned().into(),
            bytes(artifact.size).into(),
            short(artifact.digest),
        ]);
    }
    for model in &view.models {
        let kind = format!("{} model", if model.usage == mendel_model::ModelUse::Input { "input" } else { "output" });
        table.row(vec![
            safe(&model.name).into_owned().into(),
            kind.into(),
            bytes(model.size).into(),
            short(model.digest),
        ]);
    }
    if !table.is_empty() {
        section(text, &table.show(terminal_width(), paint));
    }
    if wanted.artifacts {
        for artifact in view.named().filter(|artifact| !artifact.preview.is_empty()) {
            let shown = artifact.preview.lines().take(20).map(|line| format!("    {}\n", safe(line)));
            section(text, &format!("{}\n{}", paint.bold(&safe(&artifact.name)), shown.collect::<String>()));
        }
    }
}

fn surroundings(view: &RunView, paint: Paint, text: &mut String) {
    let facts = &view.run.facts;
    let mut lines = Vec::new();
    if !facts.script.entry.is_empty() {
        lines.push(("code", document::words(&view.run)));
    }
    if !facts.script.commit.is_empty() {
        let dirty = if facts.script.diff.is_some() { " with uncommitted changes" } else { "" };
        let commit: String = facts.script.commit.chars().take(10).collect();
        let branch =
            if facts.script.branch.is_empty() { String::new() } else { format!(" on {}", facts.script.branch) };
        lines.push(("commit", format!("{commit}{branch}{dirty}")));
    }
    if let Some(snapshot) = facts.snapshot {
        lines.push(("snapshot", snapshot.short()));
    }
    if let Some(lock) = &facts.environment {
        let manager = document::value(&lock.manager);
        let python = if lock.python.is_empty() { String::new() } else { format!(", Python {}", lock.python) };
        let because = if lock.because.is_empty() { String::new() } else { format!(", because {}", lock.because) };
        lines.push((
            "environment",
            format!("{}{python}, {}{because}", value(&manager), count(lock.packages.len(), "package")),
        ));
    }
    if let Some(parent) = facts.parent {
        lines.push(("made from", parent.to_string()));
    }
    let inputs = view.result.iter().flat_map(|result| &result.dependencies);
    let inputs: Vec<&str> =
        inputs.filter(|found| found.kind == DependencyKind::Input).map(|found| found.subject.as_str()).collect();
    if !inputs.is_empty() {
        lines.push(("read", inputs.join(", ")));
    }
    if let Some(why) = facts.documents.get(WHOLE).and_then(|why| why.as_str()) {
        lines.push(("depends on", format!("every file of the project: {why}")));
    }
    let told: String = lines
        .into_iter()
        .map(|(name, told)| format!("{}  {}\n", paint.dim(&format!("{name:<11}")), safe(&told)))
        .collect();
    if !told.is_empty() {
        section(text, &told);
    }
}

fn reasons(run: &Run, paint: Paint, text: &mut String) {
    let told: String = run.facts.reasons.iter().map(|reason| format!("  {}\n", reason::sentence(reason))).collect();
    if !told.is_empty() {
        section(text, &format!("{}\n{told}", paint.dim("computed because")));
    }
}

fn timing(view: &RunView, paint: Paint, text: &mut String) {
    let run = &view.run;
    let mut table = Table::new(vec![Column::text("when", 0), Column::text("", 0), Column::number("took", 0)]);
    let mut row = |name: String, moment: Option<mendel_model::Timestamp>, took: Option<u64>| {
        let moment = moment.map(time::moment).unwrap_or_default();
        table.row(vec![name.into(), moment.into(), took.map(time::span).unwrap_or_default().into()]);
    };
    row("made".into(), Some(run.facts.created), None);
    row("started".into(), run.started, run.started.map(|started| started.since(run.facts.created)));
    row("ended".into(), run.ended, time::duration(run, now()));
    if let Some(result) = &view.result {
        row(format!("step {}", safe(&result.step)), Some(result.finished), Some(result.duration));
    }
    section(text, &table.show(terminal_width(), paint));
    if view.stages.is_empty() {
        return;
    }
    let columns = ["computed", "took", "reused"].map(|head| Column::number(head, 0));
    let mut table = Table::new([Column::text("stage", 0)].into_iter().chain(columns).collect());
    for share in &view.stages {
        table.row(vec![
            safe(&share.stage).into_owned().into(),
            share.computed.to_string().into(),
            time::span(share.duration).into(),
            share.reused.to_string().into(),
        ]);
    }
    section(text, &table.show(terminal_width(), paint));
}

async fn points(client: &Client, view: &RunView, paint: Paint, text: &mut String) -> Result<(), ClientError> {
    for info in view.telling() {
        let data = client.points(view.run.facts.id, &info.metric, &info.variant, 0).await?;
        let mut table = Table::new(vec![Column::number("step", 0), Column::number(safe(&info.key().path()), 0)]);
        for (step, value) in data.steps.iter().zip(&data.values) {
            table.row(vec![step.to_string().into(), number(*value).into()]);
        }
        section(text, &table.show(None, paint));
    }
    Ok(())
}

async fn log(
    client: &Client,
    view: &RunView,
    wanted: &Show,
    paint: Paint,
    text: &mut String,
) -> Result<(), ClientError> {
    let id = view.run.facts.id;
    let lines = match (wanted.log, view.run.status) {
        (true, _) => super::load::console(client, id).await?,
        (false, Status::Failed | Status::Running | Status::Stopped) => {
            client.console_tail(id, CONSOLE_TAIL).await?.lines
        }
        (false, _) => return Ok(()),
    };
    if lines.is_empty() {
        return Ok(());
    }
    let head = if wanted.log { "console" } else { "last lines of the console" };
    let told: String = lines.iter().map(|line| format!("  {}\n", console_line(&line.text, paint.0))).collect();
    section(text, &format!("{}\n{told}", paint.dim(head)));
    Ok(())
}

/// Every line of a metric: together where colours tell them apart, else one below the other.
async fn plot(client: &Client, view: &RunView, metric: &str, paint: Paint) -> Result<String, Failure> {
    let wanted: Vec<&SeriesInfo> =
        view.series.iter().filter(|info| info.metric == metric || info.key().path() == metric).collect();
    if wanted.is_empty() {
        return Err(unknown_metric(view, metric));
    }
    let room = Room { columns: terminal_width().unwrap_or(100).min(160), rows: CHART_ROWS };
    let mut lines = Vec::new();
    for info in wanted {
        let buckets = client.sampled(view.run.facts.id, &info.metric, &info.variant, room.columns).await?;
        let mut points = Vec::new();
        for bucket in buckets {
            let mut seen = [Some(bucket.first), bucket.min, bucket.max, Some(bucket.last)]
                .map(|found| found.map(|at| (at.step, at.value)));
            seen.sort_by_key(|found| found.map(|(step, _)| step));
            points.extend(seen.into_iter().flatten().map(|(step, value)| (step as f64, value)));
        }
        lines.push(Line { name: safe(&info.key().path()).into_owned(), points });
    }
    let mut text = String::new();
    let charts: Vec<&[Line]> = if paint.0 { lines.chunks(6).collect() } else { lines.chunks(1).collect() };
    for lines in charts {
        let names: Vec<&str> = lines.iter().map(|line| line.name.as_str()).collect();
        section(&mut text, &format!("{}\n{}", paint.bold(&names.join(", ")), chart(lines, room, paint)));
    }
    Ok(text)
}

fn unknown_metric(view: &RunView, metric: &str) -> Failure {
    let names: Vec<String> = view.series.iter().map(|info| info.key().path()).collect();
    let nearest = mendel_spec::nearest(metric, names.iter().map(String::as_str));
    let hint = match (nearest, names.is_empty()) {
        (Some(name), _) => format!("there is `{name}`"),
        (None, true) => "it reported no metrics".to_owned(),
        (None, false) => format!("there are {}", names.join(", ")),
    };
    Failure::input_hint(format!("run @{} has no metric `{metric}`", view.run.number), hint)
}

fn section(text: &mut String, content: &str) {
    text.push('\n');
    text.push_str(content);
}
