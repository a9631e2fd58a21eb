//! TLS as the server of a connection.

use std::sync::Arc;
use std::time::Instant;

use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::{ServerConfig, ServerConnection};
use upper_layer::Transport;

use crate::verify::OfClients;
use crate::{Authorities, Credentials, Fingerprint, HandshakeFailed, Profile, Secured};

/// Whether who calls shows a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCertificates {
    /// It must.
    Required,
    /// It may; if it does, it must be one that is trusted.
    Optional,
    /// It is not asked for one.
    None,
}

/// How connections are taken. Made once; a clone is cheap.
#[derive(Debug, Clone)]
pub struct Listening {
    config: Arc<ServerConfig>,
}

impl Listening {
    /// Gets ready to take connections.
    ///
    /// `known` are certificates of peers that need no authority.
    ///
    /// # Errors
    /// When the library does not take what it is given, which would be a bug of ours.
    pub fn new(
        profile: Profile,
        credentials: &Credentials,
        clients: ClientCertificates,
        authorities: &Authorities,
        known: Vec<Fingerprint>,
    ) -> Result<Self, rustls::Error> {
        let provider = profile.provider();
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let is_required = match clients {
            ClientCertificates::Required => Some(true),
            ClientCertificates::Optional => Some(false),
            ClientCertificates::None => None,
        };
        let builder = match is_required {
            None => builder.with_no_client_auth(),
            Some(is_required) => {
                let roots = Arc::clone(&authorities.roots);
                let by_authority = match roots.is_empty() {
                    true => None,
                    false => Some(
                        WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider))
                            .build()
                            .map_err(|error| rustls::Error::General(error.to_string()))?,
                    ),
                };
                let schemes = provider.signature_verification_algorithms;
                builder.with_client_cert_verifier(Arc::new(OfClients {
                    by_authority,
                    known,
                    is_required,
                    schemes,
                }))
            }
        };
        let resolver = SingleCertAndKey::from(Arc::clone(&credentials.certified));
        let mut config = builder.with_cert_resolver(Arc::new(resolver));
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self { config: Arc::new(config) })
    }

    /// Shakes hands with whoever called.
    ///
    /// # Errors
    /// When there is no secure connection by `deadline`.
    pub fn accept<T: Transport>(
        &self,
        transport: T,
        deadline: Option<Instant>,
    ) -> Result<Secured<T>, HandshakeFailed> {
        let connection =
            ServerConnection::new(Arc::clone(&self.config)).map_err(HandshakeFailed::of_library)?;
        Secured::shake_hands(transport, connection.into(), deadline)
    }
}
