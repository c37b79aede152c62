//! Blobs.
use crate::Result;
use bytes::Bytes;
use mendel_model::Digest;
use std::path::{Path, PathBuf};

/// A folder of content-addressed bytes.
#[derive(Debug, Clone)]
pub struct Blobs {
    #[expect(dead_code)]
    root: std::sync::Arc<PathBuf>,
}

impl Blobs {
    /// Keeps `bytes` and tells their digest.
    pub async fn put(&self, bytes: impl Into<Bytes>) -> Result<Digest> {
        let _: Bytes = bytes.into();
        todo!()
    }
    /// Copies a file in; tells its digest and size.
    pub async fn put_file(&self, path: &Path) -> Result<(Digest, u64)> {
        let _ = path;
        todo!()
    }
    /// Writes a chunk of an upload; `last` verifies, flushes and publishes. Answers the number of bytes that are there.
    pub async fn write(&self, digest: &Digest, offset: u64, chunk: impl Into<Bytes>, last: bool) -> Result<u64> {
        let _: Bytes = chunk.into();
        let _ = (digest, offset, last);
        todo!()
    }
    /// How far an unfinished upload got.
    pub async fn uploaded(&self, digest: &Digest) -> Result<u64> {
        let _ = digest;
        todo!()
    }
    /// All bytes, verified.
    pub async fn read(&self, digest: &Digest) -> Result<Bytes> {
        let _ = digest;
        todo!()
    }
    /// Bytes from `offset`, at most `length`, of a verified blob.
    pub async fn read_range(&self, digest: &Digest, offset: u64, length: u64) -> Result<Bytes> {
        let _ = (digest, offset, length);
        todo!()
    }
    /// Number of bytes, or none when it is not here.
    pub async fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        let _ = digest;
        todo!()
    }
    /// Whether it is here.
    pub async fn has(&self, digest: &Digest) -> Result<bool> {
        let _ = digest;
        todo!()
    }
    /// Those of `digests` that are not here; those that are stay for a day at least.
    pub async fn missing(&self, digests: &[Digest]) -> Result<Vec<Digest>> {
        let _ = digests;
        todo!()
    }
    /// All digests with their sizes.
    pub async fn list(&self) -> Result<Vec<(Digest, u64)>> {
        todo!()
    }
}
