use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::CatalogError;

/// The lock that writers of all processes queue on.
///
/// SQLite's own way of waiting sleeps in growing steps, so that under load one of many writers waits for
/// seconds; the kernel wakes those who wait on a file lock as soon as it is free.
#[derive(Debug)]
pub(crate) struct WriterLock {
    file: File,
}

/// The right to write, given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn<'l> {
    file: &'l File,
}

impl WriterLock {
    /// Opens the lock of the catalog at `path`, which lies beside it.
    pub(crate) fn open(path: &Path) -> Result<Self, CatalogError> {
        let path = lock_path(path);
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
        Ok(Self { file: file.map_err(|source| CatalogError::Open { path, source })? })
    }

    /// Waits for its turn.
    pub(crate) fn turn(&self) -> Result<Turn<'_>, CatalogError> {
        loop {
            match flock(&self.file, FlockOperation::LockExclusive) {
                Ok(()) => return Ok(Turn { file: &self.file }),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(CatalogError::Lock(io::Error::from(error))),
            }
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Unlocking a lock that we hold cannot fail; were it to, the end of the process gives it back.
        flock(self.file, FlockOperation::Unlock).ok();
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.file_stem().unwrap_or(path.as_os_str()).to_owned();
    name.push(".lock");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_lies_beside_the_catalog() {
        assert_eq!(lock_path(Path::new("/data/catalog.sqlite")), Path::new("/data/catalog.lock"));
    }

    #[test]
    fn one_has_the_turn_and_the_next_has_it_after_him() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.sqlite");
        let (one, two) = (WriterLock::open(&path).unwrap(), WriterLock::open(&path).unwrap());
        let turn = one.turn().unwrap();
        assert!(flock(&two.file, FlockOperation::NonBlockingLockExclusive).is_err());
        drop(turn);
        assert!(flock(&two.file, FlockOperation::NonBlockingLockExclusive).is_ok());
    }
}
