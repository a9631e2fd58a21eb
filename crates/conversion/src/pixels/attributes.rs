//! What changes in the attributes when pixel data do.

use vocabulary::{Tag, Vr};

use super::encode::Encoder;
use super::photometric::Change;
use super::{Image, Interpretation};
use crate::edits::Edits;
use crate::survey::Survey;
use crate::tags::{
    BITS_ALLOCATED, BITS_STORED, BLUE_PALETTE_DATA, BLUE_PALETTE_DESCRIPTOR, GREEN_PALETTE_DATA,
    GREEN_PALETTE_DESCRIPTOR, HIGH_BIT, LARGEST_IMAGE_PIXEL_VALUE, LARGEST_PIXEL_VALUE_IN_SERIES,
    LOSSY_IMAGE_COMPRESSION, LOSSY_IMAGE_COMPRESSION_METHOD, LOSSY_IMAGE_COMPRESSION_RATIO, PALETTE_LUT_UID,
    PHOTOMETRIC_INTERPRETATION, PIXEL_PADDING_RANGE_LIMIT, PIXEL_PADDING_VALUE, PIXEL_REPRESENTATION,
    PLANAR_CONFIGURATION, PRESENTATION_LUT_SHAPE, RED_PALETTE_DATA, RED_PALETTE_DESCRIPTOR,
    RESCALE_INTERCEPT, RESCALE_SLOPE, RESCALE_TYPE, SAMPLES_PER_PIXEL, SMALLEST_IMAGE_PIXEL_VALUE,
    SMALLEST_PIXEL_VALUE_IN_SERIES, VOI_LUT_FUNCTION, WINDOW_CENTER, WINDOW_EXPLANATION, WINDOW_WIDTH,
};

/// ISO 10918-1, as Lossy Image Compression Method says it (PS3.3 C.7.6.1.1.5.1).
const JPEG: &str = "ISO_10918_1";

/// What is meaningful for grey levels alone.
const OF_GREY_LEVELS: [Tag; 15] = [
    SMALLEST_IMAGE_PIXEL_VALUE,
    LARGEST_IMAGE_PIXEL_VALUE,
    SMALLEST_PIXEL_VALUE_IN_SERIES,
    LARGEST_PIXEL_VALUE_IN_SERIES,
    Tag(0x0028, 0x0110),
    Tag(0x0028, 0x0111),
    PIXEL_PADDING_VALUE,
    PIXEL_PADDING_RANGE_LIMIT,
    WINDOW_CENTER,
    WINDOW_WIDTH,
    WINDOW_EXPLANATION,
    VOI_LUT_FUNCTION,
    RESCALE_INTERCEPT,
    RESCALE_SLOPE,
    RESCALE_TYPE,
];

/// What is meaningful with a palette alone.
const OF_PALETTES: [Tag; 7] = [
    PALETTE_LUT_UID,
    RED_PALETTE_DESCRIPTOR,
    GREEN_PALETTE_DESCRIPTOR,
    BLUE_PALETTE_DESCRIPTOR,
    RED_PALETTE_DATA,
    GREEN_PALETTE_DATA,
    BLUE_PALETTE_DATA,
];

/// What Group 0028 says of the new frames.
pub(super) fn describe(edits: &mut Edits, survey: &Survey, from: &Image, change: &Change, encoder: &Encoder) {
    let made = change.made();
    let interpretation = match made.interpretation {
        Interpretation::Rgb if encoder.is_jpeg() => Interpretation::YbrFull422,
        other => other,
    };
    if interpretation != from.interpretation {
        edits.text(PHOTOMETRIC_INTERPRETATION, Vr::CS, interpretation.as_str());
    }
    if made.samples == 1 {
        if from.samples != 1 {
            edits.u16(SAMPLES_PER_PIXEL, 1);
        }
        edits.remove(PLANAR_CONFIGURATION);
    } else {
        edits.u16(SAMPLES_PER_PIXEL, made.samples);
        edits.u16(PLANAR_CONFIGURATION, 0);
    }
    if (made.bits_allocated, made.bits_stored, made.signed)
        != (from.bits_allocated, from.bits_stored, from.signed)
    {
        edits.u16(BITS_ALLOCATED, made.bits_allocated);
        edits.u16(BITS_STORED, made.bits_stored);
        edits.u16(HIGH_BIT, made.bits_stored - 1);
        edits.u16(PIXEL_REPRESENTATION, u16::from(made.signed));
    }
    if change.inverts() {
        invert(edits, survey, from);
    } else if !change.is_none() {
        for tag in OF_GREY_LEVELS {
            edits.remove(tag);
        }
        if survey.has(PRESENTATION_LUT_SHAPE) {
            edits.remove(PRESENTATION_LUT_SHAPE);
        }
    }
    if from.interpretation == Interpretation::PaletteColor
        && made.interpretation != Interpretation::PaletteColor
    {
        for tag in OF_PALETTES {
            edits.remove(tag);
        }
    }
}

/// Grey levels that were turned around: what is said in pixel values turns around with them.
fn invert(edits: &mut Edits, survey: &Survey, image: &Image) {
    // The sum of a pixel value and what it became.
    let sum = if image.signed { -1 } else { (1_i64 << image.bits_stored) - 1 };
    let vr = if image.signed { Vr::SS } else { Vr::US };
    let pairs = [
        (SMALLEST_IMAGE_PIXEL_VALUE, LARGEST_IMAGE_PIXEL_VALUE),
        (SMALLEST_PIXEL_VALUE_IN_SERIES, LARGEST_PIXEL_VALUE_IN_SERIES),
        (PIXEL_PADDING_VALUE, PIXEL_PADDING_VALUE),
        (PIXEL_PADDING_RANGE_LIMIT, PIXEL_PADDING_RANGE_LIMIT),
    ];
    for (tag, from) in pairs.into_iter().flat_map(|(one, other)| [(one, other), (other, one)]) {
        if let Some(value) = survey.values.raw(from).and_then(|value| value.first_chunk().copied()) {
            let value = if image.signed {
                i64::from(i16::from_le_bytes(value))
            } else {
                i64::from(u16::from_le_bytes(value))
            };
            let [low, high, ..] = (sum - value).to_le_bytes();
            edits.put(tag, vr, &[low, high]);
        }
    }
    let slope = survey.decimal(RESCALE_SLOPE).unwrap_or(1.0);
    let intercept = survey.decimal(RESCALE_INTERCEPT).unwrap_or(0.0);
    // The linear function of PS3.3 C.11.2.1.2 is not symmetric around its centre, the others are.
    let offset = match survey.text(VOI_LUT_FUNCTION).as_str() {
        "LINEAR_EXACT" | "SIGMOID" => 0.0,
        _ => 1.0,
    };
    let centers: Option<Vec<String>> = survey
        .values
        .texts(WINDOW_CENTER)
        .iter()
        .map(|center| {
            center.parse().ok().map(|c: f64| decimal(slope * sum as f64 + 2.0 * intercept - c + offset))
        })
        .collect();
    if let Some(centers) = centers.filter(|centers| !centers.is_empty()) {
        edits.text(WINDOW_CENTER, Vr::DS, &centers.join("\\"));
    }
    if survey.has(PRESENTATION_LUT_SHAPE) {
        edits.text(PRESENTATION_LUT_SHAPE, Vr::CS, "IDENTITY");
    }
}

/// Pixel data that were in JPEG with loss: says so, where the instance does not (PS3.3 C.7.6.1.1.5).
pub(super) fn was_compressed(edits: &mut Edits, survey: &Survey, ratio: u64) {
    if survey.text(LOSSY_IMAGE_COMPRESSION) != "01" {
        step(edits, survey, ratio);
    }
}

/// Pixel data that are compressed with loss now: one more step than before.
pub(crate) fn step(edits: &mut Edits, survey: &Survey, ratio: u64) {
    let after = |tag, value: &str| {
        let before =
            if survey.text(LOSSY_IMAGE_COMPRESSION) == "01" { survey.text(tag) } else { String::new() };
        if before.is_empty() { value.to_owned() } else { format!("{before}\\{value}") }
    };
    edits.text(LOSSY_IMAGE_COMPRESSION, Vr::CS, "01");
    let ratio = after(LOSSY_IMAGE_COMPRESSION_RATIO, &decimal(ratio as f64 / 100.0));
    edits.text(LOSSY_IMAGE_COMPRESSION_RATIO, Vr::DS, &ratio);
    edits.text(LOSSY_IMAGE_COMPRESSION_METHOD, Vr::CS, &after(LOSSY_IMAGE_COMPRESSION_METHOD, JPEG));
}

/// A decimal string: 16 characters at most (PS3.5 6.2).
fn decimal(number: f64) -> String {
    let plain = format!("{number}");
    if plain.len() <= 16 { plain } else { format!("{number:.8e}") }
}
