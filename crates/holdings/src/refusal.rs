use catalog::ExtractError;
use dataset::Malformed;
use vocabulary::{Blame, Status, StatusRow, Tag, Uid};

use crate::HoldingsError;

/// Why an instance was not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// It cannot be taken: the peer's fault, sending it again will not help.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// We fell short: the peer may send it again.
    #[error(transparent)]
    Short(#[from] HoldingsError),
}

/// What is not taken. [`Refusal::answer`] is the table of the answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The data set cannot be parsed into elements.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It has no usable SOP Class, Study, Series or SOP Instance UID.
    #[error(transparent)]
    Unidentified(#[from] ExtractError),
    /// Its SOP Class UID is not the one that was announced.
    #[error("the data set is of SOP class {found}, {announced} was announced")]
    OtherSopClass {
        /// The one of the data set.
        found: Uid,
        /// The one of the command or the file meta information.
        announced: Uid,
    },
    /// Its SOP Instance UID is not the one that was announced.
    #[error("the data set is SOP instance {found}, {announced} was announced")]
    OtherSopInstance {
        /// The one of the data set.
        found: Uid,
        /// The one of the command or the file meta information.
        announced: Uid,
    },
    /// It is an image that lacks what it cannot be displayed without.
    #[error("the image has no value for {keyword} {tag}, it cannot be displayed")]
    NotDisplayable {
        /// The attribute.
        tag: Tag,
        /// Its keyword.
        keyword: &'static str,
    },
    /// A different data set with the same checksum is held: only someone who tries to makes one.
    #[error("a different data set of SOP instance {0} with the same checksum is held already")]
    SameChecksum(Uid),
}

const NOTHING_KEPT: &str = "Nothing of the instance is kept; an entry in the service log says why";

const UNPARSED: StatusRow =
    StatusRow::new(Status::CANNOT_UNDERSTAND, "The data set cannot be parsed into elements", NOTHING_KEPT);
const UNIDENTIFIED: StatusRow = StatusRow::new(
    Status::DATA_SET_DOES_NOT_MATCH_SOP_CLASS,
    "The data set lacks a SOP Class, SOP Instance, Study Instance or Series Instance UID, or one of them but the SOP \
     Instance UID is no UID",
    NOTHING_KEPT,
);
const NO_INSTANCE_UID: StatusRow = StatusRow::new(
    Status::INVALID_OBJECT_INSTANCE,
    "The SOP Instance UID of the data set is no UID",
    NOTHING_KEPT,
);
const OTHER_THAN_ANNOUNCED: StatusRow = StatusRow::new(
    Status::DATA_SET_DOES_NOT_MATCH_SOP_CLASS,
    "SOP Class UID or SOP Instance UID of the data set are not those of the command",
    NOTHING_KEPT,
);
const NOT_DISPLAYABLE: StatusRow = StatusRow::new(
    Status::DATA_SET_DOES_NOT_MATCH_SOP_CLASS,
    "An image lacks Photometric Interpretation, Bits Allocated or Bits Stored, where the configuration asks for them",
    NOTHING_KEPT,
);
const SAME_CHECKSUM: StatusRow = StatusRow::new(
    Status::INVALID_OBJECT_INSTANCE,
    "The data set was made to have the checksum of another one that is held under the same SOP Instance UID",
    NOTHING_KEPT,
);
/// We fell short.
pub const SHORT: StatusRow = StatusRow::new(
    Status::OUT_OF_RESOURCES,
    "The disk is full or cannot be written, or the holdings cannot be opened",
    "Nothing of the instance is kept; an error in the service log says what is wrong here; sending it again may help",
);

/// The statuses of instances that are not kept.
pub const NOT_KEPT: &[StatusRow] =
    &[SHORT, UNIDENTIFIED, OTHER_THAN_ANNOUNCED, NOT_DISPLAYABLE, UNPARSED, NO_INSTANCE_UID, SAME_CHECKSUM];

const SOP_CLASS_UID: Tag = Tag(0x0008, 0x0016);
const SOP_INSTANCE_UID: Tag = Tag(0x0008, 0x0018);

impl Refusal {
    /// How it is answered: the status, and the elements at fault.
    ///
    /// | what | status | why this one |
    /// |---|---|---|
    /// | cannot be parsed | C000H | PS3.4 B.2.3, "cannot understand" |
    /// | lacks a mandatory UID | A900H | mandatory elements have no value (SCP-050) |
    /// | SOP Instance UID is no UID | 0117H | PS3.7 C.5: it breaks the rules that UIDs are made by |
    /// | another mandatory UID is no UID | A900H | as if it were missing: no place in the information model |
    /// | SOP class other than announced | A900H | PS3.4 B.2.3, "data set does not match SOP class" |
    /// | SOP instance other than announced | A900H | the same: what was announced is not what came |
    /// | image without what displaying it takes | A900H | SCP-050 |
    /// | made to have a known checksum | 0117H | this instance can never be told from the one held |
    pub fn answer(&self) -> (Status, Vec<Tag>) {
        match self {
            Self::Malformed(malformed) => {
                (UNPARSED.status, malformed.path.last().copied().into_iter().collect())
            }
            Self::Unidentified(ExtractError::NoUid { tag: SOP_INSTANCE_UID, .. }) => {
                (NO_INSTANCE_UID.status, vec![SOP_INSTANCE_UID])
            }
            Self::Unidentified(ExtractError::Missing { tag, .. } | ExtractError::NoUid { tag, .. }) => {
                (UNIDENTIFIED.status, vec![*tag])
            }
            Self::OtherSopClass { .. } => (OTHER_THAN_ANNOUNCED.status, vec![SOP_CLASS_UID]),
            Self::OtherSopInstance { .. } => (OTHER_THAN_ANNOUNCED.status, vec![SOP_INSTANCE_UID]),
            Self::NotDisplayable { tag, .. } => (NOT_DISPLAYABLE.status, vec![*tag]),
            Self::SameChecksum(_) => (SAME_CHECKSUM.status, vec![SOP_INSTANCE_UID]),
        }
    }
}

impl NotKept {
    /// The status of the response.
    pub fn status(&self) -> Status {
        match self {
            Self::Refused(refusal) => refusal.answer().0,
            Self::Short(_) => SHORT.status,
        }
    }

    /// The elements of the data set that are at fault, for Offending Element (0000,0901).
    pub fn offending_elements(&self) -> Vec<Tag> {
        match self {
            Self::Refused(refusal) => refusal.answer().1,
            Self::Short(_) => Vec::new(),
        }
    }

    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Refused(_) => Blame::NotOffered,
            Self::Short(error) => error.blame(),
        }
    }
}

impl From<vault::Shortage> for NotKept {
    fn from(shortage: vault::Shortage) -> Self {
        Self::Short(shortage.into())
    }
}

impl From<catalog::CatalogError> for NotKept {
    fn from(error: catalog::CatalogError) -> Self {
        Self::Short(error.into())
    }
}
