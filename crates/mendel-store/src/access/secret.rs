//! Random keys of this installation. The store keeps them, so that every server over one
//! database signs alike; whoever may read the store's files may sign.

use mendel_model::Timestamp;

use crate::{Result, Store, StoreError, database::sql};

impl Store {
    /// The secret of that name; `fresh` becomes it when there is none yet.
    pub async fn secret(&self, name: &str, fresh: &[u8], now: Timestamp) -> Result<Vec<u8>> {
        if let Some(found) = self.secret_if_any(name).await? {
            return Ok(found);
        }
        let mut session = self.database.write().await?;
        let insert =
            sql("INSERT INTO secrets (name, bytes, created) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING");
        session.execute(insert.bind(name).bind(fresh.to_vec()).bind(now)).await?;
        let kept = session.one(sql("SELECT bytes FROM secrets WHERE name = $1").bind(name)).await?.bytes(0)?;
        session.commit().await?;
        Ok(kept)
    }

    /// What tells this store from others, where no folder does; `fresh` when it has none yet.
    pub async fn identity(&self, fresh: &str, now: Timestamp) -> Result<String> {
        let known = self.secret("identity", fresh.as_bytes(), now).await?;
        String::from_utf8(known).map_err(|error| StoreError::Corrupt(error.to_string()))
    }

    /// The secret of that name, if there is one.
    pub async fn secret_if_any(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let mut session = self.database.read().await?;
        let found = session.first(sql("SELECT bytes FROM secrets WHERE name = $1").bind(name)).await?;
        found.map(|row| row.bytes(0)).transpose()
    }

    /// Forgets a secret; whether there was one.
    pub async fn forget_secret(&self, name: &str) -> Result<bool> {
        let mut session = self.database.write().await?;
        let gone = session.execute(sql("DELETE FROM secrets WHERE name = $1").bind(name)).await?;
        session.commit().await?;
        Ok(gone == 1)
    }
}
