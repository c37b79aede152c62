//! A batch: the runs that one action made together, such as the cells of a grid.

use serde::{Deserialize, Serialize};

use crate::{BatchId, RunId, Timestamp};

/// What is needed to make a batch. A run may belong to several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewBatch {
    /// Its id, made by the client.
    pub id: BatchId,
    /// Its name.
    pub name: String,
    /// The project it belongs to.
    pub project: String,
    /// Members in their order; ones answered by earlier runs included.
    pub members: Vec<RunId>,
    /// When it was made.
    pub created: Timestamp,
}

/// A batch as stored.
pub type Batch = NewBatch;
