//! The files of a task folder: on disk, or as a snapshot lists them.

use std::path::{Component, Path};

/// Names of task files, the native one first.
pub(crate) const TASK_FILES: [&str; 2] = ["task.yaml", "task.yml"];

/// Endings of files that may be an entry.
const SCRIPTS: [&str; 5] = [".py", ".r", ".R", ".sh", ".ipynb"];

/// Where the files of a task are.
#[derive(Clone, Copy)]
pub(crate) enum Files<'a> {
    /// In a folder.
    Folder(&'a Path),
    /// In a snapshot with these paths.
    Listed(&'a [String]),
}

impl Files<'_> {
    /// Whether it holds the file `path`, exactly so spelled in its last part.
    pub(crate) fn has(self, path: &str) -> bool {
        match self {
            Self::Listed(paths) => paths.iter().any(|known| known == path),
            Self::Folder(folder) => {
                let full = folder.join(path);
                let (Some(parent), Some(name)) = (full.parent(), full.file_name()) else { return false };
                // A file system that ignores case finds `main.R` where `main.r` is asked for.
                let exact = std::fs::read_dir(parent)
                    .is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() == name)));
                exact && full.is_file()
            }
        }
    }

    /// Whether `path` leads outside, links followed.
    pub(crate) fn is_outside(self, path: &str) -> bool {
        let parts_up = Path::new(path)
            .components()
            .any(|part| matches!(part, Component::ParentDir | Component::RootDir | Component::Prefix(_)));
        if parts_up {
            return true;
        }
        let Self::Folder(folder) = self else { return false };
        match (folder.canonicalize(), folder.join(path).canonicalize()) {
            (Ok(folder), Ok(full)) => !full.starts_with(folder),
            _ => false,
        }
    }

    /// The scripts it holds, at the top and one folder down.
    pub(crate) fn scripts(self) -> Vec<String> {
        let mut found = Vec::new();
        match self {
            Self::Listed(paths) => found.extend(paths.iter().filter(|path| is_script(path)).cloned()),
            Self::Folder(folder) => {
                for (name, is_folder) in entries(folder) {
                    if is_folder && !name.starts_with(['.', '_']) {
                        let inner = entries(&folder.join(&name)).into_iter().filter(|(_, is_folder)| !is_folder);
                        found.extend(inner.map(|(inner, _)| format!("{name}/{inner}")).filter(|path| is_script(path)));
                    } else if !is_folder && is_script(&name) {
                        found.push(name);
                    }
                }
            }
        }
        found.sort_by_key(|path| (path.matches('/').count(), path.clone()));
        found.truncate(20);
        found
    }
}

fn is_script(path: &str) -> bool {
    SCRIPTS.iter().any(|ending| path.ends_with(ending)) && !path.ends_with("__init__.py")
}

fn entries(folder: &Path) -> Vec<(String, bool)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path().is_dir()))).collect()
}

/// `name` inside `folder`, as messages name it.
pub(crate) fn shown(folder: &Path, name: &str) -> String {
    if folder.as_os_str().is_empty() || folder == Path::new(".") {
        return name.to_owned();
    }
    folder.join(name).display().to_string()
}
