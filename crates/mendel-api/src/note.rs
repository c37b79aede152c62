//! Notes on the wire: small documents of the workspace, by key.

use http::Method;
use serde_json::Value;

use crate::{Address, Client, ClientError};

impl Client {
    /// Keeps `value` under `key`, in place of what was there.
    pub async fn put_note(&self, key: &str, value: &Value) -> Result<(), ClientError> {
        self.send(Method::PUT, Address::of(&[&"notes", &key]), value).await
    }

    /// What is kept under `key`.
    pub async fn note(&self, key: &str) -> Result<Option<Value>, ClientError> {
        self.find(Address::of(&[&"notes", &key])).await
    }
}
