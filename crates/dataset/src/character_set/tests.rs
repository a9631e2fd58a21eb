//! Names and texts of many scripts. Where PS3.5 annexes H, I and J have an example, the bytes are made after it.

use vocabulary::Vr;

use super::{CharacterSet, Supported, sets, supported};

fn decode(terms: &str, bytes: &[u8], vr: Vr) -> (String, bool) {
    let set = CharacterSet::from_value(terms.as_bytes());
    let decoded = set.decode(bytes, vr);
    (decoded.text.into_owned(), decoded.is_exact)
}

/// Decodes to the text, exactly, and the text encodes to the bytes.
fn both_ways(terms: &str, bytes: &[u8], vr: Vr, text: &str) {
    assert_eq!(decode(terms, bytes, vr), (text.to_owned(), true), "{terms}");
    let set = CharacterSet::from_value(terms.as_bytes());
    assert!(set.is_understood());
    assert_eq!(set.encode(text, vr).as_deref(), Some(bytes), "{terms} {text}");
}

#[test]
fn sets_of_one_byte_without_code_extensions() {
    for (term, bytes, text) in [
        ("", &b"Smith^John"[..], "Smith^John"),
        ("ISO_IR 100", b"M\xFCller^Andr\xE9", "Müller^André"),
        ("ISO_IR 101", b"Wa\xB3\xEAsa", "Wałęsa"),
        ("ISO_IR 109", b"\xA1a\xB1ra", "Ħaħra"),
        ("ISO_IR 110", b"B\xEBrzi\xF2\xB9", "Bërziōš"),
        ("ISO_IR 144", b"\xBB\xEEceBDe\xDC\xD1\xE3\xE0\xD3", "ЛюceBDeмбург"),
        ("ISO_IR 127", b"\xE2\xC8\xC7\xE6\xEA^\xE4\xE6\xD2\xC7\xD1", "قباني^لنزار"),
        ("ISO_IR 126", b"\xC4\xE9\xEF\xED\xF5\xF3\xE9\xEF\xF2", "Διονυσιος"),
        ("ISO_IR 138", b"\xF9\xF8\xE5\xEF^\xE3\xE1\xE5\xF8\xE4", "שרון^דבורה"),
        ("ISO_IR 148", b"\xC7avu\xFEo\xF0lu^I\xFD\xDD", "Çavuşoğlu^Iıİ"),
        ("ISO_IR 203", b"B\xBDuf \xA4", "Bœuf €"),
        ("ISO_IR 13", b"\xD4\xCF\xC0\xDE^\xC0\xDB\xB3", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
        ("ISO_IR 166", b"\xB9\xD2\xC2", "นาย"),
    ] {
        both_ways(term, bytes, Vr::PN, text);
    }
}

#[test]
fn sets_of_several_bytes_that_stand_alone() {
    both_ways("ISO_IR 192", "Wang^XiaoDong=王^小東".as_bytes(), Vr::PN, "Wang^XiaoDong=王^小東");
    both_ways("GB18030", b"Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB", Vr::PN, "Wang^XiaoDong=王^小东");
    both_ways("GBK", b"\xCD\xF5^\xD0\xA1\xB6\xAB", Vr::PN, "王^小东");
    // A second byte that is a backslash is no delimiter (PS3.5 6.1.2.5.3).
    let set = CharacterSet::from_value(b"GB18030");
    let value = set.encode("\u{4E17}\\\u{4E18}", Vr::LO).unwrap();
    let text = set.decode(&value, Vr::LO).text;
    assert_eq!(super::split_values(&text, Vr::LO), ["\u{4E17}", "\u{4E18}"]);
    both_ways("GB18030", b"\x81\x5C", Vr::LO, "乗");
    both_ways("GB18030", b"\x90\x30\x81\x30", Vr::LO, "\u{10000}");
}

#[test]
fn japanese_names_switch_to_two_bytes_and_back() {
    // PS3.5 H.3.1 and H.3.2.
    both_ways(
        "\\ISO 2022 IR 87",
        b"Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B=\x1B$B$d$^$@\x1B(B^\x1B$B$?$m$&\x1B(B",
        Vr::PN,
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
    );
    both_ways(
        "ISO 2022 IR 13\\ISO 2022 IR 87",
        b"\xD4\xCF\xC0\xDE^\xC0\xDB\xB3=\x1B$B;3ED\x1B(J^\x1B$BB@O:\x1B(J=\x1B$B$d$^$@\x1B(J^\x1B$B$?$m$&\x1B(J",
        Vr::PN,
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    );
    // JIS X 0212 is decoded only.
    let terms = "ISO 2022 IR 6\\ISO 2022 IR 87\\ISO 2022 IR 159";
    assert_eq!(decode(terms, b"\x1B$(D0!\x1B(B!", Vr::LO), ("丂!".into(), true));
    assert_eq!(CharacterSet::from_value(terms.as_bytes()).encode("丂", Vr::LO), None);
}

#[test]
fn korean_and_chinese_names_call_their_set_in_each_component() {
    // PS3.5 I.2: G1 is called again behind each delimiter.
    both_ways(
        "\\ISO 2022 IR 149",
        b"Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE\xD4\xD7=\x1B$)C\xC8\xAB^\x1B$)C\xB1\xE6\xB5\xBF",
        Vr::PN,
        "Hong^Gildong=洪^吉洞=홍^길동",
    );
    both_ways(
        "\\ISO 2022 IR 58",
        b"Zhang^XiaoDong=\x1B$)A\xD5\xC5^\x1B$)A\xD0\xA1\xB6\xAB",
        Vr::PN,
        "Zhang^XiaoDong=张^小东",
    );
}

#[test]
fn delimiters_bring_back_the_initial_sets() {
    let terms = "ISO 2022 IR 100\\ISO 2022 IR 144";
    both_ways(terms, b"\xE9\x1B-L\xE9\\\xE9", Vr::LO, "éщ\\é");
    both_ways(terms, b"\xE9\x1B-L\xE9\r\n\xE9", Vr::LT, "éщ\r\né");
    both_ways(terms, b"\x1B-L\xE9\t\xE9\x0C\xE9", Vr::UT, "щ\té\x0Cé");
    both_ways(terms, b"\x1B-L\xE9^\xE9=\xE9", Vr::PN, "щ^é=é");
    // These are delimiters in a name only, and a backslash is none in a long text.
    both_ways(terms, b"\x1B-L\xE9^\xE9=\xE9", Vr::LO, "щ^щ=щ");
    both_ways(terms, b"\x1B-L\xE9\\\xE9", Vr::ST, "щ\\щ");
}

#[test]
fn yen_and_overline_are_where_jis_x_0201_has_them() {
    both_ways("ISO_IR 13", b"\\~\xB1", Vr::ST, "¥‾ｱ");
    both_ways("ISO_IR 13", b"\xB1\\\xB2", Vr::LO, "ｱ\\ｲ");
    assert_eq!(CharacterSet::from_value(b"ISO_IR 13").encode("~", Vr::LO), None);
}

#[test]
fn a_set_that_lacks_a_character_encodes_nothing() {
    for (terms, text) in [
        ("", "é"),
        ("ISO_IR 100", "Ł"),
        ("ISO_IR 100", "\u{85}"),
        ("ISO_IR 126", "€"),
        ("ISO_IR 148", "Ð"),
        ("ISO_IR 166", "€"),
        ("ISO_IR 13", "山"),
        ("\\ISO 2022 IR 87", "é"),
        ("\\ISO 2022 IR 58", "東"),
        ("\\ISO 2022 IR 149", "东"),
    ] {
        assert_eq!(CharacterSet::from_value(terms.as_bytes()).encode(text, Vr::LO), None, "{terms} {text}");
    }
    // A VR that Specific Character Set has no say in.
    assert_eq!(CharacterSet::utf8().encode("é", Vr::CS), None);
}

#[test]
fn misspelt_terms_mean_what_they_can_only_mean() {
    for (misspelt, meant) in [
        ("ISO-IR 100", "ISO_IR 100"),
        ("ISO IR 100", "ISO_IR 100"),
        ("ISO_IR_100", "ISO_IR 100"),
        ("ISOIR100", "ISO_IR 100"),
        ("iso_ir 100 ", "ISO_IR 100"),
        ("ISO8859-1", "ISO_IR 100"),
        ("ISO 2022 IR 100", "ISO_IR 100"),
        ("ISO_2022_IR_6", ""),
        ("ISO_IR 6", ""),
        ("UTF-8", "ISO_IR 192"),
        ("ISO_2022_IR_6\\ISO 2022-IR 87", "ISO 2022 IR 6\\ISO 2022 IR 87"),
        ("\\ISO_IR 149", "\\ISO 2022 IR 149"),
        ("ISO_IR 87", "ISO 2022 IR 87"),
    ] {
        let set = CharacterSet::from_value(misspelt.as_bytes());
        assert_eq!(set.value(), meant, "{misspelt}");
        assert!(set.is_understood(), "{misspelt}");
        assert_eq!(set, CharacterSet::from_value(meant.as_bytes()), "{misspelt}");
    }
}

#[test]
fn terms_that_mean_nothing_are_said_to_be_so_and_text_is_guessed() {
    for terms in ["KLINGON", "ISO_IR 999", "ISO_IR 192\\ISO 2022 IR 87", "\\ISO_IR 192"] {
        assert!(!CharacterSet::from_value(terms.as_bytes()).is_understood(), "{terms}");
    }
    assert_eq!(decode("KLINGON", "Müller".as_bytes(), Vr::PN), ("Müller".into(), false));
    assert_eq!(decode("KLINGON", b"M\xFCller", Vr::PN), ("Müller".into(), false));
    assert_eq!(CharacterSet::from_value(b"KLINGON\\ISO 2022 IR 87").value(), "KLINGON\\ISO 2022 IR 87");
}

#[test]
fn bytes_outside_of_the_set_are_guessed_and_said_to_be_so() {
    // No set was announced, or the wrong one.
    assert_eq!(decode("", b"M\xFCller", Vr::PN), ("Müller".into(), false));
    assert_eq!(decode("", "王".as_bytes(), Vr::PN), ("王".into(), false));
    assert_eq!(decode("ISO_IR 192", b"M\xFCller", Vr::PN), ("Müller".into(), false));
    assert_eq!(decode("ISO_IR 192", b"\xE7\x8E\x8B\xE7\x8E", Vr::PN), ("王\u{FFFD}".into(), false));
    assert_eq!(decode("ISO_IR 100", b"\x93quoted\x94", Vr::LO), ("“quoted”".into(), false));
    // Escape sequences that were not announced are followed all the same.
    assert_eq!(decode("", b"\x1B$B;3\x1B(B", Vr::PN), ("山".into(), false));
    // A right set that is not called again behind a delimiter.
    assert_eq!(decode("\\ISO 2022 IR 149", b"\x1B$)C\xC8\xAB^\xB1\xE6", Vr::PN), ("홍^길".into(), false));
    assert_eq!(decode("\\ISO 2022 IR 87", b"\x1B%xa", Vr::PN), ("\u{1B}%xa".into(), false));
}

#[test]
fn other_representations_are_of_the_default_repertoire() {
    assert_eq!(decode("ISO_IR 13", b"A\\B~", Vr::CS), ("A\\B~".into(), true));
    assert_eq!(decode("GB18030", b"1.2.3\0", Vr::UI), ("1.2.3\0".into(), true));
    assert_eq!(decode("ISO_IR 144", b"\xE9", Vr::CS), ("é".into(), false));
}

#[test]
fn values_are_parted_and_trimmed_as_their_representation_says() {
    let split = super::split_values;
    assert_eq!(split(" A \\B \\ ", Vr::LO), ["A", "B", ""]);
    assert_eq!(split("  A\\B  ", Vr::LT), ["  A\\B"]);
    assert_eq!(split("1.2\0", Vr::UI), ["1.2"]);
    assert!(split("", Vr::LO).is_empty() && split("   ", Vr::LO).is_empty());
    assert_eq!(super::trimmed(" x ".into(), Vr::SH), "x");
    assert_eq!(super::trimmed(String::from(" x ").into(), Vr::ST), " x");
}

#[test]
fn numbers_are_read_from_text_and_binary() {
    let integer = super::integer;
    assert_eq!(integer(b" 12 \\13", Vr::IS), Some(12));
    assert_eq!(integer(b"-12.00", Vr::DS), Some(-12));
    assert_eq!(integer(b"1.5", Vr::DS), None);
    assert_eq!(integer(b"", Vr::IS), None);
    assert_eq!(integer(&[1, 2], Vr::US), Some(513));
    assert_eq!(integer(&[0xFF, 0xFF], Vr::SS), Some(-1));
    assert_eq!(integer(&[0xFF; 4], Vr::UL), Some(0xFFFF_FFFF));
    assert_eq!(integer(&[0xFF; 4], Vr::SL), Some(-1));
    assert_eq!(integer(&[0xFF; 8], Vr::SV), Some(-1));
    assert_eq!(integer(&[0xFF; 8], Vr::UV), None);
    assert_eq!(integer(&[1], Vr::US), None);
}

#[test]
fn each_supported_term_is_understood_and_none_of_the_designations_is_left_out() {
    for Supported { term, extended_term, holds } in supported() {
        if let Some(term) = term {
            assert!(CharacterSet::from_terms(&[&term]).is_understood(), "{holds}");
        }
        if let Some(term) = extended_term {
            assert!(CharacterSet::from_terms(&["", &term]).is_understood(), "{holds}");
        }
    }
    for designation in sets::DESIGNATIONS {
        let number = designation.registration();
        assert!(number == 0 || sets::REPERTOIRES.iter().any(|(known, _)| *known == number), "{number}");
    }
}
