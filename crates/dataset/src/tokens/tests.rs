use proptest::prelude::{any, prop_assert_eq, proptest};
use vocabulary::{Encoding, Tag, Vr};

use super::{Token, Tokens, TokensFailed};
use crate::malformed::Fault;
use crate::{DataSetWriter, Walker};

const ENCODINGS: [Encoding; 4] = [
    Encoding::ImplicitLittleEndian,
    Encoding::ExplicitLittleEndian,
    Encoding::ExplicitBigEndian,
    Encoding::DeflatedExplicitLittleEndian,
];

fn sample(encoding: Encoding) -> Vec<u8> {
    let mut writer = DataSetWriter::new(encoding);
    writer.text(Tag(0x0008, 0x0005), Vr::CS, "ISO_IR 100");
    writer.u16(Tag(0x0028, 0x0010), 512);
    writer.begin_sequence(Tag(0x0040, 0x0275));
    writer.begin_item();
    writer.element(Tag(0x0040, 0x0007), Vr::LO, b"step");
    writer.end_item();
    writer.begin_item();
    writer.end_item();
    writer.end_sequence();
    writer.element(Tag(0x7FE0, 0x0010), Vr::OW, &[1, 2].repeat(100_001));
    writer.into_bytes()
}

/// The tokens and all values behind one another.
fn all(encoding: Encoding, bytes: &[u8]) -> Result<(Vec<Token>, Vec<u8>), TokensFailed> {
    let mut tokens = Tokens::new(encoding, bytes);
    let (mut found, mut values) = (Vec::new(), Vec::new());
    while let Some(token) = tokens.next()? {
        found.push(token);
        while let Some(piece) = tokens.piece()? {
            values.extend_from_slice(piece);
        }
    }
    Ok((found, values))
}

fn walked(encoding: Encoding, bytes: &[u8]) -> Option<Fault> {
    let mut walker = Walker::new(encoding, &[]);
    let pushed = walker.push(bytes).and_then(|()| walker.finish().map(drop));
    pushed.err().map(|malformed| malformed.fault)
}

fn fault(result: Result<(Vec<Token>, Vec<u8>), TokensFailed>) -> Option<Fault> {
    match result {
        Ok(_) => None,
        Err(TokensFailed::Malformed(malformed)) => Some(malformed.fault),
        Err(TokensFailed::Read(error)) => panic!("memory can be read: {error}"),
    }
}

#[test]
fn every_encoding_gives_the_same_values_little_endian() {
    let (_, expected) = all(Encoding::ExplicitLittleEndian, &sample(Encoding::ExplicitLittleEndian)).unwrap();
    for encoding in ENCODINGS {
        let (tokens, values) = all(encoding, &sample(encoding)).unwrap();
        assert_eq!(tokens.len(), 10, "{encoding:?}");
        assert_eq!(tokens.iter().filter(|token| **token == Token::End).count(), 3);
        assert_eq!(values, expected, "{encoding:?}");
    }
}

#[test]
fn fragments_and_delimiters_are_told_apart() {
    let mut bytes = vec![0xE0, 0x7F, 0x10, 0x00, b'O', b'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF];
    for fragment in [&[][..], b"abcd"] {
        bytes.extend([0xFE, 0xFF, 0x00, 0xE0]);
        bytes.extend((fragment.len() as u32).to_le_bytes());
        bytes.extend(fragment);
    }
    bytes.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
    let (tokens, values) = all(Encoding::ExplicitLittleEndian, &bytes).unwrap();
    let begins = Token::Encapsulated { tag: Tag(0x7FE0, 0x0010), vr: Some(Vr::OB) };
    assert_eq!(tokens, [begins, Token::Fragment { length: 0 }, Token::Fragment { length: 4 }, Token::End]);
    assert_eq!(values, b"abcd");
}

#[test]
fn a_data_set_cut_short_is_malformed_wherever_it_is_cut() {
    for encoding in ENCODINGS {
        let whole = sample(encoding);
        for cut in (0..whole.len()).take(120).chain([whole.len() - 1]) {
            let bytes = whole.get(..cut).unwrap();
            assert_eq!(
                walked(encoding, bytes).is_some(),
                fault(all(encoding, bytes)).is_some(),
                "{encoding:?} {cut}"
            );
        }
    }
}

proptest! {
    #[test]
    fn the_walker_and_the_tokens_agree_on_what_is_malformed(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
        which in 0..3_usize,
    ) {
        let encoding = ENCODINGS[which];
        let mut bytes = sample(encoding);
        bytes.truncate(400);
        for (place, byte) in changes {
            let place = place.index(120);
            bytes[place] = byte;
        }
        let (theirs, ours) = (walked(encoding, &bytes), fault(all(encoding, &bytes)));
        let kind = |fault: Option<Fault>| fault.map(|fault| std::mem::discriminant(&fault));
        prop_assert_eq!(kind(theirs), kind(ours), "{:?} {:?}", theirs, ours);
    }
}
