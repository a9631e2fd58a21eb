//! The network: bytes that come in whatever portions, late, cut off, or with others among them.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, IoSlice},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use upper_layer::Transport;

use crate::baton::{Awaits, Baton, here, is_dead};
use crate::random::Random;

/// What befalls one end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// It is silent for so long.
    Stall(Duration),
    /// It is closed without a word.
    Close,
    /// So many bytes of nothing that anybody meant come in between.
    Garbage(usize),
    /// A-ABORT comes in between.
    Abort,
    /// A-RELEASE-RQ comes in between.
    Release,
}

impl Mishap {
    /// Whether it is to come where a PDU could begin: in the middle of one it would be taken for what was meant.
    fn stands_between_pdus(&self) -> bool {
        matches!(self, Self::Garbage(_) | Self::Abort | Self::Release)
    }
}

impl Manners {
    /// A good line and a peer that behaves.
    pub(crate) fn good() -> Self {
        Self { portion_max: usize::MAX, room: 1 << 20, sending: Vec::new(), reading: Vec::new() }
    }

    /// `is_large`: as [`crate::universe::Universe`] has it.
    pub(crate) fn draw(random: &mut Random, is_large: bool) -> Self {
        let mut manners = Self::good();
        let choices = if is_large { 3 } else { 5 };
        let mut one_of = |all: [usize; 5]| all.get(random.index(choices)).copied().unwrap_or(1 << 20);
        manners.portion_max = one_of([usize::MAX, 65_536, 4_096, 700, 100]);
        manners.room = one_of([1 << 20, 65_536, 4_096, 4_096, 300]);
        let befalls = random.chance(35);
        for _ in 0..if befalls { random.between(1, 2) } else { 0 } {
            let at = if random.chance(80) { 900 + random.mostly_small(5_000) } else { random.below(900) };
            let stall = Mishap::Stall(Duration::from_millis(random.mostly_small(90_000)));
            let mishap = match random.below(10) {
                0..=2 => stall,
                3..=5 => Mishap::Close,
                6 => Mishap::Garbage(random.index(40) + 10),
                7..=8 => Mishap::Abort,
                _ => Mishap::Release,
            };
            match random.below(5) {
                0 if matches!(mishap, Mishap::Stall(_) | Mishap::Close) => {
                    manners.reading.push((at / 8, mishap))
                }
                _ => manners.sending.push((at, mishap)),
            }
        }
        manners.sending.sort_by_key(|(at, _)| *at);
        manners
    }
}

/// An A-ABORT PDU (PS3.8 9.3.8) and an A-RELEASE-RQ PDU (PS3.8 9.3.6).
const ABORT: [u8; 10] = [7, 0, 0, 0, 0, 4, 0, 0, 0, 0];
const RELEASE_RQ: [u8; 10] = [5, 0, 0, 0, 0, 4, 0, 0, 0, 0];

/// How a connection treats bytes.
#[derive(Debug, Clone)]
pub(crate) struct Manners {
    /// The most that one read gives.
    pub(crate) portion_max: usize,
    /// What fits between the ends, in bytes.
    pub(crate) room: usize,
    /// After how many bytes that the peer sends what befalls it, in order.
    pub(crate) sending: Vec<(u64, Mishap)>,
    /// After how many bytes that the peer reads it stalls or goes.
    pub(crate) reading: Vec<(u64, Mishap)>,
}

#[derive(Debug, Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    /// Nothing more will come.
    is_ended: bool,
    /// Nobody reads any more.
    is_unread: bool,
}

/// One end of a connection.
pub(crate) struct End {
    from: Arc<Mutex<Pipe>>,
    to: Arc<Mutex<Pipe>>,
    from_name: u64,
    to_name: u64,
    manners: Manners,
    sent: u64,
    received: u64,
    is_closed: bool,
    random: Random,
}

/// The two ends of a new connection: the server's, then the peer's.
pub(crate) fn connect(number: u64, manners: Manners, random: &mut Random) -> (End, End) {
    let (up, down) = (Arc::default(), Arc::default());
    let end = |from: &Arc<Mutex<Pipe>>, to: &Arc<Mutex<Pipe>>, from_name, to_name, manners, random| End {
        from: Arc::clone(from),
        to: Arc::clone(to),
        from_name,
        to_name,
        manners,
        sent: 0,
        received: 0,
        is_closed: false,
        random,
    };
    let ours = Manners { sending: Vec::new(), reading: Vec::new(), ..manners.clone() };
    let server = end(&up, &down, 2 * number, 2 * number + 1, ours, random.fork());
    let peer = end(&down, &up, 2 * number + 1, 2 * number, manners, random.fork());
    (server, peer)
}

fn lock(pipe: &Mutex<Pipe>) -> MutexGuard<'_, Pipe> {
    pipe.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lost() -> io::Error {
    ErrorKind::ConnectionReset.into()
}

impl End {
    /// Waits until there is something to read, or the server is stopped.
    pub(crate) fn watcher(&self) -> Watcher {
        Watcher { from: Arc::clone(&self.from), name: self.from_name }
    }

    fn step(&self, what: u64, words: &str) -> io::Result<(Baton, usize)> {
        let (baton, id) = here().filter(|_| !is_dead()).ok_or_else(lost)?;
        baton.step(id, what, format_args!("{words} {}", self.to_name));
        Ok((baton, id))
    }

    fn shut(&mut self) {
        self.is_closed = true;
        lock(&self.to).is_ended = true;
        let mut from = lock(&self.from);
        from.is_unread = true;
        from.bytes.clear();
        drop(from);
        if let Some((baton, _)) = here() {
            baton.wake(Awaits::Pipe(self.from_name));
            baton.wake(Awaits::Pipe(self.to_name));
        }
    }

    /// Hands bytes over, as there is room for them.
    fn push(&mut self, mut bytes: &[u8], deadline: Option<Instant>) -> io::Result<()> {
        while !bytes.is_empty() {
            let (baton, id) = self.step(2, "sends")?;
            let mut to = lock(&self.to);
            if to.is_unread || self.is_closed {
                return Err(ErrorKind::BrokenPipe.into());
            }
            let fits = self.manners.room.saturating_sub(to.bytes.len()).min(bytes.len());
            let (taken, rest) = bytes.split_at_checked(fits).unwrap_or((bytes, &[]));
            to.bytes.extend(taken);
            drop(to);
            self.sent += taken.len() as u64;
            bytes = rest;
            if fits > 0 {
                baton.wake(Awaits::Pipe(self.to_name));
            } else {
                let until = deadline.map(Baton::since_beginning);
                if until.is_some_and(|until| until <= baton.elapsed()) {
                    return Err(ErrorKind::TimedOut.into());
                }
                baton.wait(id, Awaits::Pipe(self.to_name), until);
            }
        }
        Ok(())
    }

    fn next_mishap(&mut self, sent: u64, which: fn(&Mishap) -> bool) -> Option<Mishap> {
        let all = &mut self.manners.sending;
        all.extract_if(.., |(at, mishap)| *at <= sent && which(mishap)).next().map(|(_, mishap)| mishap)
    }

    /// The first that befalls before so much is sent, wherever in a PDU.
    fn next_within(&mut self, end: u64) -> Option<(u64, Mishap)> {
        let all = &mut self.manners.sending;
        all.extract_if(.., |(at, mishap)| *at < end && !mishap.stands_between_pdus()).next()
    }

    /// What is next to befall this end, once it has sent (or read) so much.
    fn befalls(&mut self, mishap: Mishap) -> io::Result<()> {
        let (baton, id) = self.step(3, "something befalls")?;
        match mishap {
            Mishap::Stall(duration) => {
                baton.count("peer stalled");
                baton.sleep(id, duration);
                Ok(())
            }
            Mishap::Close => {
                baton.count("peer closed the connection");
                self.shut();
                Err(lost())
            }
            Mishap::Garbage(bytes) => {
                baton.count("peer sent garbage");
                let garbage: Vec<u8> =
                    (0..bytes).map(|_| u8::try_from(self.random.below(256)).unwrap_or(0)).collect();
                self.push(&garbage, None)
            }
            Mishap::Abort => {
                baton.count("peer aborted");
                self.push(&ABORT, None)?;
                self.shut();
                Err(lost())
            }
            Mishap::Release => {
                baton.count("peer released early");
                self.push(&RELEASE_RQ, None)
            }
        }
    }
}

impl Transport for End {
    fn now(&self) -> Instant {
        here().map_or_else(Instant::now, |(baton, _)| baton.now())
    }

    fn read(&mut self, into: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        let received = self.received;
        let mishap = self.manners.reading.extract_if(.., |(at, _)| *at <= received).next();
        if let Some((_, mishap)) = mishap {
            self.befalls(mishap)?;
        }
        loop {
            let (baton, id) = self.step(1, "reads")?;
            if self.is_closed {
                return Err(lost());
            }
            let mut from = lock(&self.from);
            let there = from.bytes.len().min(into.len());
            if there > 0 {
                let portion = self.random.between(1, self.manners.portion_max.max(1) as u64);
                let count = there.min(usize::try_from(portion).unwrap_or(usize::MAX));
                let read = into.iter_mut().zip(from.bytes.drain(..count));
                read.for_each(|(into, byte)| *into = byte);
                drop(from);
                self.received += count as u64;
                baton.wake(Awaits::Pipe(self.from_name));
                // Not the bytes: a comment on an error has the directory's name in it.
                baton.trace(&count.to_le_bytes());
                return Ok(count);
            }
            if from.is_ended {
                return Ok(0);
            }
            drop(from);
            let until = deadline.map(Baton::since_beginning);
            if until.is_some_and(|until| until <= baton.elapsed()) {
                return Err(ErrorKind::TimedOut.into());
            }
            baton.wait(id, Awaits::Pipe(self.from_name), until);
        }
    }

    /// Whole PDUs, as the upper layer writes them.
    fn write_all(&mut self, bytes: &mut [IoSlice<'_>], deadline: Option<Instant>) -> io::Result<()> {
        let all: Vec<u8> = bytes.iter().flat_map(|slice| slice.iter().copied()).collect();
        let mut rest = all.as_slice();
        while !rest.is_empty() {
            while let Some(mishap) = self.next_mishap(self.sent, Mishap::stands_between_pdus) {
                self.befalls(mishap)?;
            }
            let length = rest.get(2..6).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes);
            let (mut pdu, after) = rest.split_at_checked(6 + length as usize).unwrap_or((rest, &[]));
            while let Some((at, mishap)) = self.next_within(self.sent + pdu.len() as u64) {
                let before = usize::try_from(at.saturating_sub(self.sent)).unwrap_or(usize::MAX);
                let (first, second) = pdu.split_at_checked(before).unwrap_or((pdu, &[]));
                self.push(first, deadline)?;
                self.befalls(mishap)?;
                pdu = second;
            }
            self.push(pdu, deadline)?;
            rest = after;
        }
        Ok(())
    }

    fn is_readable(&mut self) -> io::Result<bool> {
        self.step(4, "looks at")?;
        let from = lock(&self.from);
        Ok(self.is_closed || !from.bytes.is_empty() || from.is_ended)
    }

    fn close(&mut self) {
        self.shut();
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.shut();
    }
}

/// Who looks whether the peer says something.
pub(crate) struct Watcher {
    from: Arc<Mutex<Pipe>>,
    name: u64,
}

impl Watcher {
    fn has_something(&self) -> bool {
        let from = lock(&self.from);
        !from.bytes.is_empty() || from.is_ended
    }

    /// Whether the peer said something, for so long; ends early when the server is stopped.
    pub(crate) fn wait(&self, at_most: Duration) -> bool {
        let Some((baton, id)) = here().filter(|_| !is_dead()) else { return true };
        baton.step(id, 5, format_args!("waits for {}", self.name));
        let until = baton.elapsed() + at_most;
        loop {
            if self.has_something() {
                return true;
            }
            if baton.is_stopping() || baton.elapsed() >= until {
                return false;
            }
            baton.wait(id, Awaits::Pipe(self.name), Some(until));
        }
    }
}
