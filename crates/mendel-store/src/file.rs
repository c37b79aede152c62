//! Files known by a path: what the path leads to is a blob, which others may share.

use mendel_model::{Digest, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    FileRecord, Result, Store,
    database::{Row, json, sql},
};

/// What the document of a file says.
#[derive(Debug, Serialize, Deserialize)]
struct Facts {
    digest: Digest,
    media: String,
}

const COLUMNS: &str = "SELECT path, size, document FROM files";

impl Store {
    /// Lets paths lead to blobs that are there, whatever they led to before.
    pub async fn put_files(&self, files: &[FileRecord], now: Timestamp) -> Result<()> {
        let mut session = self.database.write().await?;
        for FileRecord { path, digest, size, media } in files {
            let facts = Facts { digest: *digest, media: media.clone() };
            let insert = sql("INSERT INTO files (path, size, time, document) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (path) DO UPDATE SET size = excluded.size, time = excluded.time, \
                 document = excluded.document")
            .bind(path)
            .bind(size.cast_signed())
            .bind(now)
            .bind(json(&facts));
            session.execute(insert).await?;
        }
        session.commit().await
    }

    /// The file at `path`.
    pub async fn file(&self, path: &str) -> Result<Option<FileRecord>> {
        let mut session = self.database.read().await?;
        session.first(sql(format!("{COLUMNS} WHERE path = $1")).bind(path)).await?.as_ref().map(read).transpose()
    }

    /// Removes the file at `path`; whether there was one.
    pub async fn remove_file(&self, path: &str) -> Result<bool> {
        let mut session = self.database.write().await?;
        let removed = session.execute(sql("DELETE FROM files WHERE path = $1").bind(path)).await?;
        session.commit().await?;
        Ok(removed > 0)
    }

    /// Removes all files below a folder; tells how many there were.
    pub async fn remove_files_below(&self, folder: &str) -> Result<u64> {
        let mut session = self.database.write().await?;
        // `0` follows `/`, so this is everything that begins with the folder and a slash.
        let delete = sql("DELETE FROM files WHERE path >= $1 AND path < $2");
        let removed = session.execute(delete.bind(format!("{folder}/")).bind(format!("{folder}0"))).await?;
        session.commit().await?;
        Ok(removed)
    }
}

fn read(row: &Row) -> Result<FileRecord> {
    let Facts { digest, media } = row.document(2)?;
    Ok(FileRecord { path: row.text(0)?, size: row.count(1)?, digest, media })
}
