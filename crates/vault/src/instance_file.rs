use std::{fs::File, io, time::SystemTime};

use rustix::fs::{Advice, fadvise};

use crate::disk::DiskFile;

/// How much of two files is compared at a time, in bytes.
const COMPARED_BYTES: usize = 64 * 1024;

/// An instance opened for reading: the whole Part 10 file, from its preamble on.
#[derive(Debug)]
pub struct InstanceFile {
    file: Box<dyn DiskFile>,
    length: u64,
    changed: SystemTime,
    position: u64,
}

impl InstanceFile {
    pub(crate) fn new(file: Box<dyn DiskFile>) -> io::Result<Self> {
        let (length, changed) = file.length_and_time()?;
        Ok(Self { file, length, changed, position: 0 })
    }

    /// Length of the file, in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// When its bytes were last changed: for what the vault wrote itself, when it was received.
    pub fn changed(&self) -> SystemTime {
        self.changed
    }

    /// Lets the system know that this is read once, so that it does not push out of memory what is read often. A hint.
    pub fn is_read_once(&self) {
        if let Some(file) = self.as_file() {
            fadvise(file, 0, None, Advice::NoReuse).ok();
        }
    }

    /// Bytes from `offset` on, without moving the position; 0 at the end.
    ///
    /// # Errors
    /// As the system reports.
    pub fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(into, offset)
    }

    /// Fills `into` from `offset` on; whether there were enough bytes for it.
    ///
    /// # Errors
    /// As the system reports.
    pub fn read_exact_at(&self, into: &mut [u8], offset: u64) -> io::Result<bool> {
        let mut done = 0;
        while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.read_at(rest, offset + done as u64)? {
                0 => return Ok(false),
                count => done += count,
            }
        }
        Ok(true)
    }

    /// Whether the bytes from `offset` on are those of `other` from `other_offset` on.
    ///
    /// # Errors
    /// As the system reports.
    pub fn is_same_from(&self, offset: u64, other: &Self, other_offset: u64) -> io::Result<bool> {
        let left = self.length.saturating_sub(offset);
        if other.length.saturating_sub(other_offset) != left {
            return Ok(false);
        }
        let (mut ours, mut theirs) = (vec![0; COMPARED_BYTES], vec![0; COMPARED_BYTES]);
        let mut done = 0;
        while done < left {
            let count = usize::try_from(left - done).unwrap_or(COMPARED_BYTES).min(COMPARED_BYTES);
            let (Some(ours), Some(theirs)) = (ours.get_mut(..count), theirs.get_mut(..count)) else { break };
            let read = self.read_exact_at(ours, offset + done)?
                && other.read_exact_at(theirs, other_offset + done)?;
            if !read || ours != theirs {
                return Ok(false);
            }
            done += count as u64;
        }
        Ok(true)
    }

    /// Where the next `read` begins.
    pub fn seek_to(&mut self, position: u64) {
        self.position = position;
    }

    /// The file of the operating system, where there is one: for mapping it or handing it to a socket.
    pub fn as_file(&self) -> Option<&File> {
        self.file.as_file()
    }
}

impl io::Read for InstanceFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(into, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}
