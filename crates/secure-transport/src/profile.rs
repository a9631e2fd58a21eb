//! What may be negotiated: the profiles and their cipher suites, as a table.

use std::sync::Arc;

use rustls::SupportedCipherSuite;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::{self, cipher_suite};

/// A secure transport connection profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// BCP 195 TLS (PS3.15 B.12; before it B.9).
    Bcp195,
    /// Non-downgrading BCP 195 TLS (PS3.15 B.10).
    NonDowngradingBcp195,
}

/// Every profile.
pub const PROFILES: &[Profile] = &[Profile::Bcp195, Profile::NonDowngradingBcp195];

/// A version of TLS. Older ones do not exist here, in either profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsVersion {
    /// RFC 5246.
    V1_2,
    /// RFC 8446.
    V1_3,
}

/// A row of the table.
#[derive(Debug)]
pub struct Suite {
    /// Its name, as IANA has it.
    pub name: &'static str,
    /// The version of TLS that it belongs to.
    pub version: TlsVersion,
    /// The profiles that name it, or that leave room for it.
    pub profiles: &'static [Profile],
    /// The suite; none: it is in the profiles' lists, and not in the library.
    suite: Option<SupportedCipherSuite>,
}

const BOTH: &[Profile] = PROFILES;
const BCP_195: &[Profile] = &[Profile::Bcp195];

const fn row(
    name: &'static str,
    version: TlsVersion,
    profiles: &'static [Profile],
    suite: SupportedCipherSuite,
) -> Suite {
    Suite { name, version, profiles, suite: Some(suite) }
}

const fn missing(name: &'static str) -> Suite {
    Suite { name, version: TlsVersion::V1_2, profiles: BOTH, suite: None }
}

/// The cipher suites, those that are preferred first.
pub static SUITES: [Suite; 11] = [
    row("TLS_AES_256_GCM_SHA384", TlsVersion::V1_3, BOTH, cipher_suite::TLS13_AES_256_GCM_SHA384),
    row("TLS_AES_128_GCM_SHA256", TlsVersion::V1_3, BOTH, cipher_suite::TLS13_AES_128_GCM_SHA256),
    row(
        "TLS_CHACHA20_POLY1305_SHA256",
        TlsVersion::V1_3,
        BCP_195,
        cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    ),
    row(
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        TlsVersion::V1_2,
        BOTH,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ),
    row(
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        TlsVersion::V1_2,
        BOTH,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ),
    row(
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        TlsVersion::V1_2,
        BOTH,
        cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    ),
    row(
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        TlsVersion::V1_2,
        BOTH,
        cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ),
    row(
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        TlsVersion::V1_2,
        BCP_195,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
    row(
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        TlsVersion::V1_2,
        BCP_195,
        cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
    missing("TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
    missing("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),
];

impl Suite {
    /// Whether it can be negotiated here at all.
    pub fn is_supported(&self) -> bool {
        self.suite.is_some()
    }
}

impl Profile {
    /// What PS3.15 calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bcp195 => "BCP 195 TLS Secure Transport Connection Profile",
            Self::NonDowngradingBcp195 => "Non-Downgrading BCP 195 TLS Secure Transport Connection Profile",
        }
    }

    /// The suites of the table that it negotiates.
    pub fn suites(self) -> impl Iterator<Item = &'static Suite> {
        SUITES.iter().filter(move |suite| suite.is_supported() && suite.profiles.contains(&self))
    }

    /// ring's cryptography, with the suites of the profile.
    pub(crate) fn provider(self) -> Arc<CryptoProvider> {
        let cipher_suites = self.suites().filter_map(|suite| suite.suite).collect();
        Arc::new(CryptoProvider { cipher_suites, ..ring::default_provider() })
    }
}
