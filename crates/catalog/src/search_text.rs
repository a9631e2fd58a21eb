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
    for ((key, column), value) in columns(level).iter().zip(&row.columns) {
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

    /// The same for each trigram by itself, if there is one pattern of several: rows with all of them are had for less
    /// by looking for the rarest alone than by going through the lists of all.
    pub(crate) fn each_trigram(&self) -> Vec<Self> {
        match self.patterns.as_slice() {
            [trigrams] if trigrams.len() > 1 => trigrams
                .iter()
                .map(|trigram| Self { column: self.column, patterns: vec![vec![trigram.clone()]] })
                .collect(),
            _ => Vec::new(),
        }
    }
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
