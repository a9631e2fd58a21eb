//! The bytes of a secure connection.

use std::fmt;
use std::io::{self, BufRead, ErrorKind, IoSlice, Read, Write};
use std::time::Instant;

use rustls::pki_types::CertificateDer;
use rustls::{Connection, ProtocolVersion};
use upper_layer::Transport;

use crate::{Certificate, HandshakeFailed};

/// What one read from the transport beneath takes: four of the longest records.
const READ_BYTES: usize = 64 * 1024;

/// Slices that one write to the transport beneath hands over: rustls gathers so many.
const SLICES_MAX: usize = 64;

/// The first byte of a record that a handshake may begin with (RFC 8446 5.1).
const HANDSHAKE_RECORD: u8 = 0x16;

/// A transport over another one: TLS, its handshake done.
///
/// Memory is bounded whatever the peer sends: what was read and not decrypted ([`READ_BYTES`]), what rustls keeps (a
/// record, 64 KiB while it shakes hands), and one record in the clear.
pub struct Secured<T> {
    transport: T,
    connection: Connection,
    /// What was read and not given to rustls: `buffer[start..end]`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Bytes in the clear that rustls has for us.
    clear: usize,
    /// The peer closed the connection by the rules, so that nothing is missing.
    is_over: bool,
    /// The peer broke TLS; what it said before is still to be had.
    broken: Option<rustls::Error>,
    certificate: Option<Certificate>,
}

impl<T: Transport> Secured<T> {
    pub(crate) fn shake_hands(
        transport: T,
        connection: Connection,
        deadline: Option<Instant>,
    ) -> Result<Self, HandshakeFailed> {
        let mut secured = Self {
            transport,
            connection,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            clear: 0,
            is_over: false,
            broken: None,
            certificate: None,
        };
        match secured.negotiate(deadline) {
            Ok(()) => {
                let certificates = secured.connection.peer_certificates().unwrap_or_default();
                secured.certificate =
                    certificates.first().map(|first: &CertificateDer<'_>| Certificate::read(first));
                Ok(secured)
            }
            Err(failed) => {
                secured.transport.close();
                Err(failed)
            }
        }
    }

    fn negotiate(&mut self, deadline: Option<Instant>) -> Result<(), HandshakeFailed> {
        let mut is_first = true;
        loop {
            self.send(deadline)?;
            if !self.connection.is_handshaking() {
                return Ok(());
            }
            // A peer that sends byte after byte does not keep the clock from being looked at.
            if deadline.is_some_and(|deadline| deadline <= self.transport.now()) {
                return Err(HandshakeFailed::TimedOut);
            }
            match self.fill(deadline) {
                Ok(true) => {}
                Ok(false) if is_first => return Err(HandshakeFailed::Nothing),
                Err(error) if is_first && error.kind() == ErrorKind::ConnectionReset => {
                    return Err(HandshakeFailed::Nothing);
                }
                Ok(false) => return Err(HandshakeFailed::Closed),
                Err(error) => return Err(error.into()),
            }
            let first_byte = self.buffer.first().copied().unwrap_or_default();
            if let (true, Connection::Server(_)) = (is_first, &self.connection)
                && first_byte != HANDSHAKE_RECORD
            {
                return Err(HandshakeFailed::of_first_byte(first_byte));
            }
            if let Err(error) = self.decrypt() {
                let failed = HandshakeFailed::from(error);
                return Err(match (failed, &self.connection) {
                    // An alert of TLS would be 15H.
                    (HandshakeFailed::Broken(error), Connection::Client(_))
                        if is_first && !matches!(first_byte, HANDSHAKE_RECORD | 0x15) =>
                    {
                        HandshakeFailed::NoTlsThere(error)
                    }
                    (failed, _) => failed,
                });
            }
            is_first = false;
        }
    }

    /// The certificate of the peer; none where none was asked for or shown.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// The version of TLS that was agreed on.
    pub fn version(&self) -> &'static str {
        match self.connection.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "1.2",
            Some(ProtocolVersion::TLSv1_3) => "1.3",
            _ => "?",
        }
    }

    /// The cipher suite that was agreed on, as rustls writes it.
    pub fn suite(&self) -> Option<&'static str> {
        self.connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str())
    }

    #[cfg(test)]
    pub(crate) fn beneath(&mut self) -> &mut T {
        &mut self.transport
    }

    /// One read from the transport beneath, when nothing of the last one is left; false at its end.
    fn fill(&mut self, deadline: Option<Instant>) -> io::Result<bool> {
        self.buffer.resize(READ_BYTES, 0);
        self.start = 0;
        self.end = 0;
        self.end = self.transport.read(&mut self.buffer, deadline)?;
        Ok(self.end > 0)
    }

    /// Gives rustls what was read, until it has something in the clear or nothing is left.
    fn decrypt(&mut self) -> io::Result<()> {
        while self.clear == 0 && !self.is_over {
            if let Some(error) = &self.broken {
                self.clear = self.connection.reader().fill_buf().map_or(0, <[u8]>::len);
                return match self.clear {
                    0 => Err(io::Error::new(
                        ErrorKind::InvalidData,
                        HandshakeFailed::of_library(error.clone()),
                    )),
                    _ => Ok(()),
                };
            }
            let mut rest = self.buffer.get(self.start..self.end).unwrap_or_default();
            if rest.is_empty() {
                return Ok(());
            }
            self.start += self.connection.read_tls(&mut rest)?;
            match self.connection.process_new_packets() {
                Ok(state) => {
                    self.clear = state.plaintext_bytes_to_read();
                    self.is_over = state.peer_has_closed();
                }
                Err(error) => {
                    self.broken = Some(error);
                    // The peer is told by an alert, if there is room for it: the connection is over anyway.
                    let now = self.transport.now();
                    drop(self.send(Some(now)));
                }
            }
        }
        Ok(())
    }

    /// Moves bytes in the clear, as many as there are and fit.
    fn take(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut taken = 0;
        while self.clear > 0
            && let Some(room) = into.get_mut(taken..).filter(|room| !room.is_empty())
        {
            let count = self.connection.reader().read(room)?;
            taken += count;
            self.clear = if count == 0 { 0 } else { self.clear.saturating_sub(count) };
            // What is wrong with what follows is said by the next read.
            if self.decrypt().is_err() {
                break;
            }
        }
        Ok(taken)
    }

    /// Writes what rustls has for the peer.
    fn send(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        while self.connection.wants_write() {
            let mut outlet = Outlet { transport: &mut self.transport, deadline };
            self.connection.write_tls(&mut outlet)?;
        }
        Ok(())
    }
}

impl<T: Transport> Transport for Secured<T> {
    fn now(&self) -> Instant {
        self.transport.now()
    }

    fn read(&mut self, into: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        let mut is_first = true;
        loop {
            self.decrypt()?;
            if self.clear > 0 {
                return self.take(into);
            }
            if self.is_over {
                return Ok(0);
            }
            self.send(deadline)?;
            // A peer that sends records without content does not keep the clock from being looked at.
            if !is_first && deadline.is_some_and(|deadline| deadline <= self.transport.now()) {
                return Err(ErrorKind::TimedOut.into());
            }
            is_first = false;
            if !self.fill(deadline)? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn write_all(&mut self, mut bytes: &mut [IoSlice<'_>], deadline: Option<Instant>) -> io::Result<()> {
        IoSlice::advance_slices(&mut bytes, 0);
        while !bytes.is_empty() {
            let count = self.connection.writer().write_vectored(bytes)?;
            IoSlice::advance_slices(&mut bytes, count);
            self.send(deadline)?;
        }
        Ok(())
    }

    fn is_readable(&mut self) -> io::Result<bool> {
        self.decrypt()?;
        if self.clear > 0 || self.is_over {
            return Ok(true);
        }
        if !self.transport.is_readable()? {
            return Ok(false);
        }
        // There may be no more of it than part of a record.
        let now = self.transport.now();
        match self.fill(Some(now)) {
            Ok(true) => self.decrypt()?,
            Ok(false) => return Err(ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == ErrorKind::TimedOut => {}
            Err(error) => return Err(error),
        }
        Ok(self.clear > 0 || self.is_over)
    }

    fn close(&mut self) {
        // A peer that does not read what we say last is not waited for.
        self.connection.send_close_notify();
        let now = self.transport.now();
        drop(self.send(Some(now)));
        self.transport.close();
    }
}

impl<T: fmt::Debug> fmt::Debug for Secured<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { transport, certificate, .. } = self;
        f.debug_struct("Secured")
            .field("transport", transport)
            .field("certificate", certificate)
            .finish_non_exhaustive()
    }
}

/// Where rustls writes to.
struct Outlet<'t, T> {
    transport: &'t mut T,
    deadline: Option<Instant>,
}

impl<T: Transport> Write for Outlet<'_, T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut own = [IoSlice::new(&[]); SLICES_MAX];
        let mut count = 0;
        let mut bytes = 0;
        for (own, slice) in own.iter_mut().zip(slices) {
            *own = *slice;
            bytes += slice.len();
            count += 1;
        }
        self.transport.write_all(own.get_mut(..count).unwrap_or_default(), self.deadline)?;
        Ok(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
