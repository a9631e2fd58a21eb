//! A certificate, as far as it is looked at here. What is trusted, rustls decides.

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use ring::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;
use x509_cert::der::asn1::{Ia5StringRef, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{DateTime, Decode, Tag, Tagged};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// Common name in a subject (RFC 4519 2.3).
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
/// Names of a certificate that are looked at.
const NAMES_MAX: usize = 64;
/// Characters of a name that a log line shows.
const SHOWN_CHARACTERS_MAX: usize = 80;

/// SHA-256 over the DER of a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub(crate) [u8; 32]);

/// A certificate of an end entity, ours or the peer's.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    fingerprint: Fingerprint,
    names: Vec<String>,
    valid_until: Option<DateTime>,
}

impl Fingerprint {
    pub(crate) fn of(der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, der).as_ref());
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Certificate {
    pub(crate) fn read(der: &CertificateDer<'_>) -> Self {
        let fingerprint = Fingerprint::of(der);
        let Ok(parsed) = x509_cert::Certificate::from_der(der) else {
            return Self { fingerprint, names: Vec::new(), valid_until: None };
        };
        let certificate = parsed.tbs_certificate;
        let mut names = Vec::new();
        for attribute in certificate.subject.0.iter().flat_map(|set| set.0.iter()) {
            if attribute.oid == COMMON_NAME {
                names.extend(text(&attribute.value));
            }
        }
        // One that cannot be read is as good as none.
        if let Ok(Some((_, alternatives))) = certificate.get::<SubjectAltName>() {
            names.extend(alternatives.0.iter().filter_map(alternative));
        }
        names.truncate(NAMES_MAX);
        Self { fingerprint, names, valid_until: Some(certificate.validity.not_after.to_date_time()) }
    }

    /// Its fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The common name of its subject, and its alternative names: DNS names, addresses, URIs and e-mail addresses.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The last moment at which it is valid, as in 2026-11-23T18:00:00Z; none where it says nothing that could be read.
    pub fn valid_until(&self) -> Option<String> {
        self.valid_until.map(|until| until.to_string())
    }

    /// How long it is still valid; none when it is not any more.
    pub fn valid_for(&self, now: SystemTime) -> Option<Duration> {
        self.valid_until.and_then(|until| until.to_system_time().duration_since(now).ok())
    }
}

/// For log lines: its first name, and its fingerprint.
impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.names.first() {
            for character in name.chars().take(SHOWN_CHARACTERS_MAX) {
                write!(f, "{}", character.escape_debug())?;
            }
            f.write_str(" ")?;
        }
        fmt::Display::fmt(&self.fingerprint, f)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn text(value: &x509_cert::der::Any) -> Option<String> {
    let text = match value.tag() {
        Tag::Utf8String => Utf8StringRef::try_from(value).ok()?.as_str().to_owned(),
        Tag::PrintableString => PrintableStringRef::try_from(value).ok()?.as_str().to_owned(),
        Tag::Ia5String => Ia5StringRef::try_from(value).ok()?.as_str().to_owned(),
        Tag::TeletexString => TeletexStringRef::try_from(value).ok()?.as_str().to_owned(),
        _ => return None,
    };
    Some(text)
}

fn alternative(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        GeneralName::UniformResourceIdentifier(uri) => Some(uri.as_str().to_owned()),
        GeneralName::Rfc822Name(address) => Some(address.as_str().to_owned()),
        GeneralName::IpAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(bytes.as_bytes()).map(IpAddr::from);
            let v6 = <[u8; 16]>::try_from(bytes.as_bytes()).map(IpAddr::from);
            v4.or(v6).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}
