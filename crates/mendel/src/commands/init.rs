//! `mendel init`

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use mendel_journal::Workspace;
use mendel_model::{NewProject, ProjectType};
use mendel_spec::ProjectFile;
use serde_json::json;

use super::project::kind_of;
use crate::{
    arguments::Global,
    context::{self, Context, now},
    exit::{Exit, Failure},
    printer::Printer,
    render::text::safe,
};

const PROJECT_FILE: &str = "mendel.toml";

/// Make a project file and a workspace.
#[derive(clap::Args)]
pub struct Init {
    /// The folder, made when missing.
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
    /// The field of work, such as `vision` or `nlp`.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Name of the project; the folder's when not given.
    #[arg(long)]
    name: Option<String>,
}

impl Init {
    pub async fn execute(self, global: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let kind = self.kind.as_deref().map(kind_of).transpose()?;
        fs::create_dir_all(&self.folder).map_err(|error| failed("make", &self.folder, &error))?;
        let folder = self.folder.canonicalize().map_err(|error| failed("open", &self.folder, &error))?;
        let file = folder.join(PROJECT_FILE);
        let existing = file.exists().then(|| ProjectFile::read(&file)).transpose()?;
        let name = self.name.or_else(|| existing.as_ref().and_then(|file| file.project.clone()));
        let name = name.unwrap_or_else(|| folder_name(&folder));
        if existing.is_none() {
            fs::write(&file, project_file(&name)).map_err(|error| failed("write", &file, &error))?;
            printer.note(format_args!("Wrote {}", file.display()));
        }
        let workspace = match global.workspace {
            Some(_) => context::find(global, &folder)?,
            None => Workspace::named(&folder),
        };
        let fresh = !workspace.exists();
        let context = Context::of(workspace).await?;
        keep_out_of_git(context.workspace.root())?;
        let project = project(&context, &name, kind).await?;
        if fresh {
            printer.note(format_args!("Made workspace {}", context.workspace.root().display()));
        }
        let answer = json!({"workspace": context.workspace.root(), "project": project});
        printer.answer(&answer, |text| {
            text.push_str(&format!("project {} in {}\n", safe(&project), context.workspace.root().display()));
        });
        Ok(Exit::Done)
    }
}

/// The project of that name, made where there is none.
async fn project(context: &Context, name: &str, kind: Option<ProjectType>) -> Result<String, Failure> {
    if let Some(found) = context.client.project(name).await? {
        return match kind.filter(|kind| *kind != found.kind) {
            Some(kind) => Err(Failure::input_hint(
                format!("project `{}` is of type {}, not {kind}", safe(name), found.kind),
                "leave out `--type`, or give another `--name`",
            )),
            None => Ok(found.name),
        };
    }
    let new = NewProject {
        name: name.to_owned(),
        description: String::new(),
        kind: kind.unwrap_or_default(),
        created: now(),
    };
    Ok(super::project::create(&context.client, &new).await?.name)
}

fn folder_name(folder: &Path) -> String {
    folder.file_name().map_or_else(|| "project".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The workspace is no part of anybody's repository.
fn keep_out_of_git(root: &Path) -> Result<(), Failure> {
    let file = root.join(".gitignore");
    match file.exists() {
        true => Ok(()),
        false => fs::write(&file, "*\n").map_err(|error| failed("write", &file, &error)),
    }
}

fn project_file(name: &str) -> String {
    format!(
        "# What holds for every run at and below this folder. All keys: `mendel schema project`.\n\
         project = {}\n\
         \n\
         # What a changed environment does: warn, strict (compute again), ignore.\n\
         # environment = \"warn\"\n",
        toml::Value::String(name.to_owned())
    )
}

fn failed(action: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::input(format!("cannot {action} `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_gives_a_file_that_can_be_read() {
        for name in ["demo", "a \"quoted\" name", "zwei\nZeilen", "C:\\work"] {
            let read: toml::Table = project_file(name).parse().expect("a good file");
            assert_eq!(read["project"].as_str(), Some(name));
        }
    }
}
