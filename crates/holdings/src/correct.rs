//! Corrections: made, listed, undone, and kept so that no rebuilt catalog forgets them.
//!
//! The vault stays as it is. A correction is a file of the journal; the catalog applies it to whatever it records, and
//! what it is about is recorded again when it is made and when it is undone. What the catalog does not know of it after
//! a crash it is told at the next start.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::time::SystemTime;

use catalog::keys::Key;
use catalog::{CatalogError, Correctable, ExamTypes, Held, InstanceRow, Of, PatientIdentity, Place};
use vault::{Shortage, Vault};
use vocabulary::Uid;

use crate::open::key_of;
use crate::read::{Extent, Unreadable, read_back};
use crate::{Finding, Holdings, HoldingsError};

mod journal;
mod plan;
mod request;
#[cfg(test)]
mod tests;

pub(crate) use journal::Journal;

/// What is to be corrected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A patient by Patient ID (0010,0020), and by the issuer of it where several have the ID.
    Patient {
        /// Patient ID.
        patient_id: String,
        /// Issuer of Patient ID; `None`: whichever there is.
        issuer: Option<String>,
    },
    /// A study by its Study Instance UID.
    Study(Uid),
    /// A series by its Series Instance UID.
    Series(Uid),
}

/// A correction as somebody asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectionRequest {
    /// Of what.
    pub of: Named,
    /// Keywords (PS3.6) and the values that they are to have; empty to take one away.
    pub values: Vec<(String, String)>,
    /// Whether a Patient ID may be one that another patient has: then the two become one, with that one's values.
    pub merge: bool,
    /// Who asks.
    pub by: String,
    /// Why; may be empty.
    pub reason: String,
}

/// A correction that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Its number, from 1 on.
    pub id: u64,
    /// Of what, as it was called before.
    pub of: Of,
    /// What it gives: attributes that stay as they are are among them where patients become one.
    pub changes: Vec<Change>,
    /// The patient that instances are taken from, and the one that they are given to; where that changes.
    pub moved: Option<Moved>,
    /// How many instances it was about when it was made.
    pub instances: u64,
    /// When it was made.
    pub at: SystemTime,
    /// By whom.
    pub by: String,
    /// Why; may be empty.
    pub reason: String,
    /// When it was undone, and by whom; `None`: it holds.
    pub undone: Option<(SystemTime, String)>,
}

/// One attribute of a correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The attribute.
    pub key: &'static Key,
    /// Its value before; empty for none.
    pub before: String,
    /// Its value from then on; empty for none.
    pub after: String,
}

/// From one patient to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The one before; `None`: one without a Patient ID.
    pub from: Option<PatientIdentity>,
    /// The one from then on.
    pub to: PatientIdentity,
    /// Whether that one was there already, so that its values were taken.
    pub merged: bool,
}

/// Why nothing was corrected.
#[derive(Debug, thiserror::Error)]
pub enum NotCorrected {
    /// It cannot be what was asked: whoever asks should ask otherwise.
    #[error("{0}")]
    Refused(String),
    /// We fell short.
    #[error(transparent)]
    FellShort(#[from] HoldingsError),
}

impl From<CatalogError> for NotCorrected {
    fn from(error: CatalogError) -> Self {
        Self::FellShort(error.into())
    }
}

impl Correction {
    /// The attributes whose values are others.
    pub fn changed(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.before != change.after)
    }

    /// Lets it hold for what is recorded.
    fn add_to(&self, catalog: &Correctable<'_>) -> Result<(), CatalogError> {
        let values: Vec<_> =
            self.changes.iter().map(|change| (change.key.tag, change.after.clone())).collect();
        let since = self.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        catalog.add(self.id, &self.of, &values, i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    /// The patients whose instances it concerns, also after later ones gave them to others.
    fn patients(&self, all: &[Self]) -> Vec<PatientIdentity> {
        let mut reached: BTreeSet<PatientIdentity> = BTreeSet::new();
        if let Some(moved) = &self.moved {
            reached.extend(moved.from.iter().cloned().chain([moved.to.clone()]));
        }
        if let Of::Patient(own) = &self.of {
            reached.insert(own.clone());
        }
        for later in all.iter().filter(|other| other.id > self.id) {
            if let Some(Moved { from: Some(from), to, .. }) = &later.moved
                && reached.contains(from)
            {
                reached.insert(to.clone());
            }
        }
        reached.into_iter().collect()
    }

    /// Whether it was made on what another one made, so that it would hang in the air without it.
    fn rests_on(&self, earlier: &Self) -> bool {
        if self.id <= earlier.id || self.undone.is_some() {
            return false;
        }
        let named = |patient: &PatientIdentity| {
            self.of == Of::Patient(patient.clone())
                || self.moved.as_ref().is_some_and(|moved| {
                    moved.from.as_ref() == Some(patient) || moved.merged && moved.to == *patient
                })
        };
        match (&earlier.moved, &earlier.of) {
            (Some(moved), _) => named(&moved.to),
            (None, Of::Patient(own)) => {
                self.moved.as_ref().is_some_and(|moved| moved.merged && moved.to == *own)
            }
            (None, _) => false,
        }
    }
}

/// What the files of instances say, read before the catalog's writers have to wait for it.
struct Rows<'v> {
    vault: &'v Vault,
    exam_types: &'v ExamTypes,
    read: HashMap<Place, InstanceRow>,
}

impl Rows<'_> {
    fn read(&mut self, held: &[Held]) -> Result<(), HoldingsError> {
        for held in held {
            let row = self.file(held)?;
            self.read.insert(held.place.clone(), row);
        }
        Ok(())
    }

    fn take(&mut self, held: &Held) -> Result<InstanceRow, HoldingsError> {
        match self.read.remove(&held.place) {
            Some(row) => Ok(row),
            None => self.file(held),
        }
    }

    fn file(&self, held: &Held) -> Result<InstanceRow, HoldingsError> {
        let key = key_of(held);
        let file = self.vault.open_instance(&key)?;
        match read_back(&file, &key, Extent::Header, self.exam_types) {
            Ok((row, _)) => Ok(row),
            Err(Unreadable::Read(source)) => Err(HoldingsError::File { path: self.vault.path(&key), source }),
            Err(unreadable) => {
                Err(HoldingsError::Damaged { path: self.vault.path(&key), what: unreadable.to_string() })
            }
        }
    }
}

impl Holdings {
    /// Corrects a patient, a study or a series: queries and retrieves that begin from now on see it, those that run
    /// do not. `at`: now.
    ///
    /// # Errors
    /// When it is refused, or we fall short; then nothing was changed.
    pub fn correct(
        &mut self,
        request: &CorrectionRequest,
        at: SystemTime,
    ) -> Result<Correction, NotCorrected> {
        let journal = Journal::new(&self.data_directory);
        self.align_corrections(&mut |_| {})?;
        let Self { vault, catalog, rules, .. } = self;
        let mut rows = Rows { vault, exam_types: &rules.exam_types, read: HashMap::new() };
        {
            let looked = catalog.correctable()?;
            let planned = plan::plan(&looked, request, at)?;
            let scope = looked.scope(&planned.of, &planned.patients(&[]))?;
            rows.read(&looked.instances(&scope)?)?;
        }
        let mut written = None;
        let done = catalog.correct(|catalog| {
            // Once more: another may have corrected the same meanwhile.
            let planned = plan::plan(catalog, request, at)?;
            let correction = Correction { id: journal.next()?, ..planned };
            let scope = catalog.scope(&correction.of, &correction.patients(&[]))?;
            correction.add_to(catalog)?;
            catalog.record_again(&scope, &mut |held| rows.take(held))?;
            journal.write(&correction)?;
            written = Some(correction.id);
            Ok::<_, NotCorrected>(correction)
        });
        if let (Err(_), Some(id)) = (&done, written) {
            journal.take_back(id)?;
        }
        done
    }

    /// Takes a correction back: everything is as if it had never been made, but that the journal keeps it.
    ///
    /// # Errors
    /// When there is none with this number, it is undone already or others rest on it; or when we fall short.
    pub fn undo_correction(&mut self, id: u64, by: &str, at: SystemTime) -> Result<Correction, NotCorrected> {
        let journal = Journal::new(&self.data_directory);
        self.align_corrections(&mut |_| {})?;
        let find = |all: &[Correction]| -> Result<Correction, NotCorrected> {
            let refused = |words: String| Err(NotCorrected::Refused(words));
            let Some(found) = all.iter().find(|correction| correction.id == id) else {
                return refused(format!("there is no correction {id}"));
            };
            if found.undone.is_some() {
                return refused(format!("correction {id} is undone already"));
            }
            if let Some(later) = all.iter().rev().find(|other| other.rests_on(found)) {
                let later = later.id;
                return refused(format!("correction {later} was made on what {id} made: undo {later} first"));
            }
            Ok(found.clone())
        };
        let Self { vault, catalog, rules, .. } = self;
        let mut rows = Rows { vault, exam_types: &rules.exam_types, read: HashMap::new() };
        {
            let all = journal.read()?;
            let found = find(&all)?;
            let looked = catalog.correctable()?;
            let scope = looked.scope(&found.of, &found.patients(&all))?;
            rows.read(&looked.instances(&scope)?)?;
        }
        let mut written = false;
        let done = catalog.correct(|catalog| {
            let all = journal.read()?;
            let mut found = find(&all)?;
            let scope = catalog.scope(&found.of, &found.patients(&all))?;
            catalog.remove(id)?;
            catalog.record_again(&scope, &mut |held| rows.take(held))?;
            journal.write_undone(id, by, at)?;
            written = true;
            found.undone = Some((at, by.to_owned()));
            Ok::<_, NotCorrected>(found)
        });
        if done.is_err() && written {
            journal.take_back_undone(id)?;
        }
        done
    }

    /// Every correction that was ever made, in order; those undone too.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn corrections(data_directory: &Path) -> Result<Vec<Correction>, HoldingsError> {
        Journal::new(data_directory).read()
    }

    /// Brings the catalog in step with the journal: a process may have ended between the two, or a power cut taken the
    /// catalog's last transactions.
    pub(crate) fn align_corrections(
        &mut self,
        report: &mut dyn FnMut(&Finding),
    ) -> Result<(), HoldingsError> {
        let journal = Journal::new(&self.data_directory);
        let mut all = journal.read_reporting(report)?;
        let differs = |all: &[Correction], catalog: &Correctable<'_>| -> Result<Vec<u64>, HoldingsError> {
            let known = catalog.corrections()?;
            let wrong = all.iter().filter(|one| one.undone.is_none() != known.contains(&one.id));
            Ok(wrong.map(|one| one.id).collect())
        };
        if all.is_empty() || differs(&all, &self.catalog.correctable()?)?.is_empty() {
            return Ok(());
        }
        let Self { vault, catalog, rules, .. } = self;
        let mut rows = Rows { vault, exam_types: &rules.exam_types, read: HashMap::new() };
        catalog.correct(|catalog| {
            // Whoever was in the middle of it has come to the end now.
            all = journal.read_reporting(&mut |_| {})?;
            let differing = differs(&all, catalog)?;
            for one in all.iter().filter(|one| differing.contains(&one.id)) {
                let scope = catalog.scope(&one.of, &one.patients(&all))?;
                match one.undone {
                    None => one.add_to(catalog)?,
                    Some(_) => catalog.remove(one.id)?,
                }
                catalog.record_again(&scope, &mut |held| rows.take(held))?;
            }
            Ok(())
        })
    }
}

/// Lets a new catalog know all corrections that hold, before anything is recorded in it.
pub(crate) fn carry_over(journal: &Journal, catalog: &Correctable<'_>) -> Result<(), HoldingsError> {
    for one in journal.read()?.iter().filter(|one| one.undone.is_none()) {
        one.add_to(catalog)?;
    }
    Ok(())
}

impl From<Shortage> for NotCorrected {
    fn from(shortage: Shortage) -> Self {
        Self::FellShort(shortage.into())
    }
}
