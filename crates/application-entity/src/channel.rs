//! What carries an association: TCP, or TLS over it (PS3.8 9.1, PS3.15 annex B).

use std::io::{self, ErrorKind, IoSlice};
use std::time::Instant;

use secure_transport::{HandshakeFailed, Listening, Secured};
use upper_layer::Transport;

use crate::{Caller, TcpTransport};

/// TCP, or TLS over it. Which of the two is settled before the first byte of the upper layer.
#[derive(Debug)]
pub enum Channel {
    /// In the clear.
    Plain(TcpTransport),
    /// TLS.
    Secure(Box<Secured<TcpTransport>>),
}

impl Channel {
    /// Takes a connection that came in on a port for TLS, and notes whose certificate it has. None: there is no
    /// secure connection by `deadline`; why is in the log, and the connection is closed.
    pub fn accept_secure(
        transport: TcpTransport,
        listening: &Listening,
        caller: &mut Caller,
        deadline: Option<Instant>,
    ) -> Option<Self> {
        let peer = tracing::field::display(&*caller);
        match listening.accept(transport, deadline) {
            Ok(secured) => {
                let certificate = secured.certificate().map(tracing::field::display);
                let (tls, suite) = (secured.version(), secured.suite());
                tracing::info!(peer, tls, suite, certificate, "secure connection");
                caller.certificate = secured.certificate().cloned();
                Some(Self::Secure(Box::new(secured)))
            }
            // A port scan or a load balancer's probe, as where no association is asked for.
            Err(failed @ HandshakeFailed::Nothing) => {
                tracing::debug!(peer, "no secure connection: {failed}");
                None
            }
            Err(failed) => {
                tracing::warn!(peer, "no secure connection: {failed}");
                None
            }
        }
    }
}

impl Transport for Channel {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn read(&mut self, into: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        match self {
            Self::Plain(transport) => transport.read(into, deadline),
            Self::Secure(transport) => transport.read(into, deadline).inspect_err(tell),
        }
    }

    fn write_all(&mut self, bytes: &mut [IoSlice<'_>], deadline: Option<Instant>) -> io::Result<()> {
        match self {
            Self::Plain(transport) => transport.write_all(bytes, deadline),
            Self::Secure(transport) => transport.write_all(bytes, deadline),
        }
    }

    fn is_readable(&mut self) -> io::Result<bool> {
        match self {
            Self::Plain(transport) => transport.is_readable(),
            Self::Secure(transport) => transport.is_readable().inspect_err(tell),
        }
    }

    fn close(&mut self) {
        match self {
            Self::Plain(transport) => transport.close(),
            Self::Secure(transport) => transport.close(),
        }
    }
}

/// The upper layer keeps of an error no more than its kind; what TLS has to say is more, and said rarely.
fn tell(error: &io::Error) {
    if error.kind() == ErrorKind::InvalidData {
        tracing::warn!("{error}");
    }
}
