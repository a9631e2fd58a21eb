//! Why there is no secure connection.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

/// The first byte of an A-ASSOCIATE-RQ (PS3.8 9.3.2), and of nothing in TLS.
const ASSOCIATE_RQ: u8 = 0x01;

/// Why there is no secure connection, and what may be done about it.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeFailed {
    /// Who called speaks DICOM in the clear.
    #[error(
        "the peer speaks DICOM without TLS on the port that is for TLS: switch TLS on at the peer, or point it at \
         the port without"
    )]
    PlainDicom,
    /// Who called speaks neither TLS nor DICOM.
    #[error("the peer does not speak TLS: its first byte is {0:02X}H, where TLS has 16H")]
    NotTls(u8),
    /// Whom we called does not answer with TLS.
    #[error(
        "the peer does not answer with TLS ({0}): it may have no TLS on this port; look for tls and port of its [[peer]]"
    )]
    NoTlsThere(Error),
    /// Time ran out.
    #[error("timed out in the TLS handshake: the peer did not say all that it had to")]
    TimedOut,
    /// The connection was closed before the peer said anything, as those who look whether somebody listens do.
    #[error("the peer closed the connection without a word")]
    Nothing,
    /// The connection was closed.
    #[error("the peer closed the connection in the TLS handshake")]
    Closed,
    /// Who called has no certificate.
    #[error(
        "the peer shows no certificate: give it one from an authority in tls.ca, or set tls.client-certificates to \
         \"optional\" or \"none\""
    )]
    NoCertificate,
    /// Its certificate is not trusted.
    #[error("the certificate of the peer is refused: {}", words(.0))]
    Certificate(CertificateError),
    /// The peer does not go on, most often because of our certificate.
    #[error("the peer refuses to go on: {0:?}{hint}", hint = hint(*.0))]
    Refused(AlertDescription),
    /// Nothing that both sides have.
    #[error("the peer offers no version or cipher suite of TLS that tls.profile has: {0:?}")]
    Incompatible(PeerIncompatible),
    /// The peer breaks TLS.
    #[error("the peer breaks TLS: {0}")]
    Broken(Error),
    /// The connection is lost.
    #[error("the connection was lost in the TLS handshake: {0}")]
    Lost(io::ErrorKind),
    /// The host of a peer is neither a DNS name nor an address.
    #[error(
        "{host:?} is no name that a certificate can have: host of the [[peer]] must be a DNS name or an IP address"
    )]
    NoServerName {
        /// The host.
        host: String,
    },
}

impl HandshakeFailed {
    pub(crate) fn of_library(error: Error) -> Self {
        match error {
            Error::NoCertificatesPresented => Self::NoCertificate,
            Error::InvalidCertificate(error) => Self::Certificate(error),
            Error::AlertReceived(alert) => Self::Refused(alert),
            Error::PeerIncompatible(what) => Self::Incompatible(what),
            error => Self::Broken(error),
        }
    }

    /// Of what came first from who called.
    pub(crate) fn of_first_byte(byte: u8) -> Self {
        match byte {
            ASSOCIATE_RQ => Self::PlainDicom,
            byte => Self::NotTls(byte),
        }
    }
}

impl From<io::Error> for HandshakeFailed {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::UnexpectedEof => Self::Closed,
            kind => error.downcast().unwrap_or(Self::Lost(kind)),
        }
    }
}

fn words(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet; are the clocks right?".to_owned()
        }
        CertificateError::UnknownIssuer => {
            "no authority in tls.ca vouches for it, and no [[peer]] names its fingerprint".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is not for the host of the [[peer]]; name what it is for in its certificates".to_owned()
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "its extended key usage does not allow this side of a connection".to_owned()
        }
        CertificateError::Other(other) => other.to_string(),
        other => format!("{other:?}"),
    }
}

fn hint(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::UnknownCA => " (it does not trust the authority of our certificate)",
        AlertDescription::CertificateRequired => {
            " (it wants a certificate of ours: set tls.certificate, or tls.client-certificate)"
        }
        AlertDescription::BadCertificate
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate => " (it does not take our certificate)",
        AlertDescription::ProtocolVersion => " (it has no version of TLS in common with us)",
        AlertDescription::HandshakeFailure => {
            " (it has no cipher suite in common with us, or wants a certificate)"
        }
        _ => "",
    }
}
