use rusqlite::types::Value;

use super::*;
use crate::trial::{
    BIRTH_DATE, MODALITY, PATIENT_ID, PATIENT_NAME, SERIES_INSTANCE_UID, SOP_INSTANCE_UID, STUDY_DESCRIPTION,
    STUDY_INSTANCE_UID, Trial, location, row,
};
use crate::{Access, Catalog};

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
        "SELECT rowid FROM study_text WHERE study_text MATCH '\"jan\"' ORDER BY rowid",
        "SELECT rowid FROM patient_text WHERE patient_text MATCH '\"roe\"' ORDER BY rowid",
    ] {
        let mut statement = connection.prepare(select).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect()).unwrap();
        contents.extend(rows.map(|row: rusqlite::Result<Vec<Value>>| row.unwrap()));
    }
    contents
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
