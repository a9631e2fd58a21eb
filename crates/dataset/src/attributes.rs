use std::borrow::Cow;

use vocabulary::{Encoding, Tag, Uid, UidError, Vr};

use crate::character_set::{self, CharacterSet};
use crate::element::{Layout, SPECIFIC_CHARACTER_SET};
use crate::identifier::Identifier;
use crate::malformed::Malformed;

/// The wanted attributes of one data set, as a [`Walker`](crate::Walker) found them at depth 0.
#[derive(Debug, Clone)]
pub struct Attributes {
    encoding: Encoding,
    character_set: CharacterSet,
    held: Vec<Held>,
    bytes: Vec<u8>,
}

/// One attribute that was found.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) tag: Tag,
    pub(crate) vr: Vr,
    pub(crate) kept: Kept,
}

/// What was kept of it: a place in the bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kept {
    Value { start: usize, end: usize },
    Items { start: usize, end: usize, layout: Layout },
    TooLong,
}

/// One element of [`Attributes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// Its tag.
    pub tag: Tag,
    /// Its value representation: that of the data set, or that of PS3.6 where the data set says none or UN.
    pub vr: Vr,
    /// The value as it came, padding included; binary numbers are little endian whatever the data set was. `None`:
    /// longer than [`CATALOGUED_VALUE_BYTES_MAX`](vocabulary::limits::CATALOGUED_VALUE_BYTES_MAX), not kept.
    /// For a sequence the bytes of its items, see [`Attributes::items`].
    pub value: Option<&'a [u8]>,
}

impl Attributes {
    pub(crate) fn new(encoding: Encoding, mut held: Vec<Held>, mut bytes: Vec<u8>) -> Self {
        if !held.is_sorted_by_key(|held| held.tag) {
            held.sort_by_key(|held| held.tag);
        }
        for held in &held {
            if encoding == Encoding::ExplicitBigEndian
                && let Kept::Value { start, end } = held.kept
                && let Some(value) = bytes.get_mut(start..end)
            {
                crate::element::swap_bytes(held.vr, value);
            }
        }
        let mut attributes = Self { encoding, character_set: CharacterSet::default(), held, bytes };
        if let Some(terms) = attributes.raw(SPECIFIC_CHARACTER_SET) {
            attributes.character_set = CharacterSet::from_value(terms);
        }
        attributes
    }

    /// How the data set was encoded.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The Specific Character Set (0008,0005) that texts are decoded with.
    pub fn specific_character_set(&self) -> &CharacterSet {
        &self.character_set
    }

    /// All that was found, in the order of the tags.
    pub fn elements(&self) -> impl Iterator<Item = Element<'_>> {
        self.held.iter().map(|held| self.element(held))
    }

    /// One of them.
    pub fn get(&self, tag: Tag) -> Option<Element<'_>> {
        let at = self.held.binary_search_by_key(&tag, |held| held.tag).ok()?;
        self.held.get(at).map(|held| self.element(held))
    }

    /// Whether the data set has the attribute, with a value or without.
    pub fn is_present(&self, tag: Tag) -> bool {
        self.get(tag).is_some()
    }

    /// Whether the data set has a value for the attribute that is too long to be kept here.
    pub fn is_too_long(&self, tag: Tag) -> bool {
        self.get(tag).is_some_and(|element| element.value.is_none())
    }

    /// The value as it came. `None`: absent, or too long.
    pub fn raw(&self, tag: Tag) -> Option<&[u8]> {
        self.get(tag)?.value
    }

    /// The text of the attribute: decoded, padding gone, several values with backslashes between them.
    /// `None`: absent, or too long; an empty value is `Some("")`.
    pub fn text(&self, tag: Tag) -> Option<Cow<'_, str>> {
        self.text_of(self.get(tag)?)
    }

    /// The text of one of [`Attributes::elements`], as [`Attributes::text`] gives it.
    pub fn text_of<'a>(&self, element: Element<'a>) -> Option<Cow<'a, str>> {
        let text = self.character_set.decode(element.value?, element.vr).text;
        Some(character_set::trimmed(text, element.vr))
    }

    /// The values of the attribute, each decoded and without padding; none if it is absent, empty or too long.
    pub fn texts(&self, tag: Tag) -> Vec<String> {
        match self.get(tag) {
            Some(Element { vr, value: Some(value), .. }) => {
                character_set::split_values(&self.character_set.decode(value, vr).text, vr)
            }
            _ => Vec::new(),
        }
    }

    /// The UID that is the value of the attribute. `None`: absent, or too long for any UID.
    ///
    /// # Errors
    /// When the value is no UID.
    pub fn uid(&self, tag: Tag) -> Option<Result<Uid, UidError>> {
        self.raw(tag).map(Uid::from_wire)
    }

    /// The whole number that is the (first) value of the attribute: VR IS, DS without fraction, US, SS, UL, SL, UV, SV.
    pub fn integer(&self, tag: Tag) -> Option<i64> {
        let element = self.get(tag)?;
        character_set::integer(element.value?, element.vr)
    }

    /// The items of a sequence. `None`: absent, or too long.
    ///
    /// # Errors
    /// When an item is beyond what [`Identifier`] keeps.
    pub fn items(&self, tag: Tag) -> Option<Result<Vec<Identifier>, Malformed>> {
        let at = self.held.binary_search_by_key(&tag, |held| held.tag).ok()?;
        let Kept::Items { start, end, layout } = self.held.get(at)?.kept else { return None };
        let bytes = self.bytes.get(start..end)?;
        Some(Identifier::read_items(bytes, layout, &self.character_set))
    }

    fn element(&self, held: &Held) -> Element<'_> {
        let value = match held.kept {
            Kept::Value { start, end } | Kept::Items { start, end, .. } => self.bytes.get(start..end),
            Kept::TooLong => None,
        };
        Element { tag: held.tag, vr: held.vr, value }
    }
}
