//! Notes: small documents of the workspace by key, such as what is known of a script.

use std::collections::HashMap;

use serde_json::{Value, value::RawValue};

use crate::{
    Result, Store, StoreError,
    database::{FIELD_END, ROW_END, json, placeholders, sql},
    run::{LIST, check_name},
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

    /// The documents under `keys`, in their order, as they are written.
    pub async fn notes(&self, keys: &[String]) -> Result<Vec<Option<Box<RawValue>>>> {
        let mut found: HashMap<String, Box<RawValue>> = HashMap::new();
        let mut session = self.database.read().await?;
        for part in keys.chunks(LIST) {
            let notes = session.dialect().gathered("key", "document");
            let text = format!("SELECT {notes} FROM notes WHERE key IN ({})", placeholders(1, part.len()));
            let keys = part.iter().map(|key| key.as_str().into());
            let gathered = session.first(sql(text).bind_all(keys)).await?;
            let gathered = gathered.map(|row| row.text_or_null(0)).transpose()?.flatten().unwrap_or_default();
            for note in gathered.split(ROW_END).filter(|note| !note.is_empty()) {
                let (key, document) = note.split_once(FIELD_END).unwrap_or((note, ""));
                let document =
                    serde_json::from_str(document).map_err(|error| StoreError::Corrupt(error.to_string()))?;
                found.insert(key.to_owned(), document);
            }
        }
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }
}
