use std::{io, path::PathBuf};

use catalog::CatalogError;
use vault::Shortage;
use vocabulary::{Blame, DayError};

/// What the holdings could not do. Always our own shortage: what a peer does wrong is a [`Refusal`](crate::Refusal).
#[derive(Debug, thiserror::Error)]
pub enum HoldingsError {
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] Shortage),
    /// The catalog failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A file of the holdings that is neither an instance nor the catalog failed.
    #[error("our holdings cannot use {path}: {source}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has the holdings open, and this work needs them alone.
    #[error("the holdings in {path} are in use: stop the server (or the import) that has them open first", path = path.display())]
    InUse {
        /// The data directory.
        path: PathBuf,
    },
    /// The clock says a time that no calendar has.
    #[error("our clock is wrong: {0}")]
    Clock(#[from] DayError),
    /// None of what is made to be unique is.
    #[error("no {0} can be found that is not held already")]
    NoneFree(&'static str),
    /// The file of an instance is not what was written.
    #[error("our file {path} is damaged: {what}", path = path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

impl HoldingsError {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Vault(shortage) => shortage.blame(),
            Self::Catalog(error) => error.blame(),
            Self::File { .. }
            | Self::InUse { .. }
            | Self::Clock(_)
            | Self::NoneFree(_)
            | Self::Damaged { .. } => Blame::FellShort,
        }
    }
}
