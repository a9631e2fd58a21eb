use vocabulary::{Level, Tag, Uid};

use super::{Of, PatientIdentity};
use crate::trial::{
    ACCESSION_NUMBER, BIRTH_DATE, INSTANCE_NUMBER, MODALITIES_IN_STUDY, MODALITY, PATIENT_ID,
    PATIENT_INSTANCES, PATIENT_NAME, PATIENT_STUDIES, SERIES_INSTANCE_UID, SEX, SOP_INSTANCE_UID,
    STUDY_DESCRIPTION, STUDY_INSTANCE_UID, STUDY_INSTANCES, Trial, location, query, row,
};
use crate::{Assigned, CatalogError, InstanceRow, Place, keys, valid};

const EYE_COLOUR: Tag = Tag(0x0010, 0x2160);

fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

fn patient(patient_id: &str) -> PatientIdentity {
    PatientIdentity { patient_id: patient_id.to_owned(), issuer: String::new() }
}

/// What was received of each instance, as its file says.
type Received = Vec<(InstanceRow, u32)>;

fn receive(trial: &mut Trial, received: &mut Received, elements: &[(Tag, &str)]) {
    let number = u32::try_from(received.len()).unwrap() + 1;
    let row = row(elements);
    trial.keep(&row, number);
    received.push((row, number));
}

/// Corrects, or takes back where there are no values, and records again.
fn correct(
    trial: &mut Trial,
    received: &Received,
    (id, of, values): (u64, &Of, Option<&[(Tag, &str)]>),
    patients: &[PatientIdentity],
) {
    let again = |place: &Place| {
        let found = received.iter().find(|(row, number)| {
            *row.sop_instance_uid() == place.sop_instance_uid && *number == place.version
        });
        found.unwrap().0.clone()
    };
    trial
        .catalog
        .correct(|catalog| {
            let scope = catalog.scope(of, patients)?;
            match values {
                Some(values) => {
                    let values: Vec<Assigned> =
                        values.iter().map(|(tag, value)| (*tag, (*value).to_owned())).collect();
                    catalog.add(id, of, &values, 5)?;
                }
                None => catalog.remove(id)?,
            }
            catalog.record_again(&scope, &mut |held| Ok::<_, CatalogError>(again(&held.place)))
        })
        .unwrap();
}

fn found(trial: &Trial, level: Level, asked: &[(Tag, &str)], shown: &[Tag]) -> Vec<Vec<String>> {
    let mut keys = asked.to_vec();
    keys.extend(shown.iter().filter(|tag| !asked.iter().any(|(have, _)| have == *tag)).map(|tag| (*tag, "")));
    trial.answers(&query(level, &keys), shown)
}

#[test]
fn gen_014_qr_025_a_corrected_patient_is_found_by_the_new_values_at_every_level() {
    let (mut trial, mut received) = (Trial::new(), Vec::new());
    receive(&mut trial, &mut received, &[(BIRTH_DATE, "19700101")]);
    receive(&mut trial, &mut received, &[(SOP_INSTANCE_UID, "1.2.3.1.1.2"), (BIRTH_DATE, "19700101")]);
    let of = Of::Patient(patient("P1"));
    let values: &[(Tag, &str)] =
        &[(PATIENT_NAME, "Müller^Jörg"), (BIRTH_DATE, "19710203"), (EYE_COLOUR, "Grün")];
    correct(&mut trial, &received, (1, &of, Some(values)), &[]);

    let shown = [PATIENT_NAME, BIRTH_DATE, PATIENT_ID];
    let expected = [["Müller^Jörg", "19710203", "P1"]];
    for asked in [
        [(PATIENT_NAME, "Muller*")],
        [(PATIENT_NAME, "*ULLER^J*")],
        [(BIRTH_DATE, "19710101-19711231")],
        [(PATIENT_ID, "P1")],
        [(EYE_COLOUR, "Gr?n")],
    ] {
        assert_eq!(found(&trial, Level::Patient, &asked, &shown), expected, "{asked:?}");
        assert_eq!(found(&trial, Level::Study, &asked, &shown), expected, "{asked:?}");
    }
    for asked in [[(PATIENT_NAME, "Doe*")], [(PATIENT_NAME, "*Jane*")], [(BIRTH_DATE, "19700101")]] {
        assert!(found(&trial, Level::Patient, &asked, &shown).is_empty(), "{asked:?}");
        assert!(found(&trial, Level::Study, &asked, &shown).is_empty(), "{asked:?}");
    }
    let counts = found(&trial, Level::Patient, &[], &[PATIENT_ID, PATIENT_STUDIES, PATIENT_INSTANCES]);
    assert_eq!(counts, [["P1", "1", "2"]]);
    assert_eq!(found(&trial, Level::Study, &[], &[STUDY_INSTANCE_UID, STUDY_INSTANCES]), [["1.2.3.1", "2"]]);

    let held = trial.catalog.locate(&uid("1.2.3.1.1.2")).unwrap();
    let overrides = held[0].overrides.as_ref().unwrap();
    assert_eq!(overrides.values().len(), 3);
    assert!(overrides.values().contains(&(PATIENT_NAME, "Müller^Jörg".to_owned())));
}

#[test]
fn what_comes_later_is_corrected_and_what_is_taken_back_is_as_it_was() {
    let (mut trial, mut received) = (Trial::new(), Vec::new());
    receive(&mut trial, &mut received, &[]);
    let of = Of::Patient(patient("P1"));
    correct(&mut trial, &received, (1, &of, Some(&[(PATIENT_NAME, "Roe^Richard"), (SEX, "M")])), &[]);
    receive(&mut trial, &mut received, &[(SOP_INSTANCE_UID, "1.2.3.2.1.1"), (STUDY_INSTANCE_UID, "1.2.3.2")]);
    receive(
        &mut trial,
        &mut received,
        &[(SOP_INSTANCE_UID, "1.2.9.1"), (STUDY_INSTANCE_UID, "1.2.9"), (PATIENT_ID, "P2")],
    );
    let shown = [STUDY_INSTANCE_UID, PATIENT_NAME, SEX];
    assert_eq!(
        found(&trial, Level::Study, &[], &shown),
        [["1.2.3.1", "Roe^Richard", "M"], ["1.2.3.2", "Roe^Richard", "M"], ["1.2.9", "Doe^Jane", ""]]
    );
    assert!(trial.catalog.locate(&uid("1.2.3.2.1.1")).unwrap()[0].overrides.is_some());
    assert!(trial.catalog.locate(&uid("1.2.9.1")).unwrap()[0].overrides.is_none());

    correct(&mut trial, &received, (1, &of, None), &[]);
    assert_eq!(
        found(&trial, Level::Study, &[], &shown),
        [["1.2.3.1", "Doe^Jane", ""], ["1.2.3.2", "Doe^Jane", ""], ["1.2.9", "Doe^Jane", ""]]
    );
    assert!(trial.catalog.locate(&uid("1.2.3.2.1.1")).unwrap()[0].overrides.is_none());
    assert_eq!(trial.catalog.correctable().unwrap().corrections().unwrap(), []);
}

#[test]
fn corrections_of_studies_and_series_reach_their_sets_and_their_versions() {
    let (mut trial, mut received) = (Trial::new(), Vec::new());
    receive(&mut trial, &mut received, &[(ACCESSION_NUMBER, "A1"), (INSTANCE_NUMBER, "1")]);
    receive(&mut trial, &mut received, &[(ACCESSION_NUMBER, "A1"), (INSTANCE_NUMBER, "2")]);
    correct(
        &mut trial,
        &received,
        (1, &Of::Study(uid("1.2.3.1")), Some(&[(ACCESSION_NUMBER, "A2"), (STUDY_DESCRIPTION, "Knee")])),
        &[],
    );
    correct(&mut trial, &received, (2, &Of::Series(uid("1.2.3.1.1")), Some(&[(MODALITY, "MR")])), &[]);
    let shown = [STUDY_INSTANCE_UID, ACCESSION_NUMBER, MODALITIES_IN_STUDY];
    let expected = [["1.2.3.1", "A2", "MR"]];
    assert_eq!(found(&trial, Level::Study, &[(ACCESSION_NUMBER, "A2")], &shown), expected);
    assert_eq!(found(&trial, Level::Study, &[(MODALITIES_IN_STUDY, "MR")], &shown), expected);
    assert_eq!(found(&trial, Level::Study, &[(STUDY_DESCRIPTION, "*nee*")], &shown), expected);
    assert!(found(&trial, Level::Study, &[(MODALITIES_IN_STUDY, "CT")], &shown).is_empty());
    let held = trial.catalog.locate(&uid("1.2.3.1.1.1")).unwrap();
    assert_eq!(
        held.iter().map(|held| (held.place.version, held.current)).collect::<Vec<_>>(),
        [(2, true), (1, false)]
    );
    assert!(held.iter().all(|held| held.overrides.as_ref().unwrap().values().len() == 3));

    // Nothing is left behind of what was forgotten.
    let connection = trial.connection();
    for (table, count) in
        [("patient", 1), ("study", 1), ("study_has", 2), ("series", 1), ("instance", 2), ("study_text", 1)]
    {
        let rows: i64 =
            connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(rows, count, "{table}");
    }
}

#[test]
fn a_study_given_to_another_patient_is_his_and_corrections_follow_each_other() {
    let (mut trial, mut received) = (Trial::new(), Vec::new());
    receive(&mut trial, &mut received, &[]);
    receive(
        &mut trial,
        &mut received,
        &[(SOP_INSTANCE_UID, "1.2.9.1"), (STUDY_INSTANCE_UID, "1.2.9"), (SERIES_INSTANCE_UID, "1.2.9.0")],
    );
    let of = Of::Study(uid("1.2.9"));
    let patients = [patient("P1"), patient("P2")];
    let values: &[(Tag, &str)] = &[(PATIENT_ID, "P2"), (PATIENT_NAME, "Roe^Richard")];
    correct(&mut trial, &received, (1, &of, Some(values)), &patients);
    let shown = [PATIENT_ID, PATIENT_NAME, PATIENT_INSTANCES];
    assert_eq!(
        found(&trial, Level::Patient, &[], &shown),
        [["P1", "Doe^Jane", "1"], ["P2", "Roe^Richard", "1"]]
    );
    // The one after it is of what the one before made.
    let renamed = Of::Patient(patient("P2"));
    correct(&mut trial, &received, (2, &renamed, Some(&[(PATIENT_NAME, "Roe^Rita")])), &[]);
    receive(
        &mut trial,
        &mut received,
        &[(SOP_INSTANCE_UID, "1.2.9.2"), (STUDY_INSTANCE_UID, "1.2.9"), (SERIES_INSTANCE_UID, "1.2.9.0")],
    );
    assert_eq!(
        found(&trial, Level::Patient, &[], &shown),
        [["P1", "Doe^Jane", "1"], ["P2", "Roe^Rita", "2"]]
    );

    correct(&mut trial, &received, (2, &renamed, None), &[]);
    correct(&mut trial, &received, (1, &of, None), &patients);
    assert_eq!(found(&trial, Level::Patient, &[], &shown), [["P1", "Doe^Jane", "3"]]);
}

#[test]
fn a_retrieve_that_was_read_has_old_rows_or_new_ones() {
    let (mut trial, mut received) = (Trial::new(), Vec::new());
    receive(&mut trial, &mut received, &[]);
    let retrieve = crate::Retrieve::study(uid("1.2.3.1"));
    let before = trial.catalog.select(&retrieve).unwrap();
    assert!(before[0].overrides.is_none());
    correct(
        &mut trial,
        &received,
        (1, &Of::Patient(patient("P1")), Some(&[(PATIENT_NAME, "Roe^Rita")])),
        &[],
    );
    let after = trial.catalog.select(&retrieve).unwrap();
    assert_eq!(after.len(), 1);
    assert_eq!(after[0].overrides.as_ref().unwrap().values(), [(PATIENT_NAME, "Roe^Rita".to_owned())]);
    assert_eq!(after[0].place, before[0].place);
    // The reading left no transaction open: others can write.
    trial.keep(&row(&[(SOP_INSTANCE_UID, "1.2.3.1.1.7")]), 7);
}

#[test]
fn a_catalog_of_before_corrections_is_brought_up_to_date_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.sqlite");
    {
        let old = rusqlite::Connection::open(&path).unwrap();
        old.pragma_update(None, "journal_mode", "WAL").unwrap();
        old.execute_batch(crate::schema::MIGRATIONS[0]).unwrap();
        old.execute_batch(
            "PRAGMA application_id = 1230196547; PRAGMA user_version = 1; \
             INSERT INTO patient VALUES (1, 'P1', '', '', 'Doe^Jane', '', '', 'doe^jane', '', '', 0, x'', 0); \
             INSERT INTO study VALUES (1, 1, '1.2.3.1', '', '', '', '', '', '', 'P1', '', 'Doe^Jane', '', '', 0, 0, \
             'doe^jane', '', '', 'CT', '', 1, 1, x'', 0, x''); \
             INSERT INTO series VALUES (1, 1, '1.2.3.1.1', 'CT', '', '', '', '', '', 0, 0, 1, 0, x'');",
        )
        .unwrap();
        old.execute(
            "INSERT INTO instance VALUES (1, 1, ?1, '1.2.3.1.1.1', '1.2', '', '1.2.840.10008.1.2.1', 1, 1, \
             20240102, 5, 1000, 300, zeroblob(16), NULL, x'')",
            [crate::held::uid_key("1.2.3.1.1.1")],
        )
        .unwrap();
    }
    let mut catalog = crate::Catalog::open(&path, crate::Access::ReadWrite).unwrap();
    let held = catalog.locate(&uid("1.2.3.1.1.1")).unwrap();
    assert_eq!(held.len(), 1);
    assert!(held[0].overrides.is_none());
    let recorded = catalog.record(&row(&[(SOP_INSTANCE_UID, "1.2.3.1.1.2")]), &location(2)).unwrap();
    assert_eq!(*recorded.outcome(), crate::Outcome::New);
    assert_eq!(catalog.correctable().unwrap().patients("P1", None).unwrap()[0].instances, 2);
}

#[test]
fn values_must_be_of_their_representation() {
    let value = |keyword: &str, text: &str| {
        let key = keys::KEYS.iter().find(|key| key.keyword == keyword).unwrap();
        valid::value(key, text)
    };
    for (keyword, text) in [
        ("PatientName", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("PatientBirthDate", "20240229"),
        ("PatientBirthTime", "0730"),
        ("PatientSex", "F"),
        ("PatientAge", "042Y"),
        ("PatientWeight", "71.5"),
        ("PatientComments", "line\r\nline \\ line"),
        ("OtherPatientIDs", "A\\B"),
        ("AccessionNumber", ""),
    ] {
        assert_eq!(value(keyword, text).as_deref(), Ok(text), "{keyword}");
    }
    for (keyword, text, why) in [
        ("PatientBirthDate", "20230229", "no date"),
        ("PatientBirthDate", "1997.07.04", "no date"),
        ("StudyTime", "25", "no time"),
        ("PatientSex", "W", "none of M, F and O"),
        ("PatientSex", "m", "capitals"),
        ("AccessionNumber", "12345678901234567", "17 characters"),
        ("PatientName", "A^B^C^D^E^F", "five components"),
        ("PatientName", "A=B=C=D", "three groups"),
        ("PatientID", "A\\B", "backslash"),
        ("PatientID", "A\u{7}", "control character"),
        ("PatientAge", "42", "no age"),
        ("PatientWeight", "heavy", "no decimal number"),
        ("SeriesNumber", "1.5", "no whole number"),
        ("Modality", "CTÄ", "characters"),
        ("StudyInstanceUID", "1.2", "UIDs"),
        ("NumberOfStudyRelatedSeries", "3", "no text"),
        ("ProcedureCodeSequence", "x", "no text"),
    ] {
        let refused = value(keyword, text).unwrap_err();
        assert!(refused.contains(why), "{keyword}={text}: {refused}");
    }
}
