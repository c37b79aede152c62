//! `mendel check`
//!
//! Reads and judges everything a run would need; nothing is started, not even Python unless
//! `--imports` asks for it.

mod imports;

use std::path::{Path, PathBuf};

use mendel_agent::environment::{EnvironmentChoice, Machine, detect, ensure_available};
use mendel_spec::{Kind, Problem, Problems, ProjectFile, TaskFile};
use serde_json::{Value, json};

use crate::{
    arguments::{Global, PathArgument},
    context::Context,
    exit::{Exit, Failure},
    printer::Printer,
    render::{
        document,
        text::{count, safe},
        value::value,
    },
    run::{
        options::RunOptions,
        staged::{Forest, is_tree},
    },
};

/// Read and judge a task without starting it.
#[derive(clap::Args)]
pub struct Check {
    #[command(flatten)]
    path: PathArgument,
    /// Judge this entry script instead of the folder's own.
    #[arg(long, value_name = "FILE")]
    entry: Option<String>,
    /// Start Python to see whether every imported module is found.
    #[arg(long)]
    imports: bool,
}

/// What was found.
#[derive(Default)]
struct Findings {
    kind: Option<Value>,
    problems: Problems,
    /// What is missing and has a default.
    notes: Vec<Problem>,
    /// The script that would be started, and the folder it lies in.
    entry: Option<(PathBuf, String)>,
}

impl Check {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let path = &self.path.path;
        let mut found = match (path.is_dir(), path.is_file()) {
            (true, _) if is_tree(path) => tree(path, global, printer).await?,
            (true, _) => folder(path, self.entry.as_deref()),
            (false, true) => file(path),
            (false, false) => {
                let missing = Problem::error("missing", format!("there is no file or folder `{}`", path.display()));
                Findings {
                    problems: missing.hint("give a task folder, a script, or a file of a task folder").into(),
                    ..Findings::default()
                }
            }
        };
        if self.imports && !found.problems.has_errors() {
            imports(&mut found);
        }
        let ok = !found.problems.has_errors();
        let answer = json!({
            "ok": ok,
            "kind": found.kind,
            "path": path,
            "problems": found.problems.iter().map(told).collect::<Vec<_>>(),
            "notes": found.notes.iter().map(told).collect::<Vec<_>>(),
        });
        printer.answer(&answer, |text| {
            for problem in found.problems.iter() {
                text.push_str(&format!("{problem}\n"));
            }
            for note in &found.notes {
                text.push_str(&format!("note: {}\n", note.message));
            }
            let kind = found.kind.as_ref().map(|kind| format!(", a task of kind {}", value(kind))).unwrap_or_default();
            text.push_str(&match ok {
                true => format!("{} is good{kind}\n", safe(&path.display().to_string())),
                false => format!("{}\n", count(found.problems.errors().count(), "error")),
            });
        });
        Ok(if ok { Exit::Done } else { Exit::BadInput })
    }
}

/// Everything that is wrong with the tasks of a tree and with their pipelines.
async fn tree(path: &Path, global: &Global, printer: &Printer) -> Result<Findings, Failure> {
    let context = Context::here(global).await?;
    let options = RunOptions::default();
    let forest = Forest::read(&context, &[path.to_owned()], &options, (false, printer)).await?;
    let own = path.canonicalize().ok();
    let other = forest.others.iter().find(|task| Some(task.path.as_path()) == own.as_deref());
    let kind = match other {
        _ if forest.is_staged(own.as_deref()) => Kind::Staged,
        Some(task) => task.kind,
        None => Kind::Node,
    };
    let mut found = Findings { kind: Some(document::value(&kind)), ..Findings::default() };
    found.problems.extend(forest.problems);
    Ok(found)
}

/// The problem with its code and severity.
fn told(problem: &Problem) -> Value {
    let mut told = document::value(problem);
    if let Value::Object(fields) = &mut told {
        fields.insert("code".to_owned(), json!(problem.code));
        fields.insert("severity".to_owned(), json!(if problem.is_error() { "error" } else { "warning" }));
    }
    told
}

fn folder(path: &Path, entry: Option<&str>) -> Findings {
    let mut found = Findings::default();
    if let Err(problems) = ProjectFile::find(path) {
        found.problems.extend(problems);
    }
    match mendel_spec::read_folder_with(path, &mendel_spec::ReadOptions { entry }) {
        Ok(task) => of_task(path, &task, &mut found),
        Err(problems) => {
            found.problems.extend(problems);
            environment(path, &EnvironmentChoice::Auto, &mut found);
        }
    }
    found
}

fn of_task(path: &Path, task: &TaskFile, found: &mut Findings) {
    found.kind = Some(document::value(&task.kind));
    found.problems.extend(task.warnings.clone());
    if task.kind == Kind::Node && task.files.is_empty() {
        let missing = "no entry script: none of main.py, main.r and main.R, and no task.yaml that names one";
        let problem = Problem::error("entry_missing", format!("`{}` has {missing}", path.display())).key("entry");
        found.problems.push(problem.hint("write main.py, or make a task with `mendel new my-task --template script`"));
    }
    if task.files.is_empty() {
        found.notes.push(Problem::warning("no_task_file", "no task.yaml: the task has no parameters").key("params"));
    }
    let choice = task.environment.clone().map_or(EnvironmentChoice::Auto, EnvironmentChoice::File);
    environment(path, &choice, found);
    found.entry = task.entry.clone().map(|entry| (path.to_owned(), entry));
}

/// Whether the environment can be told and made, and what is taken where no file asks for one.
fn environment(path: &Path, choice: &EnvironmentChoice, found: &mut Findings) {
    let machine = Machine::of_this_process();
    let detected =
        detect(path, choice, &machine).and_then(|detected| ensure_available(&detected, &machine).map(|()| detected));
    match detected {
        Ok(detected) if detected.file.is_none() => {
            let told = format!(
                "the environment is {}, because {}",
                value(&document::value(&detected.manager)),
                detected.because
            );
            found.notes.push(Problem::warning("no_environment_file", told).key("environment"));
        }
        Ok(_) => {}
        Err(error) => {
            found.problems.push(Problem::error(error.code(), error.to_string()).key("environment").hint(error.hint()))
        }
    }
}

fn file(path: &Path) -> Findings {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match name.as_str() {
        "task.yaml" | "task.yml" => return self::folder(folder, None),
        "mendel.toml" => {
            let problems = match ProjectFile::read(path) {
                Ok(read) => read.warnings,
                Err(problems) => problems,
            };
            return Findings { kind: Some(json!("project")), problems, ..Findings::default() };
        }
        _ => {}
    }
    let kind = if name.ends_with(".py") { "script" } else { "command" };
    let mut found = Findings { kind: Some(json!(kind)), entry: Some((folder.to_owned(), name)), ..Findings::default() };
    if let Err(error) = std::fs::read(path) {
        found.problems.push(Problem::error("unreadable", format!("`{}` cannot be read: {error}", path.display())));
    }
    environment(folder, &EnvironmentChoice::Auto, &mut found);
    found
}

fn imports(found: &mut Findings) {
    let Some((folder, entry)) = found.entry.clone().filter(|(_, entry)| entry.ends_with(".py")) else { return };
    found.problems.extend(imports::missing(&folder, &entry, &Machine::of_this_process()));
}
