//! From one photometric interpretation to another (PS3.3 C.7.6.3.1.2, IOD-030).

use super::palette::Palette;
use super::{Image, Interpretation, Target};
use crate::NotConverted;
use crate::rules::Photometric;
use crate::survey::Survey;
use crate::tags::{
    LARGEST_IMAGE_PIXEL_VALUE, MODALITY_LUT_SEQUENCE, PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
    RESCALE_INTERCEPT, RESCALE_SLOPE, SMALLEST_IMAGE_PIXEL_VALUE, VOI_LUT_FUNCTION, VOI_LUT_SEQUENCE,
    WINDOW_CENTER, WINDOW_WIDTH,
};

/// What is done to each frame.
#[derive(Debug)]
pub(super) struct Change {
    from: Image,
    made: Image,
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Palette(Palette),
    YbrToRgb {
        partial: bool,
    },
    RgbToGrey,
    /// Black for white.
    Invert,
    /// Grey levels to bytes, through a window.
    Window(Levels),
    GreyToRgb,
}

/// A window on pixel values: those up to `bottom` are black, those from `top` on white.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Levels {
    bottom: f64,
    top: f64,
}

impl Change {
    /// What makes frames of `from` into what is wanted.
    pub(super) fn new(from: &Image, survey: &Survey, target: Target) -> Result<Self, NotConverted> {
        let mut change = Self { from: *from, made: *from, steps: Vec::new() };
        match target.photometric {
            Some(Photometric::Rgb) => {
                if from.interpretation.is_greyscale() {
                    change.grey_to_rgb(survey)?;
                } else {
                    change.color_to_rgb(survey)?;
                }
            }
            Some(Photometric::Monochrome2) => {
                if !from.interpretation.is_greyscale() {
                    change.color_to_rgb(survey)?;
                    change.steps.push(Step::RgbToGrey);
                    change.made.samples = 1;
                } else if from.interpretation == Interpretation::Monochrome1 {
                    can_invert(survey)?;
                    change.steps.push(Step::Invert);
                }
                change.made.interpretation = Interpretation::Monochrome2;
            }
            // Colours are compressed from RGB.
            None if target.jpeg_quality.is_some() && !from.interpretation.is_greyscale() => {
                change.color_to_rgb(survey)?;
            }
            None => {}
        }
        let made = &change.made;
        if target.jpeg_quality.is_some()
            && (made.bits_allocated, made.bits_stored, made.signed) != (8, 8, false)
        {
            return Err(NotConverted::Pixels("JPEG Baseline holds unsigned samples of 8 bits"));
        }
        Ok(change)
    }

    /// What frames are afterwards.
    pub(super) fn made(&self) -> &Image {
        &self.made
    }

    /// Whether frames stay what they are.
    pub(super) fn is_none(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether black was exchanged for white.
    pub(super) fn inverts(&self) -> bool {
        matches!(*self.steps, [Step::Invert])
    }

    /// Whether what they were cannot be told from what they are: colours are gone, or grey levels.
    pub(super) fn loses(&self) -> bool {
        self.steps.iter().any(|step| match step {
            Step::RgbToGrey | Step::Window(_) => true,
            Step::Palette(palette) => !palette.is_exact,
            Step::YbrToRgb { .. } | Step::Invert | Step::GreyToRgb => false,
        })
    }

    pub(super) fn apply(&self, frame: Vec<u8>) -> Result<Vec<u8>, String> {
        let mut image = self.from;
        let mut frame = frame;
        for step in &self.steps {
            frame = match step {
                Step::Palette(palette) => {
                    values(&frame, &image).flat_map(|value| palette.color(value)).collect()
                }
                Step::YbrToRgb { partial } => {
                    by_pixel(&frame, |[y, cb, cr]| to_rgb(y, cb, cr, *partial)).flatten().collect()
                }
                Step::RgbToGrey => by_pixel(&frame, luminance).collect(),
                Step::Invert => inverted(frame, &image),
                Step::Window(levels) => values(&frame, &image).map(|value| levels.byte(value)).collect(),
                Step::GreyToRgb => frame.iter().flat_map(|grey| [*grey; 3]).collect(),
            };
            match step {
                Step::Window(_) => (image.bits_allocated, image.bits_stored, image.signed) = (8, 8, false),
                Step::Palette(_) | Step::GreyToRgb => (image.bits_allocated, image.samples) = (8, 3),
                _ => {}
            }
        }
        match frame.len() as u64 == self.made.frame_bytes() {
            true => Ok(frame),
            false => Err("it is not of the size that its attributes say".to_owned()),
        }
    }

    fn color_to_rgb(&mut self, survey: &Survey) -> Result<(), NotConverted> {
        let step = match self.from.interpretation {
            Interpretation::Rgb => None,
            Interpretation::PaletteColor => Some(Step::Palette(Palette::of(survey)?)),
            Interpretation::YbrFull | Interpretation::YbrFull422 => Some(Step::YbrToRgb { partial: false }),
            Interpretation::YbrPartial422 | Interpretation::YbrPartial420 => {
                Some(Step::YbrToRgb { partial: true })
            }
            _ => return Err(NotConverted::Pixels("their photometric interpretation is retired or unknown")),
        };
        let is_palette = self.from.interpretation == Interpretation::PaletteColor;
        if !is_palette && (self.from.bits_allocated, self.from.bits_stored) != (8, 8) {
            return Err(NotConverted::Pixels("their colours are of more than 8 bits"));
        }
        self.steps.extend(step);
        let made = &mut self.made;
        (made.samples, made.bits_allocated, made.bits_stored, made.signed) = (3, 8, 8, false);
        made.interpretation = Interpretation::Rgb;
        Ok(())
    }

    fn grey_to_rgb(&mut self, survey: &Survey) -> Result<(), NotConverted> {
        if survey.has(MODALITY_LUT_SEQUENCE) || survey.has(VOI_LUT_SEQUENCE) {
            return Err(NotConverted::Pixels("their grey levels go through tables"));
        }
        let from = &self.from;
        let is_plain = (from.bits_allocated, from.bits_stored, from.signed) == (8, 8, false);
        if !is_plain || survey.decimal(WINDOW_CENTER).is_some() {
            self.steps.push(Step::Window(Levels::of(survey, from)));
        }
        let made = &mut self.made;
        (made.bits_allocated, made.bits_stored, made.signed) = (8, 8, false);
        if from.interpretation == Interpretation::Monochrome1 {
            self.steps.push(Step::Invert);
        }
        self.steps.push(Step::GreyToRgb);
        (made.samples, made.interpretation) = (3, Interpretation::Rgb);
        Ok(())
    }
}

/// Black for white needs every table of grey levels turned around, too; those that are lists are not.
fn can_invert(survey: &Survey) -> Result<(), NotConverted> {
    let tables = [MODALITY_LUT_SEQUENCE, VOI_LUT_SEQUENCE, PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE];
    match tables.iter().any(|table| survey.has(*table)) {
        true => Err(NotConverted::Pixels("their grey levels go through tables")),
        false => Ok(()),
    }
}

impl Levels {
    /// The window of the attributes, in pixel values; the range of the pixel values where there is none.
    fn of(survey: &Survey, image: &Image) -> Self {
        let slope = survey.decimal(RESCALE_SLOPE).filter(|slope| *slope != 0.0).unwrap_or(1.0);
        let intercept = survey.decimal(RESCALE_INTERCEPT).unwrap_or(0.0);
        let width = survey.decimal(WINDOW_WIDTH).filter(|width| *width > 0.0);
        if let (Some(center), Some(width)) = (survey.decimal(WINDOW_CENTER), width) {
            // PS3.3 C.11.2.1.2 and C.11.2.1.3.
            let (center, width) = match survey.text(VOI_LUT_FUNCTION).as_str() {
                "LINEAR_EXACT" | "SIGMOID" => (center, width),
                _ => (center - 0.5, (width - 1.0).max(1.0)),
            };
            let pixel_value = |level: f64| (level - intercept) / slope;
            return Self {
                bottom: pixel_value(center - width / 2.0),
                top: pixel_value(center + width / 2.0),
            };
        }
        let said = |tag| survey.values.integer(tag).map(|value| value as f64);
        if let (Some(bottom), Some(top)) = (said(SMALLEST_IMAGE_PIXEL_VALUE), said(LARGEST_IMAGE_PIXEL_VALUE))
            && bottom < top
        {
            return Self { bottom, top };
        }
        let range = 2_f64.powi(i32::from(image.bits_stored));
        let bottom = if image.signed { -range / 2.0 } else { 0.0 };
        Self { bottom, top: bottom + range - 1.0 }
    }

    fn byte(self, value: i32) -> u8 {
        let share = (f64::from(value) - self.bottom) / (self.top - self.bottom);
        // A cast holds what is below and above.
        (share * 255.0).round() as u8
    }
}

/// The pixel values of a frame of one sample.
fn values<'f>(frame: &'f [u8], image: &Image) -> impl Iterator<Item = i32> + 'f {
    let Image { bits_stored, signed, .. } = *image;
    let unused = 32_u32.saturating_sub(u32::from(bits_stored));
    frame.chunks_exact(usize::from(image.bits_allocated / 8)).map(move |sample| {
        let bits = sample.iter().rev().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << unused;
        if signed { bits.cast_signed() >> unused } else { (bits >> unused).cast_signed() }
    })
}

fn by_pixel<'f, T>(frame: &'f [u8], make: impl Fn([u8; 3]) -> T + 'f) -> impl Iterator<Item = T> + 'f {
    frame.chunks_exact(3).filter_map(|pixel| pixel.first_chunk().copied()).map(make)
}

/// PS3.3 C.7.6.3.1.2, for YBR_FULL and YBR_PARTIAL.
fn to_rgb(y: u8, cb: u8, cr: u8, partial: bool) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    let (y, chroma) = if partial { ((y - 16.0) * 255.0 / 219.0, 255.0 / 224.0) } else { (y, 1.0) };
    let (cb, cr) = (cb * chroma, cr * chroma);
    [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb].map(|sample| sample.round() as u8)
}

fn luminance([red, green, blue]: [u8; 3]) -> u8 {
    ((u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114 + 500) / 1000) as u8
}

/// Turns the stored bits of each sample around; the bits above them only where they repeat the sign.
fn inverted(mut frame: Vec<u8>, image: &Image) -> Vec<u8> {
    let sample_bytes = usize::from(image.bits_allocated / 8);
    let stored = u32::MAX >> 32_u32.saturating_sub(u32::from(image.bits_stored));
    let sign = stored ^ (stored >> 1);
    let all = u32::MAX >> 32_u32.saturating_sub(u32::from(image.bits_allocated));
    for sample in frame.chunks_exact_mut(sample_bytes) {
        let bits = sample.iter().rev().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let repeats_sign = image.signed && bits & sign != 0 && bits | stored == all;
        let is_positive = image.signed && bits & (all ^ (stored >> 1)) == 0;
        let turned = if repeats_sign || is_positive { bits ^ all } else { bits ^ stored };
        for (byte, turned) in sample.iter_mut().zip(turned.to_le_bytes()) {
            *byte = turned;
        }
    }
    frame
}
