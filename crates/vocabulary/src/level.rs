use std::fmt;

use crate::sop_class;

/// A level of the Query/Retrieve information models (PS3.4 C.6), from the root down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// `PATIENT`
    Patient,
    /// `STUDY`
    Study,
    /// `SERIES`
    Series,
    /// `IMAGE`: a composite instance, image or not.
    Image,
}

impl Level {
    /// All four, from the root down.
    pub const ALL: [Self; 4] = [Self::Patient, Self::Study, Self::Series, Self::Image];

    /// The value of Query/Retrieve Level (0008,0052).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Patient => "PATIENT",
            Self::Study => "STUDY",
            Self::Series => "SERIES",
            Self::Image => "IMAGE",
        }
    }

    /// Takes the value of Query/Retrieve Level (0008,0052), without its padding.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == text)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A Query/Retrieve information model (PS3.4 C.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InformationModel {
    /// PS3.4 C.6.1: four levels.
    PatientRoot,
    /// PS3.4 C.6.2: three levels, the patient's attributes belong to the study.
    StudyRoot,
    /// PS3.4 C.6.3 (retired): patient and study.
    PatientStudyOnly,
}

impl InformationModel {
    /// The levels of the model, from its root down.
    pub const fn levels(self) -> &'static [Level] {
        match self {
            Self::PatientRoot => &[Level::Patient, Level::Study, Level::Series, Level::Image],
            Self::StudyRoot => &[Level::Study, Level::Series, Level::Image],
            Self::PatientStudyOnly => &[Level::Patient, Level::Study],
        }
    }

    /// The model that a FIND, MOVE or GET SOP class belongs to.
    pub fn of_sop_class(uid: &str) -> Option<Self> {
        match uid {
            sop_class::PATIENT_ROOT_FIND | sop_class::PATIENT_ROOT_MOVE | sop_class::PATIENT_ROOT_GET => {
                Some(Self::PatientRoot)
            }
            sop_class::STUDY_ROOT_FIND | sop_class::STUDY_ROOT_MOVE | sop_class::STUDY_ROOT_GET => {
                Some(Self::StudyRoot)
            }
            sop_class::PATIENT_STUDY_ONLY_FIND
            | sop_class::PATIENT_STUDY_ONLY_MOVE
            | sop_class::PATIENT_STUDY_ONLY_GET => Some(Self::PatientStudyOnly),
            _ => None,
        }
    }
}
