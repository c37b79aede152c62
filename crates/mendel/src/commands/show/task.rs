//! A task as it would run: kind and what decided it, parameters, environment, entries.

use std::path::Path;

use mendel_agent::environment::{Detected, EnvironmentChoice, EnvironmentError, Machine, detect};
use mendel_model::TaskKind;
use mendel_spec::{Kind, ParamDecl, ParamSchema, Place, TaskFile};
use serde_json::{Map, Value, json};

use crate::{
    exit::{Exit, Failure},
    printer::Printer,
    render::{
        document,
        paint::Paint,
        table::{Cell, Column, Table, terminal_width},
        text::safe,
        value::value,
    },
};

const ENTRY_ENDINGS: [&str; 5] = ["py", "R", "r", "sh", "ipynb"];

/// What is known of a task without running it.
struct TaskView {
    document: Value,
    schema: ParamSchema,
    name: String,
    description: String,
    /// Kind, and the file and line that decided it.
    kind: String,
    environment: Result<Detected, EnvironmentError>,
    entry: Option<String>,
    entries: Vec<String>,
    notes: Vec<String>,
}

/// Shows the task at `path`.
pub fn show(path: &Path, printer: &Printer) -> Result<Exit, Failure> {
    let view = match path.is_dir() {
        true => of_folder(path)?,
        false => of_file(path)?,
    };
    for note in &view.notes {
        printer.note(format_args!("{note}"));
    }
    printer.answer(&view.document, |text| text.push_str(&told(&view, Paint(printer.has_colour()))));
    Ok(Exit::Done)
}

fn of_folder(folder: &Path) -> Result<TaskView, Failure> {
    let task = mendel_spec::read_folder(folder)?;
    let choice = task.environment.clone().map_or(EnvironmentChoice::Auto, EnvironmentChoice::File);
    let environment = detect(folder, &choice, &Machine::of_this_process());
    let entries = entries(folder);
    let decided = match task.decision.line {
        Some(line) => format!("{}:{line}", task.decision.file),
        None => task.decision.file.clone(),
    };
    let document = folder_document(&task, &environment, &entries);
    Ok(TaskView {
        document,
        kind: format!("{}, because {} ({decided})", kind_name(task.kind), task.decision.reason),
        schema: task.schema,
        name: task.name,
        description: task.description,
        environment,
        entry: task.entry,
        entries,
        notes: task.warnings.iter().map(ToString::to_string).collect(),
    })
}

fn folder_document(task: &TaskFile, environment: &Result<Detected, EnvironmentError>, entries: &[String]) -> Value {
    json!({
        "path": task.folder,
        "kind": task.kind,
        "decided": task.decision,
        "runnable": task.kind != Kind::Node,
        "files": task.files,
        "id": task.id,
        "name": task.name,
        "description": task.description,
        "active": task.active,
        "project_type": task.project_type,
        "entry": task.entry,
        "entries": entries,
        "config": task.document.get("config").cloned().unwrap_or_else(|| json!({})),
        "params": params(&task.schema),
        "outputs": task.schema.outputs,
        "origins": origins(&task.schema),
        "environment": environment_document(environment),
        "sweep": task.sweep,
        "resources": task.resources,
        "inherit": task.inherit,
        "warnings": task.warnings,
    })
}

fn of_file(path: &Path) -> Result<TaskView, Failure> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if matches!(name.as_str(), "task.yaml" | "task.yml") {
        return of_folder(folder);
    }
    let source =
        std::fs::read(path).map_err(|error| Failure::input(format!("`{}` cannot be read: {error}", path.display())))?;
    let is_python = name.ends_with(".py");
    let parser = if is_python { mendel_spec::parser_of(&String::from_utf8_lossy(&source)) } else { None };
    let known = parser.is_some();
    let schema = parser.map(|parser| parser.schema()).unwrap_or_default();
    let environment = detect(folder, &EnvironmentChoice::Auto, &Machine::of_this_process());
    let kind = if is_python { TaskKind::Script } else { TaskKind::Command };
    let reason = "it is named directly";
    let notes = match known || !is_python {
        true => Vec::new(),
        false => vec!["It has no parser that can be read; its parameters are known once it has run.".to_owned()],
    };
    let document = json!({
        "path": path,
        "kind": kind,
        "decided": {"file": name, "line": null, "reason": reason},
        "runnable": true,
        "name": path.file_stem().map(|stem| stem.to_string_lossy()),
        "entry": name,
        "entries": [name],
        "config": {},
        "params": params(&schema),
        "params_known": known,
        "outputs": [],
        "origins": origins(&schema),
        "environment": environment_document(&environment),
    });
    let told = document::value(&kind);
    Ok(TaskView {
        document,
        schema,
        kind: format!("{}, because {reason}", value(&told)),
        name: name.clone(),
        description: String::new(),
        environment,
        entry: Some(name.clone()),
        entries: vec![name],
        notes,
    })
}

fn kind_name(kind: Kind) -> String {
    value(&document::value(&kind))
}

/// Each parameter with all that its declaration says.
fn params(schema: &ParamSchema) -> Value {
    let told = schema.inputs.iter().map(|decl| {
        let mut told = document::value(decl);
        if let Value::Object(fields) = &mut told {
            fields.remove("at");
            fields.remove("default_at");
            fields.insert("origin".to_owned(), Value::String(origin(decl)));
        }
        (decl.name.clone(), told)
    });
    Value::Object(told.collect())
}

fn origins(schema: &ParamSchema) -> Map<String, Value> {
    schema.inputs.iter().map(|decl| (decl.name.clone(), Value::String(origin(decl)))).collect()
}

/// Where the value comes from that a run takes when nothing is given.
fn origin(decl: &ParamDecl) -> String {
    let place = decl.default_at.as_ref().or(decl.at.as_ref()).map(Place::line_text);
    match (&decl.default, place) {
        (Value::Null, _) if decl.required => "to be given".to_owned(),
        (_, Some(place)) => format!("default ({place})"),
        (_, None) => "default".to_owned(),
    }
}

fn environment_document(environment: &Result<Detected, EnvironmentError>) -> Value {
    match environment {
        Ok(found) => json!({"manager": found.manager, "because": found.because, "file": found.file}),
        Err(error) => json!({"manager": null, "error": error.to_string(), "hint": error.hint()}),
    }
}

/// The files of the folder itself that a run could start.
fn entries(folder: &Path) -> Vec<String> {
    let listed = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = listed
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter(|entry| {
            entry.path().extension().is_some_and(|ending| ENTRY_ENDINGS.iter().any(|known| ending == *known))
        })
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn told(view: &TaskView, paint: Paint) -> String {
    let mut text = format!("{}\n", paint.bold(&safe(&view.name)));
    if !view.description.is_empty() {
        text.push_str(&format!("{}\n", safe(&view.description)));
    }
    let environment = match &view.environment {
        Ok(found) => format!("{}, because {}", value(&document::value(&found.manager)), found.because),
        Err(error) => format!("{error}; {}", error.hint()),
    };
    let others: Vec<&str> =
        view.entries.iter().filter(|name| Some(*name) != view.entry.as_ref()).map(String::as_str).collect();
    let mut lines = vec![("kind", view.kind.clone())];
    lines.extend(view.entry.clone().map(|entry| ("entry", entry)));
    if !others.is_empty() {
        lines.push(("also there", others.join(", ")));
    }
    lines.push(("env", environment));
    for (name, line) in lines {
        text.push_str(&format!("{}  {}\n", paint.dim(&format!("{name:<10}")), safe(&line)));
    }
    if !view.schema.inputs.is_empty() {
        text.push('\n');
        text.push_str(&param_table(&view.schema).show(terminal_width(), paint));
    }
    if !view.schema.outputs.is_empty() {
        let names: Vec<String> =
            view.schema.outputs.iter().map(|decl| format!("{} ({})", safe(&decl.name), decl.kind.name())).collect();
        text.push_str(&format!("\n{}  {}\n", paint.dim("produces"), names.join(", ")));
    }
    text
}

fn param_table(schema: &ParamSchema) -> Table {
    let columns = vec![
        Column::text("parameter", 0),
        Column::text("type", 0),
        Column::text("default", 0),
        Column::text("allowed", 3),
        Column::text("from", 4),
        Column::text("", 2),
    ];
    let mut table = Table::new(columns);
    for decl in &schema.inputs {
        let default = match (&decl.default, decl.required, decl.secret) {
            (_, _, true) => "hidden".to_owned(),
            (Value::Null, true, _) => "required".to_owned(),
            (default, ..) => value(default),
        };
        let place = decl.default_at.as_ref().or(decl.at.as_ref()).map(Place::line_text).unwrap_or_default();
        table.row(vec![
            safe(&decl.name).into_owned().into(),
            decl.kind.name().into(),
            safe(&default).into_owned().into(),
            safe(&allowed(decl)).into_owned().into(),
            Cell::coloured(safe(&place), 2),
            Cell::coloured(safe(&decl.description), 2),
        ]);
    }
    table
}

fn allowed(decl: &ParamDecl) -> String {
    let choices: Vec<String> = decl.choices.iter().map(value).collect();
    match (decl.min, decl.max) {
        _ if !choices.is_empty() => choices.join("|"),
        (Some(min), Some(max)) => format!("{min}…{max}"),
        (Some(min), None) => format!("≥ {min}"),
        (None, Some(max)) => format!("≤ {max}"),
        (None, None) => String::new(),
    }
}
