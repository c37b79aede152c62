//! A staged run again: a new attempt of it, or its snapshot as a new run.

use std::path::{Path, PathBuf};

use mendel_agent::{
    environment::{self, EnvironmentChoice, Machine},
    job::WorkingFolder,
};
use mendel_api::CreateRuns;
use mendel_model::{EnvironmentManager, NewRun, Reason, ReasonKind, Run, RunId};
use serde_json::Value;

use super::{
    answer,
    code::{Code, InstalledIn},
    job::{Attempt, DOCUMENT},
    launch::{batch_of, ended},
    record::Completion,
};
use crate::{
    context::{Context, now},
    exit::{Exit, Failure},
    printer::Printer,
    run::{
        options::RunOptions,
        package,
        prepare::{self, Settings},
        summary::{RunDocument, RunLine},
        watch,
    },
};

/// Goes on with a run where it was started: what it finished answers. Its code must be as it was.
pub async fn resume(context: &Context, run: &Run, monitor: bool, printer: &Printer) -> Result<Exit, Failure> {
    let document = document_of(run)?;
    let code_is_as_it_was = unchanged(context, &document, printer);
    if !code_is_as_it_was {
        return Err(Failure::input_hint(
            format!("the code of run @{} changed since it was started", run.number),
            format!(
                "`mendel run` makes a run of what is there now; `mendel rerun @{}` replays its snapshot",
                run.number
            ),
        ));
    }
    let start = Path::new(&run.facts.script.root).join(&run.facts.script.working_folder);
    let folder = WorkingFolder::InPlace { path: start };
    execute(context, (&run.facts, &document), folder, monitor, printer).await
}

/// Executes the snapshot of a run as a new run, in a folder of its own.
pub async fn rerun(context: &Context, origin: &Run, options: &RunOptions, printer: &Printer) -> Result<Exit, Failure> {
    if !options.sets.is_empty() || !options.params.is_empty() || !options.grids.is_empty() {
        return Err(Failure::input_hint(
            "a staged run is replayed as it was",
            "`mendel run TREE --set stage/key=value` runs it with another value",
        ));
    }
    // Before the run is there: one that cannot be started would wait for ever.
    package::needed()?;
    let id = RunId::from_uuid(mendel_journal::new_id());
    let work = context.workspace.work(id);
    let mut document = moved(&document_of(origin)?, &origin.facts.script.root, &work);
    document["force"] = Value::Bool(true);
    if !options.inputs.is_empty() {
        narrow(&mut document, &options.inputs)?;
    }
    let mut run = NewRun {
        id,
        created: now(),
        parent: Some(origin.facts.id),
        reasons: vec![Reason::new(ReasonKind::Forced, "replayed")],
        owner: None,
        ..origin.facts.clone()
    };
    run.documents.insert(DOCUMENT.to_owned(), document.clone());
    run.name = options.name.clone().unwrap_or(run.name);
    context.client.create_runs(&CreateRuns { runs: vec![run.clone()], batch: None }).await?;
    let folder = WorkingFolder::Private { below: run.script.working_folder.clone(), links: Vec::new() };
    execute(context, (&run, &document), folder, !options.no_monitor, printer).await
}

/// Leaves only those inputs in a document.
fn narrow(document: &mut Value, wanted: &[PathBuf]) -> Result<(), Failure> {
    let text = |id: &Value| id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    let all = document["inputs"].as_array().cloned().unwrap_or_default();
    for input in wanted {
        if !all.iter().any(|id| Path::new(&text(id)) == input) {
            let known: Vec<_> = all.iter().take(20).map(text).collect();
            return Err(Failure::input_hint(
                format!("there is no input `{}`", input.display()),
                format!("the run had {}", known.join(", ")),
            ));
        }
    }
    document["inputs"] =
        all.into_iter().filter(|id| wanted.iter().any(|input| Path::new(&text(id)) == input)).collect();
    Ok(())
}

async fn execute(
    context: &Context,
    (run, document): (&NewRun, &Value),
    folder: WorkingFolder,
    monitor: bool,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let environment = environment_of(context, run, printer)?;
    let attempt = Attempt { run, document, environment: &environment, folder, monitor };
    let batch = batch_of(context, vec![attempt.job(context)?], 1, false)?;
    let mut watched = watch::execute(context, batch, None, printer).await?;
    let address = document["task"]["path"].as_str().unwrap_or_default();
    let note = context.client.note(&super::record::note_key(address)).await?;
    let record: Option<Completion> = note.and_then(|note| serde_json::from_value(note).ok());
    let cell = ended(context, run.id, record, &mut watched).await?;
    printer.answer(&RunDocument { runs: vec![RunLine::of(&cell)], tasks: Vec::new(), batch: None }, |_| {});
    answer::line(&run.name, &cell, printer);
    Ok(match cell.run.status {
        _ if watched.interrupted => Exit::Interrupted,
        mendel_model::Status::Completed | mendel_model::Status::Published => Exit::Done,
        _ => Exit::RunFailed,
    })
}

fn document_of(run: &Run) -> Result<Value, Failure> {
    let found = run.facts.documents.get(DOCUMENT).cloned();
    found.ok_or_else(|| Failure::input(format!("run @{} was not made by `mendel run`", run.number)))
}

/// Whether the classes of the stages reach what they reached when the run was made.
fn unchanged(context: &Context, document: &Value, printer: &Printer) -> bool {
    let paths = |key: &str| -> Vec<PathBuf> {
        let listed = document[key].as_array().into_iter().flatten();
        listed.filter_map(Value::as_str).map(PathBuf::from).collect()
    };
    let project = PathBuf::from(document["project"].as_str().unwrap_or_default());
    let mut code = Code::below(context, &project, &paths("roots"));
    if let Ok(settings) = Settings::of(&project, &RunOptions::default()) {
        code = code.with_installed(InstalledIn::of(context, &project, &settings));
    }
    let mut same = true;
    for (class, digest) in document["code"].as_object().into_iter().flatten() {
        let now = code.print(class).ok().map(|print| print.digest.to_string());
        same &= now.as_deref() == digest.as_str();
    }
    code.keep(printer);
    same
}

/// The document with every path below `root` moved to `work`.
fn moved(document: &Value, root: &str, work: &Path) -> Value {
    match document {
        Value::String(text) => match text.strip_prefix(root) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", work.display()).into(),
            _ => document.clone(),
        },
        Value::Array(items) => items.iter().map(|item| moved(item, root, work)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), moved(value, root, work))).collect())
        }
        other => other.clone(),
    }
}

/// The environment a run had, by whoever provided it.
fn environment_of(context: &Context, run: &NewRun, printer: &Printer) -> Result<environment::Prepared, Failure> {
    let choice = match run.environment.as_ref().map(|lock| lock.manager) {
        Some(EnvironmentManager::Venv) => EnvironmentChoice::Venv,
        Some(EnvironmentManager::Conda) => EnvironmentChoice::Conda,
        Some(EnvironmentManager::System | EnvironmentManager::None) | None => EnvironmentChoice::System,
    };
    let machine = Machine::of_this_process();
    let root = PathBuf::from(&run.script.root);
    let detected = environment::detect(&root, &choice, &machine)?;
    environment::ensure_available(&detected, &machine)?;
    let place = prepare::place(context);
    let request = environment::Request { folder: &root, detected: &detected, place: &place, machine: &machine };
    environment::prepare(&request, false, &mut |line| printer.note(format_args!("  {line}"))).map_err(Failure::from)
}
