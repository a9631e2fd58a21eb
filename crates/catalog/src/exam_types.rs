//! Exam types: what kind of examination a series is of, by a list that the operator gives.

use vocabulary::{Level, Tag};

use crate::InstanceRow;
use crate::further::Further;
use crate::keys::EXAM_TYPE;

const IMAGE_TYPE: Tag = Tag(0x0008, 0x0008);

/// The place of the value of Image Type that says what kind of image it is (PS3.3 C.7.6.1.1.2), from 0.
const IMAGE_TYPE_VALUE: usize = 2;

/// The exam types that there are, each with the form in which it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExamTypes {
    entries: Vec<(String, String)>,
}

impl ExamTypes {
    /// Those of a list. Entries are values of VR LO: 64 characters at most, without a backslash.
    pub fn new(entries: impl IntoIterator<Item = String>) -> Self {
        Self { entries: entries.into_iter().map(|entry| (compared(&entry), entry)).collect() }
    }

    /// The entries as they were given.
    pub fn entries(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(_, entry)| entry.as_str())
    }

    /// The entry that an instance matches, as the list spells it: by its Study Description (IOD-009), Series Description
    /// (IOD-011), Body Part Examined (IOD-013) or the third value of its Image Type (IOD-014). The first of these that
    /// matches an entry counts.
    fn of(&self, row: &InstanceRow) -> Option<&str> {
        let image_type = Further(&row.instance.further).text(IMAGE_TYPE).unwrap_or_default();
        let said = [
            row.study.column(Level::Study, "study_description"),
            row.series.column(Level::Series, "series_description"),
            row.series.column(Level::Series, "body_part_examined"),
            image_type.split('\\').nth(IMAGE_TYPE_VALUE).unwrap_or_default(),
        ];
        said.into_iter().find_map(|value| self.entry(value))
    }

    fn entry(&self, value: &str) -> Option<&str> {
        let value = compared(value);
        let found = self.entries.iter().find(|(entry, _)| !value.is_empty() && *entry == value);
        found.map(|(_, entry)| entry.as_str())
    }
}

/// Case does not count, nor do spaces around.
fn compared(value: &str) -> String {
    value.trim().to_lowercase()
}

impl InstanceRow {
    /// Gives the row of an instance, as it was extracted, the exam type that it matches. What was corrected does not
    /// count: corrections are applied to what this makes, when it is recorded.
    #[must_use]
    pub fn with_exam_type(mut self, of: &ExamTypes) -> Self {
        if of.entries.is_empty() {
            return self;
        }
        if let Some(entry) = of.of(&self) {
            self.put(EXAM_TYPE.tag, entry);
        }
        self
    }
}

#[cfg(test)]
mod tests;
