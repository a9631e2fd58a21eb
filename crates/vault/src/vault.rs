use std::{
    ffi::OsStr,
    io::ErrorKind,
    path::{Path, PathBuf},
    process,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    Disk, Doing, Draft, InstanceFile, InstanceKey, Locked, RealDisk, Shortage, disk::EntryKind, key::day_path,
};

/// The directory of the instances, below the data directory.
const VAULT: &str = "vault";

/// The directory of the drafts, below the data directory and so on the same file system.
const INCOMING: &str = "incoming";

/// The directory of files that are no good but may be all there is, below the data directory.
const SET_ASIDE: &str = "set-aside";

/// The directory of drafts that are no instance, below the data directory.
const REJECTED: &str = "rejected";

/// What an instance waits for before it counts as kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sync {
    /// Its bytes and its name are synced: it survives a power cut.
    #[default]
    Instance,
    /// Nothing: it survives the end of our processes, but not a power cut.
    None,
}

/// The instances of one data directory. Clones share it.
#[derive(Debug, Clone)]
pub struct Vault {
    grounds: Arc<Grounds>,
}

/// What a vault and its drafts share.
#[derive(Debug)]
pub(crate) struct Grounds {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) vault: PathBuf,
    pub(crate) incoming: PathBuf,
    pub(crate) set_aside: PathBuf,
    pub(crate) rejected: PathBuf,
    pub(crate) sync: Sync,
    drafts_made: AtomicU64,
}

/// Distinguishes the vaults of one process, whose drafts could otherwise get the same name.
static VAULTS_OPENED: AtomicU64 = AtomicU64::new(0);

impl Vault {
    /// Opens the vault below a data directory, and makes what lacks of it.
    ///
    /// # Errors
    /// When a directory cannot be made.
    pub fn open(data_directory: &Path, sync: Sync) -> Result<Self, Shortage> {
        Self::open_on(Arc::new(RealDisk), data_directory, sync)
    }

    /// Opens the vault on a disk of the caller's choice.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn open_on(disk: Arc<dyn Disk>, data_directory: &Path, sync: Sync) -> Result<Self, Shortage> {
        let grounds = Grounds::new(disk, data_directory, sync);
        let made_vault = grounds.make_directories(&grounds.vault)?;
        if grounds.make_directories(&grounds.incoming)? || made_vault {
            grounds.sync_if_asked(data_directory)?;
        }
        Ok(Self { grounds: Arc::new(grounds) })
    }

    /// The vault below a data directory as it is, for one who only reads: nothing is made.
    pub fn view(disk: Arc<dyn Disk>, data_directory: &Path) -> Self {
        Self { grounds: Arc::new(Grounds::new(disk, data_directory, Sync::None)) }
    }

    /// Whether the disk has more left than is reserved for others than instances.
    ///
    /// # Errors
    /// [`Shortage::Reserved`] if not; else as the disk fails.
    pub fn check_space(&self, reserved: u64) -> Result<(), Shortage> {
        let path = &self.grounds.incoming;
        let free = self.grounds.disk.free_bytes(path);
        match free.map_err(|error| Shortage::new(Doing::Opening, path, error))? {
            free if free < reserved => Err(Shortage::Reserved { free, reserved, path: path.clone() }),
            _ => Ok(()),
        }
    }

    /// Begins a draft.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn draft(&self) -> Result<Draft, Shortage> {
        Draft::create(Arc::clone(&self.grounds))
    }

    /// Opens an instance for reading.
    ///
    /// # Errors
    /// [`Shortage::Missing`] where there is none; else as the disk fails.
    pub fn open_instance(&self, key: &InstanceKey) -> Result<InstanceFile, Shortage> {
        let path = self.path(key);
        let opened = self.grounds.disk.open(&path).and_then(InstanceFile::new);
        opened.map_err(|error| Shortage::new(Doing::Opening, path, error))
    }

    /// Makes sure that an instance that is there survives a power cut, whoever wrote it: its bytes and every
    /// directory above it are synced.
    ///
    /// # Errors
    /// [`Shortage::Missing`] where there is none; else as the disk fails.
    pub fn make_durable(&self, key: &InstanceKey) -> Result<(), Shortage> {
        let path = self.path(key);
        let failed = |error| Shortage::new(Doing::Syncing, &path, error);
        let file = self.grounds.disk.open(&path).map_err(failed)?;
        if self.grounds.sync == Sync::None {
            return Ok(());
        }
        file.sync_data().map_err(failed)?;
        self.grounds.sync_down_to(&self.grounds.vault.join(key.series_path()))
    }

    /// Makes sure that all that lies in the vault survives a power cut, whoever wrote it.
    ///
    /// # Errors
    /// As the disk fails.
    pub fn make_all_durable(&self) -> Result<(), Shortage> {
        let vault = &self.grounds.vault;
        if self.grounds.sync == Sync::None {
            return Ok(());
        }
        let synced = self.grounds.disk.sync_everything(vault);
        synced.map_err(|error| Shortage::new(Doing::Syncing, vault, error))
    }

    /// Takes an instance out again, as a draft: kept once more it is back, dropped it is gone.
    ///
    /// # Errors
    /// [`Shortage::Missing`] where there is none; else as the disk fails.
    pub fn withdraw(&self, key: &InstanceKey) -> Result<Draft, Shortage> {
        Draft::withdraw(Arc::clone(&self.grounds), key)
    }

    /// Moves a file that is no good, or was replaced, out of the way, to the same path below `set-aside/`, and says where it is now.
    ///
    /// # Errors
    /// [`Shortage::Missing`] where there is none; else as the disk fails.
    pub fn set_aside(&self, key: &InstanceKey) -> Result<PathBuf, Shortage> {
        let source = self.path(key);
        let directory = self.grounds.set_aside.join(key.series_path());
        self.grounds.make_directories(&directory)?;
        let name = key.file_name();
        for attempt in 0_u32.. {
            let target = aside_path(&directory, &name, attempt);
            match self.grounds.disk.rename_to_new(&source, &target) {
                Ok(()) => {
                    // The new directories too, and then the old one: after a power cut it is at least in one of both. It
                    // is there by now; what cannot be synced may come back with a power cut.
                    let new = directory.ancestors().take_while(|above| *above != self.grounds.set_aside);
                    let above = self.grounds.set_aside.ancestors().take(2);
                    let new: Vec<&Path> = new.chain(above).collect();
                    let old = source.parent();
                    for directory in new.into_iter().rev().chain(old) {
                        if self.grounds.sync_if_asked(directory).is_err() {
                            break;
                        }
                    }
                    return Ok(target);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Shortage::new(Doing::Naming, source, error)),
            }
        }
        Err(Shortage::new(Doing::Naming, source, ErrorKind::AlreadyExists.into()))
    }

    /// Opens a file that was set aside, the one of this length if there are several.
    ///
    /// # Errors
    /// [`Shortage::Missing`] where there is none of this length; else as the disk fails.
    pub fn open_set_aside(&self, key: &InstanceKey, bytes: u64) -> Result<InstanceFile, Shortage> {
        let directory = self.grounds.set_aside.join(key.series_path());
        let name = key.file_name();
        for attempt in 0_u32.. {
            let path = aside_path(&directory, &name, attempt);
            let opened = self.grounds.disk.open(&path).and_then(InstanceFile::new);
            match opened.map_err(|error| Shortage::new(Doing::Opening, path, error)) {
                Ok(file) if file.length() != bytes => {}
                opened => return opened,
            }
        }
        Err(Shortage::new(Doing::Opening, directory, ErrorKind::NotFound.into()))
    }

    /// Whether a file of this name was set aside, and its row may come back with a power cut.
    pub fn has_set_aside(&self, key: &InstanceKey) -> bool {
        let directory = self.grounds.set_aside.join(key.series_path());
        self.grounds.disk.open(&aside_path(&directory, &key.file_name(), 0)).is_ok()
    }

    /// Removes an instance, and directories that are empty without it.
    ///
    /// # Errors
    /// [`Shortage::Missing`] where there is none; else as the disk fails.
    pub fn remove(&self, key: &InstanceKey) -> Result<(), Shortage> {
        let path = self.path(key);
        self.grounds.disk.remove_file(&path).map_err(|error| Shortage::new(Doing::Removing, &path, error))?;
        // Upwards, as long as a directory is empty; the first that stays is synced, or the removal could be undone by
        // a power cut and a reconciliation would take the instance for one that was never recorded.
        let relative = key.path();
        for above in relative.ancestors().skip(1).take(3) {
            let directory = self.grounds.vault.join(above);
            if above != day_path(key.day) && self.grounds.disk.remove_directory(&directory).is_ok() {
                continue;
            }
            match self.grounds.sync_if_asked(&directory) {
                // Another removal was faster with this directory and syncs the one above.
                Err(Shortage::Missing { .. }) => {}
                other => return other,
            }
        }
        Ok(())
    }

    /// Where an instance lies, or would.
    pub fn path(&self, key: &InstanceKey) -> PathBuf {
        self.grounds.vault.join(key.path())
    }

    /// Removes the drafts of processes that are no more, as `is_alive` has it, and says how many there were.
    ///
    /// # Errors
    /// When they cannot be listed or removed.
    pub fn remove_stale_drafts(&self, is_alive: &dyn Fn(u32) -> bool) -> Result<usize, Shortage> {
        let incoming = &self.grounds.incoming;
        let entries = self.grounds.disk.list(incoming);
        let mut removed = 0;
        for entry in entries.map_err(|error| Shortage::new(Doing::Listing, incoming, error))? {
            let stale = entry.kind == EntryKind::File
                && process_of_draft(&entry.name).is_some_and(|process| !is_alive(process));
            if !stale {
                continue;
            }
            let path = incoming.join(&entry.name);
            match self.grounds.disk.remove_file(&path) {
                Ok(()) => removed += 1,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(Shortage::new(Doing::Removing, path, error)),
            }
        }
        Ok(removed)
    }

    /// Waits until nobody else has the lock of this name, which is a file in the data directory.
    ///
    /// # Errors
    /// As the disk fails.
    pub fn lock(&self, name: &str) -> Result<Box<dyn Locked>, Shortage> {
        let path = self.grounds.vault.with_file_name(name);
        self.grounds.disk.lock(&path).map_err(|error| Shortage::new(Doing::Locking, path, error))
    }

    pub(crate) fn grounds(&self) -> &Grounds {
        &self.grounds
    }
}

impl Grounds {
    fn new(disk: Arc<dyn Disk>, data_directory: &Path, sync: Sync) -> Self {
        Self {
            disk,
            vault: data_directory.join(VAULT),
            incoming: data_directory.join(INCOMING),
            set_aside: data_directory.join(SET_ASIDE),
            rejected: data_directory.join(REJECTED),
            sync,
            drafts_made: AtomicU64::new(VAULTS_OPENED.fetch_add(1, Ordering::Relaxed) << 40),
        }
    }

    /// `<process>.<number>`: the process, so that what it leaves behind is known when it is gone.
    pub(crate) fn new_draft_path(&self) -> PathBuf {
        let number = self.drafts_made.fetch_add(1, Ordering::Relaxed);
        self.incoming.join(format!("{}.{number:x}", process::id()))
    }

    /// Syncs a directory, unless syncing is switched off.
    pub(crate) fn sync_if_asked(&self, directory: &Path) -> Result<(), Shortage> {
        if self.sync == Sync::None {
            return Ok(());
        }
        self.disk.sync_directory(directory).map_err(|error| Shortage::new(Doing::Syncing, directory, error))
    }

    /// Syncs a directory of the vault that has something new and, at the same time, the parents of those above it that
    /// nobody has synced yet: whoever made them, all who rely on them see to it. To be called when there is something in
    /// the directory, so that it cannot be removed and made again.
    pub(crate) fn sync_down_to(&self, directory: &Path) -> Result<(), Shortage> {
        if self.sync == Sync::None {
            return Ok(());
        }
        let failed = |error| Shortage::new(Doing::Syncing, directory, error);
        let mut directories = vec![directory.to_owned()];
        let mut settling = Vec::new();
        // The vault's own directory too: whoever made it may have been killed before he synced it.
        let data_directory = self.vault.parent();
        for made in directory.ancestors().take_while(|above| Some(*above) != data_directory) {
            if self.disk.is_settled(made).map_err(failed)? {
                break;
            }
            settling.push(made);
            directories.extend(made.parent().map(Path::to_owned));
        }
        self.disk.sync_directories(&directories).map_err(failed)?;
        // From the top, since the mark speaks for all above it.
        for made in settling.into_iter().rev() {
            if self.disk.mark_settled(made).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Makes a directory and those above it that lack, from the bottom up: mostly one call is enough. Whether
    /// there was one to make.
    pub(crate) fn make_directories(&self, path: &Path) -> Result<bool, Shortage> {
        let mut lacking = Vec::new();
        let mut made = false;
        for directory in path.ancestors() {
            match self.disk.make_directory(directory) {
                Ok(()) => {
                    made = true;
                    break;
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => break,
                Err(error) if error.kind() == ErrorKind::NotFound => lacking.push(directory),
                Err(error) => return Err(Shortage::new(Doing::MakingDirectory, directory, error)),
            }
        }
        for directory in lacking.into_iter().rev() {
            match self.disk.make_directory(directory) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    return Err(Shortage::new(Doing::MakingDirectory, directory, error));
                }
                _ => made = true,
            }
        }
        Ok(made)
    }
}

/// Where a file lies that was set aside, if others of its name were before.
fn aside_path(directory: &Path, name: &str, attempt: u32) -> PathBuf {
    match attempt {
        0 => directory.join(name),
        attempt => directory.join(format!("{name}.{attempt}")),
    }
}

/// The process that a draft's name tells of.
fn process_of_draft(name: &OsStr) -> Option<u32> {
    let (process, number) = name.to_str()?.split_once('.')?;
    u64::from_str_radix(number, 16).ok()?;
    process.parse().ok()
}
