//! Records on the wire: a batch of a writer's frames, byte for byte as in its journal.

use bytes::Bytes;
use http::Method;
use mendel_model::{RunId, WriterId};
use serde::{Deserialize, Serialize};

use crate::{
    Address, Client, ClientError,
    client::{Call, read},
};

/// Who sends a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordsQuery {
    /// The attempt it belongs to.
    pub attempt: u32,
    /// The writer.
    pub writer: WriterId,
}

/// What is kept for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appended {
    /// The highest sequence of the writer that is stored, all before it included.
    pub acknowledged: u64,
}

impl Client {
    /// Stores a batch of frames and says up to which sequence the writer is stored. A batch
    /// sent again has its effect once.
    ///
    /// A refusal whose problem carries `acknowledged` kept the rest of the batch: the writer
    /// goes on after that sequence.
    pub async fn append(&self, id: RunId, attempt: u32, writer: WriterId, frames: Bytes) -> Result<u64, ClientError> {
        let address = Address::of(&[&"runs", &id, &"records"]).ask("attempt", attempt).ask("writer", writer);
        let answer = self.exchange(Call::new(Method::POST, &address).bytes(frames)).await?;
        read::<Appended>(&address, &answer).map(|appended| appended.acknowledged)
    }
}
