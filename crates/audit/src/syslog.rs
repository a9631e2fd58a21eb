//! The trail passed on to a collector: syslog (RFC 5424) over TCP (RFC 6587) or TLS (RFC 5425).
//!
//! It is read from the files, and how far it was sent is kept beside them: what a collector could not take is sent when it
//! can, over restarts too. A connection that breaks may take some messages with it that count as sent, since syslog
//! answers nothing; the numbers in the messages show that.

use std::io::{self, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::AuditError;
use crate::chain::Record;
use crate::files::{self, Lines};

/// The number of the last record that was sent.
const FORWARDED: &str = "forwarded";

/// Records that are sent before it is noted that they were.
const TOGETHER_MAX: usize = 256;

/// How often it is looked for what is new, and how long is waited after a failure.
const LOOKS_EVERY: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
const RETRY_WAIT: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };

/// How long connecting and writing may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How messages go to the collector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// As they are.
    Tcp,
    /// Encrypted; the collector has a certificate of one of the authorities in this file (PEM).
    Tls {
        /// The file.
        authorities: PathBuf,
    },
}

/// Whom messages are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collector {
    /// Its name or address.
    pub host: String,
    /// Its port: 6514 is that of syslog over TLS.
    pub port: u16,
    /// How.
    pub transport: Transport,
}

/// Sends what is on record.
#[derive(Debug)]
pub struct Forwarder {
    collector: Collector,
    directory: PathBuf,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    connection: Option<Connection>,
    position: Position,
    is_failing: bool,
}

/// How far was read.
#[derive(Debug, Clone, Default)]
struct Position {
    /// The record that was sent last.
    sent: u64,
    /// The file that it is in, and where the next one begins.
    file: Option<(PathBuf, u64)>,
}

#[derive(Debug)]
enum Connection {
    Tcp(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Forwarder {
    /// Of the trail in `directory`. Nothing is sent yet.
    ///
    /// # Errors
    /// When the certificates of the authorities cannot be read, or the host is no name.
    pub fn new(collector: Collector, directory: &Path) -> Result<Self, AuditError> {
        let tls = match &collector.transport {
            Transport::Tcp => None,
            Transport::Tls { authorities } => {
                let name = ServerName::try_from(collector.host.clone())
                    .map_err(|_| AuditError::Host(collector.host.clone()))?;
                Some((Arc::new(tls_of(authorities)?), name))
            }
        };
        let sent = std::fs::read_to_string(directory.join(FORWARDED)).unwrap_or_default();
        let position = Position { sent: sent.trim().parse().unwrap_or(0), file: None };
        Ok(Self {
            collector,
            directory: directory.to_owned(),
            tls,
            connection: None,
            position,
            is_failing: false,
        })
    }

    /// Sends until `stop` can be read or its other end is closed; then what is left, if the collector takes it at once.
    ///
    /// # Errors
    /// When the system refuses to wait.
    pub fn run(&mut self, stop: BorrowedFd<'_>) -> io::Result<()> {
        let mut wait = LOOKS_EVERY;
        loop {
            let mut ready = [PollFd::from_borrowed_fd(stop, PollFlags::IN)];
            match poll(&mut ready, Some(&wait)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let is_last = ready.iter().any(|stop| !stop.revents().is_empty());
            wait = match self.send_all() {
                Ok(()) => LOOKS_EVERY,
                Err(words) => {
                    self.connection = None;
                    if !std::mem::replace(&mut self.is_failing, true) {
                        let Collector { host, port, .. } = &self.collector;
                        tracing::error!(address = %format_args!("{host}:{port}"), "the audit trail cannot be passed on, it is tried again: {words}");
                    }
                    RETRY_WAIT
                }
            };
            if is_last {
                return Ok(());
            }
        }
    }

    fn send_all(&mut self) -> Result<(), String> {
        loop {
            let before = self.position.clone();
            let messages = self.read().map_err(|error| error.to_string())?;
            if messages.is_empty() {
                return Ok(());
            }
            if let Err(error) = self.send(&messages) {
                self.position = before;
                return Err(error.to_string());
            }
            let sent = format!("{}\n", self.position.sent);
            files::replace(&self.directory, FORWARDED, &sent).map_err(|error| error.to_string())?;
            if std::mem::take(&mut self.is_failing) {
                tracing::info!("the audit trail is passed on again");
            }
        }
    }

    /// The next records that were not sent, as syslog messages.
    fn read(&mut self) -> Result<Vec<u8>, AuditError> {
        let mut messages = Vec::new();
        let mut count = 0;
        let all = files::list(&self.directory)?;
        // The file that holds the next record is the last that begins at it or before.
        let next = self.position.sent.saturating_add(1);
        let from = all.iter().rposition(|(first, _)| *first <= next).unwrap_or(0);
        for (_, path) in all.iter().skip(from) {
            let offset = match &self.position.file {
                Some((file, offset)) if file == path => *offset,
                _ => 0,
            };
            let mut lines = Lines::open(path, offset)?;
            while count < TOGETHER_MAX
                && let Some(line) = lines.next()?
            {
                if let Some(record) =
                    Record::parse(&line).filter(|record| record.link.number > self.position.sent)
                {
                    framed(&record, &mut messages);
                    self.position.sent = record.link.number;
                    count += 1;
                }
            }
            self.position.file = Some((path.clone(), lines.offset));
            if count == TOGETHER_MAX {
                break;
            }
        }
        Ok(messages)
    }

    fn send(&mut self, messages: &[u8]) -> io::Result<()> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let connection = self.connection.insert(connection);
        connection.writer().write_all(messages)?;
        connection.writer().flush()
    }

    fn connect(&self) -> io::Result<Connection> {
        let Collector { host, port, .. } = &self.collector;
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in (host.as_str(), *port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => return self.over(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn over(&self, mut stream: TcpStream) -> io::Result<Connection> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let Some((config, name)) = &self.tls else { return Ok(Connection::Tcp(stream)) };
        let mut session =
            ClientConnection::new(Arc::clone(config), name.clone()).map_err(io::Error::other)?;
        // Nothing is sent before it is known to whom.
        while session.is_handshaking() {
            session.complete_io(&mut stream)?;
        }
        Ok(Connection::Tls(Box::new(StreamOwned::new(session, stream))))
    }
}

impl Connection {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Tcp(stream) => stream,
            Self::Tls(stream) => stream,
        }
    }
}

fn tls_of(authorities: &Path) -> Result<ClientConfig, AuditError> {
    let unusable = |what: String| AuditError::Certificates { path: authorities.to_owned(), what };
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(authorities).map_err(|error| unusable(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable("it is empty".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| unusable(error.to_string()))?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

/// Appends a record as a message of RFC 5424 behind its length.
fn framed(record: &Record<'_>, into: &mut Vec<u8>) {
    /// Facility 10 (security), severity 5 (notice): PS3.15 A.6 leaves both open, others of its kind use these.
    const PRIORITY: u32 = 10 * 8 + 5;
    /// PS3.15 A.6.
    const MESSAGE_ID: &str = "DICOM+RFC3881";
    const NIL: &str = "-";
    let time = record.message.split_once("EventDateTime=\"").and_then(|(_, rest)| rest.split_once('"'));
    let time = time.map_or(NIL, |(time, _)| time);
    let system = rustix::system::uname();
    let host = system.nodename().to_str().unwrap_or(NIL);
    // What is defined for everybody (RFC 5424 7.3.1) ends at this number.
    let number = (record.link.number.saturating_sub(1) % 2_147_483_647) + 1;
    let pid = std::process::id();
    let header = format!(
        "<{PRIORITY}>1 {time} {host} isocenter {pid} {MESSAGE_ID} [meta sequenceId=\"{number}\"] \u{feff}"
    );
    let length = header.len() + record.message.len();
    into.extend_from_slice(format!("{length} {header}{}", record.message).as_bytes());
}

#[cfg(test)]
mod tests;
