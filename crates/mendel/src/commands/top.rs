//! `mendel top`
//!
//! A view of what runs, redrawn while it does; read by a program or a pipe, it is told once.

use std::{path::PathBuf, time::Duration};

use mendel_agent::supervisor::progress_of;
use mendel_api::RunQuery;
use mendel_model::{Run, RunId, Status, Timestamp};
use serde_json::{Value, json};

use crate::{
    arguments::Global,
    context::{Context, now},
    exit::{Exit, Failure},
    printer::Printer,
    render::{paint::Paint, progress, table::terminal_width, text::safe, time},
};

const PAUSE: Duration = Duration::from_millis(400);

/// Watch what runs: tasks and stages with their progress, rate and estimate.
#[derive(clap::Args)]
pub struct Top {
    /// Runs, or folders of trees; without any, everything that runs.
    #[arg(value_name = "TREE|RUN")]
    targets: Vec<String>,
    /// Tell once how far it is, as text.
    #[arg(long)]
    once: bool,
}

/// What is watched.
enum Wanted {
    Everything,
    These { runs: Vec<RunId>, folders: Vec<PathBuf> },
}

impl Top {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let wanted = self.wanted(&context).await?;
        let live = printer.is_terminal() && !printer.is_json() && !self.once;
        let mut drawn = 0;
        loop {
            let runs = running(&context, &wanted).await?;
            let moment = now();
            if !live {
                let paint = Paint(printer.has_colour());
                printer.answer(&document_of(&runs), |text| text.push_str(&shown(&runs, moment, paint)));
                return Ok(Exit::Done);
            }
            let width = terminal_width().unwrap_or(100).saturating_sub(1);
            let text = shown(&runs, moment, Paint(false));
            let cut: Vec<String> = text.lines().map(|line| line.chars().take(width).collect()).collect();
            let up = if drawn > 0 { format!("\x1b[{drawn}A\x1b[J") } else { String::new() };
            printer.out(&format!("{up}{}\n", cut.join("\n")));
            drawn = cut.len();
            if wanted.is_over(&runs) {
                return Ok(Exit::Done);
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                _ = tokio::signal::ctrl_c() => return Ok(Exit::Done),
            }
        }
    }

    async fn wanted(&self, context: &Context) -> Result<Wanted, Failure> {
        if self.targets.is_empty() {
            return Ok(Wanted::Everything);
        }
        let (mut runs, mut folders) = (Vec::new(), Vec::new());
        for target in &self.targets {
            match std::fs::canonicalize(target) {
                Ok(folder) if folder.is_dir() => folders.push(folder),
                Ok(_) | Err(_) => runs.push(context.run(target).await?.facts.id),
            }
        }
        Ok(Wanted::These { runs, folders })
    }
}

impl Wanted {
    /// Whether nothing more will be seen: the runs that were named have ended.
    fn is_over(&self, runs: &[Run]) -> bool {
        match self {
            Self::These { folders, .. } if folders.is_empty() => runs.iter().all(|run| run.status.is_terminal()),
            Self::Everything | Self::These { .. } => false,
        }
    }

    fn has(&self, run: &Run) -> bool {
        match self {
            Self::Everything => true,
            Self::These { runs, folders } => {
                let place = PathBuf::from(&run.facts.script.root).join(&run.facts.script.entry);
                runs.contains(&run.facts.id) || folders.iter().any(|folder| place.starts_with(folder))
            }
        }
    }
}

/// The runs that are watched: those that run or wait, and those that were named.
async fn running(context: &Context, wanted: &Wanted) -> Result<Vec<Run>, Failure> {
    let query = RunQuery {
        status: vec![Status::Running, Status::Queued],
        sort: vec!["created".to_owned()],
        ..RunQuery::default()
    };
    let mut runs = context.client.all_runs(&query).await?;
    runs.retain(|run| wanted.has(run));
    if let Wanted::These { runs: named, .. } = wanted {
        let missing: Vec<_> = named.iter().filter(|id| runs.iter().all(|run| run.facts.id != **id)).copied().collect();
        runs.extend(context.client.runs_of(&missing).await?);
    }
    Ok(runs)
}

fn shown(runs: &[Run], now: Timestamp, paint: Paint) -> String {
    if runs.is_empty() {
        return "nothing runs\n".to_owned();
    }
    let mut text = String::new();
    for run in runs {
        let name = format!("@{} {}", run.number, safe(&run.facts.name));
        let status = paint.by_status(run.status, run.status.name());
        match progress_of(&run.facts.documents) {
            Some(told) => {
                text.push_str(&format!("{}  {status}\n", progress::head(&name, &told, now)));
                progress::stages(&told, now).iter().for_each(|line| text.push_str(&format!("{line}\n")));
            }
            None => {
                let since = time::duration(run, now).map(|span| format!(" for {}", time::span(span)));
                text.push_str(&format!("{name}  {status}{}\n", since.unwrap_or_default()));
            }
        }
    }
    text
}

fn document_of(runs: &[Run]) -> Value {
    let runs: Vec<_> = runs
        .iter()
        .map(|run| {
            json!({
                "id": run.facts.id,
                "number": run.number,
                "name": run.facts.name,
                "status": run.status,
                "progress": progress_of(&run.facts.documents),
            })
        })
        .collect();
    json!({"runs": runs})
}
