//! The files, as they are written.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
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
    /// Where its last whole record ends.
    bytes: u64,
    /// Whether a write that failed may have left something behind that.
    is_torn: bool,
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

    /// Puts events on record, in their order. They are on the disk after [`Trail::sync`]. Where the file that is written to
    /// was removed or cut, that is put on record before them.
    ///
    /// # Errors
    /// When the disk fails; then none of them is on record.
    pub fn append(&mut self, events: &[Event]) -> Result<(), AuditError> {
        if let Some(words) = self.file.as_ref().and_then(Open::disturbed) {
            tracing::error!("the audit trail was disturbed: {words}; `isocenter audit verify` says more");
            self.file = None;
            self.write(&[Event::new(SystemTime::now(), What::Disturbed).failed(true, words)])?;
        }
        self.write(events)
    }

    fn write(&mut self, events: &[Event]) -> Result<(), AuditError> {
        let mut last = self.last;
        let mut lines = String::new();
        for event in events {
            let message = message(event, &self.settings.source);
            last = last.next(&message);
            lines.push_str(&line(&last, &message));
        }
        let first = self.last.number.saturating_add(1);
        let open = self.file_for(first)?;
        open.write(lines.as_bytes()).map_err(AuditError::file(&open.path))?;
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
        if let Some(open) = &mut self.file {
            open.finish()?;
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
            Some(mut before) => match before.finish().and_then(|()| self.begin_file(first, today)) {
                Ok(open) => open,
                Err(error) => {
                    // What is in it may not be on the disk.
                    self.file = Some(before);
                    return Err(error);
                }
            },
            None => self.begin_file(first, today)?,
        };
        Ok(self.file.insert(open))
    }

    /// The last file, if it is of today, not full and ends with a record; or another one.
    fn begin_file(&self, first: u64, day: String) -> Result<Open, AuditError> {
        let directory = &self.settings.directory;
        let last = files::list(directory)?.pop().map(|(_, path)| path).filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let bytes = path.metadata().map_or(u64::MAX, |metadata| metadata.len());
            name.starts_with(&day) && bytes < self.settings.file_bytes_max && files::ends_whole(path)
        });
        let path = last.unwrap_or_else(|| directory.join(files::name(&day, first)));
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let file = file.map_err(AuditError::file(&path))?;
        let bytes = file.metadata().map_err(AuditError::file(&path))?.len();
        let names = File::open(directory).and_then(|directory| directory.sync_all());
        names.map_err(AuditError::file(directory))?;
        Ok(Open { file, path, day, bytes, is_torn: false })
    }
}

impl Open {
    /// Writes whole records, or nothing.
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        self.mend()?;
        if let Err(error) = self.file.write_all(lines) {
            self.is_torn = true;
            // What cannot be done now is done before the next record.
            self.mend().ok();
            return Err(error);
        }
        self.bytes += lines.len() as u64;
        Ok(())
    }

    /// Cuts off what a write left that failed: half a record would break the chain, and so would a whole one that is made
    /// again.
    fn mend(&mut self) -> io::Result<()> {
        if self.is_torn {
            self.file.set_len(self.bytes)?;
            self.is_torn = false;
        }
        Ok(())
    }

    /// Has it on the disk.
    fn finish(&mut self) -> Result<(), AuditError> {
        self.mend().and_then(|()| self.file.sync_data()).map_err(AuditError::file(&self.path))
    }

    /// What was done to it by somebody else: what is written to a file that was removed is lost.
    fn disturbed(&self) -> Option<String> {
        let name = self.path.file_name().unwrap_or_default().display();
        let is_whole = |there: &Metadata, ours: &Metadata| {
            (there.dev(), there.ino()) == (ours.dev(), ours.ino()) && ours.len() >= self.bytes
        };
        match (std::fs::metadata(&self.path), self.file.metadata()) {
            (Ok(there), Ok(ours)) if is_whole(&there, &ours) => None,
            (Ok(_), Ok(_)) => Some(format!("{name} was cut or exchanged while it was written to")),
            (Err(error), _) if error.kind() == io::ErrorKind::NotFound => {
                Some(format!("{name} was removed while it was written to"))
            }
            // The disk fails: whoever writes next learns why.
            (Err(_), _) | (_, Err(_)) => None,
        }
    }
}

/// How much of the file that has the head's record is read at first, in bytes. The head is written every second, so that it is
/// found there but for a process that was killed amid a flood; then all of the file is read. A start must not take the longer the
/// more was recorded that day.
const END_BYTES: u64 = 64 * 1024;

/// Reads files from the one on that has the head's record, and from where the last so many bytes of that begin: the end, and
/// where the last whole line ends.
fn read_end(
    head: Option<Link>,
    files: &[(u64, PathBuf)],
    bytes: Option<u64>,
) -> Result<(End, u64), AuditError> {
    let mut end = End { head, last: None, is_broken: false };
    let mut whole = 0;
    let mut bytes = bytes.filter(|_| head.is_some());
    for (_, path) in files {
        let mut lines = match bytes.take() {
            Some(bytes) => Lines::open_end(path, bytes)?,
            None => Lines::open(path, 0)?,
        };
        while let Some(line) = lines.next()? {
            end.take(Record::parse(&line).as_ref());
        }
        whole = lines.offset;
    }
    Ok((end, whole))
}

/// How the trail was left.
struct Left {
    last: Link,
    /// What is not as it should be.
    disturbed: Option<String>,
}

/// Finds the end of the trail: the head, and what was recorded after it before the process ended, in that file and in
/// those that were begun since.
fn left(directory: &Path) -> Result<Left, AuditError> {
    let head = files::read_head(directory);
    let all = files::list(directory)?;
    let Some((_, newest)) = all.last() else {
        let disturbed = head.map(|head| format!("its records up to {} are gone", head.number));
        return Ok(Left { last: head.unwrap_or_default(), disturbed });
    };
    let is_before = |head: Link| all.iter().rposition(|(first, _)| *first <= head.number);
    let from = head.and_then(is_before).unwrap_or(0);
    let rest = all.get(from..).unwrap_or_default();
    let (mut end, mut whole) = read_end(head, rest, Some(END_BYTES))?;
    if end.last.is_none() {
        (end, whole) = read_end(head, rest, None)?;
    }
    let left = end.left();
    // A line without an end was being written when the machine or the process stopped. Where more than that was done, it
    // may have been a record, and stays as it is.
    if left.disturbed.is_none() {
        let file = OpenOptions::new().write(true).open(newest).map_err(AuditError::file(newest))?;
        file.set_len(whole).map_err(AuditError::file(newest))?;
    }
    Ok(left)
}

/// The end of the trail, as it is come to line by line.
struct End {
    head: Option<Link>,
    /// The head and what follows it; without a head the last record.
    last: Option<Link>,
    /// Whether something stands behind that which does not follow.
    is_broken: bool,
}

impl End {
    fn take(&mut self, record: Option<&Record<'_>>) {
        match (record, self.last) {
            (Some(record), _) if Some(record.link) == self.head => {
                (self.last, self.is_broken) = (self.head, false);
            }
            (Some(record), Some(last)) if record.follows(&last) => self.last = Some(record.link),
            (Some(record), _) if self.head.is_none() => self.last = Some(record.link),
            (_, Some(_)) => self.is_broken = true,
            (_, None) => {}
        }
    }

    fn left(self) -> Left {
        let (last, disturbed) = match (self.head, self.last) {
            (Some(_), Some(last)) if !self.is_broken => (last, None),
            (Some(_), Some(last)) => {
                (last, Some(format!("after record {} the chain is broken", last.number)))
            }
            (Some(head), None) => {
                (head, Some(format!("record {}, which was the last, is gone", head.number)))
            }
            (None, Some(last)) => (last, Some("its head is gone".to_owned())),
            // A file was begun, and nothing was written to it.
            (None, None) => (Link::default(), None),
        };
        Left { last, disturbed }
    }
}

#[cfg(test)]
mod tests;
