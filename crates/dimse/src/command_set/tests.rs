use proptest::prelude::*;
use vocabulary::{Tag, Uid};

use super::{CommandSet, CommandWriter, Element, Fault, Problem};

/// One element as a peer may write it.
fn element(tag: Tag, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&tag.group().to_le_bytes());
    bytes.extend_from_slice(&tag.element().to_le_bytes());
    bytes.extend_from_slice(&u32::try_from(value.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(value);
    bytes
}

#[test]
fn the_table_of_elements_ascends_and_finds_itself() {
    assert!(Element::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
    for row in Element::ALL {
        assert_eq!(Element::find(row.number()), Some(row));
    }
}

#[test]
fn a_written_command_has_its_group_length_even_values_and_ascending_tags() {
    let mut bytes = b"before".to_vec();
    let mut writer = CommandWriter::new(&mut bytes);
    writer.uid(Element::AffectedSopClassUid, &Uid::known("1.2.840.10008.1.1"));
    writer.number(Element::CommandField, 0x30);
    writer.text(Element::MoveDestination, "ODD");
    writer.tags(Element::OffendingElement, &[Tag(0x0010, 0x0020)]);
    writer.finish();

    let mut expected = b"before".to_vec();
    expected.extend(element(Tag(0, 0), &60_u32.to_le_bytes()));
    expected.extend(element(Tag(0, 2), b"1.2.840.10008.1.1\0"));
    expected.extend(element(Tag(0, 0x100), &[0x30, 0]));
    expected.extend(element(Tag(0, 0x600), b"ODD "));
    expected.extend(element(Tag(0, 0x901), &[0x10, 0, 0x20, 0]));
    assert_eq!(bytes, expected);
    assert_eq!(expected.len() - b"before".len() - 12, 60);
}

#[test]
fn unknown_elements_and_other_groups_are_skipped() {
    let bytes = [
        element(Tag(0, 0x0001), &[1, 2, 3, 4]),
        element(Tag(0, 0x0110), &[7, 0]),
        element(Tag(0, 0x4711), b"what"),
        element(Tag(8, 0x0110), &[9, 0]),
    ]
    .concat();
    let set = CommandSet::read(&bytes);
    assert_eq!(set.fault(), None);
    assert_eq!(set.required_number(Element::MessageId), Ok(7));
}

#[test]
fn an_element_that_comes_twice_is_neither_of_the_two() {
    let bytes = [
        element(Tag(0, 0x0110), &[7, 0]),
        element(Tag(0, 0x0110), &[8, 0]),
        element(Tag(0, 0x0110), &[7, 0]),
    ]
    .concat();
    let set = CommandSet::read(&bytes);
    let twice = Fault::new(Element::MessageId, Problem::Twice);
    assert_eq!(set.fault(), Some(&twice));
    assert_eq!(set.required_number(Element::MessageId), Err(twice));
}

#[test]
fn a_number_of_another_length_is_mistyped_and_one_without_value_is_missing() {
    let bytes = [element(Tag(0, 0x0110), &[7, 0, 0, 0]), element(Tag(0, 0x0700), &[])].concat();
    let set = CommandSet::read(&bytes);
    assert_eq!(
        set.required_number(Element::MessageId),
        Err(Fault::new(Element::MessageId, Problem::Mistyped))
    );
    assert_eq!(set.number(Element::Priority), Ok(None));
    assert_eq!(set.required_number(Element::Priority), Err(Fault::new(Element::Priority, Problem::Missing)));
}

#[test]
fn a_length_beyond_the_end_is_noted_and_what_came_before_is_kept() {
    let mut bytes = element(Tag(0, 0x0110), &[7, 0]);
    bytes.extend([0, 0, 0, 0x09, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0]);
    let set = CommandSet::read(&bytes);
    assert_eq!(set.fault(), Some(&Fault { tag: Tag(0, 0x0900), problem: Problem::Truncated }));
    assert_eq!(set.required_number(Element::MessageId), Ok(7));
}

#[test]
fn padding_of_uids_titles_and_texts_is_taken_off() {
    let bytes = [
        element(Tag(0, 0x0002), b"1.2.3\0"),
        element(Tag(0, 0x0600), b"STORE_SCP \0"),
        element(Tag(0, 0x0902), b"because "),
    ]
    .concat();
    let set = CommandSet::read(&bytes);
    assert_eq!(set.required_uid(Element::AffectedSopClassUid).unwrap().as_str(), "1.2.3");
    assert_eq!(set.required_ae_title(Element::MoveDestination).unwrap().as_str(), "STORE_SCP");
    assert_eq!(set.text(Element::ErrorComment).as_deref(), Some("because"));
}

#[test]
fn a_comment_that_a_peer_sends_cannot_begin_a_line_of_its_own() {
    let bytes =
        [element(Tag(0, 0x0900), &[0, 0xA7]), element(Tag(0, 0x0902), b"full\r\nERROR \x1b[31m")].concat();
    let outcome = CommandSet::read(&bytes).outcome().unwrap();
    assert_eq!(outcome.error_comment.as_deref(), Some("full??ERROR ?[31m"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let set = CommandSet::read(&bytes);
        for element in Element::ALL {
            prop_assert!(set.number(element).is_ok() || set.required_number(element).is_err());
            prop_assert_eq!(set.uid(element), set.required_uid(element).ok());
            prop_assert!(set.tags(element).len() * 4 <= bytes.len());
        }
    }

    #[test]
    fn numbers_texts_and_tags_come_back(
        number in any::<u16>(),
        text in "[A-Z0-9_]{1,16}",
        tags in prop::collection::vec((any::<u16>(), any::<u16>()), 1..20),
    ) {
        let tags: Vec<Tag> = tags.into_iter().map(|(group, element)| Tag(group, element)).collect();
        let mut bytes = Vec::new();
        let mut writer = CommandWriter::new(&mut bytes);
        writer.text(Element::MoveDestination, &text);
        writer.number(Element::Status, number);
        writer.tags(Element::OffendingElement, &tags);
        writer.finish();
        let set = CommandSet::read(&bytes);
        prop_assert_eq!(set.fault(), None);
        prop_assert_eq!(set.number(Element::Status), Ok(Some(number)));
        let title = set.required_ae_title(Element::MoveDestination).unwrap();
        prop_assert_eq!(title.as_str(), text);
        prop_assert_eq!(set.tags(Element::OffendingElement), tags);
    }
}
