//! The sets of graphic characters (PS3.3 tables C.12-2 to C.12-4) and their escape sequences.

use encoding_rs::{
    EUC_JP, EUC_KR, Encoding, GBK, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5, ISO_8859_6, ISO_8859_7,
    ISO_8859_8, ISO_8859_15, WINDOWS_874, WINDOWS_1252,
};

/// A set of graphic characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    Ascii,
    /// The left half of JIS X 0201: ASCII with yen and overline in place of backslash and tilde.
    Romaji,
    /// The right half of JIS X 0201.
    Katakana,
    Latin1,
    Latin2,
    Latin3,
    Latin4,
    Cyrillic,
    Arabic,
    Greek,
    Hebrew,
    Latin5,
    Latin9,
    Thai,
    JisX0208,
    JisX0212,
    KsX1001,
    Gb2312,
}

/// Where an escape sequence puts a set: the code elements of PS3.5 6.1.2.5.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    /// G0, bytes 21 to 7E.
    Left,
    /// G1, bytes A0 to FF.
    Right,
}

/// One way to call a set.
pub(super) struct Designation {
    pub(super) escape: &'static [u8],
    pub(super) set: Set,
    pub(super) half: Half,
    /// The ISO registration number that names it in Specific Character Set; 0 for forms that only occur.
    registration: u16,
}

impl Designation {
    /// The number by which Specific Character Set names the set; 0: it does not.
    #[cfg(test)]
    pub(super) fn registration(&self) -> u16 {
        self.registration
    }
}

const fn row(escape: &'static [u8], set: Set, half: Half, registration: u16) -> Designation {
    Designation { escape, set, half, registration }
}

/// Every escape sequence of PS3.3 tables C.12-3 and C.12-4, and at the end some that are not DICOM's and occur.
pub(super) static DESIGNATIONS: &[Designation] = &[
    row(b"\x1b(B", Set::Ascii, Half::Left, 6),
    row(b"\x1b-A", Set::Latin1, Half::Right, 100),
    row(b"\x1b-B", Set::Latin2, Half::Right, 101),
    row(b"\x1b-C", Set::Latin3, Half::Right, 109),
    row(b"\x1b-D", Set::Latin4, Half::Right, 110),
    row(b"\x1b-L", Set::Cyrillic, Half::Right, 144),
    row(b"\x1b-G", Set::Arabic, Half::Right, 127),
    row(b"\x1b-F", Set::Greek, Half::Right, 126),
    row(b"\x1b-H", Set::Hebrew, Half::Right, 138),
    row(b"\x1b-M", Set::Latin5, Half::Right, 148),
    row(b"\x1b-b", Set::Latin9, Half::Right, 203),
    row(b"\x1b(J", Set::Romaji, Half::Left, 13),
    row(b"\x1b)I", Set::Katakana, Half::Right, 13),
    row(b"\x1b-T", Set::Thai, Half::Right, 166),
    row(b"\x1b$B", Set::JisX0208, Half::Left, 87),
    row(b"\x1b$(D", Set::JisX0212, Half::Left, 159),
    row(b"\x1b$)C", Set::KsX1001, Half::Right, 149),
    row(b"\x1b$)A", Set::Gb2312, Half::Right, 58),
    row(b"\x1b$@", Set::JisX0208, Half::Left, 0),
    row(b"\x1b(I", Set::Katakana, Half::Left, 0),
    row(b"\x1b$(C", Set::KsX1001, Half::Left, 0),
    row(b"\x1b$A", Set::Gb2312, Half::Left, 0),
];

/// What the repertoires that Specific Character Set names are for, by their registration numbers.
pub(super) const REPERTOIRES: &[(u16, &str)] = &[
    (6, "Default repertoire (ASCII)"),
    (100, "Latin alphabet No. 1"),
    (101, "Latin alphabet No. 2"),
    (109, "Latin alphabet No. 3"),
    (110, "Latin alphabet No. 4"),
    (144, "Cyrillic"),
    (127, "Arabic"),
    (126, "Greek"),
    (138, "Hebrew"),
    (148, "Latin alphabet No. 5"),
    (203, "Latin alphabet No. 9"),
    (13, "Japanese: katakana and romaji (JIS X 0201)"),
    (166, "Thai"),
    (87, "Japanese: kanji (JIS X 0208)"),
    (159, "Japanese: supplementary kanji (JIS X 0212), read but not written"),
    (149, "Korean (KS X 1001)"),
    (58, "Simplified Chinese (GB 2312)"),
];

/// The sets of a registration number, the left one first; none if DICOM has no such number.
pub(super) fn of_registration(number: u16) -> Vec<Set> {
    let rows = DESIGNATIONS.iter().filter(|row| row.registration == number && number != 0);
    rows.map(|row| row.set).collect()
}

impl Set {
    /// How DICOM calls the set.
    pub(super) fn designation(self) -> Option<&'static Designation> {
        DESIGNATIONS.iter().find(|row| row.set == self)
    }

    /// Whether a character is two bytes.
    pub(super) fn is_double(self) -> bool {
        matches!(self, Self::JisX0208 | Self::JisX0212 | Self::KsX1001 | Self::Gb2312)
    }

    /// What decodes the right half of a set, or a set of two bytes.
    fn encoding(self) -> &'static Encoding {
        match self {
            // Their own arms below; windows-1252 has the printable part of Latin 1.
            Self::Ascii | Self::Romaji | Self::Katakana | Self::Latin1 | Self::Latin5 => WINDOWS_1252,
            Self::Latin2 => ISO_8859_2,
            Self::Latin3 => ISO_8859_3,
            Self::Latin4 => ISO_8859_4,
            Self::Cyrillic => ISO_8859_5,
            Self::Arabic => ISO_8859_6,
            Self::Greek => ISO_8859_7,
            Self::Hebrew => ISO_8859_8,
            Self::Latin9 => ISO_8859_15,
            Self::Thai => WINDOWS_874,
            Self::JisX0208 | Self::JisX0212 => EUC_JP,
            Self::KsX1001 => EUC_KR,
            Self::Gb2312 => GBK,
        }
    }

    /// Decodes a run of bytes with their high bit set. Whether all of them were of the set.
    pub(super) fn decode(self, run: &[u8], into: &mut String) -> bool {
        match self {
            Self::Katakana => {
                into.extend(run.iter().map(|byte| katakana(*byte).unwrap_or(char::REPLACEMENT_CHARACTER)));
                run.iter().all(|byte| katakana(*byte).is_some())
            }
            Self::Latin5 => {
                for byte in run {
                    match LATIN_5.iter().find(|(code, _)| code == byte) {
                        Some((_, character)) => into.push(*character),
                        None => into.push(char::from(*byte)),
                    }
                }
                run.iter().all(|byte| *byte >= 0xA0)
            }
            Self::JisX0212 => {
                // EUC-JP has them behind a third byte.
                let euc: Vec<u8> = run.chunks(2).flat_map(|pair| [&[0x8F], pair].concat()).collect();
                self.decode_by_encoding(&euc, into)
            }
            _ => {
                let exact = self.decode_by_encoding(run, into);
                exact && run.iter().all(|byte| *byte >= 0xA0)
            }
        }
    }

    fn decode_by_encoding(self, bytes: &[u8], into: &mut String) -> bool {
        let (text, had_errors) = self.encoding().decode_without_bom_handling(bytes);
        into.push_str(&text);
        !had_errors
    }

    /// The byte or the two bytes of a character, high bit set; for a left set of one byte as they are.
    pub(super) fn encode(self, character: char) -> Option<Code> {
        let one = |byte| Some(Code { bytes: [byte, 0], len: 1 });
        match self {
            Self::Ascii => {
                (' '..='~').contains(&character).then_some(Code { bytes: [character as u8, 0], len: 1 })
            }
            Self::Romaji => match character {
                '\u{A5}' => one(b'\\'),
                '\u{203E}' => one(b'~'),
                '~' | '\\' => None,
                _ => Self::Ascii.encode(character),
            },
            Self::Katakana => (0xA1..=0xDF).find(|byte| katakana(*byte) == Some(character)).and_then(one),
            Self::Latin5 => match LATIN_5.iter().find(|(_, other)| *other == character) {
                Some((byte, _)) => one(*byte),
                None if LATIN_5.iter().any(|(byte, _)| char::from(*byte) == character) => None,
                None => Self::Latin1.encode(character),
            },
            Self::JisX0212 => None,
            _ => {
                let mut utf8 = [0; 4];
                let (bytes, _, unmappable) = self.encoding().encode(character.encode_utf8(&mut utf8));
                if unmappable || bytes.iter().any(|byte| *byte < 0xA0) || self.lacks(&bytes) {
                    return None;
                }
                match (&*bytes, self.is_double()) {
                    ([byte], false) => one(*byte),
                    ([first, second], true) => Some(Code { bytes: [*first, *second], len: 2 }),
                    _ => None,
                }
            }
        }
    }

    /// Places that the encoding fills and the set of DICOM leaves empty.
    fn lacks(self, bytes: &[u8]) -> bool {
        match self {
            // ISO 8859-7 of 2003 is not ISO-IR 126.
            Self::Greek => matches!(bytes, [0xA4 | 0xA5 | 0xAA]),
            // GB 2312 has 94 by 94 places; GBK begins lower, and fills the gaps.
            Self::Gb2312 => !matches!(bytes, [0xA1..=0xA9 | 0xB0..=0xF7, 0xA1..=0xFE]),
            Self::KsX1001 => !matches!(bytes, [0xA1..=0xFE, 0xA1..=0xFE]),
            _ => false,
        }
    }
}

/// The code of a character in a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code {
    bytes: [u8; 2],
    len: usize,
}

impl Code {
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Where ISO 8859-9 differs from ISO 8859-1.
const LATIN_5: [(u8, char); 6] =
    [(0xD0, 'Ğ'), (0xDD, 'İ'), (0xDE, 'Ş'), (0xF0, 'ğ'), (0xFD, 'ı'), (0xFE, 'ş')];

/// The character of the right half of JIS X 0201: halfwidth forms, in the same order in Unicode.
pub(super) fn katakana(byte: u8) -> Option<char> {
    match byte {
        0xA1..=0xDF => char::from_u32(0xFF61 + u32::from(byte - 0xA1)),
        _ => None,
    }
}
