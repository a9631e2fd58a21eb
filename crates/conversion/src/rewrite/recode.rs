//! Texts in another character set: all of a data set in UTF-8, because a corrected value needs it (PS3.5 6.1.2.3).

use std::io::Read;

use dataset::{CharacterSet, Tokens, vr_of};
use vocabulary::{Tag, Vr};

use crate::NotConverted;
use crate::limits::RECODED_TEXT_BYTES_MAX;
use crate::tags::SPECIFIC_CHARACTER_SET;

/// From which character set the texts at depth 0 are brought to UTF-8.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recode {
    pub(crate) from: CharacterSet,
}

/// The character sets of the items that are open.
#[derive(Debug)]
pub(super) struct State {
    /// None at all: nothing is recoded.
    sets: Vec<CharacterSet>,
}

impl State {
    pub(super) fn new(recode: Option<&Recode>) -> Self {
        Self { sets: recode.map(|recode| recode.from.clone()).into_iter().collect() }
    }

    /// An item begins: it has the set of the data set around it until it says another.
    pub(super) fn enter(&mut self) {
        self.sets.extend(self.sets.last().cloned());
    }

    /// An item ends.
    pub(super) fn leave(&mut self) {
        self.sets.pop();
    }

    /// Whether a value is a text that is brought to UTF-8, or says which set the texts of an item are in.
    pub(super) fn concerns(&self, tag: Tag, vr: Option<Vr>) -> bool {
        !self.sets.is_empty()
            && (tag == SPECIFIC_CHARACTER_SET
                || vr.unwrap_or_else(|| vr_of(tag)).uses_specific_character_set())
    }

    /// The text at hand in UTF-8, padded; `None`: it said the set of an item, which goes.
    pub(super) fn text<R: Read>(
        &mut self,
        tag: Tag,
        vr: Option<Vr>,
        tokens: &mut Tokens<R>,
    ) -> Result<Option<Vec<u8>>, NotConverted> {
        let mut value = Vec::new();
        while let Some(piece) = tokens.piece()? {
            if value.len() + piece.len() > RECODED_TEXT_BYTES_MAX {
                return Err(NotConverted::TextTooLong { tag, bytes_max: RECODED_TEXT_BYTES_MAX });
            }
            value.extend_from_slice(piece);
        }
        let Some(set) = self.sets.last_mut() else { return Ok(Some(value)) };
        if tag == SPECIFIC_CHARACTER_SET {
            *set = CharacterSet::from_value(&value);
            return Ok(None);
        }
        let mut text = set.decode(&value, vr.unwrap_or_else(|| vr_of(tag))).text.into_owned().into_bytes();
        // Padding that is there already may be what makes it odd.
        if text.len() % 2 == 1 && text.pop_if(|last| *last == b' ').is_none() {
            text.push(b' ');
        }
        Ok(Some(text))
    }
}
