//! `mendel import`: folders that another tool made, put into a project.
//!
//! Nothing of a folder is changed but its `mendel.toml`, which names the project of all runs
//! that are started below it.

use std::path::{Path, PathBuf};

use mendel_model::{NewProject, ProjectType};
use mendel_spec::{Problems, ProjectFile, TaskFile};
use serde_json::json;

use crate::{
    arguments::Global,
    commands::project,
    context::{Context, now},
    exit::{Exit, Failure},
    printer::Printer,
    render::text::{count, safe},
    run::staged::foreign::{Exchange, exchange},
};

/// Put the task folders of another tool into a project.
#[derive(clap::Args)]
pub struct Import {
    #[command(subcommand)]
    from: Origin,
}

#[derive(clap::Subcommand)]
enum Origin {
    /// Task folders of Coretex: the given one, or every one below it.
    Coretex {
        /// A folder with a `task.yaml`, or one that holds such folders.
        folder: PathBuf,
        /// The project they belong to from now on; made if there is none.
        #[arg(long, value_name = "NAME")]
        project: String,
    },
    /// What repype left in the folders of a tree: as completed runs, with their times.
    Repype {
        /// The tree.
        tree: PathBuf,
        /// Read the values as well; reading them executes code from the files.
        #[arg(long)]
        with_data: bool,
        /// Allow that without being asked.
        #[arg(long, requires = "with_data")]
        yes: bool,
    },
}

/// What became of the folders.
#[derive(Default)]
struct Judged {
    good: Vec<TaskFile>,
    bad: Vec<(PathBuf, Problems)>,
}

impl Import {
    /// Registers what can run, and lists what cannot.
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let (folder, project) = match self.from {
            Origin::Coretex { folder, project } => (folder, project),
            Origin::Repype { tree, with_data, yes } => {
                let context = Context::here(global).await?;
                return exchange(&context, tree, Exchange::Import { with_data, yes }, printer).await;
            }
        };
        let unreadable = |error: std::io::Error| Failure::input(format!("cannot read `{}`: {error}", folder.display()));
        let root = folder.canonicalize().map_err(unreadable)?;
        let mut found = Vec::new();
        task_folders(&root, &mut found).map_err(unreadable)?;
        if found.is_empty() {
            return Err(Failure::input_hint(
                format!("there is no `task.yaml` in or below `{}`", folder.display()),
                "a folder that holds a script alone runs as it is: `mendel run FOLDER`",
            ));
        }
        let judged = judge(found);
        if !judged.good.is_empty() {
            name_project(&root, &project)?;
            let context = Context::open(global, &root).await?;
            if context.client.project(&project).await?.is_none() {
                let kind = judged.good.iter().find_map(|task| task.project_type).unwrap_or_default();
                make(&context, &project, kind).await?;
            }
        }
        answer(&judged, &project, printer);
        Ok(if judged.bad.is_empty() { Exit::Done } else { Exit::RunFailed })
    }
}

/// The task folder `folder`, or else all that lie below it.
fn task_folders(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if ["task.yaml", "task.yml"].iter().any(|name| folder.join(name).is_file()) {
        found.push(folder.to_owned());
        return Ok(());
    }
    let entries = folder.read_dir()?.collect::<std::io::Result<Vec<_>>>()?;
    let mut folders: Vec<_> =
        entries.iter().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).collect();
    folders.sort_by_key(|entry| entry.file_name());
    for entry in folders {
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with('.') && name != "__pycache__" {
            task_folders(&entry.path(), found)?;
        }
    }
    Ok(())
}

fn judge(folders: Vec<PathBuf>) -> Judged {
    let mut judged = Judged::default();
    for folder in folders {
        match mendel_spec::read_folder(&folder) {
            Ok(task) if task.entry.is_some() => judged.good.push(task),
            Ok(_) => {
                let missing = mendel_spec::Problem::error("entry_missing", "there is no entry script");
                let missing = missing.in_file(&folder.display().to_string()).hint("add `main.py`");
                judged.bad.push((folder, missing.into()));
            }
            Err(problems) => judged.bad.push((folder, problems)),
        }
    }
    judged
}

/// Names the project in the `mendel.toml` of `root`; another name that stands there is kept.
fn name_project(root: &Path, project: &str) -> Result<(), Failure> {
    let path = root.join("mendel.toml");
    let before = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Failure::input(format!("cannot read `{}`: {error}", path.display()))),
    };
    match ProjectFile::parse(&path, &before)?.project {
        Some(named) if named == project => return Ok(()),
        Some(named) => {
            return Err(Failure::input_hint(
                format!("`{}` names the project `{}`", path.display(), safe(&named)),
                format!("`--project {}`, or change the file", safe(&named)),
            ));
        }
        None => {}
    }
    // A text in JSON is one in TOML.
    let text = format!("project = {}\n{before}", json!(project));
    std::fs::write(&path, text).map_err(|error| Failure::trouble(format!("cannot write `{}`: {error}", path.display())))
}

async fn make(context: &Context, name: &str, kind: ProjectType) -> Result<(), Failure> {
    let new = NewProject { name: name.to_owned(), description: String::new(), kind, created: now() };
    project::create(&context.client, &new).await.map(drop)
}

fn answer(judged: &Judged, project: &str, printer: &Printer) {
    let tasks: Vec<_> = judged
        .good
        .iter()
        .map(|task| json!({"path": task.folder, "name": task.name, "entry": task.entry, "warnings": task.warnings}))
        .collect();
    let skipped: Vec<_> =
        judged.bad.iter().map(|(path, problems)| json!({"path": path, "problems": problems})).collect();
    let document = json!({"project": project, "tasks": tasks, "skipped": skipped});
    printer.answer(&document, |text| {
        for task in &judged.good {
            text.push_str(&format!("{}  {}\n", task.folder.display(), safe(&task.name)));
            task.warnings.iter().for_each(|warning| text.push_str(&format!("  {warning}\n")));
        }
        for (path, problems) in &judged.bad {
            text.push_str(&format!("{}  skipped\n  {}\n", path.display(), problems.to_string().replace('\n', "\n  ")));
        }
        text.push_str(&format!("{} in project {}\n", count(judged.good.len(), "task"), safe(project)));
    });
}
