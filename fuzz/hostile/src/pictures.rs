//! Instances that are converted on their way out: what a peer stored is read again, decoded and written anew.

use std::io::{self, Cursor, Read};

use conversion::{Applied, Corrections, Lossy, Photometric, Plan, Rules, Stored, Window};
use dataset::{DataSetWriter, Tokens};
use vocabulary::{Encoding, Tag, Uid, Vr, transfer_syntax};

/// What instances are held in: every syntax that has a decoder, and one that has none.
const HELD: [&str; 14] = [
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.1.98",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.8.1",
    "1.2.840.10008.1.2.4.80",
];
const TAKEN: [&str; 3] = ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50"];
const CLASSES: [&str; 4] = [
    "1.2.840.10008.5.1.4.1.1.6.1",
    "1.2.840.10008.5.1.4.1.1.6",
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.7",
];
const INTERPRETATIONS: [&str; 10] = [
    "MONOCHROME2",
    "MONOCHROME1",
    "RGB",
    "PALETTE COLOR",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_ICT",
    "YBR_RCT",
    "YBR_PARTIAL_420",
    "CMYK",
];

fn pick<'t>(table: &[&'t str], by: u8) -> &'t str {
    table.get(usize::from(by) % table.len()).copied().unwrap_or_default()
}

fn rules(by: u8) -> Rules {
    Rules {
        lossy: [Lossy::Never, Lossy::WhenNeeded, Lossy::Preferred][usize::from(by) % 3],
        photometric: [None, Some(Photometric::Monochrome2), Some(Photometric::Rgb), None]
            [usize::from(by >> 2) % 4],
        window: (by & 0x10 != 0).then(|| Window { center: "128".to_owned(), width: "256".to_owned() }),
        ..Rules::default()
    }
}

/// Sends the instance in every way that is planned for a destination that takes one syntax.
fn send(
    held: &str,
    class: &str,
    taken: &str,
    rules: &Rules,
    corrections: Option<&Corrections>,
    bytes: &[u8],
) {
    let stored = Stored {
        sop_class_uid: Uid::parse(class).unwrap(),
        sop_instance_uid: Uid::known("1.2.3"),
        transfer_syntax_uid: Uid::parse(held).unwrap(),
    };
    for plan in Plan::for_destination(&stored, |_, syntax| *syntax == *taken, rules, corrections) {
        let Plan::Convert(conversion) = plan else { continue };
        let owned = bytes.to_vec();
        let open = move || -> io::Result<Box<dyn Read>> { Ok(Box::new(Cursor::new(owned.clone()))) };
        let Ok(Applied::Converted(mut converted)) = conversion.apply(&open) else { continue };
        let mut made = Vec::new();
        converted.data_set.read_to_end(&mut made).expect("what was measured can be written");
        assert_eq!(made.len() as u64, converted.length, "the length that was announced is sent");
        let encoding = transfer_syntax::find(converted.transfer_syntax_uid.as_str()).unwrap().encoding;
        let mut tokens = Tokens::new(encoding, &made[..]);
        while tokens.next().expect("what we write can be read").is_some() {}
    }
}

/// A data set as it is held: three bytes say in which syntax, what the destination takes and what is wanted.
pub fn conversion(bytes: &[u8]) {
    let Some(([syntaxes, wanted, class], bytes)) = bytes.split_first_chunk() else { return };
    let corrections = Corrections {
        values: vec![(Tag(0x0010, 0x0010), "Äfter^The".to_owned()), (Tag(0x0008, 0x0050), String::new())],
        record: None,
    };
    let (held, taken) = (pick(&HELD, *syntaxes), pick(&TAKEN, syntaxes / HELD.len() as u8));
    let corrections = (wanted & 0x20 != 0).then_some(&corrections);
    send(held, pick(&CLASSES, *class), taken, &rules(*wanted), corrections, bytes);
}

/// One image: sixteen bytes say what its attributes are, the rest is its pixel data, in one fragment or as many as
/// are asked for.
pub fn pixels(bytes: &[u8]) {
    let Some((head, frame)) = bytes.split_first_chunk::<16>() else { return };
    let [syntaxes, wanted, class, interpretation, rows, columns, rest @ ..] = *head;
    let [samples, allocated, stored, high, signed, by_plane, frames, fragments, entries, table] = rest;
    let held = pick(&HELD, syntaxes);
    let known = transfer_syntax::find(held).unwrap();
    let encoding = match known.encoding {
        // Deflating it is another target's.
        Encoding::DeflatedExplicitLittleEndian => return,
        encoding => encoding,
    };
    let mut writer = DataSetWriter::new(encoding);
    let numbers =
        |writer: &mut DataSetWriter, element, number: u8| writer.u16(Tag(0x0028, element), number.into());
    numbers(&mut writer, 0x0002, samples);
    writer.text(Tag(0x0028, 0x0004), Vr::CS, pick(&INTERPRETATIONS, interpretation));
    numbers(&mut writer, 0x0006, by_plane);
    writer.text(Tag(0x0028, 0x0008), Vr::IS, &frames.to_string());
    for (element, number) in [
        (0x0010, rows),
        (0x0011, columns),
        (0x0100, allocated),
        (0x0101, stored),
        (0x0102, high),
        (0x0103, signed),
    ] {
        numbers(&mut writer, element, number);
    }
    let palette: Vec<u8> = (0..usize::from(entries) * 2).map(|at| (at as u8).wrapping_mul(table)).collect();
    for element in [0x1101, 0x1102, 0x1103] {
        let descriptor = [entries, 0, 0, 0, if table & 1 == 0 { 8 } else { 16 }, 0];
        writer.element(Tag(0x0028, element), Vr::US, &descriptor);
    }
    for element in [0x1201, 0x1202, 0x1203] {
        writer.element(Tag(0x0028, element), Vr::OW, &palette);
    }
    let bytes = if known.encapsulated {
        let mut bytes = writer.into_bytes();
        bytes.extend([0xE0, 0x7F, 0x10, 0x00, b'O', b'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
        bytes.extend([0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0]);
        for fragment in frame.chunks(frame.len() / usize::from(fragments.max(1)) + 1) {
            bytes.extend([0xFE, 0xFF, 0x00, 0xE0]);
            bytes.extend((fragment.len() as u32).to_le_bytes());
            bytes.extend(fragment);
        }
        bytes.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
        bytes
    } else {
        writer.element(Tag(0x7FE0, 0x0010), Vr::OW, frame);
        writer.into_bytes()
    };
    let taken = pick(&TAKEN, syntaxes / HELD.len() as u8);
    send(held, pick(&CLASSES, class), taken, &rules(wanted), None, &bytes);
}
