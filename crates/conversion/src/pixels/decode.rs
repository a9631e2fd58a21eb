//! From what a frame is compressed to, to its samples.

use std::panic::{AssertUnwindSafe, catch_unwind};

use flate2::{Decompress, FlushDecompress};

use super::{Image, Interpretation, jpeg, jpeg_2000, rle};
use crate::NotConverted;
use crate::limits::{FRAME_BYTES_FREE, FRAME_RATIO_MAX};
use crate::survey::PixelData;

/// How pixel data are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Codec {
    /// Not at all, in Pixel Data without fragments.
    Native,
    /// Not at all, in fragments.
    Uncompressed,
    Rle,
    /// JPEG processes 1 and 2, 8 bit.
    JpegLossy,
    /// JPEG process 14.
    JpegLossless,
    Jpeg2000,
    Deflated,
}

/// The transfer syntaxes that can be decoded. Not among them, for want of a decoder without a C library: JPEG Extended
/// with 12 bits, JPEG-LS, JPEG XL, High-Throughput JPEG 2000, and all that is video.
const CODECS: [(&str, Codec); 9] = [
    ("1.2.840.10008.1.2.1.98", Codec::Uncompressed),
    ("1.2.840.10008.1.2.4.50", Codec::JpegLossy),
    ("1.2.840.10008.1.2.4.51", Codec::JpegLossy),
    ("1.2.840.10008.1.2.4.57", Codec::JpegLossless),
    ("1.2.840.10008.1.2.4.70", Codec::JpegLossless),
    ("1.2.840.10008.1.2.4.90", Codec::Jpeg2000),
    ("1.2.840.10008.1.2.4.91", Codec::Jpeg2000),
    ("1.2.840.10008.1.2.5", Codec::Rle),
    ("1.2.840.10008.1.2.8.1", Codec::Deflated),
];

/// Whether pixel data in this transfer syntax can be decoded.
pub(crate) fn can_decode(syntax: &str) -> bool {
    CODECS.iter().any(|(uid, _)| *uid == syntax)
}

/// Whether what is in this transfer syntax was compressed with loss in any case.
pub(crate) fn is_lossy(syntax: &str) -> bool {
    CODECS.iter().any(|(uid, codec)| *uid == syntax && *codec == Codec::JpegLossy)
}

/// Decodes frames.
#[derive(Debug)]
pub(super) struct Decoder {
    codec: Codec,
    image: Image,
}

impl Decoder {
    pub(super) fn new(syntax: &str, image: &Image, pixel_data: &PixelData) -> Result<Self, NotConverted> {
        let codec = match pixel_data {
            PixelData::Native(_) => Codec::Native,
            PixelData::Encapsulated { .. } => {
                let found = CODECS.iter().find(|(uid, _)| *uid == syntax);
                let name = || vocabulary::transfer_syntax::find(syntax).map_or(syntax, |syntax| syntax.name);
                found.map(|(_, codec)| *codec).ok_or_else(|| NotConverted::NoDecoder(name().to_owned()))?
            }
        };
        Ok(Self { codec, image: *image })
    }

    /// What frames are once they are decoded.
    pub(super) fn decoded(&self, image: &Image) -> Image {
        let interpretation = match (self.codec, image.interpretation) {
            (Codec::JpegLossy, _) if image.samples == 3 => Interpretation::Rgb,
            (Codec::Jpeg2000, Interpretation::YbrIct | Interpretation::YbrRct) => Interpretation::Rgb,
            // All chroma is there.
            (_, Interpretation::YbrFull422) => Interpretation::YbrFull,
            (_, other) => other,
        };
        Image { interpretation, by_plane: false, ..*image }
    }

    /// Decodes a frame: samples side by side, little endian.
    pub(super) fn decode(&self, frame: &[u8]) -> Result<Vec<u8>, String> {
        let image = &self.image;
        let claimed = image.frame_bytes();
        let ratio = claimed / (frame.len() as u64).max(1);
        let is_claim =
            ratio > FRAME_RATIO_MAX && !(self.codec == Codec::Jpeg2000 && claimed <= FRAME_BYTES_FREE);
        if is_claim {
            return Err(format!("{} bytes make no frame of {claimed}", frame.len()));
        }
        let samples = usize::from(image.samples);
        let sample_bytes = usize::from(image.bits_allocated / 8);
        let pixels = usize::try_from(image.pixels()).unwrap_or(usize::MAX);
        let decoded = match self.codec {
            Codec::Native | Codec::Uncompressed => native(frame, image),
            Codec::Rle => rle::decode(frame, pixels, samples, sample_bytes)?,
            // The decoders are held to the sizes that the attributes say, but they are not ours.
            Codec::JpegLossy => caught(|| jpeg::decode(frame, image, true))?,
            Codec::JpegLossless => caught(|| jpeg::decode(frame, image, false))?,
            Codec::Jpeg2000 => caught(|| jpeg_2000::decode(frame, image))?,
            Codec::Deflated => native(&inflated(frame, claimed)?, image),
        };
        match decoded.len() as u64 == claimed {
            true => Ok(decoded),
            false => Err(format!("it has {} bytes where its attributes say {claimed}", decoded.len())),
        }
    }
}

fn caught(decode: impl FnOnce() -> Result<Vec<u8>, String>) -> Result<Vec<u8>, String> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| Err("the decoder failed".to_owned()))
}

/// Samples side by side, with all chroma.
fn native(frame: &[u8], image: &Image) -> Vec<u8> {
    let sample_bytes = usize::from(image.bits_allocated / 8);
    if image.interpretation.is_subsampled() && image.samples == 3 {
        // Two pixels are Y1 Y2 Cb Cr (PS3.3 C.7.6.3.1.2).
        return frame
            .chunks_exact(4)
            .flat_map(|pair| match pair {
                [y1, y2, cb, cr] => [*y1, *cb, *cr, *y2, *cb, *cr],
                _ => [0; 6],
            })
            .collect();
    }
    if !image.by_plane {
        let length = usize::try_from(image.frame_bytes()).unwrap_or(usize::MAX).min(frame.len());
        return frame.get(..length).unwrap_or_default().to_vec();
    }
    let plane_bytes = frame.len() / 3;
    let planes: Vec<&[u8]> = frame.chunks_exact(plane_bytes.max(1)).collect();
    let sample =
        |plane: &[u8], at: usize| plane.get(at * sample_bytes..(at + 1) * sample_bytes).map(<[u8]>::to_vec);
    (0..plane_bytes / sample_bytes)
        .flat_map(|at| planes.iter().filter_map(move |plane| sample(plane, at)).flatten())
        .collect()
}

/// A frame of Deflated Image Frame Compression (PS3.5 A.4.13).
fn inflated(frame: &[u8], bytes: u64) -> Result<Vec<u8>, String> {
    let mut inflated = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0) + 1);
    Decompress::new(false)
        .decompress_vec(frame, &mut inflated, FlushDecompress::Finish)
        .map_err(|error| error.to_string())?;
    Ok(inflated)
}

/// Samples in as many bytes as Bits Allocated asks for.
pub(super) fn widened(samples: Vec<u8>, from: usize, to: usize) -> Vec<u8> {
    if from == to {
        return samples;
    }
    samples
        .chunks_exact(from.max(1))
        .flat_map(|sample| sample.iter().copied().chain(std::iter::repeat(0)).take(to))
        .collect()
}
