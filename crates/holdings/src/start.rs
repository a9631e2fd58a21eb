//! The beginning and the end of a process that keeps: who is alone, and whether the last one ended well.

use std::{
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
    time::SystemTime,
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
    process::{Pid, test_kill_process},
};
use vocabulary::Day;

use crate::{Finding, Holdings, HoldingsError, Reconciled, holdings::SYNC_POINT, holdings::recall_day};

/// Held shared by everyone who keeps, and exclusively by who must be alone; below the data directory.
const LOCK: &str = "holdings.lock";

/// Where the catalog remembers that somebody keeps: the boot of the machine, or [`NOBODY`] after a clean end.
pub(crate) const RUNNING: &str = "running";

/// What it remembers after a clean end.
pub(crate) const NOBODY: &str = "";

/// What is known of the last process that kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastEnd {
    /// There was none: the holdings are new, or their catalog is.
    None,
    /// It ended well.
    Clean,
    /// It was killed; what it had written is in the system's memory or on the disk.
    Killed,
    /// The machine went down under it.
    MachineDown,
    /// It has not ended: others have the holdings open to keep, and have done what there was to do.
    StillRunning,
}

/// What [`Holdings::start`] found and did.
#[derive(Debug)]
pub struct Started {
    /// How the last one ended.
    pub last_end: LastEnd,
    /// Drafts that a process left behind, removed.
    pub stale_drafts: usize,
    /// What the reconciliation came to, if there was one.
    pub reconciled: Option<Reconciled>,
    /// To be held as long as instances are kept, and ended with [`Running::stop`].
    pub running: Running,
}

/// The right to keep instances. While one is held, nobody rebuilds the catalog.
#[derive(Debug)]
pub struct Running {
    lock: File,
    path: PathBuf,
    /// Whether the end of this one is the end of all that began with its reconciliation.
    may_end_clean: bool,
}

impl Holdings {
    /// To be called by a child of a program that has started: while it lives, nobody takes the holdings for his alone,
    /// even if the program is killed. Dropped, it is given back.
    ///
    /// # Errors
    /// When the lock cannot be had.
    pub fn join(&self) -> Result<Running, HoldingsError> {
        let running = Running::open(&self.data_directory)?;
        running.lock(FlockOperation::LockShared)?;
        Ok(running)
    }

    /// To be called once by a program before it (or a child of it) keeps anything: removes stale drafts and, after
    /// an unclean end, brings vault and catalog in step again. `report` hears of each finding before anything
    /// is done about it.
    ///
    /// # Errors
    /// When the disk or the catalog fails.
    pub fn start(&mut self, report: &mut dyn FnMut(&Finding)) -> Result<Started, HoldingsError> {
        let mut running = Running::open(&self.data_directory)?;
        if !running.lock(FlockOperation::NonBlockingLockExclusive)? {
            // Somebody has them open already; or is just reconciling, then this waits for the end of it.
            running.lock(FlockOperation::LockShared)?;
            return Ok(Started {
                last_end: LastEnd::StillRunning,
                stale_drafts: 0,
                reconciled: None,
                running,
            });
        }
        let stale_drafts = self.vault.remove_stale_drafts(&|_| false)?;
        // Before anything is recorded: what is recorded is corrected.
        self.align_corrections(report)?;
        let boot = boot_id();
        let last_end = match self.catalog.recall(RUNNING)?.as_deref() {
            None => LastEnd::None,
            Some(NOBODY) => LastEnd::Clean,
            Some(same) if same == boot => LastEnd::Killed,
            Some(_) => LastEnd::MachineDown,
        };
        let reconciled = match last_end {
            LastEnd::Clean => None,
            _ => Some(self.reconcile(report)?),
        };
        self.catalog.remember(RUNNING, &boot)?;
        // Before the first instance is kept it must be on the disk that somebody was running.
        self.catalog.checkpoint()?;
        running.lock(FlockOperation::LockShared)?;
        running.may_end_clean = true;
        Ok(Started { last_end, stale_drafts, reconciled, running })
    }
}

/// The lock, held by nobody else: for work that needs the holdings alone.
pub(crate) fn alone(data_directory: &Path) -> Result<Running, HoldingsError> {
    let running = Running::open(data_directory)?;
    if running.lock(FlockOperation::NonBlockingLockExclusive)? {
        Ok(running)
    } else {
        Err(HoldingsError::InUse { path: data_directory.to_owned() })
    }
}

impl Running {
    fn open(data_directory: &Path) -> Result<Self, HoldingsError> {
        let path = data_directory.join(LOCK);
        match OpenOptions::new().create(true).append(true).open(&path) {
            Ok(lock) => Ok(Self { lock, path, may_end_clean: false }),
            Err(source) => Err(HoldingsError::File { path, source }),
        }
    }

    /// Whether the lock was to be had.
    fn lock(&self, operation: FlockOperation) -> Result<bool, HoldingsError> {
        loop {
            return match flock(&self.lock, operation) {
                Ok(()) => Ok(true),
                Err(Errno::WOULDBLOCK) => Ok(false),
                Err(Errno::INTR) => continue,
                Err(error) => Err(HoldingsError::File { path: self.path.clone(), source: error.into() }),
            };
        }
    }

    /// To be called when a process that shared in this (a child) was killed: it may have left a file without a row, so
    /// this end is no clean one unless [`Holdings::reconcile`] is called.
    pub fn somebody_was_killed(&mut self) {
        self.may_end_clean = false;
    }

    /// Ends well: the catalog is brought up to date on the disk and says so, unless others go on keeping.
    ///
    /// # Errors
    /// When the catalog fails; the next start then reconciles.
    pub fn stop(self, holdings: &mut Holdings, now: SystemTime) -> Result<(), HoldingsError> {
        if !self.may_end_clean || !self.lock(FlockOperation::NonBlockingLockExclusive)? {
            return Ok(());
        }
        holdings.housekeep(now)?;
        holdings.catalog.remember(RUNNING, NOBODY)?;
        holdings.catalog.settle()?;
        Ok(())
    }
}

impl Holdings {
    /// The first day that a reconciliation has to look at; `None`: all of them.
    pub(crate) fn first_unsure_day(&self) -> Result<Option<Day>, HoldingsError> {
        recall_day(&self.catalog, SYNC_POINT)
    }
}

/// Whether a process of ours, as drafts name it, may still be there.
pub(crate) fn is_alive(process: u32) -> bool {
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    // Without the right to signal it, it is there all the same.
    pid.is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

/// Which run of the machine this is; unknown ones are all the same.
fn boot_id() -> String {
    let read = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    read.map(|id| id.trim().to_owned())
        .ok()
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}
