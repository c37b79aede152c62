//! Notes on the wire: small documents of the workspace, by key.

use http::Method;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

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
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FoundNotes {
    /// One for each key, in their order; null where there is none.
    pub notes: Vec<Option<Box<RawValue>>>,
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

    /// What is kept under each of `keys`, in their order; none, too, where it means something else.
    pub async fn notes<T: DeserializeOwned>(&self, keys: &[String]) -> Result<Vec<Option<T>>, ClientError> {
        let mut found = Vec::with_capacity(keys.len());
        for part in keys.chunks(FIND) {
            let asked = FindNotes { keys: part.to_vec() };
            let answer: FoundNotes = self.send(Method::POST, Address::of(&[&"notes", &"find"]), &asked).await?;
            let read = |note: Option<Box<RawValue>>| note.and_then(|note| serde_json::from_str(note.get()).ok());
            found.extend(answer.notes.into_iter().map(read));
        }
        Ok(found)
    }
}
