//! How long the walker takes over what modalities send: a header with sequences, and pixel data that it passes by, in
//! pieces of the sizes that PDUs bring.

use std::error::Error;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use dataset::{DataSetWriter, Malformed, Walker, vr_of};
use vocabulary::{Encoding, Tag, Vr};

/// What a catalog wants of an instance, about.
const WANTED: &[Tag] = &[
    Tag(0x0008, 0x0005),
    Tag(0x0008, 0x0008),
    Tag(0x0008, 0x0016),
    Tag(0x0008, 0x0018),
    Tag(0x0008, 0x0020),
    Tag(0x0008, 0x0021),
    Tag(0x0008, 0x0030),
    Tag(0x0008, 0x0050),
    Tag(0x0008, 0x0060),
    Tag(0x0008, 0x0090),
    Tag(0x0008, 0x1030),
    Tag(0x0008, 0x103E),
    Tag(0x0008, 0x1032),
    Tag(0x0010, 0x0010),
    Tag(0x0010, 0x0020),
    Tag(0x0010, 0x0030),
    Tag(0x0010, 0x0040),
    Tag(0x0018, 0x0015),
    Tag(0x0020, 0x000D),
    Tag(0x0020, 0x000E),
    Tag(0x0020, 0x0010),
    Tag(0x0020, 0x0011),
    Tag(0x0020, 0x0013),
    Tag(0x0028, 0x0008),
    Tag(0x0028, 0x0010),
    Tag(0x0028, 0x0011),
    Tag(0x0040, 0x0275),
];

/// The pieces that a header comes in: some bytes at a time, as odd PDUs cut it, and as the usual ones do.
const HEADER_PIECES: [usize; 4] = [16, 256, 4 * 1024, usize::MAX];

/// Fragments of the least usual PDUs, the most usual ones and the longest, and what one read brings.
const PIXEL_PIECES: [usize; 4] = [4 * 1024 - 6, 16 * 1024 - 6, 128 * 1024 - 6, 256 * 1024];

const ENCODINGS: [Encoding; 3] =
    [Encoding::ExplicitLittleEndian, Encoding::ImplicitLittleEndian, Encoding::ExplicitBigEndian];

fn text(into: &mut DataSetWriter, group: u16, element: u16, value: &str) {
    let tag = Tag(group, element);
    into.text(tag, vr_of(tag), value);
}

/// A sequence of coded concepts.
fn codes(into: &mut DataSetWriter, group: u16, element: u16, count: usize) {
    into.begin_sequence(Tag(group, element));
    for _ in 0..count {
        into.begin_item();
        text(into, 0x0008, 0x0100, "CTCHEST");
        text(into, 0x0008, 0x0102, "99LOCAL");
        text(into, 0x0008, 0x0103, "20240101");
        text(into, 0x0008, 0x0104, "CT of the chest with contrast");
        into.end_item();
    }
    into.end_sequence();
}

/// References to other images, a sequence in a sequence.
fn references(into: &mut DataSetWriter, group: u16, element: u16, count: usize) {
    into.begin_sequence(Tag(group, element));
    for number in 0..count {
        into.begin_item();
        text(into, 0x0008, 0x1150, "1.2.840.10008.5.1.4.1.1.2");
        text(into, 0x0008, 0x1155, &format!("1.2.826.0.1.3680043.8.498.11.{number}"));
        codes(into, 0x0040, 0xA170, 1);
        into.end_item();
    }
    into.end_sequence();
}

/// The header of a CT image as scanners write it: 110 elements outside of sequences, 8 sequences, a private block.
fn header(encoding: Encoding) -> DataSetWriter {
    let mut header = DataSetWriter::new(encoding);
    let into = &mut header;
    text(into, 0x0008, 0x0005, "ISO_IR 100");
    text(into, 0x0008, 0x0008, "ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM5 SPI");
    text(into, 0x0008, 0x0012, "20240105");
    text(into, 0x0008, 0x0013, "101530.123000");
    text(into, 0x0008, 0x0016, "1.2.840.10008.5.1.4.1.1.2");
    text(into, 0x0008, 0x0018, "1.2.826.0.1.3680043.8.498.10.20.30.40");
    for element in [0x0020, 0x0021, 0x0022, 0x0023] {
        text(into, 0x0008, element, "20240105");
    }
    for element in [0x0030, 0x0031, 0x0032, 0x0033] {
        text(into, 0x0008, element, "101530.123000");
    }
    text(into, 0x0008, 0x0050, "ACC00012345");
    text(into, 0x0008, 0x0060, "CT");
    text(into, 0x0008, 0x0070, "Maker of Scanners");
    text(into, 0x0008, 0x0080, "General Hospital");
    text(into, 0x0008, 0x0090, "REFERRER^ROBERT");
    text(into, 0x0008, 0x1010, "CT-STATION-1");
    text(into, 0x0008, 0x1030, "Chest with contrast");
    codes(into, 0x0008, 0x1032, 1);
    text(into, 0x0008, 0x103E, "Thorax 1.0 B31f");
    text(into, 0x0008, 0x1090, "Scanner 64");
    references(into, 0x0008, 0x1111, 1);
    references(into, 0x0008, 0x1140, 3);
    references(into, 0x0008, 0x2112, 2);
    text(into, 0x0010, 0x0010, "SMITH^ANNA^^DR");
    text(into, 0x0010, 0x0020, "PID0012345");
    text(into, 0x0010, 0x0030, "19700229");
    text(into, 0x0010, 0x0040, "F");
    text(into, 0x0010, 0x1010, "054Y");
    text(into, 0x0018, 0x0015, "CHEST");
    text(into, 0x0018, 0x0022, "HELICAL");
    for element in [0x0050, 0x0060, 0x0090, 0x1100, 0x1110, 0x1111, 0x1120, 0x1130, 0x1150, 0x1151, 0x1152] {
        text(into, 0x0018, element, "120.500000");
    }
    for element in [0x1020, 0x1030, 0x1160, 0x1170, 0x1190, 0x1200, 0x1201, 0x1210, 0x5100] {
        text(into, 0x0018, element, "VALUE OF IT");
    }
    // A private block with its creator, and one value that is long.
    text(into, 0x0019, 0x0010, "MAKER CT HEADER");
    for element in 0x1000..0x1020 {
        into.element(Tag(0x0019, element), Vr::DS, b"1024.5");
    }
    into.element(Tag(0x0019, 0x10B0), Vr::OB, &[7; 2048]);
    text(into, 0x0020, 0x000D, "1.2.826.0.1.3680043.8.498.10");
    text(into, 0x0020, 0x000E, "1.2.826.0.1.3680043.8.498.10.20");
    text(into, 0x0020, 0x0010, "S12345");
    text(into, 0x0020, 0x0011, "2");
    text(into, 0x0020, 0x0012, "1");
    text(into, 0x0020, 0x0013, "117");
    text(into, 0x0020, 0x0032, "-249.51171875\\-460.51171875\\-631.5");
    text(into, 0x0020, 0x0037, "1\\0\\0\\0\\1\\0");
    text(into, 0x0020, 0x0052, "1.2.826.0.1.3680043.8.498.10.20.1");
    text(into, 0x0020, 0x1040, "");
    text(into, 0x0020, 0x1041, "-631.5");
    for (element, number) in
        [(0x0002, 1), (0x0010, 512), (0x0011, 512), (0x0100, 16), (0x0101, 12), (0x0102, 11), (0x0103, 0)]
    {
        into.u16(Tag(0x0028, element), number);
    }
    for element in [0x0030, 0x1050, 0x1051, 0x1052, 0x1053] {
        text(into, 0x0028, element, "0.9746\\0.9746");
    }
    codes(into, 0x0032, 0x1064, 1);
    for element in [0x0244, 0x0245, 0x0253, 0x0254] {
        text(into, 0x0040, element, "20240105");
    }
    codes(into, 0x0040, 0x0260, 2);
    references(into, 0x0040, 0x0275, 1);
    header
}

/// A CT image, or one of many frames.
fn image(encoding: Encoding, pixel_bytes: usize) -> Vec<u8> {
    let mut writer = header(encoding);
    writer.element(Tag(0x7FE0, 0x0010), Vr::OW, &vec![0; pixel_bytes]);
    writer.into_bytes()
}

/// The same, compressed: a fragment for each frame (PS3.5 A.4).
fn compressed(frames: usize, frame_bytes: u32) -> Vec<u8> {
    let mut bytes = header(Encoding::ExplicitLittleEndian).into_bytes();
    bytes.extend_from_slice(b"\xE0\x7F\x10\x00OB\0\0\xFF\xFF\xFF\xFF");
    bytes.extend_from_slice(b"\xFE\xFF\x00\xE0\0\0\0\0");
    for _ in 0..frames {
        bytes.extend_from_slice(b"\xFE\xFF\x00\xE0");
        bytes.extend_from_slice(&frame_bytes.to_le_bytes());
        bytes.resize(bytes.len() + frame_bytes as usize, 0x5A);
    }
    bytes.extend_from_slice(b"\xFE\xFF\xDD\xE0\0\0\0\0");
    bytes
}

/// Walks, and says how many of the wanted attributes there were.
fn walk(encoding: Encoding, bytes: &[u8], piece: usize) -> Result<usize, Malformed> {
    let mut walker = Walker::new(encoding, WANTED);
    for piece in bytes.chunks(piece) {
        walker.push(piece)?;
    }
    Ok(walker.finish()?.elements().count())
}

/// Of pixel data nothing but the pieces is looked at: bytes a second would say nothing of them.
fn throughput(bytes: usize, piece: usize) -> Throughput {
    match bytes.div_ceil(piece) {
        pieces if bytes > 64 * 1024 => Throughput::Elements(pieces as u64),
        _ => Throughput::Bytes(bytes as u64),
    }
}

fn measure(
    criterion: &mut Criterion,
    group: &str,
    encoding: Encoding,
    bytes: &[u8],
    pieces: &[usize],
) -> Result<(), Malformed> {
    let mut group = criterion.benchmark_group(group);
    for piece in pieces {
        group.throughput(throughput(bytes.len(), *piece));
        // What is measured must not be a refusal.
        walk(encoding, bytes, *piece)?;
        let name = if *piece == usize::MAX { "whole".to_owned() } else { format!("pieces of {piece}") };
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| walk(encoding, black_box(bytes), *piece));
        });
    }
    group.finish();
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    for encoding in ENCODINGS {
        let bytes = header(encoding).into_bytes();
        measure(&mut criterion, &format!("CT header, {encoding:?}"), encoding, &bytes, &HEADER_PIECES)?;
    }
    let explicit = Encoding::ExplicitLittleEndian;
    for (name, bytes) in [
        ("CT image of 512 KiB", image(explicit, 512 * 1024)),
        ("image of 32 MiB", image(explicit, 32 * 1024 * 1024)),
        ("compressed image of 400 frames", compressed(400, 20_000)),
    ] {
        measure(&mut criterion, name, explicit, &bytes, &PIXEL_PIECES)?;
    }
    criterion.final_summary();
    Ok(())
}
