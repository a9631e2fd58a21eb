//! The whole catalog again, from nothing but the files of the vault.

use std::{
    fs::{self, File},
    io,
    ops::ControlFlow,
    path::Path,
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
};

use catalog::{Access, Bulk, Catalog, InstanceRow, Location, Outcome};
use vault::{Found, InstanceKey, Vault};

use crate::{
    Finding, Holdings, HoldingsError, HoldingsRules,
    holdings::CATALOG,
    read::{Extent, Unreadable, read_back},
    start::{NOBODY, RUNNING, alone},
};

/// Files that wait to be read or recorded, so that neither side waits for the other.
const WAITING_MAX: usize = 1_024;

/// After how many instances progress is told.
const PROGRESS_INSTANCES: u64 = 1_000;

/// The new catalog, until it takes the place of the old one.
const CATALOG_NEW: &str = "catalog-new.sqlite";

/// The lock that the catalog lays beside the new one.
const CATALOG_NEW_LOCK: &str = "catalog-new.lock";

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
    Further(Vec<InstanceKey>),
    Failed(HoldingsError),
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
        let vault = Vault::open(data_directory, rules.sync)?;
        let alone = alone(data_directory)?;
        let new = data_directory.join(CATALOG_NEW);
        remove_catalog(&new)?;
        let mut catalog = Catalog::open(&new, Access::ReadWrite)?;
        let mut bulk = catalog.bulk()?;
        let reindexed = record_all(&vault, &mut bulk, progress, report)?;
        bulk.finish()?;
        // Every file has a row, so the next start has nothing to look at.
        catalog.remember(RUNNING, NOBODY)?;
        let checkpointed = catalog.checkpoint()?;
        drop(catalog);
        if checkpointed.copied < checkpointed.pages {
            return Err(HoldingsError::InUse { path: new });
        }
        swap(&new, &data_directory.join(CATALOG))?;
        remove(&data_directory.join(CATALOG_NEW_LOCK))?;
        drop(alone);
        Ok(reindexed)
    }
}

/// Walks, reads and records at the same time: one thread walks, one for each core reads, this one records.
fn record_all(
    vault: &Vault,
    bulk: &mut Bulk<'_>,
    progress: &mut dyn FnMut(u64),
    report: &mut dyn FnMut(&Finding),
) -> Result<Reindexed, HoldingsError> {
    let (keys_in, keys) = mpsc::sync_channel::<InstanceKey>(WAITING_MAX);
    let (steps_in, steps) = mpsc::sync_channel::<Step>(WAITING_MAX);
    // Owned by the readers alone: when the last of them ends, the walker hears it and ends too.
    let keys = Arc::new(Mutex::new(keys));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            let (keys, steps_in) = (Arc::clone(&keys), steps_in.clone());
            scope.spawn(move || read_all(vault, &keys, &steps_in));
        }
        drop(keys);
        scope.spawn(move || walk(vault, &keys_in, &steps_in));
        record_steps(vault, steps, bulk, progress, report)
    })
}

/// Hands every instance to the readers. Further versions are handed over at the end, for they are recorded in order.
fn walk(vault: &Vault, keys: &SyncSender<InstanceKey>, steps: &SyncSender<Step>) {
    let mut further = Vec::new();
    let walked = vault.days().and_then(|days| {
        for day in days {
            let step = vault.walk(day, &mut |found| {
                let taken = match found {
                    Found::Instance(key) if key.version > 1 => {
                        further.push(key);
                        true
                    }
                    Found::Instance(key) => keys.send(key).is_ok(),
                    Found::Unknown(path) => steps.send(Step::Found(Finding::Unknown(path))).is_ok(),
                };
                if taken { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            if step.is_break() {
                break;
            }
        }
        Ok(())
    });
    let last = match walked {
        Ok(()) => Step::Further(further),
        Err(shortage) => Step::Failed(shortage.into()),
    };
    // Where nobody listens any more, the recording has failed and says so itself.
    steps.send(last).ok();
}

fn read_all(vault: &Vault, keys: &Mutex<Receiver<InstanceKey>>, steps: &SyncSender<Step>) {
    loop {
        let key = match keys.lock() {
            Ok(keys) => keys.recv(),
            Err(_) => return,
        };
        let Ok(key) = key else { return };
        if steps.send(read(vault, &key)).is_err() {
            return;
        }
    }
}

fn read(vault: &Vault, key: &InstanceKey) -> Step {
    let file = match vault.open_instance(key) {
        Ok(file) => file,
        Err(shortage) => return Step::Failed(shortage.into()),
    };
    match read_back(&file, key, Extent::Header) {
        Ok(read) => Step::Read(Box::new(read)),
        Err(Unreadable::Read(source)) => Step::Failed(HoldingsError::File { path: vault.path(key), source }),
        Err(unreadable) => {
            Step::Found(Finding::Unreadable { path: vault.path(key), what: unreadable.to_string() })
        }
    }
}

fn record_steps(
    vault: &Vault,
    steps: Receiver<Step>,
    bulk: &mut Bulk<'_>,
    progress: &mut dyn FnMut(u64),
    report: &mut dyn FnMut(&Finding),
) -> Result<Reindexed, HoldingsError> {
    let mut reindexed = Reindexed::default();
    let mut further = Vec::new();
    for step in steps {
        match step {
            Step::Further(keys) => further = keys,
            step => reindexed.take(step, bulk, progress, report)?,
        }
    }
    further.sort_unstable_by_key(|key| key.version);
    for key in further {
        reindexed.take(read(vault, &key), bulk, progress, report)?;
    }
    progress(reindexed.instances);
    Ok(reindexed)
}

impl Reindexed {
    fn take(
        &mut self,
        step: Step,
        bulk: &mut Bulk<'_>,
        progress: &mut dyn FnMut(u64),
        report: &mut dyn FnMut(&Finding),
    ) -> Result<(), HoldingsError> {
        match step {
            Step::Read(read) => {
                let (row, location) = *read;
                let recorded = bulk.record(&row, &location)?;
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
            Step::Further(_) => {}
            Step::Failed(error) => return Err(error),
        }
        Ok(())
    }
}

/// Puts the new catalog, complete and closed, in the place of the old one.
fn swap(new: &Path, old: &Path) -> Result<(), HoldingsError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| HoldingsError::File { path, source }
    };
    File::open(new).and_then(|file| file.sync_all()).map_err(failed(new))?;
    // Whatever its log held is in the file itself now, see above.
    remove_log(new)?;
    // The log of the old one must not be taken for one of the new one. If the machine goes down between here and the
    // rename there is no catalog, and the next start records all files again.
    remove_catalog(old)?;
    fs::rename(new, old).map_err(failed(old))?;
    let directory = old.parent().unwrap_or(Path::new("."));
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed(directory))
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
