//! Whether everything is as it was kept: each file against its checksum, the vault against the catalog and the other way
//! round. Nothing is changed.

use std::{
    ops::ControlFlow,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use catalog::{Access, Catalog, CatalogError, Held};
use vault::{Disk, Found, InstanceKey, RealDisk, Shortage, Vault};
use vocabulary::Day;

use crate::{HoldingsError, holdings::CATALOG, open::key_of};

mod compare;
mod fault;

use compare::Compared;
pub use fault::Fault;

/// A file that was received so shortly before may be about to be recorded: as long as a commit may wait for the catalog.
const BEING_RECORDED_MAX: Duration = Duration::from_mins(2);

/// How far a verification goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Every file is read and its checksum compared.
    Whole,
    /// Every file is there, as long as it was, and in the catalog.
    PresenceAndLength,
}

/// Whoever has the holdings verified.
pub trait Inspect {
    /// So many bytes were just read; whether to go on.
    fn read(&mut self, bytes: u64) -> ControlFlow<()> {
        let _none_is_too_many = bytes;
        ControlFlow::Continue(())
    }

    /// All up to this file was looked at.
    fn seen(&mut self, key: &InstanceKey) -> ControlFlow<()> {
        let _nothing_to_note = key;
        ControlFlow::Continue(())
    }

    /// Something is not as it was kept.
    fn found(&mut self, fault: Fault);
}

/// What a verification came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verified {
    /// Files of instances looked at.
    pub instances: u64,
    /// Bytes of them that were read.
    pub bytes: u64,
    /// Files among them that are not current, because another data set came under the same SOP Instance UID.
    pub other_versions: u64,
    /// Faults found.
    pub faults: u64,
    /// Files without an entry that were received a moment ago: they are about to be recorded.
    pub being_recorded: u64,
    /// Whether it was broken off.
    pub broken_off: bool,
}

/// A verification under way.
pub(crate) struct Verification<'v> {
    vault: Vault,
    /// What the files are compared with besides what they say of themselves, as long as it can be read.
    catalog: Option<Catalog>,
    extent: Extent,
    /// When it began.
    began: SystemTime,
    inspect: &'v mut dyn Inspect,
    verified: Verified,
}

/// Where a file stands in the order of the walk.
pub(crate) fn order(key: &InstanceKey) -> (Day, &str, &str, String) {
    (key.day, key.study.as_str(), key.series.as_str(), key.file_name())
}

impl<'v> Verification<'v> {
    /// Opens what there is; a catalog that cannot be read is a fault and no obstacle.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        data_directory: &Path,
        extent: Extent,
        now: SystemTime,
        inspect: &'v mut dyn Inspect,
    ) -> Result<Self, HoldingsError> {
        let mut verification = Self {
            vault: Vault::view(disk, data_directory),
            catalog: None,
            extent,
            began: now,
            inspect,
            verified: Verified::default(),
        };
        match Catalog::open(&data_directory.join(CATALOG), Access::ReadOnly) {
            Ok(catalog) => verification.catalog = Some(catalog),
            Err(error @ CatalogError::TooNew { .. }) => return Err(error.into()),
            // Such as on a disk that is mounted to be read only.
            Err(error) => verification.give_up_catalog(&error),
        }
        Ok(verification)
    }

    /// Looks at the catalog's own file.
    pub(crate) fn check_catalog(&mut self) {
        let Some(catalog) = &self.catalog else { return };
        match catalog.check() {
            Ok(None) => {}
            Ok(Some(what)) => self.fault(Fault::Catalog(CatalogError::Damaged(what).to_string())),
            Err(error) => self.give_up_catalog(&error),
        }
    }

    /// Looks at every day from `after` on, which is where an earlier one was broken off.
    pub(crate) fn run(mut self, after: Option<&InstanceKey>) -> Verified {
        let mut days = self.recorded_days();
        match self.vault.days() {
            Ok(found) => days.extend(found),
            Err(shortage) => self.unreadable(shortage),
        }
        days.sort_unstable();
        days.dedup();
        for day in days {
            let after = match after {
                Some(after) if day < after.day => continue,
                Some(after) if day == after.day => Some(after),
                _ => None,
            };
            if self.day(day, after).is_break() {
                self.verified.broken_off = true;
                break;
            }
        }
        self.verified
    }

    fn day(&mut self, day: Day, after: Option<&InstanceKey>) -> ControlFlow<()> {
        // Where an earlier one was broken off, what is missing was told of at the beginning of the day.
        if after.is_none() && self.missing(day) == Gone::All {
            return ControlFlow::Continue(());
        }
        let after = after.map(order);
        let vault = self.vault.clone();
        let walked = vault.walk(day, &mut |found| match found {
            Found::Instance(key) if after.as_ref().is_some_and(|after| order(&key) <= *after) => {
                ControlFlow::Continue(())
            }
            Found::Instance(key) => {
                self.instance(&key)?;
                self.inspect.seen(&key)
            }
            Found::Unknown(path) => {
                self.fault(Fault::Unknown(path));
                ControlFlow::Continue(())
            }
        });
        walked.unwrap_or_else(|shortage| {
            self.unreadable(shortage);
            ControlFlow::Continue(())
        })
    }

    /// Tells of entries of a day whose files are gone.
    fn missing(&mut self, day: Day) -> Gone {
        let (mut recorded, mut gone) = (0_u64, Vec::new());
        let vault = self.vault.clone();
        self.ask(|catalog| {
            catalog.received_on(day, &mut |held| {
                recorded += 1;
                let key = key_of(&held);
                if is_missing(&vault, &key) {
                    gone.push(key);
                }
            })
        });
        if !gone.is_empty() && gone.len() as u64 == recorded && recorded > 1 {
            self.fault(Fault::DayMissing { day, instances: recorded });
            return Gone::All;
        }
        for key in gone {
            // It may have been taken out of both, or put back, since the entry was read.
            if self.held(&key).is_some() && is_missing(&vault, &key) {
                self.fault(Fault::Missing(vault.path(&key)));
            }
        }
        Gone::Some
    }

    fn instance(&mut self, key: &InstanceKey) -> ControlFlow<()> {
        self.verified.instances += 1;
        let mut held = self.held(key);
        let mut compared = self.compare(key, held.as_ref())?;
        if !matches!(compared, Compared::Sound) {
            // Whoever keeps meanwhile may have put another file in its place, or recorded it.
            held = self.held(key);
            compared = self.compare(key, held.as_ref())?;
        }
        if held.as_ref().is_some_and(|held| !held.current) {
            self.verified.other_versions += 1;
        }
        match compared {
            Compared::Sound => {}
            Compared::Faulty(fault) => self.fault(fault),
            // It had an entry at the beginning of the day, or is no longer held.
            Compared::Gone if held.is_some() => self.fault(Fault::Missing(self.vault.path(key))),
            Compared::Gone => self.verified.instances -= 1,
            Compared::Unrecorded(received) if self.may_be_recorded_yet(received) => {
                self.verified.being_recorded += 1;
            }
            Compared::Unrecorded(_) => self.fault(Fault::Unrecorded(self.vault.path(key))),
        }
        ControlFlow::Continue(())
    }

    /// Whether a file without an entry may be about to get one. What was received after this began may be.
    fn may_be_recorded_yet(&self, received: SystemTime) -> bool {
        self.began.checked_sub(BEING_RECORDED_MAX).is_none_or(|before| received > before)
    }

    /// The entry of a file.
    fn held(&mut self, key: &InstanceKey) -> Option<Held> {
        let held = self.ask(|catalog| catalog.locate(&key.sop_instance))?;
        held.into_iter().find(|held| key_of(held) == *key)
    }

    fn recorded_days(&mut self) -> Vec<Day> {
        self.ask(Catalog::days).unwrap_or_default()
    }

    /// Asks the catalog, as long as it answers.
    fn ask<T>(&mut self, ask: impl FnOnce(&Catalog) -> Result<T, CatalogError>) -> Option<T> {
        match ask(self.catalog.as_ref()?) {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.give_up_catalog(&error);
                None
            }
        }
    }

    fn give_up_catalog(&mut self, error: &CatalogError) {
        self.catalog = None;
        self.fault(Fault::Catalog(error.to_string()));
    }

    fn unreadable(&mut self, shortage: Shortage) {
        let path = shortage.path().clone();
        self.fault(Fault::Unreadable { path, what: shortage.to_string() });
    }

    fn fault(&mut self, fault: Fault) {
        self.verified.faults += 1;
        self.inspect.found(fault);
    }
}

/// How much of a day is gone.
#[derive(PartialEq, Eq)]
enum Gone {
    Some,
    All,
}

fn is_missing(vault: &Vault, key: &InstanceKey) -> bool {
    matches!(vault.open_instance(key), Err(Shortage::Missing { .. }))
}

impl crate::Holdings {
    /// Compares every file with its checksum, the vault with the catalog, and reads the catalog's file; changes nothing,
    /// and does no harm beside others who keep. `inspect` hears of every fault. `now`: of files without an entry, those
    /// received a moment ago are about to get one.
    ///
    /// # Errors
    /// When the catalog was written by a newer program.
    pub fn verify(
        data_directory: &Path,
        extent: Extent,
        now: SystemTime,
        inspect: &mut dyn Inspect,
    ) -> Result<Verified, HoldingsError> {
        let mut verification = Verification::open(Arc::new(RealDisk), data_directory, extent, now, inspect)?;
        verification.check_catalog();
        Ok(verification.run(None))
    }
}
