//! What fuzzing found, each with the bytes that showed it.

use dataset::{Attributes, CharacterSet, Malformed, Walker};
use vocabulary::{Encoding, Tag, Vr};

const WANTED: &[Tag] = &[Tag(0x0008, 0x2218)];

fn walk(encoding: Encoding, bytes: &[u8], portion: usize) -> Result<Attributes, Malformed> {
    let mut walker = Walker::new(encoding, WANTED);
    for piece in bytes.chunks(portion) {
        walker.push(piece)?;
    }
    walker.finish()
}

/// An element whose header reached beyond its item was refused or not, as the network had cut the bytes.
#[test]
fn bug_101_a_header_across_the_end_of_its_item_is_refused_however_it_is_cut() {
    let mut data_set = b"\x08\x00\x18\x22SQ\0\0\x14\0\0\0".to_vec();
    data_set.extend(b"\xfe\xff\x00\xe0\x0c\0\0\0");
    data_set.extend(b"\x08\x00\x00\x01SH\0\0");
    // Four bytes of the item and its sequence are left: the rest of the header lies behind both.
    data_set.extend(b"\x08\x00\x02\x01SH\x04\0SRT ");
    for portion in 1..=data_set.len() {
        let walked = walk(Encoding::ExplicitLittleEndian, &data_set, portion);
        let malformed = walked.expect_err("it is malformed");
        assert!(malformed.to_string().contains("0008,0102"), "in portions of {portion}: {malformed}");
    }
}

/// Whether padding behind a deflated stream was taken for padding depended on how the network had cut it.
#[test]
fn bug_102_what_follows_a_deflated_stream_is_judged_the_same_however_it_is_cut() {
    let ended = [0x03, 0x00];
    for (behind, is_padding) in [
        (&[&[3][..], &[0; 12]].concat()[..], true),
        (&[7; 9], true),
        (&[&[7; 9][..], &[0; 100]].concat(), true),
        (&[7; 10], false),
        (&[&[0; 100][..], &[7]].concat(), false),
    ] {
        let bytes = [&ended, behind].concat();
        for portion in 1..=bytes.len() {
            let walked = walk(Encoding::DeflatedExplicitLittleEndian, &bytes, portion);
            assert_eq!(walked.is_ok(), is_padding, "{behind:?} in portions of {portion}");
        }
    }
}

/// The yen sign of another set was written as that of JIS X 0201, whose code is the delimiter wherever there may be
/// several values: one value became two.
#[test]
fn bug_108_a_yen_sign_is_not_written_as_the_delimiter() {
    for terms in ["ISO_IR 13", "ISO 2022 IR 6\\ISO 2022 IR 13"] {
        let set = CharacterSet::from_value(terms.as_bytes());
        for vr in [Vr::PN, Vr::LO, Vr::SH] {
            assert_eq!(set.encode("1\u{A5}", vr), None, "{vr:?} in {terms}");
        }
    }
    // Latin alphabet No. 9 has one of its own, and a text of one value has no delimiter.
    let set = CharacterSet::from_value(b"ISO 2022 IR 13\\ISO 2022 IR 203");
    assert_eq!(set.encode("1\u{A5}", Vr::PN).as_deref(), Some(&b"1\x1b-b\xa5"[..]));
    assert_eq!(set.encode("1\u{A5}", Vr::ST).as_deref(), Some(&b"1\\"[..]));
}
