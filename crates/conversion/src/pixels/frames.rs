//! The bytes of each frame, from native or encapsulated Pixel Data (PS3.5 8.1.1, A.4).

use std::io::Read;

use dataset::{Token, Tokens};
use vocabulary::Encoding;

use super::Image;
use crate::NotConverted;
use crate::limits::PIXEL_BYTES_MAX;
use crate::survey::{PixelData, Survey};
use crate::tags::{EXTENDED_OFFSET_TABLE, PIXEL_DATA};

/// Reads frame after frame.
pub(super) struct Frames<R> {
    tokens: Tokens<R>,
    kind: Kind,
    left: u32,
    /// What was read and belongs to the next frame.
    rest: Vec<u8>,
}

/// How frames are told apart.
enum Kind {
    /// Each has so many bytes.
    Native { frame_bytes: usize },
    /// All fragments are one frame.
    Single,
    /// Each fragment is one.
    Fragments,
    /// A frame begins at each of these offsets, counted from the item after the Basic Offset Table.
    Offsets { starts: Vec<u64>, next: usize, position: u64 },
    /// A frame begins where a fragment begins as a code stream does.
    Marked { begins: [u8; 2] },
}

impl<R: Read> Frames<R> {
    pub(super) fn new(
        encoding: Encoding,
        source: R,
        survey: &Survey,
        pixel_data: &PixelData,
        image: &Image,
    ) -> Result<Self, NotConverted> {
        let mut tokens = Tokens::new(encoding, source);
        let kind = match pixel_data {
            PixelData::Native(bytes) => {
                let frame_bytes = image.native_frame_bytes();
                if frame_bytes.saturating_mul(u64::from(image.frames)) > u64::from(*bytes) {
                    return Err(NotConverted::Pixels(
                        "they are fewer than rows, columns and frames make them",
                    ));
                }
                Kind::Native { frame_bytes: usize::try_from(frame_bytes).unwrap_or(usize::MAX) }
            }
            PixelData::Encapsulated { fragments: 0, .. } => {
                return Err(NotConverted::Pixels("there are no fragments"));
            }
            PixelData::Encapsulated { .. } if image.frames == 1 => Kind::Single,
            PixelData::Encapsulated { fragments, .. } if *fragments == image.frames => Kind::Fragments,
            PixelData::Encapsulated { offsets, .. } => match starts(survey, offsets, image.frames) {
                Some(starts) => Kind::Offsets { starts, next: 1, position: 0 },
                None => Kind::Marked { begins: [0xFF, 0] },
            },
        };
        while let Some(token) = tokens.next()? {
            match token {
                Token::Value { tag: PIXEL_DATA, .. } if tokens.depth() == 0 => break,
                Token::Encapsulated { tag: PIXEL_DATA, .. } if tokens.depth() == 1 => {
                    // The Basic Offset Table, which the survey has.
                    tokens.next()?;
                    break;
                }
                _ => {}
            }
        }
        Ok(Self { tokens, kind, left: image.frames, rest: Vec::new() })
    }

    /// The next frame. Whether there is one.
    pub(super) fn next(&mut self, frame: &mut Vec<u8>) -> Result<bool, NotConverted> {
        frame.clear();
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        match self.kind {
            Kind::Native { frame_bytes } => self.native(frame, frame_bytes)?,
            _ => self.encapsulated(frame)?,
        }
        if frame.is_empty() {
            return Err(NotConverted::Pixels("there are fewer frames than Number of Frames says"));
        }
        Ok(true)
    }

    fn native(&mut self, frame: &mut Vec<u8>, frame_bytes: usize) -> Result<(), NotConverted> {
        std::mem::swap(frame, &mut self.rest);
        while frame.len() < frame_bytes {
            let Some(piece) = self.tokens.piece()? else { break };
            frame.extend_from_slice(piece);
        }
        if frame.len() < frame_bytes {
            frame.clear();
        }
        self.rest.clear();
        self.rest.extend_from_slice(frame.get(frame_bytes..).unwrap_or_default());
        frame.truncate(frame_bytes);
        Ok(())
    }

    fn encapsulated(&mut self, frame: &mut Vec<u8>) -> Result<(), NotConverted> {
        std::mem::swap(frame, &mut self.rest);
        let is_last = self.left == 0;
        let mut fragment = Vec::new();
        loop {
            let Some(Token::Fragment { length }) = self.tokens.next()? else { return Ok(()) };
            fragment.clear();
            while let Some(piece) = self.tokens.piece()? {
                fragment.extend_from_slice(piece);
            }
            if (frame.len() as u64).saturating_add(fragment.len() as u64) > PIXEL_BYTES_MAX {
                let bytes = PIXEL_BYTES_MAX.saturating_add(1);
                return Err(NotConverted::TooLarge { bytes, bytes_max: PIXEL_BYTES_MAX });
            }
            let begins_next = match &mut self.kind {
                Kind::Native { .. } | Kind::Single | Kind::Fragments => false,
                Kind::Offsets { starts, next, position } => {
                    let begins = starts.get(*next) == Some(position);
                    *next += usize::from(begins);
                    *position += 8 + u64::from(length);
                    begins
                }
                Kind::Marked { begins } => {
                    if let ([first, second, ..], true) = (&*fragment, frame.is_empty()) {
                        *begins = [*first, *second];
                    }
                    !frame.is_empty() && fragment.starts_with(begins)
                }
            };
            if begins_next && !is_last {
                std::mem::swap(&mut self.rest, &mut fragment);
                return Ok(());
            }
            frame.extend_from_slice(&fragment);
            if matches!(self.kind, Kind::Fragments) {
                return Ok(());
            }
        }
    }
}

/// Where frames begin, if one of the offset tables says it of each.
fn starts(survey: &Survey, basic: &[u8], frames: u32) -> Option<Vec<u64>> {
    let is_whole = |starts: &Vec<u64>| {
        starts.len() as u64 == u64::from(frames) && starts.first() == Some(&0) && starts.is_sorted()
    };
    let extended = survey.values.raw(EXTENDED_OFFSET_TABLE).unwrap_or_default();
    let basic = basic.chunks_exact(4).filter_map(|offset| offset.first_chunk().copied());
    let basic: Vec<u64> = basic.map(|offset| u64::from(u32::from_le_bytes(offset))).collect();
    let extended = extended.chunks_exact(8).filter_map(|offset| offset.first_chunk().copied());
    let extended: Vec<u64> = extended.map(u64::from_le_bytes).collect();
    Some(basic).filter(is_whole).or_else(|| Some(extended).filter(is_whole))
}
