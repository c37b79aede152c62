//! Where environments of a workspace are kept, and how each is made only once.
//!
//! An environment is made in its final place, since its scripts name that place, but is
//! found only through a mark that is written last. Whatever has no mark was never
//! finished: it is not used, and the next builder removes it. One builder works at a
//! time for the same key; the others wait and use what it made.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use mendel_model::{Digest, Package};
use serde::{Deserialize, Serialize};

use super::EnvironmentError;

const FORMAT: u32 = 1;
const MARK: &str = "ready.json";
const KEY_DIGITS: usize = 32;

/// The folders that environments are made and remembered in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Holds one folder for each environment.
    pub environments: PathBuf,
    /// Holds what is remembered about interpreters.
    pub cache: PathBuf,
}

/// What was made; paths are below the folder of the environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Made {
    pub(super) python: Option<PathBuf>,
    pub(super) version: String,
    pub(super) site: Vec<PathBuf>,
    /// Packages that only serve to install others.
    pub(super) tools: Vec<Package>,
}

/// A complete environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complete {
    pub(super) folder: PathBuf,
    pub(super) made: Made,
}

#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    format: u32,
    number: u32,
    made: Made,
}

/// Makes an environment in a folder that does not exist yet.
pub(super) type Make<'a> = dyn FnMut(&Path, &mut dyn FnMut(&str)) -> Result<Made, EnvironmentError> + 'a;

impl Place {
    /// The complete environment of `key`, if there is one.
    pub(super) fn complete(&self, key: &Digest) -> Option<Complete> {
        self.marked(key).map(|(_, complete)| complete)
    }

    /// The environment of `key`, made by `make` unless it is there; the flag says whether it was made now.
    pub(super) fn make_once(
        &self,
        key: &Digest,
        rebuild: bool,
        say: &mut dyn FnMut(&str),
        make: &mut Make<'_>,
    ) -> Result<(Complete, bool), EnvironmentError> {
        let before = self.marked(key);
        if let Some((_, complete)) = before.clone().filter(|_| !rebuild) {
            return Ok((complete, false));
        }
        let home = self.home(key);
        fs::create_dir_all(&home).map_err(|source| write_error(&home, source))?;
        let _lock = lock(&home.join("lock"), say)?;
        // Another builder may have been faster; what it made is as new as was asked for.
        let now = self.marked(key);
        let number = now.as_ref().map(|(number, _)| *number);
        if let Some((number, complete)) = now
            && (!rebuild || before.is_none_or(|(before, _)| before != number))
        {
            return Ok((complete, false));
        }
        if number.is_none() {
            // A mark of something broken must not come to stand for what is made now.
            match fs::remove_file(home.join(MARK)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(write_error(&home, error)),
                _ => {}
            }
        }
        let next = sweep(&home, number);
        let folder = home.join(next.to_string());
        let marked = make(&folder, say).and_then(|made| {
            settle(&home).map_err(|source| write_error(&folder, source))?;
            let mark = Mark { format: FORMAT, number: next, made };
            let bytes = serde_json::to_vec(&mark).map_err(|error| write_error(&folder, error.into()))?;
            replace(&home.join(MARK), &bytes).map_err(|source| write_error(&home, source))?;
            Ok(mark.made)
        });
        match marked {
            Ok(made) => Ok((Complete { folder, made }, true)),
            Err(error) => {
                // Without a mark it is never used, whether or not it can be removed now.
                let _ = fs::remove_dir_all(&folder);
                Err(error)
            }
        }
    }

    fn home(&self, key: &Digest) -> PathBuf {
        self.environments.join(&key.to_string()[..KEY_DIGITS])
    }

    fn marked(&self, key: &Digest) -> Option<(u32, Complete)> {
        let home = self.home(key);
        let mark: Mark = serde_json::from_slice(&fs::read(home.join(MARK)).ok()?).ok()?;
        let folder = home.join(mark.number.to_string());
        // An interpreter that was removed from the machine takes its environments with it.
        let works = mark.made.python.as_ref().is_none_or(|python| folder.join(python).exists());
        (mark.format == FORMAT && folder.is_dir() && works)
            .then_some((mark.number, Complete { folder, made: mark.made }))
    }
}

/// Waits until no one else builds in the folder of `path`; held until dropped, or until the process ends.
fn lock(path: &Path, say: &mut dyn FnMut(&str)) -> Result<File, EnvironmentError> {
    let open = File::options().create(true).truncate(false).write(true).open(path);
    let file = open.map_err(|source| write_error(path, source))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            say("waiting for another run that makes this environment");
            file.lock().map_err(|source| write_error(path, source))?;
        }
        Err(TryLockError::Error(source)) => return Err(write_error(path, source)),
    }
    Ok(file)
}

/// Removes what was never finished or is long replaced, and returns a number that is free.
///
/// The environment that is replaced now stays: running processes may still use it.
fn sweep(home: &Path, current: Option<u32>) -> u32 {
    let entries = home.read_dir().into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let mut highest = current.unwrap_or(0);
    for number in numbers.filter(|number| Some(*number) != current).collect::<Vec<_>>() {
        if fs::remove_dir_all(home.join(number.to_string())).is_err() {
            highest = highest.max(number);
        }
    }
    highest + 1
}

/// Brings what was made to the disk before it is marked as complete.
fn settle(folder: &Path) -> io::Result<()> {
    let folder = File::open(folder)?;
    #[cfg(target_os = "linux")]
    nix::unistd::syncfs(&folder)?;
    #[cfg(not(target_os = "linux"))]
    folder.sync_all()?;
    Ok(())
}

/// Replaces `file` in one step.
pub(super) fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let thread = format!("{:?}", std::thread::current().id()).replace(|letter: char| !letter.is_ascii_digit(), "");
    let temporary = file.with_extension(format!("{}-{thread}.tmp", std::process::id()));
    let written = fs::write(&temporary, bytes).and_then(|()| File::open(&temporary)?.sync_all());
    written.and_then(|()| fs::rename(&temporary, file)).inspect_err(|_| {
        // It is of no use; the error says why.
        let _ = fs::remove_file(&temporary);
    })
}

fn write_error(path: &Path, source: io::Error) -> EnvironmentError {
    EnvironmentError::Write { path: path.to_owned(), source }
}

/// The folders below `prefix` that hold packages, and are there.
pub(super) fn site_folders(prefix: &Path) -> Vec<PathBuf> {
    let entries = prefix.join("lib").read_dir().into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut folders: Vec<PathBuf> = names
        .filter(|name| name.starts_with("python"))
        .map(|name| Path::new("lib").join(name).join("site-packages"))
        .filter(|folder| prefix.join(folder).is_dir())
        .collect();
    folders.sort_unstable();
    folders
}
