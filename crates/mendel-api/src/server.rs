//! The address of a server, and what is shown there.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, Uri};

/// The port a server listens on when nobody says otherwise.
const PORT: u16 = 8008;

/// An address that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not the address of a server: {why}; `http://host:8008` and `unix:/path` are")]
pub struct BadAddress {
    /// What was given, without what was secret in it.
    pub given: String,
    /// What is wrong with it.
    pub why: &'static str,
}

/// The port of encrypted connections when nobody says otherwise.
const ENCRYPTED_PORT: u16 = 443;

/// Where a server is reached: `http://host:port` or `https://host`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress {
    encrypted: bool,
    host: String,
    port: u16,
}

impl ServerAddress {
    /// The name or number of its machine.
    pub fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether connections to it are encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Host and port as one text.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl FromStr for ServerAddress {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let given = text.rsplit_once('@').map_or(text, |(_, rest)| rest).chars().take(100).collect::<String>();
        let bad = |why| BadAddress { given: given.clone(), why };
        let uri: Uri = text.trim().parse().map_err(|_| bad("it cannot be read"))?;
        let encrypted = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            Some(_) => return Err(bad("it begins with neither `http://` nor `https://`")),
            None => return Err(bad("it does not begin with `http://`")),
        };
        let authority = uri.authority().ok_or_else(|| bad("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(bad("it holds credentials, which belong to `mendel login`"));
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(bad("it goes on after the host"));
        }
        let port = authority.port_u16().unwrap_or(if encrypted { ENCRYPTED_PORT } else { PORT });
        Ok(Self { encrypted, host: authority.host().to_owned(), port })
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http{}://{}", if self.encrypted { "s" } else { "" }, self.authority())
    }
}

/// What is shown to a server.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A key and its secret.
    Key {
        /// The public half.
        access_key: String,
        /// The other half.
        secret_key: String,
    },
    /// A token.
    Token(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { access_key, .. } => {
                f.debug_struct("Key").field("access_key", access_key).finish_non_exhaustive()
            }
            Self::Token(_) => f.write_str("Token"),
        }
    }
}

impl Credentials {
    pub(crate) fn header(&self) -> HeaderValue {
        let text = match self {
            Self::Key { access_key, secret_key } => {
                format!("Basic {}", STANDARD.encode(format!("{access_key}:{secret_key}")))
            }
            Self::Token(token) => format!("Bearer {token}"),
        };
        // What is no header cannot be shown; the server then says that nothing was.
        let mut value = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_perhaps_a_port() {
        let read = |text: &str| text.parse::<ServerAddress>();
        assert_eq!(read("http://lab").expect("an address").authority(), "lab:8008");
        assert_eq!(read("http://127.0.0.1:9/").expect("an address").to_string(), "http://127.0.0.1:9");
        assert_eq!(read("https://lab").expect("an address").to_string(), "https://lab:443");
        assert_eq!(read("http://[::1]:9").expect("an address").host(), "::1");
        for bad in ["lab", "ftp://lab", "http://", "http://lab/deep", "http://lab?x=1", ""] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_secret_of_an_address_is_told() {
        let bad = "http://me:secret@lab".parse::<ServerAddress>().expect_err("refused");
        assert!(!bad.to_string().contains("secret"));
    }

    #[test]
    fn credentials_are_shown_as_a_header_and_never_printed() {
        let key = Credentials::Key { access_key: "A".into(), secret_key: "b".into() };
        assert_eq!(key.header(), "Basic QTpi");
        assert!(!format!("{key:?} {:?}", Credentials::Token("t0k".into())).contains("t0k"));
    }
}
