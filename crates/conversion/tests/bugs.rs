//! What fuzzing found, each with the data set that showed it.

use std::io::{self, Cursor, Read};

use conversion::{Applied, Photometric, Plan, Rules, Stored};
use dataset::{DataSetWriter, Identifier};
use vocabulary::{Encoding, Tag, Uid, Vr};

const EVLE: &str = "1.2.840.10008.1.2.1";
const PADDING: Tag = Tag(0xFFFC, 0xFFFC);
const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);

/// Where an element before Pixel Data had a higher tag, as where padding stands in the wrong place, its value was
/// written before the pixels and its header behind them: the destination got a data set that nobody could read.
#[test]
fn bug_103_a_value_out_of_order_stays_with_its_header() {
    let mut writer = DataSetWriter::new(Encoding::ExplicitLittleEndian);
    writer.u16(Tag(0x0028, 0x0002), 1);
    writer.text(Tag(0x0028, 0x0004), Vr::CS, "MONOCHROME1");
    for (element, number) in [(0x10, 2), (0x11, 2), (0x100, 8), (0x101, 8), (0x102, 7), (0x103, 0)] {
        writer.u16(Tag(0x0028, element), number);
    }
    writer.element(PADDING, Vr::OB, b"value");
    writer.element(PIXEL_DATA, Vr::OW, &[0, 1, 2, 3]);
    let held = writer.into_bytes();

    let uid = Uid::known;
    let stored = Stored {
        sop_class_uid: uid("1.2.840.10008.5.1.4.1.1.7"),
        sop_instance_uid: uid("1.2.3"),
        transfer_syntax_uid: uid(EVLE),
    };
    let rules = Rules { photometric: Some(Photometric::Monochrome2), ..Rules::default() };
    let plans = Plan::for_destination(&stored, |_, syntax| *syntax == EVLE, &rules, None);
    let Some(Plan::Convert(conversion)) = plans.into_iter().next() else { panic!("nothing is converted") };
    let open = move || -> io::Result<Box<dyn Read>> { Ok(Box::new(Cursor::new(held.clone()))) };
    let Applied::Converted(mut converted) = conversion.apply(&open).unwrap() else { panic!("it is as held") };
    let mut made = Vec::new();
    converted.data_set.read_to_end(&mut made).unwrap();
    let made = Identifier::read(&made, Encoding::ExplicitLittleEndian).unwrap();
    assert_eq!(made.raw(PADDING), Some(&b"value\0"[..]));
    assert_eq!(made.raw(PIXEL_DATA), Some(&[255, 254, 253, 252][..]));
}
