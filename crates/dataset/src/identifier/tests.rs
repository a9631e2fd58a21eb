use vocabulary::{Encoding, Tag, Vr, limits};

use super::{Content, Identifier};
use crate::character_set::CharacterSet;
use crate::malformed::Fault;
use crate::writer::DataSetWriter;

const CHARACTER_SET: Tag = Tag(0x0008, 0x0005);
const LEVEL: Tag = Tag(0x0008, 0x0052);
const MODALITIES: Tag = Tag(0x0008, 0x0061);
const NAME: Tag = Tag(0x0010, 0x0010);
const STUDY: Tag = Tag(0x0020, 0x000D);
const COUNT: Tag = Tag(0x0020, 0x1208);
const REQUESTS: Tag = Tag(0x0040, 0x0275);
const STEP: Tag = Tag(0x0040, 0x0007);

const ENCODINGS: [Encoding; 4] = [
    Encoding::ImplicitLittleEndian,
    Encoding::ExplicitLittleEndian,
    Encoding::ExplicitBigEndian,
    Encoding::DeflatedExplicitLittleEndian,
];

/// An identifier as a workstation sends it.
fn query() -> Identifier {
    let mut query = Identifier::new();
    query.set(CHARACTER_SET, Vr::CS, b"ISO_IR 144");
    assert!(query.set_text(NAME, "Люк*"));
    assert!(query.set_text(LEVEL, "STUDY"));
    assert!(query.set_text(STUDY, "1.2.3\\1.2.4"));
    assert!(query.set_text(MODALITIES, ""));
    query.set(COUNT, Vr::IS, b"");
    let mut item = Identifier::new();
    item.set(STEP, Vr::LO, b"");
    query.set_items(REQUESTS, vec![item]);
    query
}

#[test]
fn what_is_written_is_read_back_in_every_encoding() {
    for encoding in ENCODINGS {
        let bytes = query().to_bytes(encoding);
        assert_eq!(bytes.len() % 2, 0);
        let read = Identifier::read(&bytes, encoding).unwrap();
        assert_eq!(read.text(NAME).unwrap(), "Люк*");
        assert_eq!(read.text(LEVEL).unwrap(), "STUDY");
        assert_eq!(read.texts(STUDY), ["1.2.3", "1.2.4"]);
        assert!(read.uid(STUDY).unwrap().is_err());
        assert_eq!(read.text(MODALITIES).unwrap(), "");
        assert!(read.texts(MODALITIES).is_empty());
        assert!(read.get(COUNT).unwrap().is_empty());
        assert!(!read.get(REQUESTS).unwrap().is_empty());
        let item = &read.items(REQUESTS).unwrap()[0];
        assert!(item.get(STEP).unwrap().is_empty());
        assert_eq!(item.specific_character_set().value(), "ISO_IR 144");
        assert!(read.elements().is_sorted_by_key(|element| element.tag));
        assert_eq!(read.to_bytes(encoding), bytes);
    }
}

#[test]
fn binary_numbers_are_little_endian_whatever_was_read() {
    let mut writer = DataSetWriter::new(Encoding::ExplicitBigEndian);
    writer.u16(Tag(0x0028, 0x0010), 512);
    writer.element(Tag(0x0028, 0x0009), Vr::AT, &[0x18, 0x00, 0x63, 0x10]);
    let read = Identifier::read(&writer.into_bytes(), Encoding::ExplicitBigEndian).unwrap();
    assert_eq!(read.integer(Tag(0x0028, 0x0010)), Some(512));
    assert_eq!(read.raw(Tag(0x0028, 0x0009)), Some(&[0x18, 0x00, 0x63, 0x10][..]));
}

#[test]
fn an_item_may_have_a_character_set_of_its_own() {
    let mut item = Identifier::new();
    item.set(CHARACTER_SET, Vr::CS, b"ISO_IR 100");
    item.set(STEP, Vr::LO, b"\xE9");
    let mut around = Identifier::new();
    around.set(CHARACTER_SET, Vr::CS, b"ISO_IR 144");
    around.set_items(REQUESTS, vec![item]);
    around.set(Tag(0x0040, 0x1400), Vr::LT, b"\xE9");
    let bytes = around.to_bytes(Encoding::ExplicitLittleEndian);
    let read = Identifier::read(&bytes, Encoding::ExplicitLittleEndian).unwrap();
    assert_eq!(read.items(REQUESTS).unwrap()[0].text(STEP).unwrap(), "é");
    assert_eq!(read.text(Tag(0x0040, 0x1400)).unwrap(), "щ");
}

#[test]
fn group_lengths_are_left_out() {
    let mut writer = DataSetWriter::new(Encoding::ImplicitLittleEndian);
    writer.u32(Tag(0x0008, 0x0000), 999);
    writer.text(LEVEL, Vr::CS, "STUDY");
    let read = Identifier::read(&writer.into_bytes(), Encoding::ImplicitLittleEndian).unwrap();
    assert_eq!(read.elements().len(), 1);
}

#[test]
fn a_text_that_the_character_set_lacks_is_not_put_in() {
    let mut identifier = Identifier::new();
    assert!(!identifier.set_text(NAME, "王"));
    assert!(!identifier.is_present(NAME));
    identifier.set(CHARACTER_SET, Vr::CS, CharacterSet::utf8().value().as_bytes());
    assert!(identifier.set_text(NAME, "王"));
    assert!(identifier.set_text(NAME, "王^"));
    assert_eq!(identifier.elements().len(), 2);
    assert_eq!(identifier.text(NAME).unwrap(), "王^");
}

#[test]
fn undefined_lengths_are_read_to_their_delimiters() {
    let bytes = b"\x40\x00\x75\x02\xFF\xFF\xFF\xFF\
        \xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF\x40\x00\x07\x00\x02\x00\x00\x00ab\xFE\xFF\x0D\xE0\0\0\0\0\
        \xFE\xFF\x00\xE0\0\0\0\0\xFE\xFF\xDD\xE0\0\0\0\0\x40\x00\x00\x14\x02\x00\x00\x00cd";
    let read = Identifier::read(bytes, Encoding::ImplicitLittleEndian).unwrap();
    assert_eq!(read.items(REQUESTS).unwrap().len(), 2);
    assert_eq!(read.text(Tag(0x0040, 0x1400)).unwrap(), "cd");
}

#[test]
fn what_is_malformed_is_refused_with_its_place() {
    let cut = &query().to_bytes(Encoding::ExplicitLittleEndian)[..30];
    let malformed = Identifier::read(cut, Encoding::ExplicitLittleEndian).unwrap_err();
    assert!(matches!(malformed.fault, Fault::EndsInsideElement { .. }), "{malformed}");
    assert_eq!(*malformed.path, [LEVEL]);
    let level =
        [&b"\x40\x00\x75\x02SQ\0\0\xFF\xFF\xFF\xFF"[..], b"\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF"].concat();
    let deep = Identifier::read(&level.repeat(50_000), Encoding::ExplicitLittleEndian).unwrap_err();
    assert_eq!(deep.fault, Fault::NestedTooDeep(limits::NESTING_MAX));
}

#[test]
fn as_many_elements_as_cost_too_much_memory_are_refused() {
    let element = b"\x10\x00\x10\x00\0\0\0\0";
    let most = limits::IDENTIFIER_ELEMENTS_MAX;
    let read = |count| Identifier::read(&element.repeat(count), Encoding::ImplicitLittleEndian);
    assert_eq!(read(most).unwrap().elements().len(), most);
    assert_eq!(read(most + 1).unwrap_err().fault, Fault::TooManyElements(most));
    let items =
        [&b"\x40\x00\x75\x02\xFF\xFF\xFF\xFF"[..], &b"\xFE\xFF\x00\xE0\0\0\0\0".repeat(most + 1)].concat();
    let refused = Identifier::read(&items, Encoding::ImplicitLittleEndian).unwrap_err();
    assert_eq!(refused.fault, Fault::TooManyElements(most));
}

#[test]
fn a_deflated_identifier_has_the_bound_of_others() {
    let mut writer = DataSetWriter::new(Encoding::DeflatedExplicitLittleEndian);
    writer.element(Tag(0x0010, 0x4000), Vr::UT, &vec![b'x'; limits::IDENTIFIER_BYTES_MAX]);
    let refused = Identifier::read(&writer.into_bytes(), Encoding::DeflatedExplicitLittleEndian).unwrap_err();
    assert!(matches!(refused.fault, Fault::InflatesTooFar(_)));
}

#[test]
fn a_known_attribute_said_to_be_un_is_what_it_is_known_to_be() {
    let mut writer = DataSetWriter::new(Encoding::ExplicitLittleEndian);
    writer.element(NAME, Vr::UN, b"A^B ");
    writer.element(REQUESTS, Vr::UN, b"\xFE\xFF\x00\xE0\0\0\0\0");
    let read = Identifier::read(&writer.into_bytes(), Encoding::ExplicitLittleEndian).unwrap();
    assert_eq!(read.get(NAME).unwrap().vr, Vr::PN);
    assert!(matches!(&read.get(REQUESTS).unwrap().content, Content::Items(items) if items.len() == 1));
}
