use vocabulary::Tag;

use crate::keys::EXAM_TYPE;

/// What a query is held to where the standard leaves a choice or PS3.2 Annex F differs from it. Each field is a
/// setting of its own; [`QueryRules::STANDARD`] and [`QueryRules::ANNEX_F`] are the two presets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryRules {
    /// Which keys are matched, and how.
    pub offered: Offered,
    /// A unique key above the level that is absent or empty.
    pub upper_unique_key_missing: Lenience,
    /// A unique key above the level with a list of UIDs, or with wild cards in a Patient ID.
    pub upper_unique_key_not_single: Lenience,
    /// The unique key of the level is absent.
    pub unique_key_missing: Lenience,
    /// Other keys that belong above the level, as Patient's Name in a query for series.
    pub upper_keys: UpperKeys,
    /// Several values in a key that is no UID.
    pub several_values: SeveralValues,
    /// Whether a stored attribute without a value matches every value.
    pub empty_matches: bool,
    /// Whether a query that says next to nothing is refused with C001 (QR-027, QR-028, QR-030).
    pub guarded: bool,
    /// Whether responses hold Query/Retrieve Level, Retrieve AE Title, Instance Availability and the unique keys
    /// above the level unasked (PS3.4 C.4.1.1.3.2), or only what was asked for (QR-024).
    pub unasked_attributes: bool,
    /// Whether FF01 also says that a key was answered but not matched (PS3.4 C.4.1.1.4; DIF-019).
    pub unmatched_reported: bool,
}

/// Which keys are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// Every key of [`crate::keys`], in every way that PS3.4 C.2.2.2 defines for its VR.
    Everything,
    /// Only these keys, each only in the ways of its letters.
    Only(&'static [OfferedKey]),
}

/// One row of a table of matching letters (QR-031).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfferedKey {
    /// The key.
    pub tag: Tag,
    /// How it is matched.
    pub letters: Letters,
}

/// The ways in which a key is matched (QR-031). None of them: it is returned, never matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letters {
    /// S
    pub single: bool,
    /// R
    pub range: bool,
    /// \*
    pub wild_card: bool,
    /// L
    pub list: bool,
}

/// Whether something that the standard does not have is taken all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lenience {
    /// Taken, for the meaning that suggests itself.
    Accepted,
    /// Refused with A900.
    Refused,
}

/// What becomes of keys above the level that are not unique keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpperKeys {
    /// Matched and returned, as a relational query would.
    Matched,
    /// Neither matched nor returned, and reported.
    Ignored,
    /// The query is refused with A900.
    Refused,
}

/// What several values in one key mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeveralValues {
    /// One of them is enough.
    AnyOf,
    /// The query is refused with A900.
    Refused,
}

impl QueryRules {
    /// `preset = "standard"`: PS3.4 as it stands, lenient where workstations in use need it.
    pub const STANDARD: Self = Self {
        offered: Offered::Everything,
        upper_unique_key_missing: Lenience::Accepted,
        upper_unique_key_not_single: Lenience::Accepted,
        unique_key_missing: Lenience::Accepted,
        upper_keys: UpperKeys::Matched,
        several_values: SeveralValues::AnyOf,
        empty_matches: false,
        guarded: false,
        unasked_attributes: true,
        unmatched_reported: true,
    };

    /// `preset = "annex-f"`: what PS3.2 F.4.2.2.4.1.3 says, to the letter.
    pub const ANNEX_F: Self = Self {
        offered: Offered::Only(ANNEX_F_KEYS),
        upper_unique_key_missing: Lenience::Refused,
        upper_unique_key_not_single: Lenience::Refused,
        unique_key_missing: Lenience::Accepted,
        upper_keys: UpperKeys::Ignored,
        several_values: SeveralValues::Refused,
        empty_matches: false,
        guarded: true,
        unasked_attributes: false,
        unmatched_reported: false,
    };
}

impl QueryRules {
    /// The ways in which a key is matched, so far as its VR has them; `None`: it is not offered.
    pub fn letters(&self, tag: Tag) -> Option<Letters> {
        match self.offered {
            Offered::Everything => Some(Letters::ALL),
            // The tables are of what everybody asks for; this is for those who know it.
            Offered::Only(_) if tag == EXAM_TYPE.tag => Some(Letters::S_WILD),
            Offered::Only(offered) => {
                offered.iter().find(|offered| offered.tag == tag).map(|offered| offered.letters)
            }
        }
    }
}

impl Default for QueryRules {
    fn default() -> Self {
        Self::STANDARD
    }
}

impl Letters {
    /// Every way.
    pub const ALL: Self = Self { single: true, range: true, wild_card: true, list: true };
    /// None: the key is returned, never matched.
    pub const NONE: Self = Self { single: false, range: false, wild_card: false, list: false };
    const S: Self = Self { single: true, ..Self::NONE };
    const S_WILD: Self = Self { single: true, wild_card: true, ..Self::NONE };
    const S_R: Self = Self { single: true, range: true, ..Self::NONE };
    const R: Self = Self { range: true, ..Self::NONE };
    const S_L: Self = Self { single: true, list: true, ..Self::NONE };
}

const fn offered(group: u16, element: u16, letters: Letters) -> OfferedKey {
    OfferedKey { tag: Tag(group, element), letters }
}

/// QR-032 to QR-051; QR-052 to QR-071 say the same of Study Root.
const ANNEX_F_KEYS: &[OfferedKey] = &[
    offered(0x0008, 0x0005, Letters::NONE),
    offered(0x0010, 0x0010, Letters::S_WILD),
    offered(0x0010, 0x0020, Letters::S_WILD),
    offered(0x0010, 0x0030, Letters::S),
    offered(0x0010, 0x0040, Letters::S),
    offered(0x0010, 0x1000, Letters::NONE),
    offered(0x0010, 0x1001, Letters::NONE),
    offered(0x0008, 0x0020, Letters::S_R),
    offered(0x0008, 0x0030, Letters::R),
    offered(0x0008, 0x0050, Letters::S_WILD),
    offered(0x0020, 0x0010, Letters::S_WILD),
    offered(0x0020, 0x000D, Letters::S_L),
    offered(0x0008, 0x0090, Letters::S_WILD),
    offered(0x0008, 0x1030, Letters::S_WILD),
    offered(0x0008, 0x0060, Letters::S),
    offered(0x0020, 0x0011, Letters::S_WILD),
    offered(0x0020, 0x000E, Letters::S_L),
    offered(0x0008, 0x1070, Letters::NONE),
    offered(0x0020, 0x0013, Letters::S_WILD),
    offered(0x0008, 0x0018, Letters::S_L),
];
