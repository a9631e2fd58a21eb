use std::borrow::Cow;

use vocabulary::{Encoding, Tag, Vr};

use crate::deflate;
use crate::element::{self, ITEM, Layout};

#[cfg(test)]
mod tests;

/// Writes a data set element by element, in one buffer that can be used again.
///
/// The caller gives the elements in the order of their tags. Sequences and items get defined lengths, which
/// every reader understands.
#[derive(Debug, Clone)]
pub struct DataSetWriter {
    encoding: Encoding,
    layout: Layout,
    bytes: Vec<u8>,
    /// Where the lengths of the open sequences and items are to be written.
    open: Vec<usize>,
}

impl DataSetWriter {
    /// An empty data set.
    pub fn new(encoding: Encoding) -> Self {
        Self { encoding, layout: Layout::of(encoding), bytes: Vec::new(), open: Vec::new() }
    }

    /// An empty data set with room for so many bytes.
    pub fn with_capacity(encoding: Encoding, bytes: usize) -> Self {
        Self { encoding, layout: Layout::of(encoding), bytes: Vec::with_capacity(bytes), open: Vec::new() }
    }

    /// How the data set is encoded.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// One element. Binary numbers are given little endian; the value is padded to even length. In explicit VR, a value
    /// beyond the two-byte length of its VR is written as UN, as PS3.5 6.2.2 allows.
    ///
    /// A value of 4 GiB or more, which no element can hold, is written as an empty one.
    pub fn element(&mut self, tag: Tag, vr: Vr, value: &[u8]) {
        let padded = value.len() + value.len() % 2;
        let (length, value) = match u32::try_from(padded) {
            Ok(length) if length != element::UNDEFINED_LENGTH => (length, value),
            _ => (0, &[][..]),
        };
        self.header(tag, vr, length);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(value);
        if self.layout.big_endian
            && let Some(written) = self.bytes.get_mut(start..)
        {
            element::swap_bytes(vr, written);
        }
        if value.len() % 2 == 1 {
            self.bytes.push(vr.padding());
        }
    }

    /// One element whose text is of the default repertoire, or is encoded already.
    pub fn text(&mut self, tag: Tag, vr: Vr, text: &str) {
        self.element(tag, vr, text.as_bytes());
    }

    /// One element of VR US.
    pub fn u16(&mut self, tag: Tag, number: u16) {
        self.element(tag, Vr::US, &number.to_le_bytes());
    }

    /// One element of VR UL.
    pub fn u32(&mut self, tag: Tag, number: u32) {
        self.element(tag, Vr::UL, &number.to_le_bytes());
    }

    /// Opens a sequence: items follow, then [`DataSetWriter::end_sequence`].
    pub fn begin_sequence(&mut self, tag: Tag) {
        self.header(tag, Vr::SQ, 0);
        self.open.push(self.bytes.len());
    }

    /// Opens an item of the sequence that is open.
    pub fn begin_item(&mut self) {
        self.put_tag(ITEM);
        self.put_u32(0);
        self.open.push(self.bytes.len());
    }

    /// Closes the item that is open.
    pub fn end_item(&mut self) {
        self.close();
    }

    /// Closes the sequence that is open.
    pub fn end_sequence(&mut self) {
        self.close();
    }

    /// The data set as it goes on the wire. Deflated here, if the encoding asks for it.
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match self.encoding {
            Encoding::DeflatedExplicitLittleEndian => Cow::Owned(deflate::deflate(&self.bytes)),
            _ => Cow::Borrowed(&self.bytes),
        }
    }

    /// The data set as it goes on the wire.
    pub fn into_bytes(self) -> Vec<u8> {
        match self.encoding {
            Encoding::DeflatedExplicitLittleEndian => deflate::deflate(&self.bytes),
            _ => self.bytes,
        }
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Begins a new data set in the same buffer.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.open.clear();
    }

    #[inline]
    fn header(&mut self, tag: Tag, vr: Vr, length: u32) {
        self.put_tag(tag);
        if !self.layout.explicit {
            self.put_u32(length);
            return;
        }
        match u16::try_from(length) {
            Ok(short) if !vr.has_long_length() => {
                self.bytes.extend_from_slice(&vr.0);
                let short = if self.layout.big_endian { short.to_be_bytes() } else { short.to_le_bytes() };
                self.bytes.extend_from_slice(&short);
            }
            _ => {
                let vr = if vr.has_long_length() { vr } else { Vr::UN };
                self.bytes.extend_from_slice(&[vr.0[0], vr.0[1], 0, 0]);
                self.put_u32(length);
            }
        }
    }

    #[inline]
    fn put_tag(&mut self, tag: Tag) {
        let (group, element) = if self.layout.big_endian {
            (tag.group().to_be_bytes(), tag.element().to_be_bytes())
        } else {
            (tag.group().to_le_bytes(), tag.element().to_le_bytes())
        };
        self.bytes.extend_from_slice(&[group[0], group[1], element[0], element[1]]);
    }

    #[inline]
    fn put_u32(&mut self, number: u32) {
        let bytes = if self.layout.big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
        self.bytes.extend_from_slice(&bytes);
    }

    /// Writes the length of what is open in front of it.
    fn close(&mut self) {
        let Some(start) = self.open.pop() else { return };
        // A data set of 4 GiB in memory is none that is written here; the bound says undefined rather than wrong.
        let length = u32::try_from(self.bytes.len() - start).unwrap_or(element::UNDEFINED_LENGTH);
        let length = if self.layout.big_endian { length.to_be_bytes() } else { length.to_le_bytes() };
        if let Some(place) = start.checked_sub(4).and_then(|at| self.bytes.get_mut(at..start)) {
            place.copy_from_slice(&length);
        }
    }
}
