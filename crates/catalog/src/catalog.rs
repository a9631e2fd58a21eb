use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use vocabulary::{Day, Level, Uid};

use crate::lock::WriterLock;
use crate::recorder::{Answered, Asked, Link};
use crate::writing::Writing;
use crate::{
    CatalogError, Correctable, Find, Held, InstanceRow, Location, Place, Query, Recorded, Retrieval,
    Retrieve, correct, locate, normal, record, remove, schema,
};

/// How long SQLite itself waits for a writer that did not queue: one that repairs the file after a crash. Writers of
/// ours queue on [`WriterLock`].
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a stop waits for readers to let the log be emptied, then does without.
const SETTLE_TIMEOUT: Duration = Duration::from_millis(100);

/// How long writers may be kept waiting for readers to let the log be begun again.
const RESTART_TIMEOUT: Duration = Duration::from_millis(5);

/// A log of more pages than this is begun again from its start, 8 MiB: writing over a page costs half of adding one.
const LOG_PAGES_RESTARTED: u64 = 2 * 1024;

/// A log that readers let grow beyond this is cut off once they let go, 256 MiB.
const LOG_PAGES_MAX: u64 = 64 * 1024;

/// Statements kept prepared on a connection: those of recording and some queries.
pub(crate) const STATEMENTS_CACHED: usize = 64;

/// What a process wants to do with the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Record and ask. Makes the catalog if there is none, and brings an older schema up to date.
    ReadWrite,
    /// Ask only.
    ReadOnly,
}

/// One way to the catalog, for one process or thread: a connection, a recorder, or both.
#[derive(Debug)]
pub struct Catalog {
    path: PathBuf,
    access: Access,
    opened: OnceCell<Opened>,
    /// Who records for this one, until that fails.
    recorder: RefCell<Option<Link>>,
}

/// A connection of our own.
#[derive(Debug)]
struct Opened {
    connection: Connection,
    lock: WriterLock,
}

/// What [`Catalog::checkpoint`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpointed {
    /// Pages that were in the write-ahead log.
    pub pages: u64,
    /// How many of them are in the database file now. Fewer than `pages`: a reader or a writer was in the way.
    pub copied: u64,
}

impl Catalog {
    /// Opens the catalog at `path`.
    ///
    /// # Errors
    /// When it is missing (to be read), was written by a newer program, or the system refuses.
    pub fn open(path: &Path, access: Access) -> Result<Self, CatalogError> {
        let opened = OnceCell::from(Opened::open(path, access)?);
        Ok(Self { path: path.to_owned(), access, opened, recorder: RefCell::default() })
    }

    /// Opens the catalog at `path` to read and write for one who mostly records: a [`crate::Recorder`] does that for
    /// him, if there is one, and the file is opened when something else is asked, or when the recorder is lost.
    ///
    /// # Errors
    /// When there is no recorder, as [`Catalog::open`].
    pub fn open_beside_recorder(path: &Path) -> Result<Self, CatalogError> {
        match Link::reach(path) {
            Ok(link) => Ok(Self {
                path: path.to_owned(),
                access: Access::ReadWrite,
                opened: OnceCell::new(),
                recorder: RefCell::new(Some(link)),
            }),
            Err(_) => Self::open(path, Access::ReadWrite),
        }
    }

    /// Puts one instance into the catalog in a transaction of its own, queueing behind other writers.
    ///
    /// # Errors
    /// When the catalog cannot be written; then nothing was.
    pub fn record(&mut self, row: &InstanceRow, location: &Location) -> Result<Recorded, CatalogError> {
        let outcome = match self.by_recorder(&Asked::Record(Cow::Borrowed(row), Cow::Borrowed(location)))? {
            Some(Answered::Recorded(outcome)) => outcome,
            _ => self.write(|connection| record::record(connection, row, location, &mut Writing::AtOnce))?,
        };
        Ok(Recorded { outcome })
    }

    /// Says that [`Catalog::locate`] is going to be asked for an instance, so that a recorder can look for it meanwhile.
    pub fn expect(&self, sop_instance_uid: &Uid) {
        let mut recorder = self.recorder.borrow_mut();
        if recorder.as_mut().is_some_and(|link| link.expect(sop_instance_uid).is_err()) {
            *recorder = None;
        }
    }

    /// Every version of an instance that is held, in every series that has one: the current ones first, then the latest first.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn locate(&self, sop_instance_uid: &Uid) -> Result<Vec<Held>, CatalogError> {
        let expected = self.expected(sop_instance_uid)?;
        let answered = match expected {
            None => self.by_recorder(&Asked::Locate(sop_instance_uid.clone()))?,
            expected => expected,
        };
        match answered {
            Some(Answered::Located(held)) => Ok(held),
            _ => locate::locate(self.connection()?, sop_instance_uid),
        }
    }

    /// Every version received on one day, one after the other; for reconciliation and verification.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn received_on(&self, day: Day, each: &mut dyn FnMut(Held)) -> Result<(), CatalogError> {
        locate::received_on(self.connection()?, day, each)
    }

    /// Forgets one version. The latest of those left becomes current; a series, study or patient left without
    /// instances goes too.
    ///
    /// # Errors
    /// When it is not held, or the catalog cannot be written; then nothing was.
    pub fn remove(&mut self, place: &Place) -> Result<(), CatalogError> {
        let had_recorder = self.recorder.get_mut().is_some();
        match self.by_recorder(&Asked::Remove(Cow::Borrowed(place)))? {
            Some(Answered::Done) => Ok(()),
            _ => match self.write(|connection| remove::remove(connection, place)) {
                // The recorder did it before it was lost.
                Err(CatalogError::NotHeld { .. }) if had_recorder => Ok(()),
                done => done,
            },
        }
    }

    /// Whether the patient whom an instance names is known by another name: case, accents and spaces aside, in a component
    /// group that both names have. A name that is empty is no other one. What was corrected counts as corrected.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn is_another_patient(&self, row: &InstanceRow) -> Result<bool, CatalogError> {
        let connection = self.connection()?;
        let corrected = correct::corrected(connection, row)?;
        let patient = &corrected.as_ref().unwrap_or(row).patient;
        let value = |column| patient.column(Level::Patient, column);
        let mut statement = connection.prepare_cached(
            "SELECT patient_name FROM patient WHERE patient_id = ?1 AND issuer_of_patient_id = ?2 AND without_id = ''",
        )?;
        let mut rows = statement.query((value("patient_id"), value("issuer_of_patient_id")))?;
        while let Some(found) = rows.next()? {
            if normal::is_another_name(&found.get::<_, String>(0)?, value("patient_name")) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Makes a query ready to run: `find(&query)?.matches()?` walks through what it finds.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn find<'c>(&'c self, query: &'c Query) -> Result<Find<'c>, CatalogError> {
        Find::new(self.connection()?, query)
    }

    /// The current instances that a C-MOVE or C-GET asks for, counted; they are read while they are walked through.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn retrieve<'c>(&'c self, retrieve: &Retrieve) -> Result<Retrieval<'c>, CatalogError> {
        Retrieval::new(self.connection()?, retrieve)
    }

    /// All of the current instances that a C-MOVE or C-GET asks for, as they are at one moment: none of them is of
    /// another, though rows are made anew meanwhile.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn select(&self, retrieve: &Retrieve) -> Result<Vec<Held>, CatalogError> {
        let connection = self.connection()?;
        connection.prepare_cached("BEGIN")?.execute([])?;
        let selected = Retrieval::new(connection, retrieve).and_then(Iterator::collect);
        // Nothing was written.
        roll_back(connection);
        selected
    }

    /// Looks at what could be corrected.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn correctable(&self) -> Result<Correctable<'_>, CatalogError> {
        self.connection().map(Correctable::new)
    }

    /// Corrects, all of it or nothing, in a transaction of its own, queueing behind other writers.
    ///
    /// # Errors
    /// When the work fails, or the catalog cannot be written; then nothing was.
    pub fn correct<T, E: From<CatalogError>>(
        &mut self,
        work: impl FnOnce(&Correctable<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.write(|connection| work(&Correctable::new(connection)))
    }

    /// Copies what the write-ahead log holds into the database file, and lets a long log begin again. A housekeeper's
    /// work: connections never do it by themselves. Due when [`Catalog::log_bytes`] says some megabytes, and when
    /// nothing was written for a second.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub fn checkpoint(&self) -> Result<Checkpointed, CatalogError> {
        let passive = self.checkpoint_as("PASSIVE")?;
        if passive.pages <= LOG_PAGES_RESTARTED || passive.copied < passive.pages {
            return Ok(passive);
        }
        // All was copied but what came meanwhile; under steady writing only a short halt lets the log begin again.
        let mode = if passive.pages > LOG_PAGES_MAX { "TRUNCATE" } else { "RESTART" };
        let after = self.checkpoint_alone(mode, RESTART_TIMEOUT)?;
        Ok(Checkpointed { pages: passive.pages.max(after.pages), copied: passive.copied.max(after.copied) })
    }

    /// How long the write-ahead log is that has not been copied yet, in bytes: what a housekeeper looks at to know
    /// whether a checkpoint is due. The log's file may be longer; it is written from the beginning again once all is
    /// copied, which costs less than growing it.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn log_bytes(&self) -> Result<u64, CatalogError> {
        const PAGE_BYTES: u64 = 4096;
        let not_copied = self.checkpoint_as("NOOP")?;
        Ok(not_copied.pages.saturating_sub(not_copied.copied) * PAGE_BYTES)
    }

    /// Copies and empties the write-ahead log, for a clean stop: the next start has nothing to look through. Waits for
    /// readers a short time only.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub fn settle(&self) -> Result<Checkpointed, CatalogError> {
        self.checkpoint_alone("TRUNCATE", SETTLE_TIMEOUT)
    }

    /// A checkpoint while no other writes, which waits for readers no longer than it says.
    fn checkpoint_alone(&self, mode: &str, timeout: Duration) -> Result<Checkpointed, CatalogError> {
        let Opened { connection, lock } = self.opened()?;
        let _turn = lock.turn()?;
        connection.busy_timeout(timeout)?;
        let done = self.checkpoint_as(mode);
        connection.busy_timeout(BUSY_TIMEOUT)?;
        done
    }

    fn checkpoint_as(&self, mode: &str) -> Result<Checkpointed, CatalogError> {
        let statement = format!("PRAGMA wal_checkpoint({mode})");
        let (pages, copied) = self
            .connection()?
            .query_row(&statement, [], |row| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))?;
        // -1 stands for a file that has no log.
        let pages_of = |number: i64| u64::try_from(number).unwrap_or(0);
        Ok(Checkpointed { pages: pages_of(pages), copied: pages_of(copied) })
    }

    /// Keeps a value under a name: whether the last stop was clean, the last day reconciled.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub fn remember(&mut self, name: &str, value: &str) -> Result<(), CatalogError> {
        match self.by_recorder(&Asked::Remember(name.into(), value.into()))? {
            Some(Answered::Done) => Ok(()),
            _ => self.write(|connection| remember(connection, name, value)),
        }
    }

    /// The value that was last kept under a name.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn recall(&self, name: &str) -> Result<Option<String>, CatalogError> {
        match self.by_recorder(&Asked::Recall(name.into()))? {
            Some(Answered::Recalled(value)) => Ok(value),
            _ => recall(self.connection()?, name),
        }
    }

    /// Does some work in a transaction of its own, in its turn.
    pub(crate) fn write<T, E: From<CatalogError>>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let Opened { connection, lock } = self.opened()?;
        let _turn = lock.turn()?;
        begin(connection)?;
        match work(connection).and_then(|done| Ok(commit(connection).map(|()| done)?)) {
            Ok(done) => Ok(done),
            Err(error) => {
                roll_back(connection);
                Err(error)
            }
        }
    }

    /// The connection, opened by now.
    pub(crate) fn connection(&self) -> Result<&Connection, CatalogError> {
        self.opened().map(|opened| &opened.connection)
    }

    /// Whether the file was opened.
    #[cfg(test)]
    pub(crate) fn has_opened(&self) -> bool {
        self.opened.get().is_some()
    }

    fn opened(&self) -> Result<&Opened, CatalogError> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened);
        }
        let opened = Opened::open(&self.path, self.access)?;
        Ok(self.opened.get_or_init(|| opened))
    }

    /// What the recorder answers; `None` when there is none, or none any more. What it was doing when it was lost may have
    /// been done, so whatever is asked of it must bear being done again.
    fn by_recorder(&self, asked: &Asked<'_>) -> Result<Option<Answered>, CatalogError> {
        self.by_link(|link| link.ask(asked).map(Some))
    }

    /// What it was asked for with [`Catalog::expect`].
    fn expected(&self, sop_instance_uid: &Uid) -> Result<Option<Answered>, CatalogError> {
        self.by_link(|link| link.expected(sop_instance_uid))
    }

    fn by_link(
        &self,
        ask: impl FnOnce(&mut Link) -> std::io::Result<Option<Answered>>,
    ) -> Result<Option<Answered>, CatalogError> {
        let mut recorder = self.recorder.borrow_mut();
        match recorder.as_mut().map(ask) {
            Some(Ok(Some(Answered::Failed(failed)))) => Err(CatalogError::Recorder(failed)),
            Some(Ok(answered)) => Ok(answered),
            Some(Err(_)) => {
                *recorder = None;
                Ok(None)
            }
            None => Ok(None),
        }
    }
}

/// See [`Catalog::remember`].
pub(crate) fn remember(connection: &Connection, name: &str, value: &str) -> Result<(), CatalogError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO remembered (name, value) VALUES (?1, ?2)")?
        .execute((name, value))?;
    Ok(())
}

/// See [`Catalog::recall`].
pub(crate) fn recall(connection: &Connection, name: &str) -> Result<Option<String>, CatalogError> {
    let mut statement = connection.prepare_cached("SELECT value FROM remembered WHERE name = ?1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

impl Opened {
    fn open(path: &Path, access: Access) -> Result<Self, CatalogError> {
        // A connection that only reads still writes its marks into the shared index of the log.
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        match access {
            Access::ReadWrite => flags |= OpenFlags::SQLITE_OPEN_CREATE,
            Access::ReadOnly if !path.exists() => {
                return Err(CatalogError::Missing { path: path.to_owned() });
            }
            Access::ReadOnly => {}
        }
        let lock = WriterLock::open(path)?;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
        // The end of an association must not wait for a checkpoint; the housekeeper does them.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        // Statements that are run again are not planned again for the values they are given.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        // Rows are added and removed from the top down and from the bottom up; checking it again costs a look-up each.
        connection.pragma_update(None, "foreign_keys", false)?;
        let found = schema::version(&connection)?;
        let known = schema::newest();
        if found > known {
            return Err(CatalogError::TooNew { path: path.to_owned(), found, known });
        }
        if found < known {
            match access {
                Access::ReadWrite => schema::migrate(&connection, &lock)?,
                Access::ReadOnly => return Err(CatalogError::Missing { path: path.to_owned() }),
            }
        }
        if access == Access::ReadOnly {
            connection.pragma_update(None, "query_only", true)?;
        }
        Ok(Self { connection, lock })
    }
}

pub(crate) fn begin(connection: &Connection) -> Result<(), CatalogError> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    Ok(())
}

pub(crate) fn commit(connection: &Connection) -> Result<(), CatalogError> {
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

/// After a failure, which is what the caller reports; SQLite may have rolled back by itself already.
pub(crate) fn roll_back(connection: &Connection) {
    if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK").ok();
    }
}

#[cfg(test)]
mod tests;
