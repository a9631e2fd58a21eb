//! The values that a text consists of (PS3.5 6.2, 6.4).

use std::borrow::Cow;

use vocabulary::Vr;

/// Takes the padding off a text: NUL and spaces at its end, and spaces in front of it where the VR has
/// them not significant (PS3.5 6.2).
pub fn trimmed(text: Cow<'_, str>, vr: Vr) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(trim(text, vr)),
        Cow::Owned(text) => match trim(&text, vr) {
            kept if kept.len() == text.len() => Cow::Owned(text),
            kept => Cow::Owned(kept.to_owned()),
        },
    }
}

/// The values of a text: parted by backslashes where the VR allows several (PS3.5 6.4), none if it is empty,
/// each without padding.
pub fn split_values(text: &str, vr: Vr) -> Vec<String> {
    let whole = trim(text, vr);
    if whole.is_empty() {
        return Vec::new();
    }
    if is_of_one_value(vr) {
        return vec![whole.to_owned()];
    }
    whole.split('\\').map(|value| trim(value, vr).to_owned()).collect()
}

/// The first value of an element as a whole number.
pub(crate) fn integer(value: &[u8], vr: Vr) -> Option<i64> {
    match vr {
        Vr::US => value.first_chunk().map(|bytes| i64::from(u16::from_le_bytes(*bytes))),
        Vr::SS => value.first_chunk().map(|bytes| i64::from(i16::from_le_bytes(*bytes))),
        Vr::UL => value.first_chunk().map(|bytes| i64::from(u32::from_le_bytes(*bytes))),
        Vr::SL => value.first_chunk().map(|bytes| i64::from(i32::from_le_bytes(*bytes))),
        Vr::SV => value.first_chunk().map(|bytes| i64::from_le_bytes(*bytes)),
        Vr::UV => i64::try_from(u64::from_le_bytes(*value.first_chunk()?)).ok(),
        _ => {
            let first = std::str::from_utf8(value).ok()?.split('\\').next()?.trim_matches([' ', '\0']);
            match first.split_once('.') {
                Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole.parse().ok(),
                _ => first.parse().ok(),
            }
        }
    }
}

fn trim(text: &str, vr: Vr) -> &str {
    let text = text.trim_end_matches([' ', '\0']);
    if is_of_one_value(vr) { text } else { text.trim_start_matches(' ') }
}

/// Whether a backslash is a character like others, and spaces in front are significant.
pub(super) fn is_of_one_value(vr: Vr) -> bool {
    matches!(vr, Vr::LT | Vr::ST | Vr::UT | Vr::UR)
}
