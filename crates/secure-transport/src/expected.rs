//! What a peer's certificate is to be.

use std::fmt;
use std::str::FromStr;

use crate::{Certificate, Fingerprint};

/// One certificate that a peer may have, by fingerprint or by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// This very certificate. It needs no authority that vouches for it.
    Fingerprint(Fingerprint),
    /// One with this name, from an authority that is trusted. Compared without case, as DNS names are.
    Name(String),
}

/// Why some text is no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no SHA-256 fingerprint: sha256: and 64 hexadecimal digits are wanted, colons between them or not"
)]
pub struct ExpectedError(String);

impl Expected {
    /// Whether the certificate is one of these.
    pub fn is_among(expected: &[Self], certificate: &Certificate) -> bool {
        expected.iter().any(|one| one.is(certificate))
    }

    fn is(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Fingerprint(fingerprint) => *fingerprint == certificate.fingerprint(),
            Self::Name(name) => certificate.names().iter().any(|its| its.eq_ignore_ascii_case(name)),
        }
    }
}

impl FromStr for Expected {
    type Err = ExpectedError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((_, digits)) =
            text.split_once(':').filter(|(prefix, _)| prefix.eq_ignore_ascii_case("sha256"))
        else {
            return Ok(Self::Name(text.to_owned()));
        };
        let error = || ExpectedError(text.to_owned());
        let digits: Vec<u32> = digits
            .chars()
            .filter(|c| *c != ':')
            .map(|c| c.to_digit(16))
            .collect::<Option<_>>()
            .ok_or_else(error)?;
        let bytes: Vec<u8> = digits
            .chunks_exact(2)
            .filter_map(|pair| match pair {
                [high, low] => u8::try_from(high << 4 | low).ok(),
                _ => None,
            })
            .collect();
        match <[u8; 32]>::try_from(bytes) {
            Ok(bytes) if digits.len() == 64 => Ok(Self::Fingerprint(Fingerprint(bytes))),
            _ => Err(error()),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fingerprint(fingerprint) => fmt::Display::fmt(fingerprint, f),
            Self::Name(name) => f.write_str(name),
        }
    }
}
