//! What a supervisor is to do, as data.

use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The running binary itself: stays the same version even when the file on the disk is replaced meanwhile.
pub const OWN_PROGRAM: &str = "/proc/self/exe";

/// Everything that one supervisor does. Whoever fills it starts from [`Plan::new`].
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where to listen. A child learns the position in this list with its connection.
    pub listeners: Vec<SocketAddr>,
    /// What [`Supervised::admit`](crate::Supervised::admit) counts: usually one group an SCP.
    pub groups: Vec<Group>,
    /// What [`Supervised::permit`](crate::Supervised::permit) counts: usually the exports of STORAGE-SCU.
    pub permits: Vec<PermitGroup>,
    /// The program of the nursery, and so of every child: [`OWN_PROGRAM`] unless there is a reason.
    pub program: PathBuf,
    /// Its arguments, its name (`argv[0]`) first.
    pub arguments: Vec<OsString>,
    /// How many children one nursery forks before another takes its place; see [`Nursery`](crate::Nursery).
    pub children_of_one_nursery: u32,
    /// Connections at most that were accepted and have no place yet. When one more comes, the oldest one of
    /// the address that holds most is closed, so that silent connections cannot lock out another peer.
    pub pending_max: usize,
    /// How long an association waits for a place to come free before it is refused: a peer that ended an
    /// association and came back at once meets the place of its own last one.
    pub admission_grace: Duration,
    /// How long associations may go on after a drain was asked for.
    pub drain_grace: Duration,
    /// Long-lived helper processes.
    pub keepers: Vec<Keeper>,
    /// Handed to the nursery and to every keeper as it is, in a sealed memory file.
    pub settings: Vec<u8>,
}

impl Plan {
    /// A plan with the usual sizes, that listens nowhere yet.
    pub fn new(arguments: Vec<OsString>) -> Self {
        Self {
            listeners: Vec::new(),
            groups: Vec::new(),
            permits: Vec::new(),
            program: PathBuf::from(OWN_PROGRAM),
            arguments,
            children_of_one_nursery: 10_000,
            pending_max: 256,
            admission_grace: Duration::from_millis(100),
            drain_grace: Duration::from_secs(30),
            keepers: Vec::new(),
            settings: Vec::new(),
        }
    }
}

/// Associations that are counted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What [`Supervised::admit`](crate::Supervised::admit) calls it.
    pub name: String,
    /// How many.
    pub limit: Limit,
}

/// How associations are counted (PS3.2 F.4.2.2.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// So many at the same time, whoever calls.
    Total(u32),
    /// So many for each calling AE title; a peer whose associations hang locks out nobody else.
    PerCallingAe {
        /// At most for one calling AE title: one more is refused for the local limit.
        each: u32,
        /// At most for all together, since memory is bounded: one more is refused as temporary congestion.
        ceiling: u32,
    },
}

/// Permits of which so many are out at the same time; who comes later waits in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermitGroup {
    /// What [`Supervised::permit`](crate::Supervised::permit) calls it.
    pub name: String,
    /// How many at the same time.
    pub at_a_time: u32,
}

/// A long-lived helper process beside the associations. Its standard input is a control socket as that of a
/// child; [`Control::wait_for_end`](crate::Control::wait_for_end) tells when to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeper {
    /// What events call it.
    pub name: String,
    /// The program: [`OWN_PROGRAM`] unless there is a reason.
    pub program: PathBuf,
    /// Its arguments, its name (`argv[0]`) first.
    pub arguments: Vec<OsString>,
    /// Whether it is started again when it ends.
    pub restart: Restart,
    /// When it is told to stop.
    pub stops: KeeperStops,
}

/// Whether a keeper that ended is started again; each time in a row after twice the wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// However it ended.
    Always,
    /// Unless it ended with exit code 0.
    WhenFailed,
    /// Never.
    Never,
}

/// When a keeper is told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeeperStops {
    /// At once when a drain begins: what takes in new work.
    WithDrain,
    /// After the last association: what associations rely on.
    AfterAssociations,
}

/// Why a supervisor could not start, or could not go on.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// An address cannot be listened on: used by another process, not of this machine, or privileged.
    #[error("cannot listen on {address}: {source}; choose another address or port, or end who uses it")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The nursery could not be started although it never ran.
    #[error("cannot start {program} as a child process: {source}")]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The nursery ended before it was ready, again and again.
    #[error("child processes end before they are ready ({ending}); their own messages say why")]
    ChildrenFail {
        /// How the last of them ended.
        ending: crate::Ending,
    },
    /// The system refused something that a supervisor cannot be without.
    #[error("this machine refuses {what}: {source}")]
    System {
        /// What was asked of it.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

impl SupervisorError {
    pub(crate) fn system(what: &'static str) -> impl Fn(rustix::io::Errno) -> Self {
        move |errno| Self::System { what, source: errno.into() }
    }
}
