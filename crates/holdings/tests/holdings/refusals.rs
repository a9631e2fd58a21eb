//! What is not taken: the status, the elements at fault, and that nothing of it is left.

use holdings::{HoldingsRules, NotKept, Refusal};
use vocabulary::{Blame, Encoding, Status, Tag};

use crate::support::*;

const SOP_CLASS_UID: Tag = Tag(0x0008, 0x0016);
const SOP_INSTANCE_UID: Tag = Tag(0x0008, 0x0018);
const STUDY_INSTANCE_UID: Tag = Tag(0x0020, 0x000D);
const SERIES_INSTANCE_UID: Tag = Tag(0x0020, 0x000E);

/// Refuses an instance that was announced as `announced`.
fn refuse(announced: &Instance, sent: &Instance) -> NotKept {
    refuse_bytes(announced, &sent.data_set(Encoding::ExplicitLittleEndian))
}

fn refuse_bytes(announced: &Instance, data_set: &[u8]) -> NotKept {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let not_kept = keep_bytes(&mut holdings, arriving(announced), data_set, noon(0)).unwrap_err();
    assert_eq!(not_kept.blame(), Blame::NotOffered);
    assert_eq!(files_below(&data.path().join("vault")).len(), 0, "{not_kept}");
    assert_eq!(files_below(&data.path().join("incoming")).len(), 0, "{not_kept}");
    assert_eq!(holdings.locate(&announced.sop_instance_uid()).unwrap().len(), 0, "{not_kept}");
    not_kept
}

#[test]
fn scp_051_what_cannot_be_parsed_is_c000_and_says_where() {
    let instance = Instance::new("1.2.3.4.5");
    let whole = instance.data_set(Encoding::ExplicitLittleEndian);
    let truncated = refuse_bytes(&instance, &whole[..whole.len() - 10]);
    assert_eq!(truncated.status(), Status::CANNOT_UNDERSTAND);
    assert_eq!(truncated.offending_elements(), [Tag(0x7FE0, 0x0010)]);
    assert!(truncated.to_string().contains("(7FE0,0010)"), "{truncated}");

    let junk = refuse_bytes(&instance, &[0xA5; 4_000]);
    assert_eq!(junk.status(), Status::CANNOT_UNDERSTAND);
    let nothing = refuse_bytes(&instance, &[]);
    assert_ne!(nothing.status().category(), vocabulary::Category::Success);
}

#[test]
fn sil_073_without_its_uids_an_instance_is_a900() {
    let whole = Instance::new("1.2.3.4.5");
    let lacking = [
        (Instance { sop_class: None, ..whole.clone() }, SOP_CLASS_UID),
        (Instance { sop_instance: None, ..whole.clone() }, SOP_INSTANCE_UID),
        (Instance { study: None, ..whole.clone() }, STUDY_INSTANCE_UID),
        (Instance { series: None, ..whole.clone() }, SERIES_INSTANCE_UID),
        (Instance { study: Some(""), ..whole.clone() }, STUDY_INSTANCE_UID),
        (Instance { series: Some("../../1"), ..whole.clone() }, SERIES_INSTANCE_UID),
        (Instance { study: Some(".."), ..whole.clone() }, STUDY_INSTANCE_UID),
    ];
    for (instance, tag) in lacking {
        let not_kept = refuse(&whole, &instance);
        assert_eq!(not_kept.status(), Status::DATA_SET_DOES_NOT_MATCH_SOP_CLASS, "{not_kept}");
        assert_eq!(not_kept.offending_elements(), [tag], "{not_kept}");
    }
}

#[test]
fn sil_073_a_sop_instance_uid_that_is_none_is_0117() {
    let whole = Instance::new("1.2.3.4.5");
    for text in ["1.2.x", "../../etc", ".1.2", &"1".repeat(65)] {
        let not_kept = refuse(&whole, &Instance { sop_instance: Some(text.to_owned()), ..whole.clone() });
        assert_eq!(not_kept.status(), Status::INVALID_OBJECT_INSTANCE, "{not_kept}");
        assert_eq!(not_kept.offending_elements(), [SOP_INSTANCE_UID], "{not_kept}");
    }
}

#[test]
fn sil_072_a_data_set_that_contradicts_its_command_is_a900() {
    let announced = Instance::new("1.2.3.4.5");
    let other_class = refuse(&announced, &Instance { sop_class: Some(MR_IMAGE), ..announced.clone() });
    assert_eq!(other_class.status(), Status::DATA_SET_DOES_NOT_MATCH_SOP_CLASS);
    assert_eq!(other_class.offending_elements(), [SOP_CLASS_UID]);
    assert!(other_class.to_string().contains(MR_IMAGE) && other_class.to_string().contains(CT_IMAGE));

    let other_instance = refuse(&announced, &Instance::new("1.2.3.4.6"));
    assert_eq!(other_instance.status(), Status::DATA_SET_DOES_NOT_MATCH_SOP_CLASS);
    assert_eq!(other_instance.offending_elements(), [SOP_INSTANCE_UID]);
}

#[test]
fn a_data_set_in_another_transfer_syntax_than_its_context_is_c000() {
    let instance = Instance::new("1.2.3.4.5");
    let not_kept = refuse_bytes(&instance, &instance.data_set(Encoding::ImplicitLittleEndian));
    assert_eq!(not_kept.status(), Status::CANNOT_UNDERSTAND, "{not_kept}");
}

#[test]
fn scp_049_a_full_disk_is_a700_and_nobody_elses_fault() {
    let data = tempfile::tempdir().unwrap();
    let disk = vault::simulated_disk::SimulatedDisk::new(0, data.path());
    let mut holdings = holdings::Holdings::open_on(
        std::sync::Arc::new(disk.clone()),
        data.path(),
        HoldingsRules::default(),
        catalog::Access::ReadWrite,
    )
    .unwrap();
    let instance = Instance::new("1.2.3.4.5");
    disk.fail_after(1, std::io::ErrorKind::StorageFull);
    let not_kept = keep(&mut holdings, &instance).unwrap_err();
    assert_eq!(not_kept.status(), Status::OUT_OF_RESOURCES);
    assert_eq!(not_kept.blame(), Blame::FellShort);
    assert!(not_kept.to_string().contains("disk is full"), "{not_kept}");
    assert_eq!(disk.files().len(), 0);
    let _kept = keep(&mut holdings, &instance).expect("space is back");
}

#[test]
fn every_refusal_has_a_failure_status_and_words_in_the_table() {
    let refusals = [
        Refusal::OtherSopClass { found: uid("1.2"), announced: uid("1.3") },
        Refusal::OtherSopInstance { found: uid("1.2"), announced: uid("1.3") },
        Refusal::SameChecksum(uid("1.2")),
    ];
    for refusal in refusals {
        let (status, offending) = refusal.answer();
        assert!(status.words().is_some(), "{status}");
        assert_eq!(offending.len(), 1);
    }
}
