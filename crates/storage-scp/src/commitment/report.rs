//! What becomes of a request: the Event Information of its notification (PS3.4 table J.3-2).

use dataset::{DataSetWriter, Identifier};
use vocabulary::{AeTitle, Encoding, Status, Tag, Uid, Vr, limits};

use super::check::USED_BEFORE;

pub(super) const RETRIEVE_AE_TITLE: Tag = Tag(0x0008, 0x0054);
pub(super) const REFERENCED_SOP_CLASS_UID: Tag = Tag(0x0008, 0x1150);
pub(super) const REFERENCED_SOP_INSTANCE_UID: Tag = Tag(0x0008, 0x1155);
pub(super) const TRANSACTION_UID: Tag = Tag(0x0008, 0x1195);
const FAILURE_REASON: Tag = Tag(0x0008, 0x1197);
const FAILED_SOP_SEQUENCE: Tag = Tag(0x0008, 0x1198);
pub(super) const REFERENCED_SOP_SEQUENCE: Tag = Tag(0x0008, 0x1199);

/// Elements and items at most of one that we wrote.
const ELEMENTS_MAX: usize = 4 * limits::COMMITMENT_REFERENCES_MAX + 64;

/// One instance that a request names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    pub(super) class: Uid,
    pub(super) instance: Uid,
}

/// What is reported of a request. Each instance stands in one of the two lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) transaction_uid: Uid,
    pub(super) committed: Vec<Reference>,
    /// With the Failure Reason (0008,1197).
    pub(super) failed: Vec<(Reference, Status)>,
}

impl Report {
    /// Event Type ID: 1, all instances are committed; 2, there are failures.
    pub(super) fn event_type_id(&self) -> u16 {
        if self.failed.is_empty() { 1 } else { 2 }
    }

    /// The same request once more, under a Transaction UID that has been used: nothing is committed (PS3.3 C.14.1.1).
    pub(super) fn repeated(self) -> Self {
        let all = self.committed.into_iter().chain(self.failed.into_iter().map(|(reference, _)| reference));
        Self {
            transaction_uid: self.transaction_uid,
            failed: all.map(|reference| (reference, USED_BEFORE.status)).collect(),
            committed: Vec::new(),
        }
    }

    /// The Event Information. The Retrieve AE Title is that of all committed instances.
    pub(super) fn to_bytes(&self, encoding: Encoding, retrieve_ae_title: Option<&AeTitle>) -> Vec<u8> {
        let mut writer = DataSetWriter::new(encoding);
        if let (Some(retrieve_ae_title), false) = (retrieve_ae_title, self.committed.is_empty()) {
            writer.text(RETRIEVE_AE_TITLE, Vr::AE, retrieve_ae_title.as_str());
        }
        writer.text(TRANSACTION_UID, Vr::UI, self.transaction_uid.as_str());
        if !self.failed.is_empty() {
            writer.begin_sequence(FAILED_SOP_SEQUENCE);
            for (reference, reason) in &self.failed {
                write_item(&mut writer, reference, Some(*reason));
            }
            writer.end_sequence();
        }
        if !self.committed.is_empty() {
            writer.begin_sequence(REFERENCED_SOP_SEQUENCE);
            for reference in &self.committed {
                write_item(&mut writer, reference, None);
            }
            writer.end_sequence();
        }
        writer.into_bytes()
    }

    /// Reads what [`Report::to_bytes`] wrote; none if it is something else.
    pub(super) fn read(bytes: &[u8], encoding: Encoding) -> Option<Self> {
        let information = Identifier::read_at_most(bytes, encoding, ELEMENTS_MAX).ok()?;
        let items = |tag| information.items(tag).unwrap_or_default();
        let failed = items(FAILED_SOP_SEQUENCE).iter().map(|item| {
            let reason = u16::try_from(item.integer(FAILURE_REASON)?).ok()?;
            Some((read_item(item)?, Status(reason)))
        });
        Some(Self {
            transaction_uid: information.uid(TRANSACTION_UID)?.ok()?,
            committed: items(REFERENCED_SOP_SEQUENCE).iter().map(read_item).collect::<Option<_>>()?,
            failed: failed.collect::<Option<_>>()?,
        })
    }

    /// Whether it is about exactly these instances.
    pub(super) fn is_about(&self, references: &[Reference]) -> bool {
        let mut ours: Vec<_> =
            self.committed.iter().chain(self.failed.iter().map(|(reference, _)| reference)).collect();
        let mut theirs: Vec<_> = references.iter().collect();
        ours.sort_unstable();
        theirs.sort_unstable();
        ours == theirs
    }
}

fn write_item(writer: &mut DataSetWriter, reference: &Reference, reason: Option<Status>) {
    writer.begin_item();
    writer.text(REFERENCED_SOP_CLASS_UID, Vr::UI, reference.class.as_str());
    writer.text(REFERENCED_SOP_INSTANCE_UID, Vr::UI, reference.instance.as_str());
    if let Some(reason) = reason {
        writer.u16(FAILURE_REASON, reason.0);
    }
    writer.end_item();
}

fn read_item(item: &Identifier) -> Option<Reference> {
    Some(Reference {
        class: item.uid(REFERENCED_SOP_CLASS_UID)?.ok()?,
        instance: item.uid(REFERENCED_SOP_INSTANCE_UID)?.ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(number: usize) -> Reference {
        Reference {
            class: Uid::known("1.2.840.10008.5.1.4.1.1.2"),
            instance: Uid::parse(&format!("1.2.{number}")).unwrap(),
        }
    }

    #[test]
    fn sil_084_a_report_says_what_it_said_when_it_is_read_back() {
        let title = AeTitle::parse("ISO_QUERY_SCP").unwrap();
        let all = Report {
            transaction_uid: Uid::known("1.9"),
            committed: vec![reference(1), reference(2)],
            failed: vec![],
        };
        let some = Report { failed: vec![(reference(3), Status::NO_SUCH_OBJECT_INSTANCE)], ..all.clone() };
        assert_eq!((all.event_type_id(), some.event_type_id()), (1, 2));
        for encoding in [Encoding::ImplicitLittleEndian, Encoding::ExplicitLittleEndian] {
            for report in [&all, &some] {
                assert_eq!(
                    Report::read(&report.to_bytes(encoding, Some(&title)), encoding).as_ref(),
                    Some(report)
                );
            }
        }
        assert!(some.is_about(&[reference(3), reference(1), reference(2)]));
        assert!(!some.is_about(&[reference(1), reference(2)]));
    }

    #[test]
    fn the_largest_report_is_read_back() {
        let failed =
            (0..limits::COMMITMENT_REFERENCES_MAX).map(|n| (reference(n), Status::PROCESSING_FAILURE));
        let report =
            Report { transaction_uid: Uid::known("1.9"), committed: vec![], failed: failed.collect() };
        let encoding = Encoding::ExplicitLittleEndian;
        assert_eq!(Report::read(&report.to_bytes(encoding, None), encoding), Some(report));
    }
}
