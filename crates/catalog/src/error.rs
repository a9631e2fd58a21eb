use std::path::PathBuf;

use rusqlite::ErrorCode;
use vocabulary::Blame;

use crate::Failed;

/// Why the catalog could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// There is no catalog at the path, and it was opened only for reading.
    #[error("there is no catalog at {path}: start the server once, or run reindex, to make one")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file or its lock could not be opened.
    #[error("cannot open the catalog {path}: {source}")]
    Open {
        /// What was to be opened.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file was written by a later version of the schema.
    #[error(
        "the catalog {path} has schema {found}, this program knows {known}: use the newer program, or reindex"
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    /// The lock that writers queue on could not be taken.
    #[error("cannot take the catalog's lock: {0}")]
    Lock(std::io::Error),
    /// A row holds what no writer of ours puts there.
    #[error("the catalog is damaged ({0}): {REBUILD}")]
    Damaged(String),
    /// SQLite refused.
    #[error("{}", in_words(.0))]
    Sqlite(#[from] rusqlite::Error),
    /// The process that records for this one could not do it.
    #[error("{0}")]
    Recorder(Failed),
    /// An instance to be removed or made current is not in the catalog.
    #[error("the catalog does not hold version {version} of {sop_instance_uid}")]
    NotHeld {
        /// The instance.
        sop_instance_uid: String,
        /// Its version.
        version: u32,
    },
}

/// What to do about a catalog that is none.
const REBUILD: &str = "stop the server and run `isocenter reindex`, which makes it anew from the vault";

/// What SQLite says, and what to do about it.
fn in_words(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => format!(
            "the catalog cannot be written, our disk is full ({error}): free some space, it goes on by itself"
        ),
        Some(ErrorCode::ReadOnly) => format!(
            "the catalog cannot be written ({error}): remount the disk, or give the data directory's owner the right to write"
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            format!("another program keeps the catalog locked ({error}): end it, we go on by ourselves")
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            format!("the catalog is damaged ({error}): {REBUILD}")
        }
        Some(ErrorCode::SystemIoFailure) => {
            format!("the catalog cannot be read or written ({error}): look after the disk")
        }
        _ => format!("the catalog cannot be read or written: {error}"),
    }
}

impl CatalogError {
    /// Whose fault it is: always ours. What a peer asks is refused before the catalog is touched.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Missing { .. }
            | Self::Open { .. }
            | Self::TooNew { .. }
            | Self::Lock(_)
            | Self::Damaged(_)
            | Self::Sqlite(_) => Blame::FellShort,
            Self::Recorder(failed) if failed.not_held => Blame::Unreachable,
            Self::Recorder(_) => Blame::FellShort,
            Self::NotHeld { .. } => Blame::Unreachable,
        }
    }

    /// Whether the disk is full, which an operator can cure while the server runs.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Recorder(failed) => failed.disk_full,
            _ => self.sqlite_code() == Some(ErrorCode::DiskFull),
        }
    }

    /// Whether the file holds what no catalog holds: a reindex makes it anew from the vault.
    pub fn is_damaged(&self) -> bool {
        matches!(self, Self::Damaged(_) | Self::Recorder(Failed { damaged: true, .. }))
            || matches!(self.sqlite_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }

    fn sqlite_code(&self) -> Option<ErrorCode> {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code(),
            _ => None,
        }
    }
}
