//! Encryption by certificate files.

use std::{fmt, path::Path, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio_rustls::TlsAcceptor;

/// A certificate with its key, ready to be shown.
#[derive(Clone)]
pub struct Certificate(pub(super) TlsAcceptor);

/// A file that holds no certificate or no key for it.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the certificate: {0}")]
pub struct BadCertificate(String);

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate")
    }
}

impl Certificate {
    /// The chain in the file `certificate`, with the key in the file `key`, both as PEM.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, BadCertificate> {
        let bad = |file: &Path, why: &dyn fmt::Display| BadCertificate(format!("`{}`: {why}", file.display()));
        let chain = CertificateDer::pem_file_iter(certificate).map_err(|error| bad(certificate, &error))?;
        let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(|error| bad(certificate, &error))?;
        let own = PrivateKeyDer::from_pem_file(key).map_err(|error| bad(key, &error))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| BadCertificate(error.to_string()))?
            .with_no_client_auth()
            .with_single_cert(chain, own)
            .map_err(|error| bad(certificate, &error))?;
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }
}
