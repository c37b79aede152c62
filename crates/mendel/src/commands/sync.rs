//! `mendel sync`

use mendel_agent::ClientSender;
use mendel_journal::{Delivered, Journal, deliver, leftover};
use serde_json::json;

use crate::{
    arguments::Global,
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::text::{count, safe},
};

/// Deliver what writers left behind.
#[derive(clap::Args)]
pub struct Sync {}

/// What became of one journal.
struct Outcome {
    journal: Journal,
    result: Result<Delivered, String>,
}

impl Sync {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let workspace = crate::context::find(global, &crate::context::present_folder()?)?;
        let context = Context::bare(workspace).await?;
        let journals = leftover(&context.workspace)
            .map_err(|error| Failure::trouble(format!("the journals cannot be read: {error}")))?;
        let mut outcomes = Vec::new();
        for journal in journals {
            let mut sender = ClientSender::new(context.client.clone());
            let path = journal.path.clone();
            // The journal is read by blocking code, which asks the client on this runtime.
            let done = tokio::task::spawn_blocking(move || deliver(&path, &mut sender)).await;
            let result = match done {
                Ok(delivered) => delivered.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            outcomes.push(Outcome { journal, result });
        }
        // Runs whose process is gone are closed only now, with all they said.
        let context = Context::of(context.workspace).await?;
        let left = leftover(&context.workspace).map(|left| left.len()).unwrap_or(outcomes.len());
        let records: u64 =
            outcomes.iter().filter_map(|outcome| outcome.result.as_ref().ok()).map(|done| done.records).sum();
        let refused: u64 =
            outcomes.iter().filter_map(|outcome| outcome.result.as_ref().ok()).map(|done| done.refused).sum();
        let failures: Vec<String> = outcomes.iter().filter_map(failure).collect();
        for failure in &failures {
            printer.note(format_args!("{}", safe(failure)));
        }
        let answer = json!({
            "journals": outcomes.len(),
            "records": records,
            "refused": refused,
            "failures": failures,
            "left": left,
        });
        printer.answer(&answer, |text| {
            let journals = match outcomes.len() {
                0 => "nothing was left behind".to_owned(),
                found => format!(
                    "{} with {}",
                    count(found, "journal"),
                    count(usize::try_from(records).unwrap_or(usize::MAX), "record")
                ),
            };
            text.push_str(&format!("{journals}\n"));
        });
        Ok(if failures.is_empty() { Exit::Done } else { Exit::Trouble })
    }
}

/// Why not all of a journal arrived.
fn failure(outcome: &Outcome) -> Option<String> {
    let of_run = format!("journal of run `{}`", outcome.journal.run);
    match &outcome.result {
        Err(error) => Some(format!("{of_run}: {error}")),
        Ok(done) => match (&done.refusal, done.refused, done.damage.len()) {
            (Some(refusal), ..) => Some(format!("{of_run} was refused: {refusal}")),
            (None, 0, 0) => None,
            (None, refused, damaged) => {
                Some(format!("{of_run}: {refused} records were refused, {damaged} stretches were damaged"))
            }
        },
    }
}
