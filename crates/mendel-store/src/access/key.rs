//! Access keys and sessions that were taken back. The secret of a key is kept as a hash only.

use mendel_model::{AccessKey, Timestamp, User, UserId};

use super::user;
use crate::{
    Result, Store,
    database::{Row, sql},
    run::check_name,
};

const COLUMNS: &str = "k.id, k.owner, k.label, k.created, k.expires, k.last_used, k.last_used_from, k.revoked";

/// A key with all that decides whether it is accepted.
#[derive(Debug, Clone)]
pub struct StoredKey {
    /// The key.
    pub key: AccessKey,
    /// The keyed hash of its secret.
    pub hash: Vec<u8>,
    /// Its owner.
    pub owner: User,
}

impl Store {
    /// Keeps a new key.
    pub async fn create_key(&self, key: &AccessKey, hash: &[u8]) -> Result<()> {
        check_name("label", &key.label, true)?;
        let mut session = self.database.write().await?;
        let insert = sql("INSERT INTO access_keys \
             (id, owner, hash, label, created, expires, last_used, last_used_from, revoked) \
             VALUES ($1, $2, $3, $4, $5, $6, NULL, '', 0)")
        .bind(&key.id)
        .bind(key.owner)
        .bind(hash.to_vec())
        .bind(&key.label)
        .bind(key.created)
        .bind(key.expires.map(|time| time.0));
        session.execute(insert).await?;
        session.commit().await
    }

    /// The key of that id, with its owner.
    pub async fn key(&self, id: &str) -> Result<Option<StoredKey>> {
        let mut session = self.database.read().await?;
        let text = format!(
            "SELECT {COLUMNS}, k.hash, {} FROM access_keys k JOIN users u ON u.id = k.owner WHERE k.id = $1",
            user::COLUMNS
        );
        let found = session.first(sql(text).bind(id)).await?;
        let whole = |row: &Row| Ok(StoredKey { key: read(row)?, hash: row.bytes(8)?, owner: user::read(row, 9)? });
        found.as_ref().map(whole).transpose()
    }

    /// The keys of `owner`, or of all users, oldest first.
    pub async fn keys(&self, owner: Option<UserId>) -> Result<Vec<AccessKey>> {
        let mut session = self.database.read().await?;
        let found = match owner {
            Some(owner) => {
                let text = format!("SELECT {COLUMNS} FROM access_keys k WHERE k.owner = $1 ORDER BY k.created, k.id");
                session.all(sql(text).bind(owner)).await?
            }
            None => session.all(sql(format!("SELECT {COLUMNS} FROM access_keys k ORDER BY k.created, k.id"))).await?,
        };
        found.iter().map(read).collect()
    }

    /// Takes a key back; whether there was one in use.
    pub async fn revoke_key(&self, id: &str) -> Result<bool> {
        let mut session = self.database.write().await?;
        let changed =
            session.execute(sql("UPDATE access_keys SET revoked = 1 WHERE id = $1 AND revoked = 0").bind(id)).await?;
        session.commit().await?;
        Ok(changed == 1)
    }

    /// Calls a key something else; whether there is one.
    pub async fn label_key(&self, id: &str, label: &str) -> Result<bool> {
        check_name("label", label, true)?;
        let mut session = self.database.write().await?;
        let update = sql("UPDATE access_keys SET label = $1 WHERE id = $2").bind(label).bind(id);
        let changed = session.execute(update).await?;
        session.commit().await?;
        Ok(changed == 1)
    }

    /// Notes that a key was used.
    pub async fn touch_key(&self, id: &str, time: Timestamp, from: &str) -> Result<()> {
        let mut session = self.database.write().await?;
        let update = sql("UPDATE access_keys SET last_used = $1, last_used_from = $2 WHERE id = $3");
        session.execute(update.bind(time).bind(from).bind(id)).await?;
        session.commit().await
    }

    /// Takes a session back until it would have ended; forgets those that ended before `now`.
    pub async fn revoke_session(&self, id: &str, ends: Timestamp, now: Timestamp) -> Result<()> {
        let mut session = self.database.write().await?;
        session.execute(sql("DELETE FROM revoked_sessions WHERE ends < $1").bind(now)).await?;
        let insert = sql("INSERT INTO revoked_sessions (id, ends) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING");
        session.execute(insert.bind(id).bind(ends)).await?;
        session.commit().await
    }

    /// Whether a session was taken back.
    pub async fn session_revoked(&self, id: &str) -> Result<bool> {
        let mut session = self.database.read().await?;
        Ok(session.first(sql("SELECT 1 FROM revoked_sessions WHERE id = $1").bind(id)).await?.is_some())
    }
}

fn read(row: &Row) -> Result<AccessKey> {
    Ok(AccessKey {
        id: row.text(0)?,
        owner: row.parsed(1)?,
        label: row.text(2)?,
        created: Timestamp(row.int(3)?),
        expires: row.int_or_null(4)?.map(Timestamp),
        last_used: row.int_or_null(5)?.map(Timestamp),
        last_used_from: row.text(6)?,
        revoked: row.int(7)? != 0,
    })
}
