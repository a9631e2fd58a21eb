use std::collections::BTreeSet;

use dataset::DataSetWriter;
use proptest::prelude::{any, proptest};
use proptest::prop_assert_eq;
use vocabulary::{Encoding, Tag, Vr};

use super::{Changed, Lost, Target, convert, jpeg_2000, rle};
use crate::NotConverted;
use crate::edits::Edit;
use crate::rules::Photometric;
use crate::survey::Survey;
use crate::tags::{
    BITS_ALLOCATED, BITS_STORED, COLUMNS, HIGH_BIT, NUMBER_OF_FRAMES, PHOTOMETRIC_INTERPRETATION, PIXEL_DATA,
    PIXEL_REPRESENTATION, PLANAR_CONFIGURATION, ROWS, SAMPLES_PER_PIXEL, WINDOW_CENTER, WINDOW_WIDTH,
};

const EVLE: &str = "1.2.840.10008.1.2.1";
const JPEG_BASELINE: &str = "1.2.840.10008.1.2.4.50";
const PLAIN: Target = Target { jpeg_quality: None, photometric: None, explicit: true };
const TO_GREY: Target = Target { photometric: Some(Photometric::Monochrome2), ..PLAIN };
const TO_RGB: Target = Target { photometric: Some(Photometric::Rgb), ..PLAIN };

/// An image: what its attributes say, and its pixel data.
struct Sample {
    interpretation: &'static str,
    samples: u16,
    rows: u16,
    columns: u16,
    bits: (u16, u16),
    signed: bool,
    by_plane: bool,
    frames: u16,
    window: Option<(&'static str, &'static str)>,
}

const GREY: Sample = Sample {
    interpretation: "MONOCHROME2",
    samples: 1,
    rows: 16,
    columns: 24,
    bits: (8, 8),
    signed: false,
    by_plane: false,
    frames: 1,
    window: None,
};
const RGB: Sample = Sample { interpretation: "RGB", samples: 3, ..GREY };

impl Sample {
    fn header(&self) -> DataSetWriter {
        let mut writer = DataSetWriter::new(Encoding::ExplicitLittleEndian);
        writer.u16(SAMPLES_PER_PIXEL, self.samples);
        writer.text(PHOTOMETRIC_INTERPRETATION, Vr::CS, self.interpretation);
        writer.u16(PLANAR_CONFIGURATION, u16::from(self.by_plane));
        writer.text(NUMBER_OF_FRAMES, Vr::IS, &self.frames.to_string());
        writer.u16(ROWS, self.rows);
        writer.u16(COLUMNS, self.columns);
        writer.u16(BITS_ALLOCATED, self.bits.0);
        writer.u16(BITS_STORED, self.bits.1);
        writer.u16(HIGH_BIT, self.bits.1 - 1);
        writer.u16(PIXEL_REPRESENTATION, u16::from(self.signed));
        if let Some((center, width)) = self.window {
            writer.text(WINDOW_CENTER, Vr::DS, center);
            writer.text(WINDOW_WIDTH, Vr::DS, width);
        }
        writer
    }

    fn native(&self, pixels: &[u8]) -> Vec<u8> {
        let mut writer = self.header();
        writer.element(PIXEL_DATA, Vr::OW, pixels);
        writer.into_bytes()
    }

    fn encapsulated(&self, table: &[u32], fragments: &[&[u8]]) -> Vec<u8> {
        let mut bytes = self.header().into_bytes();
        bytes.extend([0xE0, 0x7F, 0x10, 0x00, b'O', b'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
        let table: Vec<u8> = table.iter().flat_map(|offset| offset.to_le_bytes()).collect();
        for fragment in std::iter::once(&&table[..]).chain(fragments) {
            bytes.extend([0xFE, 0xFF, 0x00, 0xE0]);
            bytes.extend((fragment.len() as u32).to_le_bytes());
            bytes.extend(*fragment);
        }
        bytes.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
        bytes
    }
}

fn converted(data_set: &[u8], syntax: &str, target: Target) -> Result<Changed, NotConverted> {
    let encoding = Encoding::ExplicitLittleEndian;
    let survey = Survey::of(encoding, data_set, &BTreeSet::new()).unwrap();
    let pixel_data = survey.pixel_data.clone().unwrap();
    convert(&survey, &pixel_data, syntax, encoding, data_set, target)
}

/// The value of the new Pixel Data.
fn pixels(changed: &Changed) -> Vec<u8> {
    changed.parts[1..].concat()
}

fn text(changed: &Changed, tag: Tag) -> Option<String> {
    match changed.edits.0.get(&tag)? {
        Edit::Put(element) => element.text(tag),
        _ => None,
    }
}

fn gradient(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at * 7 / 3) as u8).collect()
}

/// Packs runs and literals as PS3.5 annex G.3.1 has it, one segment for each byte of a pixel.
fn rle_frame(frame: &[u8], samples: usize, sample_bytes: usize) -> Vec<u8> {
    let count = samples * sample_bytes;
    let mut header = vec![count as u32];
    let mut body = Vec::new();
    for segment in 0..count {
        header.push(64 + body.len() as u32);
        let (sample, byte) = (segment / sample_bytes, segment % sample_bytes);
        let plane: Vec<u8> = frame
            .iter()
            .skip(sample * sample_bytes + sample_bytes - 1 - byte)
            .step_by(count)
            .copied()
            .collect();
        for run in plane.chunk_by(|a, b| a == b) {
            for run in run.chunks(128) {
                match run {
                    [byte] => body.extend([0, *byte]),
                    run => body.extend([(1 - run.len() as i16) as u8, run[0]]),
                }
            }
        }
        body.resize(body.len() + body.len() % 2, 128);
    }
    header.resize(16, 0);
    [header.into_iter().flat_map(u32::to_le_bytes).collect(), body].concat()
}

fn psnr(one: &[u8], other: &[u8]) -> f64 {
    assert_eq!(one.len(), other.len());
    let squares: f64 = one.iter().zip(other).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
    10.0 * (255.0 * 255.0 * one.len() as f64 / squares.max(1.0)).log10()
}

proptest! {
    #[test]
    fn sil_070_rle_gives_every_pixel_back(bytes in proptest::collection::vec(0..4_u8, 48..49), kind in 0..4_usize) {
        let (samples, sample_bytes) = [(1, 1), (1, 2), (3, 1), (1, 4)][kind];
        let pixels = 48 / (samples * sample_bytes);
        let frame = rle_frame(&bytes, samples, sample_bytes);
        prop_assert_eq!(rle::decode(&frame, pixels, samples, sample_bytes), Ok(bytes));
    }

    #[test]
    fn broken_frames_are_refused_and_nothing_worse(bytes in proptest::collection::vec(any::<u8>(), 0..400), syntax in 0..6_usize) {
        let syntax = [JPEG_BASELINE, "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.8.1", "1.2.840.10008.1.2.1.98"][syntax];
        let start: &[u8] = match syntax {
            "1.2.840.10008.1.2.4.90" => &[0xFF, 0x4F, 0xFF, 0x51],
            JPEG_BASELINE | "1.2.840.10008.1.2.4.70" => &[0xFF, 0xD8, 0xFF],
            _ => &[],
        };
        let frame = [start, &bytes].concat();
        if let Ok(changed) = converted(&GREY.encapsulated(&[], &[&frame]), syntax, PLAIN) {
            prop_assert_eq!(pixels(&changed).len(), 16 * 24);
        }
    }
}

#[test]
fn sil_070_frames_are_found_by_fragment_by_offset_and_by_their_beginnings() {
    let sample = Sample { frames: 2, ..GREY };
    let frames = [gradient(16 * 24), vec![9; 16 * 24]];
    let [first, second] = frames.each_ref().map(|frame| rle_frame(frame, 1, 1));
    let (a, b) = first.split_at(64);
    let expected = frames.concat();
    for (table, fragments) in [
        (vec![], vec![&first[..], &second]),
        (vec![0, 16 + first.len() as u32], vec![a, b, &second]),
        // The first word of an RLE frame is the count of its segments.
        (vec![], vec![a, b, &second]),
    ] {
        let changed =
            converted(&sample.encapsulated(&table, &fragments), "1.2.840.10008.1.2.5", PLAIN).unwrap();
        assert_eq!(pixels(&changed), expected);
        assert_eq!(changed.lost, Lost::default());
    }
}

#[test]
fn iod_033_jpeg_baseline_keeps_the_image_and_is_a_loss() {
    for (sample, interpretation, least) in [(GREY, None, 35.0), (RGB, Some("YBR_FULL_422"), 25.0)] {
        let (rows, columns) = (64_u32, 96_u32);
        let sample = Sample { rows: 64, columns: 96, frames: 2, ..sample };
        let smooth = |at: u32| (40 + (at / columns) + at % columns) as u8;
        let frame: Vec<u8> =
            (0..rows * columns).flat_map(|at| vec![smooth(at); usize::from(sample.samples)]).collect();
        let original = frame.repeat(2);
        let target = Target { jpeg_quality: Some(90), ..PLAIN };
        let changed = converted(&sample.native(&original), EVLE, target).unwrap();
        assert!(changed.lost.compression.is_some_and(|ratio| ratio > 300), "{:?}", changed.lost);
        assert_eq!(text(&changed, PHOTOMETRIC_INTERPRETATION).as_deref(), interpretation);
        let compressed =
            sample.header().into_bytes().into_iter().chain(changed.parts.concat()).collect::<Vec<_>>();
        let back = converted(&compressed, JPEG_BASELINE, PLAIN).unwrap();
        let psnr = psnr(&pixels(&back), &original);
        assert!(psnr > least, "{psnr} dB");
        assert_eq!(back.lost, Lost::default(), "what was lost was lost before");
        assert_eq!(text(&back, Tag(0x0028, 0x2110)).as_deref(), Some("01"));
    }
}

#[test]
fn jpeg_baseline_holds_eight_bits_and_no_more_are_taken_off() {
    let sample = Sample { bits: (16, 12), ..GREY };
    let target = Target { jpeg_quality: Some(90), ..PLAIN };
    let refused = converted(&sample.native(&gradient(2 * 16 * 24)), EVLE, target);
    assert!(matches!(refused, Err(NotConverted::Pixels(_))), "{refused:?}");
}

#[test]
fn iod_030_monochrome1_is_turned_around_with_its_window() {
    let sample = Sample {
        interpretation: "MONOCHROME1",
        bits: (16, 12),
        rows: 1,
        columns: 4,
        window: Some(("1000\\500.5", "400\\20")),
        ..GREY
    };
    let values = |values: [u16; 4]| values.map(u16::to_le_bytes).concat();
    let changed = converted(&sample.native(&values([0, 1, 4094, 4095])), EVLE, TO_GREY).unwrap();
    assert_eq!(pixels(&changed), values([4095, 4094, 1, 0]));
    assert_eq!(text(&changed, PHOTOMETRIC_INTERPRETATION).as_deref(), Some("MONOCHROME2"));
    assert_eq!(text(&changed, WINDOW_CENTER).as_deref(), Some("3096\\3595.5"));
    assert_eq!(changed.lost, Lost::default(), "nothing is lost");
    let signed = Sample { signed: true, window: None, ..sample };
    let minus = |value: i16| value.cast_unsigned();
    let changed = converted(&signed.native(&values([0, 5, minus(-1), minus(-2048)])), EVLE, TO_GREY).unwrap();
    assert_eq!(pixels(&changed), values([minus(-1), minus(-6), 0, 2047]));
}

#[test]
fn iod_030_colours_become_brightness_and_that_is_a_loss() {
    let sample = Sample { rows: 1, columns: 4, ..RGB };
    let colors = [255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255];
    let changed = converted(&sample.native(&colors), EVLE, TO_GREY).unwrap();
    assert_eq!(pixels(&changed), [255, 76, 150, 29]);
    assert_eq!(changed.lost, Lost { levels: true, compression: None });
    // All reds, then all greens, then all blues: the same image.
    let planes = [255, 255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255];
    let by_plane = Sample { by_plane: true, ..sample };
    assert_eq!(pixels(&converted(&by_plane.native(&planes), EVLE, TO_GREY).unwrap()), [255, 76, 150, 29]);
}

#[test]
fn iod_030_every_kind_of_colour_becomes_rgb() {
    let rgb = [200, 30, 90, 10, 240, 60];
    let ybr = |[r, g, b]: [u8; 3]| {
        let [r, g, b] = [r, g, b].map(f64::from);
        let y = 0.299 * r + 0.587 * g + 0.114 * b;
        [y, 128.0 + (b - y) / 1.772, 128.0 + (r - y) / 1.402].map(|sample| sample.round() as u8)
    };
    let full = [ybr([200, 30, 90]), ybr([10, 240, 60])].concat();
    let sample = Sample { interpretation: "YBR_FULL", rows: 1, columns: 2, ..RGB };
    let changed = converted(&sample.native(&full), EVLE, TO_RGB).unwrap();
    assert!(pixels(&changed).iter().zip(rgb).all(|(a, b)| a.abs_diff(b) <= 2), "{:?}", pixels(&changed));
    assert_eq!(changed.lost, Lost::default());
    // Two pixels of one chroma.
    let half = [ybr([200, 30, 90])[0], 90, ybr([200, 30, 90])[1], ybr([200, 30, 90])[2]];
    let sample = Sample { interpretation: "YBR_FULL_422", ..sample };
    let changed = converted(&sample.native(&half), EVLE, TO_RGB).unwrap();
    assert!(pixels(&changed)[..3].iter().zip(rgb).all(|(a, b)| a.abs_diff(b) <= 2));
    assert_eq!(pixels(&changed).len(), 6);
}

#[test]
fn iod_030_palettes_are_looked_up() {
    let sample = Sample { interpretation: "PALETTE COLOR", rows: 1, columns: 4, ..GREY };
    let mut writer = sample.header();
    let table = |values: [u16; 3]| values.map(u16::to_le_bytes).concat();
    for color in 0..3 {
        writer.element(Tag(0x0028, 0x1101 + color), Vr::US, &table([3, 1, 16]));
    }
    for (color, values) in [[0xFFFF, 0, 0x8080], [0, 0xFFFF, 0x8080], [0, 0, 0x8080]].into_iter().enumerate()
    {
        writer.element(Tag(0x0028, 0x1201 + color as u16), Vr::OW, &table(values));
    }
    writer.element(PIXEL_DATA, Vr::OW, &[0, 1, 2, 200]);
    let changed = converted(&writer.into_bytes(), EVLE, TO_RGB).unwrap();
    assert_eq!(pixels(&changed), [255, 0, 0, 255, 0, 0, 0, 255, 0, 128, 128, 128]);
    assert_eq!(changed.lost, Lost::default(), "8 bits hold these colours");
    assert_eq!(changed.edits.0.get(&Tag(0x0028, 0x1101)), Some(&Edit::Remove));
}

#[test]
fn iod_030_grey_levels_become_rgb_through_their_window() {
    let plain = converted(&Sample { rows: 1, columns: 2, ..GREY }.native(&[7, 250]), EVLE, TO_RGB).unwrap();
    assert_eq!((pixels(&plain), plain.lost), (vec![7, 7, 7, 250, 250, 250], Lost::default()));
    let sample = Sample { bits: (16, 12), rows: 1, columns: 3, window: Some(("1000.5", "101")), ..GREY };
    let values = [0_u16, 1000, 4095].map(u16::to_le_bytes).concat();
    let changed = converted(&sample.native(&values), EVLE, TO_RGB).unwrap();
    assert_eq!(pixels(&changed)[..9], [0, 0, 0, 128, 128, 128, 255, 255, 255]);
    assert!(changed.lost.levels);
    assert_eq!(changed.edits.0.get(&WINDOW_CENTER), Some(&Edit::Remove));
}

#[test]
fn pixel_data_that_contradict_their_attributes_are_refused() {
    let few = converted(&GREY.native(&[0; 100]), EVLE, TO_RGB);
    assert!(matches!(few, Err(NotConverted::Pixels(_))), "{few:?}");
    let huge = Sample { rows: u16::MAX, columns: u16::MAX, ..GREY };
    let frame = rle_frame(&[0; 16 * 24], 1, 1);
    let refused = converted(&huge.encapsulated(&[], &[&frame]), "1.2.840.10008.1.2.5", PLAIN);
    assert!(matches!(refused, Err(NotConverted::TooLarge { .. })), "{refused:?}");
    let large = Sample { rows: 20_000, columns: 20_000, ..GREY };
    let refused = converted(&large.encapsulated(&[], &[&frame]), "1.2.840.10008.1.2.5", PLAIN);
    assert!(matches!(refused, Err(NotConverted::Frame { frame: 1, .. })), "{refused:?}");
    let unknown = converted(&GREY.encapsulated(&[], &[&frame]), "1.2.840.10008.1.2.4.80", PLAIN);
    assert!(matches!(unknown, Err(NotConverted::NoDecoder(_))), "{unknown:?}");
}

#[test]
fn a_code_stream_of_another_size_is_not_decoded() {
    let survey =
        Survey::of(Encoding::ExplicitLittleEndian, &GREY.native(&gradient(384))[..], &BTreeSet::new())
            .unwrap();
    let image = super::Image::of(&survey).unwrap();
    let mut size = vec![0xFF, 0x4F, 0xFF, 0x51, 0, 41, 0, 0];
    for number in [u32::MAX, u32::MAX, 0, 0, 1, 1, 0, 0] {
        size.extend(number.to_be_bytes());
    }
    size.extend([0, 1, 7, 1, 1]);
    assert!(jpeg_2000::decode(&size, &image).unwrap_err().contains("size"));
}
