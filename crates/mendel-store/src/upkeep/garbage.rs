//! Garbage collection: mark from the roots, look again, then unlink.
//!
//! A blob stays while it is young: an upload in progress is about to be referred to, and
//! asking whether a blob is missing makes it young again.

use std::time::{Duration, SystemTime};

use mendel_model::Timestamp;

use crate::{Garbage, Result, Store, blob::blocking};

/// How long a blob stays without being referred to.
const YOUNG: Duration = Duration::from_secs(24 * 3600);

impl Store {
    /// Removes blobs nothing names, except young ones; or only counts them.
    pub async fn collect_garbage(&self, dry_run: bool, now: Timestamp) -> Result<Garbage> {
        let before = young_since(now);
        let roots = self.roots().await?;
        let blobs = self.blobs.clone();
        let files = blocking(move || blobs.files()).await?;
        let mut candidates: Vec<_> =
            files.into_iter().filter(|file| file.changed < before && !roots.contains_key(&file.digest)).collect();
        // What was referred to since the first look is young or named by now.
        if !dry_run && !candidates.is_empty() {
            let roots = self.roots().await?;
            candidates.retain(|file| !roots.contains_key(&file.digest));
        }
        let blobs = self.blobs.clone();
        blocking(move || {
            let mut garbage = Garbage::default();
            for file in candidates {
                if dry_run || blobs.remove(&file.digest, before)? {
                    garbage.blobs += 1;
                    garbage.bytes += file.size;
                }
            }
            if !dry_run {
                blobs.clear_partial(before)?;
            }
            Ok(garbage)
        })
        .await
    }
}

/// Files changed before this moment are no longer young.
pub(super) fn young_since(now: Timestamp) -> SystemTime {
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now.since(Timestamp(0)));
    now.checked_sub(YOUNG).unwrap_or(SystemTime::UNIX_EPOCH)
}
