//! What is kept, and what the same instance again comes to.

use std::fs;

use dataset::FileMeta;
use holdings::{Holdings, HoldingsRules, How, Sync};
use vocabulary::{AeTitle, Encoding};

use crate::support::*;

#[test]
fn scp_048_what_was_kept_is_found_and_comes_out_byte_for_byte() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let instance = Instance::new("1.2.3.4.5");
    let kept = keep(&mut holdings, &instance).unwrap();
    assert_eq!(kept.how(), How::New);
    let held = current(&holdings, &instance).unwrap();
    let data_set = instance.data_set(Encoding::ExplicitLittleEndian);
    assert_eq!(kept.data_set_bytes(), data_set.len() as u64);
    assert_eq!(data_set_of(&holdings, &held), data_set);
    assert_eq!(held.digest, *kept.digest().as_bytes());
    assert_eq!(held.source_ae_title.unwrap().as_str(), "MODALITY");
    assert_eq!(held.received_at, noon(0));
}

#[test]
fn sil_078_the_file_is_a_part_10_file_that_says_where_it_came_from() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let instance = Instance::new("1.2.3.4.5");
    let _kept = keep(&mut holdings, &instance).unwrap();
    let path = data.path().join("vault/2026/11/23/1.2.3/1.2.3.4/1.2.3.4.5.dcm");
    assert_eq!(files_below(&data.path().join("vault")), [path.clone()].into());
    let bytes = fs::read(path).unwrap();
    let (meta, offset) = FileMeta::read(&mut &bytes[..]).unwrap();
    assert_eq!(meta.media_storage_sop_class_uid, CT_IMAGE);
    assert_eq!(meta.media_storage_sop_instance_uid, "1.2.3.4.5");
    assert_eq!(meta.transfer_syntax_uid, EXPLICIT);
    assert_eq!(meta.implementation_class_uid, "1.2.3.4.5");
    assert_eq!(meta.implementation_version_name, "TEST_1");
    assert_eq!(meta.source_ae_title.unwrap().as_str(), "MODALITY");
    assert_eq!(bytes[usize::try_from(offset).unwrap()..], instance.data_set(Encoding::ExplicitLittleEndian));
}

#[test]
fn an_identical_data_set_is_kept_once_and_is_success() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let instance = Instance::new("1.2.3.4.5");
    let first = keep(&mut holdings, &instance).unwrap();
    let again = keep(&mut holdings, &instance).unwrap();
    assert_eq!(again.how(), How::HeldAlready);
    assert_eq!(again.key(), first.key());
    // On another day too.
    let data_set = instance.data_set(Encoding::ExplicitLittleEndian);
    let later = keep_bytes(&mut holdings, arriving(&instance), &data_set, noon(3)).unwrap();
    assert_eq!(later.how(), How::HeldAlready);
    assert_eq!(holdings.locate(&instance.sop_instance_uid()).unwrap().len(), 1);
    assert_eq!(files_below(&data.path().join("vault")).len(), 1);
    assert_eq!(files_below(&data.path().join("incoming")).len(), 0);
}

#[test]
fn a_different_data_set_is_kept_beside_the_older_one_and_is_current() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let older = Instance::new("1.2.3.4.5");
    let newer = older.retouched(99);
    let _kept = keep(&mut holdings, &older).unwrap();
    let kept = keep(&mut holdings, &newer).unwrap();
    assert_eq!(kept.how(), How::AnotherVersion);
    assert_eq!(kept.key().version, 2);
    let versions = holdings.locate(&older.sop_instance_uid()).unwrap();
    assert_eq!(versions.len(), 2);
    assert!(versions[0].current && !versions[1].current);
    assert_eq!(data_set_of(&holdings, &versions[0]), newer.data_set(Encoding::ExplicitLittleEndian));
    assert_eq!(data_set_of(&holdings, &versions[1]), older.data_set(Encoding::ExplicitLittleEndian));
}

#[test]
fn the_last_word_is_current_even_if_it_was_said_before() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let first = Instance::new("1.2.3.4.5");
    for instance in [&first, &first.retouched(99), &first] {
        let _kept = keep(&mut holdings, instance).unwrap();
    }
    let held = current(&holdings, &first).unwrap();
    assert_eq!(data_set_of(&holdings, &held), first.data_set(Encoding::ExplicitLittleEndian));
    assert_eq!(holdings.locate(&first.sop_instance_uid()).unwrap().len(), 3);
}

#[test]
fn the_newer_version_is_current_even_if_the_clock_was_set_back() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let older = Instance::new("1.2.3.4.5");
    let newer = older.retouched(99);
    let bytes = |instance: &Instance| instance.data_set(Encoding::ExplicitLittleEndian);
    let _kept = keep_bytes(&mut holdings, arriving(&older), &bytes(&older), noon(7)).unwrap();
    let _kept = keep_bytes(&mut holdings, arriving(&newer), &bytes(&newer), noon(1)).unwrap();
    assert_eq!(data_set_of(&holdings, &current(&holdings, &older).unwrap()), bytes(&newer));
}

#[test]
fn the_same_values_in_another_transfer_syntax_are_another_version() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let instance = Instance::new("1.2.3.4.5");
    let _kept = keep(&mut holdings, &instance).unwrap();
    let implicit = instance.data_set(Encoding::ImplicitLittleEndian);
    let mut arriving = arriving(&instance);
    arriving.transfer_syntax_uid = uid(IMPLICIT);
    let kept = keep_bytes(&mut holdings, arriving, &implicit, noon(0)).unwrap();
    assert_eq!(kept.how(), How::AnotherVersion);
    let held = current(&holdings, &instance).unwrap();
    assert_eq!(held.transfer_syntax_uid, IMPLICIT);
    assert_eq!(data_set_of(&holdings, &held), implicit);
}

#[test]
fn an_instance_that_lost_its_file_is_restored_when_it_comes_again() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let instance = Instance::new("1.2.3.4.5");
    let _kept = keep(&mut holdings, &instance).unwrap();
    let path = files_below(&data.path().join("vault")).pop_first().unwrap();
    fs::remove_file(&path).unwrap();
    assert!(holdings.open_instance(&current(&holdings, &instance).unwrap()).is_err());
    // From elsewhere, so that its file is longer than the one that was lost.
    let mut arriving = arriving(&instance);
    arriving.origin.source_ae_title = Some(AeTitle::parse("ANOTHER_MODALITY").unwrap());
    let data_set = instance.data_set(Encoding::ExplicitLittleEndian);
    let _kept = keep_bytes(&mut holdings, arriving, &data_set, noon(0)).unwrap();
    let held = current(&holdings, &instance).unwrap();
    assert_eq!(data_set_of(&holdings, &held), instance.data_set(Encoding::ExplicitLittleEndian));
    assert_eq!(files_below(&data.path().join("vault")), [path].into());
}

#[test]
fn a_damaged_file_is_set_aside_when_its_instance_comes_again() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let instance = Instance::new("1.2.3.4.5");
    let _kept = keep(&mut holdings, &instance).unwrap();
    let path = files_below(&data.path().join("vault")).pop_first().unwrap();
    let mut damaged = fs::read(&path).unwrap();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(&path, &damaged).unwrap();
    let _kept = keep(&mut holdings, &instance).unwrap();
    let held = current(&holdings, &instance).unwrap();
    assert_eq!(data_set_of(&holdings, &held), instance.data_set(Encoding::ExplicitLittleEndian));
    let aside = files_below(&data.path().join("set-aside")).pop_first().unwrap();
    assert_eq!(fs::read(aside).unwrap(), damaged);
}

#[test]
fn a_file_of_another_length_than_was_kept_is_not_sent() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let instance = Instance::new("1.2.3.4.5");
    let _kept = keep(&mut holdings, &instance).unwrap();
    let path = files_below(&data.path().join("vault")).pop_first().unwrap();
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 2]).unwrap();
    let error = holdings.open_instance(&current(&holdings, &instance).unwrap()).unwrap_err();
    assert!(error.to_string().contains("were kept"), "{error}");
}

#[test]
fn without_syncing_instances_are_kept_all_the_same() {
    let data = tempfile::tempdir().unwrap();
    let rules = HoldingsRules { sync: Sync::None, ..Default::default() };
    let mut holdings = Holdings::open(data.path(), rules).unwrap();
    let instance = Instance::new("1.2.3.4.5");
    let _kept = keep(&mut holdings, &instance).unwrap();
    assert!(current(&holdings, &instance).is_some());
}

#[test]
fn what_the_catalog_cannot_record_is_not_kept() {
    let data = tempfile::tempdir().unwrap();
    drop(open(data.path()));
    let mut holdings = Holdings::open_to_find(data.path(), HoldingsRules::default()).unwrap();
    let instance = Instance::new("1.2.3.4.5");
    let not_kept = keep(&mut holdings, &instance).unwrap_err();
    assert_eq!(not_kept.status(), vocabulary::Status::OUT_OF_RESOURCES);
    assert_eq!(files_below(&data.path().join("vault")).len(), 0);
    assert_eq!(files_below(&data.path().join("incoming")).len(), 0);
    let kept = keep(&mut open(data.path()), &instance).unwrap();
    assert_eq!(kept.how(), How::New);
}

#[test]
fn an_ingest_that_is_dropped_leaves_nothing() {
    let data = tempfile::tempdir().unwrap();
    let holdings = open(data.path());
    let instance = Instance::new("1.2.3.4.5");
    let mut ingest = holdings.begin(arriving(&instance)).unwrap();
    ingest.write(&instance.data_set(Encoding::ExplicitLittleEndian)).unwrap();
    assert_eq!(files_below(&data.path().join("incoming")).len(), 1);
    drop(ingest);
    assert_eq!(files_below(&data.path().join("incoming")).len(), 0);
    assert_eq!(files_below(&data.path().join("vault")).len(), 0);
}
