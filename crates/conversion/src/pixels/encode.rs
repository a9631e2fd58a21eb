//! From samples to the value of Pixel Data.

use jpeg_encoder::{ColorType, Encoder as Jpeg, SamplingFactor};
use vocabulary::Vr;

use super::Image;
use crate::NotConverted;
use crate::tags::PIXEL_DATA;

const ITEM: [u8; 4] = [0xFE, 0xFF, 0x00, 0xE0];
const SEQUENCE_DELIMITATION: [u8; 8] = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];

/// Encodes frames of one kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encoder {
    image: Image,
    jpeg_quality: Option<u8>,
}

impl Encoder {
    pub(super) fn new(image: &Image, jpeg_quality: Option<u8>) -> Self {
        Self { image: *image, jpeg_quality }
    }

    pub(super) fn is_jpeg(&self) -> bool {
        self.jpeg_quality.is_some()
    }

    /// A frame as it stands in Pixel Data: as it is, or JPEG Baseline with half of the chroma (YBR_FULL_422).
    pub(super) fn encode(&self, samples: Vec<u8>) -> Result<Vec<u8>, String> {
        let Some(quality) = self.jpeg_quality else { return Ok(samples) };
        let mut frame = Vec::new();
        let mut jpeg = Jpeg::new(&mut frame, quality);
        jpeg.set_sampling_factor(SamplingFactor::F_2_1);
        let color = if self.image.samples == 3 { ColorType::Rgb } else { ColorType::Luma };
        jpeg.encode(&samples, self.image.columns, self.image.rows, color)
            .map_err(|error| error.to_string())?;
        if frame.len() % 2 == 1 {
            frame.push(0);
        }
        Ok(frame)
    }
}

/// Native Pixel Data.
pub(super) fn native(frames: Vec<Vec<u8>>, vr: Vr, explicit: bool) -> Result<Vec<Vec<u8>>, NotConverted> {
    let bytes: u64 = frames.iter().map(|frame| frame.len() as u64).sum();
    let padding = bytes % 2;
    let length = u32::try_from(bytes + padding).map_err(|_| NotConverted::SequenceTooLong)?;
    let mut parts = vec![header(explicit.then_some(vr), length)];
    parts.extend(frames);
    parts.push(vec![0; usize::from(padding == 1)]);
    Ok(parts)
}

/// Encapsulated Pixel Data, with a Basic Offset Table where the offsets fit (PS3.5 A.4).
pub(super) fn encapsulated(frames: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut table = Vec::with_capacity(frames.len() * 4);
    let mut offset = 0_u64;
    for frame in &frames {
        table.extend_from_slice(&u32::try_from(offset).unwrap_or(u32::MAX).to_le_bytes());
        offset += frame.len() as u64 + 8;
    }
    let mut parts = vec![header(Some(Vr::OB), u32::MAX), item(&table), table];
    for frame in frames {
        parts.push(item(&frame));
        parts.push(frame);
    }
    parts.push(SEQUENCE_DELIMITATION.to_vec());
    parts
}

fn header(vr: Option<Vr>, length: u32) -> Vec<u8> {
    let mut header = [PIXEL_DATA.group().to_le_bytes(), PIXEL_DATA.element().to_le_bytes()].concat();
    if let Some(Vr([first, second])) = vr {
        header.extend_from_slice(&[first, second, 0, 0]);
    }
    header.extend_from_slice(&length.to_le_bytes());
    header
}

/// Frames are below the bound of all pixel data together, which fits in a length.
fn item(value: &[u8]) -> Vec<u8> {
    [ITEM, u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes()].concat()
}
