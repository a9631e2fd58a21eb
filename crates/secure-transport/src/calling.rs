//! TLS as the client of a connection.

use std::sync::Arc;
use std::time::Instant;

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, ClientConnection};
use upper_layer::Transport;

use crate::verify::OfServer;
use crate::{Authorities, Credentials, Expected, HandshakeFailed, Profile, Secured};

/// How connections are made. Made once; a clone is cheap.
#[derive(Debug, Clone)]
pub struct Calling {
    provider: Arc<CryptoProvider>,
    credentials: Option<Credentials>,
    authorities: Authorities,
}

impl Calling {
    /// Gets ready to make connections: showing `credentials` where asked for them, trusting whom `authorities` vouch
    /// for.
    pub fn new(profile: Profile, credentials: Option<Credentials>, authorities: Authorities) -> Self {
        Self { provider: profile.provider(), credentials, authorities }
    }

    /// Shakes hands with the server at `host`, whose certificate must be one of the `expected`, or, where there are
    /// none, be one for this host.
    ///
    /// # Errors
    /// When there is no secure connection by `deadline`.
    pub fn connect<T: Transport>(
        &self,
        transport: T,
        host: &str,
        expected: &[Expected],
        deadline: Option<Instant>,
    ) -> Result<Secured<T>, HandshakeFailed> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| HandshakeFailed::NoServerName { host: host.to_owned() })?;
        let verifier = OfServer {
            expected: expected.to_vec(),
            roots: Arc::clone(&self.authorities.roots),
            schemes: self.provider.signature_verification_algorithms,
        };
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(HandshakeFailed::of_library)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &self.credentials {
            None => builder.with_no_client_auth(),
            Some(credentials) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(
                Arc::clone(&credentials.certified),
            ))),
        };
        config.resumption = Resumption::disabled();
        let connection =
            ClientConnection::new(Arc::new(config), name).map_err(HandshakeFailed::of_library)?;
        Secured::shake_hands(transport, connection.into(), deadline)
    }
}
