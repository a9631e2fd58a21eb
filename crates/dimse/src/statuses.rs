//! The statuses by which a command is refused before its service sees it, whatever the service (PS3.7 annex C).

use vocabulary::{Status, StatusRow};

const REFUSED: &str = "The request is not carried out; a data set that follows it is read and dropped";

/// An element is missing, twice, or reaches beyond the command.
pub const UNREADABLE: StatusRow = StatusRow::new(
    Status::PROCESSING_FAILURE,
    "An element of the command is missing, is there twice, or reaches beyond its end",
    REFUSED,
);
/// An element has a value that its VR does not allow.
pub const MISTYPED: StatusRow = StatusRow::new(
    Status::MISTYPED_ARGUMENT,
    "An element of the command has a value that its VR does not allow, or the operation lacks its data set",
    REFUSED,
);
/// The SOP Instance UID of the command is no UID.
pub const NO_INSTANCE_UID: StatusRow =
    StatusRow::new(Status::INVALID_OBJECT_INSTANCE, "The SOP Instance UID of the command is no UID", REFUSED);
/// The SOP Class UID of a DIMSE-C command is no UID.
pub const NO_CLASS_UID: StatusRow = StatusRow::new(
    Status::SOP_CLASS_NOT_SUPPORTED,
    "The SOP Class UID of the command (DIMSE-C) is no UID",
    REFUSED,
);
/// The SOP Class UID of a DIMSE-N command is no UID.
pub const NO_NORMALIZED_CLASS_UID: StatusRow = StatusRow::new(
    Status::NO_SUCH_SOP_CLASS,
    "The SOP Class UID of the command (DIMSE-N) is no UID",
    REFUSED,
);
/// No service has the operation.
pub const UNKNOWN_OPERATION: StatusRow =
    StatusRow::new(Status::UNRECOGNIZED_OPERATION, "No service here has the operation", REFUSED);

/// All of them.
pub const TABLE: &[StatusRow] =
    &[UNREADABLE, MISTYPED, NO_INSTANCE_UID, NO_CLASS_UID, NO_NORMALIZED_CLASS_UID, UNKNOWN_OPERATION];

/// A data set that has to be understood whole is longer than any real one.
pub const TOO_LONG: StatusRow =
    StatusRow::new(Status::RESOURCE_LIMITATION, "The identifier is longer than 2 MiB", REFUSED);
