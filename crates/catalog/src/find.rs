use std::marker::PhantomData;

use crate::{Answer, CatalogError};

/// A query that is ready to run.
#[derive(Debug)]
pub struct Find<'c>(PhantomData<&'c ()>);

/// A walk through what a query finds.
#[derive(Debug)]
pub struct Matches<'f>(PhantomData<&'f ()>);

impl Find<'_> {
    /// Starts it.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn matches(&mut self) -> Result<Matches<'_>, CatalogError> {
        Ok(Matches(PhantomData))
    }
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
        Ok(None)
    }
}
