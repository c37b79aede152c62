//! Artifacts and models: named outputs whose bytes are blobs.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Digest, Timestamp};

/// Whether an artifact is made by the run or given to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArtifactMode {
    /// Made by the run.
    #[default]
    Output,
    /// Given to the run.
    Input,
}

/// A named output of a run. The newest of a name is shown; earlier ones stay by digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Artifact {
    /// Its name within the run.
    pub name: String,
    /// What it is: `file`, `folder`, `json`, `dataframe`, `numpy`, `image`, `text`, `output`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Made or given.
    #[serde(default)]
    pub mode: ArtifactMode,
    /// Address of the bytes; none where only a record was made.
    pub digest: Option<Digest>,
    /// Number of bytes.
    pub size: u64,
    /// Suggested file name.
    pub file: String,
    /// Media type.
    #[serde(default)]
    pub media: String,
    /// A short text that shows what is inside.
    #[serde(default)]
    pub preview: String,
    /// Free key–value pairs.
    #[serde(default)]
    pub metadata: Map<String, Value>,
    /// Where the bytes lie when not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// When it was made.
    pub time: Timestamp,
}

/// How a run uses a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelUse {
    /// Read by the run.
    Input,
    /// Made by the run.
    Output,
}

/// A model that a run read or made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// 32 hexadecimal digits, made by the writer.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Read or made.
    #[serde(rename = "use")]
    pub usage: ModelUse,
    /// The framework that wrote it.
    #[serde(default)]
    pub framework: String,
    /// Address of the bytes, when stored here.
    pub digest: Option<Digest>,
    /// Number of bytes.
    #[serde(default)]
    pub size: u64,
    /// Where the bytes lie.
    #[serde(default)]
    pub uri: String,
    /// The design (configuration text) it was made with.
    #[serde(default)]
    pub design: String,
    /// Label to number.
    #[serde(default)]
    pub labels: Map<String, Value>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// A comment.
    #[serde(default)]
    pub comment: String,
    /// Free key–value pairs.
    #[serde(default)]
    pub metadata: Map<String, Value>,
    /// The iteration it was written at.
    #[serde(default)]
    pub iteration: Option<i64>,
    /// Whether it is ready for others to use.
    #[serde(default)]
    pub published: bool,
    /// When it was recorded.
    pub time: Timestamp,
}

/// A model of the workspace, whoever made or reads it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// What is known of it.
    #[serde(flatten)]
    pub record: ModelRecord,
    /// The project it belongs to; empty for none.
    #[serde(default)]
    pub project: String,
    /// The run that made it; empty for none.
    #[serde(default)]
    pub task: String,
    /// The model it was made from; empty for none.
    #[serde(default)]
    pub parent: String,
    /// Who made it.
    #[serde(default)]
    pub user: String,
    /// When anything of it last changed.
    #[serde(default)]
    pub updated: Timestamp,
    /// Marks that programs set.
    #[serde(default)]
    pub system_tags: Vec<String>,
    /// What a page remembers of it.
    #[serde(default)]
    pub ui_cache: Map<String, Value>,
}
