//! `mendel why`

use clap::Args;
use mendel_model::Reason;
use serde::Serialize;

use crate::{
    arguments::Global,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render,
    run::{
        decide::decide,
        index,
        options::RunOptions,
        prepare,
        staged::{reason, request::TreeRequest},
        target::Target,
    },
};

/// Explain why a run was computed, or what of a path is not fresh now.
#[derive(Args)]
pub struct Why {
    /// A run (id, its first or last digits, or `@7`), a script or a task folder.
    subject: String,
    /// Words of the script.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

#[derive(Serialize)]
struct Document {
    reasons: Vec<Reason>,
}

impl Why {
    /// Finds the reasons and prints them.
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        if std::path::Path::new(&self.subject).exists() {
            return self.of_path(global, printer).await;
        }
        let context = Context::here(global).await?;
        let run = context.run(&self.subject).await?;
        tell(&run.facts.reasons, "nothing was recorded", printer);
        Ok(Exit::Done)
    }

    async fn of_path(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let target = Target::of(std::iter::once(self.subject).chain(self.words).collect(), false)?;
        let context = Context::here(global).await?;
        let options = RunOptions::default();
        if let Some(request) = TreeRequest::of(&target, &context, &options, printer).await? {
            let wanted = request.forest.tasks.iter().zip(&request.stood).filter(|(task, _)| task.selected);
            let causes = wanted.flat_map(|(_, stood)| &stood.standing.causes);
            tell(&causes.map(reason::of).collect::<Vec<_>>(), "up to date", printer);
            return Ok(Exit::Done);
        }
        let tasks = prepare::prepare(&target, &options, &context, printer).await?;
        let mut reasons = Vec::new();
        for task in &tasks {
            let plan = decide(&context, task, false, &mut index::of(&context, &task.root)).await?;
            reasons.extend(
                plan.steps
                    .into_iter()
                    .filter(|step| step.action == mendel_engine::Action::Compute)
                    .flat_map(|step| step.reasons),
            );
        }
        tell(&reasons, "up to date", printer);
        Ok(Exit::Done)
    }
}

fn tell(reasons: &[Reason], nothing: &str, printer: &Printer) {
    printer.answer(&Document { reasons: reasons.to_vec() }, |text| {
        for reason in reasons {
            text.push_str(&render::reason::sentence(reason));
            text.push('\n');
        }
        if reasons.is_empty() {
            text.push_str(nothing);
            text.push('\n');
        }
    });
}
