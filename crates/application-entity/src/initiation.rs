//! The Association Initiation Policy: a connection to a peer, and an association over it (PS3.8 7.1).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use secure_transport::{Calling, HandshakeFailed};
use upper_layer::Transport;
use upper_layer::negotiation::Identity;
use upper_layer::pdu::{ProposedContext, RoleSelection};
use upper_layer::{AssociateRq, Association, RequestFailed, request};
use vocabulary::AeTitle;

use crate::{Channel, Connecting, Network, Peer, TcpTransport};

/// How associations are begun.
#[derive(Debug, Clone)]
pub struct Initiation {
    /// The title we call by.
    pub ae_title: AeTitle,
    /// What we say about ourselves.
    pub identity: Identity,
    /// How long connect() may take (CFG-007).
    pub connect: Duration,
    /// Who opens the connection.
    pub connecting: Arc<dyn Connecting>,
    /// Timers, and the longest PDU to send.
    pub network: Network,
    /// How TLS connections are made. The association response timeout holds for their handshake.
    pub calling: Calling,
}

/// Why there is no association with a peer.
#[derive(Debug, thiserror::Error)]
pub enum InitiationFailed {
    /// No connection: the peer is down, or its host and port are wrong.
    #[error(
        "cannot connect to {ae_title} at {host}:{port}: {source}; is it running, and are its host and port right?"
    )]
    Connect {
        /// Whom we wanted.
        ae_title: AeTitle,
        /// Its host.
        host: String,
        /// Its port.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// A connection, and no TLS over it.
    #[error("no secure connection with {ae_title} at {host}:{port}: {source}")]
    Secure {
        /// Whom we wanted.
        ae_title: AeTitle,
        /// Its host.
        host: String,
        /// Its port.
        port: u16,
        /// Why not.
        source: HandshakeFailed,
    },
    /// A connection, and no association.
    #[error("no association with {ae_title}: {source}")]
    Request {
        /// Whom we wanted.
        ae_title: AeTitle,
        /// What came instead.
        source: RequestFailed,
    },
}

impl Initiation {
    /// Connects to the peer and asks for an association.
    ///
    /// # Errors
    /// When the peer cannot be reached or does not want it.
    pub fn begin(
        &self,
        peer: &Peer,
        contexts: Vec<ProposedContext>,
        roles: Vec<RoleSelection>,
    ) -> Result<Association<Channel>, InitiationFailed> {
        let transport = self.connect(peer).map_err(|source| InitiationFailed::Connect {
            ae_title: peer.ae_title.clone(),
            host: peer.host.clone(),
            port: peer.port,
            source,
        })?;
        let channel = match peer.tls {
            false => Channel::Plain(transport),
            true => {
                let deadline = transport.now().checked_add(self.network.timers.associate_response);
                let secured = self.calling.connect(transport, &peer.host, &peer.certificates, deadline);
                let secured = secured.map_err(|source| InitiationFailed::Secure {
                    ae_title: peer.ae_title.clone(),
                    host: peer.host.clone(),
                    port: peer.port,
                    source,
                })?;
                Channel::Secure(Box::new(secured))
            }
        };
        let mut user_information = self.identity.to_user_information();
        user_information.role_selections = roles;
        user_information.user_identity.clone_from(&peer.user);
        let rq = AssociateRq::new(&peer.ae_title, &self.ae_title, contexts, user_information);
        let mut association = request(channel, rq, self.network.timers)
            .map_err(|source| InitiationFailed::Request { ae_title: peer.ae_title.clone(), source })?;
        association.limit_sent_pdu_length(self.network.sent_pdu_length_max);
        Ok(association)
    }

    fn connect(&self, peer: &Peer) -> io::Result<TcpTransport> {
        TcpTransport::new(self.connecting.connect(peer, self.connect)?)
    }
}
