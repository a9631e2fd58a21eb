//! Descriptors that are kept back, so that a connection that was accepted is served even when it took the last one.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use rustix::event::epoll::{self, EventFlags};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Resource};

use super::nurseries::UNBORN_MAX;
use super::{Office, Source};
use crate::places::Who;
use crate::spawn::Process;
use crate::{Event, Plan};

/// What one connection takes beside its own descriptor (a line has two ends of two descriptors each, a thread has its
/// connection twice), and the ends of all that are being born.
const DESCRIPTORS: usize = 5 + UNBORN_MAX;
/// Of all descriptors that may be open no more than this part is kept back.
const ONE_OF: u64 = 4;

/// Descriptors of nothing in particular, that can be given up in a moment of need.
#[derive(Debug)]
pub(super) struct Reserve {
    kept: Vec<OwnedFd>,
    whole: usize,
    /// What the system said when they were given up; none when they are all there.
    shortage: Option<Errno>,
}

impl Reserve {
    /// As many as the limit of this process lets be kept back.
    pub(super) fn new(of: impl AsFd) -> Self {
        let limit = rustix::process::getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let whole = usize::try_from(limit / ONE_OF).unwrap_or(DESCRIPTORS).min(DESCRIPTORS);
        let mut reserve = Self { kept: Vec::with_capacity(whole), whole, shortage: None };
        reserve.refill(of);
        reserve
    }

    /// Does what needs descriptors, with the reserve if it must.
    pub(super) fn help<T>(&mut self, mut work: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
        match work() {
            Err(errno @ (Errno::MFILE | Errno::NFILE)) => {
                self.shortage = Some(errno);
                self.kept.clear();
                work()
            }
            done => done,
        }
    }

    /// Keeps back again what was given up; what the system says if it has not so many yet.
    fn refill(&mut self, of: impl AsFd) {
        while self.kept.len() < self.whole {
            match rustix::io::fcntl_dupfd_cloexec(&of, 0) {
                Ok(descriptor) => self.kept.push(descriptor),
                Err(errno) => {
                    self.shortage = Some(errno);
                    return;
                }
            }
        }
        self.shortage = None;
    }
}

impl<R, E> Office<R, E>
where
    R: FnMut() -> Option<Plan>,
    E: FnMut(Event<'_>),
{
    /// Whether there are descriptors for who comes; makes room where there are not.
    pub(super) fn is_provided(&mut self, now: Instant) -> bool {
        self.adopt();
        if self.reserve.shortage.is_some() {
            self.reserve.refill(&self.epoll);
        }
        self.see_to_reserve(now)
    }

    /// Accepts nobody and lets some go as long as the reserve is not whole. False: it is not.
    pub(super) fn see_to_reserve(&mut self, now: Instant) -> bool {
        let Some(errno) = self.reserve.shortage else { return true };
        self.be_short(errno, now);
        false
    }

    /// A child whose descriptor did not reach us, or not yet: it is a child of ours all the same, and its number is not
    /// given to another before we reap it.
    pub(super) fn find(&mut self, who: Who, pid: Pid) {
        self.foundlings.push((who, pid));
        self.adopt();
    }

    /// Gets the descriptors of children that came without.
    fn adopt(&mut self) {
        for (who, pid) in std::mem::take(&mut self.foundlings) {
            match self.reserve.help(|| rustix::process::pidfd_open(pid, PidfdFlags::empty())) {
                Ok(pidfd) => self.is_born(who, pid, pidfd),
                Err(_) => self.foundlings.push((who, pid)),
            }
        }
    }

    /// Watches a child from now on.
    pub(super) fn is_born(&mut self, who: Who, pid: Pid, pidfd: OwnedFd) {
        let Some(worker) = self.workers.get_mut(&who) else { return };
        // Not watched, its end would be missed for good: one more descriptor in an epoll fails where memory is
        // short, and then it is ended while it can be.
        if epoll::add(&self.epoll, &pidfd, Source::End(who).to_data(), EventFlags::IN).is_err() {
            worker.end(true);
        }
        worker.is_born(Process::born(pid, pidfd));
    }
}
