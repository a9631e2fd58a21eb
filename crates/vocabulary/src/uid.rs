use std::fmt;

/// The longest UID, in characters (PS3.5 9.1).
const MAX_CHARACTERS: usize = 64;

/// A unique identifier (PS3.5 section 9): digits and dots, 1 to 64 of them, a digit first and last.
///
/// Such text can never be `.`, `..` or hold a separator, so a UID is safe as the name of a file. Leading zeros
/// in a component and empty components are against PS3.5 9.1 but occur in real instances: they are kept as
/// they came.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid(Box<str>);

/// Why some text is no UID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UidError {
    /// No character is left once the padding is gone.
    #[error("the UID is empty")]
    Empty,
    /// More than 64 characters.
    #[error("the UID has {0} characters, 64 are allowed")]
    TooLong(usize),
    /// Something that is neither a digit nor a dot.
    #[error("the UID holds {0:?}, only digits and dots are allowed")]
    Character(char),
    /// The first or the last character is a dot.
    #[error("the UID begins or ends with a dot")]
    OuterDot,
}

impl Uid {
    /// The root under which every class UID of this project lies: PS3.5 B.2, derived from a UUID.
    pub const ROOT: &'static str = "2.25.30059140378668280267936014176834583991";

    /// Takes a UID from text. Trailing NUL and surrounding spaces are padding, not part of it (PS3.5 9.1).
    ///
    /// # Errors
    /// Says what is wrong with the text, see [`UidError`].
    pub fn parse(text: &str) -> Result<Self, UidError> {
        let trimmed = text.trim_end_matches('\0').trim_matches(' ');
        if trimmed.is_empty() {
            return Err(UidError::Empty);
        }
        if let Some(bad) = trimmed.chars().find(|c| !matches!(c, '0'..='9' | '.')) {
            return Err(UidError::Character(bad));
        }
        if trimmed.len() > MAX_CHARACTERS {
            return Err(UidError::TooLong(trimmed.len()));
        }
        if trimmed.starts_with('.') || trimmed.ends_with('.') {
            return Err(UidError::OuterDot);
        }
        Ok(Self(trimmed.into()))
    }

    /// Takes a UID from the value of an element or an item of a PDU.
    ///
    /// # Errors
    /// As [`Uid::parse`].
    pub fn from_wire(bytes: &[u8]) -> Result<Self, UidError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse(text),
            Err(_) => Err(UidError::Character(char::REPLACEMENT_CHARACTER)),
        }
    }

    /// A UID of one of the tables of this crate.
    ///
    /// # Panics
    /// When `text` is no UID. Only for constants: what a peer sends goes through [`Uid::from_wire`].
    pub fn known(text: &'static str) -> Self {
        match Self::parse(text) {
            Ok(uid) => uid,
            #[expect(clippy::panic, reason = "a constant of our own tables, each of which a test parses")]
            Err(error) => panic!("{text} in a table: {error}"),
        }
    }

    /// The UID without padding.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Uid {
    type Err = UidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl PartialEq<str> for Uid {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Uid {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_no_part_of_a_uid() {
        assert_eq!(Uid::from_wire(b"1.2.3\0").unwrap(), "1.2.3");
        assert_eq!(Uid::from_wire(b"1.2.3 ").unwrap(), "1.2.3");
    }

    #[test]
    fn nothing_that_could_leave_a_directory_is_a_uid() {
        for text in ["", " ", ".", "..", "../1", "1/2", "1\\2", "1.2.", ".1", "1.2\0.3", "1.2a", "1\n"] {
            assert!(Uid::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(Uid::parse(&"1".repeat(65)), Err(UidError::TooLong(65)));
        assert!(Uid::parse(&"1".repeat(64)).is_ok());
    }

    proptest::proptest! {
        /// Whatever a peer sends: what is taken for a UID is one step down, and no way up or elsewhere.
        #[test]
        fn no_bytes_that_are_taken_for_a_uid_leave_a_directory(
            wild in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80),
            near in "[0-9./\\\\\0 ~:a-c]{0,70}",
        ) {
            use std::path::{Component, Path};
            for bytes in [wild.as_slice(), near.as_bytes()] {
                let Ok(uid) = Uid::from_wire(bytes) else { continue };
                let components: Vec<_> = Path::new(uid.as_str()).components().collect();
                proptest::prop_assert_eq!(components, [Component::Normal(uid.as_str().as_ref())]);
                proptest::prop_assert!(uid.as_str().len() <= 64);
            }
        }
    }

    #[test]
    fn the_root_of_our_class_uids_leaves_room_below_it() {
        assert!(Uid::parse(&format!("{}.1.1", Uid::ROOT)).is_ok());
    }
}
