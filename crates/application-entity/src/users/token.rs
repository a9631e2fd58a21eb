//! JSON Web Tokens (RFC 7519), verified by configured keys.

use std::sync::OnceLock;

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{DecodingKey, DecodingKeyKind, Validation, decode, decode_header};
use ring::{hmac, signature as ring_signature};
use serde::Deserialize;

use crate::rights::Rights;

/// How a token is signed. One key has one of them: whatever a token says, it is verified by no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// HMAC with SHA-256.
    Hs256,
}

/// The shortest secret of HS256, in bytes (RFC 7518 3.2).
const SECRET_BYTES_MIN: usize = 32;

/// How much clocks may differ, in seconds.
const LEEWAY_S: u64 = 60;

/// A key, and what tokens of it must say.
#[derive(Debug)]
pub struct TokenKey {
    /// How they are signed.
    pub algorithm: Algorithm,
    /// Their `iss`.
    pub issuer: String,
    /// What is among their `aud`.
    pub audience: String,
    /// Their `kid`; none: any.
    pub key_id: Option<String>,
    /// What whoever has one may do.
    pub rights: Rights,
    key: DecodingKey,
}

/// Why something is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenKeyError {
    /// Not as the algorithm wants it.
    #[error("this is no public key for {0:?} as PEM: {1}")]
    NoKey(Algorithm, String),
    /// Too easy to guess.
    #[error("a secret for HS256 has {SECRET_BYTES_MIN} bytes at least (RFC 7518 3.2), and this has {0}")]
    ShortSecret(usize),
}

impl Algorithm {
    const fn to_jwt(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
            Self::Hs256 => jsonwebtoken::Algorithm::HS256,
        }
    }
}

impl TokenKey {
    /// Takes a key: a public one as PEM, or the secret of HS256 as it is.
    ///
    /// # Errors
    /// When it is no key for the algorithm.
    pub fn new(
        algorithm: Algorithm,
        key: &[u8],
        issuer: String,
        audience: String,
        key_id: Option<String>,
        rights: Rights,
    ) -> Result<Self, TokenKeyError> {
        let no_key = |error: Error| TokenKeyError::NoKey(algorithm, error.to_string());
        let key = match algorithm {
            Algorithm::Rs256 => DecodingKey::from_rsa_pem(key).map_err(no_key)?,
            Algorithm::Es256 => DecodingKey::from_ec_pem(key).map_err(no_key)?,
            Algorithm::EdDsa => DecodingKey::from_ed_pem(key).map_err(no_key)?,
            Algorithm::Hs256 if key.len() < SECRET_BYTES_MIN => {
                return Err(TokenKeyError::ShortSecret(key.len()));
            }
            Algorithm::Hs256 => DecodingKey::from_secret(key),
        };
        Ok(Self { algorithm, issuer, audience, key_id, rights, key })
    }

    /// Whether a token with this header is one for this key.
    fn is_for(&self, header: &jsonwebtoken::Header) -> bool {
        header.alg == self.algorithm.to_jwt()
            && self.key_id.as_ref().is_none_or(|key_id| header.kid.as_ref() == Some(key_id))
    }
}

#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
}

/// Verifies a token: its subject, and the key that it is of.
pub(super) fn verify<'k>(token: &[u8], keys: &'k [TokenKey]) -> Result<(String, &'k TokenKey), Error> {
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
        verifier_factory: |algorithm, key| {
            Ok(Box::new(RingVerifier { algorithm: *algorithm, key: key.clone() }))
        },
        key_utils: KeyUtils::new_unimplemented(),
    };
    // Whoever installed one first wins, and nobody else here has to do with tokens.
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    INSTALLED.get_or_init(|| PROVIDER.install_default().is_ok());

    let header = decode_header(token)?;
    let mut refused = Error::from(ErrorKind::InvalidAlgorithm);
    for key in keys.iter().filter(|key| key.is_for(&header)) {
        let mut validation = Validation::new(key.algorithm.to_jwt());
        validation.leeway = LEEWAY_S;
        validation.validate_nbf = true;
        validation.set_audience(&[&key.audience]);
        validation.set_issuer(&[&key.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        match decode::<Claims>(token, &key.key, &validation) {
            Ok(verified) => return Ok((verified.claims.sub, key)),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

struct RingVerifier {
    algorithm: jsonwebtoken::Algorithm,
    key: DecodingKey,
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let DecodingKeyKind::SecretOrDer(key) = self.key.kind() else {
            return Err(signature::Error::new());
        };
        let algorithm: &dyn ring_signature::VerificationAlgorithm = match self.algorithm {
            jsonwebtoken::Algorithm::HS256 => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, key);
                return hmac::verify(&key, message, signature).map_err(|_| signature::Error::new());
            }
            jsonwebtoken::Algorithm::RS256 => &ring_signature::RSA_PKCS1_2048_8192_SHA256,
            jsonwebtoken::Algorithm::ES256 => &ring_signature::ECDSA_P256_SHA256_FIXED,
            jsonwebtoken::Algorithm::EdDSA => &ring_signature::ED25519,
            _ => return Err(signature::Error::new()),
        };
        ring_signature::UnparsedPublicKey::new(algorithm, key)
            .verify(message, signature)
            .map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> jsonwebtoken::Algorithm {
        self.algorithm
    }
}
