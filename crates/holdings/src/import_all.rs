//! Many files from elsewhere, several at the same time, with the outcome of one after the other.

use std::{
    num::NonZeroUsize,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, SyncSender},
    },
    thread,
    time::{Duration, SystemTime},
};

use catalog::{Access, Catalog};

use crate::{
    Holdings, HoldingsError, Kept, NotImported, Origin,
    holdings::CATALOG,
    turn::{Queue, Turn},
};

/// Files after which the catalog's log is copied into the catalog: often enough that it stays at some megabytes.
const FILES_A_HOUSEKEEPING: usize = 2_000;

/// Outcomes that wait to be told of, so that files need not wait for a checkpoint.
const WAITING_MAX: usize = FILES_A_HOUSEKEEPING;

/// The step of the time that is noted in each file.
const TICK: Duration = Duration::from_micros(1);

/// What became of one file, by its place in the list.
type Outcome = (usize, Result<Kept, NotImported>);

/// What the workers share.
struct Work<'a, P> {
    files: &'a [P],
    origin: &'a Origin,
    clock: &'a (dyn Fn() -> SystemTime + Sync),
    handed_out: Mutex<HandedOut>,
    queue: Arc<Queue>,
    ended: AtomicBool,
}

/// How far down the list files were handed out, and when the last one was.
struct HandedOut {
    files: usize,
    last: SystemTime,
}

impl Holdings {
    /// Takes files in, `jobs` of them at the same time: their bytes are read, written and synced side by side, and they
    /// are recorded in the order of the list. So it comes to the same as one [`Holdings::import`] after the other, also
    /// where files contradict each other. `each` hears what became of each file, in that order; a file that it
    /// hears of as kept is durable and found.
    ///
    /// Ends after the first file that fails because we fall short ([`NotImported::is_ours`]); some files after it may
    /// have been taken in by then, and `each` hears of them too.
    ///
    /// # Errors
    /// When the holdings cannot be opened once more, or the catalog's log cannot be copied.
    pub fn import_all<P: AsRef<Path> + Sync>(
        &mut self,
        files: &[P],
        origin: &Origin,
        jobs: NonZeroUsize,
        clock: &(dyn Fn() -> SystemTime + Sync),
        each: &mut dyn FnMut(&Path, Result<Kept, NotImported>),
    ) -> Result<(), HoldingsError> {
        let jobs = jobs.get().min(files.len());
        let workers = (0..jobs).map(|_| self.open_again()).collect::<Result<Vec<_>, _>>()?;
        let work = Work {
            files,
            origin,
            clock,
            handed_out: Mutex::new(HandedOut { files: 0, last: SystemTime::UNIX_EPOCH }),
            queue: Arc::default(),
            ended: AtomicBool::new(false),
        };
        let (outcomes_in, outcomes) = mpsc::sync_channel::<Outcome>(WAITING_MAX);
        thread::scope(|scope| {
            for holdings in workers {
                let (work, outcomes_in) = (&work, outcomes_in.clone());
                scope.spawn(move || work.import(holdings, &outcomes_in));
            }
            drop(outcomes_in);
            let mut kept_house = Ok(());
            for (told, (place, outcome)) in (1_usize..).zip(outcomes) {
                if let Some(file) = files.get(place) {
                    each(file.as_ref(), outcome);
                }
                if told.is_multiple_of(FILES_A_HOUSEKEEPING) && kept_house.is_ok() {
                    kept_house = self.housekeep(clock()).map(drop);
                    if kept_house.is_err() {
                        work.ended.store(true, Ordering::Relaxed);
                    }
                }
            }
            kept_house
        })
    }

    /// The same holdings for one more thread, on the same disk.
    fn open_again(&self) -> Result<Self, HoldingsError> {
        let catalog = Catalog::open(&self.data_directory.join(CATALOG), Access::ReadWrite)?;
        Ok(Self {
            data_directory: self.data_directory.clone(),
            vault: self.vault.clone(),
            catalog,
            sync_point: self.sync_point,
            rules: self.rules.clone(),
            turn: None,
        })
    }
}

impl<P: AsRef<Path> + Sync> Work<'_, P> {
    /// Imports files until there are no more.
    fn import(&self, mut holdings: Holdings, outcomes: &SyncSender<Outcome>) {
        while let Some((place, file, now)) = self.next() {
            holdings.turn = Some(Turn::new(&self.queue, place as u64));
            let outcome = holdings.import(file.as_ref(), self.origin, now);
            // What is refused before it is recorded waits here, so that files are told of in their order.
            holdings.await_turn();
            if outcome.as_ref().is_err_and(NotImported::is_ours) {
                self.ended.store(true, Ordering::Relaxed);
            }
            // Somebody listens as long as this runs, but for a panic, which ends everything.
            outcomes.send((place, outcome)).ok();
            holdings.turn = None;
        }
    }

    /// The next file, and when it counts as received: later than every one before it.
    fn next(&self) -> Option<(usize, &P, SystemTime)> {
        let mut handed_out = self.handed_out.lock().unwrap_or_else(PoisonError::into_inner);
        if self.ended.load(Ordering::Relaxed) {
            return None;
        }
        let place = handed_out.files;
        let file = self.files.get(place)?;
        handed_out.files += 1;
        handed_out.last = (self.clock)().max(handed_out.last + TICK);
        Some((place, file, handed_out.last))
    }
}
