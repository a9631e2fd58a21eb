//! A data set written anew as it is read: another value representation, other attributes, another character set.
//!
//! Twice: the first time to learn the lengths, which stand in front of what they are lengths of; the second time
//! for the bytes. Values go through as they come, so memory does not grow with the instance.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::rc::Rc;

use dataset::{Token, Tokens, vr_of};
use vocabulary::{Encoding, Tag, Vr};

use crate::NotConverted;
use crate::edits::{Edit, Edits, item_bytes, sequence_of};
use crate::limits::ITEMS_MAX;
use crate::tags::{LENGTH_TO_END, PIXEL_REPRESENTATION};

mod headers;
mod recode;
#[cfg(test)]
mod tests;
mod unknown;

use headers::{ITEM, ITEM_DELIMITATION, SEQUENCE_DELIMITATION, header_bytes, value_representation};
pub(crate) use recode::Recode;

/// How a data set is written anew.
#[derive(Debug, Default)]
pub(crate) struct Recipe {
    /// Explicit VR little endian, or implicit.
    pub(crate) explicit: bool,
    /// Other attributes.
    pub(crate) edits: Edits,
    /// Another character set.
    pub(crate) recode: Option<Recode>,
    /// Whether pixel values are signed, at depth 0.
    pub(crate) signed: bool,
    /// What takes the place of Pixel Data: complete elements, one behind the other.
    pub(crate) pixels: Vec<Vec<u8>>,
}

impl Recipe {
    pub(crate) fn encoding(&self) -> Encoding {
        if self.explicit { Encoding::ExplicitLittleEndian } else { Encoding::ImplicitLittleEndian }
    }
}

/// What the first pass gives.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// The length of the data set, in bytes.
    pub(crate) bytes: u64,
    /// That of each sequence and item of defined length, in the order in which they begin.
    lengths: Vec<u32>,
}

/// Something that is open in what is written.
#[derive(Debug, Clone, Copy)]
struct Open {
    is_item: bool,
    /// Where what it holds begins and which of the lengths is its own; `None`: a delimiter closes it.
    defined: Option<(u64, usize)>,
    explicit: bool,
    signed: bool,
    /// Whether it is a sequence at depth 0 that gets one more item, and which.
    appended: Option<Tag>,
}

/// Where the bytes go.
#[derive(Debug)]
enum Output {
    Measure { lengths: Vec<u32> },
    Write { lengths: Vec<u32>, begun: usize, ready: Vec<u8>, taken: usize },
}

/// Writes a data set anew.
#[derive(Debug)]
pub(crate) struct Rewriter<R> {
    tokens: Tokens<R>,
    recipe: Rc<Recipe>,
    /// The edits that are still to come in.
    pending: VecDeque<Tag>,
    /// A token that waits until the pixel data before it are written.
    held: Option<Token>,
    open: Vec<Open>,
    recode: recode::State,
    output: Output,
    /// Bytes written so far.
    written: u64,
    /// Which part of the pixel data is written next.
    pixels: Option<usize>,
    ended: bool,
}

/// Learns how long the data set will be.
pub(crate) fn measure<R: Read>(
    encoding: Encoding,
    source: R,
    recipe: &Rc<Recipe>,
) -> Result<Measured, NotConverted> {
    let mut rewriter = Rewriter::new(encoding, source, recipe, Output::Measure { lengths: Vec::new() });
    while !rewriter.ended {
        rewriter.step()?;
    }
    let bytes = rewriter.written;
    let (Output::Measure { lengths } | Output::Write { lengths, .. }) = rewriter.output;
    Ok(Measured { bytes, lengths })
}

/// The data set as bytes.
pub(crate) fn write<R: Read>(
    encoding: Encoding,
    source: R,
    recipe: &Rc<Recipe>,
    measured: Measured,
) -> Rewriter<R> {
    let output = Output::Write { lengths: measured.lengths, begun: 0, ready: Vec::new(), taken: 0 };
    Rewriter::new(encoding, source, recipe, output)
}

impl<R: Read> Rewriter<R> {
    fn new(encoding: Encoding, source: R, recipe: &Rc<Recipe>, output: Output) -> Self {
        Self {
            tokens: Tokens::new(encoding, source),
            pending: recipe.edits.0.keys().copied().collect(),
            held: None,
            recode: recode::State::new(recipe.recode.as_ref()),
            recipe: Rc::clone(recipe),
            open: Vec::new(),
            output,
            written: 0,
            pixels: None,
            ended: false,
        }
    }

    /// Goes on by a token, or by a piece of a value.
    fn step(&mut self) -> Result<(), NotConverted> {
        if let Some(part) = self.pixels {
            let recipe = Rc::clone(&self.recipe);
            self.pixels = recipe.pixels.get(part).map(|bytes| {
                self.put(bytes);
                part + 1
            });
            return Ok(());
        }
        // The value of a token that is held comes behind its header.
        if self.held.is_none()
            && let Some(piece) = self.tokens.piece()?
        {
            self.written += piece.len() as u64;
            if let Output::Write { ready, .. } = &mut self.output {
                ready.extend_from_slice(piece);
            }
            return Ok(());
        }
        let next = match self.held.take() {
            None => self.tokens.next()?,
            held => held,
        };
        match next {
            Some(token) => self.token(token),
            None => {
                self.bring_in(None);
                self.ended = self.pixels.is_none();
                Ok(())
            }
        }
    }

    fn token(&mut self, token: Token) -> Result<(), NotConverted> {
        if let (
            true,
            Token::Value { tag, .. } | Token::Sequence { tag, .. } | Token::Encapsulated { tag, .. },
        ) = (self.open.is_empty(), token)
        {
            let is_pixels = matches!(self.recipe.edits.0.get(&tag), Some(Edit::Pixels));
            self.bring_in(Some(tag));
            if self.pixels.is_some() && !is_pixels {
                self.held = Some(token);
                return Ok(());
            }
        }
        match token {
            Token::Value { tag, vr, length } => {
                if self.is_left_out(tag, true) {
                    self.skip_value()
                } else {
                    self.value(tag, vr, length)
                }
            }
            Token::Sequence { tag, vr, length } => {
                if self.is_left_out(tag, false) {
                    self.skip()
                } else {
                    self.sequence(tag, vr, length)
                }
            }
            Token::Item { length } => {
                self.recode.enter();
                self.begin(ITEM, None, length.is_some(), Open { is_item: true, ..self.parent() })
            }
            Token::Encapsulated { tag, .. } if self.is_left_out(tag, false) => self.skip(),
            Token::Encapsulated { tag, vr } => {
                let open = Open { is_item: false, ..self.parent() };
                self.begin(tag, Some(vr.unwrap_or(Vr::OB)), false, open)
            }
            Token::Fragment { length } => {
                self.header(ITEM, None, Some(length));
                Ok(())
            }
            Token::End => self.end(),
        }
    }

    /// Writes the edits up to a tag, and with it; `None`: all that are left. Stops before pixel data, which are
    /// written part by part.
    fn bring_in(&mut self, up_to: Option<Tag>) {
        let recipe = Rc::clone(&self.recipe);
        while let Some(next) = self.pending.front().copied() {
            if up_to.is_some_and(|tag| next > tag) {
                return;
            }
            self.pending.pop_front();
            match recipe.edits.0.get(&next) {
                Some(Edit::Put(element)) => self.put(&element.to_bytes(recipe.encoding())),
                // A sequence that is there gets its item at its end.
                Some(Edit::Append(item)) if up_to != Some(next) => {
                    self.put(&sequence_of(next, item).to_bytes(recipe.encoding()));
                }
                Some(Edit::Pixels) => {
                    self.pixels = Some(0);
                    return;
                }
                _ => {}
            }
        }
    }

    /// Whether an element is left out, because it was replaced or would be wrong.
    fn is_left_out(&mut self, tag: Tag, is_value: bool) -> bool {
        // Group lengths are retired (PS3.5 7.2), and those of another encoding are wrong.
        if tag.element() == 0 && !self.is_verbatim() {
            return true;
        }
        if !self.open.is_empty() {
            return false;
        }
        let recipe = Rc::clone(&self.recipe);
        match recipe.edits.0.get(&tag) {
            None => tag == LENGTH_TO_END,
            // An empty sequence in implicit VR is a value without bytes.
            Some(Edit::Append(item)) if is_value => {
                self.put(&sequence_of(tag, item).to_bytes(recipe.encoding()));
                true
            }
            Some(Edit::Append(_)) => false,
            Some(_) => true,
        }
    }

    /// Whether what is open stays in implicit VR although the data set is explicit (PS3.5 6.2.2).
    fn is_verbatim(&self) -> bool {
        self.recipe.explicit && !self.parent().explicit
    }

    fn parent(&self) -> Open {
        let outermost = Open {
            is_item: true,
            defined: None,
            explicit: self.recipe.explicit,
            signed: self.recipe.signed,
            appended: None,
        };
        self.open.last().map_or(outermost, |open| Open { appended: None, ..*open })
    }

    fn value(&mut self, tag: Tag, vr: Option<Vr>, length: u32) -> Result<(), NotConverted> {
        let signed = self.parent().signed;
        // In implicit VR it would be read as items.
        let is_misread = !self.parent().explicit && length > 0 && vr_of(tag) == Vr::SQ;
        if is_misread && vr.is_some_and(|vr| !matches!(vr, Vr::SQ | Vr::UN)) {
            return Err(NotConverted::WouldBeSequence(tag));
        }
        if self.recode.concerns(tag, vr) {
            if let Some(text) = self.recode.text(tag, vr, &mut self.tokens)? {
                let vr = value_representation(tag, vr, text.len() as u64, signed);
                self.header(tag, Some(vr), u32::try_from(text.len()).ok());
                self.put(&text);
            }
            return Ok(());
        }
        self.header(tag, Some(value_representation(tag, vr, u64::from(length), signed)), Some(length));
        let is_measured = matches!(self.output, Output::Measure { .. });
        if is_measured && !self.parent().explicit && unknown::becomes_sequence(tag, vr, length) {
            if !unknown::is_sequence(tag, length, self.open.len() / 2, &mut self.tokens)? {
                return Err(NotConverted::WouldBeSequence(tag));
            }
            self.written += u64::from(length);
        }
        if tag == PIXEL_REPRESENTATION && length == 2 {
            let value = crate::survey::rest(&mut self.tokens)?;
            if let Some(item) = self.open.last_mut() {
                item.signed = value == [1, 0];
            }
            self.put(&value);
        }
        Ok(())
    }

    fn sequence(&mut self, tag: Tag, vr: Option<Vr>, length: Option<u32>) -> Result<(), NotConverted> {
        let parent = self.parent();
        // An unknown one in implicit VR is UN, and stays implicit inside (PS3.5 6.2.2).
        let is_known = vr.map_or_else(|| vr_of(tag) == Vr::SQ, |vr| vr == Vr::SQ);
        let vr = if is_known { Vr::SQ } else { Vr::UN };
        let appended = self.open.is_empty().then_some(tag);
        let open = Open { is_item: false, explicit: parent.explicit && is_known, appended, ..parent };
        self.begin(tag, Some(vr), length.is_some() && is_known, open)
    }

    /// Writes the header of something that is closed later, with the length that was measured.
    fn begin(&mut self, tag: Tag, vr: Option<Vr>, is_defined: bool, open: Open) -> Result<(), NotConverted> {
        let (length, which) = match &mut self.output {
            _ if !is_defined => (None, None),
            Output::Measure { lengths } => {
                if lengths.len() >= ITEMS_MAX {
                    return Err(NotConverted::TooManyItems(ITEMS_MAX));
                }
                lengths.push(0);
                (Some(0), Some(lengths.len() - 1))
            }
            Output::Write { lengths, begun, .. } => {
                *begun += 1;
                (lengths.get(*begun - 1).copied(), Some(*begun - 1))
            }
        };
        self.header(tag, vr, length);
        self.open.push(Open { defined: which.map(|which| (self.written, which)), ..open });
        Ok(())
    }

    fn end(&mut self) -> Result<(), NotConverted> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        if open.is_item {
            self.recode.leave();
        }
        let recipe = Rc::clone(&self.recipe);
        if let Some(Edit::Append(item)) = open.appended.and_then(|tag| recipe.edits.0.get(&tag)) {
            let implicit = !open.explicit;
            let encoding =
                if implicit { Encoding::ImplicitLittleEndian } else { Encoding::ExplicitLittleEndian };
            self.put(&item_bytes(item, encoding));
        }
        let Some((begin, which)) = open.defined else {
            let delimiter = if open.is_item { ITEM_DELIMITATION } else { SEQUENCE_DELIMITATION };
            self.header(delimiter, None, Some(0));
            return Ok(());
        };
        let length = u32::try_from(self.written - begin).ok().filter(|length| *length != u32::MAX);
        let length = length.ok_or(NotConverted::SequenceTooLong)?;
        if let Output::Measure { lengths } = &mut self.output
            && let Some(known) = lengths.get_mut(which)
        {
            *known = length;
        }
        Ok(())
    }

    /// Passes by what was just opened, with all that is in it.
    fn skip(&mut self) -> Result<(), NotConverted> {
        let outside = self.tokens.depth().saturating_sub(1);
        while self.tokens.depth() > outside && self.tokens.next()?.is_some() {}
        Ok(())
    }

    fn skip_value(&mut self) -> Result<(), NotConverted> {
        while self.tokens.piece()?.is_some() {}
        Ok(())
    }

    /// A header; `length` `None`: undefined.
    fn header(&mut self, tag: Tag, vr: Option<Vr>, length: Option<u32>) {
        let (bytes, size) = header_bytes(self.parent().explicit, tag, vr, length);
        self.put(bytes.get(..size).unwrap_or_default());
    }

    fn put(&mut self, bytes: &[u8]) {
        self.written += bytes.len() as u64;
        if let Output::Write { ready, .. } = &mut self.output {
            ready.extend_from_slice(bytes);
        }
    }
}

impl<R: Read> Read for Rewriter<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Output::Write { ready, taken, .. } = &mut self.output {
                let rest = ready.get(*taken..).unwrap_or_default();
                if !rest.is_empty() {
                    let count = rest.len().min(into.len());
                    for (to, from) in into.iter_mut().zip(rest) {
                        *to = *from;
                    }
                    *taken += count;
                    return Ok(count);
                }
                ready.clear();
                *taken = 0;
            }
            if self.ended {
                return Ok(0);
            }
            self.step().map_err(io::Error::other)?;
        }
    }
}
