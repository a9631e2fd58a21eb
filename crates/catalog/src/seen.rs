//! What was recorded since a new catalog was begun, so that what is new is not looked for; and the indexes for looking,
//! made when the first of them is needed: from all rows at once, that costs a fraction of adding each row by itself.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use rusqlite::Connection;

use crate::CatalogError;

/// What is remembered at most: about 75 MiB, 113 MiB while it grows. With more, everything is looked for.
const SEEN_MAX: usize = 7_000_000;

/// Rows that are looked for before one is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Sort {
    Patient,
    Study,
    Series,
    Instance,
}

impl Sort {
    const ALL: [Self; 4] = [Self::Patient, Self::Study, Self::Series, Self::Instance];

    /// The index by which they are found.
    fn index(self) -> &'static str {
        match self {
            Self::Patient => "patient_identity",
            Self::Study => "study_study_instance_uid",
            Self::Series => "series_series_instance_uid",
            Self::Instance => "instance_sop_instance_key",
        }
    }
}

/// Hashes of the keys of all rows that were recorded or looked for. Two keys with one hash cost no more than a look.
#[derive(Debug)]
pub(crate) struct Seen {
    hashes: HashSet<u64>,
    hasher: RandomState,
    max: usize,
    /// The indexes that are not there yet, by their names, and the statements that make them.
    left_out: Vec<(String, String)>,
}

impl Default for Seen {
    fn default() -> Self {
        Self { hashes: HashSet::new(), hasher: RandomState::new(), max: SEEN_MAX, left_out: Vec::new() }
    }
}

impl Seen {
    /// Nothing, in a catalog without rows that lacks these indexes.
    pub(crate) fn nothing(left_out: Vec<(String, String)>) -> Self {
        Self { left_out, ..Self::default() }
    }

    /// The same with another bound.
    #[cfg(test)]
    pub(crate) fn at_most(self, max: usize) -> Self {
        Self { max, ..self }
    }

    /// Whether a row with this key may be there; it may from now on. If so, there is an index to look for it.
    pub(crate) fn may_be_there(
        &mut self,
        connection: &Connection,
        sort: Sort,
        key: &[&str],
    ) -> Result<bool, CatalogError> {
        if self.hashes.len() < self.max {
            if self.hashes.insert(self.hasher.hash_one((sort, key))) {
                return Ok(false);
            }
        } else if self.hashes.capacity() > 0 {
            self.max = 0;
            self.hashes = HashSet::new();
            Sort::ALL.iter().try_for_each(|sort| self.make(connection, sort.index()))?;
        }
        self.make(connection, sort.index())?;
        Ok(true)
    }

    /// Makes all that lacks.
    pub(crate) fn make_all(&mut self, connection: &Connection) -> Result<(), CatalogError> {
        let left_out = std::mem::take(&mut self.left_out);
        left_out.iter().try_for_each(|(_, statement)| Ok(connection.execute_batch(statement)?))
    }

    fn make(&mut self, connection: &Connection, index: &str) -> Result<(), CatalogError> {
        if let Some(at) = self.left_out.iter().position(|(name, _)| name == index) {
            let (_, statement) = self.left_out.swap_remove(at);
            connection.execute_batch(&statement)?;
        }
        Ok(())
    }
}
