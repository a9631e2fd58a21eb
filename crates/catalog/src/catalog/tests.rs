use std::path::Path;
use std::time::Duration;

use vocabulary::Level;

use super::{Access, Catalog};
use crate::trial::{PATIENT_ID, PATIENT_INSTANCES, SOP_INSTANCE_UID, Trial, location, query, row};
use crate::{CatalogError, Outcome};

#[test]
fn a_catalog_that_is_not_there_cannot_be_read_and_is_not_made_by_trying() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.sqlite");
    assert!(matches!(Catalog::open(&path, Access::ReadOnly), Err(CatalogError::Missing { .. })));
    assert!(!path.exists());
}

#[test]
fn a_catalog_of_a_newer_program_is_left_alone() {
    let trial = Trial::new();
    let path = trial.folder.path().join("catalog.sqlite");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 1000).unwrap();
    let error = Catalog::open(&path, Access::ReadWrite).unwrap_err();
    assert!(matches!(error, CatalogError::TooNew { found: 1000, .. }), "{error}");
}

#[test]
fn a_file_that_is_no_catalog_is_told_as_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.sqlite");
    std::fs::write(&path, vec![b'x'; 10_000]).unwrap();
    let error = Catalog::open(&path, Access::ReadWrite).unwrap_err();
    assert!(error.is_damaged() && !error.is_disk_full(), "{error}");
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = Catalog::open(Path::new("/nowhere/catalog.sqlite"), Access::ReadWrite).unwrap_err();
    assert!(error.to_string().contains("/nowhere/catalog"), "{error}");
}

#[test]
fn who_only_reads_cannot_write() {
    let trial = Trial::new();
    let mut reader = trial.another(Access::ReadOnly);
    assert!(reader.record(&row(&[]), &location(1)).is_err());
    assert!(reader.remember("x", "y").is_err());
}

#[test]
fn many_may_open_it_for_the_first_time_at_once_and_all_write() {
    const WRITERS: u32 = 8;
    const EACH: u32 = 25;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.sqlite");
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let path = &path;
            scope.spawn(move || {
                let mut catalog = Catalog::open(path, Access::ReadWrite).unwrap();
                for number in 0..EACH {
                    let sop = format!("1.2.3.{writer}.{number}");
                    let row = row(&[(SOP_INSTANCE_UID, &sop)]);
                    let recorded = catalog.record(&row, &location(writer * EACH + number)).unwrap();
                    assert_eq!(*recorded.outcome(), Outcome::New);
                }
            });
        }
    });
    let catalog = Catalog::open(&path, Access::ReadOnly).unwrap();
    let trial = Trial { folder, catalog };
    let counted = trial.answers(&query(Level::Patient, &[(PATIENT_INSTANCES, "")]), &[PATIENT_INSTANCES]);
    assert_eq!(counted, [[(WRITERS * EACH).to_string()]]);
}

#[test]
fn the_same_instance_from_several_at_once_is_one_with_all_versions() {
    const WRITERS: u32 = 8;
    let trial = Trial::new();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let mut catalog = trial.another(Access::ReadWrite);
            scope.spawn(move || catalog.record(&row(&[]), &location(writer)).unwrap());
        }
    });
    let held = trial.catalog.locate(row(&[]).sop_instance_uid()).unwrap();
    assert_eq!(held.iter().filter(|held| held.current).count(), 1);
    assert_eq!(held[0].place.version, WRITERS - 1);
    assert_eq!(held.len(), WRITERS as usize);
    let keys = [PATIENT_ID, PATIENT_INSTANCES];
    let asked = keys.map(|key| (key, ""));
    assert_eq!(trial.answers(&query(Level::Patient, &asked), &keys), [["P1", "1"]]);
}

#[test]
fn a_checkpoint_copies_what_was_written_and_nothing_else_does() {
    let mut trial = Trial::new();
    let size = |trial: &Trial| trial.folder.path().join("catalog.sqlite").metadata().unwrap().len();
    let before = size(&trial);
    trial.add(&[]);
    assert_eq!(size(&trial), before);
    let done = trial.catalog.checkpoint().unwrap();
    assert!(done.pages > 0);
    assert_eq!(done.copied, done.pages);
    assert!(size(&trial) > before);
}

#[test]
fn a_long_log_begins_again_and_a_clean_stop_empties_it() {
    let mut trial = Trial::new();
    let log = trial.folder.path().join("catalog.sqlite-wal");
    let fill = |trial: &mut Trial, from: u32| {
        for number in from..from + 500 {
            trial.keep(&row(&[(SOP_INSTANCE_UID, &format!("1.2.4.{number}"))]), number);
        }
    };
    fill(&mut trial, 1);
    assert!(trial.catalog.log_bytes().unwrap() > 8 * 1024 * 1024);
    trial.catalog.checkpoint().unwrap();
    assert_eq!(trial.catalog.log_bytes().unwrap(), 0);
    let length = log.metadata().unwrap().len();
    fill(&mut trial, 501);
    let grown = log.metadata().unwrap().len();
    assert!(grown < length * 3 / 2, "{length} {grown}");
    trial.catalog.settle().unwrap();
    assert_eq!(log.metadata().unwrap().len(), 0);
}

#[test]
fn closing_does_not_wait_for_a_checkpoint() {
    let mut trial = Trial::new();
    trial.add(&[]);
    let log = trial.folder.path().join("catalog.sqlite-wal");
    let Trial { folder, catalog } = trial;
    drop(catalog);
    assert!(log.metadata().unwrap().len() > 0);
    let reopened = Catalog::open(&folder.path().join("catalog.sqlite"), Access::ReadOnly).unwrap();
    assert_eq!(reopened.locate(row(&[]).sop_instance_uid()).unwrap().len(), 1);
}

#[test]
fn what_is_remembered_is_recalled_by_others() {
    let mut trial = Trial::new();
    assert_eq!(trial.catalog.recall("stopped").unwrap(), None);
    trial.catalog.remember("stopped", "no").unwrap();
    trial.catalog.remember("stopped", "clean").unwrap();
    assert_eq!(trial.another(Access::ReadOnly).recall("stopped").unwrap().as_deref(), Some("clean"));
}

#[test]
fn another_program_that_keeps_the_file_locked_is_told_of_and_nothing_was_written() {
    let mut trial = Trial::new();
    trial.catalog.connection().unwrap().busy_timeout(Duration::ZERO).unwrap();
    let other = trial.connection();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = trial.catalog.record(&row(&[]), &location(1)).unwrap_err();
    assert!(error.to_string().contains("another program keeps the catalog locked"), "{error}");
    assert!(!error.is_damaged() && !error.is_disk_full());
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(*trial.catalog.record(&row(&[]), &location(1)).unwrap().outcome(), Outcome::New);
}

#[test]
fn a_file_that_is_no_catalog_is_told_of_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.sqlite");
    std::fs::write(&path, [0xA5; 8_192]).unwrap();
    let error = Catalog::open(&path, Access::ReadWrite).unwrap_err();
    assert!(error.is_damaged());
    assert!(error.to_string().contains("isocenter reindex"), "{error}");
}
