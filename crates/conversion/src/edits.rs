//! What changes at depth 0 of a data set.

use std::collections::BTreeMap;

use dataset::Identifier;
use vocabulary::{Encoding, Tag, Uid, Vr};

use crate::tags::{CODE_MEANING, CODE_VALUE, CODING_SCHEME_DESIGNATOR};

/// What becomes of one attribute.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Edit {
    /// It is this: a data set with the one element.
    Put(Identifier),
    /// It goes.
    Remove,
    /// The sequence gets one more item, or comes to be.
    Append(Identifier),
    /// It is the converted pixel data.
    Pixels,
}

/// The changes, by tag.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Edits(pub(crate) BTreeMap<Tag, Edit>);

impl Edits {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn remove(&mut self, tag: Tag) {
        self.0.insert(tag, Edit::Remove);
    }

    pub(crate) fn put(&mut self, tag: Tag, vr: Vr, value: &[u8]) {
        self.0.insert(tag, Edit::Put(one(tag, vr, value)));
    }

    pub(crate) fn text(&mut self, tag: Tag, vr: Vr, text: &str) {
        self.put(tag, vr, text.as_bytes());
    }

    pub(crate) fn uid(&mut self, tag: Tag, uid: &Uid) {
        self.text(tag, Vr::UI, uid.as_str());
    }

    pub(crate) fn u16(&mut self, tag: Tag, number: u16) {
        self.put(tag, Vr::US, &number.to_le_bytes());
    }

    pub(crate) fn items(&mut self, tag: Tag, items: Vec<Identifier>) {
        let mut element = Identifier::new();
        element.set_items(tag, items);
        self.0.insert(tag, Edit::Put(element));
    }

    pub(crate) fn append(&mut self, tag: Tag, item: Identifier) {
        self.0.insert(tag, Edit::Append(item));
    }
}

fn one(tag: Tag, vr: Vr, value: &[u8]) -> Identifier {
    let mut element = Identifier::new();
    element.set(tag, vr, value);
    element
}

/// A sequence of one item, alone in a data set.
pub(crate) fn sequence_of(tag: Tag, item: &Identifier) -> Identifier {
    let mut element = Identifier::new();
    element.set_items(tag, vec![item.clone()]);
    element
}

/// The item of a code sequence (PS3.3 table 8.8-1): value, scheme, meaning.
pub(crate) fn code([value, scheme, meaning]: [&str; 3]) -> Identifier {
    let mut code = Identifier::new();
    code.set(CODE_VALUE, Vr::SH, value.as_bytes());
    code.set(CODING_SCHEME_DESIGNATOR, Vr::SH, scheme.as_bytes());
    code.set(CODE_MEANING, Vr::LO, meaning.as_bytes());
    code
}

/// An item with its header, as it stands in a sequence.
pub(crate) fn item_bytes(item: &Identifier, encoding: Encoding) -> Vec<u8> {
    let elements = item.to_bytes(encoding);
    let mut bytes = vec![0xFE, 0xFF, 0x00, 0xE0];
    bytes.extend_from_slice(&u32::try_from(elements.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(&elements);
    bytes
}
