//! Connections to peers for associations that may open none.
//!
//! An association in its sandbox asks the connector, a process of ours, over a socket in the data directory: it says the
//! AE title of a peer of the configuration, and is handed a connection to that peer. So it looks up no names, and reaches
//! nobody but peers.
//!
//! One says the title and stops writing. The other sends four bytes, an errno (little endian), with the connection if
//! it is 0; behind another errno, or [`OTHER`], may come words.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use application_entity::{Connecting, Directly, Peer, Peers};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use vocabulary::AeTitle;

/// The socket of the connector, in the data directory.
const SOCKET: &str = "peers.connector";

/// Those who are connected for at a time; who comes beyond that waits for another to have his.
const CALLERS_MAX: usize = 64;

/// How long somebody may take to say whom he wants, or to take what he gets.
const SAID_WITHIN: Duration = Duration::from_secs(2);

/// How long the connector may take beyond the time that a peer has to take a connection: it looks up names.
const NAMES_TAKE: Duration = Duration::from_secs(30);

/// How often a connector is looked for that has only just been started, or is being started again.
const LOOKS_EVERY: Duration = Duration::from_millis(20);

/// An AE title has 16 characters (PS3.5 6.2); one more shows that it is none.
const TITLE_BYTES_MAX: u64 = 17;

/// No errno: words say it.
const OTHER: i32 = -1;

/// The longest words that are passed on, in bytes.
const WORDS_BYTES_MAX: u64 = 1024;

/// Where the socket is.
pub(crate) fn socket(data: &Path) -> PathBuf {
    data.join(SOCKET)
}

/// Connects by way of the connector.
#[derive(Debug, Clone)]
pub(crate) struct ByConnector {
    socket: PathBuf,
}

impl ByConnector {
    /// By the connector of the server that has this data directory.
    pub(crate) fn of(data: &Path) -> Self {
        Self { socket: socket(data) }
    }

    /// Waits for the connector to be there, which it is not yet in the first moments of a server.
    fn reach(&self, until: Instant) -> io::Result<UnixStream> {
        loop {
            match catalog::reach(&self.socket, |socket| UnixStream::connect(socket)) {
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
                        && Instant::now() < until =>
                {
                    thread::sleep(LOOKS_EVERY);
                }
                reached => return reached,
            }
        }
    }
}

impl Connecting for ByConnector {
    fn connect(&self, peer: &Peer, timeout: Duration) -> io::Result<TcpStream> {
        let line = self.reach(Instant::now() + timeout)?;
        line.set_read_timeout(Some(timeout + NAMES_TAKE))?;
        (&line).write_all(peer.ae_title.as_str().as_bytes())?;
        line.shutdown(Shutdown::Write)?;
        take(&line)
    }
}

/// What the connector has to give.
fn take(line: &UnixStream) -> io::Result<TcpStream> {
    let mut errno = [0; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let came = recvmsg(line, &mut [IoSliceMut::new(&mut errno)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let connection = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    if came.bytes != errno.len() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connector was lost; try again"));
    }
    match (i32::from_le_bytes(errno), connection) {
        (0, Some(connection)) => Ok(connection.into()),
        (OTHER, _) => {
            let mut words = String::new();
            line.take(WORDS_BYTES_MAX).read_to_string(&mut words)?;
            Err(io::Error::other(words))
        }
        (0, None) => Err(io::Error::other("the connector sent no connection; are too many files open?")),
        (errno, _) => Err(io::Error::from_raw_os_error(errno)),
    }
}

/// Connects for whoever comes to `listener`, which waits in accept(). Does not return but for an error of the system's.
pub(crate) fn run(listener: &UnixListener, peers: Peers, timeout: Duration) -> io::Result<()> {
    let peers = Arc::new(peers);
    let callers = Arc::new(AtomicUsize::new(0));
    loop {
        let line = match listener.accept() {
            Ok((line, _)) if callers.load(Ordering::Relaxed) < CALLERS_MAX => line,
            // Too many: those who wait hear of it, and try again where that is configured.
            Ok((line, _)) => {
                give(&line, &Err(io::Error::from_raw_os_error(rustix::io::Errno::AGAIN.raw_os_error()))).ok();
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // Nothing can be opened: whoever has one gives it back before long.
            Err(error) if is_scarce(&error) => {
                thread::sleep(LOOKS_EVERY);
                continue;
            }
            Err(error) => return Err(error),
        };
        callers.fetch_add(1, Ordering::Relaxed);
        let (peers, counted) = (Arc::clone(&peers), Arc::clone(&callers));
        let serve = move || {
            if let Err(error) = serve(&line, &peers, timeout) {
                tracing::debug!("somebody was not connected: {error}");
            }
            counted.fetch_sub(1, Ordering::Relaxed);
        };
        if thread::Builder::new().name("connecting".to_owned()).spawn(serve).is_err() {
            callers.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn is_scarce(error: &io::Error) -> bool {
    let errno = rustix::io::Errno::from_io_error(error);
    matches!(
        errno,
        Some(
            rustix::io::Errno::MFILE
                | rustix::io::Errno::NFILE
                | rustix::io::Errno::NOBUFS
                | rustix::io::Errno::NOMEM
        )
    )
}

/// One who asks.
fn serve(line: &UnixStream, peers: &Peers, timeout: Duration) -> io::Result<()> {
    line.set_read_timeout(Some(SAID_WITHIN))?;
    line.set_write_timeout(Some(SAID_WITHIN))?;
    let mut title = String::new();
    line.take(TITLE_BYTES_MAX).read_to_string(&mut title)?;
    let connected = match AeTitle::parse(&title).ok().and_then(|title| peers.find(&title)) {
        Some(peer) => Directly.connect(peer, timeout),
        None => {
            Err(io::Error::new(io::ErrorKind::NotFound, "no peer of the configuration has this AE title"))
        }
    };
    give(line, &connected)
}

fn give(line: &UnixStream, connected: &io::Result<TcpStream>) -> io::Result<()> {
    let (errno, connection, words) = match connected {
        Ok(connection) => (0, Some(connection.as_fd()), String::new()),
        Err(error) => match error.raw_os_error() {
            Some(errno) => (errno, None, String::new()),
            None => (OTHER, None, error.to_string()),
        },
    };
    let descriptors = connection.as_slice();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    sendmsg(line, &[IoSlice::new(&i32::to_le_bytes(errno))], &mut ancillary, SendFlags::NOSIGNAL)?;
    let mut line = line;
    line.write_all(words.as_bytes())
}

#[cfg(test)]
mod tests;
