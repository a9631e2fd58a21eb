//! The attributes of a row that have no column: one data set, explicit VR little endian, UTF-8.

use dataset::{DataSetWriter, Identifier};
use vocabulary::{Encoding, Tag, Vr};

const SPECIFIC_CHARACTER_SET: Tag = Tag(0x0008, 0x0005);
const UTF_8: &str = "ISO_IR 192";

/// Room for what the further attributes of a level usually are.
const USUAL_BYTES: usize = 256;

/// Such attributes as they are collected, in the order of their tags.
#[derive(Debug)]
pub(crate) struct Collected {
    writer: DataSetWriter,
    is_ascii: bool,
}

impl Default for Collected {
    fn default() -> Self {
        Self {
            writer: DataSetWriter::with_capacity(Encoding::ExplicitLittleEndian, USUAL_BYTES),
            is_ascii: true,
        }
    }
}

impl Collected {
    /// A text, in UTF-8.
    pub(crate) fn text(&mut self, tag: Tag, vr: Vr, text: &str) {
        self.is_ascii &= text.is_ascii();
        self.writer.text(tag, vr, text);
    }

    /// The bytes of a value that is no text.
    pub(crate) fn binary(&mut self, tag: Tag, vr: Vr, value: &[u8]) {
        self.writer.element(tag, vr, value);
    }

    /// Items, whatever character set they are in.
    pub(crate) fn items(&mut self, tag: Tag, items: &[Identifier]) {
        let before = self.writer.bytes().len();
        self.writer.begin_sequence(tag);
        for item in items {
            self.writer.begin_item();
            in_utf8(item).write(&mut self.writer);
            self.writer.end_item();
        }
        self.writer.end_sequence();
        // Lengths and binary values count too, which costs an element that says nothing wrong.
        self.is_ascii &= self.writer.bytes().get(before..).is_some_and(<[u8]>::is_ascii);
    }

    /// The data set; empty if nothing was collected.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let collected = self.writer.into_bytes();
        if self.is_ascii {
            return collected;
        }
        // No key has a tag before that of Specific Character Set.
        let mut named = DataSetWriter::new(Encoding::ExplicitLittleEndian);
        named.text(SPECIFIC_CHARACTER_SET, Vr::CS, UTF_8);
        let mut bytes = named.into_bytes();
        bytes.extend_from_slice(&collected);
        bytes
    }
}

/// The same data set with its texts in UTF-8. It is no deeper than it was read.
fn in_utf8(item: &Identifier) -> Identifier {
    let mut converted = Identifier::new();
    for element in item.elements().iter().filter(|element| element.tag != SPECIFIC_CHARACTER_SET) {
        match &element.content {
            dataset::identifier::Content::Items(items) => {
                converted.set_items(element.tag, items.iter().map(in_utf8).collect());
            }
            dataset::identifier::Content::Value(value) => match item.text_of(element) {
                Some(text) if element.vr.uses_specific_character_set() => {
                    converted.set(element.tag, element.vr, text.as_bytes());
                }
                _ => converted.set(element.tag, element.vr, value),
            },
        }
    }
    converted
}

/// Items by themselves, in the form in which sequences are kept.
pub(crate) fn items_to_bytes(tag: Tag, items: &[Identifier]) -> Vec<u8> {
    let mut collected = Collected::default();
    collected.items(tag, items);
    collected.into_bytes()
}

/// Looks at what was collected without taking it apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Further<'a>(pub(crate) &'a [u8]);

/// An element as it lies in the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lying<'a> {
    pub(crate) tag: Tag,
    pub(crate) vr: Vr,
    pub(crate) value: &'a [u8],
}

impl<'a> Further<'a> {
    /// The elements, until the end or until something is not as we wrote it.
    pub(crate) fn elements(self) -> impl Iterator<Item = Lying<'a>> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (element, after) = element(rest)?;
            rest = after;
            Some(element)
        })
    }

    pub(crate) fn get(self, tag: Tag) -> Option<Lying<'a>> {
        self.elements().find(|element| element.tag == tag)
    }

    /// The value of an element as text: a text without its padding, a binary number in decimal.
    pub(crate) fn text(self, tag: Tag) -> Option<std::borrow::Cow<'a, str>> {
        Some(self.get(tag)?.text())
    }

    /// The items of a sequence.
    pub(crate) fn items(self, tag: Tag) -> Option<Vec<Identifier>> {
        self.get(tag)?;
        let whole = Identifier::read(self.0, Encoding::ExplicitLittleEndian).ok()?;
        whole.items(tag).map(<[Identifier]>::to_vec)
    }
}

impl<'a> Lying<'a> {
    pub(crate) fn text(self) -> std::borrow::Cow<'a, str> {
        let number = match (self.vr, self.value) {
            (Vr::US, [a, b]) => u64::from(u16::from_le_bytes([*a, *b])),
            (Vr::UL, [a, b, c, d]) => u64::from(u32::from_le_bytes([*a, *b, *c, *d])),
            _ => {
                let text = std::str::from_utf8(self.value).unwrap_or_default();
                return text.trim_end_matches([' ', '\0']).into();
            }
        };
        number.to_string().into()
    }
}

fn element(bytes: &[u8]) -> Option<(Lying<'_>, &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<8>()?;
    let [g0, g1, e0, e1, v0, v1, l0, l1] = *header;
    let tag = Tag(u16::from_le_bytes([g0, g1]), u16::from_le_bytes([e0, e1]));
    let vr = Vr([v0, v1]);
    let (length, rest) = if vr.has_long_length() {
        let (length, rest) = rest.split_first_chunk::<4>()?;
        (usize::try_from(u32::from_le_bytes(*length)).ok()?, rest)
    } else {
        (usize::from(u16::from_le_bytes([l0, l1])), rest)
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((Lying { tag, vr, value }, rest))
}

/// A collection with another text in the place of what an attribute had; none for an empty one.
pub(crate) fn replaced(further: &[u8], tag: Tag, vr: Vr, text: &str) -> Vec<u8> {
    let mut collected = Collected::default();
    let keep = |element: &Lying<'_>| element.tag != tag && element.tag != SPECIFIC_CHARACTER_SET;
    let mut rest: Vec<_> = Further(further).elements().filter(keep).map(Some).collect();
    let at = rest.iter().flatten().take_while(|element| element.tag < tag).count();
    if !text.is_empty() {
        rest.insert(at, None);
    }
    for element in rest {
        match element {
            Some(Lying { tag, vr, value }) => {
                collected.is_ascii &= value.is_ascii();
                collected.writer.element(tag, vr, value);
            }
            None => collected.text(tag, vr, text),
        }
    }
    collected.into_bytes()
}

/// Puts two collections of different tags together; both are as [`Collected::into_bytes`] made them.
pub(crate) fn merged(one: &[u8], other: &[u8]) -> Vec<u8> {
    if other.is_empty() {
        return one.to_vec();
    }
    let mut elements: Vec<_> = Further(one).elements().collect();
    for element in Further(other).elements() {
        if !elements.iter().any(|have| have.tag == element.tag) {
            elements.push(element);
        }
    }
    elements.sort_by_key(|element| element.tag);
    let mut writer = DataSetWriter::new(Encoding::ExplicitLittleEndian);
    for element in elements {
        writer.element(element.tag, element.vr, element.value);
    }
    writer.into_bytes()
}
