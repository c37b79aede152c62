//! Blobs: bytes under their BLAKE3 digest in a folder that several processes share.
//!
//! A file appears under its digest only whole, verified and flushed. Bytes that no longer
//! fit their digest are put into quarantine and never served.

mod adopt;
mod folder;
mod many;
mod upload;

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use bytes::Bytes;
use mendel_model::Digest;

use crate::{Result, StoreError};

/// What a file looked like when its bytes were last verified: size and change.
type Seen = (u64, Option<SystemTime>);

/// A folder of content-addressed bytes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Blobs {
    root: Arc<PathBuf>,
    verified: Arc<Mutex<HashMap<Digest, Seen>>>,
}

impl Blobs {
    /// Opens the folder, making it when there is none.
    pub(crate) async fn open(root: &Path) -> Result<Self> {
        let blobs = Self { root: Arc::new(root.to_owned()), verified: Arc::default() };
        let folder = blobs.clone();
        blocking(move || folder.make()).await?;
        Ok(blobs)
    }

    /// Keeps `bytes` and tells their digest.
    pub async fn put(&self, bytes: impl Into<Bytes>) -> Result<Digest> {
        let (blobs, bytes) = (self.clone(), bytes.into());
        blocking(move || {
            let digest = Digest::of(&bytes);
            blobs.store(&digest, &bytes).map(|()| digest)
        })
        .await
    }

    /// Keeps many blobs, all durable when this answers; tells their digests, in order.
    pub async fn put_many(&self, bytes: Vec<Bytes>) -> Result<Vec<Digest>> {
        let blobs = self.clone();
        blocking(move || blobs.store_many(&bytes)).await
    }

    /// Takes over files that a client wrote into the folder of partial ones, each with the digest
    /// of its bytes; tells of each whether its bytes are here, durably.
    pub async fn adopt(&self, files: Vec<(String, Digest)>) -> Result<Vec<bool>> {
        let blobs = self.clone();
        blocking(move || blobs.adopt_all(&files)).await
    }

    /// A place in the same file system for a file that is to be put; what is left there goes
    /// with other partial files.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.partial().join(format!("{name}.new"))
    }

    /// Copies a file in; tells its digest and size.
    pub async fn put_file(&self, path: &Path) -> Result<(Digest, u64)> {
        let (blobs, path) = (self.clone(), path.to_owned());
        blocking(move || blobs.import(&path)).await
    }

    /// Writes a chunk of an upload; `last` verifies, flushes and publishes it. Answers the
    /// number of bytes that are there; a chunk may be sent again.
    pub async fn write(&self, digest: &Digest, offset: u64, chunk: impl Into<Bytes>, last: bool) -> Result<u64> {
        let (blobs, digest, chunk) = (self.clone(), *digest, chunk.into());
        blocking(move || blobs.write_chunk(&digest, offset, &chunk, last)).await
    }

    /// How many bytes of an upload are there: all of them, or those of a partial one.
    pub async fn uploaded(&self, digest: &Digest) -> Result<u64> {
        let (blobs, digest) = (self.clone(), *digest);
        blocking(move || blobs.uploaded_bytes(&digest)).await
    }

    /// All bytes, verified.
    pub async fn read(&self, digest: &Digest) -> Result<Bytes> {
        let (blobs, digest) = (self.clone(), *digest);
        blocking(move || blobs.read_whole(&digest)).await
    }

    /// Bytes from `offset`, at most `length`, of a blob that was verified as a whole since
    /// its file last changed.
    pub async fn read_range(&self, digest: &Digest, offset: u64, length: u64) -> Result<Bytes> {
        let (blobs, digest) = (self.clone(), *digest);
        blocking(move || blobs.read_part(&digest, offset, length)).await
    }

    /// Number of bytes, or none when it is not here.
    pub async fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        let (blobs, digest) = (self.clone(), *digest);
        blocking(move || blobs.size_of(&digest)).await
    }

    /// Whether it is here.
    pub async fn has(&self, digest: &Digest) -> Result<bool> {
        self.size(digest).await.map(|size| size.is_some())
    }

    /// The size of a blob that is here and whole, which counts as young from now on. A damaged one is put
    /// aside: whoever asks has the good bytes.
    pub async fn renew(&self, digest: &Digest) -> Result<Option<u64>> {
        let (blobs, digest) = (self.clone(), *digest);
        blocking(move || {
            if !blobs.touch(&digest)? {
                return Ok(None);
            }
            if blobs.is_verified(&digest)? {
                return blobs.size_of(&digest);
            }
            blobs.quarantine(&digest);
            Ok(None)
        })
        .await
    }

    /// Those of `digests` that are not here. Those that are count as young from now on, so
    /// that garbage collection leaves them until they are referred to.
    pub async fn missing(&self, digests: &[Digest]) -> Result<Vec<Digest>> {
        let (blobs, digests) = (self.clone(), digests.to_owned());
        blocking(move || {
            let mut missing = Vec::new();
            for digest in digests {
                if !blobs.touch(&digest)? {
                    missing.push(digest);
                }
            }
            Ok(missing)
        })
        .await
    }

    /// All digests with their sizes.
    pub async fn list(&self) -> Result<Vec<(Digest, u64)>> {
        let blobs = self.clone();
        blocking(move || Ok(blobs.files()?.into_iter().map(|file| (file.digest, file.size)).collect())).await
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        self.root.join(&name[..2]).join(name)
    }

    fn verified_as(&self, digest: &Digest, seen: Seen) -> bool {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner).get(digest) == Some(&seen)
    }

    fn mark_verified(&self, digest: Digest, seen: Seen) {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, seen);
    }
}

fn seen(facts: &fs::Metadata) -> Seen {
    (facts.len(), facts.modified().ok())
}

/// Runs file work where it may block.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(StoreError::Busy("the program is ending".to_owned())),
        },
    }
}
