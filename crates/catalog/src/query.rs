use dataset::{CharacterSet, Identifier};
use vocabulary::{InformationModel, Level, Status, Tag};

use crate::QueryRules;

/// A C-FIND request as the catalog runs it.
#[derive(Debug, Clone)]
pub struct Query {
    model: InformationModel,
    level: Level,
    unsupported: Vec<Tag>,
    character_set: CharacterSet,
}

/// Why a request identifier is refused, as the response says it (PS3.4 C.4.1.1.4).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {comment}")]
pub struct QueryRefused {
    /// A900 or C001.
    pub status: Status,
    /// Offending Element (0000,0901).
    pub offending: Vec<Tag>,
    /// Error Comment (0000,0902): 64 characters at most.
    pub comment: String,
}

impl Query {
    /// Takes a query from the identifier of a C-FIND request.
    ///
    /// # Errors
    /// When the identifier does not fit the model, or the rules refuse it.
    pub fn from_identifier(
        model: InformationModel,
        identifier: &Identifier,
        rules: &QueryRules,
    ) -> Result<Self, QueryRefused> {
        Err(QueryRefused {
            status: Status::UNABLE_TO_PROCESS,
            offending: Vec::new(),
            comment: format!("{model:?}{identifier:?}{rules:?}"),
        })
    }

    /// The information model of the request.
    pub fn model(&self) -> InformationModel {
        self.model
    }

    /// Query/Retrieve Level (0008,0052).
    pub fn level(&self) -> Level {
        self.level
    }

    /// The optional keys of the request that are not matched, or not known at all.
    pub fn unsupported_keys(&self) -> &[Tag] {
        &self.unsupported
    }

    /// The status of each response with a match: FF00, or FF01 when optional keys were left out (QR-077, QR-078).
    pub fn pending_status(&self) -> Status {
        if self.unsupported.is_empty() { Status::PENDING } else { Status::PENDING_WITH_UNSUPPORTED_KEYS }
    }

    /// Specific Character Set (0008,0005) of the request.
    pub fn character_set(&self) -> &CharacterSet {
        &self.character_set
    }
}
