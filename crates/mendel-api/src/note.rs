//! Notes on the wire: small documents of the workspace, by key.

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Address, Client, ClientError};

/// Keys in one question, so that an answer stays of moderate size.
const FIND: usize = 500;

/// A question for many notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindNotes {
    /// Their keys.
    pub keys: Vec<String>,
}

/// The answer to [`FindNotes`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundNotes {
    /// One for each key, in their order; null where there is none.
    pub notes: Vec<Option<Value>>,
}

impl Client {
    /// Keeps `value` under `key`, in place of what was there.
    pub async fn put_note(&self, key: &str, value: &Value) -> Result<(), ClientError> {
        self.send(Method::PUT, Address::of(&[&"notes", &key]), value).await
    }

    /// What is kept under `key`.
    pub async fn note(&self, key: &str) -> Result<Option<Value>, ClientError> {
        self.find(Address::of(&[&"notes", &key])).await
    }

    /// What is kept under each of `keys`, in their order.
    pub async fn notes(&self, keys: &[String]) -> Result<Vec<Option<Value>>, ClientError> {
        let mut found = Vec::with_capacity(keys.len());
        for part in keys.chunks(FIND) {
            let asked = FindNotes { keys: part.to_vec() };
            let answer: FoundNotes = self.send(Method::POST, Address::of(&[&"notes", &"find"]), &asked).await?;
            found.extend(answer.notes);
        }
        Ok(found)
    }
}
