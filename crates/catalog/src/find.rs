use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, Row, Rows, params_from_iter};

use crate::answer::Values;
use crate::keys::KeyType;
use crate::limits::ROWS_LOOKED_AT;
use crate::plan::{Layout, Source, plan};
use crate::query::{Criterion, Test};
use crate::{Answer, CatalogError, Query};

/// A query that is ready to run.
pub struct Find<'c> {
    statement: CachedStatement<'c>,
    parameters: Vec<Value>,
    layout: Layout,
    query: &'c Query,
}

/// A walk through what a query finds. The catalog stays as it was for it until it ends or is dropped.
pub struct Matches<'f> {
    rows: Rows<'f>,
    layout: &'f Layout,
    query: &'f Query,
}

impl std::fmt::Debug for Find<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Find")
            .field("query", self.query)
            .field("layout", &self.layout)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Matches<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Matches").field("query", self.query).finish_non_exhaustive()
    }
}

impl<'c> Find<'c> {
    pub(crate) fn new(connection: &'c Connection, query: &'c Query) -> Result<Self, CatalogError> {
        let plan = plan(connection, query)?;
        let statement = connection.prepare_cached(&plan.sql)?;
        Ok(Self { statement, parameters: plan.parameters, layout: plan.layout, query })
    }

    /// Starts it.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn matches(&mut self) -> Result<Matches<'_>, CatalogError> {
        let rows = self.statement.query(params_from_iter(&self.parameters))?;
        Ok(Matches { rows, layout: &self.layout, query: self.query })
    }
}

/// What a look at some more rows came to.
#[derive(Debug)]
pub enum Look<'m> {
    /// The next match.
    Match(Answer<'m>),
    /// None among the rows that were looked at; there are more. The time to see whether the peer still wants them.
    NoneYet,
    /// There are no more.
    End,
}

impl Matches<'_> {
    /// The next match, until there is none.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    #[expect(
        clippy::should_implement_trait,
        reason = "an answer borrows the row, which no Iterator can lend"
    )]
    pub fn next(&mut self) -> Result<Option<Answer<'_>>, CatalogError> {
        while let Found::NotYet = self.walk(ROWS_LOOKED_AT)? {}
        Ok(self.rows.get().map(|row| Answer::new(row, self.layout, self.query)))
    }

    /// The next match, if it is not far: returns within some milliseconds in any case, where [`Matches::next`] may go
    /// through the whole catalog for a rare one.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn look(&mut self) -> Result<Look<'_>, CatalogError> {
        if let Found::NotYet = self.walk(ROWS_LOOKED_AT)? {
            return Ok(Look::NoneYet);
        }
        Ok(match self.rows.get() {
            Some(row) => Look::Match(Answer::new(row, self.layout, self.query)),
            None => Look::End,
        })
    }

    /// Goes to the next match or to the end, or `rows` rows far.
    fn walk(&mut self, rows: usize) -> Result<Found, CatalogError> {
        for _ in 0..rows {
            self.rows.advance()?;
            match self.rows.get() {
                Some(row) if !accepts(self.query, self.layout, row)? => {}
                Some(_) | None => return Ok(Found::MatchOrEnd),
            }
        }
        Ok(Found::NotYet)
    }
}

enum Found {
    MatchOrEnd,
    NotYet,
}

/// Whether a row that SQL found is a match: [`crate::matching`] decides.
fn accepts(query: &Query, layout: &Layout, row: &Row<'_>) -> Result<bool, CatalogError> {
    for (criterion, source) in query.criteria.iter().zip(&layout.criteria) {
        if !fulfils(query, criterion, *source, row)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn fulfils(
    query: &Query,
    criterion: &Criterion,
    source: Source,
    row: &Row<'_>,
) -> Result<bool, CatalogError> {
    let key = criterion.key;
    let values = Values::new(row, source);
    match &criterion.test {
        Test::Items(test) => Ok(values.items(key.tag)?.is_some_and(|items| test.matches(&items))),
        Test::Value(matching) => {
            let text = values.text(key.tag)?;
            if text.is_empty() {
                return Ok(query.empty_matches && key.key_type_in(query.model()) == KeyType::Required);
            }
            Ok(matching.matches(&text, key.multiple))
        }
    }
}

#[cfg(test)]
mod tests;
