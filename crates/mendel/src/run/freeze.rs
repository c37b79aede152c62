//! Takes the snapshot of a task and stores it whole, or not at all.
//!
//! A file that goes or changes between its listing and its storing belongs to no moment of
//! the folder, so the snapshot is taken again; a folder that never rests is refused.

use std::collections::HashSet;

use mendel_model::Digest;
use mendel_snapshot::{Snapshot, SnapshotError, StatIndex};

use crate::{context::Context, exit::Failure, printer::Printer, run::prepare::Prepared};

/// So often a snapshot is taken before the folder counts as one that never rests.
const TAKES: usize = 3;

/// The snapshot of `task`, stored, and the digest of its manifest.
pub async fn freeze(
    context: &Context,
    task: &Prepared,
    index: &mut StatIndex,
    printer: &Printer,
) -> Result<(Snapshot, Digest), Failure> {
    let mut takes = 1;
    loop {
        let snapshot = task.take_snapshot(index, printer)?;
        match keep(context, &snapshot).await? {
            Ok(manifest) => return Ok((snapshot, manifest)),
            Err(SnapshotError::Changed { .. }) if takes < TAKES => takes += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// Stores the files of a snapshot that are not stored yet, and then its manifest.
async fn keep(context: &Context, snapshot: &Snapshot) -> Result<Result<Digest, SnapshotError>, Failure> {
    let client = &context.client;
    let mut digests: Vec<_> = snapshot.files.iter().map(|file| file.digest).collect();
    digests.sort();
    digests.dedup();
    let mut missing: HashSet<_> = client.missing_blobs(&digests).await?.into_iter().collect();
    for file in &snapshot.files {
        if missing.remove(&file.digest) {
            match snapshot.read(file) {
                Ok(bytes) => client.put_blob(&bytes).await?,
                Err(error) => return Ok(Err(error)),
            };
        }
    }
    if let Some(diff) = &snapshot.diff {
        client.put_blob(diff).await?;
    }
    let manifest = serde_json::to_vec(&snapshot.manifest).expect("a manifest has text keys");
    Ok(Ok(client.put_blob(&manifest).await?))
}
