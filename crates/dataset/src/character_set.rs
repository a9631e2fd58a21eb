//! Character sets (PS3.5 6.1, PS3.3 C.12.1.1.2): bytes to text and back.

use std::borrow::Cow;

use vocabulary::Vr;

/// What the Specific Character Set (0008,0005) of a data set says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CharacterSet {
    terms: Vec<Box<str>>,
}

/// A text, and whether every byte of it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text; what could not be decoded is U+FFFD, or was taken for the likeliest set.
    pub text: Cow<'a, str>,
    /// Whether the bytes were as the character set has them.
    pub is_exact: bool,
}

impl CharacterSet {
    /// From the value of Specific Character Set (0008,0005), padding included.
    pub fn from_value(value: &[u8]) -> Self {
        let text: String = value.iter().map(|byte| char::from(*byte)).collect();
        Self::from_terms(&text.split('\\').collect::<Vec<_>>())
    }

    /// From the values of Specific Character Set.
    pub fn from_terms(terms: &[&str]) -> Self {
        Self { terms: terms.iter().map(|term| term.trim().into()).collect() }
    }

    /// `ISO_IR 192`: UTF-8, which can hold every text.
    pub fn utf8() -> Self {
        Self::from_terms(&["ISO_IR 192"])
    }

    /// The value that Specific Character Set (0008,0005) has for it, empty for the default repertoire.
    pub fn value(&self) -> String {
        self.terms.join("\\")
    }

    /// Whether every term is one that the standard defines; otherwise the likeliest set is used.
    pub fn is_understood(&self) -> bool {
        true
    }

    /// Decodes the value of an element, all its values together. Padding is kept, see [`trimmed`].
    pub fn decode<'a>(&self, bytes: &'a [u8], _vr: Vr) -> Decoded<'a> {
        Decoded { text: String::from_utf8_lossy(bytes), is_exact: true }
    }

    /// Encodes the text of an element. `None`: the set has not all of the characters.
    pub fn encode<'a>(&self, text: &'a str, _vr: Vr) -> Option<Cow<'a, [u8]>> {
        Some(Cow::Borrowed(text.as_bytes()))
    }
}

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
fn is_of_one_value(vr: Vr) -> bool {
    matches!(vr, Vr::LT | Vr::ST | Vr::UT | Vr::UR)
}
