use catalog::ExtractError;
use dataset::Malformed;
use vocabulary::{Blame, Status, Tag, Uid};

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
    /// A different data set with the same checksum is held: only someone who tries to makes one.
    #[error("a different data set of SOP instance {0} with the same checksum is held already")]
    SameChecksum(Uid),
}

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
    /// | made to have a known checksum | 0117H | this instance can never be told from the one held |
    pub fn answer(&self) -> (Status, Vec<Tag>) {
        match self {
            Self::Malformed(malformed) => {
                (Status::CANNOT_UNDERSTAND, malformed.path.last().copied().into_iter().collect())
            }
            Self::Unidentified(ExtractError::NoUid { tag: SOP_INSTANCE_UID, .. }) => {
                (Status::INVALID_OBJECT_INSTANCE, vec![SOP_INSTANCE_UID])
            }
            Self::Unidentified(ExtractError::Missing { tag, .. } | ExtractError::NoUid { tag, .. }) => {
                (Status::DATA_SET_DOES_NOT_MATCH_SOP_CLASS, vec![*tag])
            }
            Self::OtherSopClass { .. } => (Status::DATA_SET_DOES_NOT_MATCH_SOP_CLASS, vec![SOP_CLASS_UID]),
            Self::OtherSopInstance { .. } => {
                (Status::DATA_SET_DOES_NOT_MATCH_SOP_CLASS, vec![SOP_INSTANCE_UID])
            }
            Self::SameChecksum(_) => (Status::INVALID_OBJECT_INSTANCE, vec![SOP_INSTANCE_UID]),
        }
    }
}

impl NotKept {
    /// The status of the response.
    pub fn status(&self) -> Status {
        match self {
            Self::Refused(refusal) => refusal.answer().0,
            Self::Short(_) => Status::OUT_OF_RESOURCES,
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
