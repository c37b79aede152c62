//! Where the project of a plain script begins.
//!
//! A project file above the script marks it; without one it is the folder one stands in, if
//! the script lies below that. A folder as wide as the home folder is never
//! a project, whatever lies in it: only the script itself is looked at there.

use std::{
    env,
    path::{Path, PathBuf},
};

/// Files that mark the root of a project, in the order in which they are named.
const MARKERS: [&str; 6] = ["mendel.toml", "task.yaml", "task.yml", "pyproject.toml", "setup.py", ".git"];

/// Folders that hold everybody's things.
const SHARED: [&str; 12] =
    ["/", "/home", "/root", "/Users", "/tmp", "/private/tmp", "/var/tmp", "/etc", "/usr", "/opt", "/mnt", "/srv"];

/// The project a plain script belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectRoot {
    /// Its folder.
    pub folder: PathBuf,
    /// The file that marks it; none for a bare folder.
    pub marker: Option<&'static str>,
}

/// The nearest folder upwards from `script_folder` that holds a project file; else
/// `working_folder`, where the script lies below it; else itself.
pub fn project_root(script_folder: &Path, working_folder: &Path) -> ProjectRoot {
    let spelled = |folder: &Path| folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let (start, working) = (spelled(script_folder), spelled(working_folder));
    let folders = start.ancestors().take_while(|folder| !is_too_wide(folder));
    let marked = folders.into_iter().find_map(|folder| {
        let marker = MARKERS.into_iter().find(|name| folder.join(name).exists())?;
        Some(ProjectRoot { folder: folder.to_owned(), marker: Some(marker) })
    });
    let is_around = start.starts_with(&working) && !is_too_wide(&working);
    marked.unwrap_or(ProjectRoot { folder: if is_around { working } else { start }, marker: None })
}

/// Whether `folder` is the home folder, lies above it, or holds everybody's things.
pub(crate) fn is_too_wide(folder: &Path) -> bool {
    let is_home = |home: PathBuf| home.canonicalize().unwrap_or(home).starts_with(folder);
    let is_temporary = env::temp_dir().canonicalize().is_ok_and(|temporary| temporary == folder);
    is_temporary || SHARED.iter().any(|shared| Path::new(shared) == folder) || env::home_dir().is_some_and(is_home)
}
