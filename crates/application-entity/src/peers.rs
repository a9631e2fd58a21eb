use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use secure_transport::Expected;
use upper_layer::pdu::UserIdentity;
use vocabulary::AeTitle;

use crate::rights::{Grant, Rights, Whose};
use crate::users::Users;
use crate::{AddressRange, Caller, acceptance::Refused};

/// A remote Application Entity that this installation knows (PS3.2 F.4.4.1.2): where it listens, and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its title, which a C-MOVE-RQ names as the Move Destination.
    pub ae_title: AeTitle,
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Who we are when we call it (PS3.7 D.3.3.7).
    pub user: Option<UserIdentity>,
    /// Where its title may call from; none: anywhere.
    pub calls_from: Option<Vec<AddressRange>>,
    /// Whether it is called over TLS.
    pub tls: bool,
    /// The certificates by which it is known: nobody may call by its title without one of them, and it must show one
    /// of them when it is called over TLS. None of them: any may call, and what it shows must be for its host.
    pub certificates: Vec<Expected>,
    /// What it may do when it calls.
    pub rights: Rights,
}

impl Peer {
    /// A peer of which nothing is known but where it listens.
    pub fn at(ae_title: AeTitle, host: String, port: u16) -> Self {
        Self {
            ae_title,
            host,
            port,
            user: None,
            calls_from: None,
            tls: false,
            certificates: Vec::new(),
            rights: Rights::ALL,
        }
    }

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

/// What those may do whose title nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPeers {
    /// Whether they may have associations at all.
    pub may_call: bool,
    /// What they may do then.
    pub rights: Rights,
}

impl Default for UnknownPeers {
    fn default() -> Self {
        Self { may_call: true, rights: Rights::ALL }
    }
}

/// Whom this installation knows, and what it lets them do.
#[derive(Debug, Default)]
pub struct Acquaintances {
    /// Remote AEs.
    pub peers: Peers,
    /// Everybody else.
    pub unknown: UnknownPeers,
    /// Users.
    pub users: Users,
}

impl Acquaintances {
    /// What a title is granted by which somebody calls.
    ///
    /// # Errors
    /// When it may not call from there, not by this certificate, or not at all.
    pub(crate) fn grant(&self, calling: &AeTitle, caller: &Caller) -> Result<Grant, Refused> {
        let address = caller.ip();
        match self.peers.find(calling) {
            Some(peer) => {
                let here = |ranges: &Vec<AddressRange>| ranges.iter().any(|range| range.contains(address));
                if !peer.calls_from.as_ref().is_none_or(here) {
                    return Err(Refused::CallsFrom { calling: calling.clone(), address });
                }
                match &caller.certificate {
                    _ if peer.certificates.is_empty() => {}
                    Some(certificate) if Expected::is_among(&peer.certificates, certificate) => {}
                    Some(certificate) => {
                        let shown = format!("comes with that of {certificate}");
                        return Err(Refused::Certificate { calling: calling.clone(), shown });
                    }
                    None => {
                        let shown = "comes with none".to_owned();
                        return Err(Refused::Certificate { calling: calling.clone(), shown });
                    }
                }
                Ok(Grant { whose: Whose::Peer(calling.clone()), rights: peer.rights.clone() })
            }
            None if self.unknown.may_call => {
                Ok(Grant { whose: Whose::UnknownPeer, rights: self.unknown.rights.clone() })
            }
            None => Err(Refused::UnknownPeer(calling.clone())),
        }
    }

    /// Whether somebody may not do something.
    pub fn are_limited(&self) -> bool {
        self.rights().any(Rights::are_limited)
    }

    /// Whether somebody may not have instances sent anywhere.
    pub fn have_destinations(&self) -> bool {
        self.rights().any(|rights| rights.retrieve_to.is_some())
    }

    fn rights(&self) -> impl Iterator<Item = &Rights> {
        let of_peers = self.peers.iter().map(|peer| &peer.rights);
        of_peers.chain([&self.unknown.rights]).chain(self.users.rights())
    }
}
