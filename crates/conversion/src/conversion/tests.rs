use std::cell::Cell;
use std::io::{self, Cursor, Read};
use std::rc::Rc;

use dataset::{DataSetWriter, Identifier, Token, Tokens};
use vocabulary::{Encoding, Tag, Uid, Vr};

use super::{Applied, Conversion, Converted, Stored};
use crate::corrections::{Corrections, Modification};
use crate::tags::{
    DERIVATION_CODE_SEQUENCE, IMAGE_TYPE, LOSSY_IMAGE_COMPRESSION, LOSSY_IMAGE_COMPRESSION_METHOD,
    MODIFIED_ATTRIBUTES_SEQUENCE, ORIGINAL_ATTRIBUTES_SEQUENCE, PHOTOMETRIC_INTERPRETATION, PIXEL_DATA,
    SOP_CLASS_UID, SOP_INSTANCE_UID, SOURCE_IMAGE_SEQUENCE, SPECIFIC_CHARACTER_SET, WINDOW_CENTER,
    WINDOW_WIDTH,
};
use crate::{Lossy, NotConverted, Photometric, Rules, Signed, Window};

const US: &str = "1.2.840.10008.5.1.4.1.1.6.1";
const US_RETIRED: &str = "1.2.840.10008.5.1.4.1.1.6";
const US_MULTI_FRAME: &str = "1.2.840.10008.5.1.4.1.1.3.1";
const US_MULTI_FRAME_RETIRED: &str = "1.2.840.10008.5.1.4.1.1.3";
const IVLE: &str = "1.2.840.10008.1.2";
const EVLE: &str = "1.2.840.10008.1.2.1";
const JPEG_BASELINE: &str = "1.2.840.10008.1.2.4.50";

const NAME: Tag = Tag(0x0010, 0x0010);
const ACCESSION_NUMBER: Tag = Tag(0x0008, 0x0050);

/// What a test changes of the sample.
type Change<'c> = &'c [(Tag, Vr, &'c [u8])];

/// An ultrasound image in explicit VR, with some elements changed or added; without a value they go.
fn sample(class: &str, interpretation: &str, changes: Change<'_>) -> Vec<u8> {
    let mut elements = Identifier::new();
    elements.set(IMAGE_TYPE, Vr::CS, b"ORIGINAL\\PRIMARY");
    elements.set(SOP_CLASS_UID, Vr::UI, class.as_bytes());
    elements.set(SOP_INSTANCE_UID, Vr::UI, b"1.2.3");
    elements.set(ACCESSION_NUMBER, Vr::SH, b"A1");
    elements.set(NAME, Vr::PN, b"Before^The");
    elements.set(Tag(0x0028, 0x0002), Vr::US, &[1, 0]);
    elements.set(PHOTOMETRIC_INTERPRETATION, Vr::CS, interpretation.as_bytes());
    for (tag, number) in [(0x0010, 8_u16), (0x0011, 8), (0x0100, 8), (0x0101, 8), (0x0102, 7), (0x0103, 0)] {
        elements.set(Tag(0x0028, tag), Vr::US, &number.to_le_bytes());
    }
    elements.set(PIXEL_DATA, Vr::OW, &(0..64).collect::<Vec<u8>>());
    let mut changed = Identifier::new();
    for element in elements.elements() {
        if !changes.iter().any(|(tag, ..)| *tag == element.tag) {
            changed.set(element.tag, element.vr, elements.raw(element.tag).unwrap());
        }
    }
    for (tag, vr, value) in changes.iter().filter(|(.., value)| !value.is_empty()) {
        changed.set(*tag, *vr, value);
    }
    changed.to_bytes(Encoding::ExplicitLittleEndian)
}

fn conversion(class: &'static str, to_class: &'static str, to_syntax: &'static str) -> Conversion {
    Conversion {
        stored: Stored {
            sop_class_uid: Uid::known(class),
            sop_instance_uid: Uid::known("1.2.3"),
            transfer_syntax_uid: Uid::known(EVLE),
        },
        sop_class_uid: Uid::known(to_class),
        transfer_syntax_uid: Uid::known(to_syntax),
        rules: Rules { lossy: Lossy::WhenNeeded, ..Rules::default() },
        corrections: None,
    }
}

fn applied(conversion: &Conversion, bytes: &[u8]) -> Result<Applied, NotConverted> {
    let bytes = bytes.to_vec();
    conversion.apply(&move || Ok(Box::new(Cursor::new(bytes.clone())) as Box<dyn Read>))
}

/// The elements at depth 0 of what comes out, and its UIDs.
fn made(conversion: &Conversion, bytes: &[u8]) -> (Identifier, Uid) {
    let Applied::Converted(Converted { mut data_set, length, sop_instance_uid, .. }) =
        applied(conversion, bytes).unwrap()
    else {
        panic!("nothing was converted");
    };
    let mut made = Vec::new();
    data_set.read_to_end(&mut made).unwrap();
    assert_eq!(made.len() as u64, length);
    let implicit = *conversion.transfer_syntax_uid() == *IVLE;
    let encoding = if implicit { Encoding::ImplicitLittleEndian } else { Encoding::ExplicitLittleEndian };
    (without_pixels(encoding, &made), sop_instance_uid)
}

/// An identifier cannot hold encapsulated pixel data.
fn without_pixels(encoding: Encoding, bytes: &[u8]) -> Identifier {
    let mut tokens = Tokens::new(encoding, bytes);
    while let Some(token) = tokens.next().unwrap() {
        if matches!(token, Token::Encapsulated { .. }) {
            let at = bytes.windows(4).position(|window| window == [0xE0, 0x7F, 0x10, 0]).unwrap();
            return Identifier::read(&bytes[..at], encoding).unwrap();
        }
    }
    Identifier::read(bytes, encoding).unwrap()
}

#[test]
fn scu_024_nothing_is_changed_where_nothing_is_to_be() {
    let as_held = conversion(US, US, EVLE);
    assert!(matches!(applied(&as_held, &sample(US, "MONOCHROME2", &[])), Ok(Applied::AsStored)));
    let rules = Rules { photometric: Some(Photometric::Monochrome2), ..Rules::default() };
    let satisfied = Conversion { rules, ..as_held };
    assert!(matches!(applied(&satisfied, &sample(US, "MONOCHROME2", &[])), Ok(Applied::AsStored)));
}

#[test]
fn scu_023_private_elements_and_the_order_of_all_survive() {
    let private: Change<'_> =
        &[(Tag(0x0009, 0x0010), Vr::LO, b"SOMEONE "), (Tag(0x0009, 0x1001), Vr::UN, &[1, 2, 3, 4])];
    let bytes = sample(US, "MONOCHROME2", private);
    let (made, uid) = made(&conversion(US, US, IVLE), &bytes);
    let tags =
        |data_set: &Identifier| data_set.elements().iter().map(|element| element.tag).collect::<Vec<_>>();
    assert_eq!(tags(&made), tags(&Identifier::read(&bytes, Encoding::ExplicitLittleEndian).unwrap()));
    assert_eq!(made.raw(Tag(0x0009, 0x1001)), Some(&[1, 2, 3, 4][..]));
    assert_eq!(uid, "1.2.3");
}

#[test]
fn scu_006_retired_ultrasound_becomes_current_with_what_that_requires() {
    let bytes = sample(US_RETIRED, "MONOCHROME1", &[(IMAGE_TYPE, Vr::CS, b"")]);
    let (current, uid) = made(&conversion(US_RETIRED, US, EVLE), &bytes);
    assert_eq!(current.text(SOP_CLASS_UID).as_deref(), Some(US));
    assert_eq!(current.text(IMAGE_TYPE).as_deref(), Some(""));
    assert_eq!(current.text(Tag(0x0010, 0x0020)).as_deref(), Some(""), "Patient ID is of type 2");
    assert_eq!(current.text(NAME).as_deref(), Some("Before^The"));
    assert_eq!(current.text(PHOTOMETRIC_INTERPRETATION).as_deref(), Some("MONOCHROME2"));
    assert_eq!(current.raw(PIXEL_DATA).unwrap()[..3], [255, 254, 253]);
    assert_eq!(uid, "1.2.3", "it is the same instance");
    let (retired, _) = made(&conversion(US, US_RETIRED, EVLE), &sample(US, "MONOCHROME2", &[]));
    assert_eq!(retired.text(SOP_CLASS_UID).as_deref(), Some(US_RETIRED));
}

#[test]
fn scu_006_multi_frame_ultrasound_gets_a_pointer_to_the_time_of_its_frames() {
    let time_of = |changes: Change<'_>| {
        let bytes = sample(US_MULTI_FRAME_RETIRED, "MONOCHROME2", changes);
        let (current, _) = made(&conversion(US_MULTI_FRAME_RETIRED, US_MULTI_FRAME, EVLE), &bytes);
        assert_eq!(current.text(Tag(0x0028, 0x0008)).as_deref(), Some("1"));
        (current.text(Tag(0x0018, 0x1063)), current.raw(Tag(0x0028, 0x0009)).map(<[u8]>::to_vec))
    };
    let frame_time = vec![0x18, 0x00, 0x63, 0x10];
    assert_eq!(
        time_of(&[(Tag(0x0018, 0x0040), Vr::IS, b"25")]),
        (Some("40.000".to_owned()), Some(frame_time.clone()))
    );
    assert_eq!(
        time_of(&[(Tag(0x0018, 0x1063), Vr::DS, b"33.3")]),
        (Some("33.3".to_owned()), Some(frame_time))
    );
    assert_eq!(
        time_of(&[(Tag(0x0018, 0x1065), Vr::DS, b"0\\40")]),
        (None, Some(vec![0x18, 0x00, 0x65, 0x10]))
    );
    assert_eq!(time_of(&[]), (None, None));
}

#[test]
fn iod_033_what_is_compressed_with_loss_is_another_instance_and_says_of_which() {
    let compress = conversion(US, US, JPEG_BASELINE);
    let bytes = sample(US, "MONOCHROME2", &[]);
    let (derived, uid) = made(&compress, &bytes);
    assert_ne!(uid, "1.2.3");
    assert_eq!(derived.text(SOP_INSTANCE_UID).as_deref(), Some(uid.as_str()));
    assert_eq!(derived.text(IMAGE_TYPE).as_deref(), Some("DERIVED\\PRIMARY"));
    assert_eq!(derived.text(LOSSY_IMAGE_COMPRESSION).as_deref(), Some("01"));
    assert_eq!(derived.text(LOSSY_IMAGE_COMPRESSION_METHOD).as_deref(), Some("ISO_10918_1"));
    let source = &derived.items(SOURCE_IMAGE_SEQUENCE).unwrap()[0];
    assert_eq!(source.text(Tag(0x0008, 0x1155)).as_deref(), Some("1.2.3"));
    assert_eq!(
        derived.items(DERIVATION_CODE_SEQUENCE).unwrap()[0].text(Tag(0x0008, 0x0100)).as_deref(),
        Some("113040")
    );
    assert_eq!(made(&compress, &bytes).1, uid, "sent twice it is one instance");
    let rules = Rules { jpeg_quality: 50, ..compress.rules.clone() };
    assert_ne!(made(&Conversion { rules, ..compress }, &bytes).1, uid, "and another at another quality");
}

#[test]
fn iod_031_iod_032_a_window_for_greyscale_images_that_have_none() {
    let window = Some(Window { center: "127.5".to_owned(), width: "255".to_owned() });
    let default = Conversion { rules: Rules { window, ..Rules::default() }, ..conversion(US, US, EVLE) };
    let (windowed, uid) = made(&default, &sample(US, "MONOCHROME2", &[]));
    assert_eq!(windowed.text(WINDOW_CENTER).as_deref(), Some("127.5"));
    assert_eq!(windowed.text(WINDOW_WIDTH).as_deref(), Some("255"));
    assert_eq!(uid, "1.2.3");
    let own: Change<'_> = &[(WINDOW_CENTER, Vr::DS, b"40"), (WINDOW_WIDTH, Vr::DS, b"80")];
    assert!(matches!(applied(&default, &sample(US, "MONOCHROME2", own)), Ok(Applied::AsStored)));
    assert!(matches!(applied(&default, &sample(US, "PALETTE COLOR", &[])), Ok(Applied::AsStored)));
}

fn corrected(values: &[(Tag, &str)], record: bool) -> Conversion {
    let modification = Modification {
        at: "20260102030405".to_owned(),
        system: "ISOCENTER".to_owned(),
        source: String::new(),
        reason: "CORRECT".to_owned(),
    };
    let corrections = Corrections {
        values: values.iter().map(|(tag, value)| (*tag, (*value).to_owned())).collect(),
        record: record.then_some(modification),
    };
    Conversion { corrections: Some(corrections), ..conversion(US, US, EVLE) }
}

#[test]
fn what_is_absent_stays_so_where_it_is_corrected_to_nothing() {
    let change = corrected(&[(Tag(0x0010, 0x4000), ""), (Tag(0x0010, 0x1002), "")], true);
    assert!(matches!(applied(&change, &sample(US, "MONOCHROME2", &[])), Ok(Applied::AsStored)));
}

#[test]
fn gen_014_corrected_values_leave_and_the_ones_before_are_noted() {
    let change =
        corrected(&[(NAME, "After^The"), (ACCESSION_NUMBER, "A1"), (Tag(0x0008, 0x1030), "Knee")], true);
    let (after, uid) = made(&change, &sample(US, "MONOCHROME2", &[]));
    assert_eq!(uid, "1.2.3");
    assert_eq!(after.text(NAME).as_deref(), Some("After^The"));
    assert_eq!(after.text(Tag(0x0008, 0x1030)).as_deref(), Some("Knee"));
    let item = &after.items(ORIGINAL_ATTRIBUTES_SEQUENCE).unwrap()[0];
    assert_eq!(item.text(Tag(0x0400, 0x0565)).as_deref(), Some("CORRECT"));
    let before = &item.items(MODIFIED_ATTRIBUTES_SEQUENCE).unwrap()[0];
    let values: Vec<(Tag, Option<String>)> =
        before.elements().iter().map(|e| (e.tag, before.text(e.tag))).collect();
    let expected = [(Tag(0x0008, 0x1030), Some(String::new())), (NAME, Some("Before^The".to_owned()))];
    assert_eq!(values, expected, "what was that already is not noted");
    assert!(
        !made(&corrected(&[(NAME, "X")], false), &sample(US, "MONOCHROME2", &[]))
            .0
            .is_present(ORIGINAL_ATTRIBUTES_SEQUENCE)
    );
    let same = corrected(&[(NAME, "Before^The")], true);
    assert!(matches!(applied(&same, &sample(US, "MONOCHROME2", &[])), Ok(Applied::AsStored)));
}

#[test]
fn chr_001_a_corrected_text_finds_a_character_set_that_has_it() {
    let set_of = |set: &[u8], name: &str| {
        let bytes = sample(
            US,
            "MONOCHROME2",
            &[(SPECIFIC_CHARACTER_SET, Vr::CS, set), (Tag(0x0008, 0x1030), Vr::LO, b"D\xE9j\xE0 vu ")],
        );
        let (after, _) = made(&corrected(&[(NAME, name)], true), &bytes);
        assert_eq!(after.text(NAME).as_deref(), Some(name));
        let before = &after.items(ORIGINAL_ATTRIBUTES_SEQUENCE).unwrap()[0]
            .items(MODIFIED_ATTRIBUTES_SEQUENCE)
            .unwrap()[0];
        assert_eq!(before.text(NAME).as_deref(), Some("Before^The"));
        (after.text(SPECIFIC_CHARACTER_SET).unwrap_or_default(), after.text(Tag(0x0008, 0x1030)).unwrap())
    };
    assert_eq!(set_of(b"ISO_IR 100", "Plain"), ("ISO_IR 100".to_owned(), "Déjà vu".to_owned()));
    assert_eq!(set_of(b"ISO_IR 100", "Müller"), ("ISO_IR 100".to_owned(), "Déjà vu".to_owned()));
    assert_eq!(set_of(b"ISO_IR 100", "山田"), ("ISO_IR 192".to_owned(), "Déjà vu".to_owned()));
    assert_eq!(set_of(b"", "Müller"), ("ISO_IR 100".to_owned(), "Déjà vu".to_owned()));
    assert_eq!(
        set_of(b"ISO-IR 100", "Müller"),
        ("ISO_IR 100".to_owned(), "Déjà vu".to_owned()),
        "a misspelt one"
    );
}

#[test]
fn what_cannot_be_corrected_is_refused_in_words() {
    for (tag, value) in [(PIXEL_DATA, "x"), (SOP_INSTANCE_UID, "1.2"), (Tag(0x0028, 0x0010), "512")] {
        let refused = applied(&corrected(&[(tag, value)], false), &sample(US, "MONOCHROME2", &[]));
        assert!(matches!(refused, Err(NotConverted::Correction(at)) if at == tag), "{refused:?}");
    }
    let long = "x".repeat(70_000);
    assert!(applied(&corrected(&[(NAME, &long)], false), &sample(US, "MONOCHROME2", &[])).is_err());
}

#[test]
fn sil_092_signatures_go_where_what_was_signed_changes_and_stay_where_it_does_not() {
    let mut writer = DataSetWriter::new(Encoding::ExplicitLittleEndian);
    writer.text(NAME, Vr::PN, "Before");
    writer.begin_sequence(Tag(0xFFFA, 0xFFFA));
    writer.end_sequence();
    let bytes = writer.into_bytes();
    assert!(made(&conversion(US, US, IVLE), &bytes).0.is_present(Tag(0xFFFA, 0xFFFA)));
    assert!(!made(&corrected(&[(NAME, "After")], false), &bytes).0.is_present(Tag(0xFFFA, 0xFFFA)));
}

#[test]
fn dif_012_sil_092_what_is_signed_is_not_changed_where_the_rules_say_so() {
    let mut writer = DataSetWriter::new(Encoding::ExplicitLittleEndian);
    writer.text(NAME, Vr::PN, "Before");
    writer.begin_sequence(Tag(0xFFFA, 0xFFFA));
    writer.end_sequence();
    let bytes = writer.into_bytes();
    let exempt = |conversion: Conversion| Conversion {
        rules: Rules { signed: Signed::AsHeld, ..conversion.rules.clone() },
        ..conversion
    };
    let refused = applied(&exempt(corrected(&[(NAME, "After")], false)), &bytes);
    assert!(matches!(refused, Err(NotConverted::Signed)), "{refused:?}");
    assert!(made(&exempt(conversion(US, US, IVLE)), &bytes).0.is_present(Tag(0xFFFA, 0xFFFA)));
    let unsigned = sample(US, "MONOCHROME2", &[]);
    assert!(applied(&exempt(corrected(&[(NAME, "After")], false)), &unsigned).is_ok());
}

#[test]
fn what_cannot_be_read_is_said_to_be_unreadable() {
    let opened = Rc::new(Cell::new(0));
    let count = Rc::clone(&opened);
    let open = move || {
        count.set(count.get() + 1);
        Err(io::Error::other("gone"))
    };
    let failed = conversion(US, US, IVLE).apply(&open);
    assert!(matches!(failed, Err(NotConverted::Read(_))));
    assert_eq!(opened.get(), 1);
}
