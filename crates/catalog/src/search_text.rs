//! The texts in which trigrams are looked up: what is fed to the index, and what is asked of it.

use std::sync::LazyLock;

use rusqlite::{Connection, params_from_iter};
use vocabulary::{Level, Vr};

use crate::extract::{LevelRow, columns};
use crate::further::Further;
use crate::matching::Wild;
use crate::{CatalogError, normal};

/// The column for texts that have none of their own.
pub(crate) const OTHER: &str = "other";

/// Trigrams of one value that are asked for: more narrow no further, and cost.
const TRIGRAMS_ASKED_MAX: usize = 16;

/// Patterns of one key whose trigrams are looked at one by one.
const PATTERNS_LOOKED_AT_MAX: usize = 4;

/// A trigram in so few rows is asked for alone.
const ROWS_FEW: i64 = 64;

/// Trigrams that are asked for together: each list that is gone through costs, and narrows less than the one before.
const TRIGRAMS_TOGETHER_MAX: usize = 3;

/// To go through so many more entries of a list costs as much as to look at the rows that it would exclude.
const TIMES_AS_MANY_ROWS: i64 = 32;

/// The columns of the index of a level: those named like a key's own column, and the one for others.
pub(crate) fn indexed(level: Level) -> &'static [&'static str] {
    match level {
        Level::Patient => &["patient_name", "patient_id", OTHER],
        Level::Study => &[
            "patient_name",
            "patient_id",
            "accession_number",
            "study_description",
            "referring_physician_name",
            OTHER,
        ],
        Level::Series | Level::Image => &[],
    }
}

/// The column of the index that has the values of a key's column, or of a key without one.
pub(crate) fn column_of(level: Level, column: Option<&str>) -> &'static str {
    indexed(level).iter().find(|name| Some(**name) == column).copied().unwrap_or(OTHER)
}

/// The name of the index of a level.
pub(crate) fn table(level: Level) -> &'static str {
    if level == Level::Patient { "patient_text" } else { "study_text" }
}

/// Adds the texts of a new row.
pub(crate) fn insert(
    connection: &Connection,
    level: Level,
    id: i64,
    row: &LevelRow,
) -> Result<(), CatalogError> {
    static INSERTS: LazyLock<[String; 2]> = LazyLock::new(|| {
        [Level::Patient, Level::Study].map(|level| {
            let columns = indexed(level);
            let places: Vec<_> = (2..columns.len() + 2).map(|number| format!("?{number}")).collect();
            let (table, columns, places) = (table(level), columns.join(", "), places.join(", "));
            format!("INSERT INTO {table} (rowid, {columns}) VALUES (?1, {places})")
        })
    });
    let [patient, study] = &*INSERTS;
    let statement = match level {
        Level::Patient => patient,
        Level::Study => study,
        Level::Series | Level::Image => return Ok(()),
    };
    let values = texts(level, row).into_iter().map(rusqlite::types::Value::from);
    let values = std::iter::once(rusqlite::types::Value::from(id)).chain(values);
    connection.prepare_cached(statement)?.execute(params_from_iter(values))?;
    Ok(())
}

/// Takes the texts of a row away.
pub(crate) fn remove(connection: &Connection, level: Level, id: i64) -> Result<(), CatalogError> {
    if !indexed(level).is_empty() {
        let statement = format!("DELETE FROM {} WHERE rowid = ?1", table(level));
        connection.prepare_cached(&statement)?.execute([id])?;
    }
    Ok(())
}

/// Puts the texts of a row in the place of those it had.
pub(crate) fn replace(
    connection: &Connection,
    level: Level,
    id: i64,
    row: &LevelRow,
) -> Result<(), CatalogError> {
    remove(connection, level, id)?;
    insert(connection, level, id, row)
}

fn texts(level: Level, row: &LevelRow) -> Vec<String> {
    let mut texts: Vec<String> = vec![String::new(); indexed(level).len()];
    let mut add = |column: Option<&str>, vr: Vr, value: &str| {
        let name = column_of(level, column);
        let place = indexed(level).iter().position(|indexed| *indexed == name);
        let Some(text) = place.and_then(|place| texts.get_mut(place)) else { return };
        if value.is_empty() {
            return;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        if vr == Vr::PN {
            text.push_str(&folded_names(value));
        } else {
            text.push_str(value);
        }
    };
    for ((key, column), value) in columns(level).iter().zip(row.columns.iter()) {
        if has_text(key.vr) {
            add(Some(column), key.vr, value);
        }
    }
    for element in Further(&row.further).elements().filter(|element| has_text(element.vr)) {
        add(None, element.vr, &element.text());
    }
    texts
}

/// Whether values of a VR are looked for by trigrams.
pub(crate) fn has_text(vr: Vr) -> bool {
    crate::keys::matched_by_vr(vr) == crate::keys::Matched::WildCard
}

/// Every group of every name, folded as patterns are, and each with the empty component that a pattern may ask for.
fn folded_names(value: &str) -> String {
    let groups = value.split('\\').flat_map(normal::folded_groups).filter(|group| !group.is_empty());
    groups.map(|group| group + "^\n").collect()
}

/// What the trigrams of a level are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    column: &'static str,
    /// The trigrams of each pattern: of one pattern all, of some pattern all.
    patterns: Vec<Vec<String>>,
}

impl Question {
    /// What is asked for a value that one of the patterns means: a pattern is all of its parts. `None`: one of them
    /// has no three characters in a row, so the index does not help.
    pub(crate) fn new<'p, P>(column: &'static str, patterns: impl Iterator<Item = P>) -> Option<Self>
    where
        P: IntoIterator<Item = Option<&'p Wild>>,
    {
        let patterns: Vec<_> = patterns.map(|parts| trigrams(parts.into_iter().flatten())).collect();
        let is_any_help = !patterns.is_empty() && patterns.iter().all(|trigrams| !trigrams.is_empty());
        is_any_help.then_some(Self { column, patterns })
    }

    /// The question in the language of FTS5.
    pub(crate) fn expression(&self) -> String {
        let patterns: Vec<_> = self
            .patterns
            .iter()
            .map(|trigrams| {
                let quoted: Vec<_> =
                    trigrams.iter().map(|t| format!("\"{}\"", t.replace('"', "\"\""))).collect();
                format!("({})", quoted.join(" AND "))
            })
            .collect();
        format!("{{{}}} : ({})", self.column, patterns.join(" OR "))
    }

    /// The question with the rarest trigrams of each pattern only, and how many rows have the rarest one, by what `look`
    /// says of a trigram: rows that have all of them are had for less by looking at those that have a few rare ones than
    /// by going through the lists of all. `None`: there are too many patterns for that.
    pub(crate) fn rarest<E>(
        &self,
        mut look: impl FnMut(&Self) -> Result<i64, E>,
    ) -> Result<Option<(i64, Self)>, E> {
        if self.patterns.len() > PATTERNS_LOOKED_AT_MAX {
            return Ok(None);
        }
        let mut rows = 0_i64;
        let mut patterns = Vec::with_capacity(self.patterns.len());
        for trigrams in &self.patterns {
            let mut counts = Vec::with_capacity(trigrams.len());
            for (place, trigram) in trigrams.iter().enumerate() {
                let count = look(&Self { column: self.column, patterns: vec![vec![trigram.clone()]] })?;
                counts.push((count, place));
                if count <= ROWS_FEW {
                    break;
                }
            }
            counts.sort_unstable();
            rows = rows.saturating_add(counts.first().map_or(0, |(count, _)| *count));
            let kept = rare_ones(&counts).into_iter();
            patterns.push(kept.filter_map(|place| trigrams.get(place).cloned()).collect());
        }
        Ok(Some((rows, Self { column: self.column, patterns })))
    }
}

/// The places of the trigrams to ask for, of all that were looked at, the rarest first: that one, and where it is in many
/// rows others that say something more: those of neighbouring places mostly stand in the same rows.
fn rare_ones(counts: &[(i64, usize)]) -> Vec<usize> {
    let Some((least, first)) = counts.first().copied() else { return Vec::new() };
    let mut kept = vec![first];
    if least <= ROWS_FEW {
        return kept;
    }
    for distance in [3, 1] {
        for (count, place) in counts.iter().copied() {
            let is_apart = kept.iter().all(|have| have.abs_diff(place) >= distance);
            let is_worth_it = count / TIMES_AS_MANY_ROWS <= least;
            if kept.len() < TRIGRAMS_TOGETHER_MAX && is_apart && is_worth_it {
                kept.push(place);
            }
        }
        if kept.len() > 1 {
            break;
        }
    }
    kept
}

fn trigrams<'p>(parts: impl Iterator<Item = &'p Wild>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for run in parts.flat_map(Wild::literal_runs) {
        // Of empty components at the end of a name one is in the index, see `folded_names`.
        let mut characters: Vec<char> = run.chars().collect();
        while characters.ends_with(&['^', '^']) {
            characters.pop();
        }
        for trigram in characters.windows(3) {
            let trigram: String = trigram.iter().collect();
            if !found.contains(&trigram) && found.len() < TRIGRAMS_ASKED_MAX {
                found.push(trigram);
            }
        }
    }
    found
}
