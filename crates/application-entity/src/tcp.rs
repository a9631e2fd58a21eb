//! TCP under the upper layer (PS3.8 9.1): waiting with a deadline, and no waiting for acknowledgements.

use std::io::{self, ErrorKind, IoSlice};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, recv, sendmsg};
use upper_layer::Transport;

/// A connected TCP socket as the upper layer wants it.
///
/// Nagle's algorithm is off and, on Linux, delayed acknowledgements are switched off again before each wait for
/// bytes: a client that writes a message in two pieces with Nagle's algorithm on would otherwise wait some 40 ms for
/// our acknowledgement of the first.
#[derive(Debug)]
pub struct TcpTransport {
    stream: TcpStream,
}

impl TcpTransport {
    /// Takes a connected socket.
    ///
    /// # Errors
    /// When the socket refuses its options.
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    #[cfg(target_os = "linux")]
    fn acknowledge_at_once(&self) -> io::Result<()> {
        Ok(rustix::net::sockopt::set_tcp_quickack(&self.stream, true)?)
    }

    #[cfg(not(target_os = "linux"))]
    fn acknowledge_at_once(&self) -> io::Result<()> {
        Ok(())
    }

    /// Waits until the socket is ready for `what`, at most until `deadline`.
    fn wait(&self, what: PollFlags, deadline: Option<Instant>) -> io::Result<()> {
        loop {
            let left = match deadline {
                None => None,
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(ErrorKind::TimedOut.into());
                    }
                    Some(Timespec::try_from(left).map_err(io::Error::other)?)
                }
            };
            match poll(&mut [PollFd::new(&self.stream, what)], left.as_ref()) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Transport for TcpTransport {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn read(&mut self, into: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        loop {
            match recv(&self.stream, &mut *into, RecvFlags::DONTWAIT) {
                Ok((_, count)) => return Ok(count),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => {
                    self.acknowledge_at_once()?;
                    self.wait(PollFlags::IN, deadline)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn write_all(&mut self, mut bytes: &mut [IoSlice<'_>], deadline: Option<Instant>) -> io::Result<()> {
        IoSlice::advance_slices(&mut bytes, 0);
        while !bytes.is_empty() {
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            match sendmsg(&self.stream, bytes, &mut SendAncillaryBuffer::default(), flags) {
                Ok(count) => IoSlice::advance_slices(&mut bytes, count),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => self.wait(PollFlags::OUT, deadline)?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn is_readable(&mut self) -> io::Result<bool> {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        loop {
            match poll(&mut [PollFd::new(&self.stream, PollFlags::IN)], Some(&now)) {
                Ok(count) => return Ok(count > 0),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn close(&mut self) {
        // The peer may have closed first, in which case there is nothing left to shut down.
        drop(self.stream.shutdown(Shutdown::Both));
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::time::Duration;

    use super::*;

    fn pair() -> (TcpTransport, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (TcpTransport::new(listener.accept().unwrap().0).unwrap(), peer)
    }

    #[test]
    fn a_read_ends_at_its_deadline() {
        let (mut transport, _peer) = pair();
        let deadline = transport.now() + Duration::from_millis(5);
        let error = transport.read(&mut [0; 8], Some(deadline)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[test]
    fn a_closed_peer_reads_as_no_bytes() {
        let (mut transport, mut peer) = pair();
        peer.write_all(b"abc").unwrap();
        drop(peer);
        let mut buffer = [0; 8];
        assert_eq!(transport.read(&mut buffer, None).unwrap(), 3);
        assert_eq!(transport.read(&mut buffer, None).unwrap(), 0);
        assert!(transport.is_readable().unwrap());
    }

    #[test]
    fn slices_arrive_in_order_whatever_the_socket_takes_at_once() {
        let (mut transport, mut peer) = pair();
        let (head, body) = (vec![1; 12], vec![2; 4_000_000]);
        let reader = std::thread::spawn(move || {
            let mut all = Vec::new();
            peer.read_to_end(&mut all).unwrap();
            all
        });
        transport
            .write_all(&mut [IoSlice::new(&head), IoSlice::new(&[]), IoSlice::new(&body)], None)
            .unwrap();
        transport.close();
        assert_eq!(reader.join().unwrap(), [head, body].concat());
    }

    #[test]
    fn cfg_010_a_peer_that_takes_nothing_ends_the_write_at_its_deadline() {
        let (mut transport, _peer) = pair();
        let bytes = vec![0; 64 << 20];
        let deadline = transport.now() + Duration::from_millis(50);
        let error = transport.write_all(&mut [IoSlice::new(&bytes)], Some(deadline)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
}
