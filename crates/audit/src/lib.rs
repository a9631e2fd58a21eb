//! The audit trail: who connected, stored, queried and retrieved what, and what failed (PS3.15 A.5).
//!
//! In: an [`Event`] for each of these, told by whoever serves an association ([`Witness`]) to the one process that
//! writes ([`Keeper`]). Out: XML messages in files that only grow, each chained to the one before ([`Trail`]), and to a
//! collector over syslog ([`Forwarder`]); [`verify`] says what was changed, removed or put in between since.
//!
//! Read [`event`], then [`chain`], which says what the chain shows and what it cannot.
//!
//! Absent on purpose: DICOM, which is told here in words; the service log, which is about the server and has no patients
//! in it.

pub mod chain;
mod error;
pub mod event;
mod files;
mod keeper;
mod message;
mod syslog;
mod trail;
mod verify;
mod witness;
mod xml;

pub use error::AuditError;
pub use event::{Corrected, Event, Failure, Node, Study, What};
pub use keeper::Keeper;
pub use syslog::{Collector, Forwarder, Transport};
pub use trail::{Trail, TrailSettings};
pub use verify::{Finding, Verified, verify};
pub use witness::{Witness, tell};

/// The directory of the trail below the data directory.
pub const DIRECTORY: &str = "audit";
