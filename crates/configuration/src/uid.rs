use std::fmt;

use serde::{Deserialize, Serialize};

/// Characters that a UID may have at most (PS3.5 9).
const CHARACTERS_MAX: usize = 64;

/// A UID as an operator wrote it: numbers without leading zeros, with dots between them (PS3.5 9.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Uid(String);

impl Uid {
    /// Takes a UID. `None` when the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_digit())
                && (part == "0" || !part.starts_with('0'))
        };
        (text.len() <= CHARACTERS_MAX && text.split('.').all(number)).then(|| Self(text.to_owned()))
    }

    /// The digits and dots.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Uid {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a UID")
    }
}

impl From<Uid> for String {
    fn from(uid: Uid) -> Self {
        uid.0
    }
}

#[cfg(test)]
mod tests {
    use super::Uid;

    #[test]
    fn a_uid_is_numbers_and_dots() {
        assert_eq!(Uid::parse("1.2.840.10008.1.2").unwrap().as_str(), "1.2.840.10008.1.2");
        assert!(Uid::parse("2.25.0").is_some());
        for bad in ["", "1..2", ".1", "1.", "1.02", "1.2a", " 1.2", "CTImageStorage", &"1".repeat(65)] {
            assert_eq!(Uid::parse(bad), None, "{bad:?}");
        }
    }
}
