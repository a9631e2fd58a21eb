//! A data set in memory to elements. Recursive, to the depth that is allowed.

use vocabulary::{Encoding, Tag, Vr, limits};

use super::{Content, DataElement, Identifier};
use crate::character_set::CharacterSet;
use crate::deflate::Inflater;
use crate::dictionary;
use crate::element::{
    self, HEADER_BYTES_MAX, HEADER_BYTES_MIN, Header, ITEM, ITEM_DELIMITATION, Layout, SEQUENCE_DELIMITATION,
    SPECIFIC_CHARACTER_SET, Value,
};
use crate::malformed::{Fault, Malformed};
use crate::nesting::Inside;

pub(super) fn data_set(
    bytes: &[u8],
    encoding: Encoding,
    elements_max: usize,
) -> Result<Identifier, Malformed> {
    if encoding != Encoding::DeflatedExplicitLittleEndian {
        return Reader::new(bytes, elements_max).data_set(Layout::of(encoding));
    }
    let mut inflated = Vec::new();
    let fault = |fault| Malformed { offset: 0, path: Box::default(), fault };
    let mut inflater = Inflater::new(limits::INFLATED_BYTES_FREE);
    inflater
        .push(bytes, |more| {
            if inflated.len() + more.len() > limits::IDENTIFIER_BYTES_MAX {
                return Err(fault(Fault::InflatesTooFar(limits::IDENTIFIER_BYTES_MAX as u64)));
            }
            inflated.extend_from_slice(more);
            Ok(())
        })
        .map_err(fault)??;
    if !inflater.has_ended() {
        return Err(fault(Fault::EndsInsideElement { missing: 1 }));
    }
    Reader::new(&inflated, elements_max).data_set(Layout::of(encoding))
}

pub(super) fn items(
    bytes: &[u8],
    layout: Layout,
    character_set: &CharacterSet,
) -> Result<Vec<Identifier>, Malformed> {
    Reader::new(bytes, limits::IDENTIFIER_ELEMENTS_MAX).whole(|reader| {
        // The end of the bytes ends the sequence, whichever way it was ended where they come from.
        reader.items(Extent { end: bytes.len(), delimited: false }, layout, character_set)
    })
}

/// How far something reaches.
#[derive(Debug, Clone, Copy)]
struct Extent {
    end: usize,
    /// Whether a delimiter ends it before that.
    delimited: bool,
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    elements: usize,
    elements_max: usize,
    path: Vec<Tag>,
    /// Where the element at hand begins.
    began: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], elements_max: usize) -> Self {
        Self { bytes, at: 0, elements: 0, elements_max, path: Vec::new(), began: 0 }
    }

    fn data_set(self, layout: Layout) -> Result<Identifier, Malformed> {
        let end = self.bytes.len();
        self.whole(|reader| {
            reader.elements(Extent { end, delimited: false }, layout, &CharacterSet::default())
        })
    }

    fn whole<T>(mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Malformed> {
        read(&mut self).map_err(|fault| Malformed {
            offset: self.began as u64,
            path: self.path.into(),
            fault,
        })
    }

    fn elements(
        &mut self,
        extent: Extent,
        layout: Layout,
        around: &CharacterSet,
    ) -> Result<Identifier, Fault> {
        let mut identifier = Identifier { character_set: around.clone(), elements: Vec::new() };
        while extent.delimited || self.at < extent.end {
            let header = self.header(extent, layout)?;
            if header.tag.group() == ITEM.group() {
                return match header.tag {
                    ITEM_DELIMITATION if !extent.delimited => Err(Fault::StrayDelimiter),
                    ITEM_DELIMITATION if header.length == 0 => Ok(identifier),
                    ITEM_DELIMITATION => Err(Fault::DelimiterWithLength(header.length)),
                    _ => Err(Fault::StrayDelimiter),
                };
            }
            self.elements += 1;
            if self.elements > self.elements_max {
                return Err(Fault::TooManyElements(self.elements_max));
            }
            self.path.push(header.tag);
            let element = self.element(header, extent, layout, &identifier.character_set)?;
            self.path.pop();
            // A group length says nothing that is worth keeping, and is wrong once anything changes.
            if element.tag.element() == 0 {
                continue;
            }
            if let (SPECIFIC_CHARACTER_SET, Content::Value(value)) = (element.tag, &element.content) {
                identifier.character_set = CharacterSet::from_value(value);
            }
            identifier.elements.push(element);
        }
        Ok(identifier)
    }

    fn element(
        &mut self,
        header: Header,
        extent: Extent,
        layout: Layout,
        character_set: &CharacterSet,
    ) -> Result<DataElement, Fault> {
        let vr = match header.vr {
            Some(vr) if vr != Vr::UN => vr,
            _ => dictionary::vr_of(header.tag),
        };
        let inner = match element::value_of(header, layout)? {
            Value::Inside(Inside::Items, inner) => inner,
            Value::Inside(..) => return Err(Fault::UndefinedLength),
            // Said to be UN, known to be a sequence: implicit VR inside (PS3.5 6.2.2).
            Value::Bytes if vr == Vr::SQ => Layout::IMPLICIT,
            Value::Bytes => {
                let end = self.end_of(header, extent)?.end;
                let mut value: Box<[u8]> = self.bytes.get(self.at..end).unwrap_or_default().into();
                if layout.big_endian {
                    element::swap_bytes(vr, &mut value);
                }
                self.at = end;
                return Ok(DataElement { tag: header.tag, vr, content: Content::Value(value) });
            }
        };
        let extent = self.end_of(header, extent)?;
        if self.path.len() > limits::NESTING_MAX {
            return Err(Fault::NestedTooDeep(limits::NESTING_MAX));
        }
        let items = self.items(extent, inner, character_set)?;
        Ok(DataElement { tag: header.tag, vr: Vr::SQ, content: Content::Items(items) })
    }

    fn items(
        &mut self,
        extent: Extent,
        layout: Layout,
        character_set: &CharacterSet,
    ) -> Result<Vec<Identifier>, Fault> {
        let mut items = Vec::new();
        while extent.delimited || self.at < extent.end {
            let header = self.header(extent, layout)?;
            match header.tag {
                SEQUENCE_DELIMITATION if !extent.delimited => return Err(Fault::StrayDelimiter),
                SEQUENCE_DELIMITATION if header.length == 0 => return Ok(items),
                SEQUENCE_DELIMITATION => return Err(Fault::DelimiterWithLength(header.length)),
                ITEM_DELIMITATION => return Err(Fault::StrayDelimiter),
                ITEM => {
                    // An item costs memory too, an empty one most for its bytes.
                    self.elements += 1;
                    let extent = self.end_of(header, extent)?;
                    items.push(self.elements(extent, layout, character_set)?);
                }
                _ => return Err(Fault::NotAnItem),
            }
            if self.elements > self.elements_max {
                return Err(Fault::TooManyElements(self.elements_max));
            }
        }
        Ok(items)
    }

    fn header(&mut self, extent: Extent, layout: Layout) -> Result<Header, Fault> {
        self.began = self.at;
        let rest = self.bytes.get(self.at..extent.end).unwrap_or_default();
        let missing = |size: usize| self.beyond(extent, size, rest.len());
        let first = rest.first_chunk::<HEADER_BYTES_MIN>().ok_or_else(|| missing(HEADER_BYTES_MIN))?;
        let size = Header::size(first, layout);
        let head = rest.get(..size).ok_or_else(|| missing(size))?;
        let mut bytes = [0; HEADER_BYTES_MAX];
        for (to, from) in bytes.iter_mut().zip(head) {
            *to = *from;
        }
        self.at += size;
        Ok(Header::read(&bytes, layout))
    }

    /// Where the value of a header ends.
    fn end_of(&self, header: Header, extent: Extent) -> Result<Extent, Fault> {
        if header.is_of_undefined_length() {
            return Ok(Extent { end: extent.end, delimited: true });
        }
        let left = extent.end - self.at.min(extent.end);
        match usize::try_from(header.length) {
            Ok(length) if length <= left => Ok(Extent { end: self.at + length, delimited: false }),
            _ => Err(self.beyond(extent, header.length as usize, left)),
        }
    }

    /// What is wrong when `left` bytes are left of something and it takes `length`.
    fn beyond(&self, extent: Extent, length: usize, left: usize) -> Fault {
        let (length, left) = (length as u64, left as u64);
        if extent.end == self.bytes.len() {
            if length == HEADER_BYTES_MIN as u64 && left == 0 {
                return Fault::EndsInsideSequence;
            }
            return Fault::EndsInsideElement { missing: length - left };
        }
        Fault::ExceedsItem { length, left }
    }
}
