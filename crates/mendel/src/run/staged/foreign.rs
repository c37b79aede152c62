//! Files of repype in the folders of tasks, read and written by the worker: only there may values be read.

use std::{path::PathBuf, process::Stdio};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Forest, StagedTask,
    describe::{command, named},
};
use crate::{
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::text::safe,
    run::options::RunOptions,
};

/// What is done with the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// They are written from completions.
    Export,
    /// They become completed runs; their values too where that is asked for and confirmed.
    Import { with_data: bool, yes: bool },
}

/// What became of the tasks.
#[derive(Serialize, Deserialize)]
struct Answer {
    tasks: Vec<Told>,
}

#[derive(Serialize, Deserialize)]
struct Told {
    task: PathBuf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    skipped: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    #[serde(default)]
    files: Vec<String>,
}

/// Exchanges the files of the runnable tasks of the tree at `path`.
pub async fn exchange(context: &Context, path: PathBuf, what: Exchange, printer: &Printer) -> Result<Exit, Failure> {
    let options = RunOptions::default();
    let forest = Forest::read(context, &[path], &options, (true, printer)).await?;
    forest.judge(false, printer)?;
    let tasks: Vec<_> = forest.tasks.iter().filter(|task| task.selected && task.runnable).map(document).collect();
    if tasks.is_empty() {
        forest.refuse_what_does_not_run()?;
    }
    let answer = ask(context, &forest, (&options, what), &tasks, printer)?;
    let answer: Answer = serde_json::from_value(answer)
        .map_err(|error| Failure::trouble(format!("the answer of the worker cannot be read: {error}")))?;
    printer.answer(&answer, |text| answer.tasks.iter().for_each(|one| text.push_str(&line(one))));
    let is_good = answer.tasks.iter().all(|one| one.error.is_none());
    Ok(if is_good { Exit::Done } else { Exit::RunFailed })
}

fn document(task: &StagedTask) -> Value {
    json!({
        "task": {"path": task.address, "root": task.root, "name": task.name},
        "pipeline": named(&task.named),
        "inputs": task.inputs,
        "config": task.config,
        "full_spec": task.spec,
        "scopes": task.scopes,
        "marginal": task.marginal,
    })
}

fn ask(
    context: &Context,
    forest: &Forest,
    (options, what): (&RunOptions, Exchange),
    tasks: &[Value],
    printer: &Printer,
) -> Result<Value, Failure> {
    let trouble = |what: &str, error: std::io::Error| Failure::trouble(format!("{what}: {error}"));
    let prepared = forest.environment(context, options, printer)?;
    let cache = context.workspace.cache();
    std::fs::create_dir_all(&cache).map_err(|error| trouble("the cache cannot be made", error))?;
    let binary = std::env::current_exe().map_err(|error| trouble("this program cannot be found", error))?;
    let file = cache.join(format!("exchange-{}.json", std::process::id()));
    let mut text = json!({
        "version": 1,
        "roots": forest.roots,
        "project": forest.project,
        "project_name": forest.settings.project,
        "tasks": tasks,
        "action": if what == Exchange::Export { "export" } else { "import" },
    });
    if let Exchange::Import { with_data, yes } = what {
        text["with_data"] = Value::Bool(with_data);
        text["yes"] = Value::Bool(yes);
    }
    std::fs::write(&file, text.to_string()).map_err(|error| trouble("a document cannot be written", error))?;
    let done = command(&prepared, &cache, &forest.start, "mendel.pipeline.repype_files")
        .map_err(|error| trouble("the package cannot be found", error))?
        .env("MENDEL_STAGES", &file)
        .env("MENDEL_WORKSPACE", context.workspace.root())
        .env("MENDEL_BINARY", binary)
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output();
    // It is of no use to anyone any more.
    let _ = std::fs::remove_file(&file);
    let done = done.map_err(|error| trouble("Python cannot be started", error))?;
    serde_json::from_slice(&done.stdout).map_err(|_| Failure::trouble("the worker ended without an answer"))
}

fn line(told: &Told) -> String {
    let task = safe(&told.task.display().to_string()).into_owned();
    let files = told.files.join(", ");
    let said = match (&told.error, &told.skipped, &told.run) {
        (Some(error), ..) => format!("error: {error}"),
        (None, Some(skipped), _) => format!("left as it is: {skipped}"),
        (None, None, Some(run)) => format!("{files} recorded as run {run}"),
        (None, None, None) => format!("wrote {files}"),
    };
    let note = told.note.as_ref().map(|note| format!("; {note}")).unwrap_or_default();
    format!("{task}: {}{note}\n", safe(&said))
}
