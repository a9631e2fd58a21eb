//! The header of one data element (PS3.5 7.1).

use vocabulary::{Encoding, Tag, Vr};

use crate::dictionary;
use crate::malformed::Fault;
use crate::nesting::Inside;

/// The length that says that a delimiter ends the value (PS3.5 7.1.1).
pub(crate) const UNDEFINED_LENGTH: u32 = u32::MAX;

/// The shortest header: tag and four-byte length.
pub(crate) const HEADER_BYTES_MIN: usize = 8;
/// The longest header: tag, VR, two reserved bytes and a four-byte length.
pub(crate) const HEADER_BYTES_MAX: usize = 12;

pub(crate) const ITEM: Tag = Tag(0xFFFE, 0xE000);
pub(crate) const ITEM_DELIMITATION: Tag = Tag(0xFFFE, 0xE00D);
pub(crate) const SEQUENCE_DELIMITATION: Tag = Tag(0xFFFE, 0xE0DD);
pub(crate) const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);
pub(crate) const SPECIFIC_CHARACTER_SET: Tag = Tag(0x0008, 0x0005);

/// How the elements at hand are laid out. Parts of a data set can differ from the rest of it: what is inside
/// an element of VR UN and undefined length is implicit VR little endian (PS3.5 6.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) explicit: bool,
    pub(crate) big_endian: bool,
}

impl Layout {
    pub(crate) const IMPLICIT: Self = Self { explicit: false, big_endian: false };

    pub(crate) const fn of(encoding: Encoding) -> Self {
        match encoding {
            Encoding::ImplicitLittleEndian => Self::IMPLICIT,
            Encoding::ExplicitLittleEndian | Encoding::DeflatedExplicitLittleEndian => {
                Self { explicit: true, big_endian: false }
            }
            Encoding::ExplicitBigEndian => Self { explicit: true, big_endian: true },
        }
    }

    #[inline]
    const fn u16(self, bytes: [u8; 2]) -> u16 {
        if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    #[inline]
    const fn u32(self, bytes: [u8; 4]) -> u32 {
        if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }
}

/// The header of an element, an item or a delimiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) tag: Tag,
    /// `None` where the element itself does not say: implicit VR, items and delimiters.
    pub(crate) vr: Option<Vr>,
    pub(crate) length: u32,
    /// Bytes of the header itself, 8 or 12.
    pub(crate) size: u8,
}

impl Header {
    /// How many bytes the header that begins with `first` has.
    #[inline]
    pub(crate) fn size(first: &[u8; HEADER_BYTES_MIN], layout: Layout) -> usize {
        let [g0, g1, _, _, v0, v1, _, _] = *first;
        if layout.explicit
            && layout.u16([g0, g1]) != ITEM.group()
            && v0.is_ascii_uppercase()
            && v1.is_ascii_uppercase()
            && Vr([v0, v1]).has_long_length()
        {
            HEADER_BYTES_MAX
        } else {
            HEADER_BYTES_MIN
        }
    }

    /// Reads a header. The last four bytes count only where [`Header::size`] says so.
    ///
    /// Bytes that are no capital letters where an explicit VR should be: some writers put elements in implicit
    /// VR into explicit data sets, others leave the VR blank before a two-byte length. The known blanks are
    /// taken as the latter, everything else as the former.
    ///
    /// Inlined by force: a header that goes through memory costs as much again as the rest of the walk.
    #[inline(always)]
    pub(crate) fn read(bytes: &[u8; HEADER_BYTES_MAX], layout: Layout) -> Self {
        let [g0, g1, e0, e1, b4, b5, b6, b7, b8, b9, b10, b11] = *bytes;
        let tag = Tag(layout.u16([g0, g1]), layout.u16([e0, e1]));
        let implicit = Self { tag, vr: None, length: layout.u32([b4, b5, b6, b7]), size: 8 };
        if !layout.explicit || tag.group() == ITEM.group() {
            return implicit;
        }
        let vr = Vr([b4, b5]);
        if b4.is_ascii_uppercase() && b5.is_ascii_uppercase() {
            if vr.has_long_length() {
                return Self { tag, vr: Some(vr), length: layout.u32([b8, b9, b10, b11]), size: 12 };
            }
            return Self { tag, vr: Some(vr), length: u32::from(layout.u16([b6, b7])), size: 8 };
        }
        if matches!(&vr.0, b"??" | b"  " | b"--" | b"\0\0") && implicit.length != 0 {
            return Self { tag, vr: Some(Vr::UN), length: u32::from(layout.u16([b6, b7])), size: 8 };
        }
        implicit
    }

    /// Checks that the first header of a data set is of the encoding that was announced. No first element is so
    /// long that its length, in implicit VR, would be the letters of a VR.
    pub(crate) fn agrees_with(self, layout: Layout) -> Result<(), Fault> {
        let [v0, v1, ..] = self.length.to_le_bytes();
        match self.vr {
            None if layout.explicit => Err(Fault::NotExplicit),
            None if Vr([v0, v1]).is_defined() => Err(Fault::NotImplicit),
            _ => Ok(()),
        }
    }

    /// Whether the value runs up to a delimiter.
    pub(crate) const fn is_of_undefined_length(self) -> bool {
        self.length == UNDEFINED_LENGTH
    }
}

/// What follows a header.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value {
    Bytes,
    Inside(Inside, Layout),
}

/// What follows the header of an element.
#[inline]
pub(crate) fn value_of(header: Header, layout: Layout) -> Result<Value, Fault> {
    // An element without a VR is implicit, and so is what it holds, wherever it stands.
    let inner = if header.vr.is_none() { Layout { explicit: false, ..layout } } else { layout };
    if header.is_of_undefined_length() {
        return match header.vr {
            _ if header.tag == PIXEL_DATA => Ok(Value::Inside(Inside::Fragments, layout)),
            Some(Vr::SQ) | None => Ok(Value::Inside(Inside::Items, inner)),
            Some(Vr::UN) => Ok(Value::Inside(Inside::Items, Layout::IMPLICIT)),
            Some(Vr::OB | Vr::OW | Vr::OF | Vr::OD | Vr::OL | Vr::OV) => {
                Ok(Value::Inside(Inside::Fragments, layout))
            }
            Some(_) => Err(Fault::UndefinedLength),
        };
    }
    let sequence = match header.vr {
        Some(vr) => vr == Vr::SQ,
        // No item fits in less: an empty one, or a broken one that is passed by.
        None => header.length >= HEADER_BYTES_MIN as u32 && dictionary::is_sequence(header.tag),
    };
    Ok(if sequence { Value::Inside(Inside::Items, inner) } else { Value::Bytes })
}

/// Turns the binary numbers of a value from big to little endian, or the other way (PS3.5 7.3).
pub(crate) fn swap_bytes(vr: Vr, value: &mut [u8]) {
    let width = match &vr.0 {
        b"AT" | b"US" | b"SS" | b"OW" => 2,
        b"UL" | b"SL" | b"FL" | b"OF" | b"OL" => 4,
        b"FD" | b"OD" | b"OV" | b"SV" | b"UV" => 8,
        _ => return,
    };
    for number in value.chunks_exact_mut(width) {
        number.reverse();
    }
}
