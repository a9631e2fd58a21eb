//! Files from elsewhere.

use std::{fs, path::PathBuf};

use dataset::{DataSetWriter, FileMeta};
use holdings::{How, NotImported, Origin};
use vocabulary::{Encoding, Status, Tag, Vr};

use crate::support::*;

fn importing() -> Origin {
    Origin { source_ae_title: None, ..origin() }
}

fn meta(sop_class: &str, sop_instance: &str) -> Vec<u8> {
    FileMeta {
        media_storage_sop_class_uid: uid(sop_class),
        media_storage_sop_instance_uid: uid(sop_instance),
        transfer_syntax_uid: uid(EXPLICIT),
        implementation_class_uid: uid("1.9.9"),
        implementation_version_name: String::new(),
        source_ae_title: None,
        sending_ae_title: None,
        receiving_ae_title: None,
    }
    .to_bytes()
}

/// Imports a file of these bytes.
fn import(bytes: &[u8]) -> (tempfile::TempDir, Result<How, NotImported>) {
    let data = tempfile::tempdir().unwrap();
    let path: PathBuf = data.path().join("file to be imported");
    fs::write(&path, bytes).unwrap();
    let imported = open(data.path()).import(&path, &importing(), noon(0)).map(|kept| kept.how());
    assert_eq!(files_below(&data.path().join("incoming")).len(), 0);
    (data, imported)
}

fn assert_imported(bytes: &[u8], instance: &Instance, data_set: &[u8]) {
    let (data, imported) = import(bytes);
    assert_eq!(imported.unwrap(), How::New);
    let holdings = open(data.path());
    let held = current(&holdings, instance).unwrap();
    assert!(data_set_of(&holdings, &held) == data_set);
    assert_eq!(held.source_ae_title, None);
}

#[test]
fn a_part_10_file_comes_in_as_it_is() {
    let mut instance = Instance::new("1.2.3.4.5");
    instance.pixels = vec![7; 700_000];
    let data_set = instance.data_set(Encoding::ExplicitLittleEndian);
    assert_imported(&[meta(CT_IMAGE, "1.2.3.4.5"), data_set.clone()].concat(), &instance, &data_set);
}

#[test]
fn a_file_without_meta_information_comes_in_too() {
    let instance = Instance::new("1.2.3.4.5");
    for encoding in [Encoding::ImplicitLittleEndian, Encoding::ExplicitLittleEndian] {
        let data_set = instance.data_set(encoding);
        assert_imported(&data_set, &instance, &data_set);
    }
}

#[test]
fn the_data_set_counts_where_the_meta_information_says_otherwise() {
    let instance = Instance::new("1.2.3.4.5");
    let data_set = instance.data_set(Encoding::ExplicitLittleEndian);
    assert_imported(&[meta(MR_IMAGE, "1.2.3.4.5"), data_set.clone()].concat(), &instance, &data_set);
    assert_imported(&[meta(CT_IMAGE, "1.2.3.4.6"), data_set.clone()].concat(), &instance, &data_set);
}

#[test]
fn junk_is_skipped_with_a_reason() {
    for junk in [&b""[..], b"hello", &[0; 300], &[0xFF; 100_000]] {
        let (data, imported) = import(junk);
        let reason = imported.unwrap_err();
        assert!(matches!(reason, NotImported::NotDicom(_) | NotImported::NotKept(_)), "{reason}");
        assert!(!reason.is_ours());
        assert_eq!(files_below(&data.path().join("vault")).len(), 0);
    }
}

#[test]
fn a_truncated_file_is_skipped_with_a_reason() {
    let data_set = Instance::new("1.2.3.4.5").data_set(Encoding::ExplicitLittleEndian);
    let (_data, imported) = import(&[meta(CT_IMAGE, "1.2.3.4.5"), data_set[..3_000].to_vec()].concat());
    let reason = imported.unwrap_err();
    let NotImported::NotKept(not_kept) = &reason else { panic!("{reason}") };
    assert_eq!(not_kept.status(), Status::CANNOT_UNDERSTAND);
}

#[test]
fn a_dicomdir_is_no_instance() {
    let mut writer = DataSetWriter::new(Encoding::ExplicitLittleEndian);
    writer.text(Tag(0x0004, 0x1130), Vr::CS, "DISK1");
    let (_data, imported) = import(&[meta("1.2.840.10008.1.3.10", "1.2.3.4"), writer.into_bytes()].concat());
    assert!(matches!(imported, Err(NotImported::Directory)), "{imported:?}");
}

#[test]
fn a_file_that_is_not_there_is_said_to_be() {
    let data = tempfile::tempdir().unwrap();
    let imported = open(data.path()).import(&data.path().join("nothing"), &importing(), noon(0));
    assert!(matches!(imported, Err(NotImported::Unreadable(_))));
}

#[test]
fn the_same_file_again_is_kept_once() {
    let data = tempfile::tempdir().unwrap();
    let instance = Instance::new("1.2.3.4.5");
    let path = data.path().join("file to be imported");
    let data_set = instance.data_set(Encoding::ExplicitLittleEndian);
    fs::write(&path, [meta(CT_IMAGE, "1.2.3.4.5"), data_set].concat()).unwrap();
    let mut holdings = open(data.path());
    let how: Vec<_> = (0..2).map(|_| holdings.import(&path, &importing(), noon(0)).unwrap().how()).collect();
    assert_eq!(how, [How::New, How::HeldAlready]);
}
