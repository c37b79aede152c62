//! Whether the modules a script imports are found by the interpreter that would run it.

use std::{path::Path, process::Command};

use mendel_agent::environment::Machine;
use mendel_spec::{Place, Problem, Problems};
use serde::Deserialize;

const SCRIPT: &str = include_str!("imports.py");

/// A module that is not found, or a syntax error where there is no module.
#[derive(Deserialize)]
struct Missing {
    line: Option<usize>,
    column: Option<usize>,
    module: String,
    message: String,
}

/// The modules that `entry` below `folder` imports and Python does not find.
pub fn missing(folder: &Path, entry: &str, machine: &Machine) -> Problems {
    let python = machine.python.clone().or_else(|| machine.find("python3")).or_else(|| machine.find("python"));
    let Some(python) = python else {
        let problem = Problem::error("python_missing", "no Python was found to look for imports");
        return problem.hint("install Python, or name one with MENDEL_PYTHON").into();
    };
    let asked = Command::new(&python).args(["-c", SCRIPT]).arg(folder).arg(entry).output();
    let told = asked.map_err(|error| error.to_string()).and_then(|output| match output.status.success() {
        true => serde_json::from_slice::<Vec<Missing>>(&output.stdout).map_err(|error| error.to_string()),
        false => Err(String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("it failed").to_owned()),
    });
    match told {
        Ok(found) => Problems(found.iter().map(|missing| problem(folder, entry, missing)).collect()),
        Err(error) => {
            Problem::error("python_failed", format!("`{}` could not look for imports: {error}", python.display()))
                .into()
        }
    }
}

fn problem(folder: &Path, entry: &str, missing: &Missing) -> Problem {
    let text = std::fs::read_to_string(folder.join(entry)).unwrap_or_default();
    let place = Place { file: entry.into(), line: missing.line.unwrap_or(1), column: missing.column.unwrap_or(1) };
    let problem = match missing.module.is_empty() {
        true => Problem::error("syntax", format!("Python cannot read it: {}", missing.message)),
        false => {
            let top = missing.module.split('.').next().unwrap_or_default();
            Problem::error("import_missing", format!("module `{}` is not found", missing.module))
                .key(missing.module.clone())
                .hint(format!("add `{top}` to requirements.txt, or install it for the interpreter"))
        }
    };
    problem.at(&place).show(&text)
}
