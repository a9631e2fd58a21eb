use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use landlock::{LandlockStatus, RestrictionStatus};
use rustix::io::Errno;
use rustix::process::DumpableBehavior;

use crate::{filter, limits, paths};

/// What a process is for, which decides what it keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Serves associations, or forks those who do: files of the data directory, and sockets that others opened.
    Association,
    /// Keeps house in the data directory and is spoken to over sockets in it.
    Housekeeper,
    /// Connects to peers: looks their names up, and opens connections.
    Outward,
}

/// What a kernel has not, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    /// No Landlock, or one that cannot let files be renamed from directory to directory (before ABI 2).
    Landlock,
    /// No seccomp filters, or a machine for which there is no table of system calls.
    Seccomp,
}

impl fmt::Display for Lacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Landlock => {
                "no Landlock of ABI 2 or later (Linux 5.19): files outside the data directory are not closed off"
            }
            Self::Seccomp => "no seccomp filters for this machine: no system call is closed off",
        })
    }
}

/// Why a process is not in its sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The kernel has not what it takes.
    #[error("this kernel has {0}")]
    Lacking(Lacking),
    /// The data directory, or what of it lies elsewhere, cannot be opened.
    #[error("cannot open {path} to confine a process to it: {source}; may this user read it?")]
    Path {
        /// What was opened.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Landlock refused.
    #[error("the kernel refuses to close off the files: {0}")]
    Paths(#[from] landlock::RulesetError),
    /// seccomp refused.
    #[error("the kernel refuses to close off system calls: {0}")]
    Calls(#[from] seccompiler::Error),
    /// The table of calls makes no filter, which is a bug of ours.
    #[error("the table of system calls makes no filter, which is a bug of ours: {0}")]
    Table(#[from] seccompiler::BackendError),
    /// A limit was refused.
    #[error("the kernel refuses {what}: {source}")]
    Limit {
        /// What was asked for.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

impl SandboxError {
    pub(crate) fn limit(what: &'static str) -> impl FnOnce(Errno) -> Self {
        move |errno| Self::Limit { what, source: errno.into() }
    }
}

/// What this kernel lacks. Asks and changes nothing.
pub fn lacking() -> Vec<Lacking> {
    let mut lacking = Vec::new();
    if !paths::is_there() {
        lacking.push(Lacking::Landlock);
    }
    if !filter::is_there() {
        lacking.push(Lacking::Seccomp);
    }
    lacking
}

/// Takes from this process, and from all that it starts from now on, what its role does not need. There is no way back.
///
/// To be called while there is one thread, after everything was opened that lies outside the data directory. What can
/// be taken is taken even where the kernel lacks the rest: the first thing lacking is the error then.
///
/// # Errors
/// When the kernel lacks something or refuses it.
pub fn enclose(role: Role, data: &Path) -> Result<(), SandboxError> {
    renounce()?;
    limits::set(role)?;
    // Nobody of the same user reads the memory of this process, in which there may be keys.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(SandboxError::limit("not to be read by others"))?;
    if role != Role::Outward {
        temporary_files_go_to(data)?;
    }
    let files = paths::confine(role, data);
    let calls = filter::confine(role);
    files.and(calls)
}

/// SQLite sorts what does not fit into memory in files that have no name; the usual places for them are closed off.
#[expect(unsafe_code, reason = "sets a variable of the environment")]
fn temporary_files_go_to(data: &Path) -> Result<(), SandboxError> {
    let data =
        std::path::absolute(data).map_err(|source| SandboxError::Path { path: data.to_owned(), source })?;
    // SAFETY: nobody reads or writes the environment meanwhile: who calls `enclose` has one thread.
    unsafe { std::env::set_var("SQLITE_TMPDIR", data) };
    Ok(())
}

/// Gives up what no process of ours ever needs: rights that a program would bring along by being executed, and core
/// files, in which there would be patients.
///
/// # Errors
/// When the kernel refuses.
pub fn renounce() -> Result<(), SandboxError> {
    rustix::thread::set_no_new_privs(true).map_err(SandboxError::limit("to renounce new privileges"))?;
    limits::no_core_files()
}

/// Whether Landlock does what is asked of it.
pub(crate) fn is_in_force(status: &RestrictionStatus) -> bool {
    matches!(status.landlock, LandlockStatus::Available { .. })
}

/// Whether `action` is one that this kernel has for seccomp filters.
pub(crate) fn has_action(action: &str) -> bool {
    let actions = fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
    actions.split_ascii_whitespace().any(|has| has == action)
}
