//! The statuses of C-FIND, C-MOVE and C-GET responses (PS3.4 C.4.1.1.4, C.4.2.1.5, C.4.3.1.4), beside those of every
//! service.

use catalog::QueryRules;
use vocabulary::{Status, StatusRow};

use crate::RetrieveRules;

const LOGGED: &str = "Nothing is searched or sent; an entry in the service log says why";
const NOTHING_SENT: &str = "Nothing is sent; an entry in the service log says why";

pub(crate) const MATCHED: StatusRow =
    StatusRow::new(Status::SUCCESS, "Every match was sent, or there was none", "An entry in the service log");
pub(crate) const FIND_CANCELLED: StatusRow = StatusRow::new(
    Status::CANCEL,
    "The peer sent a C-CANCEL",
    "The search stops; matches that were sent stand",
);
/// The catalog cannot be searched.
pub const CANNOT_SEARCH: StatusRow = StatusRow::new(
    Status::OUT_OF_RESOURCES,
    "The catalog cannot be opened or read",
    "The search stops; an error in the service log",
);
pub(crate) const NO_IDENTIFIER: StatusRow = StatusRow::new(
    Status::DATA_SET_DOES_NOT_MATCH_SOP_CLASS,
    "The request has no identifier, or one that cannot be parsed",
    LOGGED,
);

pub(crate) const SENDING: StatusRow = StatusRow::new(
    Status::PENDING,
    "An instance was sent or was not, and others remain",
    "The response counts sub-operations that remain, completed, failed and had a warning",
);
pub(crate) const SENT: StatusRow =
    StatusRow::new(Status::SUCCESS, "Every instance arrived, or none matched", "An entry in the service log");
pub(crate) const SENT_WITH_WARNINGS: StatusRow = StatusRow::new(
    Status::SUB_OPERATIONS_COMPLETE_WITH_FAILURES,
    "Every instance arrived, some with a warning of the receiver",
    "An entry in the service log",
);
pub(crate) const SENT_IN_PART: StatusRow = StatusRow::new(
    Status::SUB_OPERATIONS_COMPLETE_WITH_FAILURES,
    "Some instances arrived and some did not",
    "Those that did not are listed in Failed SOP Instance UID List (0008,0058)",
);
pub(crate) const IN_PART_REFUSED: StatusRow = StatusRow::new(
    Status::CANNOT_PERFORM_SUB_OPERATIONS,
    "Some instances arrived and some did not",
    "Those that did not are listed in Failed SOP Instance UID List (0008,0058)",
);
pub(crate) const NOT_SENT: StatusRow = StatusRow::new(
    Status::CANNOT_PERFORM_SUB_OPERATIONS,
    "No instance arrived: there was no association, no export began in time, or each was refused or cannot be read",
    "All are listed in Failed SOP Instance UID List (0008,0058); entries in the service log",
);
pub(crate) const RETRIEVE_CANCELLED: StatusRow = StatusRow::new(
    Status::CANCEL,
    "The peer sent a C-CANCEL",
    "Nothing more is sent; the response counts what remained",
);
/// The catalog cannot be asked for the instances.
pub const CANNOT_COUNT: StatusRow = StatusRow::new(
    Status::CANNOT_CALCULATE_NUMBER_OF_MATCHES,
    "The catalog cannot be opened or read",
    "Nothing is sent; an error in the service log",
);
/// The association of a C-GET is busy with a request of ours.
pub const OURS_IS_OPEN: StatusRow = StatusRow::new(
    Status::CANNOT_PERFORM_SUB_OPERATIONS,
    "An N-EVENT-REPORT of ours on this association is not answered yet, so that no instance can be sent on it",
    NOTHING_SENT,
);
pub(crate) const UNKNOWN_DESTINATION: StatusRow = StatusRow::new(
    Status::MOVE_DESTINATION_UNKNOWN,
    "The move destination is not in the list of remote AEs",
    NOTHING_SENT,
);
pub(crate) const DESTINATION_NOT_AUTHORIZED: StatusRow = StatusRow::new(
    Status::NOT_AUTHORIZED,
    "The peer or its user may not have instances sent to the move destination",
    NOTHING_SENT,
);
pub(crate) const NO_PATIENT_LEVEL: StatusRow = StatusRow::new(
    Status::DATA_SET_DOES_NOT_MATCH_SOP_CLASS,
    "The request is at level PATIENT",
    NOTHING_SENT,
);

/// Of C-FIND responses.
pub fn of_find(rules: &QueryRules) -> Vec<StatusRow> {
    let mut rows = vec![MATCHED, CANNOT_SEARCH, NO_IDENTIFIER];
    rows.extend(catalog::statuses(rules));
    rows.extend([dimse::statuses::TOO_LONG, FIND_CANCELLED]);
    rows
}

/// Of C-MOVE responses; `are_limited`: not everybody may send everywhere.
pub fn of_move(rules: &RetrieveRules, are_limited: bool) -> Vec<StatusRow> {
    let mut rows = of_retrieve(rules);
    rows.push(UNKNOWN_DESTINATION);
    if are_limited {
        rows.push(DESTINATION_NOT_AUTHORIZED);
    }
    rows
}

/// Of C-GET responses.
pub fn of_get(rules: &RetrieveRules) -> Vec<StatusRow> {
    let mut rows = of_retrieve(rules);
    rows.push(OURS_IS_OPEN);
    rows
}

fn of_retrieve(rules: &RetrieveRules) -> Vec<StatusRow> {
    let mut rows = vec![SENDING, SENT];
    if !rules.warnings_are_success {
        rows.push(SENT_WITH_WARNINGS);
    }
    rows.push(if rules.partial_failure_fails { IN_PART_REFUSED } else { SENT_IN_PART });
    rows.extend([NOT_SENT, RETRIEVE_CANCELLED, CANNOT_COUNT, NO_IDENTIFIER, catalog::UNFIT_RETRIEVE]);
    if !rules.patient_level {
        rows.push(NO_PATIENT_LEVEL);
    }
    rows.push(dimse::statuses::TOO_LONG);
    rows
}
