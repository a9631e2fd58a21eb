//! Character sets.

use dataset::CharacterSet;
use vocabulary::Vr;

const VRS: [Vr; 7] = [Vr::PN, Vr::LO, Vr::SH, Vr::ST, Vr::LT, Vr::UT, Vr::CS];

/// Specific Character Set up to the first line feed, a text behind it.
pub fn character_set(bytes: &[u8]) {
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (terms, text) = bytes.split_at(at);
    let text = text.get(1..).unwrap_or_default();
    let set = CharacterSet::from_value(terms);
    let spelt = set.value();
    let again = CharacterSet::from_value(spelt.as_bytes());
    if set.is_understood() {
        assert_eq!(again.value(), spelt, "a spelling of the standard stays what it is");
    }
    for vr in VRS {
        let decoded = set.decode(text, vr);
        dataset::character_set::trimmed(decoded.text.clone(), vr);
        dataset::character_set::split_values(&decoded.text, vr);
        assert!(decoded.text.len() <= text.len() * 8 + 8, "a text grows no more than its characters do");
        let Some(encoded) = set.encode(&decoded.text, vr) else { continue };
        let returned = set.decode(&encoded, vr);
        assert_eq!(returned.text, decoded.text, "{vr:?} in {spelt:?}");
    }
}
