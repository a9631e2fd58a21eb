use dataset::{CharacterSet, Identifier};
use vocabulary::{InformationModel, Level, Status, StatusRow, Tag, Vr};

use crate::QueryRules;
use crate::keys::Key;
use crate::matching::Matching;

mod items;
mod read;

pub(crate) use items::{ItemShape, ItemsTest};

const REFUSED: &str = "Offending Element (0000,0901) names the key; an entry in the service log";

const MATCH: StatusRow = StatusRow::new(
    Status::PENDING,
    "A match, and every optional key of the request was heeded",
    "The search goes on",
);
const MATCH_OF_SOME_KEYS: StatusRow = StatusRow::new(
    Status::PENDING_WITH_UNSUPPORTED_KEYS,
    "A match, and the request has optional keys that are not known here, or not at its level",
    "The search goes on",
);
/// The same status where a key that is answered without being matched leads to it as well.
const MATCH_OF_SOME_KEYS_OR_VALUES: StatusRow = StatusRow::new(
    MATCH_OF_SOME_KEYS.status,
    "A match, and the request has optional keys that are not known here, or not at its level, or values in keys that \
     are returned but not matched",
    MATCH_OF_SOME_KEYS.then,
);
const UNFIT_QUERY: StatusRow = StatusRow::new(
    Status::DATA_SET_DOES_NOT_MATCH_SOP_CLASS,
    "The level is missing or not one of the model, a value is none of its VR, or a key is missing or present against the \
     rules of this section",
    REFUSED,
);
const UNABLE: StatusRow =
    StatusRow::new(Status::UNABLE_TO_PROCESS, "The query restricts neither patient nor study", REFUSED);
/// A C-MOVE or C-GET whose identifier does not fit.
pub const UNFIT_RETRIEVE: StatusRow = StatusRow::new(
    UNFIT_QUERY.status,
    "The level is missing or not one of the model, the unique key of the level has no value or wild cards, or a unique \
     key above the level breaks the rules of this section",
    REFUSED,
);

/// The statuses of queries that the catalog gives: of matches and of refusals.
pub fn statuses(rules: &QueryRules) -> Vec<StatusRow> {
    let some_keys = if rules.unmatched_reported { MATCH_OF_SOME_KEYS_OR_VALUES } else { MATCH_OF_SOME_KEYS };
    let mut rows = vec![MATCH, some_keys, UNFIT_QUERY];
    if rules.guarded {
        rows.push(UNABLE);
    }
    rows
}

/// A C-FIND request as the catalog runs it.
#[derive(Debug, Clone)]
pub struct Query {
    model: InformationModel,
    level: Level,
    /// What the rows must fulfil; universal matches are left out.
    pub(crate) criteria: Vec<Criterion>,
    /// What is answered, in ascending order of tags.
    pub(crate) returned: Vec<Returned>,
    pub(crate) unsupported: Vec<Tag>,
    pub(crate) character_set: CharacterSet,
    /// Whether a required key without a stored value matches everything.
    pub(crate) empty_matches: bool,
}

/// One key that must match.
#[derive(Debug, Clone)]
pub(crate) struct Criterion {
    pub(crate) key: &'static Key,
    pub(crate) test: Test,
}

/// What is asked of its value.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Value(Matching),
    Items(ItemsTest),
}

/// One attribute of the answer.
#[derive(Debug, Clone)]
pub(crate) struct Returned {
    pub(crate) tag: Tag,
    pub(crate) vr: Vr,
    pub(crate) what: What,
}

/// Where it comes from.
#[derive(Debug, Clone)]
pub(crate) enum What {
    Key(&'static Key),
    /// Of a sequence, the attributes that were asked for.
    Items(&'static Key, ItemShape),
    PrivateCreator,
    QueryRetrieveLevel,
    RetrieveAeTitle,
    InstanceAvailability,
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

impl QueryRefused {
    /// A900: the identifier does not fit the SOP class.
    pub(crate) fn unfit(offending: Tag, comment: &str) -> Self {
        Self::new(UNFIT_QUERY.status, offending, comment)
    }

    /// C001: the identifier is sound, but we do not run it.
    pub(crate) fn unable(offending: Tag, comment: &str) -> Self {
        Self::new(UNABLE.status, offending, comment)
    }

    fn new(status: Status, offending: Tag, comment: &str) -> Self {
        /// The VR of Error Comment (0000,0902) is LO.
        const COMMENT_CHARACTERS_MAX: usize = 64;
        Self {
            status,
            offending: vec![offending],
            comment: comment.chars().take(COMMENT_CHARACTERS_MAX).collect(),
        }
    }

    /// Always the peer's: asking the same again will not help.
    pub fn blame(&self) -> vocabulary::Blame {
        vocabulary::Blame::NotOffered
    }
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
        read::query(model, identifier, rules)
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
        if self.unsupported.is_empty() { MATCH.status } else { MATCH_OF_SOME_KEYS.status }
    }

    /// The keywords of the keys that restrict the matches, in the order of the request.
    pub fn matched_keys(&self) -> impl Iterator<Item = &'static str> {
        self.criteria.iter().map(|criterion| criterion.key.keyword)
    }

    /// Specific Character Set (0008,0005) of the request.
    pub fn character_set(&self) -> &CharacterSet {
        &self.character_set
    }

    /// The tags of the keys that are answered, in ascending order.
    pub fn returned_keys(&self) -> impl Iterator<Item = Tag> {
        self.returned.iter().map(|returned| returned.tag)
    }
}

/// Reads Query/Retrieve Level (0008,0052) and holds it against the model (SIL-039).
pub(crate) fn level_of(model: InformationModel, identifier: &Identifier) -> Result<Level, QueryRefused> {
    let text = identifier.text(QUERY_RETRIEVE_LEVEL).unwrap_or_default();
    let Some(level) = Level::parse(&text) else {
        let comment = if text.is_empty() {
            "Query/Retrieve Level is missing"
        } else {
            "Query/Retrieve Level is unknown"
        };
        return Err(QueryRefused::unfit(QUERY_RETRIEVE_LEVEL, comment));
    };
    if model.levels().contains(&level) {
        Ok(level)
    } else {
        Err(QueryRefused::unfit(
            QUERY_RETRIEVE_LEVEL,
            &format!("this information model has no level {level}"),
        ))
    }
}

pub(crate) const QUERY_RETRIEVE_LEVEL: Tag = Tag(0x0008, 0x0052);
pub(crate) const RETRIEVE_AE_TITLE: Tag = Tag(0x0008, 0x0054);
pub(crate) const INSTANCE_AVAILABILITY: Tag = Tag(0x0008, 0x0056);
pub(crate) const SPECIFIC_CHARACTER_SET: Tag = Tag(0x0008, 0x0005);
/// Says what times of the request mean; never a key (PS3.4 C.4.1.1.3, SIL-006).
const TIMEZONE_OFFSET_FROM_UTC: Tag = Tag(0x0008, 0x0201);

#[cfg(test)]
mod tests;
