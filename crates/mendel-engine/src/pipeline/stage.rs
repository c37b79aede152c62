//! What is known of a stage: its declaration, its present state, its record.

use mendel_model::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a stage declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageDecl {
    /// Its class, as a dotted path.
    pub class: String,
    /// Its id, unique in the pipeline.
    pub id: String,
    /// Fields it reads.
    #[serde(default)]
    pub inputs: Vec<String>,
    /// Fields it reads and removes.
    #[serde(default)]
    pub consumes: Vec<String>,
    /// Fields it makes.
    #[serde(default)]
    pub outputs: Vec<String>,
    /// Whether it runs where its config does not say.
    #[serde(default = "enabled")]
    pub enabled_by_default: bool,
}

fn enabled() -> bool {
    true
}

impl StageDecl {
    /// Every field it reads, those it consumes included.
    pub fn reads(&self) -> impl Iterator<Item = &str> {
        let consumed = self.consumes.iter().filter(|field| !self.inputs.contains(field));
        self.inputs.iter().chain(consumed).map(String::as_str)
    }
}

/// A stage as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct CurrentStage {
    /// Its id.
    pub id: String,
    /// Its class, as a dotted path.
    pub class: String,
    /// Digest of its code and all that it reaches; none where it cannot be known.
    pub code: Option<Digest>,
    /// Its sub-mapping of the effective config.
    pub config: Value,
}

/// A stage as it was when a task was completed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedStage {
    /// Its id.
    pub id: String,
    /// Its class, as a dotted path.
    pub class: String,
    /// Digest of its code; none where it was not known.
    pub code: Option<Digest>,
    /// Its sub-mapping of the effective config.
    #[serde(default)]
    pub config: Value,
    /// Whether it ran.
    #[serde(default = "enabled")]
    pub enabled: bool,
}

/// Whether two sub-mappings of a config are the same; a missing one is an empty one.
pub(super) fn same_config(one: &Value, other: &Value) -> bool {
    let empty = Value::Object(Map::new());
    let settled = |value| if matches!(value, &Value::Null) { empty.clone() } else { Value::clone(value) };
    one == other || settled(one) == settled(other)
}
