//! Writing blobs: a partial file in the same file system, verified, flushed, linked under
//! its digest without overwriting, and its folder flushed.
//!
//! Two uploads of one digest share the partial file under its lock; since both send the
//! bytes of one digest, they write the same bytes.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use mendel_model::Digest;

use super::{Blobs, folder::digest_of};
use crate::{Result, StoreError};

/// Bytes copied at once.
const PIECE: usize = 1 << 20;
/// Only the owner reads and writes blobs.
const MODE: u32 = 0o600;

/// Which names a blob brought with it, and that have to be flushed.
pub(super) struct IsNew {
    folder: bool,
    blob: bool,
}

impl Blobs {
    /// Keeps bytes whose digest is known to be `digest`.
    pub(super) fn store(&self, digest: &Digest, bytes: &[u8]) -> Result<()> {
        if self.is_here(digest, bytes.len())? {
            return Ok(());
        }
        let path = self.fresh_partial();
        let written = create_new(&path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        self.finish(written, &path, digest)
    }

    /// Whether a blob of `size` bytes is here, which is young from now on; one that is damaged is
    /// put aside, so that the good bytes take its place.
    pub(super) fn is_here(&self, digest: &Digest, size: usize) -> Result<bool> {
        if !self.touch(digest)? {
            return Ok(false);
        }
        let there = self.size_of(digest)?;
        let is_good = there == Some(size as u64) && self.is_verified(digest)?;
        if there.is_some() && !is_good {
            self.quarantine(digest);
        }
        Ok(is_good)
    }

    /// Copies a file in, hashing it on the way.
    pub(super) fn import(&self, source: &Path) -> Result<(Digest, u64)> {
        let unreadable = |error| StoreError::File { path: source.to_owned(), source: error };
        let mut from = File::open(source).map_err(unreadable)?;
        let path = self.fresh_partial();
        let mut hasher = blake3::Hasher::new();
        let mut size = 0;
        let copied = create_new(&path).and_then(|mut file| {
            let mut piece = vec![0; PIECE];
            loop {
                match from.read(&mut piece)? {
                    0 => return file.sync_all(),
                    count => {
                        hasher.update(&piece[..count]);
                        file.write_all(&piece[..count])?;
                        size += count as u64;
                    }
                }
            }
        });
        let digest = Digest::from_bytes(*hasher.finalize().as_bytes());
        self.finish(copied, &path, &digest)?;
        Ok((digest, size))
    }

    /// Publishes a partial file of this call alone, or removes it after a failure.
    fn finish(&self, written: io::Result<()>, path: &Path, digest: &Digest) -> Result<()> {
        let done = written.map_err(|error| StoreError::file(path, error)).and_then(|()| self.publish(path, digest));
        // It may be there no longer; what is left over is collected after a day.
        let _ = fs::remove_file(path);
        done
    }

    /// Writes a chunk of an upload.
    pub(super) fn write_chunk(&self, digest: &Digest, offset: u64, chunk: &[u8], last: bool) -> Result<u64> {
        let end = offset + chunk.len() as u64;
        if offset == 0 && last {
            let found = Digest::of(chunk);
            if found != *digest {
                return Err(StoreError::WrongDigest { expected: *digest, found });
            }
            return self.store(digest, chunk).map(|()| end);
        }
        if self.touch(digest)? {
            return self.size_of(digest).map(|size| size.unwrap_or(end));
        }
        let path = self.shared_partial(digest);
        let failed = |error| StoreError::file(&path, error);
        let mut file = lock(&path).map_err(failed)?;
        // Another upload may have ended while this one waited.
        if self.touch(digest)? {
            fs::remove_file(&path).map_err(failed)?;
            return self.size_of(digest).map(|size| size.unwrap_or(end));
        }
        let there = file.metadata().map_err(failed)?.len();
        if offset > there {
            return Err(StoreError::WrongOffset { expected: there, given: offset });
        }
        file.write_all_at(chunk, offset).map_err(failed)?;
        if !last {
            return Ok(there.max(end));
        }
        file.set_len(end).and_then(|()| file.sync_all()).map_err(failed)?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let found = digest_of(&mut file).map_err(failed)?;
        let done = match found == *digest {
            true => self.publish(&path, digest),
            false => Err(StoreError::WrongDigest { expected: *digest, found }),
        };
        // Under the lock, so that who waits for it sees that the file is gone.
        fs::remove_file(&path).map_err(failed)?;
        done.map(|()| end)
    }

    pub(super) fn uploaded_bytes(&self, digest: &Digest) -> Result<u64> {
        if let Some(size) = self.size_of(digest)? {
            if self.is_verified(digest)? {
                return Ok(size);
            }
            // Whoever asks has the good bytes.
            self.quarantine(digest);
        }
        let path = self.shared_partial(digest);
        match fs::metadata(&path) {
            Ok(facts) => Ok(facts.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(StoreError::file(&path, error)),
        }
    }

    /// Gives a flushed file its name, durably.
    pub(super) fn publish(&self, partial: &Path, digest: &Digest) -> Result<()> {
        let path = self.path(digest);
        let folder = path.parent().expect("a blob lies in a folder of the root");
        let is_new = self.name(partial, digest)?;
        if is_new.folder {
            flush_folder(&self.root).map_err(|error| StoreError::file(&self.root, error))?;
        }
        match is_new.blob {
            true => flush_folder(folder).map_err(|error| StoreError::file(folder, error)),
            false => Ok(()),
        }
    }

    /// Links a flushed file under its digest. One that is there already is as good.
    pub(super) fn name(&self, partial: &Path, digest: &Digest) -> Result<IsNew> {
        let path = self.path(digest);
        let folder = path.parent().expect("a blob lies in a folder of the root");
        let folder = match fs::create_dir(folder) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(StoreError::file(folder, error)),
        };
        match fs::hard_link(partial, &path) {
            Ok(()) => Ok(IsNew { folder, blob: true }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.touch(digest)?;
                Ok(IsNew { folder, blob: false })
            }
            Err(error) => Err(StoreError::file(&path, error)),
        }
    }

    pub(super) fn fresh_partial(&self) -> PathBuf {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        self.partial().join(format!("{}-{count}.new", process::id()))
    }

    fn shared_partial(&self, digest: &Digest) -> PathBuf {
        self.partial().join(format!("{digest}.part"))
    }
}

pub(super) fn create_new(path: &Path) -> io::Result<File> {
    // A name left over by an earlier process of the same number holds nothing of worth.
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(MODE);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            options.open(path)
        }
        opened => opened,
    }
}

/// Opens and locks a shared partial file that is still the one under its name.
fn lock(path: &Path) -> io::Result<File> {
    loop {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(MODE).open(path)?;
        file.lock()?;
        match fs::metadata(path) {
            Ok(facts) if facts.ino() == file.metadata()?.ino() => return Ok(file),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
}

fn flush_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
