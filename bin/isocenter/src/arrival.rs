//! From the configuration to what is changed, checked and replaced when an instance arrives.

use catalog::ExamTypes;
use configuration::{RequiredElements, StorageScp};
use holdings::{Duplicates, HoldingsRules, Modality, Names, PatientIdConflict, Required, Sex};
use vocabulary::Tag;

/// The rules of the holdings, but for durability.
pub(crate) fn rules(scp: &StorageScp) -> HoldingsRules {
    HoldingsRules {
        duplicates: match scp.duplicates {
            configuration::Duplicates::KeepBoth => Duplicates::KeepBoth,
            configuration::Duplicates::NewUid => Duplicates::NewUid,
            configuration::Duplicates::Replace => Duplicates::Replace,
        },
        patient_id_conflict: match scp.patient_id_conflict {
            configuration::PatientIdConflict::Accept => PatientIdConflict::Accept,
            configuration::PatientIdConflict::Coerce => PatientIdConflict::Coerce,
        },
        names: match scp.names {
            configuration::Names::AsReceived => Names::AsReceived,
            configuration::Names::TwoParts => Names::TwoParts,
        },
        sex: match scp.sex {
            configuration::Sex::AsReceived => Sex::AsReceived,
            configuration::Sex::Letter => Sex::Letter,
        },
        modality: match scp.modality {
            configuration::Modality::AsReceived => Modality::AsReceived,
            configuration::Modality::TwoCharacters => Modality::TwoCharacters,
        },
        defaults: defaults(&scp.defaults),
        required: match scp.required_elements {
            RequiredElements::Identification => Required::Identification,
            RequiredElements::Display => Required::Display,
        },
        rejected_bytes_max: u64::from(scp.keep_rejected),
        exam_types: ExamTypes::new(scp.exam_types.iter().cloned()),
        reserved_bytes: u64::from(scp.reserved_space),
        ..HoldingsRules::default()
    }
}

fn defaults(defaults: &configuration::Defaults) -> Vec<(Tag, String)> {
    let all = [
        (Tag(0x0008, 0x0020), &defaults.study_date),
        (Tag(0x0008, 0x0050), &defaults.accession_number),
        (Tag(0x0008, 0x0060), &defaults.modality),
        (Tag(0x0010, 0x0010), &defaults.patient_name),
        (Tag(0x0010, 0x0020), &defaults.patient_id),
        (Tag(0x0010, 0x0030), &defaults.patient_birth_date),
    ];
    all.into_iter().filter_map(|(tag, default)| Some((tag, default.clone()?))).collect()
}
