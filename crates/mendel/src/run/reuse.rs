//! A request that the store answers: outputs that are missing are put back.

use std::path::Path;

use mendel_engine::{Action, Plan};
use mendel_model::{Digest, StepResult};

use crate::{context::Context, exit::Failure, printer::Printer, run::prepare::Prepared};

/// Puts back the outputs of every reused result of a task that runs where it was started.
/// Ones that differ by now are kept and named.
pub async fn put_back(context: &Context, task: &Prepared, plan: &Plan, printer: &Printer) -> Result<(), Failure> {
    if task.private {
        return Ok(());
    }
    for step in &plan.steps {
        if let Action::Reuse(result) = &step.action {
            put_back_one(context, &task.root, result, printer).await?;
        }
    }
    Ok(())
}

async fn put_back_one(context: &Context, root: &Path, result: &StepResult, printer: &Printer) -> Result<(), Failure> {
    for output in &result.outputs {
        let path = root.join(&output.path);
        match std::fs::read(&path) {
            Ok(bytes) if Digest::of(&bytes) == output.digest => {}
            Ok(_) => printer.note(format_args!("kept `{}`, which differs from what the run wrote", output.path)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if !output.kept {
                    printer.note(format_args!(
                        "`{}` is missing and was too large to be kept; `--force` computes it again",
                        output.path
                    ));
                    continue;
                }
                context.client.blob_to_file(&output.digest, &path).await?;
                printer.note(format_args!("put back `{}`", output.path));
            }
            Err(error) => printer.note(format_args!("`{}` cannot be read: {error}", output.path)),
        }
    }
    Ok(())
}
