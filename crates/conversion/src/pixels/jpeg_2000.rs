//! JPEG 2000 (ISO 15444-1): code streams, bare as PS3.5 A.4.4 has them, or in a JP2 file as they occur.

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image as CodeStream};

use super::{Image, jpeg_2000_parts};
use crate::limits::JPEG_2000_PARTS_MAX;

/// What the size segment of a code stream says, of one component for all.
struct Size {
    rows: u32,
    columns: u32,
    components: u16,
    precision: u32,
    signed: bool,
}

/// Decodes a frame; colours come out as RGB where the code stream transforms them.
pub(super) fn decode(frame: &[u8], image: &Image) -> Result<Vec<u8>, String> {
    let frame = bare(frame).ok_or("it is no JPEG 2000 code stream")?;
    let size = Size::read(frame).ok_or("it is no JPEG 2000 code stream, or one whose components differ")?;
    let is_as_said = size.rows == u32::from(image.rows)
        && size.columns == u32::from(image.columns)
        && size.components == image.samples
        && (1..=u32::from(image.bits_allocated.min(16))).contains(&size.precision);
    if !is_as_said {
        return Err("its size is not the one that its attributes say".to_owned());
    }
    let parts = jpeg_2000_parts::parts(frame).ok_or("its headers cannot be read")?;
    if parts > JPEG_2000_PARTS_MAX {
        return Err(format!("it is cut into {parts} parts, and at most {JPEG_2000_PARTS_MAX} are decoded"));
    }
    let code_stream =
        CodeStream::new(frame, &DecodeSettings::default()).map_err(|error| error.to_string())?;
    let mut context = DecoderContext::default();
    let decoded = code_stream.decode(&mut context).map_err(|error| error.to_string())?;
    let components: Vec<&[f32]> = decoded.components().iter().map(|component| component.samples()).collect();
    if components.len() != usize::from(image.samples) {
        return Err("its components are not the ones that its attributes say".to_owned());
    }
    // Signed samples come raised by half of their range, as unsigned ones are meant.
    let half = if size.signed { 1_i32 << (size.precision - 1) } else { 0 };
    let largest = ((1_i64 << size.precision) - 1) as f32;
    let sample_bytes = usize::from(image.bits_allocated / 8);
    let pixels = usize::try_from(image.pixels()).unwrap_or(usize::MAX);
    let mut samples =
        Vec::with_capacity(components.iter().map(|component| component.len() * sample_bytes).sum());
    for at in 0..pixels {
        for component in &components {
            let Some(sample) = component.get(at) else { return Err("it is not whole".to_owned()) };
            let sample = sample.round().clamp(0.0, largest) as i32 - half;
            samples.extend(sample.to_le_bytes().into_iter().take(sample_bytes));
        }
    }
    Ok(samples)
}

/// The code stream, taken out of the boxes of a JP2 file (ISO 15444-1 annex I) where it is in one.
fn bare(frame: &[u8]) -> Option<&[u8]> {
    const SIGNATURE: &[u8] = b"\0\0\0\x0CjP  ";
    if !frame.starts_with(SIGNATURE) {
        return Some(frame);
    }
    let mut rest = frame;
    loop {
        let (length, kind) = rest.get(..8)?.split_first_chunk()?;
        if kind == b"jp2c" {
            return rest.get(8..);
        }
        let length = usize::try_from(u32::from_be_bytes(*length)).ok().filter(|length| *length >= 8)?;
        rest = rest.get(length..)?;
    }
}

impl Size {
    fn read(frame: &[u8]) -> Option<Self> {
        // Start of code stream, then the size segment.
        let segment = frame.strip_prefix(&[0xFF, 0x4F, 0xFF, 0x51])?;
        let u16_at = |at: usize| segment.get(at..at + 2)?.first_chunk().copied().map(u16::from_be_bytes);
        let u32_at = |at: usize| segment.get(at..at + 4)?.first_chunk().copied().map(u32::from_be_bytes);
        let components = u16_at(36)?;
        let all = segment.get(38..38 + usize::from(components) * 3)?;
        let (first, others) = all.split_at_checked(3)?;
        let [kind, 1, 1] = *first else { return None };
        others.chunks_exact(3).all(|other| other == first).then_some(Self {
            columns: u32_at(4)?.checked_sub(u32_at(12)?)?,
            rows: u32_at(8)?.checked_sub(u32_at(16)?)?,
            components,
            precision: u32::from(kind & 0x7F) + 1,
            signed: kind & 0x80 != 0,
        })
    }
}
