//! A disk in memory for tests: it writes down the order of what it is asked, fails where it is told to, and at a power
//! cut forgets what was not synced.
//!
//! What survives of that which was not synced is drawn from a seed, entry by entry: a disk may have written any part
//! of it, in any order. Seed 0 forgets all of it.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
    fs::File,
    io::{self, ErrorKind, IoSlice},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use crate::disk::{Disk, DiskFile, Entry, EntryKind, Locked};

mod nodes;

use nodes::{Node, NodeId, Nodes};

/// Something that a disk was asked and that changes it, or waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// A file was made.
    Create(PathBuf),
    /// Bytes were appended to a file.
    Write(PathBuf),
    /// Bytes of a file were written over.
    Overwrite(PathBuf),
    /// The bytes of a file were synced.
    SyncData(PathBuf),
    /// The entries of a directory were synced.
    SyncDirectory(PathBuf),
    /// A directory was marked as one that survives.
    MarkSettled(PathBuf),
    /// All files and directories were synced.
    SyncEverything(PathBuf),
    /// A file got another name.
    Rename(PathBuf, PathBuf),
    /// A file got a second name.
    Link(PathBuf, PathBuf),
    /// A directory was made.
    MakeDirectory(PathBuf),
    /// A file was removed.
    RemoveFile(PathBuf),
    /// A directory was removed.
    RemoveDirectory(PathBuf),
}

/// What is to go wrong.
#[derive(Debug, Clone, Copy, Default)]
struct Plan {
    /// This operation, counted from the first of all, fails in this way.
    failing: Option<(usize, ErrorKind)>,
    /// Before this operation the power is cut.
    power_cut: Option<usize>,
}

#[derive(Debug)]
struct State {
    nodes: Nodes,
    operations: Vec<Operation>,
    plan: Plan,
    powered: bool,
    /// Files opened before a power cut are of no use after it.
    boot: u32,
    random: u64,
    seed: u64,
}

/// The disk. Clones are the same disk.
#[derive(Clone)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

impl fmt::Debug for SimulatedDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimulatedDisk({} operations)", self.state().operations.len())
    }
}

impl SimulatedDisk {
    /// A disk that has nothing but `directory`.
    pub fn new(seed: u64, directory: &Path) -> Self {
        Self(Arc::new(Mutex::new(State {
            nodes: Nodes::with_directory(directory),
            operations: Vec::new(),
            plan: Plan::default(),
            powered: true,
            boot: 0,
            random: seed,
            seed,
        })))
    }

    /// All operations so far that were carried out.
    pub fn operations(&self) -> Vec<Operation> {
        self.state().operations.clone()
    }

    /// Lets the operation that comes after `count` more fail, without an effect.
    pub fn fail_after(&self, count: usize, kind: ErrorKind) {
        let mut state = self.state();
        state.plan.failing = Some((state.operations.len() + count, kind));
    }

    /// Cuts the power after `count` more operations: from then on every call fails.
    pub fn cut_power_after(&self, count: usize) {
        let mut state = self.state();
        state.plan.power_cut = Some(state.operations.len() + count);
    }

    /// Whether the power has been cut.
    pub fn is_off(&self) -> bool {
        !self.state().powered
    }

    /// Cuts the power, if it is not, and starts again with what has survived.
    pub fn restart(&self) {
        let (seed, mut random) = {
            let state = self.state();
            (state.seed, state.random)
        };
        self.restart_with(&mut || seed != 0 && next_random(&mut random).is_multiple_of(2));
        self.state().random = random;
    }

    /// As [`SimulatedDisk::restart`], with what `survives` says of each change that was not synced.
    pub fn restart_with(&self, survives: &mut dyn FnMut() -> bool) {
        self.state().nodes.forget(survives);
        self.resume();
    }

    /// Goes on after a cut as if only the processes had been killed: nothing is forgotten, but open files are closed.
    pub fn resume(&self) {
        let mut state = self.state();
        state.powered = true;
        state.boot += 1;
        state.plan = Plan::default();
    }

    /// Gives a file a second name: half of a rename, where the file system knows no other way that replaces nothing.
    ///
    /// # Errors
    /// As [`Disk::rename_to_new`].
    pub fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate(Operation::Link(from.to_owned(), to.to_owned()), |nodes, _| {
            nodes.file_mut(from)?;
            let node = nodes.find(from)?;
            nodes.link(to, node)
        })
    }

    /// Every file, with its bytes.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        self.state().nodes.files()
    }

    /// Flips a bit of a file, as a failing disk does: nobody is told.
    ///
    /// # Panics
    /// When there is no such byte.
    pub fn flip_bit(&self, path: &Path, offset: usize) {
        let mut state = self.state();
        let byte = state.nodes.file_mut(path).ok().and_then(|file| file.bytes.get_mut(offset));
        #[expect(clippy::panic, reason = "a mistake of the test")]
        let Some(byte) = byte else { panic!("no byte {offset} in {}", path.display()) };
        *byte ^= 1;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out an operation, unless something is to go wrong with it.
    fn operate<T>(
        &self,
        operation: Operation,
        carry_out: impl FnOnce(&mut Nodes, SystemTime) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut state = self.state();
        let number = state.operations.len();
        if state.plan.power_cut.is_some_and(|at| number >= at) {
            state.powered = false;
        }
        state.check_power()?;
        if let Some((at, kind)) = state.plan.failing
            && number >= at
        {
            state.plan.failing = None;
            return Err(kind.into());
        }
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(number as u64);
        let done = carry_out(&mut state.nodes, now)?;
        state.operations.push(operation);
        Ok(done)
    }
}

impl State {
    fn check_power(&self) -> io::Result<()> {
        if self.powered { Ok(()) } else { Err(io::Error::other("the power is off")) }
    }
}

/// Xorshift with a multiplication (Vigna): all that a choice between two needs.
fn next_random(state: &mut u64) -> u64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32
}

impl Disk for SimulatedDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let node = self
            .operate(Operation::Create(path.to_owned()), |nodes, now| nodes.insert(path, Node::file(now)))?;
        Ok(self.opened(path, node))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let node = {
            let mut state = self.state();
            state.check_power()?;
            state.nodes.file_mut(path)?;
            state.nodes.find(path)?
        };
        Ok(self.opened(path, node))
    }

    fn rename_to_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.operate(Operation::Rename(from.to_owned(), to.to_owned()), |nodes, _| {
            nodes.file_mut(from)?;
            let node = nodes.find(from)?;
            nodes.link(to, node)?;
            nodes.unlink(from)
        })
    }

    fn make_directory(&self, path: &Path) -> io::Result<()> {
        self.operate(Operation::MakeDirectory(path.to_owned()), |nodes, _| {
            nodes.insert(path, Node::directory()).map(drop)
        })
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.operate(Operation::SyncDirectory(path.to_owned()), |nodes, _| {
            let directory = nodes.directory_mut(path)?;
            directory.synced = directory.entries.clone();
            Ok(())
        })
    }

    fn is_settled(&self, path: &Path) -> io::Result<bool> {
        let mut state = self.state();
        state.check_power()?;
        Ok(state.nodes.directory_mut(path)?.settled)
    }

    fn mark_settled(&self, path: &Path) -> io::Result<()> {
        self.operate(Operation::MarkSettled(path.to_owned()), |nodes, _| {
            nodes.directory_mut(path)?.settled = true;
            Ok(())
        })
    }

    fn sync_everything(&self, path: &Path) -> io::Result<()> {
        self.operate(Operation::SyncEverything(path.to_owned()), |nodes, _| {
            nodes.sync();
            Ok(())
        })
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.operate(Operation::RemoveFile(path.to_owned()), |nodes, _| {
            nodes.file_mut(path)?;
            nodes.unlink(path)
        })
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.operate(Operation::RemoveDirectory(path.to_owned()), |nodes, _| {
            if nodes.directory_mut(path)?.entries.is_empty() {
                nodes.unlink(path)
            } else {
                Err(ErrorKind::DirectoryNotEmpty.into())
            }
        })
    }

    /// Whoever uses this disk does so alone.
    fn lock(&self, _path: &Path) -> io::Result<Box<dyn Locked>> {
        Ok(Box::new(NobodyElse))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let mut state = self.state();
        state.check_power()?;
        let entries: Vec<(OsString, NodeId)> = state
            .nodes
            .directory_mut(path)?
            .entries
            .iter()
            .map(|(name, node)| (name.clone(), *node))
            .collect();
        let kind = |node| if state.nodes.is_file(node) { EntryKind::File } else { EntryKind::Directory };
        Ok(entries.into_iter().map(|(name, node)| Entry { name, kind: kind(node) }).collect())
    }
}

#[derive(Debug)]
struct NobodyElse;

impl Locked for NobodyElse {}

impl SimulatedDisk {
    fn opened(&self, path: &Path, node: NodeId) -> Box<dyn DiskFile> {
        let boot = self.state().boot;
        Box::new(SimulatedFile { disk: self.clone(), path: path.to_owned(), node, boot })
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    path: PathBuf,
    node: NodeId,
    boot: u32,
}

impl SimulatedFile {
    fn check_boot(&self) -> io::Result<()> {
        let state = self.disk.state();
        state.check_power()?;
        if state.boot == self.boot { Ok(()) } else { Err(io::Error::other("opened before the power cut")) }
    }
}

impl DiskFile for SimulatedFile {
    fn write_all(&mut self, pieces: &mut [IoSlice<'_>]) -> io::Result<()> {
        self.check_boot()?;
        self.disk.operate(Operation::Write(self.path.clone()), |nodes, now| {
            let file = nodes.opened_mut(self.node)?;
            pieces.iter().for_each(|piece| file.bytes.extend_from_slice(piece));
            file.changed = now;
            Ok(())
        })
    }

    fn write_all_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.check_boot()?;
        self.disk.operate(Operation::Overwrite(self.path.clone()), |nodes, now| {
            let file = nodes.opened_mut(self.node)?;
            let start = usize::try_from(offset).map_err(io::Error::other)?;
            let place = file.bytes.get_mut(start..start.saturating_add(bytes.len()));
            place.ok_or(ErrorKind::InvalidInput)?.copy_from_slice(bytes);
            file.changed = now;
            Ok(())
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.check_boot()?;
        self.disk.operate(Operation::SyncData(self.path.clone()), |nodes, _| {
            let file = nodes.opened_mut(self.node)?;
            file.synced = file.bytes.clone();
            Ok(())
        })
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.check_boot()?;
        let mut state = self.disk.state();
        let file = state.nodes.opened_mut(self.node)?;
        let rest = usize::try_from(offset).ok().and_then(|start| file.bytes.get(start..)).unwrap_or_default();
        let copied = into.iter_mut().zip(rest).map(|(to, from)| *to = *from).count();
        Ok(copied)
    }

    fn length_and_time(&self) -> io::Result<(u64, SystemTime)> {
        self.check_boot()?;
        let mut state = self.disk.state();
        let file = state.nodes.opened_mut(self.node)?;
        Ok((file.bytes.len() as u64, file.changed))
    }

    fn as_file(&self) -> Option<&File> {
        None
    }
}

/// The directory and the name of a path.
fn split(path: &Path) -> io::Result<(&Path, &OsStr)> {
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => Ok((parent, name)),
        _ => Err(ErrorKind::InvalidInput.into()),
    }
}
