use vocabulary::{InformationModel, Level, Status, Tag};

use super::{Kind, Retrieve};
use crate::rules::{Lenience, QueryRules};
use crate::trial::{
    CT, LEVEL, PATIENT_ID, PATIENT_NAME, SERIES_INSTANCE_UID, SOP_CLASS_UID, SOP_INSTANCE_UID, SR,
    STUDY_INSTANCE_UID, Trial, identifier, row,
};
use crate::{CatalogError, Held, QueryRefused};

use InformationModel::{PatientRoot, StudyRoot};

type Keys = &'static [(Tag, &'static str)];

fn retrieve(model: InformationModel, level: &str, keys: &[(Tag, &str)]) -> Result<Retrieve, QueryRefused> {
    let mut all = vec![(LEVEL, level)];
    all.extend(keys);
    Retrieve::from_identifier(model, &identifier(&all), &QueryRules::STANDARD)
}

fn offending(result: Result<Retrieve, QueryRefused>) -> Tag {
    let refused = result.unwrap_err();
    assert_eq!(refused.status, Status::DATA_SET_DOES_NOT_MATCH_SOP_CLASS);
    refused.offending[0]
}

/// Two patients, three studies, four series, five instances, one of them in two versions.
fn filled() -> Trial {
    let mut trial = Trial::new();
    let instances = [
        ("P1", "1.1", "1.1.1", "1.1.1.1", CT),
        ("P1", "1.1", "1.1.1", "1.1.1.2", CT),
        ("P1", "1.1", "1.1.2", "1.1.2.1", SR),
        ("P1", "1.2", "1.2.1", "1.2.1.1", CT),
        ("P2", "1.3", "1.3.1", "1.3.1.1", CT),
        ("P1", "1.1", "1.1.1", "1.1.1.2", CT),
    ];
    for (number, (patient, study, series, sop, class)) in (1..).zip(instances) {
        let elements = [
            (PATIENT_ID, patient),
            (STUDY_INSTANCE_UID, study),
            (SERIES_INSTANCE_UID, series),
            (SOP_INSTANCE_UID, sop),
            (SOP_CLASS_UID, class),
        ];
        trial.keep(&row(&elements), number);
    }
    trial
}

fn found(trial: &Trial, retrieve: &Retrieve) -> Vec<String> {
    let retrieval = trial.catalog.retrieve(retrieve).unwrap();
    let count = retrieval.instances();
    let held: Vec<Held> = retrieval.collect::<Result<_, CatalogError>>().unwrap();
    assert_eq!(held.len() as u64, count);
    assert!(held.iter().all(|held| held.current));
    let mut uids: Vec<_> = held.iter().map(|held| held.place.sop_instance_uid.to_string()).collect();
    uids.sort();
    uids
}

#[test]
fn qr_082_every_level_and_lists_at_the_level_of_the_request() {
    let trial = filled();
    let cases: &[(InformationModel, &str, Keys, &[&str])] = &[
        (PatientRoot, "PATIENT", &[(PATIENT_ID, "P1")], &["1.1.1.1", "1.1.1.2", "1.1.2.1", "1.2.1.1"]),
        (
            PatientRoot,
            "STUDY",
            &[(PATIENT_ID, "P1"), (STUDY_INSTANCE_UID, "1.1\\1.3")],
            &["1.1.1.1", "1.1.1.2", "1.1.2.1"],
        ),
        (StudyRoot, "STUDY", &[(STUDY_INSTANCE_UID, "1.2\\1.3")], &["1.2.1.1", "1.3.1.1"]),
        (
            StudyRoot,
            "SERIES",
            &[(STUDY_INSTANCE_UID, "1.1"), (SERIES_INSTANCE_UID, "1.1.2\\1.2.1")],
            &["1.1.2.1"],
        ),
        (
            StudyRoot,
            "IMAGE",
            &[(SERIES_INSTANCE_UID, "1.1.1"), (SOP_INSTANCE_UID, "1.1.1.2\\1.3.1.1")],
            &["1.1.1.2"],
        ),
        (StudyRoot, "IMAGE", &[(SOP_INSTANCE_UID, "1.1.1.2\\1.3.1.1\\9.9")], &["1.1.1.2", "1.3.1.1"]),
        (StudyRoot, "STUDY", &[(STUDY_INSTANCE_UID, "9.9"), (PATIENT_NAME, "ignored")], &[]),
    ];
    for (model, level, keys, expected) in cases {
        assert_eq!(found(&trial, &retrieve(*model, level, keys).unwrap()), *expected, "{level} {keys:?}");
    }
    assert_eq!(Retrieve::study(vocabulary::Uid::parse("1.2").unwrap()).level(), Level::Study);
}

#[test]
fn qr_083_a_list_at_another_level_is_refused() {
    let series = (SERIES_INSTANCE_UID, "1.1.1");
    let refused = retrieve(StudyRoot, "SERIES", &[(STUDY_INSTANCE_UID, "1.1\\1.2"), series]);
    assert_eq!(offending(refused), STUDY_INSTANCE_UID);
    let refused = retrieve(PatientRoot, "PATIENT", &[(PATIENT_ID, "P1\\P2")]);
    assert_eq!(offending(refused), PATIENT_ID);
}

#[test]
fn sil_059_unique_keys_have_one_value_each() {
    assert_eq!(offending(retrieve(StudyRoot, "STUDY", &[])), STUDY_INSTANCE_UID);
    assert_eq!(offending(retrieve(StudyRoot, "STUDY", &[(STUDY_INSTANCE_UID, "1.*")])), STUDY_INSTANCE_UID);
    assert_eq!(offending(retrieve(StudyRoot, "STUDY", &[(STUDY_INSTANCE_UID, "x")])), STUDY_INSTANCE_UID);
    assert_eq!(offending(retrieve(PatientRoot, "PATIENT", &[(PATIENT_ID, "*")])), PATIENT_ID);
    assert_eq!(offending(retrieve(StudyRoot, "PATIENT", &[(PATIENT_ID, "P1")])), LEVEL);
    let strict = QueryRules { upper_unique_key_missing: Lenience::Refused, ..QueryRules::STANDARD };
    let without_study = identifier(&[(LEVEL, "SERIES"), (SERIES_INSTANCE_UID, "1.1.1")]);
    assert_eq!(offending(Retrieve::from_identifier(StudyRoot, &without_study, &strict)), STUDY_INSTANCE_UID);
    assert!(Retrieve::from_identifier(StudyRoot, &without_study, &QueryRules::STANDARD).is_ok());
}

#[test]
fn what_has_to_be_proposed_is_known_before_the_first_instance_is_read() {
    let trial = filled();
    let retrieve = retrieve(PatientRoot, "PATIENT", &[(PATIENT_ID, "P1")]).unwrap();
    let kinds = trial.catalog.retrieve(&retrieve).unwrap().kinds().unwrap();
    let syntax = vocabulary::Uid::known(vocabulary::transfer_syntax::EXPLICIT_VR_LITTLE_ENDIAN);
    let kind = |class, instances| Kind {
        sop_class_uid: vocabulary::Uid::known(class),
        transfer_syntax_uid: syntax.clone(),
        instances,
    };
    assert_eq!(kinds, [kind(CT, 3), kind(SR, 1)]);
}

#[test]
fn more_instances_than_are_read_at_once_come_in_order_and_each_once() {
    let mut trial = Trial::new();
    for number in 1..=600 {
        trial.keep(&row(&[(SOP_INSTANCE_UID, &format!("1.9.{number}"))]), number);
    }
    let retrieve = Retrieve::study(vocabulary::Uid::known("1.2.3.1"));
    let versions: Vec<u32> =
        trial.catalog.retrieve(&retrieve).unwrap().map(|held| held.unwrap().place.version).collect();
    assert_eq!(versions, (1..=600).collect::<Vec<_>>());
}

#[test]
fn writers_go_on_while_instances_are_sent() {
    let mut trial = filled();
    let reader = trial.another(crate::Access::ReadOnly);
    let retrieve = retrieve(PatientRoot, "PATIENT", &[(PATIENT_ID, "P1")]).unwrap();
    let mut retrieval = reader.retrieve(&retrieve).unwrap();
    assert!(retrieval.next().is_some());
    trial.keep(&row(&[(SOP_INSTANCE_UID, "1.9")]), 9);
    let done = trial.catalog.checkpoint().unwrap();
    assert_eq!(done.copied, done.pages, "the one who sends holds nothing up");
    assert_eq!(retrieval.count(), 3);
}
