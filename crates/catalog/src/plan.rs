//! A query to one statement. Where it starts is chosen here, by what the indexes say, and not by SQLite's planner, whose
//! choice would hang on when statistics were gathered last.

use rusqlite::Connection;
use rusqlite::types::Value;
use vocabulary::Level;

use crate::keys::{Kept, Key, Made};
use crate::narrow::{How, Narrowing, narrowings, table_level};
use crate::query::{Query, What};
use crate::search_text::{self, Question};
use crate::{CatalogError, study_sets};

/// Rows up to which candidates are counted before one is taken: enough to tell few from many, and cheap to count.
const ROWS_PROBED_MAX: i64 = 256;

/// Rows up to which a trigram counts as rare where there are no rarer ones.
const ROWS_OF_TRIGRAM_MAX: i64 = 2048;

/// A statement, its parameters, and where its columns have the values.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) sql: String,
    pub(crate) parameters: Vec<Value>,
    pub(crate) layout: Layout,
}

/// Where the values of the keys are in a row.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    expressions: Vec<String>,
    tables: Vec<Level>,
    /// Of each of the query's criteria.
    pub(crate) criteria: Vec<Source>,
    /// Of each returned attribute.
    pub(crate) returned: Vec<Source>,
}

/// Where the value of one key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// In this column.
    Column(usize),
    /// Among the attributes that this column holds.
    Further(usize),
    /// It is no key of the catalog.
    Nowhere,
}

impl Layout {
    fn new(query: &Query) -> Self {
        let mut layout = Self::default();
        let criteria = query.criteria.iter().map(|criterion| layout.source(query, criterion.key)).collect();
        let returned = query
            .returned
            .iter()
            .map(|returned| match &returned.what {
                What::Key(key) | What::Items(key, _) => layout.source(query, key),
                What::QueryRetrieveLevel | What::RetrieveAeTitle | What::InstanceAvailability => {
                    Source::Nowhere
                }
            })
            .collect();
        if layout.expressions.is_empty() {
            layout.expressions.push("1".to_owned());
        }
        layout.criteria = criteria;
        layout.returned = returned;
        layout
    }

    fn source(&mut self, query: &Query, key: &Key) -> Source {
        let level = table_level(query, key);
        if !self.tables.contains(&level) {
            self.tables.push(level);
        }
        let (column, is_further) = match key.kept {
            Kept::Made(Made::Number(sum)) if level == Level::Patient => return self.add(sum.to_owned()),
            Kept::Column(column) | Kept::Made(Made::Number(column)) => (column, false),
            Kept::Made(Made::ModalitiesInStudy) => ("modalities_in_study", false),
            Kept::Made(Made::SopClassesInStudy) => ("sop_classes_in_study", false),
            Kept::Made(Made::AnatomicRegionsInStudy) => ("anatomic_regions", true),
            Kept::Made(Made::TransferSyntax) => ("transfer_syntax_uid", false),
            Kept::Attributes => ("further", true),
        };
        let Source::Column(at) = self.add(format!("{}.{column}", alias(level))) else {
            return Source::Nowhere;
        };
        if is_further { Source::Further(at) } else { Source::Column(at) }
    }

    fn add(&mut self, expression: String) -> Source {
        let have = self.expressions.iter().position(|have| *have == expression);
        Source::Column(have.unwrap_or_else(|| {
            self.expressions.push(expression);
            self.expressions.len() - 1
        }))
    }
}

/// Plans a query.
pub(crate) fn plan(connection: &Connection, query: &Query) -> Result<Plan, CatalogError> {
    let layout = Layout::new(query);
    let narrowings = narrowings(query);
    let start = choose(connection, &narrowings)?;
    let rarest = start.map(|start| rarest(connection, start)).transpose()?.flatten();
    let start_as = rarest.as_ref().or(start);
    let base = query.level();
    let mut tables = layout.tables.clone();
    tables.push(base);
    let mut parameters = Vec::new();
    let mut conditions = Vec::new();
    // The rest only sifts: the unary plus keeps SQLite from starting with it.
    let sift = |narrowing: &Narrowing, parameters: &mut Vec<Value>| match &narrowing.how {
        How::Column(column) => Some(column.condition(alias(narrowing.level), true, parameters)),
        How::Has { kind, value } => {
            parameters.push(format!("\\{value}\\").into());
            let list = study_sets::column(kind);
            Some(format!("instr('\\' || s.{list} || '\\', ?{}) > 0", parameters.len()))
        }
        How::Text(_) => None,
    };
    let mut from = match start_as {
        Some(start) => first_table(start, &mut parameters, &mut conditions),
        None => format!("{} {}", table(base), alias(base)),
    };
    for narrowing in narrowings.iter().filter(|narrowing| start != Some(*narrowing)) {
        if let Some(condition) = sift(narrowing, &mut parameters) {
            tables.push(narrowing.level);
            conditions.push(condition);
        }
    }
    let top = tables.iter().copied().min().unwrap_or(base);
    let started = start.map_or(base, |start| start.level);
    // From the first table down to that of the query, then up to all that is needed above.
    for level in Level::ALL.into_iter().filter(|level| *level > started && *level <= base) {
        from.push_str(&format!(" CROSS JOIN {} {} ON {}", table(level), alias(level), joined(level)));
    }
    for level in Level::ALL.into_iter().rev().filter(|level| *level < started && *level >= top) {
        let below = Level::ALL.into_iter().find(|below| *below > level).unwrap_or(level);
        from.push_str(&format!(" CROSS JOIN {} {} ON {}", table(level), alias(level), joined(below)));
    }
    if base == Level::Image {
        conditions.push("i.current = 1".to_owned());
    }
    let mut sql = format!("SELECT {} FROM {from}", layout.expressions.join(", "));
    if !conditions.is_empty() {
        sql.push_str(" WHERE ");
        sql.push_str(&conditions.join(" AND "));
    }
    Ok(Plan { sql, parameters, layout })
}

/// The table that the statement starts with, its condition appended to the others.
fn first_table(start: &Narrowing, parameters: &mut Vec<Value>, conditions: &mut Vec<String>) -> String {
    let (table, alias) = (table(start.level), alias(start.level));
    let mut place = |value: String| {
        parameters.push(value.into());
        format!("?{}", parameters.len())
    };
    match &start.how {
        How::Column(column) => {
            conditions.push(column.condition(alias, false, parameters));
            format!("{table} {alias}")
        }
        How::Has { kind, value } => {
            let value = place(value.clone());
            conditions.push(format!("h.kind = '{kind}' AND h.value = {value}"));
            format!("study_has h CROSS JOIN {table} {alias} ON {alias}.id = h.study")
        }
        How::Text(question) => {
            let question = place(question.expression());
            let texts = search_text::table(start.level);
            conditions.push(format!("{texts} MATCH {question}"));
            format!("{texts} CROSS JOIN {table} {alias} ON {alias}.id = {texts}.rowid")
        }
    }
}

/// The narrowing that leaves the fewest rows.
fn choose<'n>(
    connection: &Connection,
    narrowings: &'n [Narrowing],
) -> Result<Option<&'n Narrowing>, CatalogError> {
    let mut by_rank: Vec<&Narrowing> = narrowings.iter().collect();
    // Of two unique keys the one further down has fewer rows below it.
    by_rank.sort_by_key(|narrowing| (narrowing.rank, std::cmp::Reverse(narrowing.level)));
    let Some(first) = by_rank.first().copied() else { return Ok(None) };
    if by_rank.len() == 1 || first.rank == 0 {
        return Ok(Some(first));
    }
    let mut best: Option<(i64, &Narrowing)> = None;
    for narrowing in by_rank {
        // Counting what trigrams find costs as much as reading it: only where nothing else is narrow.
        let is_costly = matches!(narrowing.how, How::Text(_));
        if is_costly && best.is_some_and(|(count, _)| count < ROWS_PROBED_MAX) {
            continue;
        }
        let count = probe(connection, narrowing, ROWS_PROBED_MAX)?;
        if best.is_none_or(|(least, _)| count < least) {
            best = Some((count, narrowing));
        }
        if count <= 1 {
            break;
        }
    }
    Ok(best.map(|(_, narrowing)| narrowing))
}

/// In the place of several trigrams the one that is in the fewest rows, if one is in few: the rows that have all of
/// them are had for less by looking at the rows of one than by going through the lists of all.
fn rarest(connection: &Connection, start: &Narrowing) -> Result<Option<Narrowing>, CatalogError> {
    let How::Text(question) = &start.how else { return Ok(None) };
    let trigrams = question.each_trigram();
    for bound in [ROWS_PROBED_MAX, ROWS_OF_TRIGRAM_MAX] {
        let mut rarest: Option<(i64, &Question)> = None;
        for question in &trigrams {
            let how = How::Text(question.clone());
            let count = probe(connection, &Narrowing { how, ..start.clone() }, bound)?;
            if count < bound && rarest.is_none_or(|(least, _)| count < least) {
                rarest = Some((count, question));
            }
        }
        if let Some((_, question)) = rarest {
            return Ok(Some(Narrowing { how: How::Text(question.clone()), ..start.clone() }));
        }
    }
    Ok(None)
}

/// How many rows a narrowing leaves, counted up to a bound.
fn probe(connection: &Connection, narrowing: &Narrowing, bound: i64) -> Result<i64, CatalogError> {
    let mut parameters = Vec::new();
    let (from, condition) = match &narrowing.how {
        How::Column(column) => {
            let condition = column.condition(alias(narrowing.level), false, &mut parameters);
            (format!("{} {}", table(narrowing.level), alias(narrowing.level)), condition)
        }
        How::Has { kind, value } => {
            parameters.push(value.clone().into());
            ("study_has".to_owned(), format!("kind = '{kind}' AND value = ?1"))
        }
        How::Text(question) => {
            parameters.push(question.expression().into());
            let texts = search_text::table(narrowing.level);
            (texts.to_owned(), format!("{texts} MATCH ?1"))
        }
    };
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {from} WHERE {condition} LIMIT {bound})");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row(rusqlite::params_from_iter(parameters), |row| row.get(0))?)
}

fn table(level: Level) -> &'static str {
    match level {
        Level::Patient => "patient",
        Level::Study => "study",
        Level::Series => "series",
        Level::Image => "instance",
    }
}

fn alias(level: Level) -> &'static str {
    match level {
        Level::Patient => "p",
        Level::Study => "s",
        Level::Series => "e",
        Level::Image => "i",
    }
}

/// How the rows of a level are joined to those above.
fn joined(level: Level) -> &'static str {
    match level {
        Level::Patient | Level::Study => "s.patient = p.id AND s.patient_id = p.patient_id",
        Level::Series => "e.study = s.id",
        Level::Image => "i.series = e.id",
    }
}

#[cfg(test)]
mod tests;
