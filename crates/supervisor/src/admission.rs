//! What one who serves an association may ask of the supervisor.

use std::fmt;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Duration;

/// The answer to [`Supervised::admit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Admission {
    /// The association has its place.
    Admitted,
    /// The association is to be rejected.
    Refused(Refusal),
}

/// Why an association has no place (PS3.8 9.3.4, results 2 "rejected-transient").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The configured maximum of simultaneous associations is reached: local-limit-exceeded.
    LocalLimitExceeded,
    /// Too little memory or too few processes for one more: temporary-congestion.
    TemporaryCongestion,
    /// The server is being stopped: temporary-congestion as well, and worth other words in a log.
    Draining,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LocalLimitExceeded => "the configured number of associations is reached",
            Self::TemporaryCongestion => "no room for one more association at present",
            Self::Draining => "the server is being stopped",
        })
    }
}

/// The supervisor does not answer any more: it was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the supervisor is gone; what runs is finished, nothing new is begun")]
pub struct SupervisorGone;

/// What one who serves an association may ask of the supervisor. The same for a child process, for a thread,
/// and (as [`Unsupervised`]) for who has no supervisor at all.
pub trait Supervised {
    /// Asks for a place among the associations of `group`. Waits for the answer: the admission grace at most.
    fn admit(&mut self, group: &str, calling: &str, called: &str) -> Admission;
    /// Asks for a permit of `group`. Returns at once; [`Permit::wait`] tells when it is held.
    fn permit(&mut self, group: &str) -> Result<Permit, SupervisorGone>;
    /// Says what is being done, for the process list and for the log line should this process die. Cheap
    /// enough for every message.
    fn activity(&mut self, text: &str);
    /// Waits between two requests: until the peer (its socket) has something to say, `at_most` so long, or until
    /// the server is being stopped.
    fn await_peer(&mut self, peer: BorrowedFd<'_>, at_most: Duration) -> Awaited;
    /// The association is over: its place is free from now on. To be called before the last word
    /// (A-RELEASE-RP, A-ABORT) is sent, so that a peer that comes back at once finds the place free.
    ///
    /// One who still exports for a requester that is gone calls it only when that is done: what a peer can
    /// pile up by asking and hanging up stays bounded by its places.
    fn done(&mut self);
}

/// What ended a wait between two requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Awaited {
    /// The peer has something to say, or its connection ended.
    Peer,
    /// The time passed.
    Nothing,
    /// The server is being stopped: begin nothing more.
    Stop,
}

/// A permit, asked for and perhaps held already; given back (or withdrawn) when dropped.
pub struct Permit {
    held: bool,
    id: u32,
    source: Option<Arc<dyn PermitSource>>,
}

/// Where permits come from.
pub(crate) trait PermitSource: Send + Sync {
    /// Waits for the permit; false when `timeout` passes first.
    fn wait(&self, id: u32, timeout: Option<Duration>) -> Result<bool, SupervisorGone>;
    /// Gives it back, held or not.
    fn give_back(&self, id: u32);
}

impl Permit {
    /// A permit where nobody counts.
    pub fn unlimited() -> Self {
        Self { held: true, id: 0, source: None }
    }

    pub(crate) fn asked(id: u32, source: Arc<dyn PermitSource>) -> Self {
        Self { held: false, id, source: Some(source) }
    }

    /// Waits until the permit is held, or `timeout` passes (none: for ever). True when it is held. May be
    /// called again; the place in the queue is kept.
    pub fn wait(&mut self, timeout: Option<Duration>) -> Result<bool, SupervisorGone> {
        if !self.held
            && let Some(source) = &self.source
        {
            self.held = source.wait(self.id, timeout)?;
        }
        Ok(self.held)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(source) = &self.source {
            source.give_back(self.id);
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("held", &self.held).field("id", &self.id).finish_non_exhaustive()
    }
}

/// No supervisor: everything is allowed and nobody listens. For commands that make one association
/// themselves, and for tests.
#[derive(Debug, Default, Clone, Copy)]
pub struct Unsupervised;

impl Supervised for Unsupervised {
    fn admit(&mut self, _group: &str, _calling: &str, _called: &str) -> Admission {
        Admission::Admitted
    }

    fn permit(&mut self, _group: &str) -> Result<Permit, SupervisorGone> {
        Ok(Permit::unlimited())
    }

    fn activity(&mut self, _text: &str) {}

    fn await_peer(&mut self, _peer: BorrowedFd<'_>, _at_most: Duration) -> Awaited {
        Awaited::Peer
    }

    fn done(&mut self) {}
}
