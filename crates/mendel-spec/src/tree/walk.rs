//! Which folders are tasks: every one below a path that holds a task file, and those around it.

use std::path::{Path, PathBuf};

use crate::{Problem, Problems, entry::DEFAULT_ENTRIES, folder::TASK_FILES};

/// A folder that holds a task file.
pub(super) struct Found {
    /// The folder, links resolved.
    pub folder: PathBuf,
    /// Names of its task files, the native one first.
    pub files: Vec<&'static str>,
    /// Whether it holds an entry script that needs no naming.
    pub entry: bool,
}

/// Every task folder at and below `root`, which has its links resolved. Folders that begin
/// with a dot are passed over, and links to folders are not followed.
pub(super) fn discover(root: &Path, problems: &mut Problems) -> Vec<Found> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        match visit(&folder) {
            Ok((task, inner)) => {
                found.extend(task);
                open.extend(inner.into_iter().map(|name| folder.join(name)));
            }
            Err(source) => {
                let shown = label(&folder);
                let message = format!("cannot read the folder `{shown}`: {source}");
                problems.push(Problem::error("unreadable", message).in_file(&shown));
            }
        }
    }
    found
}

/// The task in `folder` itself, if there is one.
pub(super) fn task_in(folder: &Path) -> Option<Found> {
    if !TASK_FILES.iter().any(|name| folder.join(name).is_file()) {
        return None;
    }
    visit(folder).ok()?.0
}

/// The task in `folder`, and the names of the folders in it.
fn visit(folder: &Path) -> std::io::Result<(Option<Found>, Vec<std::ffi::OsString>)> {
    let mut inner = Vec::new();
    let mut files = Vec::new();
    let mut entry = false;
    for item in std::fs::read_dir(folder)? {
        let item = item?;
        let name = item.file_name();
        let kind = item.file_type()?;
        if kind.is_dir() {
            if !name.as_encoded_bytes().starts_with(b".") {
                inner.push(name);
            }
            continue;
        }
        let Some(text) = name.to_str() else { continue };
        let is_file = || kind.is_file() || item.path().is_file();
        entry |= DEFAULT_ENTRIES.contains(&text) && is_file();
        files.extend(TASK_FILES.iter().filter(|known| **known == text && is_file()));
    }
    files.sort_unstable();
    let task = (!files.is_empty()).then(|| Found { folder: folder.to_owned(), files, entry });
    Ok((task, inner))
}

/// How messages name `path`: below the current folder where it lies there.
pub(super) fn label(path: &Path) -> String {
    let current = std::env::current_dir().ok();
    let below = current.as_deref().and_then(|current| path.strip_prefix(current).ok());
    match below {
        Some(below) if below.as_os_str().is_empty() => ".".to_owned(),
        Some(below) => below.display().to_string(),
        None => path.display().to_string(),
    }
}
