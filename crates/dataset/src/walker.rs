use vocabulary::{Encoding, Tag, Vr, limits};

use crate::attributes::{Attributes, Held, Kept};
use crate::deflate::Inflater;
use crate::dictionary;
use crate::element::{
    self, HEADER_BYTES_MAX, HEADER_BYTES_MIN, Header, ITEM, ITEM_DELIMITATION, Layout, SEQUENCE_DELIMITATION,
    SPECIFIC_CHARACTER_SET, Value,
};
use crate::malformed::{Fault, Malformed};
use crate::nesting::{Frame, Inside, Nesting};

#[cfg(test)]
mod tests;

/// Walks through a data set as its bytes arrive: checks every length and the nesting, and picks out the
/// attributes that are wanted. Memory is bounded whatever comes; values that nobody wants are passed by
/// without a look.
#[derive(Debug)]
pub struct Walker {
    encoding: Encoding,
    inflater: Option<Box<Inflater>>,
    steps: Steps,
    failed: Option<Malformed>,
}

impl Walker {
    /// A walker at the beginning of a data set. `wanted`: the tags that are picked out at depth 0, sorted.
    pub fn new(encoding: Encoding, wanted: &'static [Tag]) -> Self {
        debug_assert!(wanted.is_sorted(), "the wanted tags are sorted");
        let inflater = (encoding == Encoding::DeflatedExplicitLittleEndian)
            .then(|| Box::new(Inflater::new(limits::INFLATED_BYTES_FREE)));
        Self { encoding, inflater, steps: Steps::new(Layout::of(encoding), wanted), failed: None }
    }

    /// Takes the next bytes, as many as there are.
    ///
    /// # Errors
    /// At the first thing that is wrong; and again the same for every later call.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        if let Some(malformed) = &self.failed {
            return Err(malformed.clone());
        }
        let pushed = match &mut self.inflater {
            Some(inflater) => {
                let steps = &mut self.steps;
                match inflater.push(bytes, |inflated| steps.walk(inflated)) {
                    Ok(walked) => walked,
                    Err(fault) => Err(steps.malformed(fault, None)),
                }
            }
            None => self.steps.walk(bytes),
        };
        if let Err(malformed) = &pushed {
            self.failed = Some(malformed.clone());
        }
        pushed
    }

    /// Ends the data set, and gives what was picked out.
    ///
    /// # Errors
    /// When the data set ended too early, or was malformed before.
    pub fn finish(self) -> Result<Attributes, Malformed> {
        if let Some(malformed) = self.failed {
            return Err(malformed);
        }
        if self.inflater.is_some_and(|inflater| !inflater.has_ended()) {
            return Err(self.steps.malformed(Fault::EndsInsideElement { missing: 1 }, None));
        }
        self.steps.finish(self.encoding)
    }
}

/// What is being copied out of the data set as it passes.
#[derive(Debug)]
struct Capture {
    /// Which of the attributes held.
    held: usize,
    /// Where its bytes begin.
    start: usize,
    bytes_max: usize,
    /// For a sequence: how it is laid out inside.
    items: Option<Layout>,
}

/// The walk itself.
#[derive(Debug)]
struct Steps {
    wanted: &'static [Tag],
    /// The first of the wanted that is not behind the last tag seen.
    next_wanted: usize,
    nesting: Nesting,
    /// Offset of the first byte that has not been taken.
    offset: u64,
    /// What is left of the value that is being passed by.
    value_left: u64,
    /// The element at hand, for messages.
    at: Tag,
    /// A header whose bytes came in two portions.
    head: [u8; HEADER_BYTES_MAX],
    head_bytes: usize,
    capture: Option<Capture>,
    held: Vec<Held>,
    highest_held: Tag,
    bytes: Vec<u8>,
}

impl Steps {
    fn new(layout: Layout, wanted: &'static [Tag]) -> Self {
        Self {
            wanted,
            next_wanted: 0,
            nesting: Nesting::new(layout),
            offset: 0,
            value_left: 0,
            at: Tag(0, 0),
            head: [0; HEADER_BYTES_MAX],
            head_bytes: 0,
            capture: None,
            held: Vec::new(),
            highest_held: Tag(0, 0),
            bytes: Vec::new(),
        }
    }

    fn walk(&mut self, input: &[u8]) -> Result<(), Malformed> {
        let mut rest = input;
        // What of `input` belongs to the capture begins here.
        let mut captured_from = input;
        loop {
            if self.value_left > 0 {
                let here = usize::try_from(self.value_left).unwrap_or(usize::MAX).min(rest.len());
                rest = self.take(rest, here);
                self.value_left -= here as u64;
                if self.value_left > 0 {
                    break;
                }
            }
            if self.nesting.depth() == 0 && self.capture.is_some() {
                self.end_capture(before(captured_from, rest), 0);
            }
            // Not within a header that has come in part: it would be read as one of what is around the item it begins in.
            while self.head_bytes == 0 && !self.nesting.top.delimited && self.nesting.top.end == self.offset {
                self.close(before(captured_from, rest), 0);
            }
            let Some((header, after)) = self.header(rest) else { break };
            rest = after;
            let was_capturing = self.capture.is_some();
            let start = self.offset - u64::from(header.size);
            self.at = header.tag;
            self.step(header, before(captured_from, rest)).map_err(|fault| Malformed {
                offset: start,
                path: self.nesting.path(Some(header.tag)),
                fault,
            })?;
            if !was_capturing {
                captured_from = rest;
            }
        }
        if self.capture.is_some() {
            self.copy(captured_from);
        }
        Ok(())
    }

    /// Steps over `count` bytes.
    #[inline]
    fn take<'a>(&mut self, rest: &'a [u8], count: usize) -> &'a [u8] {
        self.offset += count as u64;
        rest.get(count..).unwrap_or_default()
    }

    /// The next header, if all of it has come.
    #[inline]
    fn header<'a>(&mut self, rest: &'a [u8]) -> Option<(Header, &'a [u8])> {
        if self.head_bytes == 0
            && let Some(bytes) = rest.first_chunk::<HEADER_BYTES_MAX>()
        {
            let header = Header::read(bytes, self.nesting.top.layout);
            return Some((header, self.take(rest, usize::from(header.size))));
        }
        self.header_in_pieces(rest)
    }

    fn header_in_pieces<'a>(&mut self, mut rest: &'a [u8]) -> Option<(Header, &'a [u8])> {
        let layout = self.nesting.top.layout;
        loop {
            let size = match self.head.first_chunk::<HEADER_BYTES_MIN>() {
                Some(first) if self.head_bytes >= HEADER_BYTES_MIN => Header::size(first, layout),
                _ => HEADER_BYTES_MIN,
            };
            if self.head_bytes == size {
                self.head_bytes = 0;
                return Some((Header::read(&self.head, layout), rest));
            }
            let byte = rest.first()?;
            *self.head.get_mut(self.head_bytes)? = *byte;
            self.head_bytes += 1;
            rest = self.take(rest, 1);
        }
    }

    /// What a header means where it stands.
    #[inline]
    fn step(&mut self, header: Header, captured: &[u8]) -> Result<(), Fault> {
        match self.nesting.top.inside {
            Inside::Elements => self.element(header, captured),
            Inside::Items | Inside::Fragments => self.item(header, captured),
        }
    }

    fn element(&mut self, header: Header, captured: &[u8]) -> Result<(), Fault> {
        if header.tag.group() == ITEM.group() {
            if header.tag != ITEM_DELIMITATION || self.nesting.depth() == 0 || !self.nesting.top.delimited {
                return Err(Fault::StrayDelimiter);
            }
            return self.delimiter(header, captured);
        }
        let layout = self.nesting.top.layout;
        let value = element::value_of(header, layout)?;
        let outermost = self.nesting.depth() == 0;
        if outermost {
            if matches!(header.tag.group(), 0x0000 | 0x0002) {
                return Err(Fault::ForeignGroup(header.tag.group()));
            }
            if self.offset == u64::from(header.size) {
                header.agrees_with(layout)?;
            }
        }
        self.fits(header)?;
        let wanted = outermost && self.is_wanted(header.tag);
        match value {
            Value::Bytes => self.value_left = u64::from(header.length),
            Value::Inside(inside, layout) => self.nesting.open(self.frame(header, inside, layout))?,
        }
        if wanted {
            self.hold(header, value);
        }
        Ok(())
    }

    fn item(&mut self, header: Header, captured: &[u8]) -> Result<(), Fault> {
        let top = self.nesting.top;
        match header.tag {
            SEQUENCE_DELIMITATION if top.delimited => self.delimiter(header, captured),
            SEQUENCE_DELIMITATION | ITEM_DELIMITATION => Err(Fault::StrayDelimiter),
            ITEM if top.inside == Inside::Fragments => {
                if header.is_of_undefined_length() {
                    return Err(Fault::UndefinedLength);
                }
                self.fits(header)?;
                self.value_left = u64::from(header.length);
                Ok(())
            }
            ITEM => {
                self.fits(header)?;
                let mut frame = self.frame(header, Inside::Elements, top.layout);
                frame.tag = top.tag;
                self.nesting.open(frame)
            }
            _ => Err(Fault::NotAnItem),
        }
    }

    fn delimiter(&mut self, header: Header, captured: &[u8]) -> Result<(), Fault> {
        if header.length != 0 {
            return Err(Fault::DelimiterWithLength(header.length));
        }
        self.close(captured, usize::from(header.size));
        Ok(())
    }

    /// Checks that the value ends within what it stands in.
    #[inline]
    fn fits(&self, header: Header) -> Result<(), Fault> {
        let length = if header.is_of_undefined_length() { 0 } else { u64::from(header.length) };
        let end = self.nesting.top.end;
        if self.offset.saturating_add(length) > end {
            let size = u64::from(header.size);
            let left = end.saturating_sub(self.offset.saturating_sub(size));
            return Err(Fault::ExceedsItem { length: size + length, left });
        }
        Ok(())
    }

    fn frame(&self, header: Header, inside: Inside, layout: Layout) -> Frame {
        let delimited = header.is_of_undefined_length();
        let end = if delimited { self.nesting.top.end } else { self.offset + u64::from(header.length) };
        Frame { inside, tag: header.tag, end, delimited, layout }
    }

    /// Closes the innermost frame; with the outermost sequence ends its capture.
    fn close(&mut self, captured: &[u8], delimiter_bytes: usize) {
        self.nesting.close();
        if self.nesting.depth() == 0 && self.capture.is_some() {
            self.end_capture(captured, delimiter_bytes);
        }
    }

    /// Whether the element is one to pick out. Data sets are sorted, so the next wanted tag is at hand; one
    /// that is not sorted costs a search.
    #[inline]
    fn is_wanted(&mut self, tag: Tag) -> bool {
        if tag == SPECIFIC_CHARACTER_SET {
            return true;
        }
        if self.next_wanted.checked_sub(1).and_then(|at| self.wanted.get(at)).is_some_and(|last| *last >= tag)
        {
            return self.wanted.binary_search(&tag).is_ok();
        }
        while let Some(next) = self.wanted.get(self.next_wanted) {
            if *next > tag {
                return false;
            }
            self.next_wanted += 1;
            if *next == tag {
                return true;
            }
        }
        false
    }

    /// Notes a wanted element, and begins to copy its bytes. Of several with one tag the first counts.
    fn hold(&mut self, header: Header, value: Value) {
        if header.tag <= self.highest_held && self.held.iter().any(|held| held.tag == header.tag) {
            return;
        }
        self.highest_held = self.highest_held.max(header.tag);
        let vr = match header.vr {
            Some(vr) if vr != Vr::UN => vr,
            _ => dictionary::vr_of(header.tag),
        };
        let start = self.bytes.len();
        let (items, bytes_max) = match value {
            Value::Inside(Inside::Fragments, _) => {
                self.held.push(Held { tag: header.tag, vr, kept: Kept::TooLong });
                return;
            }
            Value::Inside(_, layout) => (Some(layout), limits::CATALOGUED_SEQUENCE_BYTES_MAX),
            // Said to be UN, known to be a sequence: implicit VR inside (PS3.5 6.2.2).
            Value::Bytes if vr == Vr::SQ => (Some(Layout::IMPLICIT), limits::CATALOGUED_SEQUENCE_BYTES_MAX),
            Value::Bytes => (None, limits::CATALOGUED_VALUE_BYTES_MAX),
        };
        let vr = if items.is_some() { Vr::SQ } else { vr };
        let too_long = !header.is_of_undefined_length() && header.length as usize > bytes_max;
        let kept = if too_long { Kept::TooLong } else { Kept::Value { start, end: start } };
        self.held.push(Held { tag: header.tag, vr, kept });
        if !too_long {
            self.capture = Some(Capture { held: self.held.len() - 1, start, bytes_max, items });
        }
    }

    /// Copies what has passed of the element that is being captured.
    fn copy(&mut self, passed: &[u8]) {
        let Some(capture) = &self.capture else { return };
        // A delimiter at the end comes on top, and is taken off again.
        if self.bytes.len() - capture.start + passed.len() <= capture.bytes_max + HEADER_BYTES_MIN {
            self.bytes.extend_from_slice(passed);
            return;
        }
        self.bytes.truncate(capture.start);
        if let Some(held) = self.held.get_mut(capture.held) {
            held.kept = Kept::TooLong;
        }
        self.capture = None;
    }

    fn end_capture(&mut self, passed: &[u8], delimiter_bytes: usize) {
        self.copy(passed);
        let Some(Capture { held, start, items, .. }) = self.capture.take() else { return };
        self.bytes.truncate(self.bytes.len().saturating_sub(delimiter_bytes).max(start));
        let end = self.bytes.len();
        if let Some(held) = self.held.get_mut(held) {
            held.kept = match items {
                Some(layout) => Kept::Items { start, end, layout },
                None => Kept::Value { start, end },
            };
        }
    }

    fn malformed(&self, fault: Fault, at: Option<Tag>) -> Malformed {
        Malformed { offset: self.offset, path: self.nesting.path(at), fault }
    }

    fn finish(mut self, encoding: Encoding) -> Result<Attributes, Malformed> {
        if self.value_left > 0 {
            let missing = self.value_left;
            return Err(self.malformed(Fault::EndsInsideElement { missing }, Some(self.at)));
        }
        if self.head_bytes > 0 {
            let missing = HEADER_BYTES_MIN.saturating_sub(self.head_bytes).max(1) as u64;
            return Err(self.malformed(Fault::EndsInsideElement { missing }, None));
        }
        while !self.nesting.top.delimited && self.nesting.top.end == self.offset {
            self.close(&[], 0);
        }
        if self.nesting.depth() > 0 {
            return Err(self.malformed(Fault::EndsInsideSequence, None));
        }
        self.end_capture(&[], 0);
        Ok(Attributes::new(encoding, self.held, self.bytes))
    }
}

/// The part of `from` that lies before `rest`, which is its end.
#[inline]
fn before<'a>(from: &'a [u8], rest: &[u8]) -> &'a [u8] {
    from.get(..from.len().saturating_sub(rest.len())).unwrap_or_default()
}
