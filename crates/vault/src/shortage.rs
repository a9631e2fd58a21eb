use std::{fmt, io, path::PathBuf};

use vocabulary::Blame;

/// What was being done when the file system failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Making a draft.
    Creating,
    /// Writing a draft.
    Writing,
    /// Syncing bytes or a directory.
    Syncing,
    /// Giving a draft its name.
    Naming,
    /// Making a directory.
    MakingDirectory,
    /// Opening an instance.
    Opening,
    /// Reading an instance.
    Reading,
    /// Listing a directory.
    Listing,
    /// Removing a file or directory.
    Removing,
    /// Waiting for a lock.
    Locking,
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Creating => "creating",
            Self::Writing => "writing",
            Self::Syncing => "syncing",
            Self::Naming => "naming",
            Self::MakingDirectory => "making directory",
            Self::Opening => "opening",
            Self::Reading => "reading",
            Self::Listing => "listing",
            Self::Removing => "removing",
            Self::Locking => "locking",
        })
    }
}

/// The file system did not do what it was asked: never the peer's fault, and asking again may help.
#[derive(Debug, thiserror::Error)]
pub enum Shortage {
    /// The disk or the quota is full.
    #[error("our disk is full ({doing} {path}): free some space, what comes later is kept again by itself", path = path.display())]
    NoSpace {
        /// What was being done.
        doing: Doing,
        /// To which file or directory.
        path: PathBuf,
    },
    /// What is left of the disk is reserved.
    #[error(
        "our disk is nearly full ({free} bytes are left for {path}, and {reserved} are reserved for the catalog): free some space, \
         what comes later is kept again by itself", path = path.display()
    )]
    Reserved {
        /// How many bytes are left.
        free: u64,
        /// How many are to be left.
        reserved: u64,
        /// The directory that was to get a file.
        path: PathBuf,
    },
    /// The file system takes no changes.
    #[error("our disk is read-only ({doing} {path}): remount it, or give the data directory's owner the right to write", path = path.display())]
    ReadOnly {
        /// What was being done.
        doing: Doing,
        /// To which file or directory.
        path: PathBuf,
    },
    /// The file is not where it should be.
    #[error("our vault lacks {path} ({doing}): it was moved or removed by someone else", path = path.display())]
    Missing {
        /// What was being done.
        doing: Doing,
        /// To which file or directory.
        path: PathBuf,
    },
    /// Anything else that the system reports.
    #[error("our disk failed {doing} {path}: {source}", path = path.display())]
    Failed {
        /// What was being done.
        doing: Doing,
        /// To which file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Shortage {
    pub(crate) fn new(doing: Doing, path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace { doing, path },
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                Self::ReadOnly { doing, path }
            }
            io::ErrorKind::NotFound => Self::Missing { doing, path },
            _ => Self::Failed { doing, path, source },
        }
    }

    /// The file or directory that it is about.
    pub fn path(&self) -> &PathBuf {
        match self {
            Self::NoSpace { path, .. }
            | Self::Reserved { path, .. }
            | Self::ReadOnly { path, .. }
            | Self::Missing { path, .. }
            | Self::Failed { path, .. } => path,
        }
    }

    /// Whose fault it is: always ours.
    pub fn blame(&self) -> Blame {
        Blame::FellShort
    }
}
