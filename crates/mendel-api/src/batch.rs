//! Batches on the wire: the model's own shape.

use mendel_model::{Batch, BatchId, RunId};

use crate::{Address, Client, ClientError};

impl Client {
    /// The batch of that id.
    pub async fn batch(&self, id: BatchId) -> Result<Option<Batch>, ClientError> {
        self.find(Address::of(&[&"batches", &id])).await
    }

    /// The batches a run belongs to.
    pub async fn batches_of(&self, run: RunId) -> Result<Vec<Batch>, ClientError> {
        self.get(Address::of(&[&"runs", &run, &"batches"])).await
    }
}
