//! Notebooks as scripts: their code cells in order, with what only IPython understands
//! rewritten, passed over, or refused with cell and line.

mod escape;

use serde_json::Value;

use crate::{Problem, Problems};

/// What runs the cells.
const DRIVER: &str = include_str!("driver.py");

/// The code of a notebook, as plain Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notebook {
    /// Number among the code cells, from 1, and source.
    cells: Vec<(usize, String)>,
}

impl Notebook {
    /// Reads the notebook `file` with this text; every fault of every cell is told.
    pub fn read(file: &str, text: &str) -> Result<Self, Problems> {
        let fault =
            |message: &str, hint: &str| Problems(vec![Problem::error("notebook", message).in_file(file).hint(hint)]);
        let document: Value = serde_json::from_str(text)
            .map_err(|error| fault(&format!("not a notebook: {error}"), "a notebook is a JSON document"))?;
        let Some(cells) = document["cells"].as_array() else {
            return Err(fault(
                "a notebook without `cells`",
                "`jupyter nbconvert --to notebook` writes the present format",
            ));
        };
        let language = &document["metadata"]["kernelspec"]["language"];
        let language = language.as_str().or_else(|| document["metadata"]["language_info"]["name"].as_str());
        if let Some(other) = language.filter(|language| !language.eq_ignore_ascii_case("python")) {
            return Err(fault(&format!("a notebook in `{other}`"), "only notebooks in Python are run"));
        }
        let mut problems = Problems::new();
        let mut kept = Vec::new();
        for (index, cell) in cells.iter().filter(|cell| cell["cell_type"] == "code").enumerate() {
            let number = index + 1;
            match escape::plain(&source(cell)) {
                Ok(source) => kept.push((number, source)),
                Err(faults) => faults.into_iter().for_each(|fault| {
                    let message = format!("cell {number}, line {}: {}", fault.line, fault.message);
                    problems.push(Problem::error("notebook", message).in_file(file).hint(fault.hint));
                }),
            }
        }
        problems.or(Self { cells: kept }).map(|(notebook, _)| notebook)
    }

    /// All cells as one text.
    pub fn code(&self) -> String {
        self.cells.iter().map(|(_, source)| format!("{source}\n")).collect()
    }

    /// A script that runs the cells as the notebook at `path` would.
    pub fn script(&self, path: &str) -> String {
        let text = |text: &str| Value::from(text).to_string();
        let cells: String =
            self.cells.iter().map(|(number, source)| format!("({number}, {}),\n", text(source))).collect();
        format!("{DRIVER}_run({}, [\n{cells}])\n", text(path))
    }
}

/// The source of a cell, which is a text or a list of lines.
fn source(cell: &Value) -> String {
    match &cell["source"] {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        text => text.as_str().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn notebook(cells: &[&str]) -> Result<Notebook, Problems> {
        let mut all = vec![json!({"cell_type": "markdown", "source": ["# Title"]})];
        all.extend(cells.iter().map(|source| json!({"cell_type": "code", "source": source, "outputs": []})));
        Notebook::read("a.ipynb", &json!({"cells": all, "metadata": {}, "nbformat": 4}).to_string())
    }

    #[test]
    fn code_cells_become_one_script_and_markdown_does_not_count() {
        let read = notebook(&["a = 1\n", "b = a"]).expect("a notebook");

        assert_eq!(read.code(), "a = 1\n\nb = a\n");
        let script = read.script("sub/a.ipynb");
        assert!(script.ends_with("_run(\"sub/a.ipynb\", [\n(1, \"a = 1\\n\"),\n(2, \"b = a\"),\n])\n"), "{script}");
        ruff_python_parser::parse_module(&script).expect("Python");
    }

    #[test]
    fn every_fault_names_its_cell_and_line() {
        let problems =
            notebook(&["x = 1", "x = 1\n%%bash\n", "y = (\n", "%run other.py\n!pip install numpy"]).unwrap_err();

        let told: Vec<_> = problems.iter().map(|problem| problem.message.clone()).collect();
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told[0].starts_with("cell 2, line 2: "), "{told:?}");
        assert!(told[1].starts_with("cell 3, line 2: ") || told[1].starts_with("cell 3, line 1: "), "{told:?}");
        assert!(told[2].starts_with("cell 4, line 1: ") && told[2].contains("%run"), "{told:?}");
        assert!(told[3].starts_with("cell 4, line 2: ") && told[3].contains("pip"), "{told:?}");
    }

    #[test]
    fn what_is_no_notebook_of_python_is_refused() {
        let refused = |text: &str| Notebook::read("a.ipynb", text).unwrap_err().0[0].message.clone();
        assert!(refused("{").starts_with("not a notebook"));
        assert!(refused("{\"worksheets\": []}").contains("without `cells`"));
        assert!(refused("{\"cells\": [], \"metadata\": {\"kernelspec\": {\"language\": \"R\"}}}").contains("`R`"));
    }
}
