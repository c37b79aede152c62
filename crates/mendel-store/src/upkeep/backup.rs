//! A copy of the store as of one moment: the database first, then the blobs, which are
//! never changed. What the database of the copy names is therefore in the copy.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use crate::{Blobs, Result, Store, StoreError, blob::blocking};

impl Store {
    /// Copies the store as of one moment into a folder; doing it again brings it up to date.
    ///
    /// The copy is a workspace folder that can be opened.
    pub async fn backup(&self, into: &Path) -> Result<()> {
        let Some(file) = self.database.file() else {
            return Err(StoreError::Unsupported { what: "a copy", hint: "use `pg_dump` and copy the blobs folder" });
        };
        fs::create_dir_all(into).map_err(|error| StoreError::file(into, error))?;
        let name = file.file_name().unwrap_or_default();
        let (target, fresh) = (into.join(name), into.join("mendel.db.new"));
        remove(&fresh)?;
        let quoted = fresh.to_str().ok_or_else(|| StoreError::BadName {
            what: "folder",
            name: into.display().to_string(),
            why: "it is not text",
        })?;
        self.database.alone(format!("VACUUM INTO '{}'", quoted.replace('\'', "''"))).await?;
        // The write-ahead log of an earlier copy belongs to the earlier file.
        for suffix in ["-wal", "-shm"] {
            let mut log = target.clone().into_os_string();
            log.push(suffix);
            remove(Path::new(&log))?;
        }
        rename(&fresh, &target)?;

        let identity = file.with_file_name("workspace.json");
        let blobs = self.blobs.clone();
        let into = into.to_owned();
        blocking(move || {
            if identity.exists() {
                copy(&identity, &into.join("workspace.json"))?;
            }
            copy_blobs(&blobs, &into.join("blobs"))
        })
        .await
    }
}

fn copy_blobs(blobs: &Blobs, into: &Path) -> Result<()> {
    for file in blobs.files()? {
        let name = file.digest.to_string();
        let target = into.join(&name[..2]).join(&name);
        if fs::metadata(&target).is_ok_and(|there| there.len() == file.size) {
            continue;
        }
        let source = blobs.root().join(&name[..2]).join(&name);
        match copy(&source, &target) {
            // Collected since the folder was listed, so nothing in the copy names it.
            Err(StoreError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            copied => copied?,
        }
    }
    Ok(())
}

/// Copies a file under a name of its own first, so that a cut-off copy is never taken for one.
fn copy(source: &Path, target: &Path) -> Result<()> {
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(|error| StoreError::file(folder, error))?;
    }
    let mut partial = target.to_owned().into_os_string();
    partial.push(".new");
    let partial = Path::new(&partial);
    fs::copy(source, partial).map_err(|error| StoreError::file(source, error))?;
    rename(partial, target)
}

/// Flushes a file and gives it its name.
fn rename(from: &Path, to: &Path) -> Result<()> {
    let done = File::open(from).and_then(|file| file.sync_all()).and_then(|()| fs::rename(from, to));
    done.map_err(|error| StoreError::file(to, error))
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::file(path, error)),
        _ => Ok(()),
    }
}
