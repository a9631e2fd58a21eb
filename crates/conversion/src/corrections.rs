//! Values that were corrected on the server (GEN-014, SCU-024).

use dataset::{CharacterSet, Identifier, vr_of};
use vocabulary::{Tag, Uid, Vr};

use crate::NotConverted;
use crate::edits::Edits;
use crate::rewrite::Recode;
use crate::survey::Survey;
use crate::tags::{
    ATTRIBUTE_MODIFICATION_DATETIME, MODIFIED_ATTRIBUTES_SEQUENCE, MODIFYING_SYSTEM,
    ORIGINAL_ATTRIBUTES_SEQUENCE, REASON_FOR_THE_ATTRIBUTE_MODIFICATION, SOP_CLASS_UID, SOP_INSTANCE_UID,
    SOURCE_OF_PREVIOUS_VALUES, SPECIFIC_CHARACTER_SET,
};

/// What takes the place of what an instance was received with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Corrections {
    /// The attributes, at depth 0, and their values as text: several with backslashes between them, none for an
    /// attribute without a value. A value that the instance has already changes nothing. A SOP Instance UID is the one
    /// that it is held as ([`Stored`](crate::Stored)).
    pub values: Vec<(Tag, String)>,
    /// What the Original Attributes Sequence (0400,0561) is to say of it; `None`: nothing.
    pub record: Option<Modification>,
}

/// An item of the Original Attributes Sequence (PS3.3 C.12.1), but for the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modification {
    /// Attribute Modification DateTime, as DT.
    pub at: String,
    /// Modifying System.
    pub system: String,
    /// Source of Previous Values; may be empty.
    pub source: String,
    /// Reason for the Attribute Modification: COERCE or CORRECT.
    pub reason: String,
}

/// What follows for the texts of the data set.
#[derive(Debug)]
pub(crate) struct Texts {
    /// The character set that they are in afterwards.
    pub(crate) set: CharacterSet,
    /// Whether all of them are encoded anew.
    pub(crate) recode: Option<Recode>,
}

impl Corrections {
    /// The tags whose present values matter.
    pub(crate) fn tags(&self) -> impl Iterator<Item = Tag> {
        self.values.iter().map(|(tag, _)| *tag)
    }

    /// Makes edits of what differs.
    pub(crate) fn correct(
        &self,
        edits: &mut Edits,
        survey: &Survey,
        sop_instance_uid: &Uid,
    ) -> Result<Texts, NotConverted> {
        let held = survey.values.specific_character_set();
        let unchanged = Texts { set: held.clone(), recode: None };
        let mut changed = Vec::new();
        for (tag, value) in &self.values {
            // What is not there has no value already.
            if value.is_empty() && !survey.has(*tag) {
                continue;
            }
            if vr_of(*tag) == Vr::SQ && value.is_empty() {
                edits.remove(*tag);
                continue;
            }
            let vr = survey.values.get(*tag).map_or_else(|| vr_of(*tag), |element| element.vr);
            let is_unread = survey.has(*tag) && survey.values.raw(*tag).is_none();
            let is_fixed = matches!(*tag, SOP_CLASS_UID | SPECIFIC_CHARACTER_SET)
                || *tag == SOP_INSTANCE_UID && sop_instance_uid != value.as_str();
            if !vr.is_text() || is_unread || is_fixed {
                return Err(NotConverted::Correction(*tag));
            }
            // What is not there has no value either.
            let is_same = if survey.has(*tag) { survey.text(*tag) == *value } else { value.is_empty() };
            if !is_same {
                changed.push((*tag, vr, value.as_str()));
            }
        }
        if changed.is_empty() {
            return Ok(unchanged);
        }
        let texts = texts(held, &changed);
        for (tag, vr, value) in &changed {
            let encoded = texts.set.encode(value, *vr).ok_or(NotConverted::Correction(*tag))?;
            if !vr.has_long_length() && encoded.len() >= usize::from(u16::MAX) {
                return Err(NotConverted::Correction(*tag));
            }
            edits.put(*tag, *vr, &encoded);
        }
        // Also where it is misspelt and now needed.
        let is_needed = changed.iter().any(|(_, _, value)| !value.is_ascii());
        if texts.set != *held || is_needed && survey.text(SPECIFIC_CHARACTER_SET) != texts.set.value() {
            edits.text(SPECIFIC_CHARACTER_SET, Vr::CS, &texts.set.value());
        }
        if let Some(record) = &self.record {
            let item = record.item(survey, &changed, &texts);
            edits.append(ORIGINAL_ATTRIBUTES_SEQUENCE, item);
        }
        Ok(texts)
    }
}

/// The character set that has all of the new values: the one that the instance is in, Latin 1 where it is in none
/// (which leaves its bytes as they are), or else UTF-8, in which all of its texts are then encoded.
fn texts(held: &CharacterSet, changed: &[(Tag, Vr, &str)]) -> Texts {
    let has_all = |set: &CharacterSet| changed.iter().all(|(_, vr, value)| set.encode(value, *vr).is_some());
    let latin_1 = CharacterSet::from_terms(&["ISO_IR 100"]);
    if has_all(held) {
        Texts { set: held.clone(), recode: None }
    } else if held.is_default() && has_all(&latin_1) {
        Texts { set: latin_1, recode: None }
    } else {
        Texts { set: CharacterSet::utf8(), recode: Some(Recode { from: held.clone() }) }
    }
}

impl Modification {
    fn item(&self, survey: &Survey, changed: &[(Tag, Vr, &str)], texts: &Texts) -> Identifier {
        let mut before = Identifier::new();
        if let Some(recode) = &texts.recode {
            // The values before stay in the character set that they came in.
            before.set(SPECIFIC_CHARACTER_SET, Vr::CS, recode.from.value().as_bytes());
        }
        for (tag, vr, _) in changed {
            before.set(*tag, *vr, survey.values.raw(*tag).unwrap_or_default());
        }
        let text = |text: &str| match texts.set.encode(text, Vr::LO) {
            Some(encoded) => encoded.into_owned(),
            None => text.chars().map(|c| if c.is_ascii() { c as u8 } else { b'?' }).collect(),
        };
        let mut item = Identifier::new();
        item.set_items(MODIFIED_ATTRIBUTES_SEQUENCE, vec![before]);
        item.set(ATTRIBUTE_MODIFICATION_DATETIME, Vr::DT, self.at.as_bytes());
        item.set(MODIFYING_SYSTEM, Vr::LO, &text(&self.system));
        item.set(SOURCE_OF_PREVIOUS_VALUES, Vr::LO, &text(&self.source));
        item.set(REASON_FOR_THE_ATTRIBUTE_MODIFICATION, Vr::CS, self.reason.as_bytes());
        item
    }
}
