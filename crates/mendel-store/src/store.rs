//! Opening and closing a store.

use std::{fs, io, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc};

use crate::{Blobs, Result, StoreError, database::Database, migration, record::Group};

/// The database file within a workspace folder.
const DATABASE: &str = "mendel.db";
/// The blobs within a workspace folder.
const BLOBS: &str = "blobs";

/// The metadata of a workspace, and its blobs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) database: Database,
    pub(crate) blobs: Blobs,
    pub(crate) group: Arc<Group>,
}

impl Store {
    /// Opens the store in `root` (`.mendel`), making it when there is none.
    pub async fn open_folder(root: &Path) -> Result<Store> {
        fs::create_dir_all(root).map_err(|error| StoreError::file(root, error))?;
        Self::begin(Database::open_sqlite(&root.join(DATABASE), true).await?, &root.join(BLOBS)).await
    }

    /// The same, with its blobs in another folder.
    pub async fn open_folder_with_blobs(root: &Path, blobs: &Path) -> Result<Store> {
        fs::create_dir_all(root).map_err(|error| StoreError::file(root, error))?;
        Self::begin(Database::open_sqlite(&root.join(DATABASE), true).await?, blobs).await
    }

    /// Opens the store in `root`; [`StoreError::NotFound`] when there is none.
    pub async fn open_folder_existing(root: &Path) -> Result<Store> {
        let file = root.join(DATABASE);
        if !file.exists() {
            return Err(StoreError::NotFound { what: "store", id: root.display().to_string() });
        }
        Self::begin(Database::open_sqlite(&file, false).await?, &root.join(BLOBS)).await
    }

    /// Opens a PostgreSQL database, with blobs in the folder `blobs`.
    pub async fn open_postgres(url: &str, blobs: &Path) -> Result<Store> {
        Self::begin(Database::open_postgres(url).await?, blobs).await
    }

    async fn begin(database: Database, blobs: &Path) -> Result<Store> {
        migration::migrate(&database).await?;
        let blobs = Blobs::open(blobs).await?;
        Ok(Self { database, blobs, group: Arc::default() })
    }

    /// Lets only this user read the database file, which holds what signs for a server.
    pub fn keep_private(&self) -> Result<()> {
        let Some(file) = self.database.file() else { return Ok(()) };
        for suffix in ["", "-wal", "-shm"] {
            let mut path = file.as_os_str().to_owned();
            path.push(suffix);
            let path = Path::new(&path);
            match fs::set_permissions(path, fs::Permissions::from_mode(0o600)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(StoreError::file(path, error)),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// The blobs.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }
}

#[cfg(test)]
mod tests {
    use mendel_model::{NewRun, RunId, RunUpdate, Timestamp};
    use serde_json::json;

    use super::*;

    async fn store_with_a_run() -> (tempfile::TempDir, Store, RunId) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_folder(folder.path()).await.expect("opens");
        let id = RunId::new(1, [0; 10]);
        let run = json!({"id": id, "name": "run", "project": "demo", "created": 0});
        let run: NewRun = serde_json::from_value(run).expect("a run");
        store.create_runs(&[run], None, Timestamp(0)).await.expect("creates");
        (folder, store, id)
    }

    async fn grow(store: &Store, id: RunId, number: usize) -> Result<()> {
        let documents = json!({format!("d{number}"): "x".repeat(60_000)});
        let documents = documents.as_object().expect("an object").clone();
        store.update_run(id, None, &RunUpdate { documents, ..RunUpdate::default() }, Timestamp(0)).await.map(drop)
    }

    #[tokio::test]
    async fn a_full_disk_is_told_and_space_brings_the_store_back() {
        let (_folder, store, id) = store_with_a_run().await;
        store.database.alone("PRAGMA max_page_count = 120".into()).await.expect("limits");
        let mut refused = Ok(());
        for number in 0..40 {
            refused = refused.and(grow(&store, id, number).await);
        }
        assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");
        assert!(store.run(id).await.expect("reads go on").is_some());
        store.database.alone("PRAGMA max_page_count = 1000000".into()).await.expect("frees");
        grow(&store, id, 99).await.expect("writes again");
    }

    #[tokio::test]
    async fn a_store_that_cannot_be_written_is_told_and_read() {
        let (_folder, store, id) = store_with_a_run().await;
        store.database.alone("PRAGMA query_only = 1".into()).await.expect("locks");
        let refused = grow(&store, id, 0).await;
        assert!(matches!(refused, Err(StoreError::ReadOnly(_))), "{refused:?}");
        assert!(store.run(id).await.expect("reads").is_some());
    }
}
