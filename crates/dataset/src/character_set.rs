//! Character sets (PS3.5 6.1, PS3.3 C.12.1.1.2): bytes to text and back.
//!
//! In: the value of Specific Character Set (0008,0005) and the bytes of a text. Out: the text, and whether the
//! bytes were what the set says; instances that lie about their set are too many to refuse.
//!
//! Read [`sets`], which graphic characters there are, then [`iso_2022`], how they are switched between.

use std::borrow::Cow;

use encoding_rs::{GB18030, GBK};
use vocabulary::Vr;

mod iso_2022;
mod sets;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use values::integer;
pub use values::{split_values, trimmed};

use iso_2022::Designated;
use sets::Set;

/// What the Specific Character Set (0008,0005) of a data set says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CharacterSet {
    repertoire: Repertoire,
    /// The values, in the spelling of the standard.
    terms: Vec<Cow<'static, str>>,
    is_understood: bool,
}

/// Which characters there are, and how they are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Repertoire {
    /// One set of graphic characters or several that are switched between by escape sequences.
    Iso2022 {
        initial: Designated,
        listed: Vec<Set>,
    },
    /// The sets that stand alone and know no escape sequences (PS3.5 6.1.2.4, 6.1.2.5).
    Utf8,
    Gb18030,
    Gbk,
}

/// A text, and whether every byte of it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text. Bytes outside of the character set are taken for what they are likeliest to be, or are U+FFFD.
    pub text: Cow<'a, str>,
    /// Whether all bytes were of the character set.
    pub is_exact: bool,
}

impl Default for CharacterSet {
    /// The default repertoire: ISO-IR 6, ASCII.
    fn default() -> Self {
        Self::iso_2022(Designated { g0: Set::Ascii, g1: None }, Vec::new(), Vec::new(), true)
    }
}

impl CharacterSet {
    /// From the value of Specific Character Set (0008,0005), padding included.
    pub fn from_value(value: &[u8]) -> Self {
        let text: String = value.iter().map(|byte| char::from(*byte)).collect();
        Self::from_terms(&text.split('\\').collect::<Vec<_>>())
    }

    /// From the values of Specific Character Set.
    ///
    /// Terms that are misspelt but cannot mean anything else are taken for what they mean (`ISO-IR 100`,
    /// `ISO_2022_IR_6`, `UTF-8`); others are passed over, and [`CharacterSet::is_understood`] says so.
    pub fn from_terms(terms: &[&str]) -> Self {
        let terms: Vec<Term> = terms.iter().map(|term| Term::parse(term)).collect();
        let mut is_understood = !terms.iter().any(|term| matches!(term, Term::Unknown(_)));
        let alone = |repertoire, term| Self {
            repertoire,
            terms: vec![Cow::Borrowed(term)],
            is_understood: terms.len() == 1,
        };
        match terms.first() {
            Some(Term::Utf8) => return alone(Repertoire::Utf8, "ISO_IR 192"),
            Some(Term::Gb18030) => return alone(Repertoire::Gb18030, "GB18030"),
            Some(Term::Gbk) => return alone(Repertoire::Gbk, "GBK"),
            _ => {}
        }
        let mut listed = Vec::new();
        let mut initial = Designated { g0: Set::Ascii, g1: None };
        for (at, term) in terms.iter().enumerate() {
            match term {
                // ASCII is there from the start.
                Term::Ir(6) if at == 0 => {}
                Term::Ir(number) => {
                    let sets = sets::of_registration(*number);
                    if at == 0 {
                        initial = Designated::first_of(&sets);
                    }
                    listed.extend(sets);
                }
                Term::Default => {}
                // A set that stands alone does not stand behind others.
                Term::Utf8 | Term::Gb18030 | Term::Gbk | Term::Unknown(_) => is_understood = false,
            }
        }
        let extended = terms.len() > 1;
        let spelt = terms.iter().map(|term| term.spelt(extended)).collect::<Vec<_>>();
        let spelt = if spelt.iter().all(|term| term.is_empty()) { Vec::new() } else { spelt };
        Self::iso_2022(initial, listed, spelt, is_understood)
    }

    /// `ISO_IR 192`: UTF-8, which can hold every text.
    pub fn utf8() -> Self {
        Self { repertoire: Repertoire::Utf8, terms: vec![Cow::Borrowed("ISO_IR 192")], is_understood: true }
    }

    fn iso_2022(
        initial: Designated,
        listed: Vec<Set>,
        terms: Vec<Cow<'static, str>>,
        is_understood: bool,
    ) -> Self {
        Self { repertoire: Repertoire::Iso2022 { initial, listed }, terms, is_understood }
    }

    /// The value that Specific Character Set (0008,0005) has for it, in the spelling of the standard; empty for
    /// the default repertoire.
    pub fn value(&self) -> String {
        self.terms.join("\\")
    }

    /// Whether every term was one that the standard defines, or could only mean one; text is decoded as well
    /// as it can be where not.
    pub fn is_understood(&self) -> bool {
        self.is_understood
    }

    /// Whether it is the default repertoire alone, for which Specific Character Set is left out.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Decodes the value of an element, all its values together. Padding is kept, see [`trimmed`].
    ///
    /// A VR without Specific Character Set (PS3.5 6.1.2.3) is of the default repertoire.
    pub fn decode<'a>(&self, bytes: &'a [u8], vr: Vr) -> Decoded<'a> {
        let plain = self.is_plain(bytes, vr).then(|| std::str::from_utf8(bytes).ok()).flatten();
        if let Some(text) = plain {
            return Decoded { text: Cow::Borrowed(text), is_exact: true };
        }
        if !vr.uses_specific_character_set() {
            return Decoded { text: iso_2022::guess(bytes), is_exact: bytes.is_ascii() };
        }
        match &self.repertoire {
            Repertoire::Iso2022 { initial, listed } => {
                let (text, is_exact) = iso_2022::decode(bytes, *initial, listed, vr);
                Decoded { text: Cow::Owned(text), is_exact }
            }
            Repertoire::Utf8 => {
                Decoded { text: iso_2022::guess(bytes), is_exact: std::str::from_utf8(bytes).is_ok() }
            }
            Repertoire::Gb18030 => by_encoding(GB18030, bytes),
            Repertoire::Gbk => by_encoding(GBK, bytes),
        }
    }

    /// Encodes the text of an element. `None`: the set has not all of the characters.
    ///
    /// JIS X 0212 is decoded but not encoded: its characters count as missing.
    pub fn encode<'a>(&self, text: &'a str, vr: Vr) -> Option<Cow<'a, [u8]>> {
        if self.is_plain(text.as_bytes(), vr) {
            return Some(Cow::Borrowed(text.as_bytes()));
        }
        if !vr.uses_specific_character_set() {
            return None;
        }
        match &self.repertoire {
            Repertoire::Iso2022 { initial, listed } => {
                iso_2022::encode(text, *initial, listed, vr).map(Cow::Owned)
            }
            Repertoire::Utf8 => Some(Cow::Borrowed(text.as_bytes())),
            Repertoire::Gb18030 => encode_by(GB18030, text),
            Repertoire::Gbk => encode_by(GBK, text),
        }
    }

    /// Whether the bytes are ASCII, and ASCII means itself.
    fn is_plain(&self, bytes: &[u8], vr: Vr) -> bool {
        if !bytes.is_ascii() {
            return false;
        }
        match &self.repertoire {
            Repertoire::Iso2022 { initial, .. } if vr.uses_specific_character_set() => {
                !bytes.contains(&iso_2022::ESC)
                    && (initial.g0 == Set::Ascii || !bytes.iter().any(|byte| matches!(byte, b'\\' | b'~')))
            }
            _ => true,
        }
    }
}

/// A character set that data sets may have: the table of a conformance statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supported {
    /// The term without code extensions; empty for the default repertoire; `None`: only with them.
    pub term: Option<String>,
    /// The term with code extensions; `None`: only without.
    pub extended_term: Option<String>,
    /// What it holds.
    pub holds: &'static str,
}

/// Every character set that is read and written.
pub fn supported() -> Vec<Supported> {
    let registered = sets::REPERTOIRES.iter().map(|(number, holds)| {
        let [term, extended_term] =
            [false, true].map(|extended| Term::Ir(*number).spelt(extended).into_owned());
        Supported { term: (term != extended_term).then_some(term), extended_term: Some(extended_term), holds }
    });
    let alone = [
        (Term::Utf8, "Unicode (UTF-8)"),
        (Term::Gb18030, "Chinese (GB 18030)"),
        (Term::Gbk, "Simplified Chinese (GBK)"),
    ]
    .map(|(term, holds)| Supported {
        term: Some(term.spelt(false).into_owned()),
        extended_term: None,
        holds,
    });
    registered.chain(alone).collect()
}

fn by_encoding<'a>(encoding: &'static encoding_rs::Encoding, bytes: &'a [u8]) -> Decoded<'a> {
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    Decoded { text, is_exact: !had_errors }
}

fn encode_by<'a>(encoding: &'static encoding_rs::Encoding, text: &'a str) -> Option<Cow<'a, [u8]>> {
    let (bytes, _, unmappable) = encoding.encode(text);
    (!unmappable).then_some(bytes)
}

/// One value of Specific Character Set.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    /// Empty, which as the first of several means ISO-IR 6.
    Default,
    /// A set by its ISO registration number.
    Ir(u16),
    Utf8,
    Gb18030,
    Gbk,
    Unknown(Box<str>),
}

impl Term {
    fn parse(term: &str) -> Self {
        let trimmed = term.trim_matches([' ', '\0']);
        // How a term is parted is what is misspelt most: "ISO-IR 100", "ISO IR 100", "ISO_2022_IR_6".
        let letters: String =
            trimmed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
        let number = letters.strip_prefix("ISO").map_or(letters.as_str(), |rest| {
            rest.strip_prefix("2022").filter(|rest| !rest.is_empty()).unwrap_or(rest)
        });
        let number = number.strip_prefix("IR").and_then(|digits| digits.parse::<u16>().ok());
        match (letters.as_str(), number) {
            ("", _) if trimmed.is_empty() => Self::Default,
            ("GB18030" | "ISO2022GB18030", _) => Self::Gb18030,
            ("GBK" | "ISO2022GBK" | "GB2312", _) => Self::Gbk,
            ("UTF8" | "ISO10646", _) | (_, Some(192)) => Self::Utf8,
            ("ASCII" | "USASCII", _) => Self::Ir(6),
            ("ISO88591" | "LATIN1", _) => Self::Ir(100),
            ("ISO88592" | "LATIN2", _) => Self::Ir(101),
            ("ISO88595", _) => Self::Ir(144),
            ("ISO88596", _) => Self::Ir(127),
            ("ISO88597", _) => Self::Ir(126),
            ("ISO88598", _) => Self::Ir(138),
            ("ISO88599" | "LATIN5", _) => Self::Ir(148),
            ("ISO885915" | "LATIN9", _) => Self::Ir(203),
            (_, Some(number)) if !sets::of_registration(number).is_empty() => Self::Ir(number),
            _ => Self::Unknown(trimmed.into()),
        }
    }

    /// The spelling of PS3.3 C.12.1.1.2, with code extensions or without.
    fn spelt(&self, extended: bool) -> Cow<'static, str> {
        match self {
            Self::Default => Cow::Borrowed(""),
            Self::Ir(6) if !extended => Cow::Borrowed(""),
            // The sets of two bytes are there with code extensions only.
            Self::Ir(number @ (58 | 87 | 149 | 159)) => format!("ISO 2022 IR {number}").into(),
            Self::Ir(number) if extended => format!("ISO 2022 IR {number}").into(),
            Self::Ir(number) => format!("ISO_IR {number}").into(),
            Self::Utf8 => Cow::Borrowed("ISO_IR 192"),
            Self::Gb18030 => Cow::Borrowed("GB18030"),
            Self::Gbk => Cow::Borrowed("GBK"),
            Self::Unknown(term) => Cow::Owned(term.to_string()),
        }
    }
}
