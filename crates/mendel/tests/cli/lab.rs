//! A folder of its own, the real binary, and a workspace that nobody else sees.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// One experiment of a test. Everything in it is gone with it.
pub struct Lab {
    place: TempDir,
}

/// What a command answered.
pub struct Answer {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Lab {
    pub fn new() -> Self {
        let lab = Self { place: tempfile::tempdir().expect("a temporary folder") };
        std::fs::create_dir(lab.folder()).expect("a work folder");
        lab
    }

    /// The folder commands are started in.
    pub fn folder(&self) -> PathBuf {
        self.place.path().join("work")
    }

    /// A place outside the work folder.
    pub fn outside(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        std::fs::write(&path, text).expect("a file");
        path
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder().join(path)).unwrap_or_default()
    }

    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "`{from}` is in {path}");
        self.write(path, text.replace(from, to));
    }

    /// The binary, in the work folder, with a home of its own.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mendel"));
        command.args(words).current_dir(self.folder()).stdin(Stdio::null());
        for name in [
            "MENDEL_WORKSPACE",
            "MENDEL_PYTHON",
            "MENDEL_RUN_ID",
            "MENDEL_API",
            "MENDEL_API_ACCESS_KEY",
            "MENDEL_API_SECRET_KEY",
            "MENDEL_PACKAGE",
            "PYTHONDONTWRITEBYTECODE",
        ] {
            command.env_remove(name);
        }
        command.env("MENDEL_HOME", self.outside("home")).env("NO_COLOR", "1");
        command
    }

    pub fn mendel(&self, words: &[&str]) -> Answer {
        Answer::of(&self.command(words).output().expect("the binary starts"))
    }

    /// The document of a command that must succeed.
    pub fn json(&self, words: &[&str]) -> Value {
        let words = [&["--json"], words].concat();
        let answer = self.mendel(&words);
        assert_eq!(answer.code, Some(0), "{words:?}\n{}{}", answer.out, answer.err);
        answer.json()
    }

    /// The only run that a `run` answered with.
    pub fn run(&self, words: &[&str]) -> Value {
        let document = self.json(&[&["run", "--no-monitor", "--env", "system"], words].concat());
        assert_eq!(document["runs"].as_array().map(Vec::len), Some(1), "{document}");
        document["runs"][0].clone()
    }

    /// How often a script that appends to this file was executed.
    pub fn executions(&self) -> usize {
        std::fs::read_to_string(self.outside("executions")).unwrap_or_default().len()
    }

    /// Python that counts an execution outside the work folder.
    pub fn counting(&self) -> String {
        format!("open({:?}, 'a').write('x')\n", self.outside("executions"))
    }

    pub fn workspace(&self) -> PathBuf {
        self.outside("home").join(".mendel")
    }
}

impl Answer {
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }

    /// Refused as bad input, with all of `words` told and no trace of ours.
    #[track_caller]
    pub fn refused(&self, words: &[&str]) {
        assert_eq!(self.code, Some(2), "{}{}", self.out, self.err);
        for word in words {
            assert!(self.err.contains(word), "`{word}` is told in:\n{}", self.err);
        }
        assert!(!self.err.contains("panicked") && !self.err.contains("Traceback"), "{}", self.err);
    }
}

pub fn id(run: &Value) -> &str {
    run["id"].as_str().expect("an id")
}

/// Every file below a folder, with its bytes.
pub fn tree(folder: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => open.push(path),
                path => drop(found.insert(path.clone(), std::fs::read(path).unwrap_or_default())),
            }
        }
    }
    found
}
