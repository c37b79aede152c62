//! Opening and closing a store.

use std::{fs, path::Path, sync::Arc};

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

    /// Closes all connections.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// The blobs.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }
}
