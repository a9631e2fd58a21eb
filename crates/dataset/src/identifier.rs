//! Small data sets that are kept whole: identifiers of C-FIND, C-MOVE and C-GET (PS3.4 C.4), the information
//! of N-ACTION and N-EVENT-REPORT (PS3.4 J.3), and the items of sequences.

use vocabulary::{Encoding, Tag, Uid, UidError, Vr, limits};

use crate::character_set::{self, CharacterSet};
use crate::dictionary;
use crate::element::{Layout, SPECIFIC_CHARACTER_SET};
use crate::malformed::Malformed;
use crate::writer::DataSetWriter;

mod read;
#[cfg(test)]
mod tests;

/// A data set with all its elements, in the order in which they came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identifier {
    character_set: CharacterSet,
    elements: Vec<DataElement>,
}

/// One element of an [`Identifier`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataElement {
    /// Its tag.
    pub tag: Tag,
    /// Its value representation; that of PS3.6 where the data set says none or UN.
    pub vr: Vr,
    /// Its value or its items.
    pub content: Content,
}

/// What an element holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The bytes of a value, padding included; binary numbers are little endian whatever the data set was.
    Value(Box<[u8]>),
    /// The items of a sequence.
    Items(Vec<Identifier>),
}

impl DataElement {
    /// Whether the element has neither value nor item: a return key, in a C-FIND identifier.
    pub fn is_empty(&self) -> bool {
        match &self.content {
            Content::Value(value) => value.is_empty(),
            Content::Items(items) => items.is_empty(),
        }
    }
}

impl Identifier {
    /// An empty data set of the default repertoire.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a data set.
    ///
    /// # Errors
    /// When it does not keep to PS3.5, or has more elements than
    /// [`IDENTIFIER_ELEMENTS_MAX`](vocabulary::limits::IDENTIFIER_ELEMENTS_MAX).
    pub fn read(bytes: &[u8], encoding: Encoding) -> Result<Self, Malformed> {
        read::data_set(bytes, encoding, limits::IDENTIFIER_ELEMENTS_MAX)
    }

    /// As [`Identifier::read`], for the few data sets that may be larger: with `elements_max` elements and items at most.
    ///
    /// # Errors
    /// When it does not keep to PS3.5, or has more of them.
    pub fn read_at_most(bytes: &[u8], encoding: Encoding, elements_max: usize) -> Result<Self, Malformed> {
        read::data_set(bytes, encoding, elements_max)
    }

    pub(crate) fn read_items(
        bytes: &[u8],
        layout: Layout,
        character_set: &CharacterSet,
    ) -> Result<Vec<Self>, Malformed> {
        read::items(bytes, layout, character_set)
    }

    /// The Specific Character Set (0008,0005), which items have from the data set around them.
    pub fn specific_character_set(&self) -> &CharacterSet {
        &self.character_set
    }

    /// All elements, in the order in which they came.
    pub fn elements(&self) -> &[DataElement] {
        &self.elements
    }

    /// The first element with this tag.
    pub fn get(&self, tag: Tag) -> Option<&DataElement> {
        self.elements.iter().find(|element| element.tag == tag)
    }

    /// Whether the data set has the attribute, with a value or without.
    pub fn is_present(&self, tag: Tag) -> bool {
        self.get(tag).is_some()
    }

    /// The value as it came. `None`: absent, or a sequence.
    pub fn raw(&self, tag: Tag) -> Option<&[u8]> {
        match &self.get(tag)?.content {
            Content::Value(value) => Some(value),
            Content::Items(_) => None,
        }
    }

    /// The text of an attribute: decoded, padding gone, several values with backslashes between them. `None`:
    /// absent, or a sequence; an empty value is `Some("")`.
    pub fn text(&self, tag: Tag) -> Option<String> {
        self.get(tag).and_then(|element| self.text_of(element))
    }

    /// The text of one of the elements, as [`Identifier::text`].
    pub fn text_of(&self, element: &DataElement) -> Option<String> {
        let Content::Value(value) = &element.content else { return None };
        let text = self.character_set.decode(value, element.vr).text;
        Some(character_set::trimmed(text, element.vr).into_owned())
    }

    /// The values of an attribute, each decoded and without padding; none if it is absent or empty.
    pub fn texts(&self, tag: Tag) -> Vec<String> {
        self.get(tag).map(|element| self.texts_of(element)).unwrap_or_default()
    }

    /// The values of one of the elements, as [`Identifier::texts`].
    pub fn texts_of(&self, element: &DataElement) -> Vec<String> {
        match &element.content {
            Content::Value(value) => {
                character_set::split_values(&self.character_set.decode(value, element.vr).text, element.vr)
            }
            Content::Items(_) => Vec::new(),
        }
    }

    /// The UID that is the value of an attribute. `None`: absent, or a sequence.
    ///
    /// # Errors
    /// When the value is no UID, or several.
    pub fn uid(&self, tag: Tag) -> Option<Result<Uid, UidError>> {
        self.raw(tag).map(Uid::from_wire)
    }

    /// The whole number that is the (first) value of an attribute.
    pub fn integer(&self, tag: Tag) -> Option<i64> {
        character_set::integer(self.raw(tag)?, self.get(tag)?.vr)
    }

    /// The items of a sequence. `None`: absent, or no sequence.
    pub fn items(&self, tag: Tag) -> Option<&[Self]> {
        match &self.get(tag)?.content {
            Content::Items(items) => Some(items),
            Content::Value(_) => None,
        }
    }

    /// Puts in an element as bytes, at the place of its tag; it takes the place of one with the same tag.
    pub fn set(&mut self, tag: Tag, vr: Vr, value: &[u8]) {
        if tag == SPECIFIC_CHARACTER_SET {
            self.character_set = CharacterSet::from_value(value);
        }
        self.put(DataElement { tag, vr, content: Content::Value(value.into()) });
    }

    /// Puts in a text with the VR of PS3.6. Whether the data set's character set has all of its characters;
    /// if it has not, the data set stays as it is.
    pub fn set_text(&mut self, tag: Tag, text: &str) -> bool {
        let vr = dictionary::vr_of(tag);
        let Some(value) = self.character_set.encode(text, vr) else { return false };
        self.set(tag, vr, &value);
        true
    }

    /// Puts in a sequence.
    pub fn set_items(&mut self, tag: Tag, items: Vec<Self>) {
        self.put(DataElement { tag, vr: Vr::SQ, content: Content::Items(items) });
    }

    fn put(&mut self, element: DataElement) {
        match self.elements.iter_mut().find(|other| other.tag >= element.tag) {
            Some(other) if other.tag == element.tag => *other = element,
            _ => {
                let at = self.elements.iter().position(|other| other.tag > element.tag);
                self.elements.insert(at.unwrap_or(self.elements.len()), element);
            }
        }
    }

    /// The data set as it goes on the wire.
    pub fn to_bytes(&self, encoding: Encoding) -> Vec<u8> {
        let mut writer = DataSetWriter::new(encoding);
        self.write(&mut writer);
        writer.into_bytes()
    }

    /// Writes the elements into a data set. (Items lie in one another no deeper than they were read or built.)
    pub fn write(&self, into: &mut DataSetWriter) {
        for element in &self.elements {
            match &element.content {
                Content::Value(value) => into.element(element.tag, element.vr, value),
                Content::Items(items) => {
                    into.begin_sequence(element.tag);
                    for item in items {
                        into.begin_item();
                        item.write(into);
                        into.end_item();
                    }
                    into.end_sequence();
                }
            }
        }
    }
}
