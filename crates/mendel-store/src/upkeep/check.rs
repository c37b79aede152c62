//! Looking for damage, and putting damaged blobs aside. Nothing is ever deleted.

use std::collections::HashSet;

use mendel_model::{Digest, EntryKind, Manifest, SeriesKey, Timestamp};

use super::{
    garbage::young_since,
    root::{Roots, SnapshotRoot},
};
use crate::{
    Damage, Result, Store, StoreError,
    blob::blocking,
    database::{Session, sql},
    series::{decode_chunk, decode_tail},
};

/// Rows read at once.
const ROWS: i64 = 200;

impl Store {
    /// Looks for damage without changing anything.
    pub async fn check(&self) -> Result<Vec<Damage>> {
        let mut found = self.check_database().await?;
        let (damaged, present) = self.check_blobs().await?;
        found.extend(damaged.iter().map(|digest| Damage::Blob(*digest)));
        found.extend(self.check_names(&damaged, &present).await?);
        Ok(found)
    }

    /// Puts damaged blobs into quarantine and clears old partial ones; tells what was found.
    pub async fn repair(&self, now: Timestamp) -> Result<Vec<Damage>> {
        let found = self.check().await?;
        let damaged: Vec<_> = found
            .iter()
            .filter_map(|damage| if let Damage::Blob(digest) = damage { Some(*digest) } else { None })
            .collect();
        let blobs = self.blobs.clone();
        blocking(move || {
            for digest in damaged {
                match blobs.quarantine(&digest) {
                    StoreError::Damaged(_) => {}
                    error => return Err(error),
                }
            }
            blobs.clear_partial(young_since(now))
        })
        .await?;
        Ok(found)
    }

    async fn check_database(&self) -> Result<Vec<Damage>> {
        let mut session = self.database.read().await?;
        let mut found = Vec::new();
        let check = session.dialect().self_check();
        for row in session.all(check).await? {
            let text = row.text(0)?;
            if text != "ok" {
                found.push(Damage::Database(text));
            }
        }
        check_chunks(&mut session, &mut found).await?;
        check_tails(&mut session, &mut found).await?;
        Ok(found)
    }

    /// Damaged blobs, and all that are there.
    async fn check_blobs(&self) -> Result<(HashSet<Digest>, HashSet<Digest>)> {
        let blobs = self.blobs.clone();
        blocking(move || {
            let (mut damaged, mut present) = (HashSet::new(), HashSet::new());
            for file in blobs.files()? {
                match blobs.is_whole(&file.digest) {
                    Ok(true) => {}
                    Ok(false) => {
                        damaged.insert(file.digest);
                    }
                    // Collected since the folder was listed.
                    Err(StoreError::BlobMissing(_)) => continue,
                    Err(error) => return Err(error),
                }
                present.insert(file.digest);
            }
            Ok((damaged, present))
        })
        .await
    }

    /// Blobs that must be there and are not. Only fields that name a blob count here, not
    /// whatever looks like a digest.
    async fn check_names(&self, damaged: &HashSet<Digest>, present: &HashSet<Digest>) -> Result<Vec<Damage>> {
        let (_, snapshots) = self.named().await?;
        let mut named = Roots::new();
        let mut found = Vec::new();
        for SnapshotRoot { digest, number } in snapshots {
            let known = named.insert(digest, format!("run @{number}")).is_some();
            if known || !present.contains(&digest) || damaged.contains(&digest) {
                continue;
            }
            match self.files_of_manifest(digest, number).await? {
                Some(files) => named.extend(files),
                None => found.push(Damage::Database(format!("blob `{digest}` is not a manifest (run @{number})"))),
            }
        }
        let mut session = self.database.read().await?;
        for (table, field) in [("artifacts", "digest"), ("models", "digest")] {
            let text = format!("SELECT t.document, r.number FROM {table} t JOIN runs r ON r.number = t.run");
            for row in session.all(sql(text)).await? {
                let document: serde_json::Value = row.document(0)?;
                let digest = document[field].as_str().and_then(|digest| digest.parse().ok());
                named.extend(digest.map(|digest| (digest, format!("{table} of run @{}", row.int(1).unwrap_or(0)))));
            }
        }
        let missing = named.into_iter().filter(|(digest, _)| !present.contains(digest));
        found.extend(missing.map(|(digest, named_by)| Damage::MissingBlob { digest, named_by }));
        found.sort_by_key(|damage| format!("{damage:?}"));
        Ok(found)
    }

    /// The files that a manifest lists; none if it is no manifest.
    async fn files_of_manifest(&self, digest: Digest, number: i64) -> Result<Option<Roots>> {
        let bytes = self.blobs.read(&digest).await?;
        let Ok(manifest) = serde_json::from_slice::<Manifest>(&bytes) else {
            return Ok(None);
        };
        let files = manifest.entries.into_iter().filter_map(|entry| match entry.kind {
            EntryKind::File { digest, .. } => {
                Some((digest, format!("`{}` in the snapshot of run @{number}", entry.path)))
            }
            EntryKind::Link { .. } => None,
        });
        Ok(Some(files.collect()))
    }
}

async fn check_chunks(session: &mut Session, found: &mut Vec<Damage>) -> Result<()> {
    let text = "SELECT c.series, c.position, c.points, c.body, r.id, s.metric, s.variant FROM chunks c \
         JOIN series s ON s.id = c.series JOIN runs r ON r.number = s.run \
         WHERE c.series > $1 OR (c.series = $1 AND c.position > $2) ORDER BY c.series, c.position LIMIT $3";
    let (mut series, mut position) = (i64::MIN, i64::MIN);
    loop {
        let rows = session.all(sql(text).bind(series).bind(position).bind(ROWS)).await?;
        for row in &rows {
            (series, position) = (row.int(0)?, row.int(1)?);
            let whole =
                decode_chunk(&row.bytes(3)?).is_ok_and(|points| row.count(2).is_ok_and(|n| n == points.len() as u64));
            if !whole {
                let key = Some(SeriesKey { metric: row.text(5)?, variant: row.text(6)? });
                found.push(Damage::Series { run: row.parsed(4)?, key });
            }
        }
        if rows.len() < ROWS as usize {
            return Ok(());
        }
    }
}

async fn check_tails(session: &mut Session, found: &mut Vec<Damage>) -> Result<()> {
    let text = "SELECT t.id, t.body, r.id FROM tails t JOIN runs r ON r.number = t.run WHERE t.id > $1 \
         ORDER BY t.id LIMIT $2";
    let mut last = i64::MIN;
    loop {
        let rows = session.all(sql(text).bind(last).bind(ROWS)).await?;
        for row in &rows {
            last = row.int(0)?;
            if decode_tail(&row.bytes(1)?, None).is_err() {
                found.push(Damage::Series { run: row.parsed(2)?, key: None });
            }
        }
        if rows.len() < ROWS as usize {
            return Ok(());
        }
    }
}
