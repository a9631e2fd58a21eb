//! Data sets made by hand, right and wrong ones.

use vocabulary::{Encoding, Tag, Vr, limits};

use super::Walker;
use crate::attributes::Attributes;
use crate::malformed::{Fault, Malformed};
use crate::writer::DataSetWriter;

const NAME: Tag = Tag(0x0010, 0x0010);
const COMMENTS: Tag = Tag(0x0010, 0x4000);
const STUDY: Tag = Tag(0x0020, 0x000D);
const ROWS: Tag = Tag(0x0028, 0x0010);
const REQUESTS: Tag = Tag(0x0040, 0x0275);
const STEP: Tag = Tag(0x0040, 0x0007);
const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);

static WANTED: &[Tag] = &[NAME, COMMENTS, STUDY, ROWS, REQUESTS, PIXEL_DATA];

const ITEM: [u8; 4] = [0xFE, 0xFF, 0x00, 0xE0];
const ITEM_END: [u8; 8] = [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0];
const SEQUENCE_END: [u8; 8] = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];
const UNDEFINED: u32 = 0xFFFF_FFFF;

fn walk(encoding: Encoding, bytes: &[u8]) -> Result<Attributes, Malformed> {
    let mut walker = Walker::new(encoding, WANTED);
    walker.push(bytes)?;
    walker.finish()
}

fn fault(bytes: &[u8]) -> Fault {
    walk(Encoding::ExplicitLittleEndian, bytes).expect_err("this is malformed").fault
}

fn tag(tag: Tag) -> Vec<u8> {
    [tag.group().to_le_bytes(), tag.element().to_le_bytes()].concat()
}

/// The header of an explicit element with a four-byte length.
fn long(at: Tag, vr: &[u8; 2], length: u32) -> Vec<u8> {
    [&tag(at)[..], vr, &[0, 0], &length.to_le_bytes()].concat()
}

fn short(at: Tag, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    [&tag(at)[..], vr, &(value.len() as u16).to_le_bytes(), value].concat()
}

fn implicit(at: Tag, length: u32, value: &[u8]) -> Vec<u8> {
    [&tag(at)[..], &length.to_le_bytes(), value].concat()
}

fn item(length: u32) -> Vec<u8> {
    [&ITEM[..], &length.to_le_bytes()].concat()
}

/// A small data set with a bit of everything.
fn sample(encoding: Encoding) -> Vec<u8> {
    let mut writer = DataSetWriter::new(encoding);
    writer.u32(Tag(0x0008, 0x0000), 1234);
    writer.text(Tag(0x0008, 0x0005), Vr::CS, "ISO_IR 100");
    writer.element(NAME, Vr::PN, b"M\xFCller^Hans");
    writer.text(STUDY, Vr::UI, "1.2.3");
    writer.u16(ROWS, 512);
    writer.begin_sequence(REQUESTS);
    writer.begin_item();
    writer.element(STEP, Vr::LO, b"Sch\xE4del");
    writer.end_item();
    writer.begin_item();
    writer.end_item();
    writer.end_sequence();
    writer.element(PIXEL_DATA, Vr::OW, &[7; 10_000]);
    writer.element(Tag(0xFFFC, 0xFFFC), Vr::OB, &[0; 126]);
    writer.into_bytes()
}

#[test]
fn every_encoding_gives_the_same_attributes() {
    for encoding in [
        Encoding::ImplicitLittleEndian,
        Encoding::ExplicitLittleEndian,
        Encoding::ExplicitBigEndian,
        Encoding::DeflatedExplicitLittleEndian,
    ] {
        let attributes = walk(encoding, &sample(encoding)).unwrap();
        assert_eq!(attributes.encoding(), encoding);
        assert_eq!(attributes.text(NAME).unwrap(), "Müller^Hans");
        assert_eq!(attributes.uid(STUDY).unwrap().unwrap(), "1.2.3");
        assert_eq!(attributes.integer(ROWS), Some(512));
        let items = attributes.items(REQUESTS).unwrap().unwrap();
        assert_eq!(items.len(), 2);
        assert_eq!(items[0].text(STEP).unwrap(), "Schädel");
        assert!(items[1].elements().is_empty());
        assert!(attributes.is_present(PIXEL_DATA) && attributes.is_too_long(PIXEL_DATA));
        assert!(!attributes.is_present(COMMENTS));
        assert_eq!(attributes.specific_character_set().value(), "ISO_IR 100");
    }
}

#[test]
fn an_empty_data_set_has_no_attributes() {
    assert_eq!(walk(Encoding::ExplicitLittleEndian, &[]).unwrap().elements().count(), 0);
}

#[test]
fn sequences_of_undefined_length_are_kept_without_their_delimiter() {
    let bytes = [
        long(REQUESTS, b"SQ", UNDEFINED),
        item(UNDEFINED),
        short(STEP, b"LO", b"one "),
        ITEM_END.to_vec(),
        item(12),
        short(STEP, b"LO", b"two "),
        SEQUENCE_END.to_vec(),
        short(Tag(0x0040, 0xA730), b"LO", b"behind"),
    ]
    .concat();
    let attributes = walk(Encoding::ExplicitLittleEndian, &bytes).unwrap();
    let items = attributes.items(REQUESTS).unwrap().unwrap();
    let texts: Vec<_> = items.iter().filter_map(|item| item.text(STEP)).collect();
    assert_eq!(texts, ["one", "two"]);
}

#[test]
fn un_of_undefined_length_is_implicit_inside() {
    let private = Tag(0x0029, 0x1010);
    let bytes = [
        long(private, b"UN", UNDEFINED),
        item(UNDEFINED),
        implicit(STEP, 4, b"one "),
        implicit(Tag(0x0029, 0x1011), UNDEFINED, &item(0)),
        SEQUENCE_END.to_vec(),
        ITEM_END.to_vec(),
        SEQUENCE_END.to_vec(),
        short(REQUESTS, b"LO", b"behind"),
    ]
    .concat();
    assert!(walk(Encoding::ExplicitLittleEndian, &bytes).unwrap().is_present(REQUESTS));
}

#[test]
fn a_known_sequence_said_to_be_un_is_read_as_the_sequence_it_is() {
    let inside = [item(12), implicit(STEP, 4, b"one ")].concat();
    let bytes = [long(REQUESTS, b"UN", inside.len() as u32), inside].concat();
    let attributes = walk(Encoding::ExplicitLittleEndian, &bytes).unwrap();
    assert_eq!(attributes.items(REQUESTS).unwrap().unwrap()[0].text(STEP).unwrap(), "one");
}

#[test]
fn fragments_of_pixel_data_are_passed_by() {
    let bytes = [
        long(PIXEL_DATA, b"OB", UNDEFINED),
        item(0),
        item(6),
        // Would be a delimiter with a length, were it looked at.
        vec![0xFE, 0xFF, 0xDD, 0xE0, 9, 9],
        SEQUENCE_END.to_vec(),
    ]
    .concat();
    assert!(walk(Encoding::ExplicitLittleEndian, &bytes).unwrap().is_present(PIXEL_DATA));
}

#[test]
fn implicit_elements_and_blank_vrs_within_explicit_data_sets_are_tolerated() {
    let bytes = [
        short(NAME, b"PN", b"A^B "),
        implicit(COMMENTS, 4, b"text"),
        short(Tag(0x0010, 0x4001), b"  ", b"xy"),
        short(Tag(0x0010, 0x4002), b"\0\0", b"xy"),
        // A VR of the future, with a long length.
        [long(Tag(0x0010, 0x4003), b"ZZ", 2), b"xy".to_vec()].concat(),
        implicit(REQUESTS, UNDEFINED, &item(12)),
        implicit(STEP, 4, b"one "),
        SEQUENCE_END.to_vec(),
    ]
    .concat();
    let attributes = walk(Encoding::ExplicitLittleEndian, &bytes).unwrap();
    assert_eq!(attributes.text(COMMENTS).unwrap(), "text");
    assert_eq!(attributes.items(REQUESTS).unwrap().unwrap().len(), 1);
}

#[test]
fn unsorted_tags_and_odd_lengths_are_tolerated_and_the_first_of_two_counts() {
    let bytes = [
        short(STUDY, b"UI", b"1.2"),
        short(NAME, b"PN", b"FIRST"),
        short(COMMENTS, b"LT", b"odd"),
        short(NAME, b"PN", b"SECOND"),
        short(Tag(0x0008, 0x0005), b"CS", b"ISO_IR 192"),
    ]
    .concat();
    let attributes = walk(Encoding::ExplicitLittleEndian, &bytes).unwrap();
    assert_eq!(attributes.text(NAME).unwrap(), "FIRST");
    assert_eq!(attributes.text(STUDY).unwrap(), "1.2");
    assert_eq!(attributes.text(COMMENTS).unwrap(), "odd");
    assert_eq!(attributes.specific_character_set().value(), "ISO_IR 192");
    assert!(attributes.elements().is_sorted_by_key(|element| element.tag));
}

#[test]
fn values_beyond_the_bound_are_noted_and_not_kept() {
    let most = limits::CATALOGUED_VALUE_BYTES_MAX;
    for (length, kept) in [(most, true), (most + 2, false)] {
        let bytes = [short(COMMENTS, b"LT", &vec![b'x'; length]), short(STUDY, b"UI", b"1.2\0")].concat();
        let attributes = walk(Encoding::ExplicitLittleEndian, &bytes).unwrap();
        assert_eq!(attributes.is_too_long(COMMENTS), !kept);
        assert_eq!(attributes.text(COMMENTS).is_some(), kept);
        assert_eq!(attributes.text(STUDY).unwrap(), "1.2");
    }
}

#[test]
fn sequences_beyond_the_bound_are_noted_and_not_kept() {
    for (items, kept) in [(7000, true), (9000, false)] {
        let bytes = [
            long(REQUESTS, b"SQ", UNDEFINED),
            item(0).repeat(items),
            SEQUENCE_END.to_vec(),
            short(Tag(0x0040, 0xA730), b"LO", b"behind"),
        ]
        .concat();
        let mut walker = Walker::new(Encoding::ExplicitLittleEndian, WANTED);
        for portion in bytes.chunks(1000) {
            walker.push(portion).unwrap();
        }
        let attributes = walker.finish().unwrap();
        assert_eq!(attributes.is_too_long(REQUESTS), !kept);
        assert_eq!(attributes.items(REQUESTS).map(|items| items.unwrap().len()), kept.then_some(items));
    }
}

#[test]
fn scp_051_lengths_beyond_the_end_are_malformed() {
    let bytes = [short(NAME, b"PN", b"A^B "), long(PIXEL_DATA, b"OW", 0xF000_0000), vec![0; 10]].concat();
    let malformed = walk(Encoding::ExplicitLittleEndian, &bytes).unwrap_err();
    assert_eq!(malformed.fault, Fault::EndsInsideElement { missing: 0xF000_0000 - 10 });
    assert_eq!(*malformed.path, [PIXEL_DATA]);
    assert_eq!(malformed.offset, bytes.len() as u64);
    assert_eq!(fault(&tag(NAME)), Fault::EndsInsideElement { missing: 4 });
}

#[test]
fn scp_051_what_exceeds_its_item_or_sequence_is_malformed() {
    let in_item = [long(REQUESTS, b"SQ", UNDEFINED), item(8), short(STEP, b"LO", b"four")].concat();
    assert_eq!(fault(&in_item), Fault::ExceedsItem { length: 12, left: 8 });
    let in_sequence = [long(REQUESTS, b"SQ", 16), item(12), short(STEP, b"LO", b"four")].concat();
    assert_eq!(fault(&in_sequence), Fault::ExceedsItem { length: 20, left: 16 });
    let header = [long(REQUESTS, b"SQ", 12), item(4), tag(STEP), vec![0; 8]].concat();
    assert_eq!(fault(&header), Fault::ExceedsItem { length: 8, left: 4 });
    // An item without a delimiter, in a sequence that ends by its length.
    let open = [long(REQUESTS, b"SQ", 8), item(UNDEFINED), short(NAME, b"PN", b"A^B ")].concat();
    assert_eq!(fault(&open), Fault::ExceedsItem { length: 12, left: 0 });
}

#[test]
fn scp_051_unclosed_sequences_are_malformed() {
    let begun = long(REQUESTS, b"SQ", UNDEFINED);
    assert_eq!(fault(&begun), Fault::EndsInsideSequence);
    assert_eq!(fault(&[begun.clone(), item(UNDEFINED)].concat()), Fault::EndsInsideSequence);
    assert_eq!(fault(&[begun, item(UNDEFINED), ITEM_END.to_vec()].concat()), Fault::EndsInsideSequence);
    assert_eq!(fault(&long(PIXEL_DATA, b"OB", UNDEFINED)), Fault::EndsInsideSequence);
    assert_eq!(fault(&long(REQUESTS, b"SQ", 8)), Fault::EndsInsideSequence);
}

#[test]
fn scp_051_delimiters_out_of_place_are_malformed() {
    let begun = long(REQUESTS, b"SQ", UNDEFINED);
    assert_eq!(fault(&ITEM_END), Fault::StrayDelimiter);
    assert_eq!(fault(&SEQUENCE_END), Fault::StrayDelimiter);
    assert_eq!(fault(&item(0)), Fault::StrayDelimiter);
    assert_eq!(fault(&[begun.clone(), ITEM_END.to_vec()].concat()), Fault::StrayDelimiter);
    assert_eq!(
        fault(&[begun.clone(), item(UNDEFINED), SEQUENCE_END.to_vec()].concat()),
        Fault::StrayDelimiter
    );
    assert_eq!(fault(&[begun.clone(), item(8), ITEM_END.to_vec()].concat()), Fault::StrayDelimiter);
    assert_eq!(fault(&[long(REQUESTS, b"SQ", 8), SEQUENCE_END.to_vec()].concat()), Fault::StrayDelimiter);
    let with_length = [begun.clone(), vec![0xFE, 0xFF, 0xDD, 0xE0, 8, 0, 0, 0]].concat();
    assert_eq!(fault(&with_length), Fault::DelimiterWithLength(8));
    assert_eq!(fault(&[begun, short(NAME, b"PN", b"")].concat()), Fault::NotAnItem);
    let fragments = long(PIXEL_DATA, b"OB", UNDEFINED);
    assert_eq!(fault(&[fragments, item(UNDEFINED)].concat()), Fault::UndefinedLength);
}

#[test]
fn an_undefined_length_is_for_sequences_and_fragments_only() {
    assert_eq!(fault(&long(NAME, b"UT", UNDEFINED)), Fault::UndefinedLength);
}

#[test]
fn scp_051_nesting_is_bounded() {
    let level = [long(REQUESTS, b"SQ", UNDEFINED), item(UNDEFINED)].concat();
    let end = [ITEM_END, SEQUENCE_END].concat();
    let most = limits::NESTING_MAX;
    assert!(walk(Encoding::ExplicitLittleEndian, &[level.repeat(most), end.repeat(most)].concat()).is_ok());
    let deeper = walk(Encoding::ExplicitLittleEndian, &level.repeat(100_000)).unwrap_err();
    assert_eq!(deeper.fault, Fault::NestedTooDeep(most));
    assert_eq!(deeper.path.len(), most + 1);
}

#[test]
fn groups_that_have_no_place_in_a_data_set_are_malformed() {
    assert_eq!(fault(&short(Tag(0x0002, 0x0010), b"UI", b"1.2\0")), Fault::ForeignGroup(2));
    assert_eq!(fault(&short(Tag(0x0000, 0x0100), b"US", &[1, 0])), Fault::ForeignGroup(0));
}

#[test]
fn a_data_set_in_another_encoding_than_announced_is_told_at_its_first_element() {
    assert_eq!(fault(&sample(Encoding::ImplicitLittleEndian)), Fault::NotExplicit);
    let explicit = sample(Encoding::ExplicitLittleEndian);
    let malformed = walk(Encoding::ImplicitLittleEndian, &explicit).unwrap_err();
    assert_eq!((malformed.fault, malformed.offset), (Fault::NotImplicit, 0));
}

#[test]
fn a_message_says_what_and_where() {
    let bytes = [long(REQUESTS, b"SQ", UNDEFINED), item(8), short(STEP, b"LO", b"four")].concat();
    let malformed = walk(Encoding::ExplicitLittleEndian, &bytes).unwrap_err();
    assert_eq!(
        malformed.to_string(),
        "malformed data set at byte 20, (0040,0275) > (0040,0007): \
         an element of 12 bytes does not fit in the 8 bytes left of its item or sequence"
    );
}

#[test]
fn a_walker_that_failed_goes_on_failing() {
    let mut walker = Walker::new(Encoding::ExplicitLittleEndian, WANTED);
    let first = walker.push(&ITEM_END).unwrap_err();
    assert_eq!(walker.push(&sample(Encoding::ExplicitLittleEndian)).unwrap_err(), first);
    assert_eq!(walker.finish().unwrap_err(), first);
}

#[test]
fn a_deflated_data_set_that_is_cut_is_malformed() {
    let bytes = sample(Encoding::DeflatedExplicitLittleEndian);
    let cut = &bytes[..bytes.len() / 2];
    assert!(walk(Encoding::DeflatedExplicitLittleEndian, cut).is_err());
    assert!(walk(Encoding::DeflatedExplicitLittleEndian, &[]).is_err());
}
