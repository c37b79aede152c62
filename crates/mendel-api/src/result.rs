//! Results on the wire: finished steps, by meaning or by run.

use http::Method;
use mendel_model::{Identity, RunId, StepResult};

use crate::{Address, Client, ClientError};

impl Client {
    /// Keeps the result of a finished step.
    pub async fn put_result(&self, result: &StepResult) -> Result<(), ClientError> {
        self.send(Method::POST, Address::of(&[&"results"]), result).await
    }

    /// The results under `identity` that may be reused, newest first.
    pub async fn results(&self, identity: &Identity) -> Result<Vec<StepResult>, ClientError> {
        self.get(Address::of(&[&"results"]).ask("identity", identity)).await
    }

    /// The result that a run made.
    pub async fn result_of(&self, id: RunId) -> Result<Option<StepResult>, ClientError> {
        self.find(Address::of(&[&"runs", &id, &"result"])).await
    }
}
