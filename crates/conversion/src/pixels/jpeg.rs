//! JPEG (ISO 10918-1): processes 1, 2 with 8 bits, and 14.

use jpeg_decoder::{ColorTransform, Decoder, PixelFormat};

use super::decode::widened;
use super::{Image, Interpretation};

/// What the segments before the first scan say.
#[derive(Debug, Default)]
struct Segments {
    /// The transform of an Adobe segment.
    adobe: Option<u8>,
    is_jfif: bool,
    components: Vec<u8>,
    rows: u16,
    columns: u16,
}

/// Decodes a frame. `lossy`: colours come out as RGB; otherwise as they are.
pub(super) fn decode(frame: &[u8], image: &Image, lossy: bool) -> Result<Vec<u8>, String> {
    let segments = Segments::read(frame).ok_or("it is no JPEG image")?;
    // The number of lines may follow the scan (DNL), then it is 0 here.
    if segments.columns != image.columns
        || (segments.rows != image.rows && segments.rows != 0)
        || segments.components.len() != usize::from(image.samples)
    {
        return Err("its size is not the one that its attributes say".to_owned());
    }
    let mut decoder = Decoder::new(frame);
    decoder.set_max_decoding_buffer_size(
        usize::try_from(image.frame_bytes()).unwrap_or(usize::MAX).saturating_mul(2),
    );
    let transform = match (image.samples, lossy && segments.is_ybr(image.interpretation)) {
        (1, _) => ColorTransform::Grayscale,
        (_, true) => ColorTransform::YCbCr,
        (_, false) => ColorTransform::RGB,
    };
    decoder.set_color_transform(transform);
    let samples = decoder.decode().map_err(|error| error.to_string())?;
    let (components, sample_bytes) = match decoder.info().map(|info| info.pixel_format) {
        Some(PixelFormat::L8) => (1, 1),
        Some(PixelFormat::L16) => (1, 2),
        Some(PixelFormat::RGB24) => (3, 1),
        _ => return Err("its colours are of no kind that DICOM knows".to_owned()),
    };
    let allocated = usize::from(image.bits_allocated / 8);
    if components != image.samples || sample_bytes > allocated {
        return Err("its samples are not the ones that its attributes say".to_owned());
    }
    // Sixteen bits come in the order of this machine.
    let samples = if sample_bytes == 2 {
        samples
            .chunks_exact(2)
            .filter_map(|s| s.first_chunk().copied())
            .flat_map(|s| u16::from_ne_bytes(s).to_le_bytes())
            .collect()
    } else {
        samples
    };
    Ok(widened(samples, sample_bytes, allocated))
}

impl Segments {
    fn read(frame: &[u8]) -> Option<Self> {
        let mut rest = frame.strip_prefix(&[0xFF, 0xD8])?;
        let mut found = Self::default();
        loop {
            let [0xFF, marker, high, low, ..] = *rest else {
                // Fill bytes may stand before a marker.
                rest = rest.strip_prefix(&[0xFF])?;
                continue;
            };
            if marker == 0xFF {
                rest = rest.get(1..)?;
                continue;
            }
            let length = usize::from(u16::from_be_bytes([high, low]));
            let body = rest.get(4..2 + length)?;
            match marker {
                0xE0 => found.is_jfif |= body.starts_with(b"JFIF\0"),
                0xEE if body.starts_with(b"Adobe") => found.adobe = body.get(11).copied(),
                // A frame header, but not a table of Huffman codes, nor an arithmetic one.
                0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                    let [_, r0, r1, c0, c1, count, components @ ..] = body else { return None };
                    found.rows = u16::from_be_bytes([*r0, *r1]);
                    found.columns = u16::from_be_bytes([*c0, *c1]);
                    found.components = components
                        .chunks(3)
                        .take(usize::from(*count))
                        .filter_map(|c| c.first().copied())
                        .collect();
                }
                0xDA => return Some(found),
                _ => {}
            }
            rest = rest.get(2 + length..)?;
        }
    }

    /// Whether three components are luminance and chrominance. The code stream knows better than the attributes,
    /// which name what was there before the compression all too often.
    fn is_ybr(&self, interpretation: Interpretation) -> bool {
        match (self.adobe, &*self.components) {
            (Some(transform), _) => transform != 0,
            (None, _) if self.is_jfif => true,
            (None, [b'R', b'G', b'B']) => false,
            (None, _) => interpretation != Interpretation::Rgb,
        }
    }
}
