use vocabulary::{Encoding, Tag, Vr};

use super::DataSetWriter;
use crate::identifier::Identifier;

fn written(encoding: Encoding, write: impl FnOnce(&mut DataSetWriter)) -> Vec<u8> {
    let mut writer = DataSetWriter::new(encoding);
    write(&mut writer);
    writer.into_bytes()
}

#[test]
fn elements_are_laid_out_as_their_encoding_has_them() {
    let write = |writer: &mut DataSetWriter| {
        writer.u16(Tag(0x0028, 0x0010), 0x0102);
        writer.text(Tag(0x0040, 0xA160), Vr::UT, "abc");
    };
    assert_eq!(
        written(Encoding::ImplicitLittleEndian, write),
        b"\x28\x00\x10\x00\x02\x00\x00\x00\x02\x01\x40\x00\x60\xA1\x04\x00\x00\x00abc "
    );
    assert_eq!(
        written(Encoding::ExplicitLittleEndian, write),
        b"\x28\x00\x10\x00US\x02\x00\x02\x01\x40\x00\x60\xA1UT\x00\x00\x04\x00\x00\x00abc "
    );
    assert_eq!(
        written(Encoding::ExplicitBigEndian, write),
        b"\x00\x28\x00\x10US\x00\x02\x01\x02\x00\x40\xA1\x60UT\x00\x00\x00\x00\x00\x04abc "
    );
}

#[test]
fn values_are_padded_to_even_length_as_their_representation_asks() {
    for (vr, padded) in [(Vr::UI, b"1\0"), (Vr::LO, b"1 "), (Vr::OB, b"1\0"), (Vr::UN, b"1\0")] {
        let bytes = written(Encoding::ImplicitLittleEndian, |writer| {
            writer.element(Tag(0x0009, 0x1001), vr, b"1");
        });
        assert_eq!(&bytes[8..], padded);
        assert_eq!(bytes[4], 2);
    }
}

#[test]
fn a_value_beyond_a_two_byte_length_is_written_as_un() {
    let tag = Tag(0x0010, 0x4000);
    let bytes = written(Encoding::ExplicitLittleEndian, |writer| {
        writer.element(tag, Vr::LT, &vec![b'x'; 70_000]);
    });
    assert_eq!(&bytes[4..8], b"UN\0\0");
    let read = Identifier::read(&bytes, Encoding::ExplicitLittleEndian).unwrap();
    assert_eq!(read.text(tag).unwrap().len(), 70_000);
    assert_eq!(read.get(tag).unwrap().vr, Vr::LT);
}

#[test]
fn lengths_of_sequences_and_items_are_filled_in() {
    for encoding in [Encoding::ExplicitLittleEndian, Encoding::ExplicitBigEndian] {
        let bytes = written(encoding, |writer| {
            writer.begin_sequence(Tag(0x0040, 0x0275));
            writer.begin_item();
            writer.text(Tag(0x0040, 0x0007), Vr::LO, "ab");
            writer.end_item();
            writer.begin_item();
            writer.end_item();
            writer.end_sequence();
            // More is closed than is open.
            writer.end_sequence();
        });
        let lengths = [bytes[8..12].to_vec(), bytes[16..20].to_vec(), bytes[34..38].to_vec()];
        let number = |length: &Vec<u8>| {
            let length = length[..].try_into().unwrap();
            if encoding == Encoding::ExplicitBigEndian {
                u32::from_be_bytes(length)
            } else {
                u32::from_le_bytes(length)
            }
        };
        assert_eq!(lengths.each_ref().map(number), [26, 10, 0]);
    }
}

#[test]
fn a_cleared_writer_begins_anew() {
    let mut writer = DataSetWriter::new(Encoding::ExplicitLittleEndian);
    writer.begin_sequence(Tag(0x0040, 0x0275));
    writer.clear();
    assert!(writer.is_empty());
    writer.u32(Tag(0x0008, 0x0000), 1);
    writer.end_sequence();
    assert_eq!(&*writer.bytes(), b"\x08\x00\x00\x00UL\x04\x00\x01\x00\x00\x00");
}
