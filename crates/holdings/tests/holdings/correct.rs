//! Values corrected, kept over everything that happens, and taken back.

use std::{path::Path, sync::Arc, thread, time::SystemTime};

use catalog::Held;
use holdings::{Correction, CorrectionRequest, Finding, Holdings, HoldingsRules, Named, NotCorrected};
use vocabulary::{Encoding, Tag};

use crate::support::*;

const PATIENT_NAME: Tag = Tag(0x0010, 0x0010);

fn patient(id: &str) -> Named {
    Named::Patient { patient_id: id.to_owned(), issuer: None }
}

fn request(of: Named, values: &[(&str, &str)]) -> CorrectionRequest {
    CorrectionRequest {
        of,
        values: values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        merge: false,
        by: "staff".to_owned(),
        reason: String::new(),
    }
}

fn correct(holdings: &mut Holdings, of: Named, values: &[(&str, &str)]) -> Correction {
    holdings.correct(&request(of, values), noon(1)).unwrap()
}

fn refusal(holdings: &mut Holdings, request: &CorrectionRequest) -> String {
    let error = holdings.correct(request, noon(1)).unwrap_err();
    assert!(matches!(error, NotCorrected::Refused(_)), "{error}");
    error.to_string()
}

fn value(held: &Held, tag: Tag) -> Option<String> {
    let overrides = held.overrides.as_ref()?;
    overrides.values().iter().find(|(have, _)| *have == tag).map(|(_, value)| value.clone())
}

/// What the catalog says without the numbers of its rows, which are others when they were made anew.
fn said(data: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(data.join("catalog.sqlite")).unwrap();
    let mut said = Vec::new();
    for (table, columns) in [
        (
            "patient",
            "patient_id, issuer_of_patient_id, patient_name, patient_birth_date, folded_alphabetic, further",
        ),
        (
            "study",
            "study_instance_uid, patient_id, patient_name, study_description, modalities_in_study, sop_classes_in_study, \
             number_of_series, number_of_instances, folded_alphabetic, further",
        ),
        ("series", "series_instance_uid, modality, number_of_instances, further"),
        (
            "instance",
            "sop_instance_uid, version, day, current, received_at, bytes, digest, source_ae_title, overrides",
        ),
        ("study_has", "kind, value"),
        ("correction", "id, level, key, issuer, made_at, assigned"),
    ] {
        let order: Vec<_> = (1..=columns.split(',').count()).map(|number| number.to_string()).collect();
        let sql = format!("SELECT {columns} FROM {table} ORDER BY {}", order.join(", "));
        let mut select = connection.prepare(&sql).unwrap();
        let count = select.column_count();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let shown = |at| match row.get_ref(at).unwrap() {
                rusqlite::types::ValueRef::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
                other => format!("{other:?}"),
            };
            let values: Vec<_> = (0..count).map(shown).collect();
            said.push(format!("{table}: {}", values.join(", ")));
        }
    }
    said
}

fn reindexed(data: &Path) {
    let mut findings = Vec::new();
    let mut report = |finding: &Finding| findings.push(finding.clone());
    Holdings::reindex(data, HoldingsRules::default(), &mut |_| {}, &mut report).unwrap();
    assert_eq!(findings, []);
}

fn instance(number: u32, study: &'static str, name: &'static str) -> Instance {
    let mut instance = Instance::new(&format!("1.2.3.4.{number}"));
    (instance.study, instance.patient_name) = (Some(study), name);
    instance.series = Some(if study == "1.2.3" { "1.2.3.4" } else { "1.2.5.4" });
    instance
}

#[test]
fn gen_015_a_correction_is_kept_over_a_reindex_and_taken_back() {
    let data = tempfile::tempdir().unwrap();
    let first = instance(1, "1.2.3", "Doe^Jane");
    let mut holdings = open(data.path());
    for one in [&first, &first.retouched(1), &instance(2, "1.2.5", "Doe^Jane")] {
        let _kept = keep(&mut holdings, one).unwrap();
    }
    let before = said(data.path());
    let made = correct(&mut holdings, patient("4711"), &[("PatientName", "Roe^Rita"), ("PatientSex", "F")]);
    assert_eq!((made.id, made.instances), (1, 2));
    let told: Vec<_> = made
        .changed()
        .map(|change| (change.key.keyword, change.before.as_str(), change.after.as_str()))
        .collect();
    assert_eq!(told, [("PatientName", "Doe^Jane", "Roe^Rita"), ("PatientSex", "", "F")]);
    let held = current(&holdings, &first).unwrap();
    assert_eq!(value(&held, PATIENT_NAME).as_deref(), Some("Roe^Rita"));
    assert_eq!(
        data_set_of(&holdings, &held),
        first.retouched(1).data_set(Encoding::ExplicitLittleEndian),
        "the file stays what was received"
    );
    // What comes later.
    let _kept = keep(&mut holdings, &instance(3, "1.2.3", "Doe^Jane")).unwrap();
    let corrected = said(data.path());
    drop(holdings);
    reindexed(data.path());
    assert_eq!(said(data.path()), corrected);

    let mut holdings = open(data.path());
    let undone = holdings.undo_correction(1, "another", noon(2)).unwrap();
    assert_eq!(undone.undone, Some((noon(2), "another".to_owned())));
    assert_eq!(Holdings::corrections(data.path()).unwrap(), [undone]);
    let after = said(data.path());
    assert_eq!(after.len(), before.len() + 1, "but for what came later");
    assert!(!after.iter().any(|row| row.contains("Rita") || row.starts_with("correction")), "{after:?}");
    drop(holdings);
    let undone = said(data.path());
    reindexed(data.path());
    assert_eq!(said(data.path()), undone);
    let again = open(data.path()).undo_correction(1, "", noon(3));
    assert!(matches!(again, Err(NotCorrected::Refused(words)) if words.contains("undone already")));
}

#[test]
fn a_patient_gets_another_id_and_becomes_one_with_another() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    for one in [&instance(1, "1.2.3", "Doe^Jane"), &instance(2, "1.2.5", "Doe^Jane")] {
        let _kept = keep(&mut holdings, one).unwrap();
    }
    let before = said(data.path());
    // A study for somebody else, who is not there yet.
    let study = Named::Study(uid("1.2.5"));
    let values = [("PatientID", "4712"), ("PatientName", "Roe^Rita"), ("PatientBirthDate", "19700101")];
    assert_eq!(correct(&mut holdings, study, &values).instances, 1);
    let moved = said(data.path());
    assert_eq!(moved.iter().filter(|row| row.starts_with("patient")).count(), 2);

    // The other one is the same person: not without saying so.
    let mut merge = request(patient("4711"), &[("PatientID", "4712")]);
    let words = refusal(&mut holdings, &merge);
    assert!(words.contains("Roe^Rita") && words.contains("--merge"), "{words}");
    assert_eq!(said(data.path()), moved);
    merge.merge = true;
    let merged = holdings.correct(&merge, noon(1)).unwrap();
    assert!(merged.moved.as_ref().unwrap().merged);
    let all: Vec<_> = said(data.path()).into_iter().filter(|row| row.starts_with("patient")).collect();
    assert_eq!(all.len(), 1);
    assert!(all[0].contains("4712") && all[0].contains("Roe^Rita") && all[0].contains("19700101"), "{all:?}");
    let held = current(&holdings, &instance(1, "1.2.3", "")).unwrap();
    assert_eq!(value(&held, PATIENT_NAME).as_deref(), Some("Roe^Rita"));
    merge.values.push(("PatientName".to_owned(), "Else^Someone".to_owned()));
    merge.of = patient("4712");
    merge.values[0].1 = "4713".to_owned();
    drop(holdings);
    let state = said(data.path());
    reindexed(data.path());
    assert_eq!(said(data.path()), state);

    let mut holdings = open(data.path());
    let words = match holdings.undo_correction(1, "", noon(2)) {
        Err(NotCorrected::Refused(words)) => words,
        other => panic!("{other:?}"),
    };
    assert!(words.contains("undo 2 first"), "{words}");
    holdings.undo_correction(2, "", noon(2)).unwrap();
    assert_eq!(said(data.path()), moved);
    holdings.undo_correction(1, "", noon(2)).unwrap();
    assert_eq!(said(data.path()), before);
}

#[test]
fn what_cannot_be_corrected_is_refused_in_words() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let _kept = keep(&mut holdings, &instance(1, "1.2.3", "Doe^Jane")).unwrap();
    let before = said(data.path());
    let (of_patient, study, series) =
        (patient("4711"), Named::Study(uid("1.2.3")), Named::Series(uid("1.2.3.4")));
    for (of, values, words) in [
        (&of_patient, ("PatientBirthDate", "19701301"), "no date"),
        (&of_patient, ("PatientsName", "X"), "did you mean PatientName?"),
        (&of_patient, ("Shoe", "43"), "no attribute that can be corrected"),
        (&of_patient, ("PatientID", ""), "must have a value"),
        (&of_patient, ("AccessionNumber", "A1"), "belongs to the study"),
        (&of_patient, ("PatientName", "Doe^Jane"), "those that are held"),
        (&study, ("PatientName", "X"), "belongs to the patient"),
        (&study, ("StudyInstanceUID", "1.2.9"), "UIDs stay what they are"),
        (&study, ("InstanceNumber", "4"), "single instances"),
        (&series, ("StudyDescription", "X"), "belongs to the study"),
        (&patient("4799"), ("PatientName", "X"), "there is no patient \"4799\""),
        (&Named::Study(uid("1.2.99")), ("StudyID", "X"), "there is no study 1.2.99"),
        (&Named::Series(uid("1.2.99")), ("Modality", "MR"), "there is no series 1.2.99"),
    ] {
        let said = refusal(&mut holdings, &request(of.clone(), &[values]));
        assert!(said.contains(words), "{values:?}: {said}");
    }
    assert_eq!(said(data.path()), before);
    assert_eq!(Holdings::corrections(data.path()).unwrap(), []);
    let unknown = holdings.undo_correction(1, "", noon(1));
    assert!(matches!(unknown, Err(NotCorrected::Refused(words)) if words == "there is no correction 1"));
}

#[test]
fn an_instance_whose_file_is_gone_lets_nothing_be_half_corrected() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    for number in 1..4 {
        let _kept = keep(&mut holdings, &instance(number, "1.2.3", "Doe^Jane")).unwrap();
    }
    let before = said(data.path());
    let gone =
        files_below(&data.path().join("vault")).into_iter().find(|path| path.ends_with("1.2.3.4.2.dcm"));
    std::fs::remove_file(gone.unwrap()).unwrap();
    let failed = holdings.correct(&request(patient("4711"), &[("PatientName", "X")]), noon(1));
    assert!(matches!(failed, Err(NotCorrected::FellShort(_))), "{failed:?}");
    assert_eq!(said(data.path()), before);
    assert_eq!(Holdings::corrections(data.path()).unwrap(), []);
}

#[test]
fn what_the_catalog_lost_of_the_corrections_it_gets_back_at_the_start() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let _kept = keep(&mut holdings, &instance(1, "1.2.3", "Doe^Jane")).unwrap();
    let save = |name: &str| {
        drop(open(data.path()).start(&mut |_| {}).unwrap());
        let connection = rusqlite::Connection::open(data.path().join("catalog.sqlite")).unwrap();
        connection.execute("VACUUM INTO ?1", [data.path().join(name).to_str().unwrap()]).unwrap();
    };
    let restore = |name: &str| {
        for suffix in ["-wal", "-shm"] {
            let _gone_or_not = std::fs::remove_file(data.path().join(format!("catalog.sqlite{suffix}")));
        }
        std::fs::copy(data.path().join(name), data.path().join("catalog.sqlite")).unwrap();
        let mut holdings = open(data.path());
        drop(start(&mut holdings));
    };
    save("without");
    correct(&mut holdings, patient("4711"), &[("PatientName", "Roe^Rita")]);
    let with = said(data.path());
    save("with");
    drop(holdings);
    // A power cut took the last transactions, not the journal.
    restore("without");
    assert_eq!(said(data.path()), with);
    let mut holdings = open(data.path());
    holdings.undo_correction(1, "", noon(2)).unwrap();
    let undone = said(data.path());
    drop(holdings);
    restore("with");
    assert_eq!(said(data.path()), undone);

    // A catalog that is not there is made from files and journal.
    let mut holdings = open(data.path());
    correct(&mut holdings, patient("4711"), &[("PatientName", "Poe^Paula")]);
    let with = said(data.path());
    drop(holdings);
    for suffix in ["", "-wal", "-shm"] {
        let _gone_or_not = std::fs::remove_file(data.path().join(format!("catalog.sqlite{suffix}")));
    }
    let mut holdings = open(data.path());
    let (started, findings) = start(&mut holdings);
    assert!(findings.iter().all(|finding| matches!(finding, Finding::Unrecorded(_))), "{findings:?}");
    drop(started);
    assert_eq!(said(data.path()), with);
}

#[test]
fn instances_that_arrive_while_values_are_corrected_are_all_corrected() {
    let data = tempfile::tempdir().unwrap();
    let path = Arc::new(data.path().to_owned());
    let mut holdings = open(data.path());
    let _kept = keep(&mut holdings, &instance(1, "1.2.3", "Doe^Jane")).unwrap();
    let writers: Vec<_> = (0..3_u32)
        .map(|writer| {
            let path = Arc::clone(&path);
            thread::spawn(move || {
                let mut holdings = open(&path);
                for number in 0..20 {
                    let one = instance(
                        100 * (writer + 1) + number,
                        ["1.2.3", "1.2.5"][(number % 2) as usize],
                        "Doe^Jane",
                    );
                    let _kept = keep(&mut holdings, &one).unwrap();
                }
            })
        })
        .collect();
    for name in ["Roe^Rita", "Poe^Paula", "Loe^Lena"] {
        holdings.correct(&request(patient("4711"), &[("PatientName", name)]), SystemTime::now()).unwrap();
    }
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    for writer in 1..4 {
        for number in 0..20 {
            let held = current(&holdings, &instance(100 * writer + number, "", "")).unwrap();
            assert_eq!(value(&held, PATIENT_NAME).as_deref(), Some("Loe^Lena"));
        }
    }
    let state = said(data.path());
    assert_eq!(state.iter().filter(|row| row.starts_with("instance")).count(), 61);
    drop(holdings);
    reindexed(data.path());
    assert_eq!(said(data.path()), state);
}
