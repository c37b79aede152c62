//! Notes: small documents of the workspace by key, such as what is known of a script.

use serde_json::Value;

use crate::{
    Result, Store,
    database::{json, sql},
    run::check_name,
};

impl Store {
    /// Keeps a small document of the workspace; null removes it.
    pub async fn put_note(&self, key: &str, value: &Value) -> Result<()> {
        check_name("note", key, false)?;
        let mut session = self.database.write().await?;
        let statement = match value {
            Value::Null => sql("DELETE FROM notes WHERE key = $1").bind(key),
            value => sql("INSERT INTO notes (key, document) VALUES ($1, $2) \
                 ON CONFLICT (key) DO UPDATE SET document = excluded.document")
            .bind(key)
            .bind(json(value)),
        };
        session.execute(statement).await?;
        session.commit().await
    }

    /// The document under that key.
    pub async fn note(&self, key: &str) -> Result<Option<Value>> {
        let mut session = self.database.read().await?;
        session
            .first(sql("SELECT document FROM notes WHERE key = $1").bind(key))
            .await?
            .map(|row| row.document(0))
            .transpose()
    }
}
