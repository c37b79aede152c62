//! Journals as found on disk: whose they are, and whether anyone still writes them.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use mendel_model::{Owner, RunId, WriterId};
use serde::{Deserialize, Serialize};

use crate::{Position, Workspace, is_alive};

/// Marks a journal to which nothing will be added.
pub(crate) const CLOSED: &str = "closed";
/// Holds why a server refused the journal as a whole.
pub(crate) const REFUSED: &str = "refused";
const OWNER: &str = "owner.json";

/// What `owner.json` says: the owner, and the attempt in case no segment is readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Card {
    #[serde(flatten)]
    pub(crate) owner: Owner,
    #[serde(default)]
    pub(crate) attempt: u32,
}

/// A journal folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// The folder.
    pub path: PathBuf,
    /// The run, from the folder's place.
    pub run: RunId,
    /// The writer, from the folder's name.
    pub writer: WriterId,
    /// The process that writes it; none when the file that says so is damaged, which no
    /// living writer leaves behind.
    pub owner: Option<Owner>,
    /// The attempt it was opened for.
    pub attempt: u32,
}

impl Card {
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        let bytes = serde_json::to_vec(self).expect("plain fields");
        File::create(folder.join(OWNER))?.write_all(&bytes)
    }
}

impl Journal {
    /// The journal in the folder `path`; none when its place does not name a run and a writer,
    /// or when it cannot be told now whose it is.
    pub fn at(path: &Path) -> Option<Self> {
        let named = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let writer = named(path)?.parse().ok()?;
        let run = named(path.parent()?)?.parse().ok()?;
        let card: Option<Card> = match fs::read(path.join(OWNER)) {
            Ok(bytes) => serde_json::from_slice(&bytes).ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(_) => return None,
        };
        let (owner, attempt) = card.map_or((None, 1), |card| (Some(card.owner), card.attempt));
        Some(Self { path: path.to_owned(), run, writer, owner, attempt })
    }

    /// Whether nothing will be added: it was closed, or its writer is gone.
    pub fn is_complete(&self) -> bool {
        self.path.join(CLOSED).exists() || !self.owner.as_ref().is_some_and(is_alive)
    }

    /// Whether nothing of it was delivered yet, and it is not known to be undeliverable.
    pub(crate) fn is_undelivered(&self) -> bool {
        self.refusal().is_none() && Position::read(&self.path).is_none_or(|position| position.sequence == 0)
    }

    /// Why the server refused the journal as a whole, if it did.
    pub fn refusal(&self) -> Option<String> {
        fs::read_to_string(self.path.join(REFUSED)).ok()
    }
}

/// The journals of every run in `workspace`.
pub fn journals(workspace: &Workspace) -> io::Result<Vec<Journal>> {
    let mut found = Vec::new();
    for run in entries(&workspace.journals())? {
        found.extend(entries(&run)?.iter().filter_map(|path| Journal::at(path)));
    }
    Ok(found)
}

/// The journals of one run.
pub fn journals_of(workspace: &Workspace, run: RunId) -> io::Result<Vec<Journal>> {
    journals_in(&workspace.journals().join(run.to_string()))
}

/// The journals in the folder of one run.
pub(crate) fn journals_in(run: &Path) -> io::Result<Vec<Journal>> {
    Ok(entries(run)?.iter().filter_map(|path| Journal::at(path)).collect())
}

/// The journals to which nothing will be added any more, and which wait for delivery.
pub fn leftover(workspace: &Workspace) -> io::Result<Vec<Journal>> {
    let mut found = journals(workspace)?;
    found.retain(|journal| journal.is_complete() && journal.refusal().is_none());
    Ok(found)
}

/// The folders in `folder` in the order of their names, which rise with time. One that is
/// gone, or is no folder, holds none.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let listed = match fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        listed => listed?,
    };
    let mut paths = listed.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.is_dir());
    paths.sort_unstable();
    Ok(paths)
}
