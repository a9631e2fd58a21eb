//! Who is at the other end of a connection that came in.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use secure_transport::Certificate;

/// Who called: what is known before its first word.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Where from.
    pub address: SocketAddr,
    /// The certificate that it proved to have; none without TLS, and where it showed none.
    pub certificate: Option<Certificate>,
}

impl Caller {
    /// Somebody of whom nothing but the address is known.
    pub fn at(address: SocketAddr) -> Self {
        Self { address, certificate: None }
    }

    pub(crate) fn ip(&self) -> IpAddr {
        self.address.ip()
    }
}

/// Its address, as IPv4 where it is one.
impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.ip().to_canonical(), self.address.port()).fmt(f)
    }
}
