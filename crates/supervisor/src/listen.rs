//! Listening sockets.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::sockopt;
use rustix::net::{AddressFamily, SocketFlags, SocketType};

/// Connections that the system keeps for us until we accept them; it has a bound of its own below this.
const BACKLOG: i32 = 4096;

/// A socket that listens.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) socket: OwnedFd,
    /// As the plan has it.
    pub(crate) planned: SocketAddr,
    /// As the system has it: with a port.
    pub(crate) address: SocketAddr,
}

/// Listens on `address`, which is one of `all`.
pub(crate) fn listen(address: SocketAddr, all: &[SocketAddr]) -> Result<Listener, Errno> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    // A supervisor that starts after one that was killed finds the associations of its children still open.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if address.is_ipv6() {
        // [::] takes IPv4 as well, unless the plan has an address for that itself.
        let own_v4 = all.iter().any(|other| other.is_ipv4() && other.port() == address.port());
        sockopt::set_ipv6_v6only(&socket, own_v4)?;
    }
    // What is accepted inherits it: every answer is one write, to be sent at once.
    sockopt::set_tcp_nodelay(&socket, true)?;
    rustix::net::bind(&socket, &address)?;
    rustix::net::listen(&socket, BACKLOG)?;
    let bound = SocketAddr::try_from(rustix::net::getsockname(&socket)?)?;
    Ok(Listener { socket, planned: address, address: bound })
}

/// The next connection; none when nobody waits.
pub(crate) fn accept(listener: &Listener) -> Result<Option<(OwnedFd, SocketAddr)>, Errno> {
    loop {
        match rustix::net::acceptfrom_with(&listener.socket, SocketFlags::CLOEXEC) {
            // No address: the peer was gone before it was accepted.
            Ok((socket, address)) => match address.map(SocketAddr::try_from) {
                Some(Ok(peer)) => return Ok(Some((socket, peer))),
                _ => drop(socket),
            },
            Err(Errno::AGAIN) => return Ok(None),
            // A connection that is over already is no error of the listener's (accept(2)).
            Err(
                Errno::INTR
                | Errno::CONNABORTED
                | Errno::PROTO
                | Errno::NETDOWN
                | Errno::HOSTDOWN
                | Errno::HOSTUNREACH
                | Errno::NETUNREACH,
            ) => {}
            Err(errno) => return Err(errno),
        }
    }
}
