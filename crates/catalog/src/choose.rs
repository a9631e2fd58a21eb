//! Where a search begins: the narrowing that leaves the fewest rows, found out by looking at the beginnings of what the
//! indexes have. What a look costs does not grow with the catalog.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use vocabulary::Level;

use crate::CatalogError;
use crate::narrow::{How, Narrowing, alias, table};
use crate::search_text::{self, Question};

/// Rows up to which candidates are counted before one is taken: enough to tell few from many.
const ROWS_COUNTED: i64 = 256;

/// Rows up to which they are counted where all have more. To read so many of an index takes a quarter of a millisecond.
const ROWS_COUNTED_MAX: i64 = 2048;

/// What has more rows than were counted is taken to have so many times as many.
const BEYOND_COUNTED: i64 = 8;

/// Rows with a trigram that are looked at to tell how frequent it is.
const ROWS_OF_TRIGRAM: i64 = 24;

/// Where a search begins.
pub(crate) struct Start<'n> {
    pub(crate) narrowing: &'n Narrowing,
    /// How the rows are found: as the narrowing says, or by some of its trigrams.
    pub(crate) how: How,
}

impl<'n> Start<'n> {
    fn as_is(narrowing: &'n Narrowing) -> Self {
        Self { narrowing, how: narrowing.how.clone() }
    }
}

/// The narrowing that leaves the fewest rows, as far as that can be told for little.
pub(crate) fn start<'n>(
    connection: &Connection,
    narrowings: &'n [Narrowing],
) -> Result<Option<Start<'n>>, CatalogError> {
    let mut by_rank: Vec<&Narrowing> = narrowings.iter().collect();
    // Of two unique keys the one further down has fewer rows below it.
    by_rank.sort_by_key(|narrowing| (narrowing.rank, std::cmp::Reverse(narrowing.level)));
    let Some(first) = by_rank.first().copied() else { return Ok(None) };
    let is_text = |narrowing: &&Narrowing| matches!(narrowing.how, How::Text(_));
    if first.rank == 0 || (by_rank.len() == 1 && !is_text(&first)) {
        return Ok(Some(Start::as_is(first)));
    }
    let (texts, columns): (Vec<&Narrowing>, Vec<&Narrowing>) = by_rank.into_iter().partition(is_text);
    let narrowest = match columns.as_slice() {
        // With nothing to compare it to.
        [one] if texts.is_empty() => Some((0, *one)),
        columns => narrowest(connection, columns)?,
    };
    let mut best = narrowest.map(|(count, narrowing)| (count, Start::as_is(narrowing)));
    for narrowing in texts {
        let How::Text(question) = &narrowing.how else { continue };
        // Looking trigrams up costs as much as some hundred rows.
        if best.as_ref().is_some_and(|(count, _)| *count < ROWS_COUNTED) {
            break;
        }
        let (count, question) = rarest(connection, narrowing.level, question)?;
        if best.as_ref().is_none_or(|(least, _)| count < *least) {
            best = Some((count, Start { narrowing, how: How::Text(question) }));
        }
    }
    Ok(best.map(|(_, start)| start))
}

/// The one with the fewest rows, the first of equals, and how many it has at least.
fn narrowest<'n>(
    connection: &Connection,
    columns: &[&'n Narrowing],
) -> Result<Option<(i64, &'n Narrowing)>, CatalogError> {
    for bound in [ROWS_COUNTED, ROWS_COUNTED_MAX] {
        let mut least: Option<(i64, &Narrowing)> = None;
        for narrowing in columns.iter().copied() {
            // Whether it is fewer is all that matters.
            let bound = least.map_or(bound, |(least, _)| least);
            let count = count(connection, narrowing, bound)?;
            if least.is_none_or(|(least, _)| count < least) {
                least = Some((count, narrowing));
            }
            if count <= 1 {
                break;
            }
        }
        if least.is_some_and(|(least, _)| least < bound) {
            return Ok(least);
        }
    }
    Ok(columns.first().map(|first| (ROWS_COUNTED_MAX * BEYOND_COUNTED, *first)))
}

/// How many rows a narrowing leaves, counted up to a bound.
fn count(connection: &Connection, narrowing: &Narrowing, bound: i64) -> Result<i64, CatalogError> {
    let mut parameters: Vec<Value> = Vec::new();
    let (from, condition) = match &narrowing.how {
        How::Column(column) => {
            let condition = column.condition(alias(narrowing.level), false, &mut parameters);
            (format!("{} {}", table(narrowing.level), alias(narrowing.level)), condition)
        }
        How::Has { kind, value } => {
            parameters.push(value.clone().into());
            ("study_has".to_owned(), format!("kind = '{kind}' AND value = ?1"))
        }
        // To count these is to find them.
        How::Text(_) => return Ok(bound),
    };
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {from} WHERE {condition} LIMIT {bound})");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row(params_from_iter(parameters), |row| row.get(0))?)
}

/// The question with only those trigrams that matter: to go through the lists of all costs more than to look at the few
/// rows that a few rare ones leave. With it, how many rows have the rarest.
fn rarest(
    connection: &Connection,
    level: Level,
    question: &Question,
) -> Result<(i64, Question), CatalogError> {
    let last: Option<i64> = connection
        .prepare_cached(&format!("SELECT max(id) FROM {}", table(level)))?
        .query_row([], |row| row.get(0))?;
    let texts = search_text::table(level);
    let mut statement = connection.prepare_cached(&format!(
        "SELECT count(*), max(rowid) FROM \
         (SELECT rowid FROM {texts} WHERE {texts} MATCH ?1 LIMIT {ROWS_OF_TRIGRAM})"
    ))?;
    let rarest = question.rarest(|trigram| {
        let (count, furthest): (i64, Option<i64>) =
            statement.query_row([trigram.expression()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        // They come in the order of their ids: what is rare has to be looked for far.
        Ok::<_, CatalogError>(match (furthest, last) {
            (Some(furthest), Some(last)) if count == ROWS_OF_TRIGRAM => {
                count.saturating_mul(last) / furthest.max(1)
            }
            _ => count,
        })
    })?;
    Ok(rarest.unwrap_or_else(|| (last.unwrap_or(0), question.clone())))
}

#[cfg(test)]
mod tests;
