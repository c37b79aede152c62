//! Equal work that several commands want at once is computed by one of them: the others
//! wait, and find its result.
//!
//! A claim is a lock of the kernel, which goes with the process that holds it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use mendel_engine::{Action, Plan};
use mendel_model::Canonical;

use crate::{context::Context, printer::Printer, run::prepare::Prepared};

/// A request for more cells than this claims none of them: each claim is an open file.
const CLAIMS_MAX: usize = 128;

/// The cells that this command computes, until it is dropped.
#[derive(Default)]
pub struct Claims(Vec<(PathBuf, File)>);

impl Claims {
    /// Claims every cell that `plan` computes, waiting for those that others have. What was
    /// decided before may be outdated by then.
    ///
    /// Where the workspace cannot be written nothing is claimed: making the run tells why.
    pub fn take(context: &Context, task: &Prepared, plan: &Plan, printer: &Printer) -> Self {
        Self::try_take(context, task, plan, printer).unwrap_or_default()
    }

    fn try_take(context: &Context, task: &Prepared, plan: &Plan, printer: &Printer) -> io::Result<Self> {
        let folder = context.workspace.root().join("claims");
        let mut wanted: Vec<_> = wanted(task, plan).map(|name| folder.join(name)).collect();
        if wanted.is_empty() || wanted.len() > CLAIMS_MAX {
            return Ok(Self::default());
        }
        std::fs::create_dir_all(&folder)?;
        // In one order for everybody, so that no two wait for each other.
        wanted.sort();
        let mut claims = Self::default();
        let mut told = false;
        for path in wanted {
            let file = claim(&path, || {
                if !std::mem::replace(&mut told, true) {
                    printer.note(format_args!("{}: another command computes the same; waiting for it", task.name));
                }
            });
            claims.0.push((path.clone(), file?));
        }
        Ok(claims)
    }
}

impl Drop for Claims {
    fn drop(&mut self) {
        for (path, _) in &self.0 {
            // One that stays is an empty file that nobody holds.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Names of the cells to compute: what they mean, and where.
fn wanted<'a>(task: &'a Prepared, plan: &'a Plan) -> impl Iterator<Item = String> + 'a {
    let computed = task.cells.iter().zip(&plan.steps).filter(|(_, step)| step.action == Action::Compute);
    computed.filter_map(|(cell, _)| {
        let identity = cell.identity?;
        let mut form = Canonical::new("claim");
        form.text(&task.root.to_string_lossy()).digest(identity.digest());
        Some(form.finish().to_string())
    })
}

/// The lock at `path`, which whoever had it may take away meanwhile.
fn claim(path: &Path, mut before_waiting: impl FnMut()) -> io::Result<File> {
    loop {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                before_waiting();
                file.lock()?;
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let is_there = match path.metadata() {
            Ok(there) => (there.dev(), there.ino()) == (file.metadata()?.dev(), file.metadata()?.ino()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        if is_there {
            return Ok(file);
        }
    }
}
