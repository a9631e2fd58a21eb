use catalog::ExamTypes;
use vault::Sync;
use vocabulary::Tag;

use crate::Origin;

/// What an operator can choose about the holdings. Each field is a setting of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HoldingsRules {
    /// What an instance waits for before it counts as kept.
    pub sync: Sync,
    /// What becomes of an instance under a SOP Instance UID that is held already.
    pub duplicates: Duplicates,
    /// What becomes of an instance under a Patient ID that is known with another name (SCP-043).
    pub patient_id_conflict: PatientIdConflict,
    /// Patient's names (IOD-001).
    pub names: Names,
    /// Patient's sex (IOD-004).
    pub sex: Sex,
    /// Modality (IOD-010).
    pub modality: Modality,
    /// What stands for values that are empty (CFG-044): attributes with a column of their own, 64 characters at most.
    pub defaults: Vec<(Tag, String)>,
    /// What a data set must have (SCP-050).
    pub required: Required,
    /// How many bytes of refused data sets are kept for diagnosis (CFG-043).
    pub rejected_bytes_max: u64,
    /// What series are looked up in when an instance is catalogued (IOD-009, IOD-011, IOD-013, IOD-014).
    pub exam_types: ExamTypes,
    /// How many bytes of the disk are left free: no instance is begun when there are fewer. 0: none.
    pub reserved_bytes: u64,
}

/// What becomes of an instance under a SOP Instance UID that is held already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Duplicates {
    /// An identical one is kept once. Of different ones both are kept: the newer one answers queries and retrieves,
    /// the older one stays reachable.
    #[default]
    KeepBoth,
    /// The newcomer, identical or not, is kept under a new SOP Instance UID (SCP-041).
    NewUid,
    /// An identical one is kept once. A different one takes the place of those before, which are set aside (SCP-042).
    Replace,
}

/// What becomes of an instance under a Patient ID that is known with another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PatientIdConflict {
    /// It is kept under that ID.
    #[default]
    Accept,
    /// Its Patient ID is changed: the ID that it came with and eight digits made from the name, so that whatever comes
    /// later of the same patient gets the same one.
    Coerce,
}

/// What the catalog and exports have of a patient's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Names {
    /// All of it.
    #[default]
    AsReceived,
    /// The last and the first name of one component group, 64 characters of each.
    TwoParts,
}

/// What the catalog and exports have of a patient's sex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sex {
    /// What came.
    #[default]
    AsReceived,
    /// M, F or O by the first letter; U for everything else, which is exported as no value.
    Letter,
}

/// What the catalog has of a modality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Modality {
    /// What came.
    #[default]
    AsReceived,
    /// What came if it has two characters; else none, or the default.
    TwoCharacters,
}

/// What a data set must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Required {
    /// The UIDs of class, study, series and instance.
    #[default]
    Identification,
    /// These, and in images what they cannot be displayed without: Photometric Interpretation, Bits Allocated, Bits
    /// Stored.
    Display,
}

impl HoldingsRules {
    /// Whether values may be changed when an instance arrives.
    pub(crate) fn may_change(&self) -> bool {
        self.duplicates == Duplicates::NewUid
            || self.patient_id_conflict == PatientIdConflict::Coerce
            || self.names == Names::TwoParts
            || self.sex == Sex::Letter
            || self.modality == Modality::TwoCharacters
            || !self.defaults.is_empty()
    }

    /// How many bytes of an instance are kept if it is refused: none of one that did not come over an association, for
    /// whoever has it has its file.
    pub(crate) fn rejected_bytes_max_of(&self, origin: &Origin) -> u64 {
        if origin.source_ae_title.is_some() { self.rejected_bytes_max } else { 0 }
    }

    /// Whether what becomes of an instance depends on what is held in a way that no other may change meanwhile.
    pub(crate) fn one_at_a_time(&self) -> bool {
        self.duplicates != Duplicates::KeepBoth || self.patient_id_conflict == PatientIdConflict::Coerce
    }
}

impl Duplicates {
    /// What becomes of one, for people: a sentence without its subject and stop.
    pub const fn words(self) -> &'static str {
        match self {
            Self::KeepBoth => {
                "an identical data set is kept once and answered with success; of a different one both are kept: queries and \
                 retrieves find the one received last, the earlier one stays in the vault"
            }
            Self::NewUid => "the newcomer, identical or not, is kept under a new SOP Instance UID",
            Self::Replace => {
                "an identical data set is kept once and answered with success; a different one replaces the one before, \
                 which is set aside and no longer queried or retrieved"
            }
        }
    }
}
