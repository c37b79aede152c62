//! What the words after `run` name: a script, a command, or task folders.

use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// What is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A Python script with its own words.
    Script { path: PathBuf, words: Vec<String> },
    /// Any other command.
    Command { words: Vec<String> },
    /// Task folders.
    Folders(Vec<PathBuf>),
}

/// Whether the first word names a task folder, so that the words after it are ours.
pub fn names_folder(words: &[String]) -> bool {
    words.first().is_some_and(|word| Path::new(word).is_dir() || is_task_file(Path::new(word)))
}

fn is_task_file(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    matches!(name, Some("task.yaml" | "task.yml"))
}

impl Target {
    /// What `words` name; `is_command` where they stood behind `--`.
    pub fn of(words: Vec<String>, is_command: bool) -> Result<Self, Failure> {
        if is_command {
            return match words.is_empty() {
                true => Err(Failure::input_hint("there is no command after `--`", "mendel run -- CMD ARGS…")),
                false => Ok(Self::Command { words }),
            };
        }
        let Some(first) = words.first() else { return Ok(Self::Folders(vec![PathBuf::from(".")])) };
        if names_folder(&words) {
            return words.iter().map(folder).collect::<Result<_, _>>().map(Self::Folders);
        }
        let path = PathBuf::from(first);
        if !path.is_file() {
            return Err(missing(first));
        }
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("py" | "ipynb") => Ok(Self::Script { path, words: words[1..].to_vec() }),
            _ => {
                let program = if first.contains('/') { first.clone() } else { format!("./{first}") };
                Ok(Self::Command { words: std::iter::once(program).chain(words[1..].iter().cloned()).collect() })
            }
        }
    }
}

fn folder(word: &String) -> Result<PathBuf, Failure> {
    let path = Path::new(word);
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    match is_task_file(path) && path.is_file() {
        true => Ok(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()),
        false => Err(missing(word)),
    }
}

fn missing(word: &str) -> Failure {
    if let Some((module, class)) = mendel_spec::typed_reference(word) {
        return Failure::input_hint(
            format!("`{module}:{class}` names a typed task, and this version runs scripts, commands and task folders"),
            "run a script that uses the class",
        );
    }
    let folder = Path::new(word).parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names: Vec<_> = names.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let wanted = Path::new(word).file_name().and_then(|name| name.to_str()).unwrap_or(word);
    let hint = match mendel_spec::nearest(wanted, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{}`?", folder.join(near).display()),
        None => "give a script, a task folder, or a command after `--`".to_owned(),
    };
    Failure::input_hint(format!("there is no file or folder `{word}`"), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn words_behind_the_dashes_are_a_command() {
        assert_eq!(Target::of(words("ls -l"), true).ok(), Some(Target::Command { words: words("ls -l") }));
        assert!(Target::of(vec![], true).is_err());
    }

    #[test]
    fn no_words_mean_the_present_folder() {
        assert_eq!(Target::of(vec![], false).ok(), Some(Target::Folders(vec![".".into()])));
    }

    #[test]
    fn a_missing_file_is_named_with_the_nearest() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("train.py"), "").expect("a file");
        let asked = folder.path().join("trian.py").display().to_string();
        let Err(Failure::Input { message, hint }) = Target::of(vec![asked], false) else { panic!("refused") };
        assert!(message.contains("trian.py"));
        assert!(hint.is_some_and(|hint| hint.contains("train.py")));
    }
}
