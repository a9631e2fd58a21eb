//! The value representation of each standard attribute (PS3.6 sections 6 to 9, PS3.7 annex E).
//!
//! The table is a text of lines of one width, sorted, so that nothing is built when a process starts, and all
//! processes share its pages.

use vocabulary::{Tag, Vr};

/// A line is `GGGGEEEE VR` and a line feed. The `xx` of repeating groups and elements is 00.
const TABLE: &[u8] = include_bytes!("dictionary/ps3.6.txt");
const LINE_BYTES: usize = 12;
/// Where its VR begins.
const VR_AT: usize = 9;
const LINES: usize = TABLE.len() / LINE_BYTES;
/// The tags of the lines as numbers, made when this is compiled.
static KEYS: [u32; LINES] = keys();

/// Bits for the sequences of the table, each at the [`place`] of its key. In implicit VR every element is asked whether it
/// is a sequence, and few are: most others are told apart by their bit, without a search.
static SEQUENCES: [u64; WORDS] = sequences();
/// Places enough that one in 25 of the other attributes shares that of a sequence.
const PLACE_BITS: u32 = 15;
const WORDS: usize = 1 << (PLACE_BITS - u64::BITS.ilog2());

/// The value representation that the standard gives an attribute; UN where it knows none.
///
/// Where it leaves a choice: US of "US or SS" and OW of "OB or OW" and "US or OW", which is what implicit VR
/// means for pixel data (PS3.5 A.1) and what can hold either.
pub fn vr_of(tag: Tag) -> Vr {
    if tag.element() == 0 {
        return Vr::UL; // group length, PS3.5 7.2
    }
    if tag.is_private() {
        // PS3.5 7.8.1: the elements that reserve blocks.
        return if matches!(tag.element(), 0x10..=0xFF) { Vr::LO } else { Vr::UN };
    }
    look_up(canonical(tag))
}

/// Whether the standard makes the attribute a sequence.
pub(crate) fn is_sequence(tag: Tag) -> bool {
    let (word, bit) = place(key(canonical(tag)));
    SEQUENCES.get(word).is_some_and(|word| word & bit != 0) && vr_of(tag) == Vr::SQ
}

/// The tag under which the table has an element of a repeating group (PS3.5 7.6).
fn canonical(tag: Tag) -> Tag {
    match (tag.group(), tag.element()) {
        (0x5000..=0x501E, element) => Tag(0x5000, element),
        (0x6000..=0x601E, element) => Tag(0x6000, element),
        (0x7F00..=0x7FDE, element) => Tag(0x7F00, element),
        (0x0020, 0x3100..=0x31FF) => Tag(0x0020, 0x3100),
        _ => tag,
    }
}

fn look_up(tag: Tag) -> Vr {
    let line = KEYS.binary_search(&key(tag)).ok();
    let vr = line.and_then(|line| TABLE.get(line * LINE_BYTES + VR_AT..)?.first_chunk());
    vr.map_or(Vr::UN, |vr| Vr(*vr))
}

/// The number of a tag that the lines are sorted by.
fn key(tag: Tag) -> u32 {
    (u32::from(tag.group()) << 16) | u32::from(tag.element())
}

/// Where the bit of a key is: in which word, and which bit of it.
const fn place(key: u32) -> (usize, u64) {
    // Multiplying by 2^32 over the golden ratio spreads keys that lie close together over the upper bits.
    let place = key.wrapping_mul(0x9E37_79B1) >> (u32::BITS - PLACE_BITS);
    ((place >> 6) as usize, 1 << (place & 63))
}

const fn sequences() -> [u64; WORDS] {
    let keys = keys();
    let mut words = [0; WORDS];
    let mut line = 0;
    while line < LINES {
        let at = line * LINE_BYTES + VR_AT;
        if TABLE[at] == b'S' && TABLE[at + 1] == b'Q' {
            let (word, bit) = place(keys[line]);
            words[word] |= bit;
        }
        line += 1;
    }
    words
}

/// The hexadecimal digits that a line begins with.
const fn keys() -> [u32; LINES] {
    let mut keys = [0; LINES];
    let mut line = 0;
    while line < LINES {
        let mut digit = 0;
        while digit < 8 {
            let character = TABLE[line * LINE_BYTES + digit];
            let value = if character <= b'9' { character - b'0' } else { character - b'A' + 10 };
            keys[line] = (keys[line] << 4) | value as u32;
            digit += 1;
        }
        line += 1;
    }
    keys
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
    use dicom_dictionary_std::StandardDataDictionary;

    use super::*;

    #[test]
    fn the_table_is_sorted_and_of_one_width() {
        assert_eq!(TABLE.len() % LINE_BYTES, 0);
        assert!(TABLE.chunks(LINE_BYTES).all(|line| line[8] == b' ' && line[11] == b'\n'));
        assert!(KEYS.is_sorted_by(|a, b| a < b));
        assert!(KEYS.iter().all(|key| vr_of(Tag((key >> 16) as u16, *key as u16)).is_defined()));
    }

    #[test]
    fn another_copy_of_the_dictionary_agrees() {
        let mut compared = HashSet::new();
        for key in KEYS.iter().flat_map(|key| [*key, key + 1, key + 0x10]) {
            let tag = Tag((key >> 16) as u16, key as u16);
            // Beside the Pixel Data the retired 7Fxx groups mean nothing.
            if tag.is_private() || tag.group() == 0x7FE0 && vr_of(tag) == Vr::UN {
                continue;
            }
            let theirs = StandardDataDictionary
                .by_tag(dicom_core::Tag(tag.group(), tag.element()))
                .map_or(Vr::UN, |entry| Vr(entry.vr().relaxed().to_bytes()));
            assert_eq!(vr_of(tag), theirs, "{tag}");
            compared.insert(tag);
        }
        assert!(compared.len() > LINES);
    }

    #[test]
    fn sequences_and_nothing_else_are_told_to_be_sequences() {
        for key in
            KEYS.iter().flat_map(|key| [*key, key + 1, key + 0x10, key | 0x0001_0000, key | 0x0002_0000])
        {
            let tag = Tag((key >> 16) as u16, key as u16);
            assert_eq!(is_sequence(tag), vr_of(tag) == Vr::SQ, "{tag}");
        }
        assert!(is_sequence(Tag(0x5002, 0x2600)), "in a repeating group");
    }

    #[test]
    fn repeating_groups_private_creators_and_group_lengths_are_known() {
        for (tag, vr) in [
            (Tag(0x0010, 0x0010), Vr::PN),
            (Tag(0x0008, 0x0000), Vr::UL),
            (Tag(0x0029, 0x0000), Vr::UL),
            (Tag(0x0029, 0x0010), Vr::LO),
            (Tag(0x0029, 0x00FF), Vr::LO),
            (Tag(0x0029, 0x0100), Vr::UN),
            (Tag(0x0029, 0x1010), Vr::UN),
            (Tag(0x6002, 0x3000), Vr::OW),
            (Tag(0x601E, 0x0010), Vr::US),
            (Tag(0x6020, 0x0010), Vr::UN),
            (Tag(0x5004, 0x3000), Vr::OW),
            (Tag(0x0020, 0x3101), Vr::CS),
            (Tag(0x7FE0, 0x0010), Vr::OW),
            (Tag(0x0028, 0x0106), Vr::US),
            (Tag(0x0008, 0x9999), Vr::UN),
            (Tag(0xFFFF, 0xFFFF), Vr::UN),
        ] {
            assert_eq!(vr_of(tag), vr, "{tag}");
        }
    }
}
