//! `mendel status`
//!
//! How every task of a tree stands; nothing is started, and what is unsound is told beside.

use std::path::PathBuf;

use clap::Args;
use mendel_model::Reason;
use mendel_spec::Kind;
use serde::Serialize;

use crate::{
    arguments::Global,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::{
        paint::Paint,
        table::{Column, Table, terminal_width},
        text::safe,
    },
    run::{
        options::RunOptions,
        staged::{
            Forest, reason,
            scope_files::{LostFile, causes},
            standing,
        },
    },
};

/// Show which tasks of a tree are pending, and why.
#[derive(Args)]
pub struct Status {
    /// A folder of a tree.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Tell the causes as well.
    #[arg(long)]
    explain: bool,
    /// Another folder that modules are imported from.
    #[arg(long = "path", value_name = "DIR")]
    import_roots: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Document {
    tasks: Vec<Line>,
}

/// One task.
#[derive(Serialize)]
struct Line {
    path: String,
    kind: Kind,
    runnable: bool,
    pending: &'static str,
    stage: Option<String>,
    reasons: Vec<Reason>,
    inputs: usize,
    /// Files of scopes that are not as they were written; `mendel run` puts them back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<LostFile>,
    #[serde(skip)]
    causes: Vec<String>,
}

impl Status {
    /// Looks at every task and prints how it stands.
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let options = RunOptions { import_roots: self.import_roots, ..RunOptions::default() };
        let forest = Forest::read(&context, &[self.path], &options, (true, printer)).await?;
        forest.judge(true, printer)?;
        let stood = standing::stand(&context, &forest).await?;
        let staged = forest.tasks.iter().zip(stood).filter(|(task, _)| task.selected).map(|(task, stood)| Line {
            path: task.shown.clone(),
            kind: Kind::Staged,
            runnable: task.runnable,
            pending: stood.standing.pending.word(),
            stage: stood.from.filter(|_| task.runnable),
            reasons: stood.standing.causes.iter().map(reason::of).collect(),
            inputs: task.inputs.len(),
            causes: stood.standing.causes.iter().map(ToString::to_string).chain(causes(&stood.lost)).collect(),
            files: stood.lost,
        });
        let others = forest.others.iter().filter(|task| task.selected).map(|task| Line {
            path: task.shown.clone(),
            kind: task.kind,
            runnable: task.kind == Kind::Script,
            pending: "",
            stage: None,
            reasons: Vec::new(),
            inputs: 0,
            files: Vec::new(),
            causes: Vec::new(),
        });
        let mut tasks: Vec<_> = staged.chain(others).collect();
        tasks.sort_by(|one, other| one.path.cmp(&other.path));
        let document = Document { tasks };
        printer.answer(&document, |text| text.push_str(&table(&document.tasks, self.explain, printer)));
        let exit = if forest.problems.has_errors() { Exit::BadInput } else { Exit::Done };
        // The process ends: giving back the memory of many tasks piece by piece would take as long as
        // looking at them.
        std::mem::forget((forest, document));
        Ok(exit)
    }
}

fn table(tasks: &[Line], explain: bool, printer: &Printer) -> String {
    let columns = [Column::text("TASK", 0), Column::text("PENDING", 0), Column::text("FROM STAGE", 1)];
    let mut table = Table::new(columns.into_iter().chain(explain.then(|| Column::text("BECAUSE", 1))).collect());
    for task in tasks {
        let pending = match (task.runnable, task.pending) {
            (false, _) => "not runnable",
            (true, "") if task.kind == Kind::Staged => "up to date",
            (true, "") => "script",
            (true, word) => word,
        };
        let mut cells =
            vec![safe(&task.path).into_owned().into(), pending.into(), task.stage.clone().unwrap_or_default().into()];
        if explain {
            cells.push(safe(&task.causes.join("; ")).into_owned().into());
        }
        table.row(cells);
    }
    table.show(terminal_width(), Paint(printer.has_colour()))
}
