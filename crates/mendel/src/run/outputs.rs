//! Outputs that a task file declares as required, and that a run did not set.

use mendel_model::{Artifact, ArtifactMode, Status};

use crate::{
    context::Context,
    exit::Failure,
    printer::Printer,
    run::{launch::TaskOutcome, prepare::Prepared},
};

/// Tells which required outputs the runs of `task` did not set; they are completed all the same.
pub async fn tell_missing(
    context: &Context,
    task: &Prepared,
    outcome: &TaskOutcome,
    printer: &Printer,
) -> Result<(), Failure> {
    if task.outputs.is_empty() {
        return Ok(());
    }
    for cell in outcome.cells.iter().filter(|cell| cell.computed && cell.run.status == Status::Completed) {
        let artifacts = context.client.artifacts(cell.run.facts.id).await?;
        let made = |name: &str| {
            artifacts.iter().any(|artifact: &Artifact| artifact.mode == ArtifactMode::Output && artifact.name == name)
        };
        for name in task.outputs.iter().filter(|name| !made(name)) {
            printer.note(format_args!("warning: @{} did not set the required output `{name}`", cell.run.number));
        }
    }
    Ok(())
}
