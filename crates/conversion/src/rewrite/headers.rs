//! Headers of elements, little endian (PS3.5 7.1).

use dataset::vr_of;
use vocabulary::{Tag, Vr};

use crate::tags::{
    LARGEST_IMAGE_PIXEL_VALUE, LARGEST_PIXEL_VALUE_IN_SERIES, PIXEL_PADDING_RANGE_LIMIT, PIXEL_PADDING_VALUE,
    SMALLEST_IMAGE_PIXEL_VALUE, SMALLEST_PIXEL_VALUE_IN_SERIES,
};

pub(super) const ITEM: Tag = Tag(0xFFFE, 0xE000);
pub(super) const ITEM_DELIMITATION: Tag = Tag(0xFFFE, 0xE00D);
pub(super) const SEQUENCE_DELIMITATION: Tag = Tag(0xFFFE, 0xE0DD);

const UNDEFINED_LENGTH: u32 = u32::MAX;
const HEADER_BYTES_MAX: usize = 12;

/// The attributes that PS3.6 gives VR "US or SS" and that are as signed as the pixel values are; of the others (LUT
/// Descriptors) the first value is unsigned in any case.
const AS_PIXELS: [Tag; 9] = [
    SMALLEST_IMAGE_PIXEL_VALUE,
    LARGEST_IMAGE_PIXEL_VALUE,
    SMALLEST_PIXEL_VALUE_IN_SERIES,
    LARGEST_PIXEL_VALUE_IN_SERIES,
    Tag(0x0028, 0x0110),
    Tag(0x0028, 0x0111),
    PIXEL_PADDING_VALUE,
    PIXEL_PADDING_RANGE_LIMIT,
    Tag(0x0040, 0x9216),
];

/// The VR under which a value of so many bytes is written in explicit VR. Where the data set said none: that of
/// PS3.6, and UN where a value is too long for it (PS3.5 6.2.2) or cannot be one of it.
pub(super) fn value_representation(tag: Tag, vr: Option<Vr>, bytes: u64, signed: bool) -> Vr {
    let vr = vr.unwrap_or_else(|| match vr_of(tag) {
        Vr::US if signed && AS_PIXELS.contains(&tag) => Vr::SS,
        vr => vr,
    });
    let too_long = !vr.has_long_length() && bytes > u64::from(u16::MAX);
    if too_long || (vr == Vr::SQ && bytes > 0) { Vr::UN } else { vr }
}

/// A header, and how many of the bytes it has. `vr` is `None` for items and delimiters; `length` is `None` for an
/// undefined one.
pub(super) fn header_bytes(
    explicit: bool,
    tag: Tag,
    vr: Option<Vr>,
    length: Option<u32>,
) -> ([u8; HEADER_BYTES_MAX], usize) {
    let [g0, g1] = tag.group().to_le_bytes();
    let [e0, e1] = tag.element().to_le_bytes();
    let length = length.unwrap_or(UNDEFINED_LENGTH);
    let [l0, l1, l2, l3] = length.to_le_bytes();
    match vr.filter(|_| explicit) {
        None => ([g0, g1, e0, e1, l0, l1, l2, l3, 0, 0, 0, 0], 8),
        Some(Vr([v0, v1])) if Vr([v0, v1]).has_long_length() => {
            ([g0, g1, e0, e1, v0, v1, 0, 0, l0, l1, l2, l3], 12)
        }
        Some(Vr([v0, v1])) => ([g0, g1, e0, e1, v0, v1, l0, l1, 0, 0, 0, 0], 8),
    }
}
