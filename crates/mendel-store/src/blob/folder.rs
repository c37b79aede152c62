//! The folder itself: names, verified reading, quarantine, and what garbage collection asks.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::SystemTime,
};

use bytes::Bytes;
use mendel_model::Digest;

use super::{Blobs, seen};
use crate::{Result, StoreError};

/// Partial files.
const PARTIAL: &str = "tmp";
/// Damaged files.
const QUARANTINE: &str = "quarantine";
/// Bytes read at once.
const PIECE: usize = 1 << 20;

/// A file of the folder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlobFile {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    pub(crate) changed: SystemTime,
}

impl Blobs {
    pub(super) fn make(&self) -> Result<()> {
        let partial = self.partial();
        match partial.is_dir() {
            true => Ok(()),
            false => fs::create_dir_all(&partial).map_err(|error| StoreError::file(&partial, error)),
        }
    }

    pub(super) fn partial(&self) -> PathBuf {
        self.root.join(PARTIAL)
    }

    /// The root of the folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn size_of(&self, digest: &Digest) -> Result<Option<u64>> {
        let path = self.path(digest);
        match fs::metadata(&path) {
            Ok(facts) => Ok(Some(facts.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::file(&path, error)),
        }
    }

    /// Makes a blob young; whether it is here.
    pub(super) fn touch(&self, digest: &Digest) -> Result<bool> {
        let path = self.path(digest);
        let touched = File::open(&path).and_then(|file| {
            let before = seen(&file.metadata()?);
            file.set_modified(SystemTime::now())?;
            Ok((before, seen(&file.metadata()?)))
        });
        match touched {
            Ok((before, after)) => {
                if self.verified_as(digest, before) {
                    self.mark_verified(*digest, after);
                }
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(StoreError::file(&path, error)),
        }
    }

    /// Whether the bytes of a blob that is here fit its digest; they are read unless they were since they
    /// were last written.
    pub(super) fn is_verified(&self, digest: &Digest) -> Result<bool> {
        let path = self.path(digest);
        let failed = |error| StoreError::file(&path, error);
        let mut file = self.open_file(digest)?;
        let facts = seen(&file.metadata().map_err(failed)?);
        if self.verified_as(digest, facts) {
            return Ok(true);
        }
        let is_good = digest_of(&mut file).map_err(failed)? == *digest;
        if is_good {
            self.mark_verified(*digest, facts);
        }
        Ok(is_good)
    }

    fn open_file(&self, digest: &Digest) -> Result<File> {
        let path = self.path(digest);
        File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::BlobMissing(*digest),
            _ => StoreError::file(&path, error),
        })
    }

    pub(super) fn read_whole(&self, digest: &Digest) -> Result<Bytes> {
        let mut file = self.open_file(digest)?;
        let path = self.path(digest);
        let failed = |error| StoreError::file(&path, error);
        let facts = file.metadata().map_err(failed)?;
        let mut bytes = Vec::with_capacity(usize::try_from(facts.len()).unwrap_or(0));
        file.read_to_end(&mut bytes).map_err(failed)?;
        if Digest::of(&bytes) != *digest {
            return Err(self.quarantine(digest));
        }
        self.mark_verified(*digest, seen(&facts));
        Ok(bytes.into())
    }

    pub(super) fn read_part(&self, digest: &Digest, offset: u64, length: u64) -> Result<Bytes> {
        let mut file = self.open_file(digest)?;
        let path = self.path(digest);
        let failed = |error| StoreError::file(&path, error);
        let facts = file.metadata().map_err(failed)?;
        if !self.verified_as(digest, seen(&facts)) {
            if digest_of(&mut file).map_err(failed)? != *digest {
                return Err(self.quarantine(digest));
            }
            self.mark_verified(*digest, seen(&facts));
        }
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes.into())
    }

    /// Whether the bytes fit the digest; damaged ones stay where they are.
    pub(crate) fn is_whole(&self, digest: &Digest) -> Result<bool> {
        let mut file = self.open_file(digest)?;
        let found = digest_of(&mut file).map_err(|error| StoreError::file(&self.path(digest), error))?;
        Ok(found == *digest)
    }

    /// Puts a damaged blob aside; answers the error that tells of it.
    pub(crate) fn quarantine(&self, digest: &Digest) -> StoreError {
        let aside = self.root.join(QUARANTINE);
        let moved =
            fs::create_dir_all(&aside).and_then(|()| fs::rename(self.path(digest), aside.join(digest.to_string())));
        match moved {
            Ok(()) => StoreError::Damaged(*digest),
            // Someone else put it aside, or it cannot be moved: it is not served either way.
            Err(_) => StoreError::Damaged(*digest),
        }
    }

    /// All blobs.
    pub(crate) fn files(&self) -> Result<Vec<BlobFile>> {
        let mut files = Vec::new();
        for folder in entries(&self.root)? {
            let name = folder.file_name();
            if name.len() != 2 || !folder.path().is_dir() {
                continue;
            }
            for entry in entries(&folder.path())? {
                let Some(digest) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
                let facts = match entry.metadata() {
                    Ok(facts) => facts,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(StoreError::file(&entry.path(), error)),
                };
                let changed = facts.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                files.push(BlobFile { digest, size: facts.len(), changed });
            }
        }
        Ok(files)
    }

    /// Removes a blob unless it was touched after `before`; whether it is gone.
    pub(crate) fn remove(&self, digest: &Digest, before: SystemTime) -> Result<bool> {
        let path = self.path(digest);
        let failed = |error| StoreError::file(&path, error);
        match fs::metadata(&path).and_then(|facts| facts.modified()) {
            Ok(changed) if changed < before => fs::remove_file(&path).map(|()| true).map_err(failed),
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    /// Removes partial files that nobody wrote to since `before`.
    pub(crate) fn clear_partial(&self, before: SystemTime) -> Result<usize> {
        let mut removed = 0;
        for entry in entries(&self.partial())? {
            let old = entry.metadata().and_then(|facts| facts.modified()).is_ok_and(|changed| changed < before);
            if old && fs::remove_file(entry.path()).is_ok() {
                removed += 1;
            }
        }
        Ok(removed)
    }
}

fn entries(folder: &Path) -> Result<Vec<fs::DirEntry>> {
    let read = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    match read {
        Ok(entries) => Ok(entries),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(StoreError::file(folder, error)),
    }
}

/// The digest of all bytes of a file from where it stands.
pub(super) fn digest_of(file: &mut File) -> io::Result<Digest> {
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(Digest::from_bytes(*hasher.finalize().as_bytes())),
            count => hasher.update(&piece[..count]),
        };
    }
}
