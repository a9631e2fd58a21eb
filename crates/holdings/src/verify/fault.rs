use std::{fmt, path::PathBuf};

use vault::Digest;
use vocabulary::Day;

/// Something about the holdings that is not as it was when it was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The data set of a file is not the one that was kept.
    Changed {
        /// Which file.
        path: PathBuf,
        /// Its checksum now.
        found: Digest,
        /// The one it had.
        kept: Digest,
    },
    /// A file is not as long as it was, or what stands before its data set is not what was written.
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The disk does not give a file back.
    Unreadable {
        /// Which file or directory.
        path: PathBuf,
        /// What the system says.
        what: String,
    },
    /// An entry of the catalog whose file is gone.
    Missing(PathBuf),
    /// All files of a day are gone.
    DayMissing {
        /// The day.
        day: Day,
        /// How many instances were received on it.
        instances: u64,
    },
    /// A file without an entry in the catalog.
    Unrecorded(PathBuf),
    /// A sound file of which the catalog says something else.
    OtherwiseRecorded {
        /// Which file.
        path: PathBuf,
        /// What the catalog has otherwise.
        what: &'static str,
    },
    /// A file that is none of ours.
    Unknown(PathBuf),
    /// There is no catalog, or it cannot be read: what is wrong with it and what to do. The files were compared with what
    /// they say of themselves.
    Catalog(String),
}

impl Fault {
    /// The file it is about.
    pub fn path(&self) -> Option<&PathBuf> {
        match self {
            Self::Changed { path, .. }
            | Self::Damaged { path, .. }
            | Self::Unreadable { path, .. }
            | Self::Missing(path)
            | Self::Unrecorded(path)
            | Self::OtherwiseRecorded { path, .. }
            | Self::Unknown(path) => Some(path),
            Self::DayMissing { .. } | Self::Catalog(_) => None,
        }
    }
}

/// What brings back a file, whatever became of it.
const BRING_BACK: &str =
    "restore the file from a backup, or have the instance sent again, which puts it back in its place";

/// What makes the catalog say what the files say.
const REBUILD: &str = "stop the server and run `isocenter reindex`";

impl fmt::Display for Fault {
    /// What is wrong, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { path, found, kept } => write!(
                f,
                "{}: changed since it was kept (checksum {found}, not {kept}): {BRING_BACK}",
                path.display()
            ),
            Self::Damaged { path, what } => write!(f, "{}: damaged, {what}: {BRING_BACK}", path.display()),
            Self::Unreadable { path, what } => write!(
                f,
                "{}: cannot be read ({what}): look after the disk, then {BRING_BACK}",
                path.display()
            ),
            Self::Missing(path) => write!(f, "{}: missing: {BRING_BACK}", path.display()),
            Self::DayMissing { day, instances } => write!(
                f,
                "all {instances} instances received on {day} are missing: mount their disk, or restore their directory \
                 from a backup"
            ),
            Self::Unrecorded(path) => {
                write!(f, "{}: not in the catalog, so nobody finds it: {REBUILD}", path.display())
            }
            Self::OtherwiseRecorded { path, what } => {
                write!(f, "{}: sound, but the catalog has {what}: {REBUILD}", path.display())
            }
            Self::Unknown(path) => {
                write!(f, "{}: none of our files: move it out of the vault", path.display())
            }
            Self::Catalog(what) => f.write_str(what),
        }
    }
}
