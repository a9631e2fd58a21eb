//! A data set piece by piece, for whoever writes it again in another form: headers as tokens, values as bytes.
//!
//! The same bounds as the [`Walker`](crate::Walker)'s hold: every length is checked against what it stands in,
//! nesting is followed to [`NESTING_MAX`](vocabulary::limits::NESTING_MAX), values are never held.

use std::io::{self, Read};

use vocabulary::{Encoding, Tag, Vr};

use crate::deflate::Inflated;
use crate::element::{
    self, HEADER_BYTES_MAX, HEADER_BYTES_MIN, Header, ITEM, ITEM_DELIMITATION, Layout, SEQUENCE_DELIMITATION,
    Value,
};
use crate::malformed::{Fault, Malformed};
use crate::nesting::{Frame, Inside, Nesting};

#[cfg(test)]
mod tests;

/// How much is read at a time, in bytes. A multiple of eight, the longest number that is turned around.
const BUFFER_BYTES: usize = 64 * 1024;

/// One step through a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// An element with a value, whose bytes [`Tokens::piece`] gives.
    Value {
        /// Its tag.
        tag: Tag,
        /// Its value representation; `None` in implicit VR, and where an explicit data set has none.
        vr: Option<Vr>,
        /// The length of the value, in bytes.
        length: u32,
    },
    /// An element that holds items. [`Token::End`] closes it.
    Sequence {
        /// Its tag.
        tag: Tag,
        /// As of a value. UN: what is inside is in implicit VR (PS3.5 6.2.2).
        vr: Option<Vr>,
        /// The length of its items, in bytes; `None`: undefined, a delimiter closes it.
        length: Option<u32>,
    },
    /// An item of a sequence. [`Token::End`] closes it.
    Item {
        /// The length of its elements, in bytes; `None`: undefined.
        length: Option<u32>,
    },
    /// Encapsulated pixel data (PS3.5 A.4). [`Token::End`] closes them.
    Encapsulated {
        /// Its tag.
        tag: Tag,
        /// As of a value.
        vr: Option<Vr>,
    },
    /// A fragment of encapsulated pixel data (the first one is the Basic Offset Table), whose bytes
    /// [`Tokens::piece`] gives.
    Fragment {
        /// Its length, in bytes.
        length: u32,
    },
    /// The end of what was opened last and is still open.
    End,
}

/// Why there is no next token.
#[derive(Debug, thiserror::Error)]
pub enum TokensFailed {
    /// Reading failed.
    #[error("cannot read the data set: {0}")]
    Read(#[from] io::Error),
    /// The data set does not keep to PS3.5.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// The tokens of a data set, in the order of its bytes.
#[derive(Debug)]
pub struct Tokens<R> {
    source: Source<R>,
    nesting: Nesting,
    /// Offset of the next byte (of the inflated data set).
    offset: u64,
    /// What is left of the value at hand.
    value_left: u64,
    /// The VR that the numbers of the value at hand are turned around by.
    swapped: Option<Vr>,
    at: Tag,
}

impl<R: Read> Tokens<R> {
    /// At the beginning of a data set.
    pub fn new(encoding: Encoding, source: R) -> Self {
        let bytes = match encoding {
            Encoding::DeflatedExplicitLittleEndian => Bytes::Deflated(Box::new(Inflated::new(source))),
            _ => Bytes::Plain(source),
        };
        Self {
            source: Source { bytes, buffer: vec![0; BUFFER_BYTES].into_boxed_slice(), start: 0, end: 0 },
            nesting: Nesting::new(Layout::of(encoding)),
            offset: 0,
            value_left: 0,
            swapped: None,
            at: Tag(0, 0),
        }
    }

    /// The next token; `None` at the end. What was not taken of a value is passed by.
    ///
    /// # Errors
    /// At the first thing that is wrong; what comes after that is left open.
    #[expect(
        clippy::should_implement_trait,
        reason = "it lends itself to no Iterator: pieces are taken in between"
    )]
    pub fn next(&mut self) -> Result<Option<Token>, TokensFailed> {
        while self.piece()?.is_some() {}
        if !self.nesting.top.delimited && self.nesting.top.end == self.offset {
            self.nesting.close();
            return Ok(Some(Token::End));
        }
        let Some(header) = self.header()? else { return Ok(None) };
        let token = self.step(header).map_err(|fault| Malformed {
            offset: self.offset - u64::from(header.size),
            path: self.nesting.path(Some(header.tag)),
            fault,
        })?;
        Ok(Some(token))
    }

    /// The next bytes of the value or the fragment at hand, binary numbers little endian whatever the data set is;
    /// `None`: there are no more.
    ///
    /// # Errors
    /// When the data set ends within it, or reading fails.
    pub fn piece(&mut self) -> Result<Option<&[u8]>, TokensFailed> {
        if self.value_left == 0 {
            return Ok(None);
        }
        // Enough for a whole number, where there is as much.
        let wanted = usize::try_from(self.value_left).unwrap_or(usize::MAX).min(8);
        if !self.source.fill(wanted)? {
            let missing = self.value_left - self.source.held() as u64;
            let fault = Fault::EndsInsideElement { missing };
            return Err(self.malformed(fault, Some(self.at)).into());
        }
        let here = usize::try_from(self.value_left).unwrap_or(usize::MAX).min(self.source.held());
        let here = if here as u64 == self.value_left { here } else { here - here % 8 };
        self.value_left -= here as u64;
        self.offset += here as u64;
        let piece = self.source.take(here);
        if let Some(vr) = self.swapped {
            element::swap_bytes(vr, piece);
        }
        Ok(Some(piece))
    }

    /// How many sequences and items are open.
    pub fn depth(&self) -> usize {
        self.nesting.depth()
    }

    /// The next header; `None` at the end of the data set.
    fn header(&mut self) -> Result<Option<Header>, TokensFailed> {
        let layout = self.nesting.top.layout;
        let mut size = HEADER_BYTES_MIN;
        if self.source.fill(size)?
            && let Some(first) = self.source.peek().first_chunk()
        {
            size = Header::size(first, layout);
        }
        if !self.source.fill(size)? {
            return match self.source.held() {
                0 if self.nesting.depth() == 0 => Ok(None),
                0 => Err(self.malformed(Fault::EndsInsideSequence, None).into()),
                held => {
                    let missing = size.saturating_sub(held).max(1) as u64;
                    Err(self.malformed(Fault::EndsInsideElement { missing }, None).into())
                }
            };
        }
        let mut bytes = [0; HEADER_BYTES_MAX];
        for (to, from) in bytes.iter_mut().zip(self.source.take(size)) {
            *to = *from;
        }
        self.offset += size as u64;
        Ok(Some(Header::read(&bytes, layout)))
    }

    /// What a header means where it stands.
    fn step(&mut self, header: Header) -> Result<Token, Fault> {
        self.at = header.tag;
        match self.nesting.top.inside {
            Inside::Elements => self.element(header),
            Inside::Items | Inside::Fragments => self.item(header),
        }
    }

    fn element(&mut self, header: Header) -> Result<Token, Fault> {
        if header.tag.group() == ITEM.group() {
            if header.tag != ITEM_DELIMITATION || self.nesting.depth() == 0 || !self.nesting.top.delimited {
                return Err(Fault::StrayDelimiter);
            }
            return self.delimiter(header);
        }
        let layout = self.nesting.top.layout;
        let value = element::value_of(header, layout)?;
        if self.nesting.depth() == 0 {
            if matches!(header.tag.group(), 0x0000 | 0x0002) {
                return Err(Fault::ForeignGroup(header.tag.group()));
            }
            if self.offset == u64::from(header.size) {
                header.agrees_with(layout)?;
            }
        }
        self.fits(header)?;
        let (tag, vr) = (header.tag, header.vr);
        match value {
            Value::Bytes => {
                self.value_left = u64::from(header.length);
                self.swapped = vr.filter(|_| layout.big_endian);
                Ok(Token::Value { tag, vr, length: header.length })
            }
            Value::Inside(inside, layout) => {
                self.open(header, inside, layout, tag)?;
                Ok(match inside {
                    Inside::Fragments => Token::Encapsulated { tag, vr },
                    _ => Token::Sequence { tag, vr, length: defined(header) },
                })
            }
        }
    }

    fn item(&mut self, header: Header) -> Result<Token, Fault> {
        let top = self.nesting.top;
        match header.tag {
            SEQUENCE_DELIMITATION if top.delimited => self.delimiter(header),
            SEQUENCE_DELIMITATION | ITEM_DELIMITATION => Err(Fault::StrayDelimiter),
            ITEM if top.inside == Inside::Fragments => {
                if header.is_of_undefined_length() {
                    return Err(Fault::UndefinedLength);
                }
                self.fits(header)?;
                self.value_left = u64::from(header.length);
                self.swapped = None;
                Ok(Token::Fragment { length: header.length })
            }
            ITEM => {
                self.fits(header)?;
                self.open(header, Inside::Elements, top.layout, top.tag)?;
                Ok(Token::Item { length: defined(header) })
            }
            _ => Err(Fault::NotAnItem),
        }
    }

    fn delimiter(&mut self, header: Header) -> Result<Token, Fault> {
        if header.length != 0 {
            return Err(Fault::DelimiterWithLength(header.length));
        }
        self.nesting.close();
        Ok(Token::End)
    }

    fn open(&mut self, header: Header, inside: Inside, layout: Layout, tag: Tag) -> Result<(), Fault> {
        let delimited = header.is_of_undefined_length();
        let end = if delimited { self.nesting.top.end } else { self.offset + u64::from(header.length) };
        self.nesting.open(Frame { inside, tag, end, delimited, layout })
    }

    /// Checks that the value ends within what it stands in.
    fn fits(&self, header: Header) -> Result<(), Fault> {
        let length = u64::from(defined(header).unwrap_or(0));
        let end = self.nesting.top.end;
        if self.offset.saturating_add(length) > end {
            let size = u64::from(header.size);
            let left = end.saturating_sub(self.offset.saturating_sub(size));
            return Err(Fault::ExceedsItem { length: size + length, left });
        }
        Ok(())
    }

    fn malformed(&self, fault: Fault, at: Option<Tag>) -> Malformed {
        Malformed { offset: self.offset, path: self.nesting.path(at), fault }
    }
}

fn defined(header: Header) -> Option<u32> {
    (!header.is_of_undefined_length()).then_some(header.length)
}

/// Where the bytes come from, and those that were read and not taken yet.
#[derive(Debug)]
struct Source<R> {
    bytes: Bytes<R>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

#[derive(Debug)]
enum Bytes<R> {
    Plain(R),
    Deflated(Box<Inflated<R>>),
}

impl<R: Read> Source<R> {
    fn held(&self) -> usize {
        self.end - self.start
    }

    fn peek(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    fn take(&mut self, count: usize) -> &mut [u8] {
        let from = self.start;
        self.start = (from + count).min(self.end);
        self.buffer.get_mut(from..self.start).unwrap_or_default()
    }

    /// Sees to it that `count` bytes at least are held. Whether there are as many.
    fn fill(&mut self, count: usize) -> Result<bool, TokensFailed> {
        while self.held() < count {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            let read = match &mut self.bytes {
                Bytes::Plain(source) => source.read(room),
                Bytes::Deflated(source) => source.read(room)?,
            };
            match read {
                Ok(0) => return Ok(false),
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }
}
