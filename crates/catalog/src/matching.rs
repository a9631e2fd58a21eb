//! Matching as PS3.4 C.2.2.2 defines it, on values alone: the reference that SQL only narrows towards.
//!
//! What is decided where the standard leaves it open is in [`DECISIONS`].

use crate::normal;

mod read;
mod wild;

pub use read::{Unfit, Ways};
pub(crate) use wild::Wild;

/// How values are matched where the standard leaves it open, for people.
pub const DECISIONS: &[&str] = &[
    "Single values and wild cards are case-sensitive except for person names; spaces around a value are padding.",
    "Person names are compared without case, accents and width. Each of the three component groups is matched by itself; \
     empty components at the end count as absent and as present. A request with one group matches any of them.",
    "Dates and times match by meaning: 2230 is 223000. The end of a range reaches as far as what is written of it: -1130 \
     includes 11:30:59.",
    "IS, DS and the binary numbers match as numbers: 007 is 7.",
    "There is no escape for * and ?.",
];

/// What a key of a request asks of a value. Made by [`Matching::read`].
#[derive(Debug, Clone, PartialEq)]
pub enum Matching {
    /// Every value, and none (PS3.4 C.2.2.2.3).
    Universal,
    /// One of these texts, wild cards in them or not (PS3.4 C.2.2.2.1, C.2.2.2.4).
    Text(Vec<TextPattern>),
    /// One of these names.
    Name(Vec<NamePattern>),
    /// One of these UIDs, ascending (PS3.4 C.2.2.2.2).
    Uids(Vec<String>),
    /// A day in one of these ranges, both ends included (PS3.4 C.2.2.2.5).
    Days(Vec<(u32, u32)>),
    /// A time of day in one of these ranges, in microseconds.
    Times(Vec<(u64, u64)>),
    /// A moment in one of these ranges.
    Moments(Vec<(i64, i64)>),
    /// One of these numbers.
    Numbers(Vec<Number>),
}

/// A text with wild cards, or without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextPattern(pub(crate) Wild);

/// A person name with wild cards, or without, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern {
    /// The pattern of each component group. One alone is asked of any group.
    pub(crate) groups: Vec<Option<Wild>>,
}

/// A number, or what is written in its place.
#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    /// By value.
    Value(f64),
    /// Literally.
    Text(String),
}

impl Matching {
    /// Whether every value matches.
    pub fn is_universal(&self) -> bool {
        *self == Self::Universal
    }

    /// Whether one of the values of a stored attribute matches. An attribute without a value has none that could, unless
    /// the match is universal.
    ///
    /// `stored` has backslashes between its values if `multiple` says that it may have several.
    pub fn matches(&self, stored: &str, multiple: bool) -> bool {
        if self.is_universal() {
            return true;
        }
        if multiple {
            stored.split('\\').any(|value| self.matches_one(value))
        } else {
            self.matches_one(stored)
        }
    }

    fn matches_one(&self, value: &str) -> bool {
        let value = value.trim_matches([' ', '\0']);
        if value.is_empty() {
            return self.is_universal();
        }
        match self {
            Self::Universal => true,
            Self::Text(patterns) => patterns.iter().any(|pattern| pattern.0.matches(value)),
            Self::Name(patterns) => {
                let groups = normal::folded_groups(value);
                patterns.iter().any(|pattern| pattern.matches(&groups))
            }
            Self::Uids(uids) => uids.binary_search_by(|uid| uid.as_str().cmp(value)).is_ok(),
            Self::Days(ranges) => {
                normal::day(value).is_some_and(|day| ranges.iter().any(|(a, b)| (*a..=*b).contains(&day)))
            }
            Self::Times(ranges) => normal::times(value)
                .is_some_and(|(time, _)| ranges.iter().any(|(a, b)| (*a..=*b).contains(&time))),
            Self::Moments(ranges) => normal::moments(value)
                .is_some_and(|(moment, _)| ranges.iter().any(|(a, b)| (*a..=*b).contains(&moment))),
            Self::Numbers(numbers) => numbers.contains(&Number::read(value)),
        }
    }
}

impl NamePattern {
    fn matches(&self, stored: &[String; 3]) -> bool {
        match self.groups.as_slice() {
            [Some(any)] => stored.iter().any(|group| !group.is_empty() && any.matches_name(group)),
            groups => groups
                .iter()
                .zip(stored)
                .all(|(pattern, group)| pattern.as_ref().is_none_or(|pattern| pattern.matches_name(group))),
        }
    }
}

impl Number {
    pub(crate) fn read(text: &str) -> Self {
        // Rust's own parser takes "inf", "nan" and the like, which no DS holds.
        let is_decimal = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        match text.parse::<f64>() {
            Ok(value) if is_decimal && value.is_finite() => Self::Value(value),
            _ => Self::Text(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
