//! JSON Schemas of the files, generated from the shapes the readers use.

use serde_json::Value;

/// The JSON Schema of `task.yaml`.
pub fn task_file_schema() -> Value {
    todo!()
}

/// The JSON Schema of `mendel.toml`.
pub fn project_file_schema() -> Value {
    todo!()
}
