//! Which certificates are taken. Chains, dates and signatures are webpki's business; fingerprints and names ours.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, RootCertStore,
    SignatureScheme,
};

use crate::{Certificate, Expected, Fingerprint};

/// The certificates of who calls us.
#[derive(Debug)]
pub(crate) struct OfClients {
    /// What an authority vouches for; none: there is no authority.
    pub(crate) by_authority: Option<Arc<dyn ClientCertVerifier>>,
    /// What is taken without one.
    pub(crate) known: Vec<Fingerprint>,
    pub(crate) is_required: bool,
    pub(crate) schemes: WebPkiSupportedAlgorithms,
}

/// The certificate of whom we call.
#[derive(Debug)]
pub(crate) struct OfServer {
    pub(crate) expected: Vec<Expected>,
    pub(crate) roots: Arc<RootCertStore>,
    pub(crate) schemes: WebPkiSupportedAlgorithms,
}

/// A certificate of somebody else.
#[derive(Debug, thiserror::Error)]
#[error("it is that of {0}, which the peer is not known by")]
struct SomebodyElse(Certificate);

/// The signatures of handshakes, which are checked alike in both directions.
macro_rules! checks_signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls12_signature(message, cert, dss, &self.schemes)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls13_signature(message, cert, dss, &self.schemes)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.schemes.supported_schemes()
        }
    };
}

impl ClientCertVerifier for OfClients {
    fn client_auth_mandatory(&self) -> bool {
        self.is_required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // Who is known by fingerprint may have a certificate of anybody: a hint would make it show none.
        match &self.by_authority {
            Some(authority) if self.known.is_empty() => authority.root_hint_subjects(),
            _ => &[],
        }
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if self.known.contains(&Fingerprint::of(end_entity)) {
            return Ok(ClientCertVerified::assertion());
        }
        match &self.by_authority {
            Some(authority) => authority.verify_client_cert(end_entity, intermediates, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    checks_signatures!();
}

impl ServerCertVerifier for OfServer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = Certificate::read(end_entity);
        let fingerprint = Expected::Fingerprint(certificate.fingerprint());
        if self.expected.contains(&fingerprint) {
            return Ok(ServerCertVerified::assertion());
        }
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let schemes = self.schemes.all;
        verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, intermediates, now, schemes)?;
        if self.expected.is_empty() {
            verify_server_name(&parsed, server_name)?;
        } else if !Expected::is_among(&self.expected, &certificate) {
            let other = SomebodyElse(certificate);
            return Err(CertificateError::Other(OtherError(Arc::new(other))).into());
        }
        Ok(ServerCertVerified::assertion())
    }

    checks_signatures!();
}
