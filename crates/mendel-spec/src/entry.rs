//! Which file of a task folder is started.

use crate::{Problem, folder::Files, nearest};

/// The entry scripts looked for where none is named, in order.
pub(crate) const DEFAULT_ENTRIES: [&str; 3] = ["main.py", "main.r", "main.R"];

/// The entry that is there without being named.
pub(crate) fn default_entry(files: Files<'_>) -> Option<&'static str> {
    DEFAULT_ENTRIES.into_iter().find(|name| files.has(name))
}

/// The entry `path` as it is kept, if it is a file of the folder.
pub(crate) fn named_entry(files: Files<'_>, path: &str, folder: &str) -> Result<String, Problem> {
    let clean = path.trim_start_matches("./").to_owned();
    let missing = |message: String| {
        let scripts = files.scripts();
        let hint = match nearest(&clean, scripts.iter().map(String::as_str)) {
            _ if scripts.is_empty() => "the folder holds no script".to_owned(),
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("candidates: {}", quoted(&scripts)),
        };
        Problem::error("entry_missing", message).key("entry").hint(hint)
    };
    if files.is_outside(&clean) {
        return Err(missing(format!("the entry `{path}` lies outside the task folder `{folder}`")));
    }
    if clean.is_empty() || !files.has(&clean) {
        return Err(missing(format!("the entry `{path}` is not a file of the task folder `{folder}`")));
    }
    Ok(clean)
}

/// That a folder which is to be run has no entry.
pub(crate) fn entry_missing(folder: &str, scripts: &[String]) -> Problem {
    let hint = if scripts.is_empty() {
        "add `main.py`, or name the script with `entry:` in `task.yaml`".to_owned()
    } else {
        format!("name one with `--entry`, or `entry:` in `task.yaml`: {}", quoted(scripts))
    };
    let looked = DEFAULT_ENTRIES.map(|name| format!("`{name}`")).join(", ");
    Problem::error("entry_missing", format!("no entry script in `{folder}`: looked for {looked}"))
        .key("entry")
        .hint(hint)
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
