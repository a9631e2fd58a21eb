//! What is told to the trail.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// Something that happened, to be put on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When: microseconds since 1970.
    at: u64,
    /// What.
    pub what: What,
    /// What failed of it, if anything did.
    pub failure: Option<Failure>,
}

/// That something failed, and how bad that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Whether nothing of it was done; otherwise some was.
    pub entirely: bool,
    /// What went wrong.
    pub words: String,
}

/// A program at one end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its AE title, or the name of the account that a command was run by.
    pub name: String,
    /// Its host: an IP address, or a name.
    pub host: String,
}

/// The instances of one study that something is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Study {
    /// Study Instance UID (0020,000D).
    pub uid: String,
    /// Patient ID (0010,0020); empty if there is none.
    pub patient_id: String,
    /// SOP classes, and how many instances there are of each.
    pub classes: Vec<(String, u32)>,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// The server was started.
    Started,
    /// The server was stopped.
    Stopped,
    /// A peer asked for an association, and got it unless that failed.
    Associated {
        /// Who asked.
        peer: Node,
        /// The title that was called.
        called: String,
    },
    /// A peer stored instances: of one study; `None` where nothing is known of what was refused.
    Received {
        /// Who stored.
        from: Node,
        /// The title that was called.
        called: String,
        /// What.
        study: Option<Study>,
    },
    /// A peer searched.
    Queried {
        /// Who searched.
        by: Node,
        /// The title that was called.
        called: String,
        /// The SOP class of the query.
        sop_class: String,
        /// The transfer syntax of the identifier below.
        transfer_syntax: String,
        /// What was asked for, as a data set.
        identifier: Vec<u8>,
        /// How many matches there were.
        matches: u64,
    },
    /// Instances of a study are about to be sent.
    Sending {
        /// Who asked for it.
        by: Node,
        /// The title that sends.
        from: String,
        /// Whom they are sent to.
        to: Node,
        /// What.
        study: Study,
    },
    /// Instances of a study were sent, as far as that did not fail.
    Sent {
        /// Who asked for it.
        by: Node,
        /// The title that sends.
        from: String,
        /// Whom they were sent to.
        to: Node,
        /// What was to be sent.
        study: Study,
    },
    /// Somebody corrected values of a patient, study or series.
    Corrected {
        /// Who.
        by: Node,
        /// What.
        object: Corrected,
    },
    /// The trail itself is not as it was left.
    Disturbed,
}

/// What was corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Corrected {
    /// A patient, by the Patient ID.
    Patient(String),
    /// A study, by its UID.
    Study(String),
    /// A series, by its UID.
    Series(String),
}

impl Event {
    /// Something that happened at a time.
    pub fn new(at: SystemTime, what: What) -> Self {
        let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { at: u64::try_from(since.as_micros()).unwrap_or(u64::MAX), what, failure: None }
    }

    /// The same, and something of it failed.
    #[must_use]
    pub fn failed(mut self, entirely: bool, words: impl Into<String>) -> Self {
        self.failure = Some(Failure { entirely, words: words.into() });
        self
    }

    /// When it happened.
    pub fn at(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_micros(self.at)).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}
