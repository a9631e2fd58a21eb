use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use vocabulary::AeTitle;

/// A remote Application Entity that this installation knows (PS3.2 F.4.4.1.2): where it listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its title, which a C-MOVE-RQ names as the Move Destination.
    pub ae_title: AeTitle,
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl Peer {
    /// The presentation addresses of the peer, as the resolver gives them now.
    ///
    /// # Errors
    /// When the host name has no address.
    pub fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        let addresses: Vec<_> = (self.host.as_str(), self.port).to_socket_addrs()?.collect();
        if addresses.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the host name has no address"));
        }
        Ok(addresses)
    }
}

/// The map from AE titles to presentation addresses (CFG-004).
#[derive(Debug, Clone, Default)]
pub struct Peers(Vec<Peer>);

impl Peers {
    /// Takes the peers in the order of the configuration; of two with one title the first counts.
    pub fn new(peers: Vec<Peer>) -> Self {
        Self(peers)
    }

    /// The peers in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &Peer> {
        self.0.iter()
    }

    /// The peer of a title, if the configuration has it.
    pub fn find(&self, ae_title: &AeTitle) -> Option<&Peer> {
        self.0.iter().find(|peer| peer.ae_title == *ae_title)
    }
}
