//! Artifacts and models on the wire: the model's own shapes, and for a model its run.

use mendel_model::{Artifact, ModelRecord, RunId};

use serde::{Deserialize, Serialize};

use crate::{Address, Client, ClientError};

/// A model and the run that read or made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunModel {
    /// The run.
    pub run: RunId,
    /// The model.
    #[serde(flatten)]
    pub model: ModelRecord,
}

impl Client {
    /// The artifacts of a run, the newest of each name.
    pub async fn artifacts(&self, id: RunId) -> Result<Vec<Artifact>, ClientError> {
        self.get(Address::of(&[&"runs", &id, &"artifacts"])).await
    }

    /// Every artifact a run ever had under `name`, newest first.
    pub async fn artifact_history(&self, id: RunId, name: &str) -> Result<Vec<Artifact>, ClientError> {
        self.get(Address::of(&[&"runs", &id, &"artifacts", &name])).await
    }

    /// The models of a run, or of the whole workspace, oldest first.
    pub async fn models(&self, run: Option<RunId>) -> Result<Vec<ModelRecord>, ClientError> {
        let models = self.models_with_runs(run).await?;
        Ok(models.into_iter().map(|known| known.model).collect())
    }

    /// The same, each with the run that read or made it.
    pub async fn models_with_runs(&self, run: Option<RunId>) -> Result<Vec<RunModel>, ClientError> {
        self.get(Address::of(&[&"models"]).ask_if("run", run)).await
    }
}
