use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use catalog::{Access, Catalog, CatalogError, Find, Held, Query, Recorder, Retrieve};
use vault::{Disk, RealDisk, Vault};
use vocabulary::{Day, DayError, Uid};

use crate::{Arriving, HoldingsError, HoldingsRules, Ingest, NotKept, turn::Turn};

/// The catalog's file, below the data directory.
pub(crate) const CATALOG: &str = "catalog.sqlite";

/// Where the catalog remembers from which day on rows may be missing after a power cut.
pub(crate) const SYNC_POINT: &str = "sync-point";

/// The holdings of one data directory, as one thread of one process has them open.
#[derive(Debug)]
pub struct Holdings {
    pub(crate) data_directory: PathBuf,
    pub(crate) vault: Vault,
    pub(crate) catalog: Catalog,
    /// No instance is filed under an earlier day, even if the clock says so: a reconciliation would not look there.
    pub(crate) sync_point: Option<Day>,
    pub(crate) rules: HoldingsRules,
    /// When the instance that is being kept may be recorded, if there is an order among several.
    pub(crate) turn: Option<Turn>,
}

impl Holdings {
    /// Opens the holdings to keep and to find; makes what lacks of them.
    ///
    /// # Errors
    /// When the vault or the catalog cannot be opened.
    pub fn open(data_directory: &Path, rules: HoldingsRules) -> Result<Self, HoldingsError> {
        Self::open_on(Arc::new(RealDisk), data_directory, rules, Access::ReadWrite)
    }

    /// Opens the holdings to find only; they must have been opened to keep before.
    ///
    /// # Errors
    /// When the vault or the catalog cannot be opened.
    pub fn open_to_find(data_directory: &Path, rules: HoldingsRules) -> Result<Self, HoldingsError> {
        Self::open_on(Arc::new(RealDisk), data_directory, rules, Access::ReadOnly)
    }

    /// Opens the holdings with the vault on a disk of the caller's choice; the catalog is always a real file.
    ///
    /// # Errors
    /// When the vault or the catalog cannot be opened.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        data_directory: &Path,
        rules: HoldingsRules,
        access: Access,
    ) -> Result<Self, HoldingsError> {
        let vault = Vault::open_on(disk, data_directory, rules.sync)?;
        let catalog = Catalog::open(&data_directory.join(CATALOG), access)?;
        Self::of(data_directory, vault, catalog, rules)
    }

    /// Opens the holdings for an association, which mostly keeps: what it keeps is recorded by the [`Recorder`], if
    /// there is one, and the catalog is opened once something else is asked.
    ///
    /// # Errors
    /// When the vault or the catalog cannot be opened.
    pub fn open_beside_recorder(data_directory: &Path, rules: HoldingsRules) -> Result<Self, HoldingsError> {
        Self::open_beside_recorder_on(Arc::new(RealDisk), data_directory, rules)
    }

    /// As [`Holdings::open_beside_recorder`], with the vault on a disk of the caller's choice.
    ///
    /// # Errors
    /// When the vault or the catalog cannot be opened.
    pub fn open_beside_recorder_on(
        disk: Arc<dyn Disk>,
        data_directory: &Path,
        rules: HoldingsRules,
    ) -> Result<Self, HoldingsError> {
        let vault = Vault::open_on(disk, data_directory, rules.sync)?;
        let catalog = Catalog::open_beside_recorder(&data_directory.join(CATALOG))?;
        Self::of(data_directory, vault, catalog, rules)
    }

    /// Opens what records for all associations.
    ///
    /// # Errors
    /// When the catalog or the recorder's socket cannot be opened.
    pub fn open_recorder(data_directory: &Path) -> Result<Recorder, HoldingsError> {
        Ok(Recorder::open(&data_directory.join(CATALOG))?)
    }

    fn of(
        data_directory: &Path,
        vault: Vault,
        catalog: Catalog,
        rules: HoldingsRules,
    ) -> Result<Self, HoldingsError> {
        let sync_point = recall_day(&catalog, SYNC_POINT)?;
        let data_directory = data_directory.to_owned();
        Ok(Self { data_directory, vault, catalog, sync_point, rules, turn: None })
    }

    /// Begins to take an instance in.
    ///
    /// # Errors
    /// When the disk fails, or has no more left than is reserved.
    pub fn begin(&self, arriving: Arriving) -> Result<Ingest, NotKept> {
        if self.rules.reserved_bytes > 0 {
            self.vault.check_space(self.rules.reserved_bytes)?;
        }
        // An answer from before the instance has come is no good where no other may come between.
        if !self.rules.one_at_a_time() {
            self.catalog.expect(&arriving.sop_instance_uid);
        }
        Ingest::begin(&self.vault, arriving, &self.rules)
    }

    /// Makes a query ready to run, see [`Catalog::find`].
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn find<'h>(&'h self, query: &'h Query) -> Result<Find<'h>, CatalogError> {
        self.catalog.find(query)
    }

    /// The Patient IDs under which a study is held: one, unless its instances name several patients.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn patient_ids(&self, study: &Uid) -> Result<Vec<String>, CatalogError> {
        let studies = self.catalog.correctable()?.studies(study)?;
        Ok(studies.into_iter().filter_map(|study| Some(study.patient?.patient_id)).collect())
    }

    /// The instances that are to be sent, see [`Catalog::select`]; each is opened with [`Holdings::open_instance`].
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn select(&self, retrieve: &Retrieve) -> Result<Vec<Held>, CatalogError> {
        self.catalog.select(retrieve)
    }

    /// Every version of an instance, see [`Catalog::locate`].
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn locate(&self, sop_instance_uid: &Uid) -> Result<Vec<Held>, CatalogError> {
        self.catalog.locate(sop_instance_uid)
    }

    /// The day under which what is received at `time` is filed.
    pub(crate) fn day_of(&self, time: SystemTime) -> Result<Day, HoldingsError> {
        let day = utc_day(time)?;
        Ok(self.sync_point.map_or(day, |sync_point| day.max(sync_point)))
    }
}

/// The day in UTC: the same whatever zone the machine stands in, and never twice or back at a change of the clock.
pub(crate) fn utc_day(time: SystemTime) -> Result<Day, DayError> {
    const SECONDS_A_DAY: u64 = 86_400;
    let days = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs() / SECONDS_A_DAY),
        Err(before) => i64::try_from(before.duration().as_secs() / SECONDS_A_DAY + 1).map(|days| -days),
    };
    Day::from_days_since_1970(days.unwrap_or(i64::from(i32::MAX)))
}

/// A day that the catalog remembers under a name.
pub(crate) fn recall_day(catalog: &Catalog, name: &str) -> Result<Option<Day>, HoldingsError> {
    let remembered = catalog.recall(name)?;
    Ok(remembered.and_then(|text| Day::from_number(text.parse().ok()?).ok()))
}

/// Lets the catalog remember a day under a name.
pub(crate) fn remember_day(catalog: &mut Catalog, name: &str, day: Day) -> Result<(), HoldingsError> {
    Ok(catalog.remember(name, &day.as_number().to_string())?)
}
