//! The one who writes.

use std::io;
use std::net::Shutdown;
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

/// After it has put something on record it is not woken for so long: what associations tell in a rush is recorded
/// together. No longer, since the system keeps some ten messages for it (net.unix.max_dgram_qlen), and who has one more waits.
const REST: Timespec = Timespec { tv_sec: 0, tv_nsec: 2_000_000 };

/// Events that wait while the disk fails, and the bytes that they came in. Whoever tells more keeps it.
const WAITING_MAX: usize = 10_000;
const WAITING_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long a disk that failed is left alone.
const RETRY_WAIT: Duration = Duration::from_millis(250);

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
    waiting_bytes: usize,
    /// When it is tried again to put on record what waits.
    again_at: Option<Instant>,
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
        Ok(Self {
            trail,
            socket,
            path,
            waiting: Vec::new(),
            waiting_bytes: 0,
            again_at: None,
            ahead_since,
            has_failed: false,
        })
    }

    /// Works until `stop` can be read or its other end is closed; then all that was told is on the disk, unless that
    /// fails, and nobody can tell more.
    ///
    /// # Errors
    /// When the system refuses to wait.
    pub fn run(&mut self, stop: BorrowedFd<'_>) -> io::Result<()> {
        let mut buffer = vec![0; MESSAGE_BYTES_MAX];
        loop {
            // What there is no room for is not looked at: it would wake this for nothing.
            let listens = if self.has_room() { PollFlags::IN } else { PollFlags::empty() };
            let mut ready =
                [PollFd::from_borrowed_fd(stop, PollFlags::IN), PollFd::new(&self.socket, listens)];
            let busy = self.ahead_since.is_some() || !self.waiting.is_empty();
            match poll(&mut ready, busy.then_some(&TICK)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            if ready.first().is_some_and(|stop| !stop.revents().is_empty()) {
                self.finish(&mut buffer);
                return Ok(());
            }
            if self.take(&mut buffer) {
                rest(stop)?;
            }
            if self.ahead_since.is_some_and(|since| since.elapsed() >= SYNC_EVERY) {
                self.sync();
            }
        }
    }

    /// Takes the last, and has it on the disk. Whoever comes from now on finds nobody, rather than somebody who listens no
    /// more.
    fn finish(&mut self, buffer: &mut [u8]) {
        std::fs::remove_file(&self.path).ok();
        if let Err(error) = self.socket.shutdown(Shutdown::Read) {
            tracing::warn!("the audit trail's socket cannot be shut: {error}");
        }
        self.again_at = None;
        self.take(buffer);
        self.again_at = None;
        self.record();
        self.sync();
        if !self.waiting.is_empty() {
            tracing::error!("{} events are missing from the audit trail", self.waiting.len());
        }
    }

    /// Takes what has come, and puts it on record. False: nothing had.
    fn take(&mut self, buffer: &mut [u8]) -> bool {
        let mut any = false;
        loop {
            let came = self.receive(buffer);
            any |= came > 0;
            self.record();
            if came < TOGETHER_MAX {
                return any;
            }
        }
    }

    fn has_room(&self) -> bool {
        self.waiting.len() < WAITING_MAX && self.waiting_bytes < WAITING_BYTES_MAX
    }

    /// Takes what has come; how many that is.
    fn receive(&mut self, buffer: &mut [u8]) -> usize {
        let mut count = 0;
        while count < TOGETHER_MAX && self.has_room() {
            match self.socket.recv(buffer) {
                Ok(length) => {
                    count += 1;
                    // A length that the system gives is within the buffer.
                    let mut rest = buffer.get(..length).unwrap_or_default();
                    // What is none of ours is let go; only this server can send it.
                    while let Ok((event, behind)) = postcard::take_from_bytes(rest) {
                        self.waiting.push(event);
                        rest = behind;
                    }
                    self.waiting_bytes += length;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        count
    }

    /// Puts on record what waits, in parts: as much of it as there is room for on the disk.
    fn record(&mut self) {
        if self.again_at.is_some_and(|at| Instant::now() < at) {
            return;
        }
        let mut done = 0;
        let mut failed = None;
        for events in self.waiting.chunks(TOGETHER_MAX) {
            match self.trail.append(events) {
                Ok(()) => done += events.len(),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        if done > 0 {
            self.ahead_since.get_or_insert_with(Instant::now);
        }
        self.waiting.drain(..done);
        match failed {
            Some(error) => {
                self.again_at = Some(Instant::now() + RETRY_WAIT);
                self.failed(&error);
            }
            None => (self.waiting_bytes, self.again_at) = (0, None),
        }
    }

    fn sync(&mut self) {
        match self.trail.sync() {
            Ok(()) => {
                self.ahead_since = None;
                if self.again_at.is_none() && std::mem::take(&mut self.has_failed) {
                    tracing::info!("the audit trail is kept again");
                }
            }
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

/// Waits, or until it is to stop.
fn rest(stop: BorrowedFd<'_>) -> io::Result<()> {
    match poll(&mut [PollFd::from_borrowed_fd(stop, PollFlags::IN)], Some(&REST)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 250_000_000 };

#[cfg(test)]
mod tests;
