//! The keys of the Query/Retrieve information models (PS3.4 C.6): which there are, at which level, of which type,
//! how they are matched and where the catalog keeps them.
//!
//! Extraction, columns, queries and the conformance statement are made from [`KEYS`]; a test holds the schema
//! against it. Beside the keys that PS3.4 names one by one it has those of "all other attributes at … level" that
//! workstations are seen to ask for.

use std::sync::LazyLock;

use vocabulary::{InformationModel, Level, Tag, Vr};

use crate::query;

mod table;

pub use table::KEYS;
pub(crate) use table::{EXAM_TYPE, SOP_CLASS_UID};

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its tag.
    pub tag: Tag,
    /// Its keyword (PS3.6).
    pub keyword: &'static str,
    /// Its value representation.
    pub vr: Vr,
    /// The level of the patient root model that it belongs to.
    pub level: Level,
    /// Its type at that level.
    pub key_type: KeyType,
    /// Whether it may have several values.
    pub multiple: bool,
    /// Where the catalog has it.
    pub kept: Kept,
}

/// An attribute of identifiers that is no key: it says how the others are meant, or where to get what matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Special {
    /// Its tag.
    pub tag: Tag,
    /// Its keyword (PS3.6).
    pub keyword: &'static str,
    /// Its value representation.
    pub vr: Vr,
    /// What it is for: a clause.
    pub role: &'static str,
}

const fn special(tag: Tag, keyword: &'static str, vr: Vr, role: &'static str) -> Special {
    Special { tag, keyword, vr, role }
}

/// These attributes (PS3.4 C.4.1.1.3).
pub const SPECIAL: &[Special] = &[
    special(
        query::SPECIFIC_CHARACTER_SET,
        "SpecificCharacterSet",
        Vr::CS,
        "How the texts of the request are read, and of a response; in a response where its texts need it",
    ),
    special(
        query::QUERY_RETRIEVE_LEVEL,
        "QueryRetrieveLevel",
        Vr::CS,
        "The level of the request; must be there, and is in each response",
    ),
    special(query::RETRIEVE_AE_TITLE, "RetrieveAETitle", Vr::AE, "The title of QUERY-RETRIEVE-SCP"),
    special(query::INSTANCE_AVAILABILITY, "InstanceAvailability", Vr::CS, "ONLINE"),
];

/// The type of a key (PS3.4 C.2.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// U
    Unique,
    /// R
    Required,
    /// O
    Optional,
}

/// Where the catalog keeps the value of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// In a column of the table of its level; those of the patient also in the table of studies.
    Column(&'static str),
    /// Among the further attributes of the row of its level.
    Attributes,
    /// Nowhere: made from other rows, and kept up to date in a column.
    Made(Made),
}

/// A key whose value no data set holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// Number of … Related …: a column at the level of the key; for patients what is summed up of their studies.
    Number(&'static str),
    /// Modalities in Study (0008,0061).
    ModalitiesInStudy,
    /// SOP Classes in Study (0008,0062).
    SopClassesInStudy,
    /// Anatomic Regions in Study Code Sequence (0008,0063).
    AnatomicRegionsInStudy,
    /// Available Transfer Syntax UID (0008,3002).
    TransferSyntax,
}

/// The ways in which PS3.4 C.2.2.2 lets a value be matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matched {
    /// A single value, or wild cards.
    WildCard,
    /// A single value.
    SingleValue,
    /// A single value, or a range.
    Range,
    /// A single UID, or a list of them.
    UidList,
    /// One item, attribute by attribute.
    Sequence,
    /// Not at all: it is only returned.
    Never,
}

impl Key {
    /// Whether data sets have the value. That of a private key is given by the catalog, whatever a data set has there.
    pub fn is_of_data_sets(&self) -> bool {
        !self.tag.is_private() && !matches!(self.kept, Kept::Made(_))
    }

    /// How the key is matched, by its VR (PS3.4 C.2.2.2).
    pub fn matched(&self) -> Matched {
        match self.kept {
            Kept::Made(Made::Number(_) | Made::AnatomicRegionsInStudy) => Matched::Never,
            _ => matched_by_vr(self.vr),
        }
    }

    /// The type of the key at the topmost level of `model` that has it: under Study Root the patient's keys belong
    /// to the study, and Patient ID is not unique (PS3.4 C.6.2.1.2).
    pub fn key_type_in(&self, model: InformationModel) -> KeyType {
        match (model, self.key_type, self.level) {
            (InformationModel::StudyRoot, KeyType::Unique, Level::Patient) => KeyType::Required,
            _ => self.key_type,
        }
    }

    /// The level of the key in `model`.
    pub fn level_in(&self, model: InformationModel) -> Level {
        match model {
            InformationModel::StudyRoot => self.level.max(Level::Study),
            InformationModel::PatientRoot | InformationModel::PatientStudyOnly => self.level,
        }
    }
}

/// The ways in which values of a VR are matched (PS3.4 C.2.2.2).
pub fn matched_by_vr(vr: Vr) -> Matched {
    match vr {
        Vr::AE | Vr::CS | Vr::LO | Vr::LT | Vr::PN | Vr::SH | Vr::ST | Vr::UC | Vr::UR | Vr::UT => {
            Matched::WildCard
        }
        Vr::DA | Vr::TM | Vr::DT => Matched::Range,
        Vr::UI => Matched::UidList,
        Vr::SQ => Matched::Sequence,
        Vr::OB | Vr::OD | Vr::OF | Vr::OL | Vr::OV | Vr::OW | Vr::UN => Matched::Never,
        _ => Matched::SingleValue,
    }
}

/// Who the private keys are of (PS3.5 7.8.1): the value of the element that reserves their block.
pub const PRIVATE_CREATOR: &str = "ISOCENTER";

/// The element that reserves the block of a private element; `None` of what is not in a block.
pub fn private_creator_of(tag: Tag) -> Option<Tag> {
    let block = tag.element() >> 8;
    (tag.is_private() && matches!(block, 0x10..=0xFF)).then_some(Tag(tag.group(), block))
}

/// The private key that an element is, if its block is reserved for [`PRIVATE_CREATOR`].
pub fn find_private(tag: Tag) -> Option<&'static Key> {
    private_creator_of(tag)?;
    find(Tag(tag.group(), 0x1000 | (tag.element() & 0x00FF))).filter(|key| key.tag.is_private())
}

/// The key with a tag, if there is one. A private one has the tag that it has in block 10.
pub fn find(tag: Tag) -> Option<&'static Key> {
    static BY_TAG: LazyLock<Vec<&'static Key>> = LazyLock::new(|| {
        let mut keys: Vec<_> = KEYS.iter().collect();
        keys.sort_by_key(|key| key.tag);
        keys
    });
    let at = BY_TAG.binary_search_by_key(&tag, |key| key.tag).ok()?;
    BY_TAG.get(at).copied()
}

/// The unique key of a level.
pub fn unique(level: Level) -> &'static Key {
    match level {
        Level::Patient => &table::PATIENT_ID,
        Level::Study => &table::STUDY_INSTANCE_UID,
        Level::Series => &table::SERIES_INSTANCE_UID,
        Level::Image => &table::SOP_INSTANCE_UID,
    }
}

/// The tags that [`crate::InstanceRow::extract`] needs, in ascending order: what a walker is to pick out.
pub fn wanted_tags() -> &'static [Tag] {
    static TAGS: LazyLock<Vec<Tag>> = LazyLock::new(|| {
        let mut tags: Vec<_> = KEYS.iter().filter(|key| key.is_of_data_sets()).map(|key| key.tag).collect();
        tags.push(Tag(0x0008, 0x0005));
        tags.sort_unstable();
        tags
    });
    &TAGS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tag_is_there_once_and_is_public_but_for_those_that_no_data_set_has() {
        let mut tags: Vec<_> = KEYS.iter().map(|key| key.tag).collect();
        tags.sort();
        let count = tags.len();
        tags.dedup();
        assert_eq!(tags.len(), count);
        assert_eq!(tags.iter().filter(|tag| tag.is_private()).collect::<Vec<_>>(), [&EXAM_TYPE.tag]);
        assert!(!wanted_tags().contains(&EXAM_TYPE.tag));
    }

    #[test]
    fn private_keys_are_found_in_any_block_of_ours() {
        for tag in [EXAM_TYPE.tag, Tag(0x0009, 0x4201), Tag(0x0009, 0xFF01)] {
            assert_eq!(find_private(tag), Some(&EXAM_TYPE), "{tag}");
        }
        for tag in [Tag(0x0009, 0x1002), Tag(0x0009, 0x0F01), Tag(0x0009, 0x0001), Tag(0x0011, 0x1001)] {
            assert_eq!(find_private(tag), None, "{tag}");
        }
        assert_eq!(find_private(Tag(0x0008, 0x1030)), None, "Study Description is public");
        assert_eq!(private_creator_of(Tag(0x0009, 0x4201)), Some(Tag(0x0009, 0x0042)));
    }

    #[test]
    fn each_level_has_one_unique_key_and_it_is_the_one_that_is_named() {
        for level in Level::ALL {
            let unique_keys: Vec<_> =
                KEYS.iter().filter(|key| key.level == level && key.key_type == KeyType::Unique).collect();
            assert_eq!(unique_keys, [unique(level)]);
        }
    }

    #[test]
    fn value_representations_are_those_of_the_dictionary() {
        for key in KEYS.iter().filter(|key| !key.tag.is_private()) {
            assert_eq!(dataset::vr_of(key.tag), key.vr, "{}", key.keyword);
        }
    }

    #[test]
    fn columns_are_kept_for_single_values_only() {
        for key in KEYS {
            assert!(!(key.multiple && matches!(key.kept, Kept::Column(_))), "{}", key.keyword);
        }
    }

    #[test]
    fn qr_026_the_required_keys_of_the_four_levels_are_there() {
        // PS3.4 tables C.6-1 to C.6-4.
        let required: Vec<_> =
            KEYS.iter().filter(|key| key.key_type == KeyType::Required).map(|key| key.keyword).collect();
        assert_eq!(
            required,
            [
                "PatientName",
                "StudyDate",
                "StudyTime",
                "AccessionNumber",
                "StudyID",
                "Modality",
                "SeriesNumber",
                "InstanceNumber"
            ]
        );
    }

    #[test]
    fn qr_029_under_study_root_patient_keys_belong_to_the_study() {
        let patient_id = unique(Level::Patient);
        assert_eq!(patient_id.level_in(InformationModel::StudyRoot), Level::Study);
        assert_eq!(patient_id.key_type_in(InformationModel::StudyRoot), KeyType::Required);
        assert_eq!(patient_id.key_type_in(InformationModel::PatientRoot), KeyType::Unique);
    }

    #[test]
    fn wanted_tags_ascend_and_hold_no_made_key() {
        let tags = wanted_tags();
        assert!(tags.is_sorted_by(|a, b| a < b));
        assert!(!tags.contains(&Tag(0x0020, 0x1208)));
        assert!(tags.contains(&Tag(0x0020, 0x000D)));
    }
}
