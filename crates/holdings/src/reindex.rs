//! The whole catalog again, from nothing but the files of the vault.

use std::{
    fs::{self, File},
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::SystemTime,
};

use catalog::{Access, Catalog, ExamTypes, Filling, InstanceRow, Location, Outcome};
use vault::{Disk, Found, InstanceKey, RealDisk, Vault};

use crate::{
    Finding, Holdings, HoldingsError, HoldingsRules,
    correct::{Journal, carry_over},
    holdings::{CATALOG, utc_day},
    read::{Extent, Received, Unreadable, read_back, read_received},
    start::{NOBODY, RUNNING, alone},
    turn::{Queue, Turn},
};

/// Instances that are read and recorded one after the other by one reader: waiting for a turn costs next to nothing then.
const BATCH_INSTANCES: usize = 64;

/// Batches that wait for a reader, and those that wait to be recorded, so that neither side waits for the other. Beside
/// their rows, the names of all instances of the day that is looked at are in memory, and of those that came late.
const BATCHES_WAITING_MAX: usize = 16;

/// After how many instances progress is told.
const PROGRESS_INSTANCES: u64 = 1_000;

/// The new catalog, until it takes the place of the old one.
const CATALOG_NEW: &str = "catalog-new.sqlite";

/// What a reindex came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reindexed {
    /// Instances recorded.
    pub instances: u64,
    /// Files that are no whole instance, left where they are.
    pub unreadable: u64,
    /// Files that are none of ours, left alone.
    pub unknown: u64,
}

/// What the walker and the readers hand to the one who records.
enum Step {
    Read(Box<(InstanceRow, Location)>),
    Found(Finding),
    Failed(HoldingsError),
}

/// Instances that are read by one reader, and recorded when their turn comes.
struct Batch {
    turn: Turn,
    keys: Vec<InstanceKey>,
}

impl Holdings {
    /// Builds the catalog anew from the vault, then puts it in the place of the old one. `progress` hears the number of
    /// instances now and then, `report` of each file that is not recorded.
    ///
    /// # Errors
    /// When somebody else has the holdings open to keep, and when the disk or the catalog fails; the old catalog is
    /// then as it was.
    pub fn reindex(
        data_directory: &Path,
        rules: HoldingsRules,
        progress: &mut dyn FnMut(u64),
        report: &mut dyn FnMut(&Finding),
    ) -> Result<Reindexed, HoldingsError> {
        Self::reindex_on(Arc::new(RealDisk), data_directory, rules, progress, report)
    }

    /// As [`Holdings::reindex`], with the vault on a disk of the caller's choice.
    ///
    /// # Errors
    /// The same.
    pub fn reindex_on(
        disk: Arc<dyn Disk>,
        data_directory: &Path,
        rules: HoldingsRules,
        progress: &mut dyn FnMut(u64),
        report: &mut dyn FnMut(&Finding),
    ) -> Result<Reindexed, HoldingsError> {
        let vault = Vault::open_on(disk, data_directory, rules.sync)?;
        let alone = alone(data_directory)?;
        let new = data_directory.join(CATALOG_NEW);
        remove_catalog(&new)?;
        let mut filling = Filling::begin(&new)?;
        carry_over(&Journal::new(data_directory), &filling.correctable())?;
        let reindexed = record_all(&vault, &rules.exam_types, &mut filling, progress, report)?;
        // What has a row counts as held, and a killed process may have left what it had not synced.
        vault.make_all_durable()?;
        // Every file has a row, so the next start has nothing to look at.
        filling.remember(RUNNING, NOBODY)?;
        filling.finish()?;
        swap(&new, &data_directory.join(CATALOG))?;
        drop(alone);
        Ok(reindexed)
    }
}

/// Walks, reads and records at the same time: one thread walks, one for each core reads, this one records. They are
/// recorded in the order in which they were received, for where they contradict each other the first one counts.
fn record_all(
    vault: &Vault,
    exam_types: &ExamTypes,
    filling: &mut Filling,
    progress: &mut dyn FnMut(u64),
    report: &mut dyn FnMut(&Finding),
) -> Result<Reindexed, HoldingsError> {
    let (batches_in, batches) = mpsc::sync_channel::<Batch>(BATCHES_WAITING_MAX);
    let (steps_in, steps) = mpsc::sync_channel::<Vec<Step>>(BATCHES_WAITING_MAX);
    // Owned by the readers alone: when the last of them ends, the walker hears it and ends too.
    let batches = Arc::new(Mutex::new(batches));
    thread::scope(|scope| {
        for _ in 0..cores() {
            let (batches, steps_in) = (Arc::clone(&batches), steps_in.clone());
            scope.spawn(move || read_all(vault, exam_types, &batches, &steps_in));
        }
        drop(batches);
        scope.spawn(move || {
            if let Err(error) = walk(vault, &mut Walked::new(&batches_in), &steps_in) {
                // Where nobody listens any more, the recording has failed and says so itself.
                steps_in.send(vec![Step::Failed(error)]).ok();
            }
        });
        let mut reindexed = Reindexed::default();
        for step in steps.into_iter().flatten() {
            reindexed.take(step, filling, progress, report)?;
        }
        progress(reindexed.instances);
        Ok(reindexed)
    })
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Where the walker puts what it has in order.
struct Walked<'a> {
    batches: &'a SyncSender<Batch>,
    queue: Arc<Queue>,
    handed_out: u64,
}

impl<'a> Walked<'a> {
    fn new(batches: &'a SyncSender<Batch>) -> Self {
        Self { batches, queue: Arc::default(), handed_out: 0 }
    }

    /// Hands instances to the readers, in this order. Whether anybody takes them.
    fn hand_out(&mut self, mut ordered: Vec<(SystemTime, InstanceKey)>) -> bool {
        ordered.sort_unstable_by(|(time, key), (other_time, other)| {
            (time, key.version, key).cmp(&(other_time, other.version, other))
        });
        let mut keys = ordered.into_iter().map(|(_, key)| key);
        loop {
            let keys: Vec<_> = keys.by_ref().take(BATCH_INSTANCES).collect();
            if keys.is_empty() {
                return true;
            }
            let turn = Turn::new(&self.queue, self.handed_out);
            self.handed_out += 1;
            if self.batches.send(Batch { turn, keys }).is_err() {
                return false;
            }
        }
    }
}

/// Hands every instance to the readers, in the order in which they were received: day after day, and those of a day by
/// the time that their files note.
fn walk(vault: &Vault, walked: &mut Walked<'_>, steps: &SyncSender<Vec<Step>>) -> Result<(), HoldingsError> {
    let mut late = Vec::new();
    for day in vault.days()? {
        let mut keys = Vec::new();
        let step = vault.walk(day, &mut |found| {
            let taken = match found {
                Found::Instance(key) => {
                    keys.push(key);
                    true
                }
                Found::Unknown(path) => steps.send(vec![Step::Found(Finding::Unknown(path))]).is_ok(),
            };
            if taken { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let mut of_day = Vec::with_capacity(keys.len());
        for (received, key) in with_times(vault, keys) {
            match received {
                // A version that came after the clock was set back lies under an earlier day than the one before it.
                Received::Noted(time) if utc_day(time).is_ok_and(|at| at > day) => late.push((time, key)),
                Received::Noted(time) | Received::Presumed(time) => of_day.push((time, key)),
            }
        }
        if step.is_break() || !walked.hand_out(of_day) {
            return Ok(());
        }
    }
    walked.hand_out(late);
    Ok(())
}

/// When each was received, as far as its file can be read; why not is found out when it is read for its row.
fn with_times(vault: &Vault, keys: Vec<InstanceKey>) -> Vec<(Received, InstanceKey)> {
    let time = |key: &InstanceKey| read_received(&vault.open_instance(key).ok()?).ok();
    let mut times = vec![Received::Presumed(SystemTime::UNIX_EPOCH); keys.len()];
    let each = keys.len().div_ceil(cores()).max(1);
    thread::scope(|scope| {
        for (keys, times) in keys.chunks(each).zip(times.chunks_mut(each)) {
            scope.spawn(move || {
                for (key, at) in keys.iter().zip(times) {
                    *at = time(key).unwrap_or(*at);
                }
            });
        }
    });
    times.into_iter().zip(keys).collect()
}

fn read_all(
    vault: &Vault,
    exam_types: &ExamTypes,
    batches: &Mutex<Receiver<Batch>>,
    steps: &SyncSender<Vec<Step>>,
) {
    loop {
        let batch = match batches.lock() {
            Ok(batches) => batches.recv(),
            Err(_) => return,
        };
        let Ok(Batch { mut turn, keys }) = batch else { return };
        let read = keys.iter().map(|key| read(vault, exam_types, key)).collect();
        turn.wait();
        if steps.send(read).is_err() {
            return;
        }
    }
}

fn read(vault: &Vault, exam_types: &ExamTypes, key: &InstanceKey) -> Step {
    let file = match vault.open_instance(key) {
        Ok(file) => file,
        Err(shortage) => return Step::Failed(shortage.into()),
    };
    match read_back(&file, key, Extent::Header, exam_types) {
        Ok(read) => Step::Read(Box::new(read)),
        Err(Unreadable::Read(source)) => Step::Failed(HoldingsError::File { path: vault.path(key), source }),
        Err(unreadable) => {
            Step::Found(Finding::Unreadable { path: vault.path(key), what: unreadable.to_string() })
        }
    }
}

impl Reindexed {
    fn take(
        &mut self,
        step: Step,
        filling: &mut Filling,
        progress: &mut dyn FnMut(u64),
        report: &mut dyn FnMut(&Finding),
    ) -> Result<(), HoldingsError> {
        match step {
            Step::Read(read) => {
                let (row, location) = *read;
                let recorded = filling.record(&row, &location)?;
                if let Outcome::SameDataSet(place) = recorded.outcome() {
                    debug_assert_ne!(place.version, location.version, "a file is not recorded twice");
                } else {
                    self.instances += 1;
                }
                if self.instances.is_multiple_of(PROGRESS_INSTANCES) {
                    progress(self.instances);
                }
            }
            Step::Found(finding) => {
                match finding {
                    Finding::Unreadable { .. } => self.unreadable += 1,
                    _ => self.unknown += 1,
                }
                report(&finding);
            }
            Step::Failed(error) => return Err(error),
        }
        Ok(())
    }
}

/// The two files of a swap.
struct Swap {
    new: PathBuf,
    old: PathBuf,
}

/// One step of it.
type SwapStep = fn(&Swap) -> Result<(), HoldingsError>;

/// What a swap does, in this order. Whenever it ends, and wherever the machine goes down, there is the one catalog or the
/// other: each step leaves one of them whole under the old one's name.
const SWAP_STEPS: [SwapStep; 5] =
    [Swap::settle_old, Swap::remove_log_of_old, Swap::sync_names, Swap::rename, Swap::sync_names];

/// Puts the new catalog, complete, closed and on the disk, in the place of the old one.
fn swap(new: &Path, old: &Path) -> Result<(), HoldingsError> {
    let swap = Swap { new: new.to_owned(), old: old.to_owned() };
    SWAP_STEPS.iter().try_for_each(|step| step(&swap))
}

impl Swap {
    /// What the log of the old one holds goes into its file. An old one of which that cannot be had is no catalog, and is
    /// removed: without it, the next start would record all files.
    fn settle_old(&self) -> Result<(), HoldingsError> {
        let settled = self.old.exists()
            && Catalog::open(&self.old, Access::ReadWrite)
                .and_then(|old| old.settle())
                .is_ok_and(|log| log.copied == log.pages);
        if settled { Ok(()) } else { remove_catalog(&self.old) }
    }

    /// The log of the old one must not be taken for one of the new one.
    fn remove_log_of_old(&self) -> Result<(), HoldingsError> {
        remove_log(&self.old)
    }

    fn rename(&self) -> Result<(), HoldingsError> {
        fs::rename(&self.new, &self.old)
            .map_err(|source| HoldingsError::File { path: self.old.clone(), source })
    }

    fn sync_names(&self) -> Result<(), HoldingsError> {
        let directory = self.old.parent().unwrap_or(Path::new("."));
        File::open(directory)
            .and_then(|directory| directory.sync_all())
            .map_err(|source| HoldingsError::File { path: directory.to_owned(), source })
    }
}

/// Removes a catalog with its log, as far as it is there.
fn remove_catalog(path: &Path) -> Result<(), HoldingsError> {
    remove(path)?;
    remove_log(path)
}

/// Removes the log of a catalog, as far as it is there.
fn remove_log(path: &Path) -> Result<(), HoldingsError> {
    ["-wal", "-shm"].iter().try_for_each(|suffix| {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        remove(Path::new(&file))
    })
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> Result<(), HoldingsError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(HoldingsError::File { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
