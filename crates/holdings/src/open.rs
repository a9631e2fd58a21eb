use std::io::{self, Read};

use catalog::Held;
use vault::{InstanceFile, InstanceKey, Shortage};

use crate::{Holdings, HoldingsError};

/// An instance opened to be sent on: reads its data set, byte for byte as it was received.
#[derive(Debug)]
pub struct OpenInstance {
    file: InstanceFile,
    data_set_offset: u64,
    data_set_bytes: u64,
}

impl OpenInstance {
    /// Length of the data set, in bytes.
    pub fn data_set_bytes(&self) -> u64 {
        self.data_set_bytes
    }

    /// Where the data set begins in the file, in bytes.
    pub fn data_set_offset(&self) -> u64 {
        self.data_set_offset
    }

    /// The whole file, file meta information included.
    pub fn file(&self) -> &InstanceFile {
        &self.file
    }
}

impl Read for OpenInstance {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.file.read(into)
    }
}

impl Holdings {
    /// Opens an instance to be sent on.
    ///
    /// # Errors
    /// When its file is missing, or is not as long as it was when it was kept.
    pub fn open_instance(&self, held: &Held) -> Result<OpenInstance, HoldingsError> {
        let key = key_of(held);
        let mut file = match self.vault.open_instance(&key) {
            // Replaced since it was found: who found it gets what he found.
            Err(Shortage::Missing { doing, path }) => match self.vault.open_set_aside(&key, held.bytes) {
                Err(Shortage::Missing { .. }) => return Err(Shortage::Missing { doing, path }.into()),
                opened => opened?,
            },
            opened => opened?,
        };
        let data_set_offset = u64::from(held.data_set_offset);
        match file.length().checked_sub(data_set_offset) {
            Some(data_set_bytes) if file.length() == held.bytes => {
                file.seek_to(data_set_offset);
                Ok(OpenInstance { file, data_set_offset, data_set_bytes })
            }
            _ => Err(HoldingsError::Damaged {
                path: self.vault.path(&key),
                what: format!("it has {} bytes, {} were kept", file.length(), held.bytes),
            }),
        }
    }
}

/// Where the vault has what the catalog holds.
pub(crate) fn key_of(held: &Held) -> InstanceKey {
    InstanceKey {
        day: held.place.day,
        study: held.place.study_instance_uid.clone(),
        series: held.place.series_instance_uid.clone(),
        sop_instance: held.place.sop_instance_uid.clone(),
        version: held.place.version,
    }
}
