//! The Action Information of a request (PS3.4 table J.3-1): understood, or why not.

use std::collections::HashMap;

use dataset::{Identifier, Malformed};
use dimse::Outcome;
use vocabulary::{Encoding, Tag, Uid, UidError, limits};

use super::report::{
    REFERENCED_SOP_CLASS_UID, REFERENCED_SOP_INSTANCE_UID, REFERENCED_SOP_SEQUENCE, Reference,
    TRANSACTION_UID,
};
use super::{INCOMPLETE, INVALID, Incomplete, MISSING, MISSING_VALUE, NOT_READ, TOO_MUCH};

/// Elements and items at most: an item and four elements for each reference, and some beside them.
const ELEMENTS_MAX: usize = 5 * limits::COMMITMENT_REFERENCES_MAX + 64;

/// What a peer wants to have committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) transaction_uid: Uid,
    /// In the order of the request, each instance once; never empty.
    pub(super) references: Vec<Reference>,
    /// How many were named more than once.
    pub(super) repeated: usize,
}

/// Why a request is not processed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("{0} is missing")]
    Missing(Tag),
    #[error("{0} is empty")]
    Empty(Tag),
    #[error("{0} is no UID: {1}")]
    NotAUid(Tag, UidError),
    #[error("{0} is no sequence")]
    NotASequence(Tag),
    #[error("{0} is named under two SOP classes")]
    TwoClasses(Uid),
    #[error("more than {} instances are named", limits::COMMITMENT_REFERENCES_MAX)]
    TooMany,
}

impl Unusable {
    /// What is answered.
    pub(super) fn outcome(&self, incomplete: Incomplete) -> Outcome {
        let lacking = |status| match incomplete {
            Incomplete::MissingAttribute => status,
            Incomplete::InvalidArgument => INCOMPLETE.status,
        };
        let (status, tag) = match self {
            Self::Malformed(_) => (NOT_READ.status, None),
            Self::Missing(tag) => (lacking(MISSING.status), Some(*tag)),
            Self::Empty(tag) => (lacking(MISSING_VALUE.status), Some(*tag)),
            Self::NotAUid(tag, _) | Self::NotASequence(tag) => (INVALID.status, Some(*tag)),
            Self::TwoClasses(_) => (INVALID.status, Some(REFERENCED_SOP_SEQUENCE)),
            Self::TooMany => (TOO_MUCH.status, Some(REFERENCED_SOP_SEQUENCE)),
        };
        Outcome::new(status).comment(&self.to_string()).offending(tag.as_slice())
    }
}

impl Asked {
    /// Reads the data set of an N-ACTION-RQ. Storage Media File-Set ID and UID are not supported, and passed over
    /// (SCP-060).
    pub(super) fn read(bytes: &[u8], encoding: Encoding) -> Result<Self, Unusable> {
        let information = Identifier::read_at_most(bytes, encoding, ELEMENTS_MAX)?;
        let transaction_uid = uid(&information, TRANSACTION_UID)?;
        let sequence =
            information.get(REFERENCED_SOP_SEQUENCE).ok_or(Unusable::Missing(REFERENCED_SOP_SEQUENCE))?;
        let items = match information.items(REFERENCED_SOP_SEQUENCE) {
            Some([]) => return Err(Unusable::Empty(REFERENCED_SOP_SEQUENCE)),
            Some(items) => items,
            None if sequence.is_empty() => return Err(Unusable::Empty(REFERENCED_SOP_SEQUENCE)),
            None => return Err(Unusable::NotASequence(REFERENCED_SOP_SEQUENCE)),
        };
        if items.len() > limits::COMMITMENT_REFERENCES_MAX {
            return Err(Unusable::TooMany);
        }
        let mut references = Vec::with_capacity(items.len());
        let mut classes: HashMap<Uid, Uid> = HashMap::with_capacity(items.len());
        for item in items {
            let class = uid(item, REFERENCED_SOP_CLASS_UID)?;
            let instance = uid(item, REFERENCED_SOP_INSTANCE_UID)?;
            match classes.get(&instance) {
                None => {
                    classes.insert(instance.clone(), class.clone());
                    references.push(Reference { class, instance });
                }
                Some(named) if *named == class => {}
                Some(_) => return Err(Unusable::TwoClasses(instance)),
            }
        }
        let repeated = items.len() - references.len();
        Ok(Self { transaction_uid, references, repeated })
    }
}

/// A UID that must be there.
fn uid(from: &Identifier, tag: Tag) -> Result<Uid, Unusable> {
    match from.uid(tag) {
        None if from.is_present(tag) => Err(Unusable::NotAUid(tag, UidError::Empty)),
        None => Err(Unusable::Missing(tag)),
        Some(Err(UidError::Empty)) => Err(Unusable::Empty(tag)),
        Some(Err(error)) => Err(Unusable::NotAUid(tag, error)),
        Some(Ok(uid)) => Ok(uid),
    }
}

#[cfg(test)]
mod tests {
    use dataset::DataSetWriter;
    use vocabulary::{Status, Vr};

    use super::*;

    const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
    const ENCODING: Encoding = Encoding::ExplicitLittleEndian;

    fn information(
        transaction: Option<&str>,
        references: Option<&[(Option<&str>, Option<&str>)]>,
    ) -> Vec<u8> {
        let mut writer = DataSetWriter::new(ENCODING);
        if let Some(transaction) = transaction {
            writer.text(TRANSACTION_UID, Vr::UI, transaction);
        }
        if let Some(references) = references {
            writer.begin_sequence(REFERENCED_SOP_SEQUENCE);
            for (class, instance) in references {
                writer.begin_item();
                if let Some(class) = class {
                    writer.text(REFERENCED_SOP_CLASS_UID, Vr::UI, class);
                }
                if let Some(instance) = instance {
                    writer.text(REFERENCED_SOP_INSTANCE_UID, Vr::UI, instance);
                }
                writer.end_item();
            }
            writer.end_sequence();
        }
        writer.into_bytes()
    }

    fn answer(bytes: &[u8], incomplete: Incomplete) -> Status {
        Asked::read(bytes, ENCODING).unwrap_err().outcome(incomplete).status
    }

    #[test]
    fn scp_064_scp_065_dif_021_what_is_missing_has_a_status_of_each_preset() {
        let one: &[_] = &[(Some(CT), Some("1.2.3"))];
        let missing = [
            information(None, Some(one)),
            information(Some("1.9"), None),
            information(Some("1.9"), Some(&[(None, Some("1.2.3"))])),
            information(Some("1.9"), Some(&[(Some(CT), None)])),
            Vec::new(),
        ];
        let empty = [
            information(Some(""), Some(one)),
            information(Some("1.9"), Some(&[])),
            information(Some("1.9"), Some(&[(Some(""), Some("1.2.3"))])),
            information(Some("1.9"), Some(&[(Some(CT), Some(""))])),
        ];
        for bytes in &missing {
            assert_eq!(answer(bytes, Incomplete::MissingAttribute), Status::MISSING_ATTRIBUTE);
            assert_eq!(answer(bytes, Incomplete::InvalidArgument), Status::INVALID_ARGUMENT_VALUE);
        }
        for bytes in &empty {
            assert_eq!(answer(bytes, Incomplete::MissingAttribute), Status::MISSING_ATTRIBUTE_VALUE);
            assert_eq!(answer(bytes, Incomplete::InvalidArgument), Status::INVALID_ARGUMENT_VALUE);
        }
    }

    #[test]
    fn scp_063_what_cannot_be_parsed_is_a_processing_failure() {
        let whole = information(Some("1.9"), Some(&[(Some(CT), Some("1.2.3"))]));
        for length in 1..whole.len() {
            // Cut between two elements it lacks one of them; cut anywhere else it cannot be read.
            let status = answer(&whole[..length], Incomplete::MissingAttribute);
            assert!([Status::PROCESSING_FAILURE, Status::MISSING_ATTRIBUTE].contains(&status), "{length}");
        }
    }

    #[test]
    fn sil_083_an_instance_is_taken_once_and_under_one_class() {
        let twice = information(Some("1.9"), Some(&[(Some(CT), Some("1.2.3")), (Some(CT), Some("1.2.3"))]));
        let asked = Asked::read(&twice, ENCODING).unwrap();
        assert_eq!((asked.references.len(), asked.repeated), (1, 1));
        let other = "1.2.840.10008.5.1.4.1.1.4";
        let two = information(Some("1.9"), Some(&[(Some(CT), Some("1.2.3")), (Some(other), Some("1.2.3"))]));
        assert_eq!(answer(&two, Incomplete::MissingAttribute), Status::INVALID_ARGUMENT_VALUE);
    }

    #[test]
    fn more_references_than_are_taken_are_a_resource_limitation() {
        let many: Vec<_> =
            (0..=limits::COMMITMENT_REFERENCES_MAX).map(|number| format!("1.2.{number}")).collect();
        let many: Vec<_> = many.iter().map(|uid| (Some(CT), Some(uid.as_str()))).collect();
        let bytes = information(Some("1.9"), Some(&many));
        assert_eq!(answer(&bytes, Incomplete::MissingAttribute), Status::RESOURCE_LIMITATION);
        let bytes = information(Some("1.9"), Some(&many[1..]));
        assert_eq!(
            Asked::read(&bytes, ENCODING).unwrap().references.len(),
            limits::COMMITMENT_REFERENCES_MAX
        );
    }
}
