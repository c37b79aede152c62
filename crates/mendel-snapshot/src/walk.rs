//! The walk over a folder: what is there, what `stat` says of it, what is left out.
//!
//! Folders are read by a few threads; the result is sorted, so it does not depend on them.
//! A path that vanishes during the walk was simply not there.

use std::{
    fs::{DirEntry, FileType},
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::{
    FileStat,
    rules::{LEAVE_OUT_MARKER, Patterns, RuleFiles, Rules, is_never_taken},
};

/// Why a path is in the folder and not in the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOutReason {
    /// An ignore rule, a marker, or a virtual environment.
    Ignored,
    /// It would pass a limit.
    TooLarge,
    /// A link that points outside the folder.
    OutsideLink,
    /// It cannot be read, or is neither file, folder nor link.
    Unreadable,
    /// It was being written all the time.
    Changing,
}

/// A path that is in the folder and not in the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// Path below the root, with `/` between parts.
    pub path: String,
    /// Whether everything below it is left out with it.
    pub is_folder: bool,
    /// Number of bytes of a file.
    pub size: u64,
    /// Why.
    pub reason: LeftOutReason,
}

/// A file that belongs to the snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WalkedFile {
    pub(crate) path: String,
    pub(crate) stat: FileStat,
    pub(crate) executable: bool,
}

/// What stood in the way of the walk.
#[derive(Debug)]
pub(crate) enum Fault {
    Unreadable { path: String, source: io::Error },
    Name { path: PathBuf },
}

/// Everything the walk found.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub(crate) files: Vec<WalkedFile>,
    pub(crate) links: Vec<String>,
    pub(crate) left_out: Vec<LeftOut>,
    pub(crate) faults: Vec<Fault>,
    /// Whether the walk was given up because there was too much.
    pub(crate) given_up: bool,
}

/// How far a walk goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent<'a> {
    /// Files and links after which the walk is given up.
    pub(crate) cap: usize,
    /// Go down only the folders that lead to this path, rather than all.
    pub(crate) only_towards: Option<&'a str>,
    /// What the project file leaves out.
    pub(crate) ignore: &'a Patterns,
}

/// Walks over `root`, an absolute path without links in it.
pub(crate) fn walk(root: &Path, extent: Extent<'_>) -> Walked {
    let first = Folder { path: String::new(), rules: Rules::around(root, extent.ignore) };
    let state = State {
        root,
        extent,
        queue: Mutex::new(Queue { folders: vec![first], busy: 0 }),
        wake: Condvar::new(),
        seen: AtomicUsize::new(0),
    };
    let threads = thread::available_parallelism().map_or(2, |number| number.get().min(8));
    let parts: Vec<Walked> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| state.work())).collect();
        let mut parts = vec![state.work()];
        parts.extend(others.into_iter().filter_map(|thread| thread.join().ok()));
        parts
    });
    let mut all = Walked { given_up: state.is_over(), ..Walked::default() };
    for part in parts {
        all.files.extend(part.files);
        all.links.extend(part.links);
        all.left_out.extend(part.left_out);
        all.faults.extend(part.faults);
    }
    all.files.sort_unstable_by(|left, right| left.path.cmp(&right.path));
    all.links.sort_unstable();
    all.left_out.sort_unstable();
    all
}

struct Folder {
    path: String,
    rules: Arc<Rules>,
}

struct Queue {
    folders: Vec<Folder>,
    busy: usize,
}

struct State<'a> {
    root: &'a Path,
    extent: Extent<'a>,
    queue: Mutex<Queue>,
    wake: Condvar,
    seen: AtomicUsize,
}

impl State<'_> {
    fn is_over(&self) -> bool {
        self.seen.load(Ordering::Relaxed) > self.extent.cap
    }

    fn work(&self) -> Walked {
        let mut walked = Walked::default();
        let mut found = Vec::new();
        while let Some(folder) = self.next() {
            self.read_folder(&folder, &mut walked, &mut found);
            self.hand_back(&mut found);
        }
        walked
    }

    /// Ends the work on one folder, which led to the folders `found`.
    fn hand_back(&self, found: &mut Vec<Folder>) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.busy -= 1;
        queue.folders.append(found);
        if queue.busy == 0 || queue.folders.len() > 1 {
            self.wake.notify_all();
        }
    }

    /// Takes a folder; waits while others may still find some.
    fn next(&self) -> Option<Folder> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if self.is_over() {
                self.wake.notify_all();
                return None;
            }
            if let Some(folder) = queue.folders.pop() {
                queue.busy += 1;
                return Some(folder);
            }
            if queue.busy == 0 {
                self.wake.notify_all();
                return None;
            }
            queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn read_folder(&self, folder: &Folder, walked: &mut Walked, found: &mut Vec<Folder>) {
        if let Err(source) = self.try_read_folder(folder, walked, found)
            && source.kind() != io::ErrorKind::NotFound
        {
            walked.faults.push(Fault::Unreadable { path: folder.path.clone(), source });
        }
    }

    fn try_read_folder(&self, folder: &Folder, walked: &mut Walked, found: &mut Vec<Folder>) -> io::Result<()> {
        let place = self.root.join(&folder.path);
        let entries: Vec<DirEntry> = place.read_dir()?.collect::<io::Result<_>>()?;
        let mut files = RuleFiles::default();
        let mut is_left_out = false;
        for entry in &entries {
            match entry.file_name().to_str() {
                Some(".mendelignore") => files.mendel = true,
                Some(".gitignore") => files.git = true,
                Some(".git") => files.repository = true,
                Some(LEAVE_OUT_MARKER | "pyvenv.cfg") => is_left_out = true,
                Some("conda-meta") => is_left_out |= place.join("conda-meta/history").exists(),
                _ => {}
            }
        }
        if is_left_out && !folder.path.is_empty() {
            walked.left_out.push(left_out(folder.path.clone(), true, LeftOutReason::Ignored));
            return Ok(());
        }
        let rules = folder.rules.enter(&place, files);
        for entry in entries {
            match self.read_entry(&folder.path, &rules, &entry, walked) {
                Ok(Some(path)) => found.push(Folder { path, rules: Arc::clone(&rules) }),
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes note of `entry`, or returns its path if it is a folder to go down.
    fn read_entry(
        &self,
        folder: &str,
        rules: &Rules,
        entry: &DirEntry,
        walked: &mut Walked,
    ) -> io::Result<Option<String>> {
        let kind = entry.file_type()?;
        let name = entry.file_name();
        if name.to_str().is_some_and(is_never_taken) {
            return Ok(None);
        }
        let ignored = rules.ignore(&entry.path(), kind.is_dir());
        let Some(name) = name.to_str() else {
            if !ignored {
                walked.faults.push(Fault::Name { path: entry.path() });
            }
            return Ok(None);
        };
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        if ignored {
            walked
                .left_out
                .push(LeftOut { size: size_of(entry, kind)?, ..left_out(path, kind.is_dir(), LeftOutReason::Ignored) });
            return Ok(None);
        }
        if kind.is_dir() {
            if self.extent.only_towards.is_none_or(|goal| is_below(goal, &path)) {
                return Ok(Some(path));
            }
            walked.left_out.push(left_out(path, true, LeftOutReason::TooLarge));
        } else if kind.is_symlink() {
            self.seen.fetch_add(1, Ordering::Relaxed);
            walked.links.push(path);
        } else if kind.is_file() {
            self.seen.fetch_add(1, Ordering::Relaxed);
            let metadata = entry.metadata()?;
            let executable = metadata.permissions().mode() & 0o111 != 0;
            walked.files.push(WalkedFile { path, stat: FileStat::of(&metadata), executable });
        } else {
            walked.left_out.push(left_out(path, false, LeftOutReason::Unreadable));
        }
        Ok(None)
    }
}

fn size_of(entry: &DirEntry, kind: FileType) -> io::Result<u64> {
    if kind.is_file() { entry.metadata().map(|metadata| metadata.len()) } else { Ok(0) }
}

/// Whether `path` is `folder` or lies below it.
pub(crate) fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn left_out(path: String, is_folder: bool, reason: LeftOutReason) -> LeftOut {
    LeftOut { path, is_folder, size: 0, reason }
}
