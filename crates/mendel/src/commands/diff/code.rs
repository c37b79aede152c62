//! Which files of two code trees differ, and where.

use mendel_api::Client;
use mendel_model::{EntryKind, Manifest, Run};
use mendel_snapshot::tree_diff;
use serde::Serialize;
use similar::TextDiff;

use super::super::show::load;
use crate::exit::Failure;

const CONTEXT_LINES: usize = 3;
/// A larger file is told to differ without its lines.
const TEXT_BYTES: u64 = 2 << 20;

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CodeChange {
    /// Path below the root.
    pub path: String,
    /// `added`, `removed` or `changed`.
    pub change: &'static str,
    /// The lines that differ, in unified form; empty where it is no text.
    pub diff: String,
    /// Why there are no lines, or what differs besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The files that differ between the snapshots of two runs.
pub async fn changes(client: &Client, before: &Run, after: &Run) -> Result<Vec<CodeChange>, Failure> {
    if before.facts.snapshot == after.facts.snapshot {
        return Ok(Vec::new());
    }
    let old = load::manifest(client, before).await?.unwrap_or_default();
    let new = load::manifest(client, after).await?.unwrap_or_default();
    let found = tree_diff(&old, &new);
    let mut changes = Vec::new();
    let kinds = [("changed", found.changed), ("added", found.added), ("removed", found.removed)];
    for (change, paths) in kinds {
        for path in paths {
            let before = side(client, &old, &path).await?;
            let after = side(client, &new, &path).await?;
            changes.push(compare(path, change, &before, &after));
        }
    }
    changes.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(changes)
}

/// One side of a path.
#[derive(Debug, Clone, PartialEq)]
enum Content {
    Absent,
    Text { text: String, executable: bool },
    Bytes { size: u64, why: &'static str },
    Link(String),
}

async fn side(client: &Client, manifest: &Manifest, path: &str) -> Result<Content, Failure> {
    let Some(entry) = manifest.entry(path) else { return Ok(Content::Absent) };
    match &entry.kind {
        EntryKind::Link { target } => Ok(Content::Link(target.clone())),
        EntryKind::File { size, .. } if *size > TEXT_BYTES => {
            Ok(Content::Bytes { size: *size, why: "too large to show" })
        }
        EntryKind::File { digest, size, executable } => {
            let bytes = client.blob(digest).await?;
            match std::str::from_utf8(&bytes) {
                Ok(text) if !text.contains('\0') => {
                    Ok(Content::Text { text: text.to_owned(), executable: *executable })
                }
                _ => Ok(Content::Bytes { size: *size, why: "no text" }),
            }
        }
    }
}

fn compare(path: String, change: &'static str, before: &Content, after: &Content) -> CodeChange {
    let mut note = None;
    let mut diff = String::new();
    match (before, after) {
        (Content::Bytes { size, why }, Content::Bytes { size: other, .. }) => {
            note = Some(format!("{why}: {size} bytes before, {other} after"));
        }
        (Content::Bytes { size, why }, _) | (_, Content::Bytes { size, why }) => {
            note = Some(format!("{why}: {size} bytes"))
        }
        (Content::Link(target), _) | (_, Content::Link(target)) => note = Some(format!("a link to `{target}`")),
        (before, after) => {
            let (old, new) = (text(before), text(after));
            let (from, to) = (side_name("a", &path, before), side_name("b", &path, after));
            diff = TextDiff::from_lines(old, new)
                .unified_diff()
                .context_radius(CONTEXT_LINES)
                .header(&from, &to)
                .to_string();
            if let (Content::Text { executable: true, .. }, Content::Text { executable: false, .. }) = (before, after) {
                note = Some("no longer executable".to_owned());
            } else if let (Content::Text { executable: false, .. }, Content::Text { executable: true, .. }) =
                (before, after)
            {
                note = Some("now executable".to_owned());
            }
        }
    }
    CodeChange { path, change, diff, note }
}

fn text(content: &Content) -> &str {
    match content {
        Content::Text { text, .. } => text,
        Content::Absent | Content::Bytes { .. } | Content::Link(_) => "",
    }
}

fn side_name(side: &str, path: &str, content: &Content) -> String {
    match content {
        Content::Absent => "/dev/null".to_owned(),
        Content::Text { .. } | Content::Bytes { .. } | Content::Link(_) => format!("{side}/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Content {
        Content::Text { text: text.to_owned(), executable: false }
    }

    #[test]
    fn a_changed_line_is_shown_with_its_neighbours() {
        let change =
            compare("train.py".into(), "changed", &script("a\nloss = 1.0\nb\n"), &script("a\nloss = 2.0\nb\n"));
        assert_eq!(change.diff, "--- a/train.py\n+++ b/train.py\n@@ -1,3 +1,3 @@\n a\n-loss = 1.0\n+loss = 2.0\n b\n");
        assert_eq!(change.note, None);
    }

    #[test]
    fn a_new_file_and_bytes_are_told() {
        let change = compare("new.py".into(), "added", &Content::Absent, &script("x\n"));
        assert!(change.diff.starts_with("--- /dev/null\n+++ b/new.py\n"), "{}", change.diff);
        let bytes = |size| Content::Bytes { size, why: "no text" };
        let change = compare("data.bin".into(), "changed", &bytes(3), &bytes(4));
        assert_eq!(change.note.as_deref(), Some("no text: 3 bytes before, 4 after"));
        assert_eq!(change.diff, "");
    }
}
