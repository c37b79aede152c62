//! Artifacts and models on the wire: the model's own shapes.

use mendel_model::{Artifact, ModelRecord, RunId};

use crate::{Address, Client, ClientError};

impl Client {
    /// The artifacts of a run, the newest of each name.
    pub async fn artifacts(&self, id: RunId) -> Result<Vec<Artifact>, ClientError> {
        self.get(Address::of(&[&"runs", &id, &"artifacts"])).await
    }

    /// Every artifact a run ever had under `name`, newest first.
    pub async fn artifact_history(&self, id: RunId, name: &str) -> Result<Vec<Artifact>, ClientError> {
        self.get(Address::of(&[&"runs", &id, &"artifacts", &name])).await
    }

    /// The models of a run, or of the whole workspace.
    pub async fn models(&self, run: Option<RunId>) -> Result<Vec<ModelRecord>, ClientError> {
        self.get(Address::of(&[&"models"]).ask_if("run", run)).await
    }
}
