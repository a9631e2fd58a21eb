//! Who we are: a certificate, the chain above it, and its key.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::Certificate;

/// A certificate with its key, found to belong together.
#[derive(Clone)]
pub struct Credentials {
    pub(crate) certified: Arc<CertifiedKey>,
    certificate: Certificate,
}

/// Why certificates or a key cannot be used. Who says which file it was adds the path.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// No certificate in it.
    #[error("there is no certificate in it: PEM is wanted, with -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    /// No key in it.
    #[error(
        "there is no private key in it: PEM without a passphrase is wanted, with -----BEGIN PRIVATE KEY-----"
    )]
    NoKey,
    /// It is PEM no more than in part.
    #[error("it is not PEM: {0}")]
    Pem(pem::Error),
    /// A certificate that rustls does not take.
    #[error("a certificate in it cannot be used: {0}")]
    Unusable(rustls::Error),
    /// A key of a kind that rustls does not have.
    #[error("the key cannot be used: {0}; RSA from 2048 bits, ECDSA P-256 and P-384 and Ed25519 can")]
    Key(rustls::Error),
    /// The one does not belong to the other.
    #[error("the certificate and the key do not belong together")]
    Mismatch,
}

impl Credentials {
    /// Takes PEM: the certificate, with the chain above it behind it if there is one, and its private key.
    ///
    /// # Errors
    /// When either is not PEM, of a kind that is not supported, or the two do not belong together.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, CredentialsError> {
        let chain = certificates(certificate)?;
        let Some(first) = chain.first() else { return Err(CredentialsError::NoCertificate) };
        let certificate = Certificate::read(first);
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| match error {
            pem::Error::NoItemsFound => CredentialsError::NoKey,
            error => CredentialsError::Pem(error),
        })?;
        let certified = CertifiedKey::from_der(chain, key, &ring::default_provider());
        let certified = certified.map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => CredentialsError::Mismatch,
            rustls::Error::InvalidCertificate(_) => CredentialsError::Unusable(error),
            error => CredentialsError::Key(error),
        })?;
        Ok(Self { certified: Arc::new(certified), certificate })
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

/// Never the key.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

pub(crate) fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, CredentialsError> {
    let certificates = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(CredentialsError::Pem)?;
    if certificates.is_empty() { Err(CredentialsError::NoCertificate) } else { Ok(certificates) }
}
