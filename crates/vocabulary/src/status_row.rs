use crate::Status;

/// One row of a service's table of statuses, as a conformance statement prints it (PS3.2, "SOP Specific
/// Conformance"). The code that answers takes the status from the row, so that none goes out that is not stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRow {
    /// What the response says.
    pub status: Status,
    /// When it is said: a clause.
    pub when: &'static str,
    /// What it means for what was asked, and what else is done: a clause.
    pub then: &'static str,
}

impl StatusRow {
    /// A row.
    pub const fn new(status: Status, when: &'static str, then: &'static str) -> Self {
        Self { status, when, then }
    }
}
