//! A tree of tasks with stages that count how often they run.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::lab::{Answer, Lab};

/// Three stages in a row; each writes its name to the file that COUNT names.
pub const STAGES: &str = r#"
import os
from mendel.pipeline import Stage
from pkg.util import scale

OFFSET = 0


def count(stage):
    with open(os.environ["COUNT"], "a") as file:
        file.write(stage + "\n")


class Load(Stage):
    inputs = ["input_id"]
    outputs = ["image"]

    def process(self, input_id, pipeline, config, status=None):
        count("load")
        return {"image": [input_id * step for step in range(config.get("size", 4))]}


class Blur(Stage):
    inputs = ["image"]
    outputs = ["blurred"]

    def process(self, image, pipeline, config, status=None):
        count("blur")
        return {"blurred": scale(image, config.get("sigma", 1))}


class Segment(Stage):
    inputs = ["blurred"]
    outputs = ["mask"]

    def process(self, blurred, pipeline, config, status=None):
        count("segment")
        return {"mask": [value + OFFSET > config.get("threshold", 1) for value in blurred]}
"#;

pub const UTIL: &str = "def scale(values, by):\n    return [value * by for value in values]\n";

pub const ROOT: &str = "runnable: true\npipeline: [pkg.stages.Load, pkg.stages.Blur, pkg.stages.Segment]\ninput_ids: '1-2'\nconfig:\n  blur: {sigma: 2}\n";

/// The installed package, if one is.
///
/// It lies beside the compiled crates, or where MENDEL_TEST_PACKAGE says.
fn package() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("MENDEL_TEST_PACKAGE") {
        return Some(PathBuf::from(named));
    }
    let around = Path::new(env!("CARGO_BIN_EXE_mendel")).ancestors().skip(2);
    let places = around.take(2).flat_map(|folder| [folder.join("venv"), folder.join(".cache/venv")]);
    let libraries = places.flat_map(|venv| std::fs::read_dir(venv.join("lib")).into_iter().flatten().flatten());
    let mut found = libraries.map(|library| library.path().join("site-packages/mendel"));
    found.find(|package| package.join("pipeline/worker.py").is_file())
}

/// A lab with a tree, and the package that runs it.
pub struct Tree {
    pub lab: Lab,
    package: PathBuf,
}

impl Tree {
    /// A tree of one task; none where the package is not installed, which is told.
    pub fn new() -> Option<Self> {
        let Some(package) = package() else {
            let required = std::env::var("MENDEL_TEST_REQUIRE").unwrap_or_default();
            assert!(!required.contains("package"), "`tools/wheel` installs the package");
            eprintln!("skipped: the package is not installed (`tools/wheel`)");
            return None;
        };
        let lab = Lab::new();
        lab.write("pkg/__init__.py", "");
        lab.write("pkg/stages.py", STAGES);
        lab.write("pkg/util.py", UTIL);
        lab.write("tree/task.yml", ROOT);
        Some(Self { lab, package })
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.lab.command(words);
        let python = self.package.ancestors().nth(4).map(|venv| venv.join("bin/python"));
        command.env("MENDEL_PACKAGE", &self.package).env("COUNT", self.lab.outside("counted"));
        command.env("MENDEL_PYTHON", python.expect("the package lies in an environment"));
        command
    }

    pub fn mendel(&self, words: &[&str]) -> Answer {
        Answer::of(&self.command(words).output().expect("the binary starts"))
    }

    /// The document of a command that must succeed.
    #[track_caller]
    pub fn json(&self, words: &[&str]) -> Value {
        let answer = self.mendel(&[&["--json"], words].concat());
        assert_eq!(answer.code, Some(0), "{words:?}\n{}{}", answer.out, answer.err);
        answer.json()
    }

    /// Runs what is pending at `path`, and how often each stage ran meanwhile.
    #[track_caller]
    pub fn run(&self, path: &str, options: &[&str]) -> (Value, BTreeMap<String, usize>) {
        self.forget_counts();
        let document = self.json(&[&["run", "--no-monitor", "--env", "system", path], options].concat());
        (document, self.counted())
    }

    /// How often each stage ran since counts were forgotten.
    pub fn counted(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for stage in std::fs::read_to_string(self.lab.outside("counted")).unwrap_or_default().lines() {
            *counts.entry(stage.to_owned()).or_default() += 1;
        }
        counts
    }

    pub fn forget_counts(&self) {
        let _ = std::fs::remove_file(self.lab.outside("counted"));
    }

    /// The line of `status` about a task.
    #[track_caller]
    pub fn status(&self, task: &str) -> Value {
        let document = self.json(&["status", "tree"]);
        let tasks = document["tasks"].as_array().cloned().unwrap_or_default();
        let found = tasks.into_iter().find(|line| line["path"] == task);
        found.unwrap_or_else(|| panic!("`{task}` is listed in {document}"))
    }

    /// The values of a field by input, read back from an export.
    #[track_caller]
    pub fn values(&self, task: &str, field: &str) -> Value {
        let folder = self.lab.outside("export");
        let _ = std::fs::remove_dir_all(&folder);
        let place = folder.display().to_string();
        self.json(&["results", task, "--field", field, "--export", &place]);
        let mut values = serde_json::Map::new();
        for input in std::fs::read_dir(&folder).expect("exported").flatten() {
            let file = std::fs::read_dir(input.path()).expect("a folder").flatten().next().expect("a file");
            let bytes = std::fs::read(file.path()).expect("a value");
            let value = serde_json::from_slice(&bytes).expect("lists are kept as JSON");
            values.insert(input.file_name().to_string_lossy().into_owned(), value);
        }
        Value::Object(values)
    }
}

/// Counts as `counted` gives them.
pub fn counts(wanted: &[(&str, usize)]) -> BTreeMap<String, usize> {
    wanted.iter().map(|(stage, count)| ((*stage).to_owned(), *count)).collect()
}

/// How many steps of the only run were computed and reused.
#[track_caller]
pub fn steps(document: &Value) -> (u64, u64) {
    let runs = document["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 1, "{document}");
    let count = |name: &str| runs[0]["steps"][name].as_u64().expect("a number");
    (count("computed"), count("reused"))
}
