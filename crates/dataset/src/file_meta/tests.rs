use std::io::{self, Read};

use vocabulary::{AeTitle, Encoding, Tag, Uid, Vr, limits, transfer_syntax};

use super::{FileMeta, FileMetaError, Form, find_data_set};
use crate::writer::DataSetWriter;

fn meta() -> FileMeta {
    FileMeta {
        media_storage_sop_class_uid: Uid::known("1.2.840.10008.5.1.4.1.1.2"),
        media_storage_sop_instance_uid: Uid::known("1.2.3.4"),
        transfer_syntax_uid: Uid::known(transfer_syntax::EXPLICIT_VR_LITTLE_ENDIAN),
        implementation_class_uid: Uid::known("2.25.1"),
        implementation_version_name: "TESTER 1.0".to_owned(),
        source_ae_title: Some(AeTitle::parse("CT 1").unwrap()),
        sending_ae_title: None,
        receiving_ae_title: Some(AeTitle::parse("ARCHIVE").unwrap()),
    }
}

fn data_set(encoding: Encoding) -> Vec<u8> {
    let mut writer = DataSetWriter::new(encoding);
    writer.text(Tag(0x0008, 0x0005), Vr::CS, "ISO_IR 100");
    writer.text(Tag(0x0010, 0x0010), Vr::PN, "A^B");
    writer.into_bytes()
}

#[test]
fn sil_078_what_is_written_is_read_back() {
    let head = meta().to_bytes();
    assert_eq!(&head[..128], [0; 128]);
    assert_eq!(
        &head[128..144],
        b"DICM\x02\x00\x00\x00UL\x04\x00".iter().chain(&head[140..144]).copied().collect::<Vec<_>>()
    );
    assert_eq!(u32::from_le_bytes(head[140..144].try_into().unwrap()) as usize, head.len() - 144);
    let file = [head.clone(), data_set(Encoding::ExplicitLittleEndian)].concat();
    let (read, offset) = FileMeta::read(&mut &file[..]).unwrap();
    assert_eq!(read, meta());
    assert_eq!(offset, head.len() as u64);
}

#[test]
fn a_wrong_group_length_does_not_lead_astray() {
    let mut head = meta().to_bytes();
    let end = head.len() as u64;
    head[140] = head[140].wrapping_add(40);
    let file = [head, data_set(Encoding::ExplicitLittleEndian)].concat();
    assert_eq!(FileMeta::read(&mut &file[..]).unwrap().1, end);
}

#[test]
fn files_of_every_form_are_found_to_hold_their_data_set() {
    let head = meta().to_bytes();
    let data = data_set(Encoding::ExplicitLittleEndian);
    for (file, form, offset) in [
        ([&head[..], &data].concat(), Form::Part10, head.len()),
        ([&head[132..], &data].concat(), Form::MetaWithoutPreamble, head.len() - 132),
        ([&head[..132], &data].concat(), Form::PreambleWithoutMeta, 132),
        (data.clone(), Form::DataSetOnly, 0),
    ] {
        let found = find_data_set(&mut &file[..]).unwrap();
        assert_eq!((found.form, found.data_set_offset), (form, offset as u64));
        assert_eq!(found.transfer_syntax_uid, transfer_syntax::EXPLICIT_VR_LITTLE_ENDIAN);
        assert_eq!(found.transfer_syntax_is_guessed, found.meta.is_none());
        let instance = found.meta.is_some().then_some(meta().media_storage_sop_instance_uid);
        assert_eq!(found.media_storage_sop_instance_uid(), instance);
        assert_eq!(found.media_storage_sop_class_uid().is_some(), found.meta.is_some());
    }
}

#[test]
fn the_encoding_of_a_bare_data_set_is_guessed() {
    for encoding in
        [Encoding::ImplicitLittleEndian, Encoding::ExplicitLittleEndian, Encoding::ExplicitBigEndian]
    {
        let found = find_data_set(&mut &data_set(encoding)[..]).unwrap();
        assert_eq!(found.encoding, encoding);
        assert!(found.transfer_syntax_is_guessed);
    }
}

#[test]
fn a_data_set_that_is_not_in_its_announced_encoding_is_found_out() {
    let file = [meta().to_bytes(), data_set(Encoding::ImplicitLittleEndian)].concat();
    let found = find_data_set(&mut &file[..]).unwrap();
    assert_eq!(found.encoding, Encoding::ImplicitLittleEndian);
    assert_eq!(found.transfer_syntax_uid, transfer_syntax::IMPLICIT_VR_LITTLE_ENDIAN);
    assert!(found.transfer_syntax_is_guessed);
}

#[test]
fn a_deflated_or_unknown_transfer_syntax_is_believed() {
    for (uid, encoding) in [
        (transfer_syntax::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, Encoding::DeflatedExplicitLittleEndian),
        ("1.2.840.999.1", Encoding::ExplicitLittleEndian),
    ] {
        let meta = FileMeta { transfer_syntax_uid: Uid::known(uid), ..meta() };
        let file = [meta.to_bytes(), data_set(encoding)].concat();
        let found = find_data_set(&mut &file[..]).unwrap();
        assert_eq!(found.transfer_syntax_uid, uid);
        assert_eq!(found.encoding, encoding);
        assert!(!found.transfer_syntax_is_guessed);
    }
}

#[test]
fn implicit_vr_in_the_file_meta_information_is_tolerated() {
    let mut group = DataSetWriter::new(Encoding::ImplicitLittleEndian);
    group.u32(Tag(0x0002, 0x0000), 28);
    group.text(Tag(0x0002, 0x0010), Vr::UI, transfer_syntax::EXPLICIT_VR_BIG_ENDIAN);
    let file =
        [vec![0; 128], b"DICM".to_vec(), group.into_bytes(), data_set(Encoding::ExplicitBigEndian)].concat();
    let found = find_data_set(&mut &file[..]).unwrap();
    assert_eq!(found.encoding, Encoding::ExplicitBigEndian);
    assert!(!found.transfer_syntax_is_guessed);
}

#[test]
fn what_is_no_dicom_is_said_to_be_none() {
    for junk in [&b""[..], b"short", b"#!/bin/sh\necho no DICOM here\n", &[0; 4096], &[0xFF; 200]] {
        assert!(matches!(find_data_set(&mut &junk[..]), Err(FileMetaError::NotDicom)), "{junk:?}");
    }
    let bare = data_set(Encoding::ExplicitLittleEndian);
    assert!(matches!(FileMeta::read(&mut &bare[..]), Err(FileMetaError::NotDicom)));
}

#[test]
fn a_missing_attribute_is_named() {
    let head = [&[0; 128][..], b"DICM\x02\x00\x02\x00UI\x04\x001.2\0"].concat();
    let file = [head, data_set(Encoding::ExplicitLittleEndian)].concat();
    assert!(matches!(FileMeta::read(&mut &file[..]), Err(FileMetaError::Lacks(Tag(0x0002, 0x0003)))));
}

#[test]
fn no_more_is_read_than_is_needed() {
    /// Ends the test where somebody reads on.
    struct Endless(usize);
    impl Read for Endless {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0 += into.len();
            assert!(self.0 <= 2 * limits::FILE_META_BYTES_MAX);
            into.fill(0);
            Ok(into.len())
        }
    }
    let head = [&[0; 128][..], b"DICM\x02\x00\x02\x01OB\0\0\xF0\xFF\xFF\xFF"].concat();
    assert!(matches!(
        find_data_set(&mut head.chain(Endless(0))),
        Err(FileMetaError::TooLong(limits::FILE_META_BYTES_MAX))
    ));
    let file = [meta().to_bytes(), data_set(Encoding::ExplicitLittleEndian)].concat();
    let mut rest = &file[..];
    FileMeta::read(&mut rest).unwrap();
    assert!(rest.len() >= data_set(Encoding::ExplicitLittleEndian).len() - 12);
}

#[test]
fn a_failing_reader_is_not_taken_for_a_bad_file() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let error = find_data_set(&mut Broken).unwrap_err();
    assert!(matches!(error, FileMetaError::Read(_)));
    assert_eq!(error.blame(), vocabulary::Blame::FellShort);
}
