use std::io::Read;
use std::rc::Rc;

use dataset::{CharacterSet, DataSetWriter, Identifier, Token, Tokens};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::{prop_assert, prop_assert_eq};
use vocabulary::{Encoding, Tag, Vr, limits};

use super::{Recipe, Recode, measure, write};
use crate::NotConverted;

const IMPLICIT: Encoding = Encoding::ImplicitLittleEndian;
const EXPLICIT: Encoding = Encoding::ExplicitLittleEndian;

fn rewritten(from: Encoding, bytes: &[u8], recipe: Recipe) -> Result<Vec<u8>, NotConverted> {
    let recipe = Rc::new(recipe);
    let measured = measure(from, bytes, &recipe)?;
    let length = measured.bytes;
    let mut written = Vec::new();
    write(from, bytes, &recipe, measured)
        .read_to_end(&mut written)
        .expect("what was measured can be written");
    assert_eq!(written.len() as u64, length, "the length that was announced");
    Ok(written)
}

fn to(explicit: bool) -> Recipe {
    Recipe { explicit, ..Recipe::default() }
}

/// Tokens and values, as they are read.
fn contents(encoding: Encoding, bytes: &[u8]) -> Vec<(Tag, Option<Vr>, Vec<u8>)> {
    let mut tokens = Tokens::new(encoding, bytes);
    let mut contents = Vec::new();
    while let Some(token) = tokens.next().unwrap() {
        if let Token::Value { tag, vr, .. } = token {
            let mut value = Vec::new();
            while let Some(piece) = tokens.piece().unwrap() {
                value.extend_from_slice(piece);
            }
            contents.push((tag, vr, value));
        }
    }
    contents
}

/// An element, or a sequence with items, of defined length or not.
#[derive(Debug, Clone)]
enum Node {
    Value(Tag, Vr, Vec<u8>),
    Sequence(Tag, bool, Vec<(bool, Vec<Node>)>),
}

/// Writes nodes in implicit or explicit VR.
fn encode(nodes: &[Node], explicit: bool) -> Vec<u8> {
    let encoding = if explicit { EXPLICIT } else { IMPLICIT };
    let mut bytes = Vec::new();
    for node in nodes {
        match node {
            Node::Value(tag, vr, value) => {
                let mut writer = DataSetWriter::new(encoding);
                writer.element(*tag, *vr, value);
                bytes.extend(writer.into_bytes());
            }
            Node::Sequence(tag, defined, items) => {
                let mut inside = Vec::new();
                for (defined, nodes) in items {
                    let item = encode(nodes, explicit);
                    inside.extend([0xFE, 0xFF, 0x00, 0xE0]);
                    inside.extend(if *defined { item.len() as u32 } else { u32::MAX }.to_le_bytes());
                    inside.extend(item);
                    if !defined {
                        inside.extend([0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0]);
                    }
                }
                bytes.extend([tag.group().to_le_bytes(), tag.element().to_le_bytes()].concat());
                if explicit {
                    bytes.extend(*b"SQ\0\0");
                }
                bytes.extend(if *defined { inside.len() as u32 } else { u32::MAX }.to_le_bytes());
                bytes.extend(inside);
                if !defined {
                    bytes.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
                }
            }
        }
    }
    bytes
}

fn nodes() -> impl Strategy<Value = Vec<Node>> {
    let value = prop_oneof![
        (Just((Tag(0x0010, 0x0010), Vr::PN)), proptest::collection::vec(any::<u8>(), 0..40)),
        (Just((Tag(0x0028, 0x0010), Vr::US)), proptest::collection::vec(any::<u8>(), 2..3)),
        (Just((Tag(0x0018, 0x1063), Vr::DS)), proptest::collection::vec(b'0'..=b'9', 0..16)),
        (Just((Tag(0x7FE0, 0x0010), Vr::OW)), proptest::collection::vec(any::<u8>(), 0..200)),
        (Just((Tag(0x0009, 0x0010), Vr::LO)), proptest::collection::vec(b'A'..=b'Z', 0..20)),
        (Just((Tag(0x0009, 0x1001), Vr::UN)), proptest::collection::vec(any::<u8>(), 0..60)),
    ];
    let value = value.prop_map(|((tag, vr), mut value)| {
        if value.len() % 2 == 1 {
            value.push(vr.padding());
        }
        Node::Value(tag, vr, value)
    });
    let nodes = |node| proptest::collection::vec(node, 0..5);
    nodes(value.prop_recursive(4, 40, 4, move |inner| {
        let item = (any::<bool>(), proptest::collection::vec(inner, 0..4));
        (any::<bool>(), proptest::collection::vec(item, 0..3))
            .prop_map(|(defined, items)| Node::Sequence(Tag(0x0040, 0x0275), defined, items))
    }))
}

proptest! {
    #[test]
    fn sil_070_implicit_to_explicit_and_back_gives_the_same_bytes(nodes in nodes()) {
        let (implicit, explicit) = (encode(&nodes, false), encode(&nodes, true));
        let there = rewritten(IMPLICIT, &implicit, to(true)).unwrap();
        let values = |bytes: &[u8], encoding| {
            // An empty sequence in implicit VR is a value without bytes.
            let values = contents(encoding, bytes).into_iter().filter(|(tag, ..)| *tag != Tag(0x0040, 0x0275));
            values.map(|(tag, _, value)| (tag, value)).collect::<Vec<_>>()
        };
        prop_assert_eq!(values(&there, EXPLICIT), values(&implicit, IMPLICIT));
        prop_assert_eq!(rewritten(EXPLICIT, &there, to(false)).unwrap(), implicit.clone());
        prop_assert_eq!(rewritten(EXPLICIT, &explicit, to(false)).unwrap(), implicit);
    }

    #[test]
    fn sil_070_a_data_set_without_changes_is_written_as_it_is(nodes in nodes()) {
        let explicit = encode(&nodes, true);
        prop_assert_eq!(rewritten(EXPLICIT, &explicit, to(true)).unwrap(), explicit);
    }

    #[test]
    fn bytes_of_any_kind_are_written_anew_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300), explicit: bool) {
        let written = rewritten(if explicit { EXPLICIT } else { IMPLICIT }, &bytes, to(!explicit));
        prop_assert!(written.is_ok() || written.is_err());
    }
}

#[test]
fn sil_070_private_sequences_of_unknown_kind_stay_in_implicit_vr() {
    // PS3.5 6.2.2: UN, undefined length.
    let private = [
        &[0x09, 0x00, 0x01, 0x10, 0xFF, 0xFF, 0xFF, 0xFF][..],
        &[0xFE, 0xFF, 0x00, 0xE0, 12, 0, 0, 0],
        &[0x28, 0x00, 0x10, 0x00, 4, 0, 0, 0, 1, 2, 3, 4],
        &[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0],
    ]
    .concat();
    let explicit = rewritten(IMPLICIT, &private, to(true)).unwrap();
    let header = [&[0x09, 0x00, 0x01, 0x10][..], b"UN\0\0", &[0xFF; 4]].concat();
    assert_eq!(explicit, [&header[..], &private[8..]].concat());
    assert_eq!(rewritten(EXPLICIT, &explicit, to(false)).unwrap(), private);
}

#[test]
fn sil_070_values_too_long_for_their_vr_are_un_in_explicit_vr() {
    let mut implicit = vec![0x10, 0x00, 0x10, 0x00];
    implicit.extend(70_000_u32.to_le_bytes());
    implicit.extend(vec![b'A'; 70_000]);
    let explicit = rewritten(IMPLICIT, &implicit, to(true)).unwrap();
    assert_eq!(contents(EXPLICIT, &explicit)[0].1, Some(Vr::UN));
    assert_eq!(rewritten(EXPLICIT, &explicit, to(false)).unwrap(), implicit);
}

#[test]
fn sil_070_what_is_signed_like_the_pixels_is_ss_where_they_are() {
    let padding = [0x28, 0x00, 0x20, 0x01, 2, 0, 0, 0, 0x30, 0xF8];
    for (signed, vr) in [(false, Vr::US), (true, Vr::SS)] {
        let explicit = rewritten(IMPLICIT, &padding, Recipe { signed, ..to(true) }).unwrap();
        assert_eq!(contents(EXPLICIT, &explicit), [(Tag(0x0028, 0x0120), Some(vr), vec![0x30, 0xF8])]);
    }
}

#[test]
fn sil_070_big_endian_and_deflated_data_sets_come_out_like_all_others() {
    let sample = |encoding| {
        let mut writer = DataSetWriter::new(encoding);
        writer.u16(Tag(0x0028, 0x0010), 512);
        writer.element(Tag(0x0028, 0x9001), Vr::UL, &[1, 0, 0, 0, 2, 0, 0, 0]);
        writer.element(Tag(0x7FE0, 0x0010), Vr::OW, &[1, 2, 3, 4].repeat(50_000));
        writer.into_bytes()
    };
    for encoding in [Encoding::ExplicitBigEndian, Encoding::DeflatedExplicitLittleEndian] {
        assert_eq!(rewritten(encoding, &sample(encoding), to(true)).unwrap(), sample(EXPLICIT));
        assert_eq!(rewritten(encoding, &sample(encoding), to(false)).unwrap(), sample(IMPLICIT));
    }
}

#[test]
fn group_lengths_which_would_be_wrong_are_left_out() {
    let mut writer = DataSetWriter::new(IMPLICIT);
    writer.u32(Tag(0x0008, 0x0000), 99);
    writer.u32(Tag(0x0008, 0x0001), 99);
    writer.text(Tag(0x0008, 0x0060), Vr::CS, "CT");
    let explicit = rewritten(IMPLICIT, &writer.into_bytes(), to(true)).unwrap();
    assert_eq!(contents(EXPLICIT, &explicit), [(Tag(0x0008, 0x0060), Some(Vr::CS), b"CT".to_vec())]);
}

#[test]
fn attributes_come_in_at_their_place_and_sequences_get_one_item_more() {
    let mut writer = DataSetWriter::new(EXPLICIT);
    writer.text(Tag(0x0008, 0x0060), Vr::CS, "CT");
    writer.text(Tag(0x0010, 0x0010), Vr::PN, "Before");
    writer.begin_sequence(Tag(0x0400, 0x0561));
    writer.begin_item();
    writer.text(Tag(0x0400, 0x0563), Vr::LO, "first");
    writer.end_item();
    writer.end_sequence();
    let bytes = writer.into_bytes();
    let mut item = Identifier::new();
    item.set(Tag(0x0400, 0x0563), Vr::LO, b"second");
    for explicit in [true, false] {
        let mut recipe = to(explicit);
        recipe.edits.text(Tag(0x0008, 0x0050), Vr::SH, "ACC");
        recipe.edits.text(Tag(0x0010, 0x0010), Vr::PN, "After");
        recipe.edits.remove(Tag(0x0008, 0x0060));
        recipe.edits.append(Tag(0x0400, 0x0561), item.clone());
        recipe.edits.append(Tag(0x0008, 0x2112), item.clone());
        let encoding = recipe.encoding();
        let written = rewritten(EXPLICIT, &bytes, recipe).unwrap();
        let values: Vec<(Tag, Vec<u8>)> =
            contents(encoding, &written).into_iter().map(|(tag, _, value)| (tag, value)).collect();
        let expected = [
            (Tag(0x0008, 0x0050), b"ACC ".to_vec()),
            (Tag(0x0400, 0x0563), b"second".to_vec()),
            (Tag(0x0010, 0x0010), b"After ".to_vec()),
            (Tag(0x0400, 0x0563), b"first ".to_vec()),
            (Tag(0x0400, 0x0563), b"second".to_vec()),
        ];
        assert_eq!(values, expected);
    }
}

#[test]
fn gen_014_texts_of_all_items_come_to_utf_8() {
    let mut writer = DataSetWriter::new(EXPLICIT);
    writer.element(Tag(0x0010, 0x0010), Vr::PN, b"M\xFCller");
    writer.begin_sequence(Tag(0x0040, 0x0275));
    writer.begin_item();
    writer.text(Tag(0x0008, 0x0005), Vr::CS, "ISO_IR 144");
    writer.element(Tag(0x0040, 0x0007), Vr::LO, b"\xBB\xEE");
    writer.end_item();
    writer.begin_item();
    writer.element(Tag(0x0040, 0x0007), Vr::LO, b"Sch\xE4del");
    writer.end_item();
    writer.end_sequence();
    let recode = Recode { from: CharacterSet::from_terms(&["ISO_IR 100"]) };
    let recipe = Recipe { recode: Some(recode), ..to(true) };
    let written = rewritten(EXPLICIT, &writer.into_bytes(), recipe).unwrap();
    let texts: Vec<String> = contents(EXPLICIT, &written)
        .into_iter()
        .map(|(_, _, text)| String::from_utf8(text).unwrap())
        .collect();
    assert_eq!(texts, ["Müller ", "Лю", "Schädel"]);
}

#[test]
fn nesting_beyond_the_bound_is_refused() {
    let depth = limits::NESTING_MAX + 1;
    let mut nodes = Vec::new();
    for _ in 0..depth {
        nodes = vec![Node::Sequence(Tag(0x0040, 0x0275), false, vec![(false, nodes)])];
    }
    let refused = rewritten(EXPLICIT, &encode(&nodes, true), to(false));
    assert!(matches!(refused, Err(NotConverted::Malformed(_))), "{refused:?}");
}
