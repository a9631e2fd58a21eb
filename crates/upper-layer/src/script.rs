//! Transports for tests: a script with its own clock, and two ends in one process.
//!
//! Always compiled, so that the tests of the rooms above can use it; nothing else should.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Transport;
use crate::pdu::HEADER_BYTES;

/// What a scripted peer does next.
#[derive(Debug, Clone)]
enum Step {
    Bytes(Vec<u8>),
    Pause(Duration),
    Close,
    Fail(io::ErrorKind),
}

/// A peer that does what it is told, at times that only its own clock knows.
///
/// Behind its last step it is silent: a read times out at its deadline, and fails if it has none.
#[derive(Debug)]
pub struct Script {
    steps: VecDeque<Step>,
    portions: Vec<usize>,
    reads: usize,
    start: Instant,
    elapsed: Duration,
    record: Record,
}

/// What was done to a [`Script`]. Clones see the same.
#[derive(Debug, Clone, Default)]
pub struct Record(Arc<Mutex<Recorded>>);

#[derive(Debug, Default)]
struct Recorded {
    writes: Vec<Vec<u8>>,
    elapsed: Duration,
    is_closed: bool,
    write_failure: Option<io::ErrorKind>,
}

impl Script {
    /// A peer that says nothing, and what will be recorded of it.
    pub fn new() -> (Self, Record) {
        let record = Record::default();
        let script = Self {
            steps: VecDeque::new(),
            portions: Vec::new(),
            reads: 0,
            start: Instant::now(),
            elapsed: Duration::ZERO,
            record: record.clone(),
        };
        (script, record)
    }

    /// Then it sends these bytes.
    #[must_use]
    pub fn sends(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.steps.push_back(Step::Bytes(bytes.into()));
        self
    }

    /// Then it does nothing for a while.
    #[must_use]
    pub fn pauses(mut self, pause: Duration) -> Self {
        self.steps.push_back(Step::Pause(pause));
        self
    }

    /// Then it closes the connection.
    #[must_use]
    pub fn closes(mut self) -> Self {
        self.steps.push_back(Step::Close);
        self
    }

    /// Then the connection fails.
    #[must_use]
    pub fn fails(mut self, kind: io::ErrorKind) -> Self {
        self.steps.push_back(Step::Fail(kind));
        self
    }

    /// A read gives no more bytes than the next of these sizes, over and over.
    #[must_use]
    pub fn in_portions(mut self, sizes: impl Into<Vec<usize>>) -> Self {
        self.portions = sizes.into();
        self
    }

    fn portion(&mut self) -> usize {
        let portion = self.portions.get(self.reads.checked_rem(self.portions.len()).unwrap_or(0));
        self.reads += 1;
        portion.map_or(usize::MAX, |size| (*size).max(1))
    }

    /// Lets time pass, until the deadline at most; says whether all of it could.
    fn pass(&mut self, pause: Duration, deadline: Option<Instant>) -> bool {
        let target = self.now() + pause;
        let reached = deadline.map_or(target, |deadline| target.min(deadline.max(self.now())));
        self.elapsed = reached - self.start;
        self.record.lock().elapsed = self.elapsed;
        if reached < target {
            self.steps.push_front(Step::Pause(target - reached));
        }
        reached == target
    }
}

impl Transport for Script {
    fn now(&self) -> Instant {
        self.start + self.elapsed
    }

    fn read(&mut self, into: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        loop {
            match self.steps.pop_front() {
                Some(Step::Bytes(mut bytes)) => {
                    let count = bytes.len().min(into.len()).min(self.portion());
                    let rest = bytes.split_off(count);
                    if !rest.is_empty() {
                        self.steps.push_front(Step::Bytes(rest));
                    }
                    if let Some(into) = into.get_mut(..count).filter(|into| !into.is_empty()) {
                        into.copy_from_slice(&bytes);
                        return Ok(count);
                    }
                }
                Some(Step::Pause(pause)) => {
                    if !self.pass(pause, deadline) {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Some(Step::Close) => {
                    self.steps.push_front(Step::Close);
                    return Ok(0);
                }
                Some(Step::Fail(kind)) => return Err(kind.into()),
                None => {
                    let Some(deadline) = deadline else {
                        return Err(io::Error::other("the script is over and this read would wait for ever"));
                    };
                    self.pass(deadline.saturating_duration_since(self.now()), None);
                    return Err(io::ErrorKind::TimedOut.into());
                }
            }
        }
    }

    fn write_all(&mut self, bytes: &mut [io::IoSlice<'_>], _deadline: Option<Instant>) -> io::Result<()> {
        let mut recorded = self.record.lock();
        if let Some(kind) = recorded.write_failure {
            return Err(kind.into());
        }
        recorded.writes.push(bytes.iter().flat_map(|slice| slice.iter().copied()).collect());
        Ok(())
    }

    fn is_readable(&mut self) -> io::Result<bool> {
        Ok(!matches!(self.steps.front(), None | Some(Step::Pause(_))))
    }

    fn close(&mut self) {
        self.record.lock().is_closed = true;
    }
}

impl Record {
    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What each write handed over.
    pub fn writes(&self) -> Vec<Vec<u8>> {
        self.lock().writes.clone()
    }

    /// All that was written, cut into PDUs; what is left over comes last.
    pub fn pdus(&self) -> Vec<Vec<u8>> {
        let mut rest = self.writes().concat();
        let mut pdus = Vec::new();
        while let Some(length) = rest.get(2..HEADER_BYTES).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()) {
            let end = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
            let after = rest.split_off(end.saturating_add(HEADER_BYTES).min(rest.len()));
            pdus.push(std::mem::replace(&mut rest, after));
        }
        if !rest.is_empty() {
            pdus.push(rest);
        }
        pdus
    }

    /// Whether the connection was closed on our side.
    pub fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// How much time passed on the script's clock.
    pub fn elapsed(&self) -> Duration {
        self.lock().elapsed
    }

    /// From now on every write fails.
    pub fn fail_writes(&self, kind: io::ErrorKind) {
        self.lock().write_failure = Some(kind);
    }
}

/// One end of a connection within this process; its clock is the real one.
#[derive(Debug)]
pub struct End {
    to_peer: Option<Sender<Vec<u8>>>,
    from_peer: Receiver<Vec<u8>>,
    unread: VecDeque<u8>,
    is_over: bool,
}

/// Two ends that are connected with each other, for two threads that talk.
pub fn pair() -> (End, End) {
    let (to_second, from_first) = channel();
    let (to_first, from_second) = channel();
    let end = |to_peer, from_peer| End {
        to_peer: Some(to_peer),
        from_peer,
        unread: VecDeque::new(),
        is_over: false,
    };
    (end(to_second, from_second), end(to_first, from_first))
}

impl Transport for End {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn read(&mut self, into: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        while self.unread.is_empty() && !self.is_over {
            let received = match deadline {
                Some(deadline) => {
                    self.from_peer.recv_timeout(deadline.saturating_duration_since(Instant::now()))
                }
                None => self.from_peer.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match received {
                Ok(bytes) => self.unread.extend(bytes),
                Err(RecvTimeoutError::Timeout) => return Err(io::ErrorKind::TimedOut.into()),
                Err(RecvTimeoutError::Disconnected) => self.is_over = true,
            }
        }
        io::Read::read(&mut self.unread, into)
    }

    fn write_all(&mut self, bytes: &mut [io::IoSlice<'_>], _deadline: Option<Instant>) -> io::Result<()> {
        let bytes: Vec<u8> = bytes.iter().flat_map(|slice| slice.iter().copied()).collect();
        let sent = self.to_peer.as_ref().map(|peer| peer.send(bytes));
        sent.and_then(Result::ok).ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }

    fn is_readable(&mut self) -> io::Result<bool> {
        if self.unread.is_empty() && !self.is_over {
            match self.from_peer.try_recv() {
                Ok(bytes) => self.unread.extend(bytes),
                Err(TryRecvError::Empty) => return Ok(false),
                Err(TryRecvError::Disconnected) => self.is_over = true,
            }
        }
        Ok(true)
    }

    fn close(&mut self) {
        self.to_peer = None;
    }
}
