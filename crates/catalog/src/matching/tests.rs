use vocabulary::Vr;

use super::{Matching, Unfit, Ways};
use crate::rules::{Letters, SeveralValues};

fn matches(vr: Vr, asked: &str, stored: &str) -> bool {
    Matching::read(vr, asked, Ways::STANDARD).unwrap().matches(stored, false)
}

fn unfit(vr: Vr, asked: &str) -> Option<Unfit> {
    Matching::read(vr, asked, Ways::STANDARD).err()
}

#[test]
fn sil_028_an_empty_value_or_a_lone_asterisk_matches_everything() {
    for vr in [Vr::LO, Vr::PN, Vr::UI, Vr::DA, Vr::IS, Vr::CS] {
        for asked in ["", " ", "*", "**"] {
            assert!(Matching::read(vr, asked, Ways::STANDARD).unwrap().is_universal(), "{vr} {asked:?}");
        }
    }
    assert!(matches(Vr::LO, "*", ""));
}

#[test]
fn sil_029_a_value_never_matches_what_has_none() {
    for (vr, asked) in
        [(Vr::LO, "A"), (Vr::LO, "A*"), (Vr::LO, "?"), (Vr::PN, "Doe"), (Vr::DA, "-20240101"), (Vr::IS, "0")]
    {
        assert!(!matches(vr, asked, ""), "{vr} {asked}");
    }
}

#[test]
fn sil_031_texts_are_case_sensitive_and_spaces_around_them_are_padding() {
    assert!(matches(Vr::LO, " ABC ", "ABC"));
    assert!(matches(Vr::SH, "ABC", " ABC "));
    assert!(!matches(Vr::LO, "abc", "ABC"));
    assert!(!matches(Vr::CS, "a*", "ABC"));
}

#[test]
fn a_nul_in_what_is_asked_is_no_character() {
    assert!(matches(Vr::LO, "AB\0C*\0", "ABCD"));
    assert!(matches(Vr::UI, "1.2.3\0\\1.2.4\0", "1.2.4"));
}

#[test]
fn sil_032_wild_cards() {
    let cases = [
        ("A*", "A", true),
        ("A*", "ABC", true),
        ("*C", "ABC", true),
        ("*B*", "ABC", true),
        ("A?C", "ABC", true),
        ("A?C", "AC", false),
        ("?", "Ä", true),
        ("A*B*C", "AxxByyBzC", true),
        ("A*B*C", "AxxByyBz", false),
        ("*AAB", "AAAAB", true),
        ("A\u{00e9}*", "A\u{00e9}", true),
        ("?*?", "A", false),
        ("***A***", "A", true),
        ("A*", "BA", false),
    ];
    for (asked, stored, expected) in cases {
        assert_eq!(matches(Vr::LO, asked, stored), expected, "{asked} {stored}");
    }
}

#[test]
fn wild_cards_are_no_way_into_endless_work() {
    let asked = format!("{}b", "*a".repeat(200));
    assert!(!matches(Vr::LO, &asked, &"a".repeat(4000)));
}

#[test]
fn dif_016_in_numbers_and_uids_there_are_no_wild_cards() {
    assert!(!matches(Vr::IS, "1*", "12"));
    assert!(matches(Vr::IS, "1*", "1*"));
    assert_eq!(unfit(Vr::UI, "1.2.*"), Some(Unfit::WildCardInUid));
    let ways = Ways { wild_card_in_any_vr: true, ..Ways::STANDARD };
    assert!(Matching::read(Vr::IS, "1*", ways).unwrap().matches("12", false));
}

#[test]
fn sil_033_numbers_match_by_value() {
    assert!(matches(Vr::IS, "7", "007"));
    assert!(matches(Vr::IS, "+7", "7 "));
    assert!(!matches(Vr::IS, "7", "70"));
    assert!(matches(Vr::DS, "1.50", "1.5"));
    assert!(matches(Vr::DS, "1e2", "100"));
    assert!(matches(Vr::US, "512", "512"));
    assert!(matches(Vr::IS, "seven", "seven"));
    assert!(!matches(Vr::IS, "inf", "infinity"));
}

#[test]
fn sil_030_names() {
    let cases = [
        ("DOE^JOHN", "Doe^John", true),
        ("Müller", "MULLER", true),
        ("muller*", "Müller^Jörg", true),
        ("Doe", "Doe^^^^", true),
        ("Doe^^", "Doe", true),
        ("Doe^*", "Doe", true),
        ("Doe^*", "Doe^John", true),
        ("Doe^*", "Doering^John", false),
        ("Doe*", "Doering^John", true),
        ("Doe", "Doe^John", false),
        ("*^John*", "Doe^John", true),
        ("*^^*", "Doe^John", true),
        ("?oe*", "Doe^John", true),
        ("Yamada*", "Yamada^Tarou=山田^太郎=やまだ^たろう", true),
        ("山田*", "Yamada^Tarou=山田^太郎=やまだ^たろう", true),
        ("やまだ^たろう", "Yamada^Tarou=山田^太郎=やまだ^たろう", true),
        ("Yamada*=山田*", "Yamada^Tarou=山田^太郎", true),
        ("=山田*", "Yamada^Tarou=山田^太郎", true),
        ("=Yamada*", "Yamada^Tarou=山田^太郎", false),
        ("山田*=", "Yamada^Tarou=山田^太郎", true),
        ("Tarou*", "Yamada^Tarou=山田^太郎", false),
    ];
    for (asked, stored, expected) in cases {
        assert_eq!(matches(Vr::PN, asked, stored), expected, "{asked} {stored}");
    }
    assert!(Matching::read(Vr::PN, "^^=", Ways::STANDARD).unwrap().is_universal());
}

#[test]
fn sil_035_ranges_of_dates() {
    let cases = [
        ("20240101-20240131", "20240101", true),
        ("20240101-20240131", "20240131", true),
        ("20240101-20240131", "20240201", false),
        ("-20240131", "19991231", true),
        ("20240131-", "20240130", false),
        ("20240131-", "20240131", true),
        ("20240101 - 20240131", "20240115", true),
        ("20240115", "2024.01.15", true),
        ("20240115", "rubbish", false),
        ("20240101-20240131", "", false),
    ];
    for (asked, stored, expected) in cases {
        assert_eq!(matches(Vr::DA, asked, stored), expected, "{asked} {stored}");
    }
    assert_eq!(unfit(Vr::DA, "20240131-20240101"), Some(Unfit::Reversed));
    assert_eq!(unfit(Vr::DA, "-"), Some(Unfit::EmptyRange));
    for asked in ["2024", "20240230", "202401*", "20240101-x", "20240101-20240102-20240103"] {
        assert_eq!(unfit(Vr::DA, asked), Some(Unfit::Date), "{asked}");
    }
}

#[test]
fn sil_034_times_by_meaning_and_in_ranges() {
    let cases = [
        ("2230", "223000", true),
        ("223000", "22:30", true),
        ("223000.0", "2230", true),
        ("2230", "223015", false),
        ("10-12", "125959.999", true),
        ("1000-1130", "113059", true),
        ("1000-1130", "113100", false),
        ("-09", "0930", true),
        ("09-", "085959", false),
    ];
    for (asked, stored, expected) in cases {
        assert_eq!(matches(Vr::TM, asked, stored), expected, "{asked} {stored}");
    }
    assert_eq!(unfit(Vr::TM, "2200-0600"), Some(Unfit::Reversed), "a range does not cross midnight");
    assert_eq!(unfit(Vr::TM, "25"), Some(Unfit::Time));
    assert_eq!(unfit(Vr::TM, "noon"), Some(Unfit::Time));
}

#[test]
fn moments_match_across_offsets() {
    assert!(matches(Vr::DT, "20240101120000+0100", "20240101110000+0000"));
    assert!(matches(Vr::DT, "20240101-0500-20240102-0500", "20240101050000+0000"));
    assert!(matches(Vr::DT, "2024-2025", "20250630"));
    assert_eq!(unfit(Vr::DT, "tomorrow"), Some(Unfit::DateTime));
}

#[test]
fn sil_040_lists_of_uids() {
    let list = Matching::read(Vr::UI, "1.2.3\\1.2.4\\1.2.3\\", Ways::STANDARD).unwrap();
    assert_eq!(list, Matching::Uids(vec!["1.2.3".to_owned(), "1.2.4".to_owned()]));
    assert!(list.matches("1.2.4", false));
    assert!(list.matches("1.2.4\0", false));
    assert!(!list.matches("1.2.5", false));
}

#[test]
fn sil_041_several_values_ask_for_one_of_them_or_are_refused() {
    assert!(matches(Vr::CS, "CT\\MR", "MR"));
    assert!(matches(Vr::DA, "20240101\\20240103", "20240103"));
    assert!(matches(Vr::CS, "CT\\", "anything"), "an empty value asks nothing");
    let ways = Ways { several_values: SeveralValues::Refused, ..Ways::STANDARD };
    assert_eq!(Matching::read(Vr::CS, "CT\\MR", ways), Err(Unfit::SeveralValues));
    assert!(Matching::read(Vr::UI, "1.2\\1.3", ways).is_ok());
}

#[test]
fn sil_042_one_value_of_a_stored_attribute_is_enough() {
    let matching = Matching::read(Vr::CS, "CT", Ways::STANDARD).unwrap();
    assert!(matching.matches("CT\\SR", true));
    assert!(!matching.matches("CT\\SR", false));
}

#[test]
fn dif_017_ways_that_are_not_offered_are_said_so() {
    let single = Ways { letters: Letters { single: true, ..Letters::NONE }, ..Ways::STANDARD };
    assert!(matches!(Matching::read(Vr::CS, "C*", single), Err(Unfit::NotOffered(_))));
    assert!(matches!(Matching::read(Vr::DA, "20240101-", single), Err(Unfit::NotOffered(_))));
    assert!(matches!(Matching::read(Vr::UI, "1.2\\1.3", single), Err(Unfit::NotOffered(_))));
    assert!(Matching::read(Vr::CS, "CT", single).is_ok());
    let range = Ways { letters: Letters { range: true, ..Letters::NONE }, ..Ways::STANDARD };
    assert!(matches!(Matching::read(Vr::TM, "2230", range), Err(Unfit::NotOffered(_))), "dif_015");
    assert!(Matching::read(Vr::TM, "2230-2240", range).is_ok());
}

#[test]
fn long_values_are_refused_before_they_cost() {
    assert_eq!(unfit(Vr::LO, &"a*".repeat(1000)), Some(Unfit::TooLong));
    assert_eq!(unfit(Vr::LO, &"a".repeat(5000)), Some(Unfit::TooLong));
    assert_eq!(unfit(Vr::UI, &"1.2\\".repeat(100_000)), None);
}
