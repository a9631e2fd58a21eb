//! Where corrections last: a small file for each, and one more for each that was undone, below the data directory. No file
//! is ever changed. The last line of each is the checksum of all before it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use catalog::{Of, PatientIdentity};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vault::Digester;
use vocabulary::{Level, Uid};

use super::{Change, Correction, Moved, plan};
use crate::{Finding, HoldingsError};

const DIRECTORY: &str = "corrections";
const MADE: &str = "made";
const UNDONE: &str = "undone";

/// The longest file that is read, in bytes: a correction has some lines, the longest text 10,240 characters.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The journal of one data directory.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    directory: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct Made {
    level: String,
    key: String,
    issuer: String,
    changes: Vec<Changed>,
    moved: Option<MovedTo>,
    instances: u64,
    at: u64,
    by: String,
    reason: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Changed {
    attribute: String,
    before: String,
    after: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct MovedTo {
    from: Option<Patient>,
    to: Patient,
    merged: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Patient {
    patient_id: String,
    issuer: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Undone {
    at: u64,
    by: String,
}

impl Journal {
    pub(crate) fn new(data_directory: &Path) -> Self {
        Self { directory: data_directory.join(DIRECTORY) }
    }

    /// The number of the next one.
    pub(crate) fn next(&self) -> Result<u64, HoldingsError> {
        Ok(self.numbers(&mut |_| {})?.into_iter().max().unwrap_or(0) + 1)
    }

    /// All of them, in order.
    pub(crate) fn read(&self) -> Result<Vec<Correction>, HoldingsError> {
        self.numbers(&mut |_| {})?.into_iter().map(|id| self.one(id)).collect()
    }

    /// All that can be read, in order; those that are damaged are told, and stay in force where the catalog has them.
    pub(crate) fn read_reporting(
        &self,
        report: &mut dyn FnMut(&Finding),
    ) -> Result<Vec<Correction>, HoldingsError> {
        let mut all = Vec::new();
        for id in self.numbers(report)? {
            match self.one(id) {
                Ok(one) => all.push(one),
                Err(HoldingsError::Damaged { path, what }) => report(&Finding::Unreadable { path, what }),
                Err(other) => return Err(other),
            }
        }
        Ok(all)
    }

    pub(crate) fn write(&self, correction: &Correction) -> Result<(), HoldingsError> {
        self.put(&self.path(correction.id, MADE), &Made::from(correction))
    }

    pub(crate) fn write_undone(&self, id: u64, by: &str, at: SystemTime) -> Result<(), HoldingsError> {
        self.put(&self.path(id, UNDONE), &Undone { at: microseconds(at), by: by.to_owned() })
    }

    /// Takes one back whose catalog could not be written.
    pub(crate) fn take_back(&self, id: u64) -> Result<(), HoldingsError> {
        self.remove(&self.path(id, MADE))
    }

    /// Takes the end of one back whose catalog could not be written.
    pub(crate) fn take_back_undone(&self, id: u64) -> Result<(), HoldingsError> {
        self.remove(&self.path(id, UNDONE))
    }

    fn one(&self, id: u64) -> Result<Correction, HoldingsError> {
        let path = self.path(id, MADE);
        let made: Made = get(&path)?;
        let damaged =
            || HoldingsError::Damaged { path: path.clone(), what: "it is no correction".to_owned() };
        let mut correction = made.correction(id).ok_or_else(damaged)?;
        let path = self.path(id, UNDONE);
        if path.try_exists().map_err(|source| failed(&path, source))? {
            let undone: Undone = get(&path)?;
            correction.undone = Some((time(undone.at), undone.by));
        }
        Ok(correction)
    }

    /// The numbers of those that were made, in ascending order.
    fn numbers(&self, report: &mut dyn FnMut(&Finding)) -> Result<Vec<u64>, HoldingsError> {
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(failed(&self.directory, source)),
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let path = entry.map_err(|source| failed(&self.directory, source))?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            match (stem, path.extension().and_then(|extension| extension.to_str())) {
                (Some(number), Some(MADE)) => numbers.push(number),
                // One that was being written when its process ended says nothing.
                (Some(_), Some(UNDONE)) | (_, Some("draft")) => {}
                _ => report(&Finding::Unknown(path)),
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn path(&self, id: u64, extension: &str) -> PathBuf {
        self.directory.join(format!("{id}.{extension}"))
    }

    /// Puts a file there, whole or not at all, and on the disk.
    fn put<T: Serialize>(&self, path: &Path, content: &T) -> Result<(), HoldingsError> {
        let wrong = |error: serde_json::Error| failed(path, error.into());
        let mut text = serde_json::to_string_pretty(content).map_err(wrong)?;
        text.push('\n');
        let mut digester = Digester::default();
        digester.update(text.as_bytes());
        text.push_str(&format!("{}\n", digester.finish()));
        let draft = path.with_extension("draft");
        let put = || {
            fs::create_dir_all(&self.directory)?;
            let mut file = File::create(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, path)?;
            self.sync()
        };
        put().map_err(|source| failed(path, source))
    }

    fn remove(&self, path: &Path) -> Result<(), HoldingsError> {
        fs::remove_file(path).and_then(|()| self.sync()).map_err(|source| failed(path, source))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()?;
        let above = self.directory.parent().unwrap_or(Path::new("."));
        File::open(above)?.sync_all()
    }
}

fn get<T: DeserializeOwned>(path: &Path) -> Result<T, HoldingsError> {
    let mut text = String::new();
    let damaged = |what: &str| HoldingsError::Damaged { path: path.to_owned(), what: what.to_owned() };
    let read = File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_string(&mut text));
    match read {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(damaged("it is no text")),
        Err(source) => return Err(failed(path, source)),
        Ok(_) => {}
    }
    let without_end = text.strip_suffix('\n').unwrap_or(&text);
    let (content, digest) = match without_end.rfind('\n').map(|at| without_end.split_at(at + 1)) {
        Some(parts) => parts,
        None => return Err(damaged("it has no checksum")),
    };
    let mut digester = Digester::default();
    digester.update(content.as_bytes());
    if digester.finish().to_string() != digest {
        return Err(damaged("its checksum is another"));
    }
    serde_json::from_str(content).map_err(|error| damaged(&error.to_string()))
}

fn failed(path: &Path, source: io::Error) -> HoldingsError {
    HoldingsError::File { path: path.to_owned(), source }
}

fn microseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

fn time(microseconds: u64) -> SystemTime {
    let since = Duration::from_micros(microseconds);
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}

impl From<&PatientIdentity> for Patient {
    fn from(identity: &PatientIdentity) -> Self {
        Self { patient_id: identity.patient_id.clone(), issuer: identity.issuer.clone() }
    }
}

impl From<Patient> for PatientIdentity {
    fn from(patient: Patient) -> Self {
        Self { patient_id: patient.patient_id, issuer: patient.issuer }
    }
}

impl From<&Correction> for Made {
    fn from(correction: &Correction) -> Self {
        let (key, issuer) = match &correction.of {
            Of::Patient(patient) => (patient.patient_id.clone(), patient.issuer.clone()),
            Of::Study(uid) | Of::Series(uid) => (uid.to_string(), String::new()),
        };
        let changed = |change: &Change| Changed {
            attribute: change.key.keyword.to_owned(),
            before: change.before.clone(),
            after: change.after.clone(),
        };
        Self {
            level: correction.of.level().as_str().to_owned(),
            key,
            issuer,
            changes: correction.changes.iter().map(changed).collect(),
            moved: correction.moved.as_ref().map(|moved| MovedTo {
                from: moved.from.as_ref().map(Patient::from),
                to: Patient::from(&moved.to),
                merged: moved.merged,
            }),
            instances: correction.instances,
            at: microseconds(correction.at),
            by: correction.by.clone(),
            reason: correction.reason.clone(),
        }
    }
}

impl Made {
    fn correction(self, id: u64) -> Option<Correction> {
        let of = match Level::parse(&self.level)? {
            Level::Patient => Of::Patient(PatientIdentity { patient_id: self.key, issuer: self.issuer }),
            Level::Study => Of::Study(Uid::parse(&self.key).ok()?),
            Level::Series => Of::Series(Uid::parse(&self.key).ok()?),
            Level::Image => return None,
        };
        let change = |changed: Changed| {
            let Changed { attribute, before, after } = changed;
            Some(Change { key: plan::key(&attribute)?, before, after })
        };
        Some(Correction {
            id,
            of,
            changes: self.changes.into_iter().map(change).collect::<Option<_>>()?,
            moved: self.moved.map(|MovedTo { from, to, merged }| Moved {
                from: from.map(PatientIdentity::from),
                to: to.into(),
                merged,
            }),
            instances: self.instances,
            at: time(self.at),
            by: self.by,
            reason: self.reason,
            undone: None,
        })
    }
}
