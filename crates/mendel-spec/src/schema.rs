//! JSON Schemas of the files, generated from the shapes that the readers use.

use schemars::schema_for;
use serde_json::Value;

use crate::shape::{ProjectShape, TaskShape};

/// The JSON Schema of `task.yaml`.
pub fn task_file_schema() -> Value {
    schema_for!(TaskShape).to_value()
}

/// The JSON Schema of `mendel.toml`.
pub fn project_file_schema() -> Value {
    schema_for!(ProjectShape).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ParamType, shape};

    #[test]
    fn the_schema_names_every_type_the_reader_knows() {
        let schema = task_file_schema();
        let named = schema["$defs"]["TypeName"]["enum"].as_array().unwrap().clone();
        let known: Vec<Value> = ParamType::all().map(|kind| kind.name().into()).collect();

        assert_eq!(named, known);
    }

    #[test]
    fn the_readers_take_their_keys_from_the_schema() {
        for (keys, some) in [
            (&*shape::TASK_KEYS, &["param_groups", "params", "inherit", "pipeline"][..]),
            (&*shape::SHORT_KEYS, &["type", "default", "help", "min", "unit"]),
            (&*shape::PARAM_KEYS, &["name", "value", "data_type", "type", "dynamic", "values"]),
            (&*shape::PROJECT_KEYS, &["environment", "snapshot"]),
        ] {
            for key in some {
                assert!(keys.iter().any(|known| known == key), "{key}");
            }
        }
        assert!(task_file_schema()["properties"]["params"].is_object());
        assert_eq!(project_file_schema()["additionalProperties"], false);
    }
}
