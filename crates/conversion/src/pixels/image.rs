//! What Group 0028 says of the pixels (PS3.3 C.7.6.3).

use vocabulary::Tag;

use crate::NotConverted;
use crate::limits::FRAME_BYTES_MAX;
use crate::survey::Survey;
use crate::tags::{
    BITS_ALLOCATED, BITS_STORED, COLUMNS, HIGH_BIT, NUMBER_OF_FRAMES, PHOTOMETRIC_INTERPRETATION,
    PLANAR_CONFIGURATION, ROWS, SAMPLES_PER_PIXEL,
};

/// A photometric interpretation (PS3.3 C.7.6.3.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interpretation {
    Monochrome1,
    Monochrome2,
    PaletteColor,
    Rgb,
    YbrFull,
    YbrFull422,
    YbrPartial422,
    YbrPartial420,
    YbrIct,
    YbrRct,
    /// Retired ones, and what the standard does not know.
    Other,
}

impl Interpretation {
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "MONOCHROME1" => Self::Monochrome1,
            "MONOCHROME2" => Self::Monochrome2,
            "PALETTE COLOR" => Self::PaletteColor,
            "RGB" => Self::Rgb,
            "YBR_FULL" => Self::YbrFull,
            "YBR_FULL_422" => Self::YbrFull422,
            "YBR_PARTIAL_422" => Self::YbrPartial422,
            "YBR_PARTIAL_420" => Self::YbrPartial420,
            "YBR_ICT" => Self::YbrIct,
            "YBR_RCT" => Self::YbrRct,
            _ => Self::Other,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Monochrome1 => "MONOCHROME1",
            Self::Monochrome2 => "MONOCHROME2",
            Self::PaletteColor => "PALETTE COLOR",
            Self::Rgb => "RGB",
            Self::YbrFull => "YBR_FULL",
            Self::YbrFull422 => "YBR_FULL_422",
            Self::YbrPartial422 => "YBR_PARTIAL_422",
            Self::YbrPartial420 => "YBR_PARTIAL_420",
            Self::YbrIct => "YBR_ICT",
            Self::YbrRct => "YBR_RCT",
            Self::Other => "",
        }
    }

    /// Whether the chroma of two pixels is kept once, where pixel data are not compressed.
    pub(crate) fn is_subsampled(self) -> bool {
        matches!(self, Self::YbrFull422 | Self::YbrPartial422)
    }

    pub(crate) fn is_greyscale(self) -> bool {
        matches!(self, Self::Monochrome1 | Self::Monochrome2)
    }
}

/// The frames of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) rows: u16,
    pub(crate) columns: u16,
    pub(crate) samples: u16,
    /// 8, 16 or 32.
    pub(crate) bits_allocated: u16,
    pub(crate) bits_stored: u16,
    pub(crate) signed: bool,
    pub(crate) interpretation: Interpretation,
    /// Whether all samples of one kind stand together.
    pub(crate) by_plane: bool,
    pub(crate) frames: u32,
}

impl Image {
    /// What the attributes say.
    pub(crate) fn of(survey: &Survey) -> Result<Self, NotConverted> {
        let number = |tag: Tag| survey.u16(tag).filter(|number| *number > 0).ok_or(NotConverted::Lacks(tag));
        let samples = survey.u16(SAMPLES_PER_PIXEL).unwrap_or(1);
        let bits_allocated = number(BITS_ALLOCATED)?;
        let frames = match survey.values.integer(NUMBER_OF_FRAMES) {
            None => 1,
            Some(number) => {
                u32::try_from(number).ok().filter(|n| *n > 0).ok_or(NotConverted::Lacks(NUMBER_OF_FRAMES))?
            }
        };
        let image = Self {
            rows: number(ROWS)?,
            columns: number(COLUMNS)?,
            samples,
            bits_allocated,
            bits_stored: survey.u16(BITS_STORED).unwrap_or(bits_allocated),
            signed: survey.is_signed(),
            interpretation: Interpretation::parse(&survey.text(PHOTOMETRIC_INTERPRETATION)),
            by_plane: samples > 1 && survey.u16(PLANAR_CONFIGURATION) == Some(1),
            frames,
        };
        if !matches!(bits_allocated, 8 | 16 | 32) {
            return Err(NotConverted::Pixels("their samples are not of 8, 16 or 32 bits"));
        }
        if !(1..=bits_allocated).contains(&image.bits_stored) {
            return Err(NotConverted::Lacks(BITS_STORED));
        }
        if survey.u16(HIGH_BIT).is_some_and(|high_bit| high_bit.checked_add(1) != Some(image.bits_stored)) {
            return Err(NotConverted::Pixels("their values do not begin at the lowest bit"));
        }
        if !matches!(samples, 1 | 3) {
            return Err(NotConverted::Pixels("they have neither one nor three samples a pixel"));
        }
        if (samples == 3)
            == (image.interpretation.is_greyscale() || image.interpretation == Interpretation::PaletteColor)
        {
            return Err(NotConverted::Pixels(
                "their photometric interpretation does not go with their samples",
            ));
        }
        if image.frame_bytes() > FRAME_BYTES_MAX {
            return Err(NotConverted::TooLarge { bytes: image.frame_bytes(), bytes_max: FRAME_BYTES_MAX });
        }
        Ok(image)
    }

    pub(crate) fn pixels(&self) -> u64 {
        u64::from(self.rows) * u64::from(self.columns)
    }

    /// A frame with all samples, in bytes.
    pub(crate) fn frame_bytes(&self) -> u64 {
        self.pixels() * u64::from(self.samples) * u64::from(self.bits_allocated / 8)
    }

    /// A frame as it stands in native Pixel Data, in bytes.
    pub(crate) fn native_frame_bytes(&self) -> u64 {
        match self.interpretation.is_subsampled() {
            true => self.frame_bytes() / 3 * 2,
            false => self.frame_bytes(),
        }
    }
}
