use std::borrow::Cow;
use std::sync::LazyLock;

use dataset::{Attributes, Element, Identifier};
use serde::{Deserialize, Serialize};
use vocabulary::{Blame, Level, Tag, Uid, UidError, Vr};

use crate::Change;
use crate::further::{self, Collected};
use crate::held;
use crate::keys::{self, KEYS, Kept, Key};
use crate::normal;
use crate::overrides::Overrides;
use crate::texts::Texts;

/// What the catalog takes from one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceRow {
    pub(crate) study_instance_uid: Uid,
    pub(crate) series_instance_uid: Uid,
    pub(crate) sop_instance_uid: Uid,
    pub(crate) sop_class_uid: Uid,
    pub(crate) transfer_syntax_uid: Uid,
    pub(crate) patient: LevelRow,
    pub(crate) study: LevelRow,
    pub(crate) series: LevelRow,
    pub(crate) instance: LevelRow,
    /// Anatomic Region Sequence (0008,2218), as [`further::items_to_bytes`] makes it; empty without.
    pub(crate) anatomic_regions: Vec<u8>,
    /// What is other than in the data set.
    pub(crate) overrides: Overrides,
    /// What is not as the data set has it.
    pub(crate) changes: Vec<Change>,
}

/// The part of an instance that belongs to one level. That of the study has the patient's too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LevelRow {
    /// The values of the columns, in the order of [`columns`].
    pub(crate) columns: Texts,
    /// The attributes without a column.
    pub(crate) further: Vec<u8>,
    /// Stands for all of them.
    pub(crate) fingerprint: i64,
}

/// Why a data set is no instance that can be catalogued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// It lacks an attribute without which it has no place in the information model.
    #[error("the data set has no {keyword} {tag}")]
    Missing {
        /// The attribute.
        tag: Tag,
        /// Its keyword.
        keyword: &'static str,
    },
    /// One of its UIDs is none.
    #[error("the data set's {keyword} {tag} is no UID: {error}")]
    NoUid {
        /// The attribute.
        tag: Tag,
        /// Its keyword.
        keyword: &'static str,
        /// What is wrong with it.
        error: UidError,
    },
}

impl ExtractError {
    /// Always the peer's: the data set cannot be taken.
    pub fn blame(&self) -> Blame {
        Blame::NotOffered
    }
}

/// The keys with a column in the table of a level, in the order of [`KEYS`]; for studies the study's, then the patient's.
pub(crate) fn columns(level: Level) -> &'static [(&'static Key, &'static str)] {
    static ALL: LazyLock<[Vec<(&'static Key, &'static str)>; 4]> = LazyLock::new(|| {
        let of = |level: Level| {
            KEYS.iter().filter(move |key| key.level == level).filter_map(|key| match key.kept {
                Kept::Column(column) => Some((key, column)),
                Kept::Attributes | Kept::Made(_) => None,
            })
        };
        Level::ALL.map(|level| {
            let patients = (level == Level::Study).then(|| of(Level::Patient));
            of(level).chain(patients.into_iter().flatten()).collect()
        })
    });
    let [patient, study, series, instance] = &*ALL;
    match level {
        Level::Patient => patient,
        Level::Study => study,
        Level::Series => series,
        Level::Image => instance,
    }
}

impl InstanceRow {
    /// Takes from the attributes of a data set what the catalog keeps. The tags of [`crate::keys::wanted_tags`]
    /// must have been asked of the walker.
    ///
    /// # Errors
    /// When one of the three instance UIDs or the SOP Class UID is missing or is no UID.
    pub fn extract(attributes: &Attributes, transfer_syntax_uid: &Uid) -> Result<Self, ExtractError> {
        let [patient, study, series, instance] = level_rows(attributes);
        let anatomic_regions = match attributes.items(ANATOMIC_REGION_SEQUENCE) {
            Some(Ok(items)) if !items.is_empty() => further::items_to_bytes(ANATOMIC_REGION_SEQUENCE, &items),
            _ => Vec::new(),
        };
        Ok(Self {
            study_instance_uid: uid(attributes, keys::unique(Level::Study))?,
            series_instance_uid: uid(attributes, keys::unique(Level::Series))?,
            sop_instance_uid: uid(attributes, keys::unique(Level::Image))?,
            sop_class_uid: uid(attributes, &keys::SOP_CLASS_UID)?,
            transfer_syntax_uid: transfer_syntax_uid.clone(),
            patient,
            study,
            series,
            instance,
            anatomic_regions,
            overrides: Overrides::default(),
            changes: Vec::new(),
        })
    }

    /// The same with some attributes changed.
    ///
    /// # Errors
    /// When the SOP Instance UID becomes none.
    pub fn changed(mut self, changes: Vec<Change>) -> Result<Self, ExtractError> {
        for change in &changes {
            let Key { tag, keyword, .. } = *keys::unique(Level::Image);
            if change.tag == tag {
                let no_uid = |error| ExtractError::NoUid { tag, keyword, error };
                self.sop_instance_uid = Uid::parse(&change.catalogued).map_err(no_uid)?;
            }
            self.put(change.tag, &change.catalogued);
        }
        self.changes = changes;
        Ok(self)
    }

    /// What the catalog will say of an attribute with a column of its own; empty without a value.
    pub fn value(&self, tag: Tag) -> &str {
        let Some(Slot { key, own: Some(own), .. }) = slot(tag) else { return "" };
        let level = match key.level {
            Level::Patient => &self.patient,
            Level::Study => &self.study,
            Level::Series => &self.series,
            Level::Image => &self.instance,
        };
        level.columns.get(*own)
    }

    /// Whether the parts of a row that another process sent belong together: every column is there, and the UIDs are
    /// those that the row is recorded by. One of which that is not so would be taken for damage wherever it is read.
    pub(crate) fn is_consistent(&self) -> bool {
        let levels = [&self.patient, &self.study, &self.series, &self.instance];
        let is_whole =
            Level::ALL.iter().zip(levels).all(|(level, row)| row.columns.are(columns(*level).len()));
        let says =
            |level, uid: &Uid| Uid::parse(self.value(keys::unique(level).tag)).is_ok_and(|own| own == *uid);
        is_whole
            && says(Level::Study, &self.study_instance_uid)
            && says(Level::Series, &self.series_instance_uid)
    }

    /// What is not as the data set has it.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Study Instance UID (0020,000D).
    pub fn study_instance_uid(&self) -> &Uid {
        &self.study_instance_uid
    }

    /// Series Instance UID (0020,000E).
    pub fn series_instance_uid(&self) -> &Uid {
        &self.series_instance_uid
    }

    /// SOP Instance UID (0008,0018).
    pub fn sop_instance_uid(&self) -> &Uid {
        &self.sop_instance_uid
    }

    /// SOP Class UID (0008,0016).
    pub fn sop_class_uid(&self) -> &Uid {
        &self.sop_class_uid
    }

    /// The transfer syntax of the data set.
    pub fn transfer_syntax_uid(&self) -> &Uid {
        &self.transfer_syntax_uid
    }

    /// What tells a patient without a Patient ID from others; empty where there is one.
    pub(crate) fn without_id(&self) -> String {
        let value = |column| self.patient.column(Level::Patient, column);
        if !value("patient_id").is_empty() {
            return String::new();
        }
        format!("{}\\{}", normal::folded_groups(value("patient_name")).join("="), value("patient_birth_date"))
    }
}

pub(crate) const ANATOMIC_REGION_SEQUENCE: Tag = Tag(0x0008, 0x2218);

fn uid(attributes: &Attributes, key: &Key) -> Result<Uid, ExtractError> {
    let (tag, keyword) = (key.tag, key.keyword);
    match attributes.uid(tag) {
        None | Some(Err(UidError::Empty)) => Err(ExtractError::Missing { tag, keyword }),
        Some(Err(error)) => Err(ExtractError::NoUid { tag, keyword, error }),
        Some(Ok(uid)) => Ok(uid),
    }
}

/// One level's row as it is put together.
struct Building<'a> {
    columns: Vec<Cow<'a, str>>,
    further: Collected,
}

impl<'a> Building<'a> {
    fn new(level: Level) -> Self {
        Self { columns: vec![Cow::Borrowed(""); columns(level).len()], further: Collected::default() }
    }

    fn add(&mut self, key: &Key, slot: Option<usize>, value: &Value<'a>) {
        if let Some(slot) = slot {
            if let (Some(column), Value::Text(text)) = (self.columns.get_mut(slot), value) {
                column.clone_from(text);
            }
            return;
        }
        match value {
            Value::Text(text) => self.further.text(key.tag, key.vr, text),
            Value::Number(number) => self.further.binary(key.tag, key.vr, &number.to_le_bytes()),
            Value::Items(items) => self.further.items(key.tag, items),
        }
    }
}

/// What is kept of an attribute.
enum Value<'a> {
    Text(Cow<'a, str>),
    Number(u16),
    Items(Vec<Identifier>),
}

/// The rows of the four levels, in one go through the attributes.
fn level_rows(attributes: &Attributes) -> [LevelRow; 4] {
    let mut building = Level::ALL.map(Building::new);
    let [patient, study, series, instance] = &mut building;
    // Both are in the order of their tags.
    let mut slots = slots().iter().peekable();
    for element in attributes.elements() {
        while slots.next_if(|slot| slot.key.tag < element.tag).is_some() {}
        let Some(Slot { key, own, in_study }) = slots.next_if(|slot| slot.key.tag == element.tag) else {
            continue;
        };
        let Some(value) = value(attributes, key, element) else { continue };
        match key.level {
            Level::Patient => {
                patient.add(key, *own, &value);
                study.add(key, *in_study, &value);
            }
            Level::Study => study.add(key, *own, &value),
            Level::Series => series.add(key, *own, &value),
            Level::Image => instance.add(key, *own, &value),
        }
    }
    building.map(|level| {
        let bytes = level.columns.iter().map(|text| text.len()).sum();
        let mut columns = Texts::with_capacity(level.columns.len(), bytes);
        level.columns.iter().for_each(|text| columns.push(text));
        LevelRow::new(columns, level.further.into_bytes())
    })
}

/// Where the value of a key goes: the place among the columns of its level, and among those of the study for the patient's.
pub(crate) struct Slot {
    pub(crate) key: &'static Key,
    pub(crate) own: Option<usize>,
    pub(crate) in_study: Option<usize>,
}

/// All of them, in the order of their tags.
fn slots() -> &'static [Slot] {
    static SLOTS: LazyLock<Vec<Slot>> = LazyLock::new(|| {
        let mut slots: Vec<Slot> = KEYS
            .iter()
            .filter(|key| !matches!(key.kept, Kept::Made(_)))
            .map(|key| {
                let among = |level| columns(level).iter().position(|(other, _)| *other == key);
                Slot { key, own: among(key.level), in_study: among(Level::Study) }
            })
            .collect();
        slots.sort_by_key(|slot| slot.key.tag);
        slots
    });
    &SLOTS
}

pub(crate) fn slot(tag: Tag) -> Option<&'static Slot> {
    let at = slots().binary_search_by_key(&tag, |slot| slot.key.tag).ok()?;
    slots().get(at)
}

fn value<'a>(attributes: &'a Attributes, key: &Key, element: Element<'a>) -> Option<Value<'a>> {
    if key.vr == Vr::SQ {
        let items = attributes.items(key.tag)?.ok().filter(|items| !items.is_empty());
        return items.map(Value::Items);
    }
    if !key.vr.is_text() {
        return u16::try_from(attributes.integer(key.tag)?).ok().map(Value::Number);
    }
    // SQLite's texts end at a NUL, which no VR allows within a value.
    let text = attributes.text_of(element).filter(|text| !text.is_empty())?;
    Some(Value::Text(if text.contains('\0') { text.replace('\0', "").into() } else { text }))
}

impl LevelRow {
    pub(crate) fn new(columns: Texts, further: Vec<u8>) -> Self {
        let values = columns.iter().map(str::as_bytes).chain([further.as_slice()]);
        let fingerprint = held::fingerprint(values);
        Self { columns, further, fingerprint }
    }

    /// The value of a column by its name.
    pub(crate) fn column(&self, level: Level, name: &str) -> &str {
        let at = columns(level).iter().position(|(_, column)| *column == name);
        at.map_or("", |at| self.columns.get(at))
    }

    /// This row, its empty values taken from another.
    pub(crate) fn filled_from(&self, other: &Self) -> Self {
        let columns = self.columns.iter().zip(other.columns.iter());
        let columns = columns.map(|(own, theirs)| if own.is_empty() { theirs } else { own }).collect();
        Self::new(columns, further::merged(&self.further, &other.further))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_is_no_text_fits_the_number_that_is_kept() {
        for key in KEYS.iter().filter(|key| !matches!(key.kept, Kept::Made(_))) {
            assert!(key.vr == Vr::SQ || key.vr.is_text() || key.vr == Vr::US, "{}", key.keyword);
        }
    }
}
