//! After an unclean end: what the vault or the catalog holds alone, and what is done about it.

use std::{
    collections::{BTreeSet, HashSet},
    ops::ControlFlow,
    path::PathBuf,
};

use catalog::Place;
use tracing::info;
use vault::{Found, InstanceKey, Shortage};
use vocabulary::Day;

use crate::{
    Holdings, HoldingsError,
    open::{key_of, key_of_place},
    read::{Extent, Received, Unreadable, read_back, read_received},
};

/// Something that vault and catalog do not agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A whole instance without a row: recorded now.
    Unrecorded(PathBuf),
    /// A file that is no whole instance, without a row: set aside, where it can be looked at.
    Damaged {
        /// Where it was.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file that is no whole instance, in the place of one: not recorded, left alone.
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A row whose file is gone: taken out of the catalog.
    Lost(PathBuf),
    /// All files of a day are gone: its rows are left as they are, for the disk may not be mounted.
    DayLost {
        /// The day.
        day: Day,
        /// How many instances were received on it.
        instances: u64,
    },
    /// A file that is none of ours: left alone.
    Unknown(PathBuf),
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unrecorded(path) => {
                write!(f, "{} was kept but not recorded: it is recorded now", path.display())
            }
            Self::Damaged { path, what } => {
                write!(f, "{} was not recorded and is damaged ({what}): it is set aside", path.display())
            }
            Self::Unreadable { path, what } => {
                write!(f, "{} is damaged ({what}): it is not recorded", path.display())
            }
            Self::Lost(path) => write!(
                f,
                "{} is gone, though it was recorded: it is no longer listed; restore it from a backup and reindex",
                path.display()
            ),
            Self::DayLost { day, instances } => write!(
                f,
                "all {instances} instances received on {day} are gone from the vault: is its disk mounted? They stay listed"
            ),
            Self::Unknown(path) => write!(f, "{} is none of our files: it is left alone", path.display()),
        }
    }
}

/// What a reconciliation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reconciled {
    /// Days looked at.
    pub days: u64,
    /// Files of instances seen.
    pub instances: u64,
    /// Instances recorded now.
    pub recorded: u64,
    /// Files set aside.
    pub damaged: u64,
    /// Rows taken out of the catalog.
    pub lost: u64,
    /// Files left alone.
    pub unknown: u64,
}

/// What is in the vault on one day, compared with the catalog.
#[derive(Debug, Default)]
struct DayFound {
    files: HashSet<InstanceKey>,
    unrecorded: Vec<InstanceKey>,
    unknown: Vec<PathBuf>,
}

impl Holdings {
    /// Brings vault and catalog in step again for all days that an unclean end may have left out of step.
    /// [`Holdings::start`] does it when it has to; while others keep instances it does no harm. `report` hears of each
    /// finding before anything is done about it.
    ///
    /// # Errors
    /// When the disk or the catalog fails.
    pub fn reconcile(&mut self, report: &mut dyn FnMut(&Finding)) -> Result<Reconciled, HoldingsError> {
        let first = self.first_unsure_day()?;
        let mut reconciled = Reconciled::default();
        self.forget_replaced()?;
        let mut again = Vec::new();
        for day in self.vault.days()? {
            if first.is_none_or(|first| day >= first) {
                self.reconcile_day(day, &mut again, &mut reconciled, report)?;
                reconciled.days += 1;
            }
        }
        for key in self.in_order_of_reception(again)? {
            self.take_up(&key, &mut reconciled, report)?;
        }
        Ok(reconciled)
    }

    /// Takes the rows of what was set aside, because it was replaced, out of the catalog: of whatever day, and before an
    /// instance is taken for held already because of one of them.
    fn forget_replaced(&mut self) -> Result<(), HoldingsError> {
        let mut aside = BTreeSet::new();
        self.vault.walk_set_aside(&mut |key| {
            aside.insert(key);
        })?;
        for key in aside {
            if !matches!(self.vault.open_instance(&key), Err(Shortage::Missing { .. })) {
                continue;
            }
            let rows = self.catalog.locate(&key.sop_instance)?;
            if rows.iter().any(|held| key_of(held) == key) {
                info!(path = %self.vault.path(&key).display(), "it was replaced and set aside: its row goes as well");
                self.catalog.remove(&place_of(&key))?;
            }
        }
        Ok(())
    }

    /// What came again, as it came: the last one is to be current. The days do not say it where the clock was set
    /// back, the times in the files do, for none is earlier than that of the version before.
    fn in_order_of_reception(&self, again: Vec<InstanceKey>) -> Result<Vec<InstanceKey>, HoldingsError> {
        let mut timed = Vec::with_capacity(again.len());
        for key in again {
            let file = match self.vault.open_instance(&key) {
                Ok(file) => file,
                Err(Shortage::Missing { .. }) => continue,
                Err(other) => return Err(other.into()),
            };
            let received = match read_received(&file) {
                Ok(Received::Noted(time) | Received::Presumed(time)) => Some(time),
                // A time that was not read now would make another version current.
                Err(Unreadable::Read(source)) => {
                    return Err(HoldingsError::File { path: self.vault.path(&key), source });
                }
                Err(_) => None,
            };
            timed.push((received, key));
        }
        timed.sort_unstable_by(|(time, key), (other_time, other)| {
            (time, key.version, key).cmp(&(other_time, other.version, other))
        });
        Ok(timed.into_iter().map(|(_, key)| key).collect())
    }

    /// `again` takes what has an earlier version: it is not taken up yet.
    fn reconcile_day(
        &mut self,
        day: Day,
        again: &mut Vec<InstanceKey>,
        reconciled: &mut Reconciled,
        report: &mut dyn FnMut(&Finding),
    ) -> Result<(), HoldingsError> {
        let mut rows: HashSet<InstanceKey> = HashSet::new();
        self.catalog.received_on(day, &mut |held| {
            rows.insert(key_of(&held));
        })?;
        let found = self.look_at(day, &rows)?;
        reconciled.instances += found.files.len() as u64;
        for path in found.unknown {
            report(&Finding::Unknown(path));
            reconciled.unknown += 1;
        }
        if found.files.is_empty() && !rows.is_empty() {
            report(&Finding::DayLost { day, instances: rows.len() as u64 });
            return Ok(());
        }
        for key in found.unrecorded {
            if key.version > 1 {
                again.push(key);
            } else {
                self.take_up(&key, reconciled, report)?;
            }
        }
        for key in rows.difference(&found.files) {
            report(&Finding::Lost(self.vault.path(key)));
            self.catalog.remove(&place_of(key))?;
            reconciled.lost += 1;
        }
        Ok(())
    }

    fn look_at(&self, day: Day, rows: &HashSet<InstanceKey>) -> Result<DayFound, HoldingsError> {
        let mut found = DayFound::default();
        let walked = self.vault.walk(day, &mut |file| {
            match file {
                Found::Instance(key) => {
                    if !rows.contains(&key) {
                        found.unrecorded.push(key.clone());
                    }
                    found.files.insert(key);
                }
                Found::Unknown(path) => found.unknown.push(path),
            }
            ControlFlow::Continue(())
        })?;
        debug_assert!(walked.is_continue(), "the visitor never breaks off");
        Ok(found)
    }

    /// Records a file that has no row, or sets it aside if it is no good.
    fn take_up(
        &mut self,
        key: &InstanceKey,
        reconciled: &mut Reconciled,
        report: &mut dyn FnMut(&Finding),
    ) -> Result<(), HoldingsError> {
        let path = self.vault.path(key);
        let file = match self.vault.open_instance(key) {
            Ok(file) => file,
            // Whoever is not bound by the lock took it meanwhile.
            Err(Shortage::Missing { .. }) => return Ok(()),
            Err(other) => return Err(other.into()),
        };
        let (row, location) = match read_back(&file, key, Extent::Whole, &self.rules.exam_types) {
            Ok(read) => read,
            Err(Unreadable::Read(source)) => return Err(HoldingsError::File { path, source }),
            Err(unreadable) => {
                report(&Finding::Damaged { path, what: unreadable.to_string() });
                self.vault.set_aside(key)?;
                reconciled.damaged += 1;
                return Ok(());
            }
        };
        report(&Finding::Unrecorded(path));
        // Nobody was told that it is kept, so its syncs may not have come to their end; once there is a row,
        // the same data set sent again counts as held.
        self.vault.make_durable(key)?;
        let recorded = self.catalog.record(&row, &location)?;
        if let catalog::Outcome::SameDataSet(place) = recorded.outcome() {
            if let Err(Shortage::Missing { path, .. }) = self.vault.open_instance(&key_of_place(place)) {
                // What has the row has no file: this one is all there is.
                report(&Finding::Lost(path));
                self.catalog.remove(place)?;
                let _recorded = self.catalog.record(&row, &location)?;
            } else {
                // It was sent twice at one moment, and the other one has a row.
                self.vault.remove(key)?;
            }
        }
        reconciled.recorded += 1;
        Ok(())
    }
}

fn place_of(key: &InstanceKey) -> Place {
    Place {
        day: key.day,
        study_instance_uid: key.study.clone(),
        series_instance_uid: key.series.clone(),
        sop_instance_uid: key.sop_instance.clone(),
        version: key.version,
    }
}
