use std::fmt::Debug;
use std::io;
use std::net::TcpStream;
use std::time::Duration;

use crate::Peer;

/// Who opens connections to peers: this process, or another one where this one may open none.
pub trait Connecting: Debug + Send + Sync {
    /// A connection to the peer, at the first of its addresses that takes one within `timeout`.
    ///
    /// # Errors
    /// When none does, or its host has no address.
    fn connect(&self, peer: &Peer, timeout: Duration) -> io::Result<TcpStream>;
}

/// This process opens the connection.
#[derive(Debug, Clone, Copy)]
pub struct Directly;

impl Connecting for Directly {
    fn connect(&self, peer: &Peer, timeout: Duration) -> io::Result<TcpStream> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in peer.addresses()? {
            match TcpStream::connect_timeout(&address, timeout) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
