//! The lock by which one delivery at a time works on a journal.
//!
//! A forked child inherits the open file and with it the lock, so it has to let go of it:
//! the held files are kept in a table that needs no lock itself.

use std::{
    fs::{File, OpenOptions},
    io,
    os::fd::{AsRawFd as _, RawFd},
    path::Path,
    sync::atomic::{AtomicI32, Ordering::SeqCst},
};

use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
};

const FREE: RawFd = -1;

static HELD: [AtomicI32; 256] = [const { AtomicI32::new(FREE) }; 256];

/// An exclusive lock on a file; given back when dropped or when the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    file: Flock<File>,
}

impl Lock {
    /// Takes the lock at `path`; none when another holds it.
    pub(crate) fn try_take(path: &Path) -> io::Result<Option<Self>> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(file) => {
                note(FREE, file.as_raw_fd());
                Ok(Some(Self { file }))
            }
            Err((_, Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, errno)) => Err(errno.into()),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        note(self.file.as_raw_fd(), FREE);
    }
}

/// Puts `new` where `old` stands. A full table only means that a forked child keeps a
/// journal from being delivered by others as long as it lives.
fn note(old: RawFd, new: RawFd) {
    let _found = HELD.iter().any(|slot| slot.compare_exchange(old, new, SeqCst, SeqCst).is_ok());
}

/// Lets a forked child let go of its parent's locks, which stay with the parent. To be
/// called in the child before anything else of this crate, and nowhere else.
pub fn forget_locks_after_fork() {
    for slot in &HELD {
        let held = slot.swap(FREE, SeqCst);
        if held != FREE {
            // SAFETY: the number was an open file of the parent at the fork, the thread
            // that owns its `File` does not exist in the child, so nobody closes it twice.
            unsafe { nix::libc::close(held) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_has_one_holder() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lock");
        let first = Lock::try_take(&path).expect("possible");
        assert!(first.is_some());
        assert!(Lock::try_take(&path).expect("possible").is_none());
        drop(first);
        assert!(Lock::try_take(&path).expect("possible").is_some());
    }
}
