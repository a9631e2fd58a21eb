//! Palettes (PS3.3 C.7.9).

use crate::NotConverted;
use crate::survey::Survey;
use crate::tags::{
    BLUE_PALETTE_DATA, BLUE_PALETTE_DESCRIPTOR, GREEN_PALETTE_DATA, GREEN_PALETTE_DESCRIPTOR,
    RED_PALETTE_DATA, RED_PALETTE_DESCRIPTOR, SEGMENTED_RED_PALETTE_DATA,
};

/// Which colour a pixel value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Palette {
    first: i32,
    colors: Vec<[u8; 3]>,
    /// Whether 8 bits hold all of the colours.
    pub(super) is_exact: bool,
}

/// One of the three tables.
struct Table {
    first: i32,
    entries: Vec<u8>,
    is_exact: bool,
}

impl Palette {
    pub(super) fn of(survey: &Survey) -> Result<Self, NotConverted> {
        if survey.has(SEGMENTED_RED_PALETTE_DATA) {
            return Err(NotConverted::Pixels("their palette is in segments"));
        }
        let tables = [
            (RED_PALETTE_DESCRIPTOR, RED_PALETTE_DATA),
            (GREEN_PALETTE_DESCRIPTOR, GREEN_PALETTE_DATA),
            (BLUE_PALETTE_DESCRIPTOR, BLUE_PALETTE_DATA),
        ];
        let [red, green, blue] = tables.map(|(descriptor, data)| {
            let value = survey.values.raw(descriptor).unwrap_or_default();
            let entries = survey.values.raw(data).unwrap_or_default();
            Table::read(value, entries, survey.is_signed()).ok_or(NotConverted::Lacks(descriptor))
        });
        let (red, green, blue) = (red?, green?, blue?);
        let colors = red.entries.iter().zip(&green.entries).zip(&blue.entries);
        let colors: Vec<[u8; 3]> = colors.map(|((red, green), blue)| [*red, *green, *blue]).collect();
        if colors.is_empty() {
            return Err(NotConverted::Lacks(RED_PALETTE_DESCRIPTOR));
        }
        Ok(Self { first: red.first, colors, is_exact: red.is_exact && green.is_exact && blue.is_exact })
    }

    /// The colour of a pixel value; those outside have the colour of the nearest.
    pub(super) fn color(&self, value: i32) -> [u8; 3] {
        let last = self.colors.len().saturating_sub(1);
        let at = usize::try_from(value.saturating_sub(self.first)).unwrap_or(0).min(last);
        self.colors.get(at).copied().unwrap_or_default()
    }
}

impl Table {
    fn read(descriptor: &[u8], data: &[u8], signed: bool) -> Option<Self> {
        let [n0, n1, f0, f1, b0, b1] = *descriptor.first_chunk()?;
        let count = match u16::from_le_bytes([n0, n1]) {
            0 => 65_536,
            count => usize::from(count),
        };
        let first = [f0, f1];
        let first =
            if signed { i32::from(i16::from_le_bytes(first)) } else { i32::from(u16::from_le_bytes(first)) };
        if data.len() < 2 * count {
            // Two entries of 8 bits in each word.
            return Some(Self { first, entries: data.get(..count)?.to_vec(), is_exact: true });
        }
        let words = data.chunks_exact(2).filter_map(|word| word.first_chunk().copied());
        let words = words.map(u16::from_le_bytes).take(count);
        let is_wide = u16::from_le_bytes([b0, b1]) == 16 && words.clone().any(|word| word > 0xFF);
        let entries = words.clone().map(|word| if is_wide { (word >> 8) as u8 } else { (word & 0xFF) as u8 });
        let is_exact = !is_wide || words.clone().all(|word| word & 0xFF == 0 || word & 0xFF == word >> 8);
        Some(Self { first, entries: entries.collect(), is_exact })
    }
}
