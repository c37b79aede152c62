//! `mendel audit`
//!
//! Computes a sample of stored results again, in clean folders and with low priority, and compares their
//! bytes. What differs although it read the same is not deterministic, and is remembered as such.

mod compare;
mod sample;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::{Command, Stdio},
};

use clap::Args;
use mendel_api::RunQuery;
use mendel_model::{Identity, InputId, Run, Status, StepResult};
use serde::Serialize;
use serde_json::{Value, json};

use self::{
    compare::{Difference, differences},
    sample::Sample,
};
use crate::{
    arguments::Global,
    context::{Context, now},
    exit::{Exit, Failure},
    printer::Printer,
    render::{
        paint::Paint,
        table::{Column, Table, terminal_width},
        text::{count, safe},
    },
};

/// Compute a sample of stored results again and compare them.
#[derive(Args)]
pub struct Audit {
    /// A tree or a run; everything in the workspace when none is named.
    #[arg(value_name = "TREE|RUN")]
    subject: Option<String>,
    /// How many of the results: a share such as `1%`, or a number.
    #[arg(long, default_value = "1%", value_name = "SHARE|N")]
    sample: Sample,
    /// Another seed chooses another sample; the same one chooses the same.
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
}

/// The answer.
#[derive(Serialize)]
struct Document {
    /// Results there are.
    stored: usize,
    /// Results that were computed again.
    sampled: usize,
    /// Those of them that came out the same.
    same: usize,
    differences: Vec<Difference>,
    /// Runs that could not be computed again.
    failed: Vec<Failed>,
}

#[derive(Serialize)]
struct Failed {
    run: i64,
    why: String,
}

/// The key of the note that keeps what an audit found about results of one meaning.
pub fn note_key(identity: &Identity) -> String {
    format!("audit:{identity}")
}

/// Whether a note says that results of that meaning differ from one time to the next.
pub fn is_nondeterministic(note: &Value) -> bool {
    note["verdict"] == "differs"
}

impl Audit {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let context = Context::here(global).await?;
        let mut stored = Vec::new();
        for run in self.runs(&context).await? {
            let results = context.client.results_of_run(run.facts.id).await?;
            stored.extend(results.into_iter().map(|result| (run.number, result)));
        }
        let chosen = self.sample.choose(&stored, self.seed);
        let mut document = Document {
            stored: stored.len(),
            sampled: chosen.len(),
            same: chosen.len(),
            differences: Vec::new(),
            failed: Vec::new(),
        };
        let mut by_run: BTreeMap<i64, Vec<&StepResult>> = BTreeMap::new();
        chosen.into_iter().for_each(|(run, result)| by_run.entry(*run).or_default().push(result));
        // One at a time: an audit is to disturb nobody.
        for (number, sampled) in by_run {
            printer.note(format_args!("@{number}: computing {} again", count(sampled.len(), "result")));
            match again(global, number, &sampled) {
                Ok(id) => {
                    let run = context.run(&id).await?;
                    let before = stored.iter().filter(|(run, _)| *run == number).map(|(_, result)| result).collect();
                    judge(&context, number, (before, sampled.as_slice()), &run, &mut document).await?;
                }
                Err(why) => {
                    document.same = document.same.saturating_sub(sampled.len());
                    document.failed.push(Failed { run: number, why });
                }
            }
        }
        let is_good = document.differences.is_empty() && document.failed.is_empty();
        printer.answer(&document, |text| text.push_str(&told(&document, printer)));
        Ok(if is_good { Exit::Done } else { Exit::RunFailed })
    }

    /// The finished runs that are asked for; those that replayed another are none of them.
    async fn runs(&self, context: &Context) -> Result<Vec<Run>, Failure> {
        let query = RunQuery {
            status: vec![Status::Completed, Status::Published],
            sort: vec!["created".to_owned()],
            ..RunQuery::default()
        };
        let folder = self.subject.as_deref().filter(|subject| !subject.starts_with('@'));
        let folder = folder.map(Path::new).filter(|path| path.exists());
        Ok(match (&self.subject, folder) {
            (Some(reference), None) => vec![context.run(reference).await?],
            (_, folder) => {
                let folder = folder.map(Path::canonicalize).transpose();
                let folder = folder.map_err(|error| Failure::input(format!("the tree cannot be read: {error}")))?;
                let is_below = |run: &Run| {
                    let address = Path::new(&run.facts.script.root).join(&run.facts.script.entry);
                    folder.as_ref().is_none_or(|folder| address.starts_with(folder))
                };
                let runs = context.client.all_runs(&query).await?;
                runs.into_iter().filter(|run| run.facts.parent.is_none() && is_below(run)).collect()
            }
        })
    }
}

/// Compares what `run` computed with what was stored, and remembers the verdicts.
async fn judge(
    context: &Context,
    number: i64,
    (before, sampled): (Vec<&StepResult>, &[&StepResult]),
    run: &Run,
    document: &mut Document,
) -> Result<(), Failure> {
    let after = context.client.results_of_run(run.facts.id).await?;
    let mut spoiled: Vec<Option<InputId>> = Vec::new();
    for then in &before {
        let again = after.iter().find(|now| now.step == then.step);
        let Some(now_made) = again.filter(|now| now.identity == then.identity) else {
            // It read what another stage made differently, which is told there.
            let is_sampled = sampled.iter().any(|result| result.step == then.step);
            document.same = document.same.saturating_sub(usize::from(is_sampled));
            if is_sampled && !spoiled.contains(&then.input) {
                let why = format!("`{}` was not computed again on the same values", then.step);
                document.failed.push(Failed { run: number, why });
            }
            continue;
        };
        let found = differences(context, number, then, now_made).await?;
        let is_sampled = sampled.iter().any(|result| result.step == then.step);
        let verdict = if found.is_empty() { "same" } else { "differs" };
        let note = json!({
            "verdict": verdict, "run": run.facts.id, "finished": now(),
            "fields": found.iter().map(|one| &one.field).collect::<Vec<_>>(),
        });
        let known = context.client.note(&note_key(&then.identity)).await?;
        // Once it differed, it is not deterministic however often it comes out the same.
        if !known.as_ref().is_some_and(is_nondeterministic) {
            context.client.put_note(&note_key(&then.identity), &note).await?;
        }
        if !found.is_empty() {
            document.same = document.same.saturating_sub(usize::from(is_sampled));
            spoiled.push(then.input.clone());
            document.differences.extend(found);
        }
    }
    Ok(())
}

/// Computes a run again, as a new run in a folder of its own; answers the id of that one.
fn again(global: &Global, number: i64, sampled: &[&StepResult]) -> Result<String, String> {
    let binary = std::env::current_exe().map_err(|error| format!("this program cannot be found: {error}"))?;
    let mut command = Command::new("nice");
    command.args(["-n", "19"]).arg(binary).args(["--json", "rerun", &format!("@{number}"), "--no-monitor"]);
    if let Some(workspace) = &global.workspace {
        command.args(["--workspace", workspace.as_str()]);
    }
    let inputs: BTreeSet<&InputId> = sampled.iter().filter_map(|result| result.input.as_ref()).collect();
    for input in inputs {
        command.arg(format!("--input={input}"));
    }
    let done = command.stdin(Stdio::null()).output().map_err(|error| format!("it cannot be started: {error}"))?;
    let last = || {
        let text = String::from_utf8_lossy(&done.stderr);
        text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it ended without a word").to_owned()
    };
    let answer: Value = serde_json::from_slice(&done.stdout).map_err(|_| last())?;
    let run = &answer["runs"][0];
    match (run["id"].as_str(), run["status"].as_str()) {
        (Some(id), Some("completed" | "published")) => Ok(id.to_owned()),
        (_, status) => Err(format!("run @{} {}", run["number"], status.unwrap_or("did not end"))),
    }
}

fn told(document: &Document, printer: &Printer) -> String {
    let Document { stored, sampled, same, differences, failed } = document;
    let mut text = format!("{sampled} of {} computed again: {same} the same", count(*stored, "result"));
    let stages: BTreeSet<&str> = differences.iter().map(|one| one.stage.as_str()).collect();
    if !stages.is_empty() {
        let named: Vec<_> = stages.iter().map(|stage| format!("`{}`", safe(stage))).collect();
        text.push_str(&format!("; not deterministic: {}", named.join(", ")));
    }
    text.push('\n');
    for Failed { run, why } in failed {
        text.push_str(&format!("@{run}: {}\n", safe(why)));
    }
    if differences.is_empty() {
        return text;
    }
    let columns = ["RUN", "STAGE", "INPUT", "FIELD", "FIRST DIFFERENCE"].map(|head| Column::text(head, 0));
    let mut table = Table::new(columns.into());
    for one in differences {
        let input = one.input.as_ref().map(ToString::to_string).unwrap_or_default();
        table.row(vec![
            format!("@{}", one.run).into(),
            safe(&one.stage).into_owned().into(),
            safe(&input).into_owned().into(),
            safe(&one.field).into_owned().into(),
            safe(&one.first).into_owned().into(),
        ]);
    }
    text.push_str(&table.show(terminal_width(), Paint(printer.has_colour())));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_told_by_its_word() {
        assert!(is_nondeterministic(&json!({"verdict": "differs"})));
        assert!(!is_nondeterministic(&json!({"verdict": "same"})) && !is_nondeterministic(&Value::Null));
    }
}
