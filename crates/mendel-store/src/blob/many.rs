//! Many blobs at once: all are written, one flush of the file system makes their bytes
//! durable, then each gets its name, and a second flush makes the names durable.
//!
//! A name appears only after its bytes were flushed, so a crash leaves whole blobs and
//! partial files, as it does when each is flushed on its own.

use std::{
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
    thread,
};

use bytes::Bytes;
use mendel_model::Digest;

use super::{Blobs, upload::create_new};
use crate::{Result, StoreError};

/// So few are flushed one by one: a flush of the file system waits for what others write, too.
pub(super) const FEW: usize = 8;
/// Threads that write.
const THREADS: usize = 8;

/// A file that has its bytes and not yet its name; it goes when this is dropped.
pub(super) struct Unnamed {
    pub(super) path: PathBuf,
    pub(super) digest: Digest,
}

impl Drop for Unnamed {
    fn drop(&mut self) {
        // It may be there no longer; what is left over is collected after a day.
        let _ = fs::remove_file(&self.path);
    }
}

impl Blobs {
    /// Keeps all of `blobs`; tells their digests, in order.
    pub(super) fn store_many(&self, blobs: &[Bytes]) -> Result<Vec<Digest>> {
        if blobs.len() <= FEW {
            let one = |bytes: &Bytes| {
                let digest = Digest::of(bytes);
                self.store(&digest, bytes).map(|()| digest)
            };
            return blobs.iter().map(one).collect();
        }
        let written = in_parts(blobs, |bytes| {
            let digest = Digest::of(bytes);
            Ok((digest, self.write_unnamed(digest, bytes)?))
        })?;
        let (digests, unnamed): (Vec<Digest>, Vec<Option<Unnamed>>) = written.into_iter().unzip();
        let unnamed: Vec<Unnamed> = unnamed.into_iter().flatten().collect();
        if !unnamed.is_empty() {
            self.flush_all()?;
            in_parts(&unnamed, |one| self.name(&one.path, &one.digest).map(drop))?;
            self.flush_all()?;
        }
        Ok(digests)
    }

    /// Writes bytes that are not here yet, without flushing them.
    fn write_unnamed(&self, digest: Digest, bytes: &[u8]) -> Result<Option<Unnamed>> {
        if self.is_here(&digest, bytes.len())? {
            return Ok(None);
        }
        let unnamed = Unnamed { path: self.fresh_partial(), digest };
        let written = create_new(&unnamed.path).and_then(|mut file| file.write_all(bytes));
        written.map_err(|error| StoreError::file(&unnamed.path, error))?;
        Ok(Some(unnamed))
    }

    /// Makes everything durable that was written to the file system of the folder.
    pub(super) fn flush_all(&self) -> Result<()> {
        let flushed = File::open(self.root()).and_then(|root| Ok(nix::unistd::syncfs(root)?));
        flushed.map_err(|error| StoreError::file(self.root(), error))
    }
}

/// Does `work` on all of `things`, by a few threads; the answers are in order.
pub(super) fn in_parts<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let threads = thread::available_parallelism().map_or(1, |number| number.get().min(THREADS));
    let part = things.len().div_ceil(threads).max(1);
    let work = |part: &[T]| part.iter().map(&work).collect::<Result<Vec<R>>>();
    let parts: Vec<Result<Vec<R>>> = thread::scope(|scope| {
        let parts: Vec<_> = things.chunks(part).map(|part| scope.spawn(move || work(part))).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        parts.into_iter().map(join).collect()
    });
    let parts: Vec<Vec<R>> = parts.into_iter().collect::<Result<_>>()?;
    Ok(parts.into_iter().flatten().collect())
}
