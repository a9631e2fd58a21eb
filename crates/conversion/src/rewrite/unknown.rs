//! Values of unknown representation (UN) on their way into implicit VR, where the dictionary says what they are.

use std::io::Read;

use dataset::{Tokens, Walker};
use vocabulary::{Encoding, Tag, Vr};

use super::headers::{ITEM, header_bytes};
use crate::NotConverted;

/// The shortest value that is read as items: the header of one, in bytes.
const ITEMS_BYTES_MIN: u32 = 8;
/// An element without a value.
const BLANK: Tag = Tag(0x0008, 0x0001);

/// Whether the value at hand, of `length` bytes, can be read as the items of a sequence that stands in as many others
/// as `levels`. Takes the value.
///
/// # Errors
/// When the data set cannot be read.
pub(super) fn is_sequence<R: Read>(
    tag: Tag,
    length: u32,
    levels: usize,
    tokens: &mut Tokens<R>,
) -> Result<bool, NotConverted> {
    let mut walker = Walker::new(Encoding::ImplicitLittleEndian, &[]);
    let mut is_sound = true;
    let mut push = |bytes: &[u8]| is_sound &= walker.push(bytes).is_ok();
    let mut header = |tag, length| {
        let (bytes, size) = header_bytes(false, tag, None, length);
        push(bytes.get(..size).unwrap_or_default());
    };
    header(BLANK, Some(0));
    for _ in 0..levels {
        header(tag, None);
        header(ITEM, None);
    }
    header(tag, Some(length));
    while let Some(piece) = tokens.piece()? {
        push(piece);
    }
    // Nothing of it is open still.
    let (bytes, size) = header_bytes(false, BLANK, None, Some(0));
    push(bytes.get(..size).unwrap_or_default());
    Ok(is_sound)
}

/// Whether a value under UN is read as items in implicit VR, so that it has to be some.
pub(super) fn becomes_sequence(tag: Tag, vr: Option<Vr>, length: u32) -> bool {
    vr == Some(Vr::UN) && length >= ITEMS_BYTES_MIN && dataset::vr_of(tag) == Vr::SQ
}
