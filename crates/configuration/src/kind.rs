//! What a value may look like, and how its text is read.

use std::time::Duration;

use crate::passcode_hash::{self, is_passcode_hash};
use crate::quantity;
use crate::value::Value;
use crate::words::Word;
use crate::{AddressRange, AeTitle, Uid};

/// Characters of a value that an error or a log line repeats.
pub(crate) const SHOWN_CHARACTERS_MAX: usize = 60;

/// The longest decimal string (PS3.5 6.2).
const DECIMAL_CHARACTERS_MAX: usize = 16;

/// Whether a text is a decimal string: digits, with a sign, a point and an exponent where they belong.
fn is_decimal(text: &str) -> bool {
    let of_digits = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E'));
    of_digits && text.len() <= DECIMAL_CHARACTERS_MAX && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Whether a text is a date (PS3.5 6.2, DA) of the kind that calendars have.
fn is_date(text: &str) -> bool {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    text.len() == 8
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && number(4, 6).is_some_and(|month| (1..=12).contains(&month))
        && number(6, 8).is_some_and(|day| (1..=31).contains(&day))
}

/// What a value of a setting looks like. Bounds are inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Count {
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
    },
    /// A time with its unit.
    Duration {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// A number of bytes.
    Bytes {
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
    },
    /// Text on one line.
    Text {
        /// The longest, in characters.
        characters_max: usize,
    },
    /// A path as [`Kind::Path`] has it, or `off`.
    PathOrOff,
    /// A hash of a passcode as a PHC string, or `off`.
    PasscodeHash,
    /// A path; a relative one starts from the directory that the server was started in.
    Path,
    /// An AE title.
    AeTitle,
    /// A UID.
    Uid,
    /// An address and a port to listen on.
    Address,
    /// An address and a port to listen on, or `off`.
    AddressOrOff,
    /// A range of IP addresses.
    AddressRange,
    /// A number with or without a fraction, as VR DS has it, or `off`.
    DecimalOrOff,
    /// Text on one line that an attribute can have as its value, or `off`.
    TextOrOff {
        /// The longest, in characters.
        characters_max: usize,
    },
    /// A date as VR DA has it, or `off`.
    DateOrOff,
    /// One of a few words.
    Word(&'static [Word]),
    /// Any number of values of one kind.
    List(&'static Kind),
}

impl Kind {
    /// Reads a value as it is written on the command line, in an environment variable, or between the quotes of
    /// the file. `None`: not allowed.
    pub fn read(&self, text: &str) -> Option<Value> {
        let text = text.trim();
        match self {
            Self::Flag => match text {
                "true" => Some(Value::Flag(true)),
                "false" => Some(Value::Flag(false)),
                _ => None,
            },
            Self::Count { min, max } => {
                let count = quantity::whole_number(text)?;
                (*min..=*max).contains(&count).then_some(Value::Count(count))
            }
            Self::Duration { min, max } => {
                let duration = quantity::duration(text)?;
                (*min..=*max).contains(&duration).then_some(Value::Duration(duration))
            }
            Self::Bytes { min, max } => {
                let bytes = quantity::bytes(text)?;
                (*min..=*max).contains(&bytes).then_some(Value::Bytes(bytes))
            }
            Self::Text { characters_max } => {
                let length = text.chars().count();
                let fits = (1..=*characters_max).contains(&length) && !text.chars().any(char::is_control);
                fits.then(|| Value::Text(text.to_owned()))
            }
            // U+FFFD stands for what was not Unicode: such a path would name another directory.
            Self::Path => {
                let named = !text.is_empty() && !text.contains(['\0', char::REPLACEMENT_CHARACTER]);
                named.then(|| Value::Path(text.into()))
            }
            Self::PathOrOff | Self::PasscodeHash if text == "off" => Some(Value::Off),
            Self::PathOrOff => Self::Path.read(text),
            Self::PasscodeHash => is_passcode_hash(text).then(|| Value::Text(text.to_owned())),
            Self::AeTitle => AeTitle::parse(text).map(Value::AeTitle),
            Self::Uid => Uid::parse(text).map(Value::Uid),
            Self::Address => text.parse().ok().map(Value::Address),
            Self::AddressOrOff if text == "off" => Some(Value::Off),
            Self::AddressOrOff => text.parse().ok().map(Value::Address),
            Self::DecimalOrOff | Self::TextOrOff { .. } | Self::DateOrOff if text == "off" => {
                Some(Value::Off)
            }
            Self::DecimalOrOff => is_decimal(text).then(|| Value::Text(text.to_owned())),
            // A backslash stands between values (PS3.5 6.4).
            Self::TextOrOff { characters_max } => {
                let text = Self::Text { characters_max: *characters_max }.read(text)?;
                (!text.to_string().contains('\\')).then_some(text)
            }
            Self::DateOrOff => is_date(text).then(|| Value::Text(text.to_owned())),
            Self::AddressRange => AddressRange::parse(text).map(Value::AddressRange),
            Self::Word(words) => {
                words.iter().find(|word| word.word == text).map(|word| Value::Word(word.word))
            }
            Self::List(_) if text.is_empty() => Some(Value::List(Vec::new())),
            Self::List(kind) => {
                text.split(',').map(|item| kind.read(item)).collect::<Option<_>>().map(Value::List)
            }
        }
    }

    /// What is allowed, as the end of the sentence "allowed is …".
    pub fn allowed(&self) -> String {
        match self {
            Self::Flag => "true or false".to_owned(),
            Self::Count { min, max } => format!("a whole number from {min} to {max}"),
            Self::Duration { min, max } => format!(
                "a time from {} to {}, with its unit: ms, s, min, h or d",
                quantity::duration_text(*min),
                quantity::duration_text(*max)
            ),
            Self::Bytes { min, max } => format!(
                "a number of bytes from {} to {}, plain or in KiB or MiB",
                quantity::bytes_text(*min),
                quantity::bytes_text(*max)
            ),
            Self::Text { characters_max } => format!("text of 1 to {characters_max} characters on one line"),
            Self::Path => "a path".to_owned(),
            Self::PathOrOff => "a path, or \"off\"".to_owned(),
            Self::PasscodeHash => format!(
                "what `isocenter user hash` prints ($argon2id$…, with m up to {}, t up to {} and p up to {}), or \"off\"",
                passcode_hash::MEMORY_KIB_MAX,
                passcode_hash::PASSES_MAX,
                passcode_hash::LANES_MAX
            ),
            Self::AeTitle => "an AE title: 1 to 16 printable ASCII characters, no backslash".to_owned(),
            Self::Uid => "a UID: numbers with dots between them, 64 characters at most".to_owned(),
            Self::Address => {
                "an IP address and a port, such as 127.0.0.1:4000, 0.0.0.0:4000 or [::1]:4000".to_owned()
            }
            Self::AddressOrOff => "an IP address and a port, such as 127.0.0.1:8104, or \"off\"".to_owned(),
            Self::AddressRange => {
                "an IP address, or a range such as 10.0.0.0/8 with no bit set behind the prefix".to_owned()
            }
            Self::DecimalOrOff => {
                format!(
                    "a number of {DECIMAL_CHARACTERS_MAX} characters at most, such as 40 or -127.5, or \"off\""
                )
            }
            Self::TextOrOff { characters_max } => format!(
                "text of 1 to {characters_max} characters on one line without a backslash, or \"off\""
            ),
            Self::DateOrOff => "a date as YYYYMMDD, or \"off\"".to_owned(),
            Self::Word(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("\"{}\"", word.word)).collect();
                words.join(" or ")
            }
            Self::List(kind) => format!("a list, each of it {}", kind.allowed()),
        }
    }
}
