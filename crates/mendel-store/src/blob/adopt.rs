//! Taking over files that a client of this machine wrote beside the blobs, so that their bytes
//! need not be sent: they are verified here, made durable as a group, and get their names.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
};

use mendel_model::Digest;

use super::{
    Blobs,
    folder::digest_of,
    many::{FEW, Unnamed, in_parts},
};
use crate::{Result, StoreError};

/// What the names of such files end with.
const ENDING: &str = ".staged";

/// What became of a file.
enum Offered {
    /// It is not there, or has other bytes.
    Refused,
    /// Its bytes are here already.
    Here,
    /// It has the bytes that it should.
    Whole(Unnamed, File),
}

impl Blobs {
    /// Keeps files of the folder of partial ones, each under its digest; tells of each whether
    /// its bytes are here now. The files are gone afterwards.
    pub(super) fn adopt_all(&self, files: &[(String, Digest)]) -> Result<Vec<bool>> {
        let offered = in_parts(files, |(name, digest)| self.offered(name, digest))?;
        let is_here = offered.iter().map(|one| !matches!(one, Offered::Refused)).collect();
        let whole = offered.into_iter().filter_map(|one| match one {
            Offered::Whole(unnamed, file) => Some((unnamed, file)),
            Offered::Refused | Offered::Here => None,
        });
        let whole: Vec<_> = whole.collect();
        if whole.len() > FEW {
            self.flush_all()?;
            in_parts(&whole, |(one, _)| self.name(&one.path, &one.digest).map(drop))?;
            self.flush_all()?;
        } else {
            for (one, file) in &whole {
                file.sync_all().map_err(|error| StoreError::file(&one.path, error))?;
                self.publish(&one.path, &one.digest)?;
            }
        }
        Ok(is_here)
    }

    fn offered(&self, name: &str, digest: &Digest) -> Result<Offered> {
        let stem = name.strip_suffix(ENDING).unwrap_or_default();
        if stem.is_empty() || !stem.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Ok(Offered::Refused);
        }
        let unnamed = Unnamed { path: self.partial().join(name), digest: *digest };
        let no_link = nix::fcntl::OFlag::O_NOFOLLOW.bits();
        let mut file = match OpenOptions::new().read(true).custom_flags(no_link).open(&unnamed.path) {
            Ok(file) => file,
            // It may have been taken over before, and the answer was lost.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(if self.touch(digest)? { Offered::Here } else { Offered::Refused });
            }
            Err(error) => return Err(StoreError::file(&unnamed.path, error)),
        };
        let failed = |error| StoreError::file(&unnamed.path, error);
        let facts = file.metadata().map_err(failed)?;
        if self.is_here(digest, usize::try_from(facts.len()).unwrap_or(usize::MAX))? {
            return Ok(Offered::Here);
        }
        match facts.is_file() && digest_of(&mut file).map_err(failed)? == *digest {
            true => Ok(Offered::Whole(unnamed, file)),
            false => Ok(Offered::Refused),
        }
    }
}
