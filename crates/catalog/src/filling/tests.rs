use rusqlite::types::Value;

use super::*;
use crate::Assigned;
use crate::trial::{
    BIRTH_DATE, CT, MODALITY, PATIENT_ID, PATIENT_NAME, SERIES_INSTANCE_UID, SOP_CLASS_UID, SOP_INSTANCE_UID,
    SR, STUDY_DESCRIPTION, STUDY_INSTANCE_UID, Trial, location, row,
};
use crate::{Access, Catalog, Of};

/// 600 instances in 60 studies of two series, of patients with many studies and with one; some contradict each other.
fn instances() -> Vec<(InstanceRow, Location)> {
    let instance = |number: u32| {
        let patient = format!("P{}", number % 60 % 7);
        let (study, modality) = (format!("1.2.{}", number % 60), if number % 120 < 60 { "CT" } else { "SR" });
        let (series, sop) = (format!("{study}.{}", number % 120 / 60), format!("{study}.9.{number}"));
        let description = if number.is_multiple_of(5) { "" } else { "KNEE LEFT" };
        let name = if number % 400 == 7 { "ROE^RICHARD" } else { "DOE^JANE" };
        let elements = [
            (PATIENT_ID, patient.as_str()),
            (PATIENT_NAME, name),
            (BIRTH_DATE, "19700203"),
            (STUDY_INSTANCE_UID, &study),
            (STUDY_DESCRIPTION, description),
            (SERIES_INSTANCE_UID, &series),
            (MODALITY, modality),
            (SOP_INSTANCE_UID, &sop),
        ];
        (row(&elements), location(number))
    };
    (1..=600).map(instance).collect()
}

/// Every row of every table, and the schema.
fn contents(connection: &Connection) -> Vec<Vec<Value>> {
    let mut contents = Vec::new();
    for select in [
        "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name",
        "SELECT * FROM patient ORDER BY id",
        "SELECT * FROM study ORDER BY id",
        "SELECT * FROM study_has ORDER BY kind, value, study",
        "SELECT * FROM series ORDER BY id",
        "SELECT * FROM instance ORDER BY id",
        "SELECT * FROM correction ORDER BY id",
    ] {
        let mut statement = connection.prepare(select).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect()).unwrap();
        contents.extend(rows.map(|row: rusqlite::Result<Vec<Value>>| row.unwrap()));
    }
    contents.extend(trigrams(connection));
    contents
}

/// What every trigram of both indexes is found in: its column and row.
fn trigrams(connection: &Connection) -> Vec<Vec<Value>> {
    let mut all = Vec::new();
    for table in ["patient_text", "study_text"] {
        let looked_through = format!("temp.{table}_terms");
        connection
            .execute_batch(&format!(
                "CREATE VIRTUAL TABLE {looked_through} USING fts5vocab(main, {table}, instance)"
            ))
            .unwrap();
        let mut statement = connection
            .prepare(&format!("SELECT term, col, doc FROM {looked_through} ORDER BY term, col, doc"))
            .unwrap();
        let rows = statement.query_map([], |row| (0..3).map(|at| row.get(at)).collect()).unwrap();
        all.extend(rows.map(|row: rusqlite::Result<Vec<Value>>| row.unwrap()));
        drop(statement);
        connection.execute_batch(&format!("DROP TABLE {looked_through}")).unwrap();
    }
    assert!(all.len() > 100, "there are trigrams");
    all
}

#[test]
fn a_filled_catalog_is_what_recording_one_by_one_comes_to() {
    let instances = instances();
    let mut one_by_one = Trial::new();
    for (row, location) in &instances {
        assert!(one_by_one.catalog.record(row, location).is_ok());
    }
    let mut filled = Trial::new();
    filled.fill(&instances);
    let connection = filled.catalog.connection().unwrap();
    assert_eq!(contents(connection), contents(one_by_one.catalog.connection().unwrap()));
    let said = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, Value>(0)).unwrap();
    assert_eq!(said("PRAGMA integrity_check"), Value::Text("ok".to_owned()));
    assert_eq!(said("PRAGMA journal_mode"), Value::Text("wal".to_owned()));
}

#[test]
fn a_filled_catalog_is_one_file_that_many_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.sqlite");
    let mut filling = Filling::begin(&path).unwrap();
    assert!(filling.record(&row(&[]), &location(1)).is_ok());
    filling.remember("running", "").unwrap();
    filling.finish().unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let mut writers = [(); 2].map(|()| Catalog::open(&path, Access::ReadWrite).unwrap());
    for (number, writer) in (2..).zip(&mut writers) {
        let sop = format!("1.2.3.1.1.{number}");
        assert!(writer.record(&row(&[(SOP_INSTANCE_UID, &sop)]), &location(number)).is_ok());
        assert_eq!(writer.recall("running").unwrap().as_deref(), Some(""));
    }
}

#[test]
fn a_filling_begins_from_nothing() {
    let trial = Trial::new();
    let path = trial.folder.path().join("catalog.sqlite");
    assert!(matches!(Filling::begin(&path), Err(CatalogError::Open { .. })));
    assert!(path.metadata().unwrap().len() > 0);
}

/// What is recorded one by one is what a filling comes to, whatever each record came to.
fn is_the_same_both_ways(instances: &[(InstanceRow, Location)], corrected: &[(u64, Of, Vec<Assigned>)]) {
    for remembered in [usize::MAX, 50, 0] {
        is_the_same_when_filled(instances, corrected, remembered);
    }
}

/// The same with a filling that remembers so much of what it has seen.
fn is_the_same_when_filled(
    instances: &[(InstanceRow, Location)],
    corrected: &[(u64, Of, Vec<Assigned>)],
    remembered: usize,
) {
    let mut one_by_one = Trial::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("filled.sqlite");
    let mut filling = Filling::begin(&path).unwrap();
    let Writing::Later(waiting) = &mut filling.writing else { panic!("a filling writes later") };
    waiting.seen = std::mem::take(&mut waiting.seen).at_most(remembered);
    for (id, of, values) in corrected {
        filling.correctable().add(*id, of, values, 7).unwrap();
        let added = |catalog: &Correctable<'_>| catalog.add(*id, of, values, 7);
        one_by_one.catalog.correct::<_, CatalogError>(added).unwrap();
    }
    let mut outcomes = std::collections::HashSet::new();
    for (row, location) in instances {
        let filled = filling.record(row, location).unwrap();
        assert_eq!(filled.outcome(), one_by_one.catalog.record(row, location).unwrap().outcome());
        outcomes.insert(std::mem::discriminant(filled.outcome()));
    }
    assert!(outcomes.len() > 1, "there are versions and data sets that came twice");
    filling.finish().unwrap();
    let filled = Catalog::open(&path, Access::ReadWrite).unwrap();
    assert_eq!(contents(filled.connection().unwrap()), contents(one_by_one.catalog.connection().unwrap()));
}

/// Versions that are newer, older and the same, of another SOP class and modality, series that take turns, studies of two
/// patients: in an order that `scatter` gives.
fn contradicting(scatter: u32) -> Vec<(InstanceRow, Location)> {
    let instance = |at: u32| {
        let number = at * scatter % 499;
        let (study, patient) = (format!("1.2.{}", number % 11), format!("P{}", number % 13 % 5));
        let series = format!("{study}.{}", number % 3);
        let sop = format!("{series}.{}", number % 7);
        let modality =
            if number.is_multiple_of(17) { "" } else { ["CT", "SR", "PR\\OT"][number as usize % 3] };
        let class = if number.is_multiple_of(5) { SR } else { CT };
        let elements = [
            (PATIENT_ID, patient.as_str()),
            (PATIENT_NAME, if number % 13 < 5 { "" } else { "DOE^JANE" }),
            (STUDY_INSTANCE_UID, &study),
            (STUDY_DESCRIPTION, if number.is_multiple_of(2) { "KNEE" } else { "" }),
            (SERIES_INSTANCE_UID, &series),
            (SOP_INSTANCE_UID, &sop),
            (SOP_CLASS_UID, class),
            (MODALITY, modality),
        ];
        let mut at = location(at);
        at.digest = location(number % 40).digest;
        at.bytes = 1000;
        (row(&elements), at)
    };
    (1..=600).map(instance).collect()
}

#[test]
fn versions_and_contradictions_come_to_the_same_when_filled() {
    for scatter in [1, 7, 100] {
        is_the_same_both_ways(&contradicting(scatter), &[]);
    }
}

#[test]
fn corrections_come_to_the_same_when_filled() {
    let study = vocabulary::Uid::parse("1.2.3").unwrap();
    let corrected = [
        (
            1,
            Of::Study(study.clone()),
            vec![(PATIENT_ID, "P9".to_owned()), (PATIENT_NAME, "ROE^JO".to_owned())],
        ),
        (2, Of::Study(study), vec![(STUDY_DESCRIPTION, "SKULL".to_owned())]),
    ];
    is_the_same_both_ways(&contradicting(7), &corrected);
}

#[test]
fn what_waits_is_written_when_there_is_much_of_it() {
    let trial = Trial::new();
    let connection = trial.catalog.connection().unwrap();
    let mut writing = Writing::Later(Box::default());
    let written =
        || -> i64 { connection.query_row("SELECT count(*) FROM study_has", [], |row| row.get(0)).unwrap() };
    writing.has(connection, 1, "M", "CT").unwrap();
    assert_eq!(written(), 0);
    connection.execute_batch("BEGIN").unwrap();
    for study in 0..300_000 {
        writing.has(connection, study, "C", CT).unwrap();
    }
    assert!((200_000..300_000).contains(&written()));
    writing.settle(connection).unwrap();
    assert_eq!(written(), 300_001);
}
