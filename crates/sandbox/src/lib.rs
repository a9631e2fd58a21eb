//! The sandbox: what a process that reads a peer's bytes gives up before it reads the first one.
//!
//! In: which [`Role`] the process has, and the data directory. Out: a process that has no way back: Landlock bounds the
//! files, seccomp the system calls, limits the memory. All of it is inherited by what the process forks, so the
//! nursery is enclosed once and its children pay nothing to be born enclosed.
//!
//! Read [`calls`] (what an association may ask of the kernel, and why), then `paths`, `limits`, and [`enclose`]. What
//! the kernel lacks, [`lacking`] says beforehand.
//!
//! Absent on purpose: any other crate of ours, and log lines (whoever runs it words what it returns).

pub mod calls;
mod enclose;
mod filter;
pub mod limits;
mod paths;
mod reference;

pub use enclose::{Lacking, Role, SandboxError, enclose, lacking, renounce};
pub use reference::reference;
