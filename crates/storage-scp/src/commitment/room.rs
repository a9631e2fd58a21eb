//! The room of transactions, below the data directory: one file for each notification that has not been taken, and
//! one empty one for each Transaction UID that is remembered.
//!
//! ```text
//! commitment/
//! ├─ lock                                       held while a request is entered
//! ├─ entering/<process>.<number>                being written
//! ├─ pending/<due>~<attempts>~<peer>~<UID>~<n>  to be delivered: what changes stands in the name
//! ├─ ended/<day>/<peer>~<UID>                   remembered; a whole day is forgotten at once
//! └─ set-aside/                                 what cannot be read back
//! ```
//!
//! Who is about to deliver a notification holds a lock on its file, which the system takes away with the process.

mod entry;
mod name;

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use vocabulary::{AeTitle, Uid};

pub(super) use entry::Entry;
pub(super) use name::Name;

use super::report::{Reference, Report};

const ROOM: &str = "commitment";
const LOCK: &str = "lock";
const ENTERING: &str = "entering";
const PENDING: &str = "pending";
const ENDED: &str = "ended";
const SET_ASIDE: &str = "set-aside";

/// Tells the files of one process apart that are being written.
static ENTERED: AtomicU32 = AtomicU32::new(0);

/// The room of one data directory.
#[derive(Debug, Clone)]
pub(super) struct Room {
    path: PathBuf,
}

/// What the room could not do: always our own shortage.
#[derive(Debug, thiserror::Error)]
#[error("our record of storage commitments cannot use {path}: {source}", path = path.display())]
pub struct RoomError {
    path: PathBuf,
    source: io::Error,
}

/// A notification that nobody else delivers as long as this is held.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) name: Name,
    file: File,
}

/// What became of a request.
#[derive(Debug)]
pub(super) enum Entered {
    /// Its notification is to be delivered. `repeats`: the Transaction UID was used before, which it will say.
    New { taken: Taken, repeats: bool },
    /// The very same request waits for its notification already.
    Waits,
    /// As many as may be wait for the peer.
    Full,
}

/// What is known of a Transaction UID of a peer.
enum Known {
    No,
    /// The same request has it, and waits.
    Waits,
    /// It was used for something else, or its notification was delivered.
    Used,
}

impl Room {
    pub(super) fn of(data: &Path) -> Self {
        Self { path: data.join(ROOM) }
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    fn path_of(&self, name: &Name) -> PathBuf {
        self.folder(PENDING).join(name.to_string())
    }

    /// Makes the room, so that its folders survive a power cut.
    fn furnish(&self) -> Result<(), RoomError> {
        for folder in [ENTERING, ENDED, SET_ASIDE, PENDING].map(|name| self.folder(name)) {
            if !folder.is_dir() {
                fs::create_dir_all(&folder).map_err(failed(&folder))?;
                sync(&self.path)?;
                sync(self.path.parent().unwrap_or(&self.path))?;
            }
        }
        Ok(())
    }

    /// Enters a request durably: what is reported of it is to be delivered from now on.
    pub(super) fn enter(
        &self,
        peer: &AeTitle,
        called: Option<AeTitle>,
        report: Report,
        pending_max: Option<u32>,
        now: SystemTime,
    ) -> Result<Entered, RoomError> {
        self.furnish()?;
        let _alone = self.alone()?;
        let waiting: Vec<Name> = self.waiting()?.into_iter().filter(|name| name.peer == *peer).collect();
        let references: Vec<Reference> =
            report.committed.iter().chain(report.failed.iter().map(|(failed, _)| failed)).cloned().collect();
        let known = self.known(&waiting, peer, &report.transaction_uid, &references)?;
        let repeats = match known {
            Known::Waits => return Ok(Entered::Waits),
            Known::No => false,
            Known::Used => true,
        };
        let is_full = |max| waiting.len() >= usize::try_from(max).unwrap_or(usize::MAX);
        if pending_max.is_some_and(is_full) {
            return Ok(Entered::Full);
        }
        let transaction_uid = report.transaction_uid.clone();
        let report = if repeats { report.repeated() } else { report };
        let twin = (0..).find(|twin| {
            !waiting.iter().any(|name| name.transaction_uid == transaction_uid && name.twin == *twin)
        });
        // The first of several is the one that is remembered.
        let twin = twin.unwrap_or_default().max(u32::from(repeats));
        let name = Name { due: now, attempts: 0, peer: peer.clone(), transaction_uid, twin };
        let file = self.write(&name, &Entry { called, report })?;
        Ok(Entered::New { taken: Taken { name, file }, repeats })
    }

    fn known(
        &self,
        waiting: &[Name],
        peer: &AeTitle,
        transaction_uid: &Uid,
        references: &[Reference],
    ) -> Result<Known, RoomError> {
        let mut used = self.is_remembered(peer, transaction_uid)?;
        for name in waiting.iter().filter(|name| name.transaction_uid == *transaction_uid) {
            let path = self.path_of(name);
            used = true;
            match fs::read(&path) {
                Ok(bytes) => match Entry::read(&bytes) {
                    Some(entry) if name.twin == 0 && entry.report.is_about(references) => {
                        return Ok(Known::Waits);
                    }
                    _ => {}
                },
                // Delivered a moment ago.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(&path)(error)),
            }
        }
        Ok(if used { Known::Used } else { Known::No })
    }

    /// Writes a notification, locked, under its name. It survives a power cut.
    fn write(&self, name: &Name, entry: &Entry) -> Result<File, RoomError> {
        let number = ENTERED.fetch_add(1, Ordering::Relaxed);
        let draft = self.folder(ENTERING).join(format!("{}.{number}", std::process::id()));
        let path = self.path_of(name);
        let written = (|| {
            let mut file = File::options().read(true).write(true).create(true).truncate(true).open(&draft)?;
            file.lock()?;
            io::Write::write_all(&mut file, &entry.to_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            Ok(file)
        })();
        let file = written.map_err(|error| {
            // What was written of it is of no use; the next start looks for what is left.
            fs::remove_file(&draft).ok();
            failed(&path)(error)
        })?;
        sync(&self.folder(PENDING))?;
        Ok(file)
    }

    /// The notifications that wait, in any order.
    pub(super) fn waiting(&self) -> Result<Vec<Name>, RoomError> {
        let folder = self.folder(PENDING);
        let mut names = Vec::new();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
            Err(error) => return Err(failed(&folder)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(failed(&folder))?;
            match entry.file_name().to_str().and_then(Name::read) {
                Some(name) => names.push(name),
                None => {
                    tracing::warn!(file = %entry.path().display(), "not a notification of ours: left alone")
                }
            }
        }
        Ok(names)
    }

    /// Takes a notification, to deliver it; none: somebody else has it, or it is gone.
    pub(super) fn take(&self, name: &Name) -> Result<Option<Taken>, RoomError> {
        let path = self.path_of(name);
        let file = match File::options().read(true).write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&path)(error)),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(failed(&path)(error)),
        }
        // Its name may have changed before it was locked.
        let is_there = match (fs::metadata(&path), file.metadata()) {
            (Ok(named), Ok(open)) => named.ino() == open.ino(),
            _ => false,
        };
        Ok(is_there.then(|| Taken { name: name.clone(), file }))
    }

    /// Reads what is to be delivered; none: it cannot be read back, and was set aside.
    pub(super) fn read(&self, taken: &mut Taken) -> Result<Option<Entry>, RoomError> {
        let path = self.path_of(&taken.name);
        let mut bytes = Vec::new();
        io::Seek::rewind(&mut taken.file)
            .and_then(|()| io::Read::read_to_end(&mut taken.file, &mut bytes))
            .map_err(failed(&path))?;
        let entry = Entry::read(&bytes);
        if entry.is_none() {
            let aside = self.folder(SET_ASIDE).join(taken.name.to_string());
            fs::rename(&path, &aside).map_err(failed(&path))?;
            tracing::error!(
                destination = %taken.name.peer,
                transaction = %taken.name.transaction_uid,
                file = %aside.display(),
                "a storage commitment notification cannot be read back: set aside, the peer has to ask again"
            );
        }
        Ok(entry)
    }

    /// The notification is due later, after `attempts` in all.
    pub(super) fn postpone(&self, taken: Taken, attempts: u32, due: SystemTime) -> Result<(), RoomError> {
        let later = Name { due, attempts, ..taken.name.clone() };
        let path = self.path_of(&taken.name);
        fs::rename(&path, self.path_of(&later)).map_err(failed(&path))?;
        sync(&self.folder(PENDING))
    }

    /// The notification was delivered, or is given up: its Transaction UID is remembered from now on.
    pub(super) fn end(&self, taken: Taken, now: SystemTime) -> Result<(), RoomError> {
        let path = self.path_of(&taken.name);
        if taken.name.twin > 0 {
            fs::remove_file(&path).map_err(failed(&path))?;
        } else {
            let day = self.folder(ENDED).join(day_of(now).to_string());
            fs::create_dir_all(&day).map_err(failed(&day))?;
            let remembered = day.join(taken.name.transaction());
            fs::rename(&path, &remembered).map_err(failed(&path))?;
            // Only its name is needed from now on.
            taken.file.set_len(0).map_err(failed(&remembered))?;
            sync(&day)?;
        }
        sync(&self.folder(PENDING))
    }

    fn is_remembered(&self, peer: &AeTitle, transaction_uid: &Uid) -> Result<bool, RoomError> {
        let name = name::transaction(peer, transaction_uid);
        Ok(self.days()?.iter().any(|(_, day)| day.join(&name).exists()))
    }

    /// The days of which ends are remembered, counted from 1970.
    fn days(&self) -> Result<Vec<(u64, PathBuf)>, RoomError> {
        let folder = self.folder(ENDED);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(&folder)(error)),
        };
        let mut days = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed(&folder))?;
            if let Some(day) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
                days.push((day, entry.path()));
            }
        }
        Ok(days)
    }

    /// Forgets what ended longer ago than `remembered`, and removes what was not written to its end.
    pub(super) fn tidy(&self, remembered: Duration, now: SystemTime) -> Result<(), RoomError> {
        if !self.path.is_dir() {
            return Ok(());
        }
        let _alone = self.alone()?;
        let first = now.checked_sub(remembered).map_or(0, day_of);
        for (_, path) in self.days()?.into_iter().filter(|(day, _)| *day < first) {
            fs::remove_dir_all(&path).map_err(failed(&path))?;
        }
        let folder = self.folder(ENTERING);
        // Who writes holds the lock of the room, which is ours.
        for entry in fs::read_dir(&folder).map_err(failed(&folder))? {
            let path = entry.map_err(failed(&folder))?.path();
            fs::remove_file(&path).map_err(failed(&path))?;
        }
        Ok(())
    }

    /// Nobody else enters anything while this is held.
    fn alone(&self) -> Result<File, RoomError> {
        let path = self.folder(LOCK);
        let lock = File::options().create(true).append(true).open(&path).map_err(failed(&path))?;
        lock.lock().map_err(failed(&path))?;
        Ok(lock)
    }
}

/// Days since 1970 in UTC.
fn day_of(time: SystemTime) -> u64 {
    const DAY: u64 = 86_400;
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() / DAY)
}

/// Waits until the entries of a folder survive a power cut.
fn sync(folder: &Path) -> Result<(), RoomError> {
    File::open(folder).and_then(|opened| opened.sync_all()).map_err(failed(folder))
}

fn failed(path: &Path) -> impl Fn(io::Error) -> RoomError {
    move |source| RoomError { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
