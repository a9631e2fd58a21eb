//! Whether a value that somebody types is one of its value representation (PS3.5 6.2).

use dataset::CharacterSet;
use vocabulary::{Level, Vr};

use crate::keys::Key;
use crate::normal;

/// Whether an attribute of a patient, study or series can be given another value.
pub fn can_be_given(key: &Key) -> bool {
    key.level < Level::Image && key.vr.is_text() && key.vr != Vr::UI && key.is_of_data_sets()
}

/// Takes the value, or values with backslashes between them, that an attribute is to have; or says what is wrong
/// with it: a clause.
///
/// # Errors
/// When the attribute cannot be given a value, or not this one.
pub fn value(key: &Key, text: &str) -> Result<String, String> {
    if key.vr == Vr::UI {
        return Err("UIDs stay what they are".to_owned());
    }
    if !key.vr.is_text() || !key.is_of_data_sets() {
        return Err(format!("it is no text that could be given ({})", key.vr));
    }
    let text = text.trim_end_matches(' ');
    if text.is_empty() {
        return Ok(String::new());
    }
    let is_one = matches!(key.vr, Vr::LT | Vr::ST | Vr::UT | Vr::UR);
    if !key.multiple && !is_one && text.contains('\\') {
        return Err("it has one value, and a backslash parts values".to_owned());
    }
    let each = if is_one { vec![text] } else { text.split('\\').collect() };
    for one in each {
        single(key, one).map_err(|why| format!("\"{}\" {why}", one.escape_debug()))?;
    }
    Ok(text.to_owned())
}

fn single(key: &Key, text: &str) -> Result<(), String> {
    let characters = text.chars().count();
    let longest = |most: usize| match characters > most {
        true => Err(format!("has {characters} characters, {} takes {most}", key.vr)),
        false => Ok(()),
    };
    let is_control =
        |c: char| c.is_control() && !(takes_lines(key.vr) && matches!(c, '\n' | '\r' | '\t' | '\u{c}'));
    if text.chars().any(is_control) {
        return Err("has a control character".to_owned());
    }
    if !key.vr.uses_specific_character_set() && !text.is_ascii() {
        return Err(format!("has characters that {} does not take", key.vr));
    }
    if CharacterSet::utf8().encode(text, key.vr).is_none() {
        return Err("cannot be written in UTF-8".to_owned());
    }
    let must = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
    match key.vr {
        Vr::PN => name(text),
        Vr::LO => longest(64),
        Vr::SH => longest(16),
        Vr::ST => longest(1024),
        Vr::LT => longest(10_240),
        Vr::AE => longest(16),
        Vr::CS => {
            longest(16)?;
            let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, ' ' | '_');
            must(text.chars().all(fits), "is no code: capitals, digits, space and underscore")?;
            let is_sex = key.keyword == "PatientSex";
            must(!is_sex || matches!(text, "M" | "F" | "O"), "is none of M, F and O")
        }
        Vr::DA => must(text.len() == 8 && normal::day(text).is_some(), "is no date: YYYYMMDD"),
        Vr::TM => must(!text.contains(':') && normal::times(text).is_some(), "is no time: HHMMSS"),
        Vr::DT => must(normal::moments(text).is_some(), "is no date with time: YYYYMMDDHHMMSS"),
        Vr::IS => must(text.len() <= 12 && text.trim().parse::<i32>().is_ok(), "is no whole number"),
        Vr::DS => {
            let is_number = text.trim().parse::<f64>().is_ok_and(f64::is_finite);
            must(text.len() <= 16 && is_number, "is no decimal number of 16 characters at most")
        }
        Vr::AS => {
            let digits = text.strip_suffix(['D', 'W', 'M', 'Y']).unwrap_or_default();
            let is_age = digits.len() == 3 && digits.bytes().all(|digit| digit.is_ascii_digit());
            must(is_age, "is no age: three digits and D, W, M or Y")
        }
        _ => Ok(()),
    }
}

fn takes_lines(vr: Vr) -> bool {
    matches!(vr, Vr::LT | Vr::ST | Vr::UT)
}

/// A person name (PS3.5 6.2.1): three groups at most, each of five components and 64 characters at most.
fn name(text: &str) -> Result<(), String> {
    let groups: Vec<&str> = text.split('=').collect();
    if groups.len() > 3 {
        return Err("has more than three groups of a name".to_owned());
    }
    for group in groups {
        if group.chars().count() > 64 {
            return Err("has more than 64 characters in a group of the name".to_owned());
        }
        if group.split('^').count() > 5 {
            return Err("has more than five components in a group of the name".to_owned());
        }
    }
    Ok(())
}
