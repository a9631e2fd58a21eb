//! Storage Commitment Push Model as SCP (PS3.4 annex J, PS3.2 F.4.2.3.4.1.5): what is asked for is checked at once,
//! and the peer is told of the result until it has taken it.
//!
//! ```text
//! N-ACTION-RQ ─► request ─► check against the holdings ─► report ─► room, on the disk ─► N-ACTION-RSP 0000H
//!                                                                     │
//!             session: the association of the request ◄───────────────┤ while it lasts
//!             notifier: an association of our own     ◄───────────────┘ from then on
//! ```
//!
//! Read [`request`], then [`check`] (the failure reasons), [`room`] (what survives a restart) and at last the two who
//! send: [`Session`] and [`Notifier`].

mod check;
mod notification;
mod notifier;
mod report;
mod request;
mod room;
mod session;

use std::path::PathBuf;
use std::time::Duration;

use vocabulary::{AeTitle, Status, StatusRow, Uid};

pub use check::failure_reasons;
pub use notification::EVENT_STATUSES;
pub use notifier::{Notifier, contexts, roles};
pub use session::Session;

/// What the configuration says of storage commitment.
#[derive(Debug, Clone)]
pub struct Commitment {
    /// The data directory; the room of transactions is below it.
    pub data: PathBuf,
    /// The SOP classes for which commitment is given (SCP-061).
    pub classes: Vec<Uid>,
    /// What an instance must be for it.
    pub check: Check,
    /// What is answered to a request that lacks something.
    pub incomplete: Incomplete,
    /// Retrieve AE Title (0008,0054) of notifications (SIL-087).
    pub retrieve_ae_title: AeTitle,
    /// Whether the association of the request is never used for its notification (SCP-031).
    pub always_new_association: bool,
    /// How long the association of the request must have been silent before its notification goes out (SIL-089).
    pub quiet: Duration,
    /// How long the response to a notification is waited for (SIL-023, SCP-070).
    pub response_timeout: Duration,
    /// Attempts for each notification (SCP-029).
    pub attempts: u32,
    /// The wait between two of them (SCP-029).
    pub retry_wait: Duration,
    /// Whether a notification that the peer answers with a failure is sent again (SCP-068, DIF-005).
    pub retry_refused: bool,
    /// Notifications that may wait for one peer; none: no limit (SCP-009).
    pub pending_max: Option<u32>,
    /// How long a Transaction UID is remembered after its end (SIL-086).
    pub remembered: Duration,
}

/// What an instance must be so that commitment is given for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Held under the SOP class that is named, with its file whole.
    ClassAndFile,
    /// In the catalog, by its SOP Instance UID alone; its SOP class one of those that are supported (SCP-056).
    Catalog,
}

/// What is answered to a request in which something is missing (DIF-021).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incomplete {
    /// 0115H, which N-ACTION has for it (PS3.7 10.1.4.1.10).
    InvalidArgument,
    /// 0120H and 0121H, as PS3.2 annex F has it (SCP-064, SCP-065).
    MissingAttribute,
}

const NOT_PROCESSED: &str = "Nothing is checked, and no notification follows";

/// The request is taken.
const ACCEPTED: StatusRow = StatusRow::new(
    Status::SUCCESS,
    "The request is recorded durably; no promise about the instances yet",
    "The notification follows on this association or on a new one",
);
/// Ours to blame, or beyond reading.
const NOT_READ: StatusRow = StatusRow::new(
    Status::PROCESSING_FAILURE,
    "The data set cannot be parsed, or the disk or the catalog fails",
    NOT_PROCESSED,
);
const NO_SUCH_INSTANCE: StatusRow = StatusRow::new(
    Status::NO_SUCH_OBJECT_INSTANCE,
    "The requested SOP instance is not the well-known one of the SOP class",
    NOT_PROCESSED,
);
const NO_SUCH_ACTION: StatusRow =
    StatusRow::new(Status::NO_SUCH_ACTION_TYPE, "The Action Type ID is not 1", NOT_PROCESSED);
const INVALID: StatusRow = StatusRow::new(
    Status::INVALID_ARGUMENT_VALUE,
    "A UID is none, or an instance is named under two SOP classes",
    NOT_PROCESSED,
);
const MISSING: StatusRow = StatusRow::new(
    Status::MISSING_ATTRIBUTE,
    "Transaction UID, Referenced SOP Sequence or a UID in it is missing",
    NOT_PROCESSED,
);
const MISSING_VALUE: StatusRow =
    StatusRow::new(Status::MISSING_ATTRIBUTE_VALUE, "One of these is empty", NOT_PROCESSED);
const TOO_MUCH: StatusRow = StatusRow::new(
    Status::RESOURCE_LIMITATION,
    "More than 100,000 instances or 8 MiB, or too many notifications wait for the peer already",
    NOT_PROCESSED,
);

/// The same status as [`INVALID`], for what is missing.
const INCOMPLETE: StatusRow = StatusRow::new(
    INVALID.status,
    "Transaction UID, Referenced SOP Sequence or a UID in it is missing or empty",
    NOT_PROCESSED,
);

/// The statuses of N-ACTION responses, beside those of every service.
pub fn action_statuses(incomplete: Incomplete) -> Vec<StatusRow> {
    let mut rows = vec![ACCEPTED, NOT_READ, NO_SUCH_INSTANCE, NO_SUCH_ACTION, INVALID, TOO_MUCH];
    match incomplete {
        Incomplete::InvalidArgument => rows.push(INCOMPLETE),
        Incomplete::MissingAttribute => rows.extend([MISSING, MISSING_VALUE]),
    }
    rows
}
