//! What must be known of an instance before it is written anew: one pass over its tokens.

use std::collections::BTreeSet;
use std::io::Read;

use dataset::{Identifier, Token, Tokens, vr_of};
use vocabulary::{Encoding, Tag, Vr};

use crate::NotConverted;
use crate::limits::SURVEYED_VALUE_BYTES_MAX;
use crate::tags::{PIXEL_DATA, PIXEL_REPRESENTATION};

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// The values at depth 0, but for those that are too long or were not asked for.
    pub(crate) values: Identifier,
    /// Every tag at depth 0.
    present: BTreeSet<Tag>,
    /// The Pixel Data (7FE0,0010), if there are any.
    pub(crate) pixel_data: Option<PixelData>,
    /// The sequences at depth 0 that have encapsulated pixel data somewhere inside.
    pub(crate) with_encapsulated: BTreeSet<Tag>,
    /// Whether another element at depth 0 than Pixel Data is in fragments.
    pub(crate) has_other_fragments: bool,
}

/// How Pixel Data are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PixelData {
    /// So many bytes.
    Native(u32),
    /// Fragments, without the Basic Offset Table; and that table.
    Encapsulated { fragments: u32, offsets: Vec<u8> },
}

impl Survey {
    /// Reads a data set. `further`: tags whose values are wanted beside group 0028 and those of images.
    pub(crate) fn of(
        encoding: Encoding,
        source: impl Read,
        further: &BTreeSet<Tag>,
    ) -> Result<Self, NotConverted> {
        let mut tokens = Tokens::new(encoding, source);
        let mut survey = Self::default();
        let mut outermost = Tag(0, 0);
        while let Some(token) = tokens.next()? {
            match token {
                Token::Value { tag, vr, length } if tokens.depth() == 0 => {
                    if tag == PIXEL_DATA {
                        survey.pixel_data = Some(PixelData::Native(length));
                    }
                    if survey.present.insert(tag)
                        && length <= SURVEYED_VALUE_BYTES_MAX
                        && (is_of_images(tag) || further.contains(&tag))
                    {
                        let value = rest(&mut tokens)?;
                        survey.values.set(tag, vr.filter(|vr| *vr != Vr::UN).unwrap_or(vr_of(tag)), &value);
                    }
                }
                // What is opened is counted in the depth.
                Token::Sequence { tag, .. } if tokens.depth() == 1 => {
                    survey.present.insert(tag);
                    outermost = tag;
                }
                Token::Encapsulated { tag, .. } if tokens.depth() == 1 => {
                    survey.present.insert(tag);
                    if tag == PIXEL_DATA {
                        survey.pixel_data = Some(fragments(&mut tokens)?);
                    } else {
                        survey.has_other_fragments = true;
                    }
                }
                Token::Encapsulated { .. } => {
                    survey.with_encapsulated.insert(outermost);
                }
                _ => {}
            }
        }
        Ok(survey)
    }

    /// Whether the data set has the attribute.
    pub(crate) fn has(&self, tag: Tag) -> bool {
        self.present.contains(&tag)
    }

    /// The text of an attribute, without padding; empty where it is absent.
    pub(crate) fn text(&self, tag: Tag) -> String {
        self.values.text(tag).unwrap_or_default()
    }

    /// The number of an attribute of VR US.
    pub(crate) fn u16(&self, tag: Tag) -> Option<u16> {
        self.values.integer(tag).and_then(|number| u16::try_from(number).ok())
    }

    /// The first value of an attribute as a number.
    pub(crate) fn decimal(&self, tag: Tag) -> Option<f64> {
        self.text(tag).split('\\').next()?.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// Whether pixel values are signed (PS3.5 6.2.2 and PS3.6: which of US and SS is meant).
    pub(crate) fn is_signed(&self) -> bool {
        self.u16(PIXEL_REPRESENTATION) == Some(1)
    }
}

/// Whether a value is one of those that say what the pixel data are.
fn is_of_images(tag: Tag) -> bool {
    matches!(tag.group(), 0x0028) || matches!(tag, Tag(0x0008, 0..=0x00FF) | Tag(0x7FE0, 1 | 2))
}

/// All of the value at hand.
pub(crate) fn rest<R: Read>(tokens: &mut Tokens<R>) -> Result<Vec<u8>, NotConverted> {
    let mut value = Vec::new();
    while let Some(piece) = tokens.piece()? {
        value.extend_from_slice(piece);
    }
    Ok(value)
}

/// Counts the fragments.
fn fragments<R: Read>(tokens: &mut Tokens<R>) -> Result<PixelData, NotConverted> {
    let (mut fragments, mut offsets, mut is_first) = (0_u32, Vec::new(), true);
    while let Some(Token::Fragment { length }) = tokens.next()? {
        if !is_first {
            fragments = fragments.saturating_add(1);
        } else if length <= SURVEYED_VALUE_BYTES_MAX {
            offsets = rest(tokens)?;
        }
        is_first = false;
    }
    Ok(PixelData::Encapsulated { fragments, offsets })
}
