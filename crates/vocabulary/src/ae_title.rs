use std::fmt;

/// The length of an AE title on the wire, in bytes (PS3.8 9.3.2).
const WIRE_BYTES: usize = 16;

/// The title of an Application Entity (PS3.5 6.2, VR AE).
///
/// At most 16 characters of the default repertoire, neither backslash nor control character; leading and
/// trailing spaces are not significant and are gone; never blank; compared case-sensitively.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AeTitle(Box<str>);

/// Why some text is no AE title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AeTitleError {
    /// Nothing but spaces, which PS3.8 9.3.2 reserves for "no title".
    #[error("an AE title may not be blank")]
    Blank,
    /// More than 16 characters are left after trimming.
    #[error("an AE title has at most 16 characters")]
    TooLong,
    /// A control character, a backslash, or one outside the default repertoire.
    #[error("an AE title may not hold {0:?}")]
    Character(char),
}

impl AeTitle {
    /// Takes a title as an operator or a peer wrote it.
    ///
    /// # Errors
    /// Says what is wrong with the text, see [`AeTitleError`].
    pub fn parse(text: &str) -> Result<Self, AeTitleError> {
        let trimmed = text.trim_matches(' ');
        if trimmed.is_empty() {
            return Err(AeTitleError::Blank);
        }
        if let Some(bad) = trimmed.chars().find(|c| !matches!(c, ' '..='~') || *c == '\\') {
            return Err(AeTitleError::Character(bad));
        }
        if trimmed.len() > WIRE_BYTES {
            return Err(AeTitleError::TooLong);
        }
        Ok(Self(trimmed.into()))
    }

    /// Takes a title from the wire. A NUL ends it: some peers pad with NUL in place of spaces.
    ///
    /// # Errors
    /// As [`AeTitle::parse`].
    pub fn from_wire(bytes: &[u8]) -> Result<Self, AeTitleError> {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        let text: String = bytes[..end].iter().map(|byte| char::from(*byte)).collect();
        Self::parse(&text)
    }

    /// The title without padding.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The title as a PDU carries it: 16 bytes, padded with spaces (PS3.8 9.3.2).
    pub fn to_wire(&self) -> [u8; WIRE_BYTES] {
        let mut bytes = [b' '; WIRE_BYTES];
        bytes[..self.0.len()].copy_from_slice(self.0.as_bytes());
        bytes
    }
}

impl fmt::Display for AeTitle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for AeTitle {
    type Err = AeTitleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrounding_spaces_are_not_significant_and_case_is() {
        assert_eq!(AeTitle::parse("  CT 1 ").unwrap().as_str(), "CT 1");
        assert_ne!(AeTitle::parse("ct1"), AeTitle::parse("CT1"));
    }

    #[test]
    fn blank_long_and_foreign_titles_are_refused() {
        assert_eq!(AeTitle::parse("    "), Err(AeTitleError::Blank));
        assert_eq!(AeTitle::parse("12345678901234567"), Err(AeTitleError::TooLong));
        assert_eq!(AeTitle::parse("A\\B"), Err(AeTitleError::Character('\\')));
        assert_eq!(AeTitle::from_wire(b"CT\xe9"), Err(AeTitleError::Character('\u{e9}')));
    }

    #[test]
    fn the_wire_form_is_padded_to_sixteen_and_read_back() {
        let title = AeTitle::parse("VIEWER1").unwrap();
        assert_eq!(&title.to_wire(), b"VIEWER1         ");
        assert_eq!(AeTitle::from_wire(&title.to_wire()), Ok(title.clone()));
        assert_eq!(AeTitle::from_wire(b"VIEWER1\0\0\0\0\0\0\0\0\0"), Ok(title));
    }
}
