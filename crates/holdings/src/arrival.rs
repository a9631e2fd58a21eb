//! What is changed about an instance when it arrives, whatever else is held (PS3.2 F.8.1.1). Its bytes stay as they are.

use catalog::{Change, InstanceRow};
use dataset::Attributes;
use vocabulary::{Tag, sop_class};

use crate::{HoldingsRules, Modality, Names, Refusal, Required, Sex};

const MODALITY: Tag = Tag(0x0008, 0x0060);
const PATIENT_NAME: Tag = Tag(0x0010, 0x0010);
const PATIENT_SEX: Tag = Tag(0x0010, 0x0040);

/// What an image cannot be displayed without (IOD-017 to IOD-019).
const FOR_DISPLAY: &[(Tag, &str)] = &[
    (Tag(0x0028, 0x0004), "PhotometricInterpretation"),
    (Tag(0x0028, 0x0100), "BitsAllocated"),
    (Tag(0x0028, 0x0101), "BitsStored"),
];

/// Characters of a part of a name (IOD-001).
const NAME_PART_CHARACTERS_MAX: usize = 64;

/// Characters of a modality that is exported as it came although the catalog does not have it (PS3.5 6.2, CS).
const CODE_CHARACTERS_MAX: usize = 16;

/// The sex of a patient of whom none is known (IOD-004).
const UNKNOWN: &str = "U";

impl HoldingsRules {
    /// Whether a data set has what it must have beside its UIDs.
    pub(crate) fn check(&self, row: &InstanceRow, attributes: &Attributes) -> Result<(), Refusal> {
        let is_image = || sop_class::find(row.sop_class_uid().as_str()).is_some_and(|class| class.image);
        if self.required == Required::Identification || !is_image() {
            return Ok(());
        }
        let lacks = |tag| attributes.raw(tag).is_none_or(|value| value.trim_ascii().is_empty());
        match FOR_DISPLAY.iter().find(|(tag, _)| lacks(*tag)) {
            Some((tag, keyword)) => Err(Refusal::NotDisplayable { tag: *tag, keyword }),
            None => Ok(()),
        }
    }

    /// What is changed of an instance's values.
    pub(crate) fn changes(&self, row: &InstanceRow) -> Vec<Change> {
        let mut changes = Vec::new();
        let name = row.value(PATIENT_NAME);
        if self.names == Names::TwoParts
            && let two_parts = two_parts(name)
            && two_parts != name.trim_end_matches('^')
        {
            changes.push(Change::new(PATIENT_NAME, two_parts));
        }
        let sex = row.value(PATIENT_SEX);
        if self.sex == Sex::Letter
            && let letter = sex.chars().next().map_or(UNKNOWN, letter)
            && letter != sex
        {
            let exported = if letter == UNKNOWN { "" } else { letter }.to_owned();
            changes.push(Change { tag: PATIENT_SEX, catalogued: letter.to_owned(), exported });
        }
        let modality = row.value(MODALITY);
        let characters = modality.chars().count();
        if self.modality == Modality::TwoCharacters && characters != 2 && characters > 0 {
            let exported = if characters > CODE_CHARACTERS_MAX { "" } else { modality }.to_owned();
            changes.push(Change { tag: MODALITY, catalogued: String::new(), exported });
        }
        for (tag, default) in &self.defaults {
            let changed = changes.iter().position(|change| change.tag == *tag);
            let value = changed.and_then(|at| changes.get(at)).map_or(row.value(*tag), |c| &c.catalogued);
            if value.is_empty() || (*tag == PATIENT_SEX && value == UNKNOWN) {
                changes.retain(|change| change.tag != *tag);
                changes.push(Change::new(*tag, default));
            }
        }
        changes
    }
}

/// Last and first name. With neither `^` nor a comma between them, all is the last name.
fn two_parts(name: &str) -> String {
    let group = name.split('=').find(|group| !group.is_empty()).unwrap_or_default();
    let mut parts = group.splitn(3, if group.contains('^') { '^' } else { ',' });
    let (last, first) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let part = |part: &str| part.trim().chars().take(NAME_PART_CHARACTERS_MAX).collect::<String>();
    match (part(last), part(first)) {
        (last, first) if first.is_empty() => last,
        (last, first) => format!("{last}^{first}"),
    }
}

/// What stands for a sex that begins with this letter.
fn letter(first: char) -> &'static str {
    match first {
        'M' | 'm' => "M",
        'F' | 'f' => "F",
        'O' | 'o' => "O",
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iod_001_names_are_two_parts_of_64_characters() {
        let long = format!("{}^{}", "L".repeat(70), "F".repeat(70));
        let cut = format!("{}^{}", "L".repeat(64), "F".repeat(64));
        for (name, expected) in [
            ("Last^First", "Last^First"),
            ("Last, First", "Last^First"),
            ("Last First", "Last First"),
            ("Last^First^Middle^Prefix^Suffix", "Last^First"),
            ("Last, Jr.^First", "Last, Jr.^First"),
            ("^First", "^First"),
            ("Last^", "Last"),
            ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada^Tarou"),
            ("=山田^太郎", "山田^太郎"),
            ("", ""),
            (&long, &cut),
        ] {
            assert_eq!(two_parts(name), expected, "{name}");
        }
    }
}
