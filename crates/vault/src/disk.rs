use std::{
    ffi::OsString,
    fmt,
    fs::File,
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Everything that the vault asks of a file system. [`RealDisk`](crate::RealDisk) is the one in use; the tests have one
/// that records the order of calls, and one that fails and forgets.
///
/// Called through `dyn`: the price is a few nanoseconds beside a system call, and no room above the vault needs to
/// know which disk it stands on.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Makes a file that must not exist yet, for writing and reading.
    ///
    /// # Errors
    /// As the system reports; [`io::ErrorKind::AlreadyExists`] where the name is taken.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file for reading.
    ///
    /// # Errors
    /// As the system reports.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Gives a file another name, never over an existing one, in one step.
    ///
    /// # Errors
    /// As the system reports; [`io::ErrorKind::AlreadyExists`] where the name is taken.
    fn rename_to_new(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes one directory; its parent must exist.
    ///
    /// # Errors
    /// As the system reports; [`io::ErrorKind::AlreadyExists`] where it is there.
    fn make_directory(&self, path: &Path) -> io::Result<()>;

    /// Waits until the entries of a directory survive a power cut.
    ///
    /// # Errors
    /// As the system reports.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;

    /// Waits until the entries of all these directories survive a power cut: at the same time where the disk can, so that
    /// the wait is that of one flush.
    ///
    /// # Errors
    /// As the system reports; the first one, if several fail.
    fn sync_directories(&self, directories: &[PathBuf]) -> io::Result<()> {
        directories.iter().try_for_each(|directory| self.sync_directory(directory))
    }

    /// Whether a directory has the mark of [`Disk::mark_settled`].
    ///
    /// # Errors
    /// As the system reports.
    fn is_settled(&self, path: &Path) -> io::Result<bool>;

    /// Marks a directory, for all processes, as one whose own entry survives a power cut, and so do those above it. Nobody
    /// relies on the mark being there: where a file system cannot keep it, more is synced than need be.
    ///
    /// # Errors
    /// As the system reports.
    fn mark_settled(&self, path: &Path) -> io::Result<()>;

    /// Waits until everything on the file system that has `path` survives a power cut.
    ///
    /// # Errors
    /// As the system reports.
    fn sync_everything(&self, path: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// As the system reports.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes a directory, which must be empty.
    ///
    /// # Errors
    /// As the system reports.
    fn remove_directory(&self, path: &Path) -> io::Result<()>;

    /// How many bytes are left for whoever is no administrator, on the file system that has `path`.
    ///
    /// # Errors
    /// As the system reports.
    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        let _where_nothing_fills_up = path;
        Ok(u64::MAX)
    }

    /// Waits until nobody else has the lock that this file stands for, and makes the file if it is not there. The lock is
    /// given back when what is returned is dropped.
    ///
    /// # Errors
    /// As the system reports.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Locked>>;

    /// The entries of a directory, in any order.
    ///
    /// # Errors
    /// As the system reports.
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>>;
}

/// A lock that is held, see [`Disk::lock`].
pub trait Locked: fmt::Debug + Send {}

/// One open file of a [`Disk`].
pub trait DiskFile: fmt::Debug + Send + Sync {
    /// Appends all of the pieces, in order, in as few system calls as can be. The slices may be changed.
    ///
    /// # Errors
    /// As the system reports; some of the bytes may have been written.
    fn write_all(&mut self, pieces: &mut [io::IoSlice<'_>]) -> io::Result<()>;

    /// Writes over bytes that are there already.
    ///
    /// # Errors
    /// As the system reports.
    fn write_all_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Lets the disk begin with bytes that were just written, while more come, so that the sync at the end is short. A
    /// hint: whether it is heeded makes no other difference.
    fn begin_write_out(&self, _offset: u64, _bytes: u64) {}

    /// Waits until the bytes, and the length, survive a power cut.
    ///
    /// # Errors
    /// As the system reports.
    fn sync_data(&self) -> io::Result<()>;

    /// Bytes from `offset` on; 0 at the end.
    ///
    /// # Errors
    /// As the system reports.
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Length in bytes, and the time of the last change.
    ///
    /// # Errors
    /// As the system reports.
    fn length_and_time(&self) -> io::Result<(u64, SystemTime)>;

    /// The file of the operating system, where there is one.
    fn as_file(&self) -> Option<&File>;
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without a path.
    pub name: OsString,
    /// What it is.
    pub kind: EntryKind,
}

/// What an entry of a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, a socket, a device: nothing that we make.
    Other,
}
