//! `mendel plan`

use clap::Args;
use mendel_engine::{Action, Plan as Decided};
use serde::Serialize;

use crate::{
    arguments::Global,
    commands::run::Request,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render,
    run::{
        decide::decide,
        explain, index,
        options::RunOptions,
        prepare::{self, Prepared},
    },
};

/// Show what `run` would do, and why; start nothing.
#[derive(Args)]
pub struct Plan {
    #[command(flatten)]
    pub options: RunOptions,
    /// A script and its words, a command after `--`, or task folders; the present folder otherwise.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "PATH…")]
    pub words: Vec<String>,
}

#[derive(Serialize)]
struct Document {
    steps: Vec<Step>,
    compute: usize,
    reuse: usize,
}

#[derive(Serialize)]
struct Step {
    id: String,
    task: String,
    stage: String,
    input: Option<String>,
    action: &'static str,
    reason: String,
    reasons: Vec<mendel_model::Reason>,
    run: Option<String>,
    params: std::collections::BTreeMap<String, serde_json::Value>,
    seconds: Option<f64>,
}

impl Plan {
    /// Decides and prints.
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let Request { options, target } = Request::read(self.options, self.words, "plan")?;
        let context = Context::here(global).await?;
        let tasks = prepare::prepare(&target, &options, &context, printer).await?;
        let mut plans = Vec::with_capacity(tasks.len());
        for task in &tasks {
            plans.push(decide(&context, task, options.force, &mut index::of(&context, &task.root)).await?);
        }
        Ok(answer(&tasks, &plans, printer))
    }
}

/// Prints what would be done.
pub fn answer(tasks: &[Prepared], plans: &[Decided], printer: &Printer) -> Exit {
    let steps = tasks
        .iter()
        .zip(plans)
        .flat_map(|(task, plan)| task.cells.iter().zip(&plan.steps).map(move |(cell, step)| (cell, step, plan)));
    let steps: Vec<_> = steps.map(|(cell, step, plan)| line(cell, step, plan)).collect();
    let document = Document {
        compute: plans.iter().map(Decided::compute).sum(),
        reuse: plans.iter().map(Decided::reuse).sum(),
        steps,
    };
    printer.answer(&document, |text| {
        use render::table::{Column, Table};
        let mut table = Table::new(vec![
            Column::text("STEP", 0),
            Column::text("ACTION", 0),
            Column::text("PARAMETERS", 2),
            Column::text("BECAUSE", 1),
        ]);
        for step in &document.steps {
            let params: Vec<_> =
                step.params.iter().map(|(name, value)| format!("{name}={}", render::value::value(value))).collect();
            table.row(vec![
                step.id.clone().into(),
                step.action.into(),
                params.join(" ").into(),
                step.reason.clone().into(),
            ]);
        }
        text.push_str(&table.show(render::table::terminal_width(), render::paint::Paint(printer.has_colour())));
        text.push_str(&format!("{} to compute, {} answered by what is stored\n", document.compute, document.reuse));
    });
    Exit::Done
}

fn line(cell: &prepare::Cell, step: &mendel_engine::PlannedStep, plan: &Decided) -> Step {
    let (action, reason, run, duration) = match &step.action {
        Action::Compute => ("compute", explain::sentences(&step.reasons), None, None),
        Action::Reuse(result) => ("reuse", String::new(), Some(result.run.to_string()), Some(result.duration)),
        Action::Same { step: twin } => ("reuse", format!("same work as {}", plan.steps[*twin].id), None, None),
    };
    Step {
        id: step.id.clone(),
        task: step.task.clone(),
        stage: "main".into(),
        input: None,
        action,
        reason,
        reasons: step.reasons.clone(),
        run,
        params: crate::run::decide::values(&cell.params),
        #[expect(clippy::cast_precision_loss, reason = "a duration in milliseconds is small")]
        seconds: duration.map(|milliseconds| milliseconds as f64 / 1000.0),
    }
}
