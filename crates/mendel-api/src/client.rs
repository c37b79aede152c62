//! The client: one method for each operation, over any transport.
//!
//! The methods lie with their nouns; here is only how one call is made, and what its
//! answer may be.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Address, BadAddress, ClientError, Credentials, HttpTransport, ServerAddress, Transport, Unrepeatable};

/// Asks a server of Mendel. Cheap to make and to clone.
#[derive(Clone)]
pub struct Client {
    transport: Arc<dyn Transport>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Identity of the workspace; empty where it has none.
    pub workspace: String,
    /// Version of the server.
    pub version: String,
}

impl Client {
    /// A client over `transport`.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Self { transport: Arc::new(transport) }
    }

    /// A client over the Unix socket at `path`; it connects when it is first used.
    pub fn socket(path: impl Into<std::path::PathBuf>) -> Self {
        Self::new(HttpTransport::socket(path))
    }

    /// A client to a server, showing `credentials`.
    pub fn server(server: &ServerAddress, credentials: Option<&Credentials>) -> Self {
        Self::new(HttpTransport::server(server, credentials))
    }

    /// A client to `address`, as `MENDEL_API` spells it: `unix:/path`, or a server's.
    pub fn at(address: &str, credentials: Option<&Credentials>) -> Result<Self, BadAddress> {
        match address.strip_prefix("unix:") {
            Some(path) if !path.is_empty() => Ok(Self::socket(path)),
            Some(_) => Err(BadAddress { given: address.to_owned(), why: "it has no path" }),
            None => Ok(Self::server(&address.parse()?, credentials)),
        }
    }

    /// Hands a request on as it is, and its answer back.
    pub async fn forward(&self, request: Request<Bytes>) -> Result<Response<Bytes>, crate::TransportError> {
        self.transport.call(request).await
    }

    /// Who answers.
    pub async fn hello(&self) -> Result<Hello, ClientError> {
        self.get(Address::of(&[])).await
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, address: Address) -> Result<T, ClientError> {
        let answer = self.exchange(Call::new(Method::GET, &address)).await?;
        read(&address, &answer)
    }

    /// Like `get`, where absence is an answer.
    pub(crate) async fn find<T: DeserializeOwned>(&self, address: Address) -> Result<Option<T>, ClientError> {
        match self.get(address).await {
            Ok(found) => Ok(Some(found)),
            Err(ClientError::Refused { code, .. }) if code == "not_found" => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        address: Address,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let answer = self.exchange(Call::new(method, &address).json(body)?).await?;
        read(&address, &answer)
    }

    pub(crate) async fn exchange(&self, call: Call) -> Result<Response<Bytes>, ClientError> {
        let request = call.builder.body(call.body).map_err(crate::TransportError::from)?;
        let answer = self.transport.call(request).await?;
        match answer.status() {
            status if status.is_success() => Ok(answer),
            status => Err(ClientError::refused(status, answer.body())),
        }
    }
}

/// One request while it is being written.
pub(crate) struct Call {
    address: String,
    builder: http::request::Builder,
    body: Bytes,
}

impl Call {
    pub(crate) fn new(method: Method, address: &Address) -> Self {
        let address = address.text();
        // The host is fixed: the transport decides who is reached.
        let builder = Request::builder().method(method).uri(&address).header(header::HOST, "mendel");
        Self { address, builder, body: Bytes::new() }
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self, ClientError> {
        let bytes = serde_json::to_vec(body)
            .map_err(|error| ClientError::Unreadable { address: self.address.clone(), why: error.to_string() })?;
        self.builder = self.builder.header(header::CONTENT_TYPE, "application/json");
        self.body = bytes.into();
        Ok(self)
    }

    pub(crate) fn bytes(mut self, body: Bytes) -> Self {
        self.builder = self.builder.header(header::CONTENT_TYPE, "application/octet-stream");
        self.body = body;
        self
    }

    pub(crate) fn header(mut self, name: header::HeaderName, value: String) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    pub(crate) fn once(mut self) -> Self {
        self.builder = self.builder.extension(Unrepeatable);
        self
    }
}

pub(crate) fn read<T: DeserializeOwned>(address: &Address, answer: &Response<Bytes>) -> Result<T, ClientError> {
    // Where nothing is told, the answer is empty and reads as nothing.
    let body: &[u8] = match answer.status() {
        StatusCode::NO_CONTENT => b"null",
        _ => answer.body(),
    };
    serde_json::from_slice(body)
        .map_err(|error| ClientError::Unreadable { address: address.text(), why: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_socket_or_a_server() {
        assert!(Client::at("unix:/run/mendel.sock", None).is_ok());
        assert!(Client::at("http://127.0.0.1:8008", None).is_ok());
        assert!(Client::at("ftp://x", None).is_err());
        assert!(Client::at("unix:", None).is_err());
    }
}
