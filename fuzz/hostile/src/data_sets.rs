//! Data sets and the beginnings of files.

use std::mem::discriminant;

use dataset::{
    Attributes, DataSetWriter, FileMeta, Identifier, Malformed, Token, Tokens, TokensFailed, Walker,
};
use vocabulary::{Encoding, Tag, Vr};

const ENCODINGS: [Encoding; 3] =
    [Encoding::ImplicitLittleEndian, Encoding::ExplicitLittleEndian, Encoding::ExplicitBigEndian];

/// What a walker is asked for: the catalog's own list.
fn walked(encoding: Encoding, pieces: &mut dyn Iterator<Item = &[u8]>) -> Result<Attributes, Malformed> {
    let mut walker = Walker::new(encoding, catalog::keys::wanted_tags());
    for piece in pieces {
        if let Err(malformed) = walker.push(piece) {
            assert!(walker.push(piece).is_err(), "what has failed goes on failing");
            return Err(malformed);
        }
    }
    walker.finish()
}

/// All tokens; the bytes of values are counted.
fn tokens(encoding: Encoding, bytes: &[u8]) -> Result<Vec<(Token, usize)>, TokensFailed> {
    let mut tokens = Tokens::new(encoding, bytes);
    let mut all = Vec::new();
    while let Some(token) = tokens.next()? {
        let mut length = 0;
        while let Some(piece) = tokens.piece()? {
            length += piece.len();
        }
        match token {
            Token::Value { length: said, .. } | Token::Fragment { length: said } => {
                assert_eq!(said as usize, length);
            }
            _ => assert_eq!(length, 0),
        }
        all.push((token, length));
    }
    Ok(all)
}

/// Every way of reading says the same, however the bytes are cut.
fn agree(encoding: Encoding, portion: usize, bytes: &[u8]) {
    let is_deflated = encoding == Encoding::DeflatedExplicitLittleEndian;
    let whole = walked(encoding, &mut std::iter::once(bytes));
    let cut = walked(encoding, &mut bytes.chunks(portion));
    match (&whole, &cut) {
        (Ok(whole), Ok(cut)) => assert_eq!(format!("{whole:?}"), format!("{cut:?}")),
        // How far a stream was inflated before it failed depends on how it came.
        (Err(whole), Err(cut)) => assert!(is_deflated || whole == cut, "whole {whole:?}, cut {cut:?}"),
        _ => panic!("whole {whole:?}, cut {cut:?}"),
    }
    let tokens = tokens(encoding, bytes);
    match (&whole, &tokens) {
        (Ok(_), Ok(_)) => {}
        (Err(walked), Err(TokensFailed::Malformed(tokens))) => {
            // Part of a header counts for one and not for the other.
            let same = discriminant(&walked.fault) == discriminant(&tokens.fault);
            assert!(is_deflated || same, "walked {walked:?}, tokens {tokens:?}");
        }
        _ => panic!("walked {whole:?}, tokens {tokens:?}"),
    }
    if let Ok(attributes) = whole {
        for element in attributes.elements() {
            attributes.text(element.tag);
            attributes.texts(element.tag);
            attributes.integer(element.tag);
            attributes.items(element.tag).map(|items| items.is_ok());
            attributes.uid(element.tag).map(|uid| uid.is_ok());
        }
        let syntax = vocabulary::Uid::known(vocabulary::transfer_syntax::EXPLICIT_VR_LITTLE_ENDIAN);
        catalog::InstanceRow::extract(&attributes, &syntax).ok();
    }
}

/// A data set in one of the uncompressed syntaxes: the first byte says which, and how it is cut.
pub fn data_set(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let encoding = ENCODINGS[usize::from(*first) % ENCODINGS.len()];
    agree(encoding, usize::from(*first) / ENCODINGS.len() + 1, bytes);
    let Ok(read) = Identifier::read(bytes, encoding) else { return };
    for element in read.elements() {
        read.texts_of(element);
        read.integer(element.tag);
    }
    // What is written is read as what it was, whichever way it is written.
    let normal = normal(&read);
    for other in ENCODINGS.into_iter().chain([Encoding::DeflatedExplicitLittleEndian]) {
        let written = normal.to_bytes(other);
        let again = Identifier::read(&written, other).expect("what we write can be read");
        assert_eq!(again, normal, "{other:?}");
    }
}

/// The same with the values that a writer makes of those that no writer makes: of even length, of a VR that says how
/// they are written, and short enough for their VR.
fn normal(read: &Identifier) -> Identifier {
    let mut normal = Identifier::new();
    for element in read.elements() {
        let known = dataset::vr_of(element.tag);
        match &element.content {
            dataset::identifier::Content::Items(items) => {
                if known == Vr::SQ {
                    normal.set_items(element.tag, items.iter().map(self::normal).collect());
                }
            }
            dataset::identifier::Content::Value(value) => {
                if element.vr == known && known != Vr::SQ && value.len() % 8 == 0 && value.len() < 0xFFFE {
                    normal.set(element.tag, element.vr, value);
                }
            }
        }
    }
    if normal.specific_character_set() != &dataset::CharacterSet::default() {
        // Items have it from around them, in whichever order they came.
        normal = Identifier::read(
            &normal.to_bytes(Encoding::ExplicitLittleEndian),
            Encoding::ExplicitLittleEndian,
        )
        .expect("what we write can be read");
    }
    normal
}

/// A deflated data set, as it comes; and the bytes deflated by us, which come back.
pub fn deflated(bytes: &[u8]) {
    let encoding = Encoding::DeflatedExplicitLittleEndian;
    let portion = bytes.first().map_or(1, |first| usize::from(*first) + 1);
    agree(encoding, portion, bytes);
    Identifier::read(bytes, encoding).ok();
    let mut writer = DataSetWriter::new(encoding);
    writer.element(Tag(0x0009, 0x1001), Vr::OB, bytes);
    let written = writer.into_bytes();
    let again = Identifier::read(&written, encoding).expect("what we deflate can be inflated");
    let value = again.raw(Tag(0x0009, 0x1001)).expect("it is there");
    assert_eq!(value.get(..bytes.len()), Some(bytes));
}

/// The beginning of a file.
pub fn file_meta(bytes: &[u8]) {
    if let Ok(found) = dataset::file_meta::find_data_set(&mut &bytes[..]) {
        assert!(found.data_set_offset <= bytes.len().max(1024 * 1024) as u64);
        found.media_storage_sop_class_uid();
        found.media_storage_sop_instance_uid();
    }
    let Ok((meta, _)) = FileMeta::read(&mut &bytes[..]) else { return };
    let written = meta.to_bytes();
    let (again, offset) = FileMeta::read(&mut &written[..]).expect("what we write can be read");
    assert_eq!((again, offset), (meta, written.len() as u64));
}
