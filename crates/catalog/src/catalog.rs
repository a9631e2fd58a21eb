use std::path::Path;

use vocabulary::Uid;

use crate::{
    Bulk, CatalogError, Find, Held, InstanceRow, Location, Place, Query, Recorded, Retrieval, Retrieve,
};

/// What a process wants to do with the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Record and ask. Makes the catalog if there is none, and brings an older schema up to date.
    ReadWrite,
    /// Ask only.
    ReadOnly,
}

/// One connection to the catalog. Cheap to open; one for each process or thread that needs it.
#[derive(Debug)]
pub struct Catalog {
    connection: rusqlite::Connection,
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
        Err(CatalogError::Damaged(format!("{path:?} {access:?}")))
    }

    /// Puts one instance into the catalog in a transaction of its own, queueing behind other writers.
    ///
    /// # Errors
    /// When the catalog cannot be written; then nothing was.
    pub fn record(&mut self, row: &InstanceRow, location: &Location) -> Result<Recorded, CatalogError> {
        Err(CatalogError::Damaged(format!("{row:?} {location:?}")))
    }

    /// Every version of an instance that is held, in every series that has one: the current ones first, then the latest first.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn locate(&self, sop_instance_uid: &Uid) -> Result<Vec<Held>, CatalogError> {
        Err(CatalogError::Damaged(format!("{sop_instance_uid:?}")))
    }

    /// Every version received on one day, in the order of the catalog; for reconciliation and verification.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn received_on(&self, day: vocabulary::Day, each: &mut dyn FnMut(Held)) -> Result<(), CatalogError> {
        Err(CatalogError::Damaged(format!("{day:?} {}", std::mem::size_of_val(&each))))
    }

    /// Forgets one version. The latest of those left becomes current; a series, study or patient left without
    /// instances goes too.
    ///
    /// # Errors
    /// When it is not held, or the catalog cannot be written; then nothing was.
    pub fn remove(&mut self, place: &Place) -> Result<(), CatalogError> {
        Err(CatalogError::Damaged(format!("{place:?}")))
    }

    /// Makes a query ready to run: `find(&query)?.matches()?` walks through what it finds.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn find<'c>(&'c self, query: &'c Query) -> Result<Find<'c>, CatalogError> {
        Err(CatalogError::Damaged(format!("{query:?}")))
    }

    /// The current instances that a C-MOVE or C-GET asks for, counted; they are read while they are walked through.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn retrieve<'c>(&'c self, retrieve: &Retrieve) -> Result<Retrieval<'c>, CatalogError> {
        Err(CatalogError::Damaged(format!("{retrieve:?}")))
    }

    /// Many instances in few transactions, for `reindex` and `import`.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub fn bulk(&mut self) -> Result<Bulk<'_>, CatalogError> {
        Err(CatalogError::Damaged(String::new()))
    }

    /// Copies what the write-ahead log holds into the database file. A housekeeper's work: connections never do it by themselves.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub fn checkpoint(&self) -> Result<Checkpointed, CatalogError> {
        Err(CatalogError::Damaged(String::new()))
    }

    /// Keeps a value under a name: whether the last stop was clean, the last day reconciled.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub fn remember(&mut self, name: &str, value: &str) -> Result<(), CatalogError> {
        Err(CatalogError::Damaged(format!("{name}{value}")))
    }

    /// The value that was last kept under a name.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn recall(&self, name: &str) -> Result<Option<String>, CatalogError> {
        Err(CatalogError::Damaged(format!("{name}")))
    }
}
