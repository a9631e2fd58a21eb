//! The whole catalog again, from nothing but the files of the vault.

use std::{
    fs::{self, File},
    io, mem,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::SystemTime,
};

use catalog::{Access, Catalog, ExamTypes, Filling, InstanceRow, Location, Outcome};
use vault::{Disk, Found, InstanceKey, RealDisk, Vault};
use vocabulary::Day;

use crate::{
    Finding, Holdings, HoldingsError, HoldingsRules,
    correct::{Journal, carry_over},
    holdings::{CATALOG, utc_day},
    read::{Extent, Received, Unreadable, read_back_when, read_received},
    start::{NOBODY, RUNNING, alone},
    turn::{Queue, Turn},
};

/// Instances that are read and recorded one after the other by one reader: waiting for a turn costs next to nothing then.
const BATCH_INSTANCES: usize = 64;

/// Instances of one day that one reader reads before it puts them in order: what is kept of them is in memory until then.
/// Of a day with more, the times are read first.
const DAY_INSTANCES_AT_ONCE_MAX: usize = 4_096;

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
    instances: Instances,
}

/// What is known of the order of a batch.
enum Instances {
    /// They are in the order in which they were received.
    InOrder(Vec<InstanceKey>),
    /// All of one day; their files say in which order.
    OfDay(Day, Vec<InstanceKey>),
}

/// Instances of an earlier day that came later than those after it, by the time that their files note.
type Late = Mutex<Vec<(SystemTime, InstanceKey)>>;

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
        let mut reindexed = Reindexed::default();
        in_order(&vault, &rules.exam_types, DAY_INSTANCES_AT_ONCE_MAX, &mut |step| {
            reindexed.take(step, &mut filling, progress, report)
        })?;
        progress(reindexed.instances);
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

/// Walks, reads and records at the same time: one thread walks, one for each core reads, this one lets `take` record. It
/// gets them in the order in which they were received, for where they contradict each other the first one counts.
fn in_order(
    vault: &Vault,
    exam_types: &ExamTypes,
    at_once_max: usize,
    take: &mut dyn FnMut(Step) -> Result<(), HoldingsError>,
) -> Result<(), HoldingsError> {
    let (batches_in, batches) = mpsc::sync_channel::<Batch>(BATCHES_WAITING_MAX);
    let (steps_in, steps) = mpsc::sync_channel::<Vec<Step>>(BATCHES_WAITING_MAX);
    // Owned by the readers alone: when the last of them ends, the walker hears it and ends too.
    let batches = Arc::new(Mutex::new(batches));
    let late = Late::default();
    let reader = Reader { vault, exam_types, late: &late };
    thread::scope(|scope| {
        for _ in 0..cores() {
            let (batches, steps_in) = (Arc::clone(&batches), steps_in.clone());
            scope.spawn(move || reader.read_all(&batches, &steps_in));
        }
        drop(batches);
        let late = &late;
        scope.spawn(move || {
            if let Err(error) = walk(vault, Walked::new(&batches_in, at_once_max), &steps_in, late) {
                // Where nobody listens any more, the recording has failed and says so itself.
                steps_in.send(vec![Step::Failed(error)]).ok();
            }
        });
        steps.into_iter().flatten().try_for_each(take)
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
    at_once_max: usize,
}

impl<'a> Walked<'a> {
    fn new(batches: &'a SyncSender<Batch>, at_once_max: usize) -> Self {
        Self { batches, queue: Arc::default(), handed_out: 0, at_once_max }
    }

    /// Hands instances to the readers, in the order in which they were received. Whether anybody takes them.
    fn hand_out(&mut self, mut timed: Vec<(SystemTime, InstanceKey)>) -> bool {
        timed.sort_unstable_by(|(time, key), (other_time, other)| {
            order(*time, key).cmp(&order(*other_time, other))
        });
        let mut keys = timed.into_iter().map(|(_, key)| key);
        loop {
            let keys: Vec<_> = keys.by_ref().take(BATCH_INSTANCES).collect();
            if keys.is_empty() {
                return true;
            }
            if !self.send(Instances::InOrder(keys)) {
                return false;
            }
        }
    }

    /// Hands something to the readers. Whether anybody takes it.
    fn send(&mut self, instances: Instances) -> bool {
        let turn = self.turn();
        self.batches.send(Batch { turn, instances }).is_ok()
    }

    /// Waits until all that was handed out has been handed on.
    fn wait(&mut self) {
        self.turn().wait();
    }

    fn turn(&mut self) -> Turn {
        let turn = Turn::new(&self.queue, self.handed_out);
        self.handed_out += 1;
        turn
    }
}

/// Which of two instances is recorded first.
fn order(received_at: SystemTime, key: &InstanceKey) -> impl Ord {
    (received_at, key.version, key)
}

/// Whether an instance came on a later day than the one under which it lies: a version that came after the clock was set
/// back lies under that of the one before it.
fn is_late(received_at: SystemTime, day: Day) -> bool {
    utc_day(received_at).is_ok_and(|at| at > day)
}

/// Hands every instance to the readers, in the order in which they were received: day after day, and those of a day by
/// the time that their files note.
fn walk(
    vault: &Vault,
    mut walked: Walked<'_>,
    steps: &SyncSender<Vec<Step>>,
    late: &Late,
) -> Result<(), HoldingsError> {
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
        if step.is_break() {
            return Ok(());
        }
        let taken = if keys.len() <= walked.at_once_max {
            walked.send(Instances::OfDay(day, keys))
        } else {
            let mut of_day = Vec::with_capacity(keys.len());
            for (received, key) in with_times(vault, keys) {
                match received {
                    Received::Noted(time) if is_late(time, day) => locked(late).push((time, key)),
                    Received::Noted(time) | Received::Presumed(time) => of_day.push((time, key)),
                }
            }
            walked.hand_out(of_day)
        };
        if !taken {
            return Ok(());
        }
    }
    // The readers may come upon more of them until then.
    walked.wait();
    walked.hand_out(mem::take(&mut *locked(late)));
    Ok(())
}

fn locked(late: &Late) -> MutexGuard<'_, Vec<(SystemTime, InstanceKey)>> {
    late.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Reads instances for their rows.
#[derive(Clone, Copy)]
struct Reader<'a> {
    vault: &'a Vault,
    exam_types: &'a ExamTypes,
    late: &'a Late,
}

impl Reader<'_> {
    fn read_all(self, batches: &Mutex<Receiver<Batch>>, steps: &SyncSender<Vec<Step>>) {
        loop {
            let batch = match batches.lock() {
                Ok(batches) => batches.recv(),
                Err(_) => return,
            };
            let Ok(Batch { mut turn, instances }) = batch else { return };
            let read: Vec<Step> = match instances {
                Instances::InOrder(keys) => keys.iter().map(|key| self.read(key).0).collect(),
                Instances::OfDay(day, keys) => self.read_day(day, keys),
            };
            turn.wait();
            // In pieces, so that as few rows wait, however many there were in a batch.
            let mut read = read.into_iter();
            loop {
                let piece: Vec<_> = read.by_ref().take(BATCH_INSTANCES).collect();
                if piece.is_empty() {
                    break;
                }
                if steps.send(piece).is_err() {
                    return;
                }
            }
        }
    }

    /// The instances of a day in the order in which they were received, but for those that came later than that day.
    fn read_day(self, day: Day, keys: Vec<InstanceKey>) -> Vec<Step> {
        let mut of_day = Vec::with_capacity(keys.len());
        for key in keys {
            match self.read(&key) {
                // Read again at the end: there are few.
                (_, Some(Received::Noted(time))) if is_late(time, day) => locked(self.late).push((time, key)),
                (step, Some(Received::Noted(time) | Received::Presumed(time))) => {
                    of_day.push((time, key, step));
                }
                (step, None) => of_day.push((SystemTime::UNIX_EPOCH, key, step)),
            }
        }
        of_day.sort_unstable_by(|(time, key, _), (other_time, other, _)| {
            order(*time, key).cmp(&order(*other_time, other))
        });
        of_day.into_iter().map(|(_, _, step)| step).collect()
    }

    /// What is to be done about an instance, and when it was received as far as that can be read.
    fn read(self, key: &InstanceKey) -> (Step, Option<Received>) {
        let file = match self.vault.open_instance(key) {
            Ok(file) => file,
            Err(shortage) => return (Step::Failed(shortage.into()), None),
        };
        let path = || self.vault.path(key);
        match read_back_when(&file, key, Extent::Header, self.exam_types) {
            Ok((row, location, received)) => (Step::Read(Box::new((row, location))), Some(received)),
            Err(Unreadable::Read(source)) => {
                (Step::Failed(HoldingsError::File { path: path(), source }), None)
            }
            Err(unreadable) => {
                let found = Finding::Unreadable { path: path(), what: unreadable.to_string() };
                (Step::Found(found), None)
            }
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
