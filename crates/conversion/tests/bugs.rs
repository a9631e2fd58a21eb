//! What fuzzing found, each with the data set that showed it.

#![allow(clippy::panic, reason = "a test")]

use std::io::{self, Cursor, Read};

use conversion::{Applied, Conversion, Corrections, NotConverted, Photometric, Plan, Rules, Stored};
use dataset::{DataSetWriter, Identifier};
use vocabulary::{Encoding, Tag, Uid, Vr};

const EVLE: &str = "1.2.840.10008.1.2.1";
const IVLE: &str = "1.2.840.10008.1.2";
const PADDING: Tag = Tag(0xFFFC, 0xFFFC);
const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);

/// How an instance in Explicit VR Little Endian is made into what a destination of one transfer syntax takes.
fn conversion(taken: &str, rules: &Rules) -> Box<Conversion> {
    corrected(taken, rules, None)
}

/// The same with corrections.
fn corrected(taken: &str, rules: &Rules, corrections: Option<&Corrections>) -> Box<Conversion> {
    let stored = Stored {
        sop_class_uid: Uid::known("1.2.840.10008.5.1.4.1.1.7"),
        sop_instance_uid: Uid::known("1.2.3"),
        transfer_syntax_uid: Uid::known(EVLE),
    };
    let plans = Plan::for_destination(&stored, |_, syntax| *syntax == *taken, rules, corrections);
    let Some(Plan::Convert(conversion)) = plans.into_iter().next() else { panic!("nothing is converted") };
    conversion
}

fn apply(conversion: &Conversion, held: Vec<u8>) -> Result<Applied, NotConverted> {
    conversion.apply(&move || -> io::Result<Box<dyn Read>> { Ok(Box::new(Cursor::new(held.clone()))) })
}

/// The attributes of two by two pixels of 8 bits.
fn image(high_bit: u16) -> DataSetWriter {
    let mut writer = DataSetWriter::new(Encoding::ExplicitLittleEndian);
    writer.u16(Tag(0x0028, 0x0002), 1);
    writer.text(Tag(0x0028, 0x0004), Vr::CS, "MONOCHROME1");
    for (element, number) in [(0x10, 2), (0x11, 2), (0x100, 8), (0x101, 8), (0x102, high_bit), (0x103, 0)] {
        writer.u16(Tag(0x0028, element), number);
    }
    writer
}

/// Where an element before Pixel Data had a higher tag, as where padding stands in the wrong place, its value was
/// written before the pixels and its header behind them: the destination got a data set that nobody could read.
#[test]
fn bug_103_a_value_out_of_order_stays_with_its_header() {
    let mut writer = image(7);
    writer.element(PADDING, Vr::OB, b"value");
    writer.element(PIXEL_DATA, Vr::OW, &[0, 1, 2, 3]);
    let held = writer.into_bytes();

    let rules = Rules { photometric: Some(Photometric::Monochrome2), ..Rules::default() };
    let applied = apply(&conversion(EVLE, &rules), held).unwrap();
    let Applied::Converted(mut converted) = applied else { panic!("it is as held") };
    let mut made = Vec::new();
    converted.data_set.read_to_end(&mut made).unwrap();
    let made = Identifier::read(&made, Encoding::ExplicitLittleEndian).unwrap();
    assert_eq!(made.raw(PADDING), Some(&b"value\0"[..]));
    assert_eq!(made.raw(PIXEL_DATA), Some(&[255, 254, 253, 252][..]));
}

/// Fragments in another element than Pixel Data went out in implicit VR, where nobody can tell them from items.
#[test]
fn bug_105_fragments_that_implicit_vr_cannot_have_are_not_sent_in_it() {
    let mut writer = DataSetWriter::new(Encoding::ExplicitLittleEndian);
    writer.text(Tag(0x0010, 0x0010), Vr::PN, "Doe^Jane");
    let mut held = writer.into_bytes();
    held.extend(b"\xe1\x7f\x10\x00OB\0\0\xff\xff\xff\xff");
    held.extend(b"\xfe\xff\x00\xe0\x04\0\0\0\x01\x02\x03\x04\xfe\xff\xdd\xe0\0\0\0\0");
    let refused = apply(&conversion(IVLE, &Rules::default()), held).unwrap_err();
    assert!(refused.to_string().contains("fragments"), "{refused}");
}

/// In implicit VR the dictionary tells a sequence, so that a value under such a tag would be read as items.
#[test]
fn bug_106_a_value_that_implicit_vr_makes_a_sequence_of_is_not_sent_in_it() {
    const SEQUENCE: Tag = Tag(0x0008, 0x0305);
    let mut writer = DataSetWriter::new(Encoding::ExplicitLittleEndian);
    writer.element(SEQUENCE, Vr::CS, b"no sequence.");
    let refused = apply(&conversion(IVLE, &Rules::default()), writer.into_bytes()).unwrap_err();
    assert!(refused.to_string().contains("(0008,0305)"), "{refused}");
}

/// Where texts were brought to UTF-8 on their way, they went by that test.
#[test]
fn bug_107_nor_is_such_a_value_sent_when_it_is_recoded() {
    let mut writer = DataSetWriter::new(Encoding::ExplicitLittleEndian);
    writer.text(Tag(0x0008, 0x0005), Vr::CS, "ISO_IR 100");
    writer.element(Tag(0x0008, 0x0305), Vr::LO, b"no s\xE9quence.");
    let name = (Tag(0x0010, 0x0010), "\u{4E17}".to_owned());
    let corrections = Corrections { values: vec![name], record: None };
    let conversion = corrected(IVLE, &Rules::default(), Some(&corrections));
    let refused = apply(&conversion, writer.into_bytes()).unwrap_err();
    assert!(refused.to_string().contains("(0008,0305)"), "{refused}");
}

/// Under UN there may be the items of a sequence or anything else: what is none was read as items in implicit VR.
#[test]
fn bug_109_unknown_bytes_that_are_no_items_are_not_sent_as_a_sequence() {
    const SEQUENCE: Tag = Tag(0x0008, 0x0305);
    let items = *b"\xfe\xff\x00\xe0\x0c\0\0\0\x08\x00\x00\x01\x04\0\0\0CODE";
    for (value, is_sent) in [(&items[..], true), (&items[..18], false), (b"no sequence.", false)] {
        let mut writer = DataSetWriter::new(Encoding::ExplicitLittleEndian);
        writer.element(SEQUENCE, Vr::UN, value);
        match apply(&conversion(IVLE, &Rules::default()), writer.into_bytes()) {
            Ok(Applied::Converted(mut converted)) => {
                let mut made = Vec::new();
                converted.data_set.read_to_end(&mut made).unwrap();
                let made = Identifier::read(&made, Encoding::ImplicitLittleEndian).unwrap();
                assert!(
                    is_sent && made.items(SEQUENCE).is_some_and(|items| items.len() == 1),
                    "{value:?} was sent"
                );
            }
            Ok(_) => panic!("it is as held"),
            Err(refused) => assert!(!is_sent && refused.to_string().contains("(0008,0305)"), "{refused}"),
        }
    }
}

/// The highest High Bit that can be written was more than the sum could hold.
#[test]
fn bug_110_the_highest_high_bit_is_refused_like_others() {
    let mut writer = image(u16::MAX);
    writer.element(PIXEL_DATA, Vr::OW, &[0, 1, 2, 3]);
    let rules = Rules { photometric: Some(Photometric::Monochrome2), ..Rules::default() };
    let refused = apply(&conversion(EVLE, &rules), writer.into_bytes()).unwrap_err();
    assert!(refused.to_string().contains("lowest bit"), "{refused}");
}
