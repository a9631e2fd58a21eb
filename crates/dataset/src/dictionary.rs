//! The value representation of each standard attribute (PS3.6 sections 6 to 9, PS3.7 annex E).
//!
//! The table is a text of lines of one width, sorted, so that it is searched in place: no index is built when
//! a process starts, and its pages are shared between the processes.

use vocabulary::{Tag, Vr};

/// A line is `GGGGEEEE VR` and a line feed. The `xx` of repeating groups and elements is 00.
static TABLE: &[u8] = include_bytes!("dictionary/ps3.6.txt");
const LINE_BYTES: usize = 12;
const LINES: usize = TABLE.len() / LINE_BYTES;

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
    vr_of(tag) == Vr::SQ
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
    let key = digits(tag);
    let (mut low, mut high) = (0, LINES);
    while low < high {
        let middle = low + (high - low) / 2;
        let Some([line @ .., b' ', first, second, _]) =
            TABLE.get(middle * LINE_BYTES..(middle + 1) * LINE_BYTES)
        else {
            return Vr::UN;
        };
        match line.cmp(&key) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return Vr([*first, *second]),
        }
    }
    Vr::UN
}

/// The tag as the eight hexadecimal digits of a line.
fn digits(tag: Tag) -> [u8; 8] {
    let number = (u32::from(tag.group()) << 16) | u32::from(tag.element());
    let mut digits = [0; 8];
    for (at, digit) in digits.iter_mut().enumerate() {
        let nibble = (number >> (28 - 4 * at)) as u8 & 0xF;
        *digit = if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 };
    }
    digits
}
