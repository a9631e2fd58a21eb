//! The one who writes.

use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::AuditError;
use crate::event::Event;
use crate::trail::{Trail, TrailSettings};
use crate::witness::{MESSAGE_BYTES_MAX, listen, socket_path};

/// How often what was recorded is written to the disk, with the head after it.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// Events that are put on record with one write.
const TOGETHER_MAX: usize = 256;

/// Events that wait while the disk fails. Whoever tells waits too then, and gives up.
const WAITING_MAX: usize = 10_000;

/// How often, and after what time, it is tried again to open a trail that another process has open.
const BUSY_TRIES_MAX: u32 = 50;
const BUSY_WAIT: Duration = Duration::from_millis(100);

/// Takes what it is told and puts it on record.
#[derive(Debug)]
pub struct Keeper {
    trail: Trail,
    socket: UnixDatagram,
    path: PathBuf,
    waiting: Vec<Event>,
    /// Since when something is on record that is not on the disk.
    ahead_since: Option<Instant>,
    has_failed: bool,
}

impl Keeper {
    /// Opens the trail and the socket beside it.
    ///
    /// # Errors
    /// When either cannot be.
    pub fn open(settings: TrailSettings) -> Result<Self, AuditError> {
        let directory = settings.directory.clone();
        let mut tried = 0;
        let trail = loop {
            match Trail::open(settings.clone()) {
                // Somebody puts a single event on record himself.
                Err(AuditError::Busy { .. }) if tried < BUSY_TRIES_MAX => tried += 1,
                opened => break opened?,
            }
            std::thread::sleep(BUSY_WAIT);
        };
        let path = socket_path(&directory);
        let socket = listen(&directory).map_err(AuditError::file(&path))?;
        let ahead_since = trail.is_ahead_of_head().then(Instant::now);
        Ok(Self { trail, socket, path, waiting: Vec::new(), ahead_since, has_failed: false })
    }

    /// Works until `stop` can be read or its other end is closed; then all that was told is on the disk.
    ///
    /// # Errors
    /// When the system refuses to wait.
    pub fn run(&mut self, stop: BorrowedFd<'_>) -> io::Result<()> {
        let mut buffer = vec![0; MESSAGE_BYTES_MAX];
        loop {
            let mut ready =
                [PollFd::from_borrowed_fd(stop, PollFlags::IN), PollFd::new(&self.socket, PollFlags::IN)];
            let busy = self.ahead_since.is_some() || !self.waiting.is_empty();
            match poll(&mut ready, busy.then_some(&TICK)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let is_last = ready.first().is_some_and(|stop| !stop.revents().is_empty());
            loop {
                let came = self.receive(&mut buffer);
                self.record();
                if came < TOGETHER_MAX {
                    break;
                }
            }
            if is_last || self.ahead_since.is_some_and(|since| since.elapsed() >= SYNC_EVERY) {
                self.sync();
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Takes what has come; how many that is.
    fn receive(&mut self, buffer: &mut [u8]) -> usize {
        let mut count = 0;
        while count < TOGETHER_MAX && self.waiting.len() < WAITING_MAX {
            match self.socket.recv(buffer) {
                Ok(length) => {
                    count += 1;
                    // What is none of ours is let go.
                    let event = buffer.get(..length).and_then(|bytes| postcard::from_bytes(bytes).ok());
                    self.waiting.extend(event);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        count
    }

    fn record(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        match self.trail.append(&self.waiting) {
            Ok(()) => {
                self.waiting.clear();
                self.has_failed = false;
                self.ahead_since.get_or_insert_with(Instant::now);
            }
            Err(error) => self.failed(&error),
        }
    }

    fn sync(&mut self) {
        match self.trail.sync() {
            Ok(()) => self.ahead_since = None,
            Err(error) => {
                self.ahead_since = Some(Instant::now());
                self.failed(&error);
            }
        }
    }

    /// Said once, until it works again.
    fn failed(&mut self, error: &AuditError) {
        if !std::mem::replace(&mut self.has_failed, true) {
            tracing::error!(
                "nothing can be put on the audit trail, it waits until that works again: {error}"
            );
        }
    }
}

impl Drop for Keeper {
    /// Nobody has to try a socket that nobody listens on.
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).ok();
    }
}

const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 250_000_000 };
