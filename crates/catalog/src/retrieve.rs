use std::marker::PhantomData;

use dataset::Identifier;
use vocabulary::{InformationModel, Level};

use crate::{CatalogError, Held, QueryRefused, QueryRules};

/// What a C-MOVE or C-GET asks for: the unique keys of its identifier (PS3.4 C.4.2.1.4, C.4.3.1.3).
#[derive(Debug, Clone)]
pub struct Retrieve {
    level: Level,
}

impl Retrieve {
    /// Takes what is asked for from the identifier of a C-MOVE or C-GET request.
    ///
    /// # Errors
    /// When the identifier does not fit the model: A900, with the element that offends.
    pub fn from_identifier(
        model: InformationModel,
        identifier: &Identifier,
        rules: &QueryRules,
    ) -> Result<Self, QueryRefused> {
        Err(QueryRefused {
            status: vocabulary::Status::UNABLE_TO_PROCESS,
            offending: Vec::new(),
            comment: format!("{model:?}{identifier:?}{rules:?}"),
        })
    }

    /// Query/Retrieve Level (0008,0052).
    pub fn level(&self) -> Level {
        self.level
    }
}

/// The instances that a C-MOVE or C-GET asks for. No lock and no read transaction is held between two of them,
/// however long the sending takes.
#[derive(Debug)]
pub struct Retrieval<'c>(PhantomData<&'c ()>);

impl Retrieval<'_> {
    /// How many there were when the request came.
    pub fn instances(&self) -> u64 {
        0
    }
}

impl Iterator for Retrieval<'_> {
    type Item = Result<Held, CatalogError>;

    fn next(&mut self) -> Option<Self::Item> {
        None
    }
}
