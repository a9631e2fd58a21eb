//! A query to one statement. Where it starts is chosen here, by what the indexes say, and not by SQLite's planner, whose
//! choice would hang on when statistics were gathered last.

use rusqlite::Connection;
use rusqlite::types::Value;
use vocabulary::Level;

use crate::choose::{Start, start};
use crate::keys::{Kept, Key, Made};
use crate::narrow::{How, Narrowing, alias, narrowings, table, table_level};
use crate::query::{Query, What};
use crate::search_text;
use crate::{CatalogError, study_sets};

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
                What::PrivateCreator
                | What::QueryRetrieveLevel
                | What::RetrieveAeTitle
                | What::InstanceAvailability => Source::Nowhere,
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
    let start = start(connection, &narrowings)?;
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
    let mut from = match &start {
        Some(start) => first_table(start, &mut parameters, &mut conditions),
        None => format!("{} {}", table(base), alias(base)),
    };
    let started_with = start.as_ref().map(|start| start.narrowing);
    for narrowing in narrowings.iter().filter(|narrowing| started_with != Some(*narrowing)) {
        if let Some(condition) = sift(narrowing, &mut parameters) {
            tables.push(narrowing.level);
            conditions.push(condition);
        }
    }
    let top = tables.iter().copied().min().unwrap_or(base);
    let started = started_with.map_or(base, |narrowing| narrowing.level);
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
fn first_table(start: &Start<'_>, parameters: &mut Vec<Value>, conditions: &mut Vec<String>) -> String {
    let level = start.narrowing.level;
    let (table, alias) = (table(level), alias(level));
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
            let texts = search_text::table(level);
            conditions.push(format!("{texts} MATCH {question}"));
            format!("{texts} CROSS JOIN {table} {alias} ON {alias}.id = {texts}.rowid")
        }
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
