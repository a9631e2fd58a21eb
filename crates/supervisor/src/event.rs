//! What happened that somebody may want to read in a log.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::Refusal;

/// What a supervisor tells whoever runs it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Connections are accepted and served. Comes once.
    Ready {
        /// The addresses listened on, in the order of the plan; a port 0 is the real one here.
        listeners: &'a [SocketAddr],
    },
    /// An association was not admitted.
    Refused {
        /// Where it comes from.
        peer: SocketAddr,
        /// Its calling AE title.
        calling: &'a str,
        /// Its called AE title.
        called: &'a str,
        /// Why.
        refusal: Refusal,
    },
    /// A connection that had sent no association request was closed for a newer one.
    PendingClosed {
        /// Where it came from.
        peer: SocketAddr,
        /// How long it had been open.
        open_for: Duration,
    },
    /// A child ended by a signal or with an exit code other than 0 (or its thread panicked).
    ChildFailed {
        /// Its process id; none for a thread.
        pid: Option<u32>,
        /// Whom it served.
        peer: SocketAddr,
        /// The calling AE title; empty before it was known.
        calling: &'a str,
        /// The called AE title; empty before it was known.
        called: &'a str,
        /// What it was doing, as it said itself.
        activity: &'a str,
        /// How it ended.
        ending: Ending,
    },
    /// A child, a keeper or the nursery could not be started. The connection that a child was for is closed.
    SpawnFailed {
        /// What the system says.
        error: &'a io::Error,
        /// When it is tried again; for a child, when the next connection is accepted.
        retry_in: Duration,
    },
    /// Connections cannot be accepted (too many open files, for one); it is tried again.
    AcceptFailed {
        /// What the system says.
        error: &'a io::Error,
        /// When it is tried again.
        retry_in: Duration,
    },
    /// A keeper or the nursery was started.
    KeeperStarted {
        /// Its name; [`NURSERY`](crate::NURSERY) is that of the nursery.
        name: &'a str,
        /// Its process id.
        pid: u32,
    },
    /// A keeper or the nursery ended.
    KeeperEnded {
        /// Its name.
        name: &'a str,
        /// How.
        ending: Ending,
        /// When it is started again; none if it is not.
        restart_in: Option<Duration>,
    },
    /// New settings hold, for who comes from now on.
    Reloaded {
        /// The addresses listened on now.
        listeners: &'a [SocketAddr],
    },
    /// An address of the new settings cannot be listened on; the rest of them holds.
    ListenFailed {
        /// Which.
        address: SocketAddr,
        /// What the system says.
        error: &'a io::Error,
    },
    /// A drain began: what runs goes on, what comes is refused.
    Draining {
        /// Associations that go on.
        running: usize,
        /// How long they may.
        grace: Duration,
    },
    /// What is left is being ended.
    EndingChildren {
        /// Children that served somebody still.
        serving: usize,
    },
}

/// What a process ends with that panicked, as where `main` panics.
pub(crate) const PANICKED: i32 = 101;

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With this exit code.
    Exited(i32),
    /// By this signal.
    Killed(i32),
    /// A thread that panicked.
    Panicked,
    /// A thread that returned.
    Returned,
}

impl Ending {
    /// Whether it is what is expected of a child.
    pub fn is_clean(self) -> bool {
        matches!(self, Self::Exited(0) | Self::Returned)
    }

    /// What that tells of the cause, in words; nothing where it tells nothing.
    pub fn cause(self) -> &'static str {
        match self {
            Self::Exited(PANICKED) | Self::Panicked => "it panicked, a bug of ours; its last words say where",
            Self::Killed(libc::SIGSYS) => {
                "it made a system call that nothing of ours makes: somebody may have taken it over"
            }
            Self::Killed(libc::SIGSEGV | libc::SIGBUS | libc::SIGILL | libc::SIGFPE) => {
                "it crashed, a bug of ours that somebody may be trying to use"
            }
            Self::Killed(libc::SIGABRT) => "it gave up, most often for want of memory; its last words say so",
            Self::Killed(libc::SIGKILL) => {
                "somebody on this machine killed it, or the kernel did for want of memory"
            }
            Self::Killed(libc::SIGXCPU | libc::SIGXFSZ) => "it met a limit that was set for the server",
            Self::Killed(_) => "somebody on this machine ended it",
            Self::Exited(_) | Self::Returned => "",
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exit code {code}"),
            Self::Killed(signal) => write!(f, "killed by signal {signal}"),
            Self::Panicked => f.write_str("panicked"),
            Self::Returned => f.write_str("returned"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ending;

    #[test]
    fn what_ends_a_process_is_told_apart() {
        assert!(Ending::Killed(libc::SIGSYS).cause().contains("system call"));
        assert!(Ending::Killed(libc::SIGSEGV).cause().contains("crashed"));
        assert!(Ending::Killed(libc::SIGABRT).cause().contains("memory"));
        assert!(Ending::Killed(libc::SIGKILL).cause().contains("killed"));
        assert!(Ending::Exited(101).cause().contains("panicked"));
        assert_eq!(Ending::Exited(0).cause(), "");
    }
}
