//! Takes the snapshot of a task and stores it whole, or not at all.
//!
//! A file that goes or changes between its listing and its storing belongs to no moment of
//! the folder, so the snapshot is taken again; a folder that never rests is refused.

use std::{collections::HashSet, path::Path};

use mendel_api::{BlobPack, PACK_BYTES, PACK_LENGTH};
use mendel_model::Digest;
use mendel_snapshot::{Options, Snapshot, SnapshotError, SnapshotFile, StatIndex};

use crate::{context::Context, exit::Failure, printer::Printer};

/// So often a snapshot is taken before the folder counts as one that never rests.
const TAKES: usize = 3;

/// The snapshot of what lies at `root`, stored, and the digest of its manifest.
pub async fn freeze(
    context: &Context,
    (root, options): (&Path, &Options),
    index: &mut StatIndex,
    printer: &Printer,
) -> Result<(Snapshot, Digest), Failure> {
    let mut takes = 1;
    loop {
        let snapshot = mendel_snapshot::snapshot(root, options, index)?;
        snapshot.warnings.iter().for_each(|warning| printer.note(format_args!("warning: {warning}")));
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
    for files in packs(snapshot.files.iter().filter(|file| missing.remove(&file.digest))) {
        let contents = match snapshot.read(&files) {
            Ok(contents) => contents,
            Err(error) => return Ok(Err(error)),
        };
        if let [whole] = &contents[..] {
            client.put_blob(whole).await?;
            continue;
        }
        let mut pack = BlobPack::default();
        files.iter().zip(&contents).for_each(|(file, bytes)| pack.add(file.digest, bytes));
        client.put_blobs(pack).await?;
    }
    if let Some(diff) = &snapshot.diff {
        client.put_blob(diff).await?;
    }
    let manifest = serde_json::to_vec(&snapshot.manifest).expect("a manifest has text keys");
    Ok(Ok(client.put_blob(&manifest).await?))
}

/// Files that travel together; one that is too large for that is alone.
fn packs<'a>(files: impl Iterator<Item = &'a SnapshotFile>) -> Vec<Vec<&'a SnapshotFile>> {
    let mut packs: Vec<Vec<_>> = Vec::new();
    let mut room = 0;
    for file in files {
        let need = file.stat.size + PACK_LENGTH as u64;
        match packs.last_mut().filter(|_| need <= room) {
            Some(pack) => pack.push(file),
            None => {
                packs.push(vec![file]);
                room = PACK_BYTES as u64;
            }
        }
        room = room.saturating_sub(need);
    }
    packs
}
