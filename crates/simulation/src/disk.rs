//! The disk: the vault's simulated one, with a step of the baton before and after each call, with failures, and with a
//! process of its own for each task, as its drafts name it.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::File,
    io::{self, ErrorKind, IoSlice},
    path::{Path, PathBuf},
    process,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use vault::simulated_disk::SimulatedDisk;
use vault::{Digester, Disk, DiskFile, Entry, Locked};

use crate::baton::{Awaits, Baton, TaskId, here, is_dead};
use crate::random::Random;

/// The directory of drafts, whose names tell of processes.
const INCOMING: &str = "incoming";

/// A process that no system has: those of Linux end at 4,194,304.
const NO_PROCESS: u32 = 2_000_000_000;

/// What is asked of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Create,
    Write,
    Overwrite,
    Sync,
    SyncDirectory,
    Rename,
    MakeDirectory,
    Remove,
    RemoveDirectory,
    Open,
    Read,
    List,
    Lock,
    Look,
    Mark,
}

impl Asked {
    const ALL: [Self; 14] = [
        Self::Create,
        Self::Write,
        Self::Overwrite,
        Self::Sync,
        Self::SyncDirectory,
        Self::Rename,
        Self::MakeDirectory,
        Self::Remove,
        Self::RemoveDirectory,
        Self::Open,
        Self::Read,
        Self::List,
        Self::Look,
        Self::Mark,
    ];

    fn failed(self) -> &'static str {
        match self {
            Self::Create => "disk failed to create",
            Self::Write => "disk failed to write",
            Self::Overwrite => "disk failed to write over",
            Self::Sync => "disk failed to sync a file",
            Self::SyncDirectory => "disk failed to sync a directory",
            Self::Rename => "disk failed to rename",
            Self::MakeDirectory => "disk failed to make a directory",
            Self::Remove => "disk failed to remove a file",
            Self::RemoveDirectory => "disk failed to remove a directory",
            Self::Open => "disk failed to open",
            Self::Read => "disk failed to read",
            Self::List => "disk failed to list",
            Self::Lock => "disk failed to lock",
            Self::Look => "disk failed to look at a directory",
            Self::Mark => "disk failed to mark a directory",
        }
    }

    /// Whether it needs room.
    fn takes_room(self) -> bool {
        matches!(self, Self::Create | Self::Write | Self::Rename | Self::MakeDirectory)
    }

    /// Whether it leaves the disk as it is.
    fn only_reads(self) -> bool {
        matches!(self, Self::Open | Self::Read | Self::List | Self::Lock | Self::Look)
    }
}

/// Which calls fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failures {
    None,
    /// The one of this kind that comes after so many others.
    One {
        asked: Asked,
        after: u64,
        kind: ErrorKind,
    },
    /// So many of a hundred.
    Some {
        percent: u64,
        kind: ErrorKind,
    },
    /// All that need room, from one step to another.
    Full {
        from: u64,
        to: u64,
    },
    /// All that change anything, from one step to another.
    ReadOnly {
        from: u64,
        to: u64,
    },
}

impl Failures {
    pub(crate) fn draw(random: &mut Random, steps: u64) -> Self {
        const KINDS: [ErrorKind; 3] = [ErrorKind::Other, ErrorKind::StorageFull, ErrorKind::QuotaExceeded];
        let kind = random.of(&KINDS).copied().unwrap_or(ErrorKind::Other);
        let from = random.mostly_small(steps);
        let to = from + random.mostly_small(steps);
        match random.below(20) {
            0..=9 => Self::None,
            10..=14 => {
                let asked = random.of(&Asked::ALL).copied().unwrap_or(Asked::Write);
                Self::One { asked, after: random.mostly_small(30), kind }
            }
            15..=16 => Self::Some { percent: random.between(1, 20), kind },
            17..=18 => Self::Full { from, to },
            _ => Self::ReadOnly { from, to },
        }
    }
}

/// What a broken disk, or a broken vault, does: to see that it is found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lie {
    /// The bytes of files are not synced.
    Sync,
    /// The entries of directories are not synced.
    SyncDirectory,
    /// What is removed stays.
    Remove,
    /// One byte of what is written is another.
    Write,
}

#[derive(Debug)]
struct State {
    failures: Failures,
    asked: BTreeMap<usize, u64>,
    /// Where drafts lie that a process asked for under another name.
    drafts: BTreeMap<PathBuf, Draft>,
    locked: Vec<PathBuf>,
    drafts_made: u64,
    begun: u64,
}

#[derive(Debug, Clone)]
struct Draft {
    inner: PathBuf,
    owner: TaskId,
    life: u64,
}

/// The disk. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Platter {
    inner: SimulatedDisk,
    root: PathBuf,
    state: Arc<Mutex<State>>,
    /// Whether the file system knows no other way to a new name than a second one.
    links: bool,
    lie: Option<Lie>,
}

impl Platter {
    pub(crate) fn new(directory: &Path, links: bool, lie: Option<Lie>) -> Self {
        let state = State {
            failures: Failures::None,
            asked: BTreeMap::new(),
            drafts: BTreeMap::new(),
            locked: Vec::new(),
            drafts_made: 0,
            begun: 0,
        };
        let inner = SimulatedDisk::new(0, directory);
        Self { inner, root: directory.to_owned(), state: Arc::new(Mutex::new(state)), links, lie }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on these fail.
    pub(crate) fn fail(&self, failures: Failures, now: u64) {
        let mut state = self.state();
        state.failures = failures;
        state.asked.clear();
        state.begun = now;
    }

    /// All processes are gone; what they had open is closed.
    pub(crate) fn processes_end(&self) {
        self.inner.resume();
        let mut state = self.state();
        state.begun = u64::MAX;
        state.locked.clear();
        for draft in state.drafts.values_mut() {
            draft.life = u64::MAX;
        }
    }

    /// The power goes and comes again.
    pub(crate) fn lose_power(&self, survives: &mut dyn FnMut() -> bool) {
        self.inner.restart_with(survives);
        self.processes_end();
    }

    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        self.inner.files()
    }

    /// Carries out a call, if nothing comes in between.
    fn ask<T>(&self, asked: Asked, path: &Path, carry_out: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if is_dead() {
            return Err(io::Error::other("the process is dead"));
        }
        // Whoever is no task has the disk for himself, as the threads of a reindex have.
        let Some((baton, id)) = here() else { return carry_out() };
        let mut digester = Digester::default();
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        digester.update(relative.as_os_str().as_encoded_bytes());
        let path_number = digester.finish().as_bytes().first_chunk().copied().map_or(0, u64::from_le_bytes);
        baton.step(
            id,
            path_number.wrapping_add(asked as u64),
            format_args!("{asked:?} {}", relative.display()),
        );
        if let Some(kind) = self.fails(asked, &baton) {
            baton.count(asked.failed());
            if kind == ErrorKind::StorageFull {
                baton.count("disk full");
            }
            return Err(kind.into());
        }
        let done = carry_out();
        baton.step(id, u64::from(done.is_ok()), format_args!("{asked:?} done: {}", done.is_ok()));
        done
    }

    fn fails(&self, asked: Asked, baton: &Baton) -> Option<ErrorKind> {
        let mut state = self.state();
        let count = state.asked.entry(asked as usize).or_default();
        let number = *count;
        *count += 1;
        let at = baton.steps().saturating_sub(state.begun);
        match state.failures {
            Failures::None => None,
            Failures::One { asked: which, after, kind } => {
                (which == asked && number == after).then_some(kind)
            }
            Failures::Some { percent, kind } => baton.random(|random| random.chance(percent)).then_some(kind),
            Failures::Full { from, to } => {
                (asked.takes_room() && (from..to).contains(&at)).then_some(ErrorKind::StorageFull)
            }
            Failures::ReadOnly { from, to } => {
                (!asked.only_reads() && (from..to).contains(&at)).then_some(ErrorKind::ReadOnlyFilesystem)
            }
        }
    }

    /// Where that lies which the vault calls so.
    fn place(&self, path: &Path) -> PathBuf {
        let state = self.state();
        state.drafts.get(path).map_or_else(|| path.to_owned(), |draft| draft.inner.clone())
    }

    /// Where a new draft lies: its own name has in it how many vaults this process has opened, whatever for.
    fn place_of_new(&self, path: &Path) -> PathBuf {
        let is_draft = path.parent().is_some_and(|parent| parent.ends_with(INCOMING));
        let Some((_, owner)) = here().filter(|_| is_draft) else { return path.to_owned() };
        let mut state = self.state();
        state.drafts_made += 1;
        let inner = path.with_file_name(format!("{:06}", state.drafts_made));
        let life = state.begun;
        state.drafts.insert(path.to_owned(), Draft { inner: inner.clone(), owner, life });
        inner
    }

    fn opened(&self, inner: Box<dyn DiskFile>, path: &Path) -> Box<dyn DiskFile> {
        Box::new(Opened { inner, path: path.to_owned(), disk: self.clone() })
    }
}

impl Disk for Platter {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let place = self.place_of_new(path);
        let file = self.ask(Asked::Create, &place, || self.inner.create(&place))?;
        Ok(self.opened(file, &place))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let place = self.place(path);
        let file = self.ask(Asked::Open, &place, || self.inner.open(&place))?;
        Ok(self.opened(file, &place))
    }

    fn rename_to_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to) = (self.place(from), self.place_of_new(to));
        if self.links {
            self.ask(Asked::Rename, &to, || self.inner.link(&from, &to))?;
            let removed = self.ask(Asked::Remove, &from, || self.inner.remove_file(&from));
            return removed.inspect_err(|_| {
                self.ask(Asked::Remove, &to, || self.inner.remove_file(&to)).ok();
            });
        }
        self.ask(Asked::Rename, &to, || self.inner.rename_to_new(&from, &to))
    }

    fn make_directory(&self, path: &Path) -> io::Result<()> {
        self.ask(Asked::MakeDirectory, path, || self.inner.make_directory(path))
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.ask(Asked::SyncDirectory, path, || match self.lie {
            Some(Lie::SyncDirectory) => self.inner.list(path).map(drop),
            _ => self.inner.sync_directory(path),
        })
    }

    /// At the same time: in any order, and one may be done when the power goes and another not.
    fn sync_directories(&self, directories: &[PathBuf]) -> io::Result<()> {
        let mut left: Vec<&PathBuf> = directories.iter().collect();
        let mut first_failure = Ok(());
        while !left.is_empty() {
            let at = here().map_or(0, |(baton, _)| baton.random(|random| random.index(left.len())));
            let done = self.sync_directory(left.swap_remove(at));
            first_failure = first_failure.and(done);
        }
        first_failure
    }

    fn sync_everything(&self, path: &Path) -> io::Result<()> {
        self.ask(Asked::Sync, path, || self.inner.sync_everything(path))
    }

    fn is_settled(&self, path: &Path) -> io::Result<bool> {
        self.ask(Asked::Look, path, || self.inner.is_settled(path))
    }

    fn mark_settled(&self, path: &Path) -> io::Result<()> {
        self.ask(Asked::Mark, path, || self.inner.mark_settled(path))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let place = self.place(path);
        self.ask(Asked::Remove, &place, || match self.lie {
            Some(Lie::Remove) => Ok(()),
            _ => self.inner.remove_file(&place),
        })
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.ask(Asked::RemoveDirectory, path, || self.inner.remove_directory(path))
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Locked>> {
        loop {
            self.ask(Asked::Lock, path, || Ok(()))?;
            let Some((baton, id)) = here() else { return self.inner.lock(path) };
            let mut state = self.state();
            if !state.locked.iter().any(|locked| locked == path) {
                state.locked.push(path.to_owned());
                return Ok(Box::new(Lock { disk: self.clone(), path: path.to_owned() }));
            }
            drop(state);
            baton.count("waited for a lock");
            baton.wait(id, Awaits::Lock, None);
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = self.ask(Asked::List, path, || self.inner.list(path))?;
        if path.ends_with(INCOMING) {
            let mut state = self.state();
            let present = state.begun;
            let alive = |draft: &Draft| {
                draft.life == present && here().is_some_and(|(baton, _)| baton.lives(draft.owner))
            };
            let mut presented = BTreeMap::new();
            for entry in &mut entries {
                let inner = path.join(&entry.name);
                let draft = state.drafts.values().find(|draft| draft.inner == inner).cloned();
                let Some(draft) = draft else { continue };
                let process = if alive(&draft) { process::id() } else { NO_PROCESS };
                let number = entry.name.to_str().and_then(|name| name.parse::<u64>().ok()).unwrap_or(0);
                entry.name = OsString::from(format!("{process}.{:x}", u64::MAX - number));
                presented.insert(path.join(&entry.name), draft);
            }
            state.drafts.extend(presented);
        }
        Ok(entries)
    }
}

#[derive(Debug)]
struct Lock {
    disk: Platter,
    path: PathBuf,
}

impl Locked for Lock {}

impl Drop for Lock {
    fn drop(&mut self) {
        self.disk.state().locked.retain(|locked| *locked != self.path);
        if let Some((baton, _)) = here() {
            baton.wake(Awaits::Lock);
        }
    }
}

#[derive(Debug)]
struct Opened {
    inner: Box<dyn DiskFile>,
    path: PathBuf,
    disk: Platter,
}

impl DiskFile for Opened {
    fn write_all(&mut self, pieces: &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter().copied()).collect();
        if self.disk.lie == Some(Lie::Write)
            && let Some(last) = bytes.last_mut()
        {
            *last ^= 1;
        }
        let Self { inner, path, disk } = self;
        let written = disk.ask(Asked::Write, path, || inner.write_all(&mut [IoSlice::new(&bytes)]));
        if written.is_err() && !is_dead() {
            // Some of it may be there all the same.
            let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
            inner.write_all(&mut [IoSlice::new(half)]).ok();
        }
        written
    }

    fn write_all_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let Self { inner, path, disk } = self;
        disk.ask(Asked::Overwrite, path, || inner.write_all_at(bytes, offset))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.ask(Asked::Sync, &self.path, || match self.disk.lie {
            Some(Lie::Sync) => Ok(()),
            _ => self.inner.sync_data(),
        })
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.ask(Asked::Read, &self.path, || self.inner.read_at(into, offset))
    }

    fn length_and_time(&self) -> io::Result<(u64, SystemTime)> {
        self.inner.length_and_time()
    }

    fn as_file(&self) -> Option<&File> {
        None
    }
}
