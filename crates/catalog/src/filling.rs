//! A new catalog, filled by one process from nothing.

use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use vocabulary::Level;

use crate::catalog::{STATEMENTS_CACHED, remember};
use crate::seen::Seen;
use crate::writing::{Waiting, Writing};
use crate::{CatalogError, Correctable, InstanceRow, Location, Recorded, record, schema, search_text};

/// Memory for pages while instances are recorded, and at the end for the pages and again for the sorting of an index, in
/// KiB, however many instances there are.
const RECORDING_KIB: i32 = 128 * 1024;
const INDEXING_KIB: i32 = RECORDING_KIB / 2;

/// How many bytes of trigrams are gathered before they are written, for each of the two indexes, while a catalog is filled
/// and ever after (FTS5's own default): what is gathered longer is merged less often.
const TRIGRAM_BYTES_FILLING: u32 = 32 * 1024 * 1024;
const TRIGRAM_BYTES: u32 = 1024 * 1024;

/// The indexes that recording mostly adds to at the end only. All others are made from the rows: those that it looks
/// things up in when there is something to be looked for, the rest once the rows are complete.
const NEEDED: &[&str] = &["series_study", "instance_series", "instance_day", "correction_key"];

/// A catalog that does not count yet: nobody else reads or writes it, and where it is left unfinished its file is
/// worth nothing. So it is written without a log and without a sync, in one transaction.
#[derive(Debug)]
pub struct Filling {
    connection: Connection,
    path: PathBuf,
    writing: Writing,
}

impl Filling {
    /// Begins a catalog at `path`, where there is none.
    ///
    /// # Errors
    /// When there is one, and when the file cannot be made.
    pub fn begin(path: &Path) -> Result<Self, CatalogError> {
        let path = path.to_owned();
        if let Err(source) = std::fs::File::create_new(&path) {
            return Err(CatalogError::Open { path, source });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
        // Statements that are run again are not planned again for the values they are given.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "journal_mode", "OFF")?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "foreign_keys", false)?;
        connection.pragma_update(None, "cache_size", -RECORDING_KIB)?;
        schema::make(&connection)?;
        gather_trigrams(&connection, TRIGRAM_BYTES_FILLING)?;
        let seen = Seen::nothing(leave_out(&connection)?);
        connection.execute_batch("BEGIN EXCLUSIVE")?;
        Ok(Self { connection, path, writing: Writing::Later(Box::new(Waiting::new(seen))) })
    }

    /// The catalog as corrections see it: what is added, before the first instance, goes for whatever is recorded.
    pub fn correctable(&self) -> Correctable<'_> {
        Correctable::new(&self.connection)
    }

    /// Puts one instance into the catalog.
    ///
    /// # Errors
    /// When the catalog cannot be written; then it can never be finished.
    pub fn record(&mut self, row: &InstanceRow, location: &Location) -> Result<Recorded, CatalogError> {
        let outcome = record::record(&self.connection, row, location, &mut self.writing)?;
        Ok(Recorded { outcome })
    }

    /// Keeps a value under a name, as [`crate::Catalog::remember`].
    ///
    /// # Errors
    /// As [`Filling::record`].
    pub fn remember(&mut self, name: &str, value: &str) -> Result<(), CatalogError> {
        remember(&self.connection, name, value)
    }

    /// Completes the catalog and closes it; after this its one file is on the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<(), CatalogError> {
        let Self { connection, path, mut writing } = self;
        writing.settle(&connection)?;
        connection.flush_prepared_statement_cache();
        connection.pragma_update(None, "cache_size", -INDEXING_KIB)?;
        if let Writing::Later(waiting) = &mut writing {
            waiting.seen.make_all(&connection)?;
        }
        gather_trigrams(&connection, TRIGRAM_BYTES)?;
        connection.execute_batch("COMMIT")?;
        schema::keep_log(&connection)?;
        connection.close().map_err(|(_, error)| error)?;
        let synced = std::fs::File::open(&path).and_then(|file| file.sync_all());
        synced.map_err(|source| CatalogError::Open { path, source })
    }
}

/// Has FTS5 gather so many bytes of each index before it writes them.
fn gather_trigrams(connection: &Connection, bytes: u32) -> Result<(), CatalogError> {
    [Level::Patient, Level::Study].map(search_text::table).iter().try_for_each(|table| {
        connection
            .execute(&format!("INSERT INTO {table} ({table}, rank) VALUES ('hashsize', ?1)"), [bytes])?;
        Ok(())
    })
}

/// Takes indexes away, and gives their names and the statements that make them.
fn leave_out(connection: &Connection) -> Result<Vec<(String, String)>, CatalogError> {
    let mut select =
        connection.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")?;
    let indexes: Vec<(String, String)> =
        select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut left_out = Vec::new();
    for (name, statement) in indexes {
        if !NEEDED.contains(&name.as_str()) {
            connection.execute_batch(&format!("DROP INDEX {name}"))?;
            left_out.push((name, statement));
        }
    }
    Ok(left_out)
}

#[cfg(test)]
mod tests;
