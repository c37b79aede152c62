//! Roots: every digest that something in the store names.
//!
//! Documents are searched for anything that looks like a digest, whatever field it stands
//! in: a name too many keeps a blob, a name too few would lose one.

use std::collections::{HashMap, HashSet};

use mendel_model::Digest;

use crate::{
    Blobs, Result, Store, StoreError,
    console::unpack,
    database::{Session, sql},
};

/// Digits of a digest.
const DIGITS: usize = 64;
/// Rows read at once.
const ROWS: i64 = 1_000;

/// Tables with documents: name, rising key, column, and whether it is compressed.
const DOCUMENTS: [(&str, &str, &str, bool); 8] = [
    ("run_facts", "run", "document", false),
    ("artifacts", "id", "document", false),
    ("models", "position", "document", false),
    ("results", "position", "document", false),
    ("events", "id", "document", true),
    ("registry", "position", "document", false),
    ("files", "id", "document", false),
    ("notes", "key", "document", false),
];

/// Digests by what names them.
pub(super) type Roots = HashMap<Digest, String>;

/// A manifest that a run names.
#[derive(Debug, Clone, Copy)]
pub(super) struct SnapshotRoot {
    pub(super) digest: Digest,
    pub(super) number: i64,
}

impl Store {
    /// Digests named by rows, and the manifests of runs.
    pub(super) async fn named(&self) -> Result<(Roots, Vec<SnapshotRoot>)> {
        let mut session = self.database.read().await?;
        let (mut roots, mut snapshots) = (Roots::new(), Vec::new());
        for (table, key, column, packed) in DOCUMENTS {
            read_table(&mut session, (table, key, column), packed, &mut |text: &str, key: i64| {
                if table == "run_facts" {
                    snapshots.extend(snapshot(text).map(|digest| SnapshotRoot { digest, number: key }));
                }
                for digest in digests(text) {
                    roots.entry(digest).or_insert_with(|| format!("{table} {key}"));
                }
            })
            .await?;
        }
        Ok((roots, snapshots))
    }

    /// All digests that must stay. A manifest that cannot be read refuses the answer, since
    /// what it lists is unknown.
    pub(super) async fn roots(&self) -> Result<Roots> {
        let (mut roots, snapshots) = self.named().await?;
        let mut seen = HashSet::new();
        for SnapshotRoot { digest, number } in snapshots {
            if seen.insert(digest) {
                add_manifest(&self.blobs, digest, number, &mut roots).await?;
            }
        }
        Ok(roots)
    }
}

/// Adds what a manifest lists.
async fn add_manifest(blobs: &Blobs, digest: Digest, number: i64, roots: &mut Roots) -> Result<()> {
    let bytes = blobs.read(&digest).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| StoreError::Damaged(digest))?;
    for digest in digests(text) {
        roots.entry(digest).or_insert_with(|| format!("the snapshot of run @{number}"));
    }
    Ok(())
}

async fn read_table(
    session: &mut Session,
    (table, key, column): (&str, &str, &str),
    packed: bool,
    each: &mut (dyn FnMut(&str, i64) + Send),
) -> Result<()> {
    if table == "notes" {
        for row in session.all(sql("SELECT document FROM notes")).await? {
            each(&row.text(0)?, 0);
        }
        return Ok(());
    }
    let text = format!("SELECT {key}, {column} FROM {table} WHERE {key} > $1 ORDER BY {key} LIMIT $2");
    let mut last = i64::MIN;
    loop {
        let rows = session.all(sql(text.clone()).bind(last).bind(ROWS)).await?;
        for row in &rows {
            last = row.int(0)?;
            match packed {
                true => each(&String::from_utf8_lossy(&unpack(&row.bytes(1)?)?), last),
                false => each(&row.text(1)?, last),
            }
        }
        if rows.len() < ROWS as usize {
            return Ok(());
        }
    }
}

/// The manifest that facts of a run name.
fn snapshot(facts: &str) -> Option<Digest> {
    #[derive(serde::Deserialize)]
    struct Named {
        snapshot: Option<Digest>,
    }
    serde_json::from_str::<Named>(facts).ok().and_then(|named| named.snapshot)
}

/// Every run of exactly 64 hexadecimal digits in a text.
fn digests(text: &str) -> impl Iterator<Item = Digest> {
    let words = text.split(|c: char| !c.is_ascii_hexdigit());
    words.filter(|word| word.len() == DIGITS).filter_map(|word| word.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_found_wherever_they_stand() {
        let digest = Digest::of(b"x");
        let text = format!("{{\"a\":[\"m1:{digest}\", \"{digest}0\", \"abc\"]}}");
        assert_eq!(digests(&text).collect::<Vec<_>>(), [digest]);
    }
}
