//! What recording changes in rows that it has added before: at once, or for many instances together.
//!
//! Numbers of instances and the rows of `study_has` are not asked for while a new catalog is filled. There they are kept
//! in memory and written in the order of their tables, some thousand at a time. There, too, a row that cannot be there is
//! not looked for ([`Seen`]).

use std::collections::{BTreeMap, HashMap};

use rusqlite::Connection;

use crate::seen::{Seen, Sort};
use crate::{CatalogError, correct};

/// What may wait to be written; each is some tens of bytes.
const WAITING_MAX: usize = 256 * 1024;

/// When such changes are written.
#[derive(Debug)]
pub(crate) enum Writing {
    /// With the instance.
    AtOnce,
    /// When [`Writing::settle`] is called, or when there are many.
    Later(Box<Waiting>),
}

/// What waits.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// What is to be added to the numbers of instances, by the rows of series and of studies.
    series: HashMap<i64, i64>,
    studies: HashMap<i64, i64>,
    /// The studies of each kind and value.
    has: BTreeMap<(&'static str, String), Vec<i64>>,
    has_count: usize,
    /// Whether there are corrections, once that was looked at.
    corrections: Option<bool>,
    /// What was looked for.
    pub(crate) seen: Seen,
}

impl Waiting {
    /// Nothing yet.
    pub(crate) fn new(seen: Seen) -> Self {
        Self { seen, ..Self::default() }
    }
}

const SERIES_COUNT: &str = "UPDATE series SET number_of_instances = number_of_instances + ?2 WHERE id = ?1";
const STUDY_COUNT: &str = "UPDATE study SET number_of_instances = number_of_instances + ?2 WHERE id = ?1";
const STUDY_HAS: &str = "INSERT OR IGNORE INTO study_has (kind, value, study) VALUES (?1, ?2, ?3)";

impl Writing {
    /// Adds to the number of instances of a series.
    pub(crate) fn count_in_series(
        &mut self,
        connection: &Connection,
        series: i64,
        by: i64,
    ) -> Result<(), CatalogError> {
        if let Self::Later(waiting) = self {
            *waiting.series.entry(series).or_default() += by;
            return self.settle_if_many(connection);
        }
        execute(connection, SERIES_COUNT, (series, by))
    }

    /// Adds to the number of instances of a study.
    pub(crate) fn count_in_study(
        &mut self,
        connection: &Connection,
        study: i64,
        by: i64,
    ) -> Result<(), CatalogError> {
        if let Self::Later(waiting) = self {
            *waiting.studies.entry(study).or_default() += by;
            return self.settle_if_many(connection);
        }
        execute(connection, STUDY_COUNT, (study, by))
    }

    /// Notes that a study has a value.
    pub(crate) fn has(
        &mut self,
        connection: &Connection,
        study: i64,
        kind: &'static str,
        value: &str,
    ) -> Result<(), CatalogError> {
        if let Self::Later(waiting) = self {
            waiting.has.entry((kind, value.to_owned())).or_default().push(study);
            waiting.has_count += 1;
            return self.settle_if_many(connection);
        }
        execute(connection, STUDY_HAS, (kind, value, study))
    }

    /// Whether there are corrections at all.
    pub(crate) fn has_corrections(&mut self, connection: &Connection) -> Result<bool, CatalogError> {
        if let Self::Later(waiting) = self
            && let Some(found) = waiting.corrections
        {
            return Ok(found);
        }
        let found = correct::are_there_any(connection)?;
        if let Self::Later(waiting) = self {
            waiting.corrections = Some(found);
        }
        Ok(found)
    }

    /// Whether a row of this sort may be there, by what tells it from all others: then it is to be looked for.
    pub(crate) fn may_be_there(
        &mut self,
        connection: &Connection,
        sort: Sort,
        key: &[&str],
    ) -> Result<bool, CatalogError> {
        match self {
            Self::AtOnce => Ok(true),
            Self::Later(waiting) => waiting.seen.may_be_there(connection, sort, key),
        }
    }

    /// Writes all that waits.
    pub(crate) fn settle(&mut self, connection: &Connection) -> Result<(), CatalogError> {
        let Self::Later(waiting) = self else { return Ok(()) };
        for (statement, counts) in [(SERIES_COUNT, &mut waiting.series), (STUDY_COUNT, &mut waiting.studies)]
        {
            let mut counts: Vec<(i64, i64)> = counts.drain().collect();
            counts.sort_unstable();
            let mut update = connection.prepare_cached(statement)?;
            for count in counts {
                update.execute(count)?;
            }
        }
        let mut insert = connection.prepare_cached(STUDY_HAS)?;
        for ((kind, value), mut studies) in std::mem::take(&mut waiting.has) {
            studies.sort_unstable();
            for study in studies {
                insert.execute((kind, &value, study))?;
            }
        }
        waiting.has_count = 0;
        Ok(())
    }

    fn settle_if_many(&mut self, connection: &Connection) -> Result<(), CatalogError> {
        match self {
            Self::Later(waiting)
                if waiting.series.len() + waiting.studies.len() + waiting.has_count >= WAITING_MAX =>
            {
                self.settle(connection)
            }
            _ => Ok(()),
        }
    }
}

fn execute(
    connection: &Connection,
    statement: &str,
    values: impl rusqlite::Params,
) -> Result<(), CatalogError> {
    connection.prepare_cached(statement)?.execute(values)?;
    Ok(())
}
