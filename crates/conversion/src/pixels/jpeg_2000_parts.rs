//! How many parts a JPEG 2000 code stream is cut into: a few bytes of its headers (ISO 15444-1 annexes A and B) say
//! that each sample is a part of its own, and a decoder keeps a record of each part.

/// A marker and the segment behind it.
const CODING_STYLE: u8 = 0x52;
const CODING_STYLE_OF_COMPONENT: u8 = 0x53;
const TILE_PART: u8 = 0x90;
const DATA: u8 = 0x93;

/// The finest that any coding style of a code stream asks for.
#[derive(Debug)]
struct Finest {
    layers: u64,
    levels: u32,
    /// Powers of two: the sides of the smallest part.
    across: u32,
    down: u32,
}

/// Parts at most (tiles, precincts and code blocks, each as often as it has layers, eight layers to a part), of all
/// components; none where the headers cannot be read. `frame` begins with its size segment.
pub(super) fn parts(frame: &[u8]) -> Option<u64> {
    let (size, mut rest) = segment(frame.get(2..)?)?;
    let u32_at = |at: usize| size.get(at..at + 4)?.first_chunk().copied().map(u32::from_be_bytes);
    let components = u16::from_be_bytes(*size.get(34..36)?.first_chunk()?);
    let (columns, rows) = (u32_at(2)?, u32_at(6)?);
    let tiles = |side: u32, tile: u32| if tile == 0 { None } else { Some(u64::from(side.div_ceil(tile))) };
    let (tiles_across, tiles_down) = (tiles(columns, u32_at(18)?)?, tiles(rows, u32_at(22)?)?);

    let mut finest = Finest { layers: 1, levels: 0, across: 15, down: 15 };
    let mut tile_part_end = None;
    while let [0xFF, marker, ..] = *rest {
        if marker == DATA {
            // What belongs to the tile part is passed over; the last one may reach to the end.
            rest = tile_part_end.take().unwrap_or_default();
            continue;
        }
        let Some((body, behind)) = segment(rest) else { break };
        match marker {
            CODING_STYLE => {
                finest.layers = finest.layers.max(u16::from_be_bytes(*body.get(2..4)?.first_chunk()?).into());
                finest.note(*body.first()?, body.get(5..)?)?;
            }
            CODING_STYLE_OF_COMPONENT => {
                let style = body.get(if components < 257 { 1 } else { 2 }..)?;
                finest.note(*style.first()?, style.get(1..)?)?;
            }
            TILE_PART => {
                let length = u32::from_be_bytes(*body.get(2..6)?.first_chunk()?);
                tile_part_end = usize::try_from(length)
                    .ok()
                    .filter(|length| *length > 0)
                    .and_then(|length| rest.get(length..));
            }
            _ => {}
        }
        rest = behind;
    }
    Some(finest.parts((columns, tiles_across), (rows, tiles_down)).saturating_mul(components.into()))
}

/// The body of the segment that `bytes` begin with, and what is behind it.
fn segment(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = usize::from(u16::from_be_bytes(*bytes.get(2..4)?.first_chunk()?));
    Some((bytes.get(4..2 + length)?, bytes.get(2 + length..)?))
}

impl Finest {
    /// Takes in a coding style, from its number of decomposition levels on (A.6.1).
    fn note(&mut self, style: u8, parameters: &[u8]) -> Option<()> {
        let [levels, block_width, block_height, _, _, precincts @ ..] = parameters else { return None };
        self.levels = self.levels.max(u32::from(*levels).min(32));
        self.across = self.across.min(u32::from(block_width & 0xF) + 2);
        self.down = self.down.min(u32::from(block_height & 0xF) + 2);
        if style & 1 != 0 {
            // A precinct is cut once more into sub-bands.
            for precinct in precincts {
                self.across = self.across.min(u32::from(precinct & 0xF).saturating_sub(1));
                self.down = self.down.min(u32::from(precinct >> 4).saturating_sub(1));
            }
        }
        Some(())
    }

    /// The parts of one component. Each is (samples, tiles) of a side.
    fn parts(&self, across: (u32, u64), down: (u32, u64)) -> u64 {
        let side = |(samples, tiles): (u32, u64), halved: u32, exponent: u32| {
            (u64::from(samples) >> (halved + exponent)).saturating_add(tiles).saturating_add(1)
        };
        let of_level =
            |halved: u32| side(across, halved, self.across).saturating_mul(side(down, halved, self.down));
        // The samples of the lowest resolution, and three sub-bands of each level.
        let all = (1..=self.levels)
            .fold(of_level(self.levels), |sum, level| sum.saturating_add(of_level(level).saturating_mul(3)));
        all.saturating_add(all.saturating_mul(self.layers) / 8)
    }
}
