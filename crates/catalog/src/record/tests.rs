use vocabulary::{Level, Uid, Vr};

use crate::trial::{
    CT, INSTANCE_NUMBER, ISSUER_OF_PATIENT_ID, MODALITIES_IN_STUDY, MODALITY, PATIENT_ID, PATIENT_INSTANCES,
    PATIENT_NAME, PATIENT_SERIES, PATIENT_STUDIES, SERIES_INSTANCE_UID, SERIES_INSTANCES, SOP_CLASS_UID,
    SOP_CLASSES_IN_STUDY, SOP_INSTANCE_UID, SR, STUDY_DESCRIPTION, STUDY_INSTANCE_UID, STUDY_INSTANCES,
    STUDY_SERIES, Trial, identifier, location, query, row, row_of,
};
use crate::{Access, CatalogError, Outcome, Place};

fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

/// Patient's, study's and series' counts, modalities and SOP classes, as queries tell them.
fn counts(trial: &Trial) -> Vec<Vec<String>> {
    let patients = [PATIENT_ID, PATIENT_STUDIES, PATIENT_SERIES, PATIENT_INSTANCES];
    let studies =
        [STUDY_INSTANCE_UID, STUDY_SERIES, STUDY_INSTANCES, MODALITIES_IN_STUDY, SOP_CLASSES_IN_STUDY];
    let series = [SERIES_INSTANCE_UID, SERIES_INSTANCES];
    let mut counts = Vec::new();
    for (level, keys) in
        [(Level::Patient, &patients[..]), (Level::Study, &studies[..]), (Level::Series, &series[..])]
    {
        let asked: Vec<_> = keys.iter().map(|key| (*key, "")).collect();
        counts.extend(trial.answers(&query(level, &asked), keys));
    }
    counts
}

#[test]
fn numbers_modalities_and_classes_follow_what_comes_and_goes() {
    let mut trial = Trial::new();
    trial.add(&[]);
    trial.add(&[(SOP_INSTANCE_UID, "1.2.3.1.1.2")]);
    trial.add(&[
        (SOP_INSTANCE_UID, "1.2.3.1.2.1"),
        (SERIES_INSTANCE_UID, "1.2.3.1.2"),
        (MODALITY, "SR"),
        (SOP_CLASS_UID, SR),
    ]);
    trial.add(&[
        (SOP_INSTANCE_UID, "1.2.3.2.1.1"),
        (SERIES_INSTANCE_UID, "1.2.3.2.1"),
        (STUDY_INSTANCE_UID, "1.2.3.2"),
        (MODALITY, "MR"),
    ]);
    assert_eq!(
        counts(&trial),
        [
            vec!["P1", "2", "3", "4"],
            vec!["1.2.3.1", "2", "3", "CT\\SR", &format!("{CT}\\{SR}")],
            vec!["1.2.3.2", "1", "1", "MR", CT],
            vec!["1.2.3.1.1", "2"],
            vec!["1.2.3.1.2", "1"],
            vec!["1.2.3.2.1", "1"],
        ]
    );
    let remove = |trial: &mut Trial, sop: &str| {
        let held = trial.catalog.locate(&uid(sop)).unwrap();
        trial.catalog.remove(&held[0].place).unwrap();
    };
    remove(&mut trial, "1.2.3.1.2.1");
    remove(&mut trial, "1.2.3.1.1.1");
    assert_eq!(
        counts(&trial),
        [
            vec!["P1", "2", "2", "2"],
            vec!["1.2.3.1", "1", "1", "CT", CT],
            vec!["1.2.3.2", "1", "1", "MR", CT],
            vec!["1.2.3.1.1", "1"],
            vec!["1.2.3.2.1", "1"],
        ]
    );
    remove(&mut trial, "1.2.3.1.1.2");
    remove(&mut trial, "1.2.3.2.1.1");
    assert_eq!(counts(&trial), Vec::<Vec<String>>::new());
    assert_eq!(trial.add(&[]), Outcome::New);
    assert_eq!(counts(&trial).len(), 3);
}

#[test]
fn a_later_version_becomes_current_and_the_earlier_one_stays() {
    let mut trial = Trial::new();
    let first = row(&[(INSTANCE_NUMBER, "1")]);
    let second = row(&[(INSTANCE_NUMBER, "2")]);
    let record = |trial: &mut Trial, row, number| {
        trial.catalog.record(row, &location(number)).unwrap().outcome().clone()
    };
    assert_eq!(record(&mut trial, &first, 1), Outcome::New);
    assert_eq!(record(&mut trial, &second, 2), Outcome::NewVersion { current: true });
    let numbers = |trial: &Trial| {
        let keys = [(SERIES_INSTANCE_UID, ""), (INSTANCE_NUMBER, "")];
        trial.answers(&query(Level::Image, &keys), &[INSTANCE_NUMBER])
    };
    assert_eq!(numbers(&trial), [["2"]]);
    let held = trial.catalog.locate(first.sop_instance_uid()).unwrap();
    assert_eq!(
        held.iter().map(|held| (held.place.version, held.current)).collect::<Vec<_>>(),
        [(2, true), (1, false)]
    );
    assert_eq!(counts(&trial)[0], ["P1", "1", "1", "1"]);
    trial.catalog.remove(&held[0].place).unwrap();
    assert_eq!(numbers(&trial), [["1"]]);
    assert_eq!(counts(&trial)[0], ["P1", "1", "1", "1"]);
}

#[test]
fn a_study_has_only_the_sop_classes_of_versions_that_are_current() {
    let mut trial = Trial::new();
    trial.add(&[]);
    trial.keep(&row(&[(SOP_CLASS_UID, SR)]), 2);
    let query = query(Level::Study, &[(SOP_CLASSES_IN_STUDY, ""), (STUDY_INSTANCES, "")]);
    assert_eq!(trial.answers(&query, &[SOP_CLASSES_IN_STUDY, STUDY_INSTANCES]), [[SR, "1"]]);
}

#[test]
fn the_order_of_recording_does_not_matter_to_which_version_is_current() {
    let mut trial = Trial::new();
    let [one, two, three] = ["1", "2", "3"].map(|number| row(&[(INSTANCE_NUMBER, number)]));
    let mut outcomes = Vec::new();
    for (row, number) in [(&two, 2), (&three, 3), (&one, 1)] {
        outcomes.push(trial.catalog.record(row, &location(number)).unwrap().outcome().clone());
    }
    assert_eq!(
        outcomes,
        [Outcome::New, Outcome::NewVersion { current: true }, Outcome::NewVersion { current: false }]
    );
    let held = trial.catalog.locate(one.sop_instance_uid()).unwrap();
    assert_eq!(held.iter().map(|held| held.place.version).collect::<Vec<_>>(), [3, 2, 1]);
}

#[test]
fn the_same_place_twice_is_recorded_once() {
    let mut trial = Trial::new();
    assert_eq!(trial.add(&[]), Outcome::New);
    assert_eq!(trial.add(&[]), Outcome::AlreadyRecorded);
    assert_eq!(counts(&trial)[0], ["P1", "1", "1", "1"]);
}

#[test]
fn the_same_data_set_at_another_place_is_not_recorded() {
    let mut trial = Trial::new();
    trial.add(&[]);
    let again = crate::Location { version: 2, ..location(1) };
    let recorded = trial.catalog.record(&row(&[]), &again).unwrap();
    let Outcome::SameDataSet(Place { version, .. }) = recorded.outcome() else {
        panic!("{recorded:?}");
    };
    assert_eq!(*version, 1);
    assert_eq!(trial.catalog.locate(&uid("1.2.3.1.1.1")).unwrap().len(), 1);
}

#[test]
fn sil_074_a_study_under_another_patient_is_kept_under_that_patient() {
    let mut trial = Trial::new();
    trial.add(&[]);
    let other = row(&[(PATIENT_ID, "P2"), (SOP_INSTANCE_UID, "1.2.3.1.1.2")]);
    assert_eq!(*trial.catalog.record(&other, &location(2)).unwrap().outcome(), Outcome::New);
    let keys = [PATIENT_ID, STUDY_INSTANCE_UID, STUDY_INSTANCES];
    let asked = [(PATIENT_ID, ""), (STUDY_INSTANCE_UID, "1.2.3.1"), (STUDY_INSTANCES, "")];
    assert_eq!(
        trial.answers(&query(Level::Study, &asked), &keys),
        [["P1", "1.2.3.1", "1"], ["P2", "1.2.3.1", "1"]]
    );
}

#[test]
fn sil_074_an_instance_in_another_series_hides_none_and_is_hidden_by_none() {
    let mut trial = Trial::new();
    trial.add(&[]);
    let other = row(&[(SERIES_INSTANCE_UID, "1.2.3.1.2")]);
    assert_eq!(*trial.catalog.record(&other, &location(2)).unwrap().outcome(), Outcome::New);
    assert!(trial.catalog.locate(&uid("1.2.3.1.1.1")).unwrap().iter().all(|held| held.current));
    assert_eq!(counts(&trial)[0], ["P1", "1", "2", "2"]);
}

#[test]
fn patients_are_told_apart_by_id_and_issuer_and_without_id_by_name_and_birth_date() {
    let mut trial = Trial::new();
    for (number, elements) in (1_u32..).zip([
        [(PATIENT_ID, "P1"), (ISSUER_OF_PATIENT_ID, ""), (PATIENT_NAME, "Doe^Jane")],
        [(PATIENT_ID, "P1"), (ISSUER_OF_PATIENT_ID, ""), (PATIENT_NAME, "DOE^JANE")],
        [(PATIENT_ID, "P1"), (ISSUER_OF_PATIENT_ID, "Elsewhere"), (PATIENT_NAME, "Doe^Jane")],
        [(PATIENT_ID, ""), (ISSUER_OF_PATIENT_ID, ""), (PATIENT_NAME, "Doe^Jane")],
        [(PATIENT_ID, ""), (ISSUER_OF_PATIENT_ID, ""), (PATIENT_NAME, "doe^jane^^")],
        [(PATIENT_ID, ""), (ISSUER_OF_PATIENT_ID, ""), (PATIENT_NAME, "Roe^Jane")],
    ]) {
        let mut elements = elements.to_vec();
        let sop = format!("1.2.3.{number}");
        elements.push((SOP_INSTANCE_UID, &sop));
        assert_eq!(
            *trial.catalog.record(&row(&elements), &location(number)).unwrap().outcome(),
            Outcome::New
        );
    }
    let asked = [(PATIENT_ID, ""), (PATIENT_NAME, ""), (ISSUER_OF_PATIENT_ID, ""), (PATIENT_INSTANCES, "")];
    let keys = [PATIENT_ID, ISSUER_OF_PATIENT_ID, PATIENT_NAME, PATIENT_INSTANCES];
    assert_eq!(
        trial.answers(&query(Level::Patient, &asked), &keys),
        [
            ["", "", "Doe^Jane", "2"],
            ["", "", "Roe^Jane", "1"],
            ["P1", "", "Doe^Jane", "2"],
            ["P1", "Elsewhere", "Doe^Jane", "1"],
        ]
    );
}

#[test]
fn what_the_first_instance_lacks_a_later_one_fills_in_and_never_changes() {
    let mut trial = Trial::new();
    trial.add(&[(MODALITY, ""), (STUDY_DESCRIPTION, "")]);
    trial.add(&[(SOP_INSTANCE_UID, "1.2.3.1.1.2"), (STUDY_DESCRIPTION, "Chest")]);
    trial.add(&[(SOP_INSTANCE_UID, "1.2.3.1.1.3"), (STUDY_DESCRIPTION, "Head"), (MODALITY, "MR")]);
    let asked = [(STUDY_DESCRIPTION, "*hes*"), (MODALITIES_IN_STUDY, "CT")];
    let keys = [STUDY_DESCRIPTION, MODALITIES_IN_STUDY];
    assert_eq!(trial.answers(&query(Level::Study, &asked), &keys), [["Chest", "CT"]]);
    let asked = [(STUDY_DESCRIPTION, "*Head*")];
    assert!(trial.answers(&query(Level::Study, &asked), &[]).is_empty());
}

#[test]
fn anatomic_regions_of_a_study_are_those_of_its_instances() {
    let mut trial = Trial::new();
    let region = |code: &str| {
        identifier(&[(vocabulary::Tag(0x0008, 0x0100), code), (vocabulary::Tag(0x0008, 0x0102), "SCT")])
    };
    let image = |number: u32, code: &str| {
        let mut data_set = identifier(&[
            (SOP_CLASS_UID, CT),
            (SOP_INSTANCE_UID, &format!("1.2.3.{number}")),
            (STUDY_INSTANCE_UID, "1.2.3.1"),
            (SERIES_INSTANCE_UID, "1.2.3.1.1"),
        ]);
        data_set.set_items(crate::extract::ANATOMIC_REGION_SEQUENCE, vec![region(code)]);
        row_of(&data_set)
    };
    for (number, code) in (1_u32..).zip(["51185008", "69536005", "51185008"]) {
        trial.keep(&image(number, code), number);
    }
    let regions = vocabulary::Tag(0x0008, 0x0063);
    let codes = |trial: &Trial| -> Vec<String> {
        let mut asked = identifier(&[(crate::trial::LEVEL, "STUDY")]);
        asked.set(regions, Vr::SQ, b"");
        let query = crate::Query::from_identifier(
            vocabulary::InformationModel::StudyRoot,
            &asked,
            &crate::QueryRules::STANDARD,
        )
        .unwrap();
        let responses = trial.responses(&query);
        let items = responses[0].items(regions).unwrap();
        items.iter().map(|item| item.text(vocabulary::Tag(0x0008, 0x0100)).unwrap()).collect()
    };
    assert_eq!(codes(&trial), ["51185008", "69536005"]);
    let held = trial.catalog.locate(&uid("1.2.3.2")).unwrap();
    trial.catalog.remove(&held[0].place).unwrap();
    assert_eq!(codes(&trial), ["51185008"]);
    trial.keep(&image(1, "69536005"), 4);
    assert_eq!(codes(&trial), ["51185008", "69536005"], "the third still has the first");
    trial.keep(&image(3, "69536005"), 5);
    assert_eq!(codes(&trial), ["69536005"]);
}

#[test]
fn all_that_was_recorded_of_a_file_is_found_again() {
    let mut trial = Trial::new();
    let (row, location) = (row(&[]), location(7));
    trial.keep(&row, 7);
    let reader = trial.another(Access::ReadOnly);
    let held = reader.locate(row.sop_instance_uid()).unwrap();
    let mut on_the_day = Vec::new();
    reader.received_on(location.day, &mut |held| on_the_day.push(held)).unwrap();
    assert_eq!(held, on_the_day);
    let [held] = held.try_into().unwrap();
    assert_eq!(
        held.place,
        Place {
            day: location.day,
            study_instance_uid: uid("1.2.3.1"),
            series_instance_uid: uid("1.2.3.1.1"),
            sop_instance_uid: uid("1.2.3.1.1.1"),
            version: 7,
        }
    );
    assert_eq!(
        (held.bytes, held.data_set_offset, held.digest, held.received_at, held.source_ae_title),
        (
            location.bytes,
            location.data_set_offset,
            location.digest,
            location.received_at,
            location.source_ae_title
        )
    );
    assert_eq!(held.sop_class_uid, CT);
}

#[test]
fn what_is_not_held_cannot_be_removed() {
    let mut trial = Trial::new();
    trial.add(&[]);
    let mut place = trial.catalog.locate(&uid("1.2.3.1.1.1")).unwrap()[0].place.clone();
    place.version = 9;
    assert!(matches!(trial.catalog.remove(&place), Err(CatalogError::NotHeld { version: 9, .. })));
    assert_eq!(counts(&trial).len(), 3);
}
