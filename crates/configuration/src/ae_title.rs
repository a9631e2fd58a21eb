use std::fmt;

use serde::{Deserialize, Serialize};

/// Characters that a title may have at most (PS3.5 6.2, VR AE).
const CHARACTERS_MAX: usize = 16;

/// An AE title as an operator wrote it: 1 to 16 printable ASCII characters, no backslash, neither leading nor
/// trailing spaces, which PS3.5 6.2 calls not significant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AeTitle(String);

impl AeTitle {
    /// Takes a title. `None` when the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let title = text.trim_matches(' ');
        let fits = (1..=CHARACTERS_MAX).contains(&title.len());
        let printable = title.chars().all(|c| matches!(c, ' '..='~') && c != '\\');
        (fits && printable).then(|| Self(title.to_owned()))
    }

    /// The title without padding.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AeTitle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for AeTitle {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not an AE title")
    }
}

impl From<AeTitle> for String {
    fn from(title: AeTitle) -> Self {
        title.0
    }
}

#[cfg(test)]
mod tests {
    use super::AeTitle;

    #[test]
    fn a_title_is_trimmed_and_holds_one_to_sixteen_printable_characters() {
        assert_eq!(AeTitle::parse(" CT 1 ").unwrap().as_str(), "CT 1");
        assert_eq!(AeTitle::parse("1234567890123456").unwrap().as_str(), "1234567890123456");
        for bad in ["", "   ", "12345678901234567", "A\\B", "A\tB", "RÖNTGEN"] {
            assert_eq!(AeTitle::parse(bad), None, "{bad:?}");
        }
    }
}
