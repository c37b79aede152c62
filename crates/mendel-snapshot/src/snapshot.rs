//! Takes a snapshot: walks, leaves out, hashes what the index does not remember, asks git.
//!
//! What does not fit into the snapshot of a task folder is an error that names it. The
//! snapshot of a plain script's folder is never refused for such a thing: it is left out
//! and listed, so that the run can be given it in another way.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    thread,
};

use mendel_model::{Digest, EntryKind, Manifest, ManifestEntry};

use crate::{
    FileStat, GitReport, LeftOut, LeftOutReason, Limits, ProjectRoot, StatIndex, git_state,
    hash::{Hashed, by_threads, hash_all},
    limit::{self, Excess},
    link,
    project_root::is_too_wide,
    rules::Patterns,
    walk::{Extent, Fault, Walked, WalkedFile, is_below, walk},
};

/// A walk is given up after so many times the allowed number of files.
const GIVE_UP_FACTOR: usize = 10;

/// What a snapshot is taken for, which says what happens to what does not fit in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// A task folder: what does not fit is an error.
    Task,
    /// A plain script at this path below the root (empty for a command): what does not fit is left out.
    Script(PathBuf),
}

/// How a snapshot is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What it is taken for.
    pub purpose: Purpose,
    /// How much it may hold.
    pub limits: Limits,
    /// What the project file leaves out.
    pub ignore: Patterns,
    /// Whether the state of git is recorded.
    pub git: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { purpose: Purpose::Task, limits: Limits::default(), ignore: Patterns::default(), git: true }
    }
}

impl Options {
    /// For the plain script at `script`, below `root` or absolute; bare folders have lower limits.
    pub fn for_script(root: &ProjectRoot, script: &Path) -> Self {
        let limits = if root.marker.is_some() { Limits::default() } else { Limits::of_bare_folder() };
        Self { purpose: Purpose::Script(script.to_owned()), limits, ..Self::default() }
    }
}

/// One file of a snapshot, with what the caller needs to store it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotFile {
    /// Path below the root, with `/` between parts.
    pub path: String,
    /// Address of the bytes.
    pub digest: Digest,
    /// What `stat` said when the bytes had that digest.
    pub stat: FileStat,
}

/// A folder, frozen: what it holds, and what it does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The folder, as an absolute path without links in it.
    pub root: PathBuf,
    /// The list of entries, and git.
    pub manifest: Manifest,
    /// The files, sorted by path; store those whose digest is missing.
    pub files: Vec<SnapshotFile>,
    /// What is in the folder and not in the snapshot, sorted by path.
    pub left_out: Vec<LeftOut>,
    /// The patch of uncommitted changes; its digest is in the manifest.
    pub diff: Option<Vec<u8>>,
    /// What a person should know, such as an unusual size.
    pub warnings: Vec<String>,
}

/// Why no snapshot was taken.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Something cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// What could not be read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file was written all the time, or has changed or gone since its digest was taken.
    #[error("`{}` changed while the snapshot was taken", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Names that are no text in any encoding we can keep.
    #[error("names that are not UTF-8: {}", Names(paths))]
    Name {
        /// The paths.
        paths: Vec<PathBuf>,
    },
    /// A link that leads out of the folder.
    #[error("the link `{path}` points outside the folder, to `{}`", target.display())]
    OutsideLink {
        /// Path of the link below the folder.
        path: String,
        /// Where it points.
        target: PathBuf,
    },
    /// There is more than a snapshot may hold.
    #[error("the folder is too large for a snapshot: {}; largest: {}", .0.limit, .0.largest.join(", "))]
    TooLarge(Excess),
}

struct Names<'a>(&'a [PathBuf]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named: Vec<String> = self.0.iter().take(10).map(|path| format!("{path:?}")).collect();
        f.write_str(&named.join(", "))
    }
}

impl SnapshotError {
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }

    /// The way out, for a person.
    pub fn hint(&self) -> String {
        match self {
            Self::Read { .. } => "make it readable, or leave it out with a line in `.mendelignore`".to_owned(),
            Self::Changed { .. } => {
                "wait until it is written, or leave it out with a line in `.mendelignore`".to_owned()
            }
            Self::Name { .. } => "rename them, or leave them out with a line in `.mendelignore`".to_owned(),
            Self::OutsideLink { path, .. } => {
                format!("copy what it points to, or leave it out with the line `/{path}` in `.mendelignore`")
            }
            Self::TooLarge(excess) => {
                format!("leave out what is no code with lines in `.mendelignore`, such as `{}`", excess.pattern)
            }
        }
    }
}

impl Snapshot {
    /// The bytes of each of `files`, in their order, if they still have their digests; one that
    /// is gone has changed.
    pub fn read(&self, files: &[&SnapshotFile]) -> Result<Vec<Vec<u8>>, SnapshotError> {
        let one = |file: &&SnapshotFile, (): &mut ()| self.read_one(file);
        by_threads(files, || (), one).into_iter().collect()
    }

    fn read_one(&self, file: &SnapshotFile) -> Result<Vec<u8>, SnapshotError> {
        match crate::read_verified(&self.root.join(&file.path), &file.digest) {
            Err(SnapshotError::Read { path, source }) if source.kind() == io::ErrorKind::NotFound => {
                Err(SnapshotError::Changed { path })
            }
            read => read,
        }
    }
}

/// Takes a snapshot of the folder `root`; digests that `index` remembers are not computed.
pub fn snapshot(root: &Path, options: &Options, index: &mut StatIndex) -> Result<Snapshot, SnapshotError> {
    let root = root.canonicalize().map_err(|source| SnapshotError::read(root, source))?;
    let (taken, git) = thread::scope(|scope| {
        let git = options.git.then(|| scope.spawn(|| git_state(&root)));
        let taken = take(&root, options, index);
        (taken, git.and_then(|thread| thread.join().ok()).unwrap_or_default())
    });
    let mut snapshot = taken?;
    let GitReport { state, diff, warnings } = git;
    snapshot.manifest.git = state;
    snapshot.diff = diff;
    snapshot.warnings.extend(warnings);
    Ok(snapshot)
}

fn take(root: &Path, options: &Options, index: &mut StatIndex) -> Result<Snapshot, SnapshotError> {
    let script = match &options.purpose {
        Purpose::Task => None,
        Purpose::Script(path) => {
            let path = path.strip_prefix(root).unwrap_or(path);
            Some(path.to_str().ok_or_else(|| SnapshotError::Name { paths: vec![path.to_owned()] })?)
        }
    };
    let mut walked = find(root, script, options)?;
    let faults = std::mem::take(&mut walked.faults);
    let mut warnings = Vec::new();
    for fault in faults {
        accept(root, fault, script, &mut walked.left_out, &mut warnings)?;
    }
    if let Some(script) = script {
        keep_script(root, script, &mut walked)?;
        walked.left_out.extend(limit::fit(&mut walked.files, script, &options.limits));
    } else if let Some(excess) = limit::excess(&walked.files, walked.given_up, &options.limits) {
        return Err(SnapshotError::TooLarge(excess));
    }
    warnings.extend(limit::warning(&walked.files, &options.limits));
    let covered = |path: &str, left: &[LeftOut]| left.iter().any(|left| left.is_folder && is_below(path, &left.path));
    walked.links.retain(|path| !covered(path, &walked.left_out));

    let mut entries = Vec::with_capacity(walked.files.len() + walked.links.len());
    for path in std::mem::take(&mut walked.links) {
        entries.extend(take_link(root, path, script, &mut walked.left_out)?);
    }
    let files = hash(root, walked.files, script, index, &mut walked.left_out)?;
    let mut kept = Vec::with_capacity(files.len());
    for (file, executable) in files {
        let kind = EntryKind::File { digest: file.digest, size: file.stat.size, executable };
        entries.push(ManifestEntry { path: file.path.clone(), kind });
        kept.push(file);
    }
    entries.sort_unstable_by(|left, right| left.path.cmp(&right.path));
    let mut left_out = walked.left_out;
    left_out.sort_unstable();
    let folders: Vec<LeftOut> = left_out.iter().filter(|left| left.is_folder).cloned().collect();
    left_out.retain(|left| !folders.iter().any(|other| other.path != left.path && is_below(&left.path, &other.path)));
    let manifest = Manifest { entries, git: None };
    Ok(Snapshot { root: root.to_owned(), manifest, files: kept, left_out, diff: None, warnings })
}

/// Walks; a plain script in a folder that is too wide or too full gets less.
fn find(root: &Path, script: Option<&str>, options: &Options) -> Result<Walked, SnapshotError> {
    let cap = options.limits.files.saturating_mul(GIVE_UP_FACTOR);
    let all = Extent { cap, only_towards: None, ignore: &options.ignore };
    let Some(script) = script else { return Ok(walk(root, all)) };
    if is_too_wide(root) {
        return only(root, script);
    }
    let walked = walk(root, all);
    if !walked.given_up {
        return Ok(walked);
    }
    let near = walk(root, Extent { only_towards: Some(script), ..all });
    if near.given_up { only(root, script) } else { Ok(near) }
}

/// Takes the script even where a rule leaves it, or its folder, out.
fn keep_script(root: &Path, script: &str, walked: &mut Walked) -> Result<(), SnapshotError> {
    let found = walked.files.iter().any(|file| file.path == script) || walked.links.iter().any(|path| path == script);
    if !found {
        walked.files.extend(only(root, script)?.files);
        walked.files.sort_unstable_by(|left, right| left.path.cmp(&right.path));
        walked.left_out.retain(|left| !is_below(script, &left.path));
    }
    Ok(())
}

/// The script and nothing else.
fn only(root: &Path, script: &str) -> Result<Walked, SnapshotError> {
    use std::os::unix::fs::PermissionsExt as _;
    if script.is_empty() {
        return Ok(Walked::default());
    }
    let path = root.join(script);
    let metadata = path.metadata().map_err(|source| SnapshotError::read(&path, source))?;
    let executable = metadata.permissions().mode() & 0o111 != 0;
    let file = WalkedFile { path: script.to_owned(), stat: FileStat::of(&metadata), executable };
    Ok(Walked { files: vec![file], ..Walked::default() })
}

/// Raises `fault` for a task, and takes note of it for a plain script.
fn accept(
    root: &Path,
    fault: Fault,
    script: Option<&str>,
    left_out: &mut Vec<LeftOut>,
    warnings: &mut Vec<String>,
) -> Result<(), SnapshotError> {
    match (fault, script) {
        (Fault::Unreadable { path, source }, None) => Err(SnapshotError::read(&root.join(path), source)),
        (Fault::Unreadable { path, source }, Some(_)) if path.is_empty() => Err(SnapshotError::read(root, source)),
        (Fault::Unreadable { path, .. }, Some(_)) => {
            left_out.push(LeftOut { path, is_folder: true, size: 0, reason: LeftOutReason::Unreadable });
            Ok(())
        }
        (Fault::Name { path }, None) => Err(SnapshotError::Name { paths: vec![path] }),
        (Fault::Name { path }, Some(_)) => {
            warnings.push(format!("left out of the snapshot, since its name is not UTF-8: {path:?}"));
            Ok(())
        }
    }
}

fn take_link(
    root: &Path,
    path: String,
    script: Option<&str>,
    left_out: &mut Vec<LeftOut>,
) -> Result<Option<ManifestEntry>, SnapshotError> {
    let place = root.join(&path);
    let target = match place.read_link() {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(SnapshotError::read(&place, source)),
    };
    if link::stays_inside(root, &path, &target).map_err(|source| SnapshotError::read(&place, source))? {
        let target = link::relative_target(root, &path, &target);
        let Some(target) = target.to_str() else { return Err(SnapshotError::Name { paths: vec![place, target] }) };
        return Ok(Some(ManifestEntry { path, kind: EntryKind::Link { target: target.to_owned() } }));
    }
    if script.is_none() {
        return Err(SnapshotError::OutsideLink { path, target });
    }
    left_out.push(LeftOut { path, is_folder: false, size: 0, reason: LeftOutReason::OutsideLink });
    Ok(None)
}

/// The digests of `files`; one that vanished is as if it had never been there.
fn hash(
    root: &Path,
    files: Vec<WalkedFile>,
    script: Option<&str>,
    index: &mut StatIndex,
    left_out: &mut Vec<LeftOut>,
) -> Result<Vec<(SnapshotFile, bool)>, SnapshotError> {
    let paths: Vec<PathBuf> = files.iter().map(|file| root.join(&file.path)).collect();
    let known: Vec<Option<Digest>> = files.iter().zip(&paths).map(|(file, path)| index.get(path, &file.stat)).collect();
    let unknown = paths.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(path, _)| path.clone());
    let mut fresh = hash_all(&unknown.collect::<Vec<_>>()).into_iter();
    let mut hashed = Vec::with_capacity(files.len());
    for ((file, path), known) in files.into_iter().zip(&paths).zip(known) {
        let WalkedFile { path: name, stat, executable } = file;
        if let Some(digest) = known {
            hashed.push((SnapshotFile { path: name, digest, stat }, executable));
            continue;
        }
        match fresh.next() {
            Some(Ok(Hashed { digest, stat, read_at })) => {
                index.put(path, stat, digest, read_at);
                hashed.push((SnapshotFile { path: name, digest, stat }, executable));
            }
            Some(Err(SnapshotError::Read { source, .. })) if source.kind() == io::ErrorKind::NotFound => {}
            Some(Err(error)) if script.is_none_or(|script| script == name) => return Err(error),
            Some(Err(error)) => {
                let changing = matches!(error, SnapshotError::Changed { .. });
                let reason = if changing { LeftOutReason::Changing } else { LeftOutReason::Unreadable };
                left_out.push(LeftOut { path: name, is_folder: false, size: stat.size, reason });
            }
            None => return Err(SnapshotError::Changed { path: path.clone() }),
        }
    }
    Ok(hashed)
}
