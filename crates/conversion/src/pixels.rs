//! Pixel data made into others, frame by frame.
//!
//! In: the attributes of Group 0028 and the bytes of Pixel Data (7FE0,0010). Out: new bytes, and what changes in
//! the attributes. A frame in between is always the samples of each pixel side by side, in 8 or 16 or 32 bits.

use std::io::Read;

use vocabulary::{Encoding, Vr};

use crate::NotConverted;
use crate::edits::{Edit, Edits};
use crate::limits::PIXEL_BYTES_MAX;
use crate::rules::Photometric;
use crate::survey::{PixelData, Survey};
use crate::tags::{EXTENDED_OFFSET_TABLE, EXTENDED_OFFSET_TABLE_LENGTHS, PIXEL_DATA};

pub(crate) mod attributes;
mod decode;
mod encode;
mod frames;
mod image;
mod jpeg;
mod jpeg_2000;
mod jpeg_2000_parts;
mod palette;
mod photometric;
mod rle;
#[cfg(test)]
mod tests;

pub(crate) use decode::{can_decode, is_lossy};
pub(crate) use image::{Image, Interpretation};

use encode::Encoder;
use frames::Frames;
use photometric::Change;

/// What pixel data are to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Target {
    /// JPEG Baseline of this quality; otherwise not compressed.
    pub(crate) jpeg_quality: Option<u8>,
    pub(crate) photometric: Option<Photometric>,
    /// Whether the data set is in explicit VR.
    pub(crate) explicit: bool,
}

/// What became of them.
#[derive(Debug)]
pub(crate) struct Changed {
    /// The elements that take the place of Pixel Data, in parts.
    pub(crate) parts: Vec<Vec<u8>>,
    /// What changes in the attributes.
    pub(crate) edits: Edits,
    /// Whether something was lost in the pixels that the instance had before, and by what.
    pub(crate) lost: Lost,
}

/// By what something was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Lost {
    /// Compression: its ratio in hundredths.
    pub(crate) compression: Option<u64>,
    /// Another photometric interpretation: colours, or grey levels.
    pub(crate) levels: bool,
}

/// Converts the pixel data of an instance.
pub(crate) fn convert(
    survey: &Survey,
    pixel_data: &PixelData,
    syntax: &str,
    encoding: Encoding,
    source: impl Read,
    target: Target,
) -> Result<Changed, NotConverted> {
    let image = Image::of(survey)?;
    let decoder = decode::Decoder::new(syntax, &image, pixel_data)?;
    let change = Change::new(&decoder.decoded(&image), survey, target)?;
    let made = change.made();
    let encoder = Encoder::new(made, target.jpeg_quality);
    let decoded_bytes = made.frame_bytes().saturating_mul(u64::from(image.frames));
    if target.jpeg_quality.is_none() && decoded_bytes > PIXEL_BYTES_MAX {
        return Err(NotConverted::TooLarge { bytes: decoded_bytes, bytes_max: PIXEL_BYTES_MAX });
    }
    let mut frames = Frames::new(encoding, source, survey, pixel_data, &image)?;
    let (mut parts, mut total) = (Vec::new(), 0_u64);
    let mut number = 0;
    let mut raw = Vec::new();
    let mut raw_bytes = 0_u64;
    while frames.next(&mut raw)? {
        number += 1;
        raw_bytes += raw.len() as u64;
        let in_frame = |why: String| NotConverted::Frame { frame: number, why };
        let decoded = decoder.decode(&raw).map_err(in_frame)?;
        let frame = encoder.encode(change.apply(decoded).map_err(in_frame)?).map_err(in_frame)?;
        total += frame.len() as u64;
        if total > PIXEL_BYTES_MAX {
            return Err(NotConverted::TooLarge { bytes: total, bytes_max: PIXEL_BYTES_MAX });
        }
        parts.push(frame);
    }
    let mut edits = Edits::default();
    attributes::describe(&mut edits, survey, &image, &change, &encoder);
    if is_lossy(syntax) {
        attributes::was_compressed(
            &mut edits,
            survey,
            hundredths(image.frame_bytes() * u64::from(number), raw_bytes),
        );
    }
    let lost = Lost {
        compression: target.jpeg_quality.map(|_| hundredths(decoded_bytes, total)),
        levels: change.loses(),
    };
    edits.remove(EXTENDED_OFFSET_TABLE);
    edits.remove(EXTENDED_OFFSET_TABLE_LENGTHS);
    edits.0.insert(PIXEL_DATA, Edit::Pixels);
    let parts = if encoder.is_jpeg() {
        encode::encapsulated(parts)
    } else {
        // Words, unless they are bytes and may say so (PS3.5 A.1, A.2).
        let vr = if made.bits_allocated == 8 { Vr::OB } else { Vr::OW };
        encode::native(parts, vr, target.explicit)?
    };
    Ok(Changed { parts, edits, lost })
}

/// A ratio in hundredths, rounded.
fn hundredths(of: u64, to: u64) -> u64 {
    let to = to.max(1);
    of.saturating_mul(100).saturating_add(to / 2) / to
}
