//! Which index each kind of query starts with, on a catalog whose statistics are those of a million studies.

use rusqlite::params_from_iter;
use vocabulary::{Level, Tag};

use super::plan;
use crate::Query;
use crate::trial::{
    ACCESSION_NUMBER, BIRTH_DATE, CT, ISSUER_OF_PATIENT_ID, MODALITIES_IN_STUDY, MODALITY, PATIENT_ID,
    PATIENT_NAME, PATIENT_STUDIES, SERIES_INSTANCE_UID, SEX, SOP_CLASSES_IN_STUDY, SOP_INSTANCE_UID,
    STUDY_DATE, STUDY_DESCRIPTION, STUDY_ID, STUDY_INSTANCE_UID, STUDY_INSTANCES, STUDY_TIME, Trial, query,
};

const REFERRING: Tag = Tag(0x0008, 0x0090);
const READING: Tag = Tag(0x0008, 0x1060);
const SERIES_DESCRIPTION: Tag = Tag(0x0008, 0x103E);
const BODY_PART: Tag = Tag(0x0018, 0x0015);
const SERIES_DATE: Tag = Tag(0x0008, 0x0021);
const STEP_DATE: Tag = Tag(0x0040, 0x0244);

type Keys = &'static [(Tag, &'static str)];

/// A catalog that SQLite takes for one of 500,000 patients, 1,000,000 studies, 4,000,000 series and 100,000,000 instances:
/// rows, and rows for one value of each index.
fn of_a_million_studies() -> Trial {
    let trial = Trial::new();
    let connection = trial.connection();
    connection.execute_batch("ANALYZE").unwrap();
    connection.execute_batch("DELETE FROM sqlite_stat1").unwrap();
    connection.execute_batch("DROP TABLE IF EXISTS sqlite_stat4").unwrap();
    let rows = [("patient", 500_000), ("study", 1_000_000), ("series", 4_000_000), ("instance", 100_000_000)];
    for (table, rows) in rows {
        let indexes: Vec<(String, i64, bool)> = connection
            .prepare(&format!("SELECT name, (SELECT count(*) FROM pragma_index_info(name)), \"unique\" FROM pragma_index_list('{table}')"))
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        for (index, columns, is_unique) in indexes {
            let same = match index.as_str() {
                "series_modality" => rows / 20,
                "instance_series" => 25,
                "series_study" => 4,
                "instance_day" | "study_study_day" => rows / 5_000,
                _ => 2,
            };
            let mut numbers = vec![rows.to_string()];
            numbers.extend(
                (1..=columns).map(|column| if is_unique && column == columns { 1 } else { same }.to_string()),
            );
            connection
                .execute("INSERT INTO sqlite_stat1 VALUES (?1, ?2, ?3)", (table, &index, numbers.join(" ")))
                .unwrap();
        }
    }
    drop(connection);
    trial
}

/// What SQLite does for a query, step by step.
fn steps(trial: &Trial, query: &Query) -> Vec<String> {
    let connection = trial.connection();
    let plan = plan(&connection, query).unwrap();
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", plan.sql)).unwrap();
    statement
        .query_map(params_from_iter(&plan.parameters), |row| row.get::<_, String>(3))
        .unwrap()
        .map(|step| step.unwrap().replace("COVERING INDEX", "INDEX"))
        .collect()
}

#[test]
fn every_kind_of_query_starts_with_an_index_and_sorts_nothing() {
    use Level::{Image, Patient, Series, Study};
    let trial = of_a_million_studies();
    let cases: &[(Level, Keys, &str)] = &[
        (Study, &[(STUDY_INSTANCE_UID, "1.2")], "s USING INDEX study_study_instance_uid"),
        (Study, &[(STUDY_INSTANCE_UID, "1.2\\1.3")], "s USING INDEX study_study_instance_uid"),
        (Study, &[(PATIENT_ID, "P1")], "s USING INDEX study_patient_id"),
        (Study, &[(PATIENT_ID, "P1*")], "s USING INDEX study_patient_id"),
        (Study, &[(PATIENT_ID, "P1\\P2")], "s USING INDEX study_patient_id"),
        (Study, &[(PATIENT_ID, "*234*")], "study_text VIRTUAL TABLE"),
        (Study, &[(ISSUER_OF_PATIENT_ID, "H1")], "s USING INDEX study_issuer_of_patient_id"),
        (Study, &[(ACCESSION_NUMBER, "A1")], "s USING INDEX study_accession_number"),
        (Study, &[(ACCESSION_NUMBER, "A1?")], "s USING INDEX study_accession_number"),
        (Study, &[(ACCESSION_NUMBER, "*234")], "study_text VIRTUAL TABLE"),
        (Study, &[(STUDY_ID, "S1")], "s USING INDEX study_study_id"),
        (Study, &[(STUDY_DESCRIPTION, "Chest*")], "s USING INDEX study_study_description"),
        (Study, &[(STUDY_DESCRIPTION, "*contrast*")], "study_text VIRTUAL TABLE"),
        (Study, &[(PATIENT_NAME, "*SMI*")], "study_text VIRTUAL TABLE"),
        (Study, &[(PATIENT_NAME, "Smith^John")], "MULTI-INDEX OR"),
        (Study, &[(PATIENT_NAME, "SMI*")], "MULTI-INDEX OR"),
        (Study, &[(PATIENT_NAME, "Yamada*=山田*")], "s USING INDEX study_folded_alphabetic"),
        (Study, &[(PATIENT_NAME, "=山田*")], "s USING INDEX study_folded_ideographic"),
        (Study, &[(REFERRING, "Roe^*")], "study_text VIRTUAL TABLE"),
        (Study, &[(READING, "Roe^Ann")], "study_text VIRTUAL TABLE"),
        (Study, &[(BIRTH_DATE, "19600101")], "s USING INDEX study_birth_day"),
        (Study, &[(SEX, "O")], "s USING INDEX study_patient_sex"),
        (Study, &[(STUDY_DATE, "20240101-20240107")], "s USING INDEX study_study_day"),
        (Study, &[(STUDY_DATE, "20240101")], "s USING INDEX study_study_day"),
        (Study, &[(STUDY_DATE, "20240101"), (STUDY_TIME, "10-12")], "s USING INDEX study_study_day"),
        (Study, &[(STUDY_DATE, "20240101-"), (STUDY_INSTANCES, "")], "s USING INDEX study_study_day"),
        (Study, &[(MODALITIES_IN_STUDY, "OT")], "h USING PRIMARY KEY"),
        (Study, &[(SOP_CLASSES_IN_STUDY, CT)], "h USING PRIMARY KEY"),
        (
            Study,
            &[(STUDY_INSTANCE_UID, "1.2"), (PATIENT_NAME, "*SMI*")],
            "s USING INDEX study_study_instance_uid",
        ),
        (Patient, &[(PATIENT_ID, "P1")], "p USING INDEX patient_identity"),
        (Patient, &[(PATIENT_ID, "P*"), (PATIENT_STUDIES, "")], "p USING INDEX patient_identity"),
        (Patient, &[(PATIENT_NAME, "Smi*")], "MULTI-INDEX OR"),
        (Patient, &[(PATIENT_NAME, "*mit*")], "patient_text VIRTUAL TABLE"),
        (Patient, &[(BIRTH_DATE, "19600101-19601231")], "p USING INDEX patient_birth_day"),
        (Patient, &[(SEX, "O")], "p USING INDEX patient_patient_sex"),
        (Patient, &[(ISSUER_OF_PATIENT_ID, "H1")], "p USING INDEX patient_issuer_of_patient_id"),
        (Series, &[(STUDY_INSTANCE_UID, "1.2"), (MODALITY, "CT")], "s USING INDEX study_study_instance_uid"),
        (Series, &[(SERIES_INSTANCE_UID, "1.2.3")], "e USING INDEX series_series_instance_uid"),
        (Series, &[(PATIENT_ID, "P1")], "s USING INDEX study_patient_id"),
        (Series, &[(MODALITY, "OT")], "e USING INDEX series_modality"),
        (Series, &[(SERIES_DESCRIPTION, "Scout")], "e USING INDEX series_series_description"),
        (Series, &[(BODY_PART, "CHEST")], "e USING INDEX series_body_part_examined"),
        (Series, &[(SERIES_DATE, "20240101")], "e USING INDEX series_series_day"),
        (Series, &[(STEP_DATE, "20240101-")], "e USING INDEX series_performed_procedure_step_start_day"),
        (Image, &[(SOP_INSTANCE_UID, "1.2.3.4")], "i USING INDEX instance_sop_instance_key"),
        (
            Image,
            &[(STUDY_INSTANCE_UID, "1.2"), (SERIES_INSTANCE_UID, "1.2.3")],
            "e USING INDEX series_series_instance_uid",
        ),
        (Image, &[(STUDY_INSTANCE_UID, "1.2")], "s USING INDEX study_study_instance_uid"),
    ];
    for (level, keys, first) in cases {
        let steps = steps(&trial, &query(*level, keys));
        assert!(steps[0].contains(first), "{level} {keys:?}: {steps:#?}");
        for step in &steps {
            // A virtual table that is matched is scanned by its own index.
            let is_by_index = !step.starts_with("SCAN") || step.contains("VIRTUAL TABLE");
            assert!(is_by_index || step.contains("json_each"), "{level} {keys:?}: {steps:#?}");
            assert!(!step.contains("TEMP B-TREE"), "{level} {keys:?}: {steps:#?}");
        }
    }
}

#[test]
fn a_query_for_everything_streams_the_table_of_its_level() {
    let trial = of_a_million_studies();
    for (level, table) in
        [(Level::Patient, "p"), (Level::Study, "s"), (Level::Series, "e"), (Level::Image, "i")]
    {
        let steps = steps(&trial, &query(level, &[]));
        assert!(steps[0].starts_with(&format!("SCAN {table}")), "{steps:?}");
        assert!(steps.iter().skip(1).all(|step| step.contains("USING INTEGER PRIMARY KEY")), "{steps:?}");
    }
}

#[test]
fn the_narrower_of_two_indexes_is_taken() {
    let mut trial = Trial::new();
    for number in 1..=300 {
        let uid = format!("1.2.{number}");
        let day = if number <= 3 { "20240101" } else { "20230101" };
        let name = if number % 100 == 0 { "Rare" } else { "Smith" };
        let elements = [
            (STUDY_INSTANCE_UID, uid.as_str()),
            (SOP_INSTANCE_UID, uid.as_str()),
            (STUDY_DATE, day),
            (PATIENT_NAME, name),
        ];
        trial.keep(&crate::trial::row(&elements), number);
    }
    let first = |name, date| {
        steps(&trial, &query(Level::Study, &[(PATIENT_NAME, name), (STUDY_DATE, date)]))[0].clone()
    };
    assert!(first("Smith*", "20240101").contains("study_study_day"));
    assert!(first("Rar*", "20230101").contains("MULTI-INDEX OR"));
    assert!(first("*mit*", "20240101").contains("study_study_day"));
    assert!(first("*are*", "20230101").contains("study_text"));
}
