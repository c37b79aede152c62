//! The stages as Python runs them.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::project::{Files, Project, STAGES};

/// A Python process that runs the stages with the edits it is given.
pub(crate) struct Python {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Python {
    /// Starts the process on the project.
    pub(crate) fn start(project: &Project) -> Self {
        let mut child = Command::new("python3")
            .args(["-c", include_str!("driver.py")])
            .arg(project.folder.path())
            .args(STAGES)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let input = child.stdin.take().expect("an input");
        let output = BufReader::new(child.stdout.take().expect("an output"));
        let mut python = Self { child, input, output };
        let modules: BTreeMap<_, _> = project.files.iter().filter(|(path, _)| path.ends_with(".py")).collect();
        python.say(&serde_json::to_string(&modules).expect("texts"));
        python
    }

    /// What each stage gives with `edit` made.
    pub(crate) fn results(&mut self, edit: &Files) -> BTreeMap<String, String> {
        self.say(&serde_json::to_string(edit).expect("texts"));
        let mut line = String::new();
        self.output.read_line(&mut line).expect("an answer");
        serde_json::from_str(&line).expect("answers")
    }

    fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").and_then(|()| self.input.flush()).expect("Python listens");
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        self.child.kill().expect("Python ends");
        self.child.wait().expect("Python has ended");
    }
}
