//! Whom we trust.

use std::sync::Arc;

use rustls::RootCertStore;

use crate::credentials::certificates;
use crate::{Certificate, CredentialsError};

/// The authorities that certificates of peers must come from. None: nobody's will do, but those known by fingerprint.
#[derive(Debug, Clone)]
pub struct Authorities {
    pub(crate) roots: Arc<RootCertStore>,
    certificates: Vec<Certificate>,
}

impl Authorities {
    /// Nobody.
    pub fn none() -> Self {
        Self { roots: Arc::new(RootCertStore::empty()), certificates: Vec::new() }
    }

    /// Takes certificates of authorities, as PEM.
    ///
    /// # Errors
    /// When it is not PEM, has no certificate, or one that cannot be used.
    pub fn from_pem(pem: &str) -> Result<Self, CredentialsError> {
        let mut roots = RootCertStore::empty();
        let mut known = Vec::new();
        for certificate in certificates(pem)? {
            known.push(Certificate::read(&certificate));
            roots.add(certificate).map_err(CredentialsError::Unusable)?;
        }
        Ok(Self { roots: Arc::new(roots), certificates: known })
    }

    /// Their certificates.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
}
