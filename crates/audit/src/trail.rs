//! The files, as they are written.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::chain::{Link, Record, line};
use crate::event::{Event, What};
use crate::files::{self, Lines};
use crate::message::message;
use crate::{AuditError, DIRECTORY};

/// Only one process at a time may write, and holds this.
const LOCK: &str = "lock";

/// How the trail is written.
#[derive(Debug, Clone)]
pub struct TrailSettings {
    /// The directory of the trail.
    pub directory: PathBuf,
    /// Another file is begun when one has this length in bytes.
    pub file_bytes_max: u64,
    /// Audit Source ID: who makes the messages.
    pub source: String,
}

impl TrailSettings {
    /// The trail of a data directory.
    pub fn of(data: &Path, file_bytes_max: u64, source: impl Into<String>) -> Self {
        Self { directory: data.join(DIRECTORY), file_bytes_max, source: source.into() }
    }
}

/// The trail, in the hands of the one who may write it.
#[derive(Debug)]
pub struct Trail {
    settings: TrailSettings,
    _lock: File,
    file: Option<Open>,
    last: Link,
    /// The last record that is on the disk, as the head says.
    synced: Link,
}

/// The file that is written to.
#[derive(Debug)]
struct Open {
    file: File,
    path: PathBuf,
    day: String,
    bytes: u64,
}

impl Trail {
    /// Opens the trail to go on where it ends, or begins one. Where it does not end where the head says, that is the first
    /// thing put on record.
    ///
    /// # Errors
    /// When another process has it open, and when the disk fails.
    pub fn open(settings: TrailSettings) -> Result<Self, AuditError> {
        let directory = &settings.directory;
        let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.map_err(AuditError::file(directory))?;
        let path = directory.join(LOCK);
        let lock = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let lock = lock.map_err(AuditError::file(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(AuditError::Busy { path: directory.clone() }),
            Err(TryLockError::Error(source)) => return Err(AuditError::File { path, source }),
        }
        let Left { last, disturbed } = left(directory)?;
        let mut trail = Self { _lock: lock, file: None, last, synced: last, settings };
        if let Some(words) = disturbed {
            tracing::error!(
                "the audit trail is not as it was left: {words}; `isocenter audit verify` says more"
            );
            trail.append(&[Event::new(SystemTime::now(), What::Disturbed).failed(true, words)])?;
        }
        Ok(trail)
    }

    /// Puts events on record, in their order. They are on the disk after [`Trail::sync`].
    ///
    /// # Errors
    /// When the disk fails; then none of them is on record.
    pub fn append(&mut self, events: &[Event]) -> Result<(), AuditError> {
        let mut last = self.last;
        let mut lines = String::new();
        for event in events {
            let message = message(event, &self.settings.source);
            last = last.next(&message);
            lines.push_str(&line(&last, &message));
        }
        let first = self.last.number.saturating_add(1);
        let open = self.file_for(first)?;
        if let Err(source) = open.file.write_all(lines.as_bytes()) {
            // Half a record would break the chain.
            open.file.set_len(open.bytes).map_err(AuditError::file(&open.path))?;
            return Err(AuditError::File { path: open.path.clone(), source });
        }
        open.bytes += lines.len() as u64;
        self.last = last;
        Ok(())
    }

    /// Has what was put on record written to the disk, and the head after it.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn sync(&mut self) -> Result<(), AuditError> {
        if self.synced == self.last {
            return Ok(());
        }
        if let Some(open) = &self.file {
            open.file.sync_data().map_err(AuditError::file(&open.path))?;
        }
        files::write_head(&self.settings.directory, &self.last)?;
        self.synced = self.last;
        Ok(())
    }

    /// Whether something was put on record that [`Trail::sync`] has not seen.
    pub fn is_ahead_of_head(&self) -> bool {
        self.synced != self.last
    }

    /// The file that a record is to be written to.
    fn file_for(&mut self, first: u64) -> Result<&mut Open, AuditError> {
        let today = files::today();
        let goes_on = |open: &Open| open.day == today && open.bytes < self.settings.file_bytes_max;
        let open = match self.file.take() {
            Some(open) if goes_on(&open) => open,
            before => {
                if let Some(before) = before {
                    before.file.sync_data().map_err(AuditError::file(&before.path))?;
                }
                self.begin_file(first, today)?
            }
        };
        Ok(self.file.insert(open))
    }

    /// The last file, if it is of today and not full, or another one.
    fn begin_file(&self, first: u64, day: String) -> Result<Open, AuditError> {
        let directory = &self.settings.directory;
        let last = files::list(directory)?.pop().map(|(_, path)| path).filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let bytes = path.metadata().map_or(u64::MAX, |metadata| metadata.len());
            name.starts_with(&day) && bytes < self.settings.file_bytes_max
        });
        let path = last.unwrap_or_else(|| directory.join(files::name(&day, first)));
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let file = file.map_err(AuditError::file(&path))?;
        let bytes = file.metadata().map_err(AuditError::file(&path))?.len();
        let names = File::open(directory).and_then(|directory| directory.sync_all());
        names.map_err(AuditError::file(directory))?;
        Ok(Open { file, path, day, bytes })
    }
}

/// How the trail was left.
struct Left {
    last: Link,
    /// What is not as it should be.
    disturbed: Option<String>,
}

/// Finds the end of the trail: the head, and what was recorded after it before the process ended.
fn left(directory: &Path) -> Result<Left, AuditError> {
    let head = files::read_head(directory);
    let all = files::list(directory)?;
    let Some((_, path)) = all.last() else {
        let disturbed = head.map(|head| format!("its records up to {} are gone", head.number));
        return Ok(Left { last: head.unwrap_or_default(), disturbed });
    };
    let mut lines = Lines::open(path, 0)?;
    let mut found: Option<Link> = None;
    let mut newest = Link::default();
    let mut is_first = true;
    while let Some(line) = lines.next()? {
        let record = Record::parse(&line);
        if let Some(record) = &record {
            newest = record.link;
        }
        // The head may be that of the file before, if the machine stopped right after this one was begun.
        if is_first && head.is_none_or(|head| record.as_ref().is_some_and(|record| record.follows(&head))) {
            found = head;
        }
        is_first = false;
        match (&record, found) {
            (Some(record), _) if Some(record.link) == head => found = head,
            (Some(record), Some(last)) if record.follows(&last) => found = Some(record.link),
            _ => {}
        }
    }
    // A line without an end was being written when the machine or the process stopped.
    let file = OpenOptions::new().write(true).open(path).map_err(AuditError::file(path))?;
    file.set_len(lines.offset).map_err(AuditError::file(path))?;
    let (last, disturbed) = match (head, found) {
        (Some(_), Some(last)) if last == newest => (last, None),
        (Some(_), Some(last)) => (last, Some(format!("after record {} the chain is broken", last.number))),
        (Some(head), None) => (head, Some(format!("record {}, which was the last, is gone", head.number))),
        (None, _) => (newest, Some("its head is gone".to_owned())),
    };
    Ok(Left { last, disturbed })
}

#[cfg(test)]
mod tests;
