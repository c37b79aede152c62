//! `mendel new` and `mendel templates`
//!
//! Templates are folders carried by the binary; what a new folder may hold before is
//! decided here: nothing.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use mendel_snapshot::{Options, StatIndex, snapshot};
use serde_json::json;

use crate::{
    arguments::Global,
    exit::{Exit, Failure},
    printer::Printer,
    render::{
        paint::Paint,
        table::{Cell, Column, Table, terminal_width},
        text::count,
    },
};

/// A task folder to start from.
struct Template {
    name: &'static str,
    description: &'static str,
    files: &'static [(&'static str, &'static str)],
}

macro_rules! template {
    ($name:literal, $description:literal) => {
        Template {
            name: $name,
            description: $description,
            files: &[
                ("main.py", include_str!(concat!("../../templates/", $name, "/main.py"))),
                ("task.yaml", include_str!(concat!("../../templates/", $name, "/task.yaml"))),
            ],
        }
    };
}

const TEMPLATES: &[Template] = &[
    template!("script", "the smallest task: parameters, a metric, a file it makes"),
    template!("classification", "a softmax classifier on points in a plane, with a held-out part"),
    template!("regression", "a line through noisy points by gradient descent"),
    template!("clustering", "k-means on clouds of points, with the loss of every round"),
    template!("text", "a word-count classifier of short texts, with a table of errors"),
];

/// Make a task folder.
#[derive(clap::Args)]
pub struct New {
    /// The folder to make; its last part is the task's name.
    name: PathBuf,
    /// Start from this template; `mendel templates` lists them.
    #[arg(long, value_name = "T", conflicts_with_all = ["from", "empty"])]
    template: Option<String>,
    /// Copy the files of this folder, without what its ignore rules leave out.
    #[arg(long, value_name = "DIR", conflicts_with = "empty")]
    from: Option<PathBuf>,
    /// Make it without any file.
    #[arg(long)]
    empty: bool,
}

impl New {
    #[expect(clippy::unused_async, reason = "every command has the same form")]
    pub async fn execute(self, _: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let (template, files) = match (self.empty, &self.from) {
            (true, _) => ("empty".to_owned(), Vec::new()),
            (false, Some(from)) => (from.display().to_string(), copied(from)?),
            (false, None) => {
                let template = find(self.template.as_deref().unwrap_or("script"))?;
                (template.name.to_owned(), written(template, &task_name(&self.name)?))
            }
        };
        make(&self.name, &files)?;
        let path = self.name.canonicalize().map_err(|error| failed("open", &self.name, &error))?;
        let answer = json!({"path": path, "template": template, "files": files.iter().map(|file| &file.path).collect::<Vec<_>>()});
        printer.note(format_args!("Made {} with {}", self.name.display(), count(files.len(), "file")));
        if !files.is_empty() {
            printer.note(format_args!("`mendel run {}` runs it", self.name.display()));
        }
        printer.answer(&answer, |text| text.push_str(&format!("{}\n", path.display())));
        Ok(Exit::Done)
    }
}

/// List the templates of `mendel new`.
#[derive(clap::Args)]
pub struct Templates {}

impl Templates {
    #[expect(clippy::unused_async, reason = "every command has the same form")]
    pub async fn execute(self, _: &Global, printer: &Printer) -> Result<Exit, Failure> {
        let answer = TEMPLATES.iter().map(|template| {
            let files: Vec<&str> = template.files.iter().map(|(path, _)| *path).collect();
            json!({"name": template.name, "description": template.description, "files": files})
        });
        printer.answer(&json!({"templates": answer.collect::<Vec<_>>()}), |text| {
            let mut table = Table::new(vec![Column::text("template", 0), Column::text("", 0)]);
            for template in TEMPLATES {
                table.row(vec![template.name.into(), Cell::coloured(template.description, 2)]);
            }
            text.push_str(&table.show(terminal_width(), Paint(printer.has_colour())));
        });
        Ok(Exit::Done)
    }
}

/// A file of the new folder.
struct NewFile {
    path: String,
    bytes: Vec<u8>,
    executable: bool,
}

fn find(name: &str) -> Result<&'static Template, Failure> {
    TEMPLATES.iter().find(|template| template.name == name).ok_or_else(|| {
        let names: Vec<&str> = TEMPLATES.iter().map(|template| template.name).collect();
        let hint = match mendel_spec::nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`? there are {}", names.join(", ")),
            None => format!("there are {}", names.join(", ")),
        };
        Failure::input_hint(format!("there is no template `{name}`"), hint)
    })
}

/// The template's files, with the new task's name in its task file.
fn written(template: &Template, name: &str) -> Vec<NewFile> {
    let quoted = serde_json::Value::String(name.to_owned()).to_string();
    let filled = |text: &str| text.replacen("name: TASK_NAME", &format!("name: {quoted}"), 1);
    let files = template.files.iter();
    files
        .map(|(path, text)| NewFile { path: (*path).to_owned(), bytes: filled(text).into_bytes(), executable: false })
        .collect()
}

fn copied(from: &Path) -> Result<Vec<NewFile>, Failure> {
    if !from.is_dir() {
        return Err(Failure::input(format!("`{}` is not a folder", from.display())));
    }
    let options = Options { git: false, ..Options::default() };
    let found = snapshot(from, &options, &mut StatIndex::in_memory())
        .map_err(|error| Failure::input(format!("`{}` cannot be copied: {error}", from.display())))?;
    let mut files = Vec::new();
    for file in &found.files {
        let path = from.join(&file.path);
        let bytes = fs::read(&path).map_err(|error| failed("read", &path, &error))?;
        let entry = found.manifest.entry(&file.path).map(|entry| &entry.kind);
        let executable = matches!(entry, Some(mendel_model::EntryKind::File { executable: true, .. }));
        files.push(NewFile { path: file.path.clone(), bytes, executable });
    }
    Ok(files)
}

fn make(folder: &Path, files: &[NewFile]) -> Result<(), Failure> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) || folder.is_file() {
        return Err(Failure::input_hint(
            format!("`{}` exists and is not empty", folder.display()),
            "give another name",
        ));
    }
    fs::create_dir_all(folder).map_err(|error| failed("make", folder, &error))?;
    for file in files {
        let path = folder.join(&file.path);
        let parent = path.parent().unwrap_or(folder);
        let written = fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, &file.bytes))
            .and_then(|()| mode(&path, file.executable));
        written.map_err(|error| failed("write", &path, &error))?;
    }
    Ok(())
}

fn mode(path: &Path, executable: bool) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    match executable {
        true => fs::set_permissions(path, fs::Permissions::from_mode(0o755)),
        false => Ok(()),
    }
}

fn task_name(path: &Path) -> Result<String, Failure> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    name.ok_or_else(|| {
        Failure::input_hint(format!("`{}` names no folder", path.display()), "`mendel new my-task` makes one")
    })
}

fn failed(action: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::input(format!("cannot {action} `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ct_10_there_are_five_templates_and_each_says_what_it_is() {
        assert!(TEMPLATES.len() >= 5);
        for template in TEMPLATES {
            assert!(!template.description.is_empty());
            for (path, text) in template.files.iter().filter(|(path, _)| *path == "task.yaml") {
                assert_eq!(text.matches("name: TASK_NAME").count(), 1, "{} {path}", template.name);
                assert!(text.contains("description:") && text.contains("params:"), "{} {path}", template.name);
            }
        }
    }

    #[test]
    fn a_folder_with_something_in_it_is_never_written_to() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("notes.txt"), "mine").expect("written");
        assert!(make(folder.path(), &written(&TEMPLATES[0], "x")).is_err());
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
    }

    #[test]
    fn the_new_name_is_quoted_as_yaml_needs() {
        let files = written(&TEMPLATES[0], "yes: \"no\"");
        let task = files.iter().find(|file| file.path == "task.yaml").expect("a task file");
        assert!(String::from_utf8_lossy(&task.bytes).contains(r#"name: "yes: \"no\"""#));
    }
}
