use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, IoSlice, Write},
    num::NonZeroU64,
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    thread,
    time::SystemTime,
};

use rustix::{
    fs::{Advice, CWD, RenameFlags, fadvise, renameat_with, statvfs},
    io::Errno,
};

use crate::disk::{Disk, DiskFile, Entry, EntryKind, Locked};

/// Stack of a thread that syncs one directory, in bytes: it makes two system calls.
const SYNC_STACK_BYTES: usize = 64 * 1024;

/// The mark of a directory that survives a power cut: the sticky bit. It travels with the directory, costs one look
/// instead of a flush, and keeps group members from removing what is not theirs. Nobody else sets it on these
/// directories, and a file system that has no such bit never shows it.
const SETTLED: u32 = 0o1000;

/// Files and directories of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        // Instances are patient data: nobody but the archive's user and group reads them.
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o640).open(path)?;
        Ok(Box::new(RealFile(file)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(RealFile(File::open(path)?)))
    }

    fn rename_to_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(()),
            // Not every file system knows the flag (NFS, some of FUSE); a hard link never replaces anything.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => link_and_unlink(from, to),
            Err(other) => Err(other.into()),
        }
    }

    fn make_directory(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn sync_directories(&self, directories: &[PathBuf]) -> io::Result<()> {
        let Some((first, others)) = directories.split_first() else { return Ok(()) };
        thread::scope(|scope| {
            let mut helpers = Vec::with_capacity(others.len());
            for directory in others {
                let sync = || self.sync_directory(directory);
                match thread::Builder::new().stack_size(SYNC_STACK_BYTES).spawn_scoped(scope, sync) {
                    Ok(helper) => helpers.push(helper),
                    // No thread is to be had: then one after the other.
                    Err(_) => self.sync_directory(directory)?,
                }
            }
            self.sync_directory(first)?;
            helpers.into_iter().try_for_each(|helper| {
                helper.join().unwrap_or_else(|_| Err(io::Error::other("a sync did not come to its end")))
            })
        })
    }

    fn is_settled(&self, path: &Path) -> io::Result<bool> {
        Ok(fs::metadata(path)?.mode() & SETTLED != 0)
    }

    fn mark_settled(&self, path: &Path) -> io::Result<()> {
        // By its descriptor: the sandbox bounds what can be opened, and permissions by a path it does not bound.
        let directory = File::open(path)?;
        let mode = directory.metadata()?.mode() | SETTLED;
        directory.set_permissions(Permissions::from_mode(mode & 0o7777))
    }

    #[cfg(target_os = "linux")]
    fn sync_everything(&self, path: &Path) -> io::Result<()> {
        Ok(rustix::fs::syncfs(File::open(path)?)?)
    }

    #[cfg(not(target_os = "linux"))]
    fn sync_everything(&self, _path: &Path) -> io::Result<()> {
        rustix::fs::sync();
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        let found = statvfs(path)?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Locked>> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        file.lock()?;
        Ok(Box::new(RealLock(file)))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        fs::read_dir(path)?
            .map(|entry| {
                let entry = entry?;
                let kind = entry.file_type()?;
                let kind = if kind.is_file() {
                    EntryKind::File
                } else if kind.is_dir() {
                    EntryKind::Directory
                } else {
                    EntryKind::Other
                };
                Ok(Entry { name: entry.file_name(), kind })
            })
            .collect()
    }
}

/// A rename in two steps. If the process dies between them, the draft is left and removed as stale.
fn link_and_unlink(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to)?;
    fs::remove_file(from).inspect_err(|_| {
        // A file with both names would be taken for kept; if this fails too, it is one that nobody recorded.
        fs::remove_file(to).ok();
    })
}

/// A lock of the operating system, which is given back with the file.
#[derive(Debug)]
struct RealLock(#[expect(dead_code, reason = "held, not read")] File);

impl Locked for RealLock {}

#[derive(Debug)]
struct RealFile(File);

impl DiskFile for RealFile {
    fn write_all(&mut self, mut pieces: &mut [IoSlice<'_>]) -> io::Result<()> {
        IoSlice::advance_slices(&mut pieces, 0);
        while !pieces.is_empty() {
            match self.0.write_vectored(pieces) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => IoSlice::advance_slices(&mut pieces, written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn write_all_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        FileExt::write_all_at(&self.0, bytes, offset)
    }

    fn begin_write_out(&self, offset: u64, bytes: u64) {
        // Of a range that was just written Linux begins the write-out, and has nothing to drop yet.
        fadvise(&self.0, offset, NonZeroU64::new(bytes), Advice::DontNeed).ok();
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(&self.0, into, offset)
    }

    fn length_and_time(&self) -> io::Result<(u64, SystemTime)> {
        let metadata = self.0.metadata()?;
        Ok((metadata.len(), metadata.modified()?))
    }

    fn as_file(&self) -> Option<&File> {
        Some(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_way_of_naming_replaces_a_file() {
        for name in [link_and_unlink, |from: &Path, to: &Path| RealDisk.rename_to_new(from, to)] {
            let directory = tempfile::tempdir().unwrap();
            let [from, to] = ["from", "to"].map(|name| directory.path().join(name));
            fs::write(&from, b"new").unwrap();
            fs::write(&to, b"old").unwrap();
            assert_eq!(name(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(fs::read(&to).unwrap(), b"old");
            fs::remove_file(&to).unwrap();
            name(&from, &to).unwrap();
            assert_eq!(fs::read(&to).unwrap(), b"new");
            assert!(!from.exists());
        }
    }
}
