//! The vault: the bytes of instances, as ordinary files under a readable path.
//!
//! In: the bytes of a Part 10 file in pieces, and the key they are to lie under. Out: [`Durable`], the proof that
//! the file survives a power cut under its name, and [`InstanceFile`] to read it again.
//!
//! ```text
//! <data>/vault/2026/11/23/<Study Instance UID>/<Series Instance UID>/<SOP Instance UID>.dcm
//! <data>/incoming/<process>.<number>          a draft, until it has its name
//! <data>/set-aside/2026/…                    a file that is no good, or was replaced
//! <data>/rejected/<name>                     a draft that is no instance, to be looked at
//! ```
//!
//! Read [`InstanceKey`] first, then [`Draft`], which is the order of syncs, then [`Disk`], which is everything that is
//! asked of a file system.
//!
//! Absent on purpose: what the bytes mean. The vault parses nothing and knows no catalog.

mod digest;
mod disk;
mod draft;
mod instance_file;
mod key;
mod real_disk;
mod rejected;
mod shortage;
#[cfg(any(test, feature = "simulation"))]
pub mod simulated_disk;
#[cfg(test)]
mod tests;
mod vault;
mod walk;

pub use digest::{Digest, Digester};
pub use disk::{Disk, DiskFile, Entry, EntryKind, Locked};
pub use draft::{Draft, Durable, KeepFailed};
pub use instance_file::InstanceFile;
pub use key::InstanceKey;
pub use real_disk::RealDisk;
pub use shortage::{Doing, Shortage};
pub use vault::{Sync, Vault};
pub use walk::Found;
