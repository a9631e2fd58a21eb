use std::{
    io::{ErrorKind, IoSlice},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{Doing, InstanceFile, InstanceKey, Shortage, Sync, disk::DiskFile, vault::Grounds};

/// Pieces shorter than this are gathered, in bytes: one system call costs about as much as copying this many.
const GATHERED_PIECE_BYTES_MAX: usize = 16 * 1024;

/// Most bytes that wait in memory for the next write.
const GATHERED_BYTES_MAX: usize = 64 * 1024;

/// After how many bytes the disk is asked to begin with them. 100 MB were synced 1.5 times as fast with it; more
/// often gains nothing, and instances of common size are not touched.
const WRITE_OUT_BYTES: u64 = 8 * 1024 * 1024;

/// How often directories are made that lack: once, unless a removal of the last instance in them comes between, again and
/// again.
const DIRECTORIES_MADE_MAX: u32 = 100;

/// A file on its way in: in `incoming/`, without a name in the vault. Dropped, it is gone.
#[derive(Debug)]
pub struct Draft {
    grounds: Arc<Grounds>,
    path: PathBuf,
    file: Box<dyn DiskFile>,
    /// Small pieces not yet written.
    gathered: Vec<u8>,
    /// Bytes that went to the file.
    written: u64,
    /// Bytes of these that the disk was asked to begin with.
    write_out_begun: u64,
    synced: bool,
    named: bool,
}

/// The proof that an instance lies under its key and, unless syncing is switched off, survives a power cut.
#[derive(Debug)]
pub struct Durable {
    bytes: u64,
}

impl Durable {
    /// Length of the file, in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Why a draft did not get its name.
#[derive(Debug)]
pub enum KeepFailed {
    /// Another file has it: the draft is handed back, to be kept under another one.
    NameTaken(Draft),
    /// The disk failed; the draft is gone.
    Short(Shortage),
    /// It has its name, and a power cut could take it: to be withdrawn, unless somebody has found it under its name and
    /// recorded it.
    Unsynced(Shortage),
}

impl Draft {
    pub(crate) fn create(grounds: Arc<Grounds>) -> Result<Self, Shortage> {
        let path = grounds.new_draft_path();
        let file =
            grounds.disk.create(&path).map_err(|error| Shortage::new(Doing::Creating, &path, error))?;
        Ok(Self {
            grounds,
            path,
            file,
            gathered: Vec::new(),
            written: 0,
            write_out_begun: 0,
            synced: false,
            named: false,
        })
    }

    /// Takes an instance out of the vault again, as a draft that can be put back or dropped.
    pub(crate) fn withdraw(grounds: Arc<Grounds>, key: &InstanceKey) -> Result<Self, Shortage> {
        let source = grounds.vault.join(key.path());
        let path = grounds.new_draft_path();
        let failed = |error| Shortage::new(Doing::Naming, &source, error);
        grounds.disk.rename_to_new(&source, &path).map_err(failed)?;
        let file = grounds.disk.open(&path).map_err(failed)?;
        let (written, _) = file.length_and_time().map_err(failed)?;
        Ok(Self {
            grounds,
            path,
            file,
            gathered: Vec::new(),
            written,
            write_out_begun: written,
            synced: true,
            named: false,
        })
    }

    /// Appends a piece. Large ones go straight to the file.
    ///
    /// # Errors
    /// When the disk fails; the draft is then good for nothing but to be dropped.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), Shortage> {
        if piece.len() < GATHERED_PIECE_BYTES_MAX && self.gathered.len() + piece.len() <= GATHERED_BYTES_MAX {
            self.gathered.extend_from_slice(piece);
            return Ok(());
        }
        self.write_through(piece)
    }

    /// Writes over bytes that were written before: for a field whose value is known only at the end.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn overwrite(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Shortage> {
        let in_gathered = offset
            .checked_sub(self.written)
            .and_then(|start| usize::try_from(start).ok())
            .and_then(|start| self.gathered.get_mut(start..start.checked_add(bytes.len())?));
        if let Some(place) = in_gathered {
            place.copy_from_slice(bytes);
            self.synced = false;
            return Ok(());
        }
        self.write_through(&[])?;
        self.synced = false;
        self.file
            .write_all_at(bytes, offset)
            .map_err(|error| Shortage::new(Doing::Writing, &self.path, error))
    }

    /// Bytes so far.
    pub fn bytes(&self) -> u64 {
        self.written + self.gathered.len() as u64
    }

    /// Opens what was written so far for reading.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn reopen(&mut self) -> Result<InstanceFile, Shortage> {
        self.write_through(&[])?;
        let opened = self.grounds.disk.open(&self.path).and_then(InstanceFile::new);
        opened.map_err(|error| Shortage::new(Doing::Opening, &self.path, error))
    }

    /// Gives the draft its name in the vault. The order is the promise: the bytes are synced; then the name is given, never
    /// over another file; then the directory of the series is synced and, at the same time, the parents of
    /// directories that may be new. So an instance waits for two flushes, and a name in the vault never stands before
    /// bytes that a power cut could take.
    ///
    /// # Errors
    /// When the name is taken, and when the disk fails.
    pub fn keep(mut self, key: &InstanceKey) -> Result<Durable, KeepFailed> {
        match self.try_keep(key) {
            Ok(true) => Ok(Durable { bytes: self.written }),
            Ok(false) => Err(KeepFailed::NameTaken(self)),
            Err(shortage) if self.named => Err(KeepFailed::Unsynced(shortage)),
            Err(shortage) => Err(KeepFailed::Short(shortage)),
        }
    }

    /// Whether the name was free.
    fn try_keep(&mut self, key: &InstanceKey) -> Result<bool, Shortage> {
        self.write_through(&[])?;
        if !self.synced && self.grounds.sync == Sync::Instance {
            self.file.sync_data().map_err(|error| Shortage::new(Doing::Syncing, &self.path, error))?;
            self.synced = true;
        }
        let target = self.grounds.vault.join(key.path());
        let directory = self.grounds.vault.join(key.series_path());
        let mut named = self.grounds.disk.rename_to_new(&self.path, &target);
        for _ in 0..DIRECTORIES_MADE_MAX {
            if !named.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
                break;
            }
            self.grounds.make_directories(&directory)?;
            named = self.grounds.disk.rename_to_new(&self.path, &target);
        }
        match named {
            Ok(()) => self.named = true,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
            Err(error) => return Err(Shortage::new(Doing::Naming, target, error)),
        }
        self.grounds.sync_down_to(&directory)?;
        Ok(true)
    }

    /// Gives the draft a name outside of the vault. Whether it was free.
    pub(crate) fn name(&mut self, target: &Path) -> Result<bool, Shortage> {
        self.write_through(&[])?;
        match self.grounds.disk.rename_to_new(&self.path, target) {
            Ok(()) => self.named = true,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
            Err(error) => return Err(Shortage::new(Doing::Naming, target, error)),
        }
        Ok(true)
    }

    /// Writes what was gathered, and `piece` after it.
    fn write_through(&mut self, piece: &[u8]) -> Result<(), Shortage> {
        let bytes = self.gathered.len() + piece.len();
        if bytes > 0 {
            self.file
                .write_all(&mut [IoSlice::new(&self.gathered), IoSlice::new(piece)])
                .map_err(|error| Shortage::new(Doing::Writing, &self.path, error))?;
            self.written += bytes as u64;
            self.gathered.clear();
            let waiting = self.written - self.write_out_begun;
            if waiting >= WRITE_OUT_BYTES && self.grounds.sync == Sync::Instance {
                self.file.begin_write_out(self.write_out_begun, waiting);
                self.write_out_begun = self.written;
            }
        }
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.named {
            // If this fails, the draft is removed as stale later.
            self.grounds.disk.remove_file(&self.path).ok();
        }
    }
}

#[cfg(test)]
mod tests;
