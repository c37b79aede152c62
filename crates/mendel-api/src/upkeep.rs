//! Upkeep on the wire: sealing, checking, repairing, collecting garbage, backing up.

use std::path::{Path, PathBuf};

use http::Method;
use mendel_model::RunId;
use serde::{Deserialize, Serialize};

use crate::{
    Address, Client, ClientError,
    client::{Call, read},
};

/// What a sealing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sealed {
    /// Runs looked at.
    pub runs: u64,
    /// Points moved out of tails.
    pub points: u64,
    /// Chunks written.
    pub chunks: u64,
}

/// Something in the store that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// What it is about, such as the digest of a blob.
    pub subject: String,
    /// What is wrong with it.
    pub message: String,
}

/// What a collection of garbage removed, or would remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Garbage {
    /// Number of blobs.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Where a backup goes, on the machine of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupInto {
    /// A folder that does not exist yet, or is empty.
    pub path: PathBuf,
}

impl Client {
    /// Merges the tails of a run's series, or of all, into chunks.
    pub async fn seal(&self, run: Option<RunId>) -> Result<Sealed, ClientError> {
        self.upkeep(Address::of(&[&"upkeep", &"seal"]).ask_if("run", run), &()).await
    }

    /// Everything in the store that is not as it should be.
    pub async fn check(&self) -> Result<Vec<Damage>, ClientError> {
        self.upkeep(Address::of(&[&"upkeep", &"check"]), &()).await
    }

    /// Takes what is damaged out of use, so that the rest goes on; tells what was found.
    pub async fn repair(&self) -> Result<Vec<Damage>, ClientError> {
        self.upkeep(Address::of(&[&"upkeep", &"repair"]), &()).await
    }

    /// Removes blobs that nothing refers to, or only counts them.
    pub async fn collect_garbage(&self, dry_run: bool) -> Result<Garbage, ClientError> {
        self.upkeep(Address::of(&[&"upkeep", &"garbage"]).ask("dry_run", dry_run), &()).await
    }

    /// Copies the whole store into a folder on the server's machine.
    pub async fn backup(&self, into: &Path) -> Result<(), ClientError> {
        self.upkeep(Address::of(&[&"upkeep", &"backup"]), &BackupInto { path: into.to_owned() }).await
    }

    async fn upkeep<T: serde::de::DeserializeOwned>(
        &self,
        address: Address,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let answer = self.exchange(Call::new(Method::POST, &address).json(body)?.once()).await?;
        read(&address, &answer)
    }
}
