use std::marker::PhantomData;

use vocabulary::{AeTitle, Encoding};

use crate::{CatalogError, Query};

/// One match.
#[derive(Debug)]
pub struct Answer<'m>(PhantomData<&'m ()>);

/// Writes matches as identifiers of C-FIND responses.
#[derive(Debug)]
pub struct Encoder<'q>(PhantomData<&'q ()>);

impl<'q> Encoder<'q> {
    /// Gets ready to answer `query` in `encoding`; `retrieve_ae_title` is where the matches can be had.
    pub fn new(query: &'q Query, encoding: Encoding, retrieve_ae_title: &AeTitle) -> Self {
        let (_, _, _) = (query, encoding, retrieve_ae_title);
        Self(PhantomData)
    }

    /// Appends the identifier of the response for `answer` to `into`.
    ///
    /// # Errors
    /// When the row is damaged.
    pub fn encode(&mut self, answer: &Answer<'_>, into: &mut Vec<u8>) -> Result<(), CatalogError> {
        into.clear();
        let Answer(PhantomData) = answer;
        Ok(())
    }
}
