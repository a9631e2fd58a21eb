use std::{fs::File, io, time::SystemTime};

use crate::disk::DiskFile;

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
