//! Events: plots, texts, tables, images and other media reported at an iteration.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Digest, Timestamp};

/// How an event is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// A Plotly figure in `body`.
    Plot,
    /// A table: Plotly figure of type `table` in `body`.
    Table,
    /// A text in `body`.
    Text,
    /// An image in `blob`.
    Image,
    /// Audio, video, HTML or another medium in `blob`.
    Media,
    /// A single value of the run in `body`.
    Value,
    /// What became of stages and inputs: a list of `StageReport` in `body`.
    Stage,
    /// A list of numbers in `body`.
    Vector,
}

/// Something reported at an iteration that is not a scalar point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// How it is shown.
    pub kind: EventKind,
    /// Title.
    pub metric: String,
    /// Series.
    pub variant: String,
    /// Iteration.
    pub step: i64,
    /// When it was reported.
    pub time: Timestamp,
    /// The content, where it is small and structured.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
    /// The content, where it is bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<Digest>,
    /// Media type of the blob.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub media: String,
    /// Suggested file name of the blob.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
}
