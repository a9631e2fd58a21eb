//! The history of the schema: numbered files, run in order, each in one transaction with the number it leads to.

use rusqlite::Connection;

use crate::CatalogError;
use crate::lock::WriterLock;

/// Every migration, in order; the number of a schema is how many were run.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../schema/sqlite/0001_patients_studies_series_instances.sql"),
    include_str!("../schema/sqlite/0002_corrections.sql"),
    include_str!("../schema/sqlite/0003_changes_of_arrival.sql"),
    include_str!("../schema/sqlite/0004_exam_types.sql"),
];

/// `PRAGMA application_id` of a catalog: "ISOC".
const APPLICATION_ID: i64 = 0x4953_4F43;

/// The number of the schema in the file; 0 of an empty file.
pub(crate) fn version(connection: &Connection) -> Result<i64, CatalogError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// The number that this program works with.
pub(crate) fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Brings the schema up to date. Any number of processes may try at once: one does it, the others find it done.
pub(crate) fn migrate(connection: &Connection, lock: &WriterLock) -> Result<(), CatalogError> {
    let _turn = lock.turn()?;
    keep_log(connection)?;
    make(connection)
}

/// Has a catalog written through a log from now on. The journal mode stays with the file: only to be called where no
/// other is writing.
pub(crate) fn keep_log(connection: &Connection) -> Result<(), CatalogError> {
    Ok(connection.pragma_update(None, "journal_mode", "WAL")?)
}

/// Brings the schema up to date for one who is alone with the file.
pub(crate) fn make(connection: &Connection) -> Result<(), CatalogError> {
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    for (number, migration) in (1_i64..).zip(MIGRATIONS) {
        if version(connection)? >= number {
            continue;
        }
        let result = connection
            .execute_batch(&format!("BEGIN IMMEDIATE; {migration}; PRAGMA user_version = {number}; COMMIT"));
        if let Err(error) = result {
            // The error says enough; a rollback that finds nothing to roll back does not matter.
            connection.execute_batch("ROLLBACK").ok();
            return Err(error.into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        for migration in MIGRATIONS {
            connection.execute_batch(migration).unwrap();
        }
        connection
    }

    #[test]
    fn migrating_twice_is_migrating_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.sqlite");
        let lock = WriterLock::open(&path).unwrap();
        let connection = Connection::open(&path).unwrap();
        migrate(&connection, &lock).unwrap();
        migrate(&connection, &lock).unwrap();
        assert_eq!(version(&connection).unwrap(), newest());
    }

    #[test]
    fn every_column_of_the_key_table_is_a_column_of_its_tables() {
        use crate::keys::{KEYS, Kept, Made};
        use vocabulary::Level;
        let connection = fresh();
        let has = |table: &str, column: &str| {
            connection.prepare(&format!("SELECT {column} FROM {table}")).map(|_| ()).unwrap();
        };
        for key in KEYS {
            let table = match key.level {
                Level::Patient => "patient",
                Level::Study => "study",
                Level::Series => "series",
                Level::Image => "instance",
            };
            match key.kept {
                Kept::Column(column) => has(table, column),
                Kept::Made(Made::Number(column)) => has(&format!("{table} p"), column),
                Kept::Made(Made::ModalitiesInStudy) => has(table, "modalities_in_study"),
                Kept::Made(Made::SopClassesInStudy) => has(table, "sop_classes_in_study"),
                Kept::Made(Made::AnatomicRegionsInStudy) => has(table, "anatomic_regions"),
                Kept::Made(Made::TransferSyntax) => has(table, "transfer_syntax_uid"),
                Kept::Attributes => has(table, "further"),
            }
            if let (Kept::Column(column), Level::Patient) = (key.kept, key.level) {
                has("study", column);
            }
        }
    }
}
