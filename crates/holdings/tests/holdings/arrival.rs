//! What is changed about an instance when it arrives, what it replaces, and what a reindex makes of it.

use std::path::Path;
use std::thread;

use catalog::Change;
use holdings::{
    Duplicates, Holdings, HoldingsRules, How, Kept, Modality, Names, NotKept, PatientIdConflict, Refusal,
    Required, Sex,
};
use vocabulary::{Encoding, Tag};

use crate::support::*;

const SOP_INSTANCE_UID: Tag = Tag(0x0008, 0x0018);
const MODALITY: Tag = Tag(0x0008, 0x0060);
const PATIENT_NAME: Tag = Tag(0x0010, 0x0010);
const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
const PATIENT_SEX: Tag = Tag(0x0010, 0x0040);

fn annex_f() -> HoldingsRules {
    HoldingsRules {
        duplicates: Duplicates::NewUid,
        patient_id_conflict: PatientIdConflict::Coerce,
        names: Names::TwoParts,
        sex: Sex::Letter,
        modality: Modality::TwoCharacters,
        ..HoldingsRules::default()
    }
}

fn open_with(data: &Path, rules: &HoldingsRules) -> Holdings {
    Holdings::open(data, rules.clone()).unwrap()
}

fn named(sop_instance: &str, patient_name: &'static str) -> Instance {
    Instance { patient_name, ..Instance::new(sop_instance) }
}

fn changes(holdings: &Holdings, kept: &Kept) -> Vec<Change> {
    let held = holdings.locate(&kept.key().sop_instance).unwrap();
    held.into_iter().find(|held| held.place.version == kept.key().version).unwrap().changes
}

fn exported(changes: &[Change], tag: Tag) -> Option<&str> {
    changes.iter().find(|change| change.tag == tag).map(|change| change.exported.as_str())
}

#[test]
fn scp_041_a_newcomer_gets_a_uid_of_its_own_identical_or_not_and_keeps_its_bytes() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open_with(data.path(), &annex_f());
    let instance = Instance::new("1.2.3.4.5");
    let first = keep(&mut holdings, &instance).unwrap();
    assert_eq!(first.key().sop_instance, "1.2.3.4.5");
    assert!(first.coerced().iter().all(|tag| *tag != SOP_INSTANCE_UID));
    let mut uids = vec![first.key().sop_instance.clone()];
    for again in [instance.clone(), instance.retouched(99), instance.clone()] {
        let kept = keep(&mut holdings, &again).unwrap();
        assert_eq!(kept.how(), How::New);
        assert!(kept.coerced().contains(&SOP_INSTANCE_UID));
        assert_eq!(
            exported(&changes(&holdings, &kept), SOP_INSTANCE_UID),
            Some(kept.key().sop_instance.as_str())
        );
        let [held] = &holdings.locate(&kept.key().sop_instance).unwrap()[..] else { panic!("one version") };
        assert!(held.current);
        assert_eq!(data_set_of(&holdings, held), again.data_set(Encoding::ExplicitLittleEndian));
        uids.push(kept.key().sop_instance.clone());
    }
    uids.sort();
    uids.dedup();
    assert_eq!(uids.len(), 4);
}

#[test]
fn scp_041_of_several_that_come_at_once_one_keeps_its_uid() {
    let data = tempfile::tempdir().unwrap();
    drop(open_with(data.path(), &annex_f()));
    thread::scope(|scope| {
        for byte in 0..8 {
            let data = data.path();
            scope.spawn(move || {
                let mut holdings = open_with(data, &annex_f());
                let _kept = keep(&mut holdings, &Instance::new("1.2.3.4.5").retouched(byte)).unwrap();
            });
        }
    });
    let holdings = open_with(data.path(), &annex_f());
    assert_eq!(holdings.locate(&uid("1.2.3.4.5")).unwrap().len(), 1);
    assert_eq!(files_below(&data.path().join("vault")).len(), 8);
}

#[test]
fn scp_042_the_newcomer_replaces_and_what_it_replaces_is_set_aside() {
    let data = tempfile::tempdir().unwrap();
    let rules = HoldingsRules { duplicates: Duplicates::Replace, ..HoldingsRules::default() };
    let mut holdings = open_with(data.path(), &rules);
    let older = Instance::new("1.2.3.4.5");
    let _kept = keep(&mut holdings, &older).unwrap();
    let before = current(&holdings, &older).unwrap();
    assert_eq!(keep(&mut holdings, &older).unwrap().how(), How::HeldAlready, "an identical one is kept once");
    let newer = older.retouched(99);
    let kept = keep(&mut holdings, &newer).unwrap();
    assert_eq!(kept.how(), How::Replaced);
    assert!(kept.coerced().is_empty());
    let [held] = &holdings.locate(&older.sop_instance_uid()).unwrap()[..] else { panic!("one version") };
    assert_eq!(data_set_of(&holdings, held), newer.data_set(Encoding::ExplicitLittleEndian));
    assert_eq!(files_below(&data.path().join("vault")).len(), 1);
    assert_eq!(files_below(&data.path().join("set-aside")).len(), 1);
    // sil_097: an export that found it before still has what it found.
    assert_eq!(data_set_of(&holdings, &before), older.data_set(Encoding::ExplicitLittleEndian));
}

#[test]
fn scp_043_sil_076_two_names_are_two_patients_and_the_same_name_is_the_same_patient() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open_with(data.path(), &annex_f());
    let mut id = |sop_instance: &str, name| {
        let kept = keep(&mut holdings, &named(sop_instance, name)).unwrap();
        exported(&changes(&holdings, &kept), PATIENT_ID).map(str::to_owned)
    };
    assert_eq!(id("1.1", "Adams^Ann"), None);
    let bob = id("1.2", "Baker^Bob").unwrap();
    assert!(bob.starts_with("4711-") && bob.len() <= 64, "{bob}");
    assert_eq!(id("1.3", "BAKER^BOB^"), Some(bob.clone()), "case and empty components are no other name");
    assert_eq!(id("1.4", "ADAMS^ANN"), None);
    assert_eq!(id("1.5", ""), None, "no name is no other name");
    assert_ne!(id("1.6", "Clark^Cleo"), Some(bob));
}

#[test]
fn iod_004_iod_010_what_is_catalogued_and_what_is_exported_may_differ() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open_with(data.path(), &annex_f());
    let kept = keep(&mut holdings, &Instance::new("1.2.3.4.5")).unwrap();
    let sex = Change { tag: PATIENT_SEX, catalogued: "U".to_owned(), exported: String::new() };
    assert_eq!(changes(&holdings, &kept), [sex], "no modality is none that is too long");
    assert!(kept.coerced().is_empty(), "no sex came and none is exported");
}

#[test]
fn cfg_044_defaults_stand_for_empty_values_only() {
    let data = tempfile::tempdir().unwrap();
    let defaults = [(MODALITY, "OT"), (PATIENT_ID, "NOID"), (PATIENT_NAME, "Nobody")];
    let defaults = defaults.map(|(tag, value)| (tag, value.to_owned())).to_vec();
    let rules = HoldingsRules { defaults, ..HoldingsRules::default() };
    let mut holdings = open_with(data.path(), &rules);
    let kept = keep(&mut holdings, &named("1.2.3.4.5", "")).unwrap();
    let expected = [Change::new(MODALITY, "OT"), Change::new(PATIENT_NAME, "Nobody")];
    assert_eq!(changes(&holdings, &kept), expected);
    assert_eq!(kept.coerced(), [MODALITY, PATIENT_NAME]);
}

#[test]
fn scp_050_images_that_cannot_be_displayed_are_refused_where_that_is_asked_for() {
    let data = tempfile::tempdir().unwrap();
    let instance = Instance::new("1.2.3.4.5");
    let rules = HoldingsRules { required: Required::Display, ..HoldingsRules::default() };
    let refused = keep(&mut open_with(data.path(), &rules), &instance);
    let Err(NotKept::Refused(refusal @ Refusal::NotDisplayable { .. })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(refusal.answer().0.0, 0xA900);
    assert_eq!(refusal.answer().1, [Tag(0x0028, 0x0004)]);
    let structured_report = Instance { sop_class: Some("1.2.840.10008.5.1.4.1.1.88.11"), ..instance };
    assert!(keep(&mut open_with(data.path(), &rules), &structured_report).is_ok(), "no image");
}

#[test]
fn cfg_043_what_is_refused_is_kept_whole_and_nowhere_without_the_rule() {
    for bytes_max in [0, 1_000_000] {
        let data = tempfile::tempdir().unwrap();
        let rules = HoldingsRules { rejected_bytes_max: bytes_max, ..HoldingsRules::default() };
        let mut holdings = open_with(data.path(), &rules);
        let instance = Instance::new("1.2.3.4.5");
        // Broken early, with much to come; and cut at the end.
        let mut broken = instance.data_set(Encoding::ExplicitLittleEndian);
        broken[4] = 0xFF;
        let whole = instance.data_set(Encoding::ExplicitLittleEndian);
        for data_set in [&broken[..], &whole[..whole.len() - 20]] {
            assert!(keep_bytes(&mut holdings, arriving(&instance), data_set, noon(0)).is_err());
            let kept = files_below(&data.path().join("rejected"));
            let is_kept = kept.iter().any(|path| std::fs::read(path).unwrap().ends_with(data_set));
            assert_eq!(is_kept, bytes_max > 0, "{kept:?}");
            assert!(files_below(&data.path().join("incoming")).is_empty());
            for path in kept {
                std::fs::remove_file(path).unwrap();
            }
        }
        assert!(files_below(&data.path().join("vault")).is_empty());
    }
}

#[test]
fn a_reindex_comes_to_the_same_whatever_the_rules_are_by_then() {
    let data = tempfile::tempdir().unwrap();
    let mut rules = annex_f();
    rules.defaults = vec![(MODALITY, "OT".to_owned())];
    let mut holdings = open_with(data.path(), &rules);
    let mut before = Vec::new();
    for instance in [named("1.1", "Adams, Ann"), named("1.1", "Baker^Bob^B"), named("1.1", "Baker^Bob")] {
        let kept = keep(&mut holdings, &instance).unwrap();
        before.extend(holdings.locate(&kept.key().sop_instance).unwrap());
    }
    assert!(before.iter().all(|held| !held.changes.is_empty()));
    drop(holdings);
    Holdings::reindex(data.path(), HoldingsRules::default(), &mut |_| {}, &mut |finding| panic!("{finding}"))
        .unwrap();
    let holdings = open_with(data.path(), &HoldingsRules::default());
    for held in &before {
        assert_eq!(holdings.locate(&held.place.sop_instance_uid).unwrap(), std::slice::from_ref(held));
    }
    drop(holdings);
    // As after a power cut that took the rows.
    std::fs::remove_file(data.path().join("catalog.sqlite")).unwrap();
    let mut holdings = open_with(data.path(), &HoldingsRules::default());
    let _started = holdings.start(&mut |_| {}).unwrap();
    for held in &before {
        assert_eq!(holdings.locate(&held.place.sop_instance_uid).unwrap(), std::slice::from_ref(held));
    }
}
