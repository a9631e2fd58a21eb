//! Limits of the process (setrlimit(2)).

use rustix::process::{Resource, Rlimit};

use crate::{Role, SandboxError};

/// Address space of an association, in bytes: more than the bounds of a conversion come to together (2 GiB of pixel data
/// held, as much that was read, a frame of 512 MiB and the 32-bit numbers that JPEG 2000 makes of it), so that it ends
/// whom a bound has let through and nobody else. Address space that is only reserved counts too.
pub const ADDRESS_SPACE_BYTES: u64 = 8 << 30;

/// Descriptors of an association. The busiest has some 30: the catalog with its log, the vault, the peer, a destination.
pub const OPEN_FILES: u64 = 256;

/// A limit that an association has.
#[derive(Debug, Clone, Copy)]
pub struct Limited {
    /// As setrlimit(2) names it.
    pub name: &'static str,
    /// How much, in the unit of setrlimit(2); none where it is left as it is.
    pub bound: Option<u64>,
    /// Why so much, or why not at all.
    pub why: &'static str,
}

/// What is limited, and what is not.
pub const LIMITS: &[Limited] = &[
    Limited {
        name: "RLIMIT_AS",
        bound: Some(ADDRESS_SPACE_BYTES),
        why: "no stream of a peer makes one association take the memory of the others; it ends with an allocation \
              that fails",
    },
    Limited { name: "RLIMIT_NOFILE", bound: Some(OPEN_FILES), why: "some 30 are needed" },
    Limited {
        name: "RLIMIT_CORE",
        bound: Some(0),
        why: "a core file would hold patients' data; every process of ours has it",
    },
    Limited {
        name: "RLIMIT_FSIZE",
        bound: None,
        why: "an instance may have any length; a full disk is refused before it is full",
    },
    Limited {
        name: "RLIMIT_NPROC",
        bound: None,
        why: "it counts the processes of the user, not of the association, and does not hold for root",
    },
];

/// Sets what `role` is limited to.
pub(crate) fn set(role: Role) -> Result<(), SandboxError> {
    match role {
        Role::Association => {
            limit(Resource::As, ADDRESS_SPACE_BYTES, "a bound of the address space")?;
            limit(Resource::Nofile, OPEN_FILES, "a bound of open files")
        }
        Role::Housekeeper | Role::Outward => Ok(()),
    }
}

/// No core files.
pub(crate) fn no_core_files() -> Result<(), SandboxError> {
    limit(Resource::Core, 0, "to leave no core files")
}

/// Lowers a limit to `bound`, or leaves it where it is lower.
fn limit(resource: Resource, bound: u64, what: &'static str) -> Result<(), SandboxError> {
    let present = rustix::process::getrlimit(resource);
    let lower = |limit: Option<u64>| Some(limit.map_or(bound, |limit| limit.min(bound)));
    let limits = Rlimit { current: lower(present.current), maximum: lower(present.maximum) };
    rustix::process::setrlimit(resource, limits).map_err(SandboxError::limit(what))
}
