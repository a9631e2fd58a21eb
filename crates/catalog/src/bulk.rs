use rusqlite::Connection;

use crate::catalog::{begin, commit, roll_back};
use crate::lock::{Turn, WriterLock};
use crate::{CatalogError, InstanceRow, Location, Recorded, record};

/// Instances in one transaction: enough that the transaction costs next to nothing, few enough that other writers
/// wait for some tens of milliseconds only. (A count and no time: what a run does must not hang on a clock.)
const INSTANCES_A_TRANSACTION: u32 = 1_000;

/// Memory for pages meanwhile: most of the indexes of some million instances. `PRAGMA cache_size` in KiB, negative as SQLite
/// wants it.
const CACHE_KIB: i32 = -128 * 1024;

/// What SQLite gives a connection that says nothing.
const CACHE_KIB_OTHERWISE: i32 = -2000;

/// Transactions between two checkpoints: the log stays below some hundred megabytes.
const TRANSACTIONS_A_CHECKPOINT: u32 = 20;

/// Many instances in few transactions. Others can read and write between them.
#[derive(Debug)]
pub struct Bulk<'c> {
    connection: &'c Connection,
    lock: &'c WriterLock,
    open: Option<Turn<'c>>,
    recorded: u32,
    committed: u32,
}

impl<'c> Bulk<'c> {
    pub(crate) fn new(connection: &'c Connection, lock: &'c WriterLock) -> Result<Self, CatalogError> {
        connection.pragma_update(None, "cache_size", CACHE_KIB)?;
        Ok(Self { connection, lock, open: None, recorded: 0, committed: 0 })
    }

    /// Puts one instance into the catalog with the transaction that is open. It counts once [`Bulk::finish`] or a later
    /// record has committed.
    ///
    /// # Errors
    /// When the catalog cannot be written; then the records since the last commit are gone.
    pub fn record(&mut self, row: &InstanceRow, location: &Location) -> Result<Recorded, CatalogError> {
        if self.recorded == INSTANCES_A_TRANSACTION {
            self.commit()?;
        }
        if self.open.is_none() {
            let turn = self.lock.turn()?;
            begin(self.connection)?;
            self.open = Some(turn);
        }
        self.recorded += 1;
        match record::record(self.connection, row, location) {
            Ok(outcome) => Ok(Recorded { outcome }),
            Err(error) => {
                self.abandon();
                Err(error)
            }
        }
    }

    /// Commits what is open.
    ///
    /// # Errors
    /// When the catalog cannot be written; then the records since the last commit are gone.
    pub fn finish(mut self) -> Result<(), CatalogError> {
        self.commit()
    }

    fn commit(&mut self) -> Result<(), CatalogError> {
        if self.open.is_none() {
            return Ok(());
        }
        if let Err(error) = commit(self.connection) {
            self.abandon();
            return Err(error);
        }
        self.open = None;
        self.recorded = 0;
        self.committed += 1;
        if self.committed.is_multiple_of(TRANSACTIONS_A_CHECKPOINT) {
            self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        }
        Ok(())
    }

    fn abandon(&mut self) {
        if self.open.is_some() {
            roll_back(self.connection);
        }
        self.open = None;
        self.recorded = 0;
    }
}

impl Drop for Bulk<'_> {
    /// What was not finished never was.
    fn drop(&mut self) {
        self.abandon();
        // The connection goes on with what every connection has; were this to fail, it keeps more memory than it needs.
        self.connection.pragma_update(None, "cache_size", CACHE_KIB_OTHERWISE).ok();
    }
}
