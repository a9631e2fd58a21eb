//! What holds for any data set, and for any bytes.

use std::io::Cursor;

use dataset::{Attributes, CharacterSet, DataSetWriter, Identifier, Malformed, Walker, file_meta, vr_of};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use proptest::{prop_assert, prop_assert_eq, proptest};
use vocabulary::{Encoding, Tag, Vr, limits};

const ENCODINGS: [Encoding; 4] = [
    Encoding::ImplicitLittleEndian,
    Encoding::ExplicitLittleEndian,
    Encoding::ExplicitBigEndian,
    Encoding::DeflatedExplicitLittleEndian,
];

/// The attributes that data sets are made of here, all of them wanted.
static TAGS: &[Tag] = &[
    Tag(0x0008, 0x0005),
    Tag(0x0008, 0x0018),
    Tag(0x0008, 0x0020),
    Tag(0x0008, 0x1140),
    Tag(0x0010, 0x0010),
    Tag(0x0010, 0x4000),
    Tag(0x0028, 0x0010),
    Tag(0x0029, 0x0010),
    Tag(0x0029, 0x1010),
    Tag(0x0040, 0x0275),
    Tag(0x0040, 0xA730),
    Tag(0x7FE0, 0x0010),
];

/// An element, as a data set is made of them.
#[derive(Debug, Clone)]
enum Node {
    Value(Tag, Vec<u8>),
    /// The items, and whether lengths are undefined.
    Sequence(Tag, Vec<Vec<Node>>, bool),
    /// A private sequence that somebody turned into UN of undefined length.
    Unknown(Vec<Vec<Node>>),
    Fragments(Vec<Vec<u8>>),
}

fn nodes() -> impl Strategy<Value = Vec<Node>> {
    let values: Vec<Tag> = TAGS.iter().copied().filter(|tag| vr_of(*tag) != Vr::SQ).collect();
    let sequences: Vec<Tag> = TAGS.iter().copied().filter(|tag| vr_of(*tag) == Vr::SQ).collect();
    let bytes = prop_oneof![vec(any::<u8>(), 0..20), vec(b'0'..=b'z', 0..40), vec(Just(0x20), 4090..4110)];
    let value = (select(values), bytes).prop_map(|(tag, value)| Node::Value(tag, value));
    let node = value.prop_recursive(4, 40, 5, move |inner| {
        let items = vec(vec(inner, 0..4), 0..4);
        prop_oneof![
            (select(sequences.clone()), items.clone(), any::<bool>())
                .prop_map(|(tag, items, undefined)| Node::Sequence(tag, items, undefined)),
            items.prop_map(Node::Unknown),
        ]
    });
    let fragments = vec(vec(any::<u8>(), 0..30), 0..4).prop_map(Node::Fragments);
    (vec(node, 0..12), proptest::option::of(fragments))
        .prop_map(|(nodes, fragments)| nodes.into_iter().chain(fragments).collect())
}

/// Writes a data set by hand, with undefined lengths too.
fn encode(nodes: &[Node], encoding: Encoding) -> Vec<u8> {
    if encoding == Encoding::DeflatedExplicitLittleEndian {
        return deflated(&encode(nodes, Encoding::ExplicitLittleEndian));
    }
    nodes.iter().flat_map(|node| encode_node(node, encoding)).collect()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    // Were this to fail, no test would take the empty stream for a data set.
    std::io::Write::write_all(&mut encoder, bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

fn encode_node(node: &Node, encoding: Encoding) -> Vec<u8> {
    match node {
        Node::Value(tag, value) => {
            let mut writer = DataSetWriter::new(encoding);
            writer.element(*tag, vr_of(*tag), value);
            writer.into_bytes()
        }
        Node::Sequence(tag, items, undefined) => {
            let inside: Vec<u8> =
                items.iter().flat_map(|item| encode_item(item, encoding, *undefined)).collect();
            let length = if *undefined { u32::MAX } else { inside.len() as u32 };
            let end = if *undefined { header(Tag(0xFFFE, 0xE0DD), None, 0, encoding) } else { Vec::new() };
            [header(*tag, Some(Vr::SQ), length, encoding), inside, end].concat()
        }
        Node::Unknown(items) => {
            let implicit = Encoding::ImplicitLittleEndian;
            let inside: Vec<u8> = items.iter().flat_map(|item| encode_item(item, implicit, true)).collect();
            let end = header(Tag(0xFFFE, 0xE0DD), None, 0, implicit);
            [header(Tag(0x0029, 0x1020), Some(Vr::UN), u32::MAX, encoding), inside, end].concat()
        }
        Node::Fragments(fragments) => {
            let mut bytes = header(Tag(0x7FE0, 0x0010), Some(Vr::OB), u32::MAX, encoding);
            for fragment in fragments {
                bytes.extend(header(Tag(0xFFFE, 0xE000), None, fragment.len() as u32, encoding));
                bytes.extend(fragment);
            }
            bytes.extend(header(Tag(0xFFFE, 0xE0DD), None, 0, encoding));
            bytes
        }
    }
}

fn encode_item(nodes: &[Node], encoding: Encoding, undefined: bool) -> Vec<u8> {
    let inside = encode(nodes, encoding);
    let length = if undefined { u32::MAX } else { inside.len() as u32 };
    let end = if undefined { header(Tag(0xFFFE, 0xE00D), None, 0, encoding) } else { Vec::new() };
    [header(Tag(0xFFFE, 0xE000), None, length, encoding), inside, end].concat()
}

fn header(tag: Tag, vr: Option<Vr>, length: u32, encoding: Encoding) -> Vec<u8> {
    let big = encoding == Encoding::ExplicitBigEndian;
    let number = |number: u16| if big { number.to_be_bytes() } else { number.to_le_bytes() };
    let mut bytes = [number(tag.group()), number(tag.element())].concat();
    if let Some(vr) = vr.filter(|_| encoding != Encoding::ImplicitLittleEndian) {
        bytes.extend([vr.0[0], vr.0[1], 0, 0]);
    }
    bytes.extend(if big { length.to_be_bytes() } else { length.to_le_bytes() });
    bytes
}

fn walk<'a>(
    encoding: Encoding,
    portions: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Attributes, Malformed> {
    let mut walker = Walker::new(encoding, TAGS);
    for portion in portions {
        walker.push(portion)?;
    }
    walker.finish()
}

/// All that attributes have to say.
fn said(attributes: &Attributes) -> Vec<String> {
    let items = |tag| attributes.items(tag).map(|items| items.map_err(|malformed| malformed.to_string()));
    attributes.elements().map(|element| format!("{element:?} {:?}", items(element.tag))).collect()
}

/// Cuts the bytes at any places.
fn portions<'a>(bytes: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|place| &bytes[place[0]..place[1]]).collect()
}

proptest! {
    #[test]
    fn a_data_set_in_portions_is_the_same_as_in_one(
        nodes in nodes(),
        encoding in select(ENCODINGS.to_vec()),
        cuts in vec(any::<Index>(), 0..20),
    ) {
        let bytes = encode(&nodes, encoding);
        let whole = walk(encoding, [&bytes[..]]).expect("it is well formed");
        let cut = walk(encoding, portions(&bytes, &cuts)).expect("it is well formed");
        let by_byte = walk(encoding, bytes.chunks(1)).expect("it is well formed");
        prop_assert_eq!(said(&whole), said(&cut));
        prop_assert_eq!(said(&whole), said(&by_byte));
    }

    #[test]
    fn a_malformed_data_set_in_portions_is_malformed_at_the_same_place(
        nodes in nodes(),
        encoding in select(ENCODINGS[..3].to_vec()),
        changes in vec((any::<Index>(), any::<u8>()), 1..5),
        cuts in vec(any::<Index>(), 0..20),
    ) {
        let mut bytes = encode(&nodes, encoding);
        for (at, byte) in changes {
            let end = bytes.len();
            if end > 0 { bytes[at.index(end)] = byte; }
        }
        let whole = walk(encoding, [&bytes[..]]).map(|attributes| said(&attributes));
        let cut = walk(encoding, portions(&bytes, &cuts)).map(|attributes| said(&attributes));
        prop_assert_eq!(whole, cut);
    }

    #[test]
    fn any_bytes_leave_every_reader_standing_and_small(
        nodes in nodes(),
        encoding in select(ENCODINGS.to_vec()),
        changes in vec((any::<Index>(), vec(any::<u8>(), 0..6), any::<bool>()), 0..8),
        end in any::<Index>(),
    ) {
        let mut bytes = encode(&nodes, encoding);
        for (at, with, replaces) in changes {
            let at = at.index(bytes.len() + 1);
            let behind = if replaces { (at + with.len()).min(bytes.len()) } else { at };
            bytes.splice(at..behind, with);
        }
        bytes.truncate(end.index(bytes.len() + 1).max(bytes.len() / 2));
        if let Ok(attributes) = walk(encoding, [&bytes[..]]) {
            for element in attributes.elements() {
                let most = if element.vr == Vr::SQ {
                    limits::CATALOGUED_SEQUENCE_BYTES_MAX
                } else {
                    limits::CATALOGUED_VALUE_BYTES_MAX
                };
                prop_assert!(element.value.is_none_or(|value| value.len() <= most));
                let _ = (attributes.text(element.tag), attributes.texts(element.tag), attributes.items(element.tag));
            }
            prop_assert!(attributes.elements().count() <= TAGS.len());
        }
        // Whatever it makes of them: it comes back, and writes what it read.
        if let Ok(identifier) = Identifier::read(&bytes, encoding) {
            let again = Identifier::read(&identifier.to_bytes(encoding), encoding);
            prop_assert_eq!(again.map(|again| again.elements().len()), Ok(identifier.elements().len()));
        }
        let found = file_meta::find_data_set(&mut Cursor::new(&bytes));
        prop_assert!(found.is_err() || found.is_ok_and(|found| found.data_set_offset <= bytes.len() as u64));
    }

    #[test]
    fn whatever_an_identifier_takes_the_walker_takes_too(
        nodes in nodes(),
        encoding in select(ENCODINGS.to_vec()),
    ) {
        let nodes: Vec<Node> =
            nodes.into_iter().filter(|node| !matches!(node, Node::Fragments(_))).collect();
        let bytes = encode(&nodes, encoding);
        let identifier = Identifier::read(&bytes, encoding).expect("it is well formed");
        let attributes = walk(encoding, [&bytes[..]]).expect("it is well formed");
        for element in attributes.elements().filter(|element| element.vr != Vr::SQ) {
            if let Some(value) = element.value {
                prop_assert_eq!(Some(value), identifier.raw(element.tag));
            }
        }
        for tag in TAGS.iter().filter(|tag| vr_of(**tag) == Vr::SQ) {
            let items = attributes.items(*tag).map(|items| items.expect("it is well formed").len());
            prop_assert!(attributes.is_too_long(*tag) || items == identifier.items(*tag).map(<[_]>::len));
        }
    }

    #[test]
    fn what_was_read_is_written_in_any_encoding_and_read_again(
        nodes in nodes(),
        from in select(ENCODINGS.to_vec()),
        to in select(ENCODINGS.to_vec()),
    ) {
        let nodes: Vec<Node> =
            nodes.into_iter().filter(|node| !matches!(node, Node::Fragments(_))).collect();
        let identifier = Identifier::read(&encode(&nodes, from), from).expect("it is well formed");
        let again = Identifier::read(&identifier.to_bytes(to), to).expect("it is well formed");
        let twice = Identifier::read(&again.to_bytes(from), from).expect("it is well formed");
        prop_assert_eq!(again.to_bytes(from), twice.to_bytes(from));
        prop_assert_eq!(again.elements().len(), identifier.elements().len());
    }

    #[test]
    fn any_bytes_are_some_text(bytes in vec(any::<u8>(), 0..60), escapes in vec(any::<Index>(), 0..4), terms in terms()) {
        let mut bytes = bytes;
        for at in escapes {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, *b"\x1b$B");
        }
        let set = CharacterSet::from_value(terms.as_bytes());
        for vr in [Vr::PN, Vr::LO, Vr::LT, Vr::UI] {
            let decoded = set.decode(&bytes, vr);
            // No more than three bytes of UTF-8 for a byte.
            prop_assert!(decoded.text.len() <= 3 * bytes.len() + 3);
        }
    }

    #[test]
    fn what_a_set_encodes_it_decodes(text in "[ -~äéłŁщЖαΩאבقنÇğŞนา王山東东홍길ﾔﾏ乗か\\\\^=]{0,20}", terms in terms()) {
        let set = CharacterSet::from_value(terms.as_bytes());
        for vr in [Vr::PN, Vr::LO, Vr::UT] {
            if let Some(bytes) = set.encode(&text, vr) {
                let decoded = set.decode(&bytes, vr);
                prop_assert_eq!(&decoded.text, &text);
                prop_assert!(decoded.is_exact);
            }
        }
    }
}

fn terms() -> impl Strategy<Value = &'static str> {
    select(vec![
        "",
        "ISO_IR 100",
        "ISO_IR 101",
        "ISO_IR 13",
        "ISO_IR 144",
        "ISO_IR 126",
        "ISO_IR 127",
        "ISO_IR 138",
        "ISO_IR 148",
        "ISO_IR 166",
        "ISO_IR 203",
        "ISO_IR 192",
        "GB18030",
        "GBK",
        "\\ISO 2022 IR 87",
        "ISO 2022 IR 13\\ISO 2022 IR 87\\ISO 2022 IR 159",
        "\\ISO 2022 IR 149",
        "ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126\\ISO 2022 IR 149",
        "\\ISO 2022 IR 58\\ISO 2022 IR 87",
        "KLINGON",
    ])
}
