use std::io;
use std::path::PathBuf;

/// Why the trail cannot be written or read, or cannot be passed on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The disk.
    #[error("cannot use {path} for the audit trail: {source}")]
    File {
        /// What could not be used.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody else writes it.
    #[error("the audit trail in {path} is being written by another process")]
    Busy {
        /// The directory of the trail.
        path: PathBuf,
    },
    /// A file of certificates that is none.
    #[error("{path} holds no certificate that can be used: {what}")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The host of the collector is no name.
    #[error("{0:?} is no name of a host")]
    Host(String),
}

impl AuditError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
