//! Corrected values, which take the place of those that an instance was received with: rows, answers and exports have them, its
//! file does not.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use vocabulary::{Level, Tag};

use crate::extract::{LevelRow, Slot, slot};
use crate::{CatalogError, InstanceRow, further, keys, locate};

/// An attribute and the value that it is given: several with backslashes between them, empty for none.
pub type Assigned = (Tag, String);

/// What corrections made other in the catalog than it is in the file of an instance: every attribute once, in the order
/// of the tags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Overrides {
    values: Vec<Assigned>,
    /// When the last of them was made: microseconds since 1970.
    made_at: i64,
}

impl Overrides {
    /// When the last of them was made.
    pub fn made_at(&self) -> SystemTime {
        let since = std::time::Duration::from_micros(u64::try_from(self.made_at).unwrap_or(0));
        SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// The attributes, and the value that each has.
    pub fn values(&self) -> &[Assigned] {
        &self.values
    }

    /// As it is kept in a row; `None` where there is nothing to keep.
    pub(crate) fn to_bytes(&self) -> Result<Option<Vec<u8>>, CatalogError> {
        (!self.values.is_empty()).then(|| to_bytes(self)).transpose()
    }

    fn assign(&mut self, (tag, value): &Assigned) {
        match self.values.binary_search_by_key(tag, |(have, _)| *have) {
            Ok(at) => self.values.iter_mut().skip(at).take(1).for_each(|(_, have)| have.clone_from(value)),
            Err(at) => self.values.insert(at, (*tag, value.clone())),
        }
    }
}

/// A value of ours as it is kept in a column.
pub(crate) fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, CatalogError> {
    postcard::to_stdvec(value).map_err(|_| locate::damaged("an override"))
}

/// As [`to_bytes`] made it.
pub(crate) fn read<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, CatalogError> {
    postcard::from_bytes(bytes).map_err(|_| locate::damaged("an override"))
}

impl InstanceRow {
    /// Gives attributes other values than the file has; the correction was made so many microseconds after 1970.
    pub(crate) fn correct(&mut self, values: &[Assigned], made_at: i64) {
        for assigned in values {
            self.put(assigned.0, &assigned.1);
            self.overrides.assign(assigned);
        }
        self.overrides.made_at = self.overrides.made_at.max(made_at);
    }

    /// Gives an attribute another value.
    pub(crate) fn put(&mut self, tag: Tag, value: &str) {
        let Some(Slot { key, own, in_study }) = slot(tag) else { return };
        match key.level {
            Level::Patient => {
                self.patient.put(key, *own, value);
                self.study.put(key, *in_study, value);
            }
            Level::Study => self.study.put(key, *own, value),
            Level::Series => self.series.put(key, *own, value),
            Level::Image => self.instance.put(key, *own, value),
        }
    }
}

impl LevelRow {
    fn put(&mut self, key: &keys::Key, slot: Option<usize>, value: &str) {
        let (mut columns, mut others) = (self.columns.clone(), self.further.clone());
        match slot {
            Some(slot) => columns = columns.replaced(slot, value),
            // What is no text can only be emptied.
            None if !key.vr.is_text() => others = further::replaced(&others, key.tag, key.vr, ""),
            None => others = further::replaced(&others, key.tag, key.vr, value),
        }
        *self = Self::new(columns, others);
    }

    /// The value of a key of this level, as text; empty without.
    pub(crate) fn text(&self, level: Level, key: &keys::Key) -> String {
        match key.kept {
            keys::Kept::Column(name) => self.column(level, name).to_owned(),
            _ => further::Further(&self.further).text(key.tag).unwrap_or_default().into_owned(),
        }
    }
}
