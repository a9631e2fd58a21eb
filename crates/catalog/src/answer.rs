use std::borrow::Cow;

use dataset::identifier::Content;
use dataset::{CharacterSet, DataSetWriter, Identifier};
use rusqlite::Row;
use rusqlite::types::ValueRef;
use vocabulary::{AeTitle, Encoding, Tag, Vr};

use crate::further::Further;
use crate::keys::PRIVATE_CREATOR;
use crate::locate::damaged;
use crate::plan::{Layout, Source};
use crate::query::{Returned, SPECIFIC_CHARACTER_SET, What};
use crate::{CatalogError, Query};

/// Every instance that the catalog knows can be had at once.
const AVAILABILITY: &str = "ONLINE";

/// One match.
#[derive(Debug)]
pub struct Answer<'m> {
    row: &'m Row<'m>,
    layout: &'m Layout,
    query: &'m Query,
}

/// The values of one key in a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'r> {
    row: &'r Row<'r>,
    source: Source,
}

/// The value of one attribute, where it lies.
enum Lying<'r> {
    Text(&'r str),
    Number(i64),
    Binary(&'r [u8]),
    Items(Vec<Identifier>),
    Nothing,
}

impl<'r> Values<'r> {
    pub(crate) fn new(row: &'r Row<'r>, source: Source) -> Self {
        Self { row, source }
    }

    /// The value as text; empty if there is none.
    pub(crate) fn text(self, tag: Tag) -> Result<Cow<'r, str>, CatalogError> {
        match self.source {
            Source::Column(at) => match self.row.get_ref(at)? {
                ValueRef::Text(bytes) => {
                    Ok(Cow::Borrowed(std::str::from_utf8(bytes).map_err(|_| damaged("a text"))?))
                }
                ValueRef::Integer(number) => Ok(Cow::Owned(number.to_string())),
                _ => Err(damaged("a value")),
            },
            Source::Further(at) => Ok(self.further(at)?.text(tag).unwrap_or_default()),
            Source::Nowhere => Ok(Cow::Borrowed("")),
        }
    }

    /// The items of a sequence.
    pub(crate) fn items(self, tag: Tag) -> Result<Option<Vec<Identifier>>, CatalogError> {
        match self.source {
            Source::Further(at) => Ok(self.further(at)?.items(kept_under(tag))),
            Source::Column(_) | Source::Nowhere => Ok(None),
        }
    }

    fn further(self, at: usize) -> Result<Further<'r>, CatalogError> {
        Ok(Further(self.row.get_ref(at)?.as_blob().map_err(rusqlite::Error::from)?))
    }

    fn lying(self, returned: &Returned) -> Result<Lying<'r>, CatalogError> {
        if returned.vr == Vr::SQ {
            return Ok(self.items(returned.tag)?.map_or(Lying::Nothing, Lying::Items));
        }
        match self.source {
            Source::Nowhere => Ok(Lying::Nothing),
            Source::Column(at) => match self.row.get_ref(at)? {
                ValueRef::Text(bytes) => {
                    Ok(Lying::Text(std::str::from_utf8(bytes).map_err(|_| damaged("a text"))?))
                }
                ValueRef::Integer(number) => Ok(Lying::Number(number)),
                _ => Err(damaged("a value")),
            },
            Source::Further(at) => match self.further(at)?.get(returned.tag) {
                None => Ok(Lying::Nothing),
                Some(element) if element.vr.is_text() => Ok(Lying::Text(
                    std::str::from_utf8(element.value)
                        .map_err(|_| damaged("a text"))?
                        .trim_end_matches([' ', '\0']),
                )),
                Some(element) => Ok(Lying::Binary(element.value)),
            },
        }
    }
}

/// Anatomic Regions in Study is kept as the sequence that it is made from.
fn kept_under(tag: Tag) -> Tag {
    const ANATOMIC_REGIONS_IN_STUDY: Tag = Tag(0x0008, 0x0063);
    if tag == ANATOMIC_REGIONS_IN_STUDY { crate::extract::ANATOMIC_REGION_SEQUENCE } else { tag }
}

impl<'m> Answer<'m> {
    pub(crate) fn new(row: &'m Row<'m>, layout: &'m Layout, query: &'m Query) -> Self {
        Self { row, layout, query }
    }

    /// The value of a returned key as text, backslashes between several; empty without a value. `None`: the key is not
    /// returned, or is a sequence.
    ///
    /// # Errors
    /// When the row is damaged.
    pub fn text(&self, tag: Tag) -> Result<Option<Cow<'m, str>>, CatalogError> {
        let returned = self.query.returned.iter().zip(&self.layout.returned);
        match returned.into_iter().find(|(returned, _)| returned.tag == tag) {
            Some((Returned { what: What::Key(key), .. }, source)) if key.vr != Vr::SQ => {
                Values::new(self.row, *source).text(tag).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// Writes matches as identifiers of C-FIND responses (PS3.4 C.4.1.1.3.2).
///
/// Texts are in the default repertoire if it has all of their characters, else in the character set of the request if that
/// has them, else in UTF-8; Specific Character Set says so.
#[derive(Debug)]
pub struct Encoder<'q> {
    query: &'q Query,
    writer: DataSetWriter,
    retrieve_ae_title: AeTitle,
    /// The character sets to be tried, and whether Specific Character Set has to name them.
    sets: Vec<(CharacterSet, bool)>,
}

impl<'q> Encoder<'q> {
    /// Gets ready to answer `query` in `encoding`; `retrieve_ae_title` is where the matches can be had.
    pub fn new(query: &'q Query, encoding: Encoding, retrieve_ae_title: &AeTitle) -> Self {
        let mut sets = vec![(CharacterSet::default(), false)];
        let requested = &query.character_set;
        if *requested != CharacterSet::default() && requested.is_understood() {
            sets.push((requested.clone(), true));
        }
        sets.push((CharacterSet::utf8(), true));
        Self {
            query,
            writer: DataSetWriter::new(encoding),
            retrieve_ae_title: retrieve_ae_title.clone(),
            sets,
        }
    }

    /// Appends the identifier of the response for `answer` to `into`. The answer must be one of the query given to [`Encoder::new`].
    ///
    /// # Errors
    /// When the row is damaged.
    pub fn encode(&mut self, answer: &Answer<'_>, into: &mut Vec<u8>) -> Result<(), CatalogError> {
        for at in 0..self.sets.len() {
            if self.write(answer, at)? {
                into.extend_from_slice(&self.writer.bytes());
                return Ok(());
            }
        }
        Err(damaged("a text"))
    }

    /// Whether the character set has all that is in the answer.
    fn write(&mut self, answer: &Answer<'_>, set_at: usize) -> Result<bool, CatalogError> {
        let Some((set, is_named)) = self.sets.get(set_at) else { return Ok(false) };
        self.writer.clear();
        if *is_named {
            self.writer.text(SPECIFIC_CHARACTER_SET, Vr::CS, &set.value());
        }
        for (returned, source) in self.query.returned.iter().zip(&answer.layout.returned) {
            let (tag, vr) = (returned.tag, returned.vr);
            match &returned.what {
                What::PrivateCreator => self.writer.text(tag, vr, PRIVATE_CREATOR),
                What::QueryRetrieveLevel => self.writer.text(tag, vr, self.query.level().as_str()),
                What::RetrieveAeTitle => self.writer.text(tag, vr, self.retrieve_ae_title.as_str()),
                What::InstanceAvailability => self.writer.text(tag, vr, AVAILABILITY),
                What::Key(_) | What::Items(..) => {
                    let lying = Values::new(answer.row, *source).lying(returned)?;
                    if !write_value(&mut self.writer, returned, lying, set, *is_named) {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }
}

/// Whether the character set has the value.
fn write_value(
    writer: &mut DataSetWriter,
    returned: &Returned,
    lying: Lying<'_>,
    set: &CharacterSet,
    is_named: bool,
) -> bool {
    let (tag, vr) = (returned.tag, returned.vr);
    match lying {
        Lying::Nothing => writer.element(tag, vr, &[]),
        Lying::Binary(value) => writer.element(tag, vr, value),
        Lying::Number(number) => writer.text(tag, vr, &number.to_string()),
        Lying::Text(text) if text.is_ascii() => writer.text(tag, vr, text),
        Lying::Text(text) if !vr.uses_specific_character_set() => {
            writer.element(tag, vr, &outside_any_set(text));
        }
        Lying::Text(_) if !is_named => return false,
        Lying::Text(text) => match set.encode(text, vr) {
            Some(value) => writer.element(tag, vr, &value),
            None => return false,
        },
        Lying::Items(items) => {
            let mut converted = Vec::with_capacity(items.len());
            for item in items {
                let item = match &returned.what {
                    What::Items(_, shape) => shape.of(&item),
                    _ => item,
                };
                let Some(item) = in_set(&item, set, is_named) else { return false };
                converted.push(item);
            }
            writer.begin_sequence(tag);
            for item in converted {
                writer.begin_item();
                item.write(writer);
                writer.end_item();
            }
            writer.end_sequence();
        }
    }
    true
}

/// Text beyond the default repertoire in a VR that has no other, as Patient's Sex: against PS3.5 6.1.2.2, but received
/// so, one byte a character. It is given back as it came, and what cannot be as a question mark.
fn outside_any_set(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect()
}

/// An item in UTF-8 in another character set, if that has all of its characters. It is no deeper than it was read.
fn in_set(item: &Identifier, set: &CharacterSet, is_named: bool) -> Option<Identifier> {
    let mut converted = Identifier::new();
    for element in item.elements() {
        match &element.content {
            Content::Items(items) => {
                let items: Option<Vec<_>> = items.iter().map(|item| in_set(item, set, is_named)).collect();
                converted.set_items(element.tag, items?);
            }
            Content::Value(value) if value.is_ascii() || !element.vr.uses_specific_character_set() => {
                converted.set(element.tag, element.vr, value);
            }
            Content::Value(_) if !is_named => return None,
            Content::Value(value) => {
                let text = std::str::from_utf8(value).ok()?;
                converted.set(element.tag, element.vr, &set.encode(text, element.vr)?);
            }
        }
    }
    Some(converted)
}

#[cfg(test)]
mod tests;
