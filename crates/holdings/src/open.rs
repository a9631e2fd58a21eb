use std::{
    fmt,
    io::{self, Cursor, Read},
    path::PathBuf,
};

use catalog::{Held, Place};
use vault::{Digest, Digester, InstanceFile, InstanceKey, Shortage};

use crate::{Holdings, HoldingsError};

/// Up to this many bytes a data set is read and compared with its checksum before the first of them is given out: a
/// slice of CT or MR, and that of most modalities.
const CHECKED_AHEAD_BYTES_MAX: u64 = 1024 * 1024;

/// An instance opened to be sent on: reads its data set, byte for byte as it was received.
#[derive(Debug)]
pub struct OpenInstance {
    file: InstanceFile,
    path: PathBuf,
    data_set_offset: u64,
    data_set_bytes: u64,
    digest: Digest,
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

    /// The data set, for one who must not pass on what is not as it was kept. A short one is compared with its checksum now, a
    /// long one while it is read: then the last piece is not given out, but an error in its place.
    ///
    /// # Errors
    /// When it cannot be read, or is not as it was kept.
    pub fn checked(mut self) -> Result<Checked, HoldingsError> {
        if self.data_set_bytes > CHECKED_AHEAD_BYTES_MAX {
            let left = self.data_set_bytes;
            return Ok(Checked(Bytes::File { instance: self, digester: Box::default(), left }));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(self.data_set_bytes).unwrap_or_default());
        let read = (&mut self.file).take(self.data_set_bytes).read_to_end(&mut bytes);
        read.map_err(|source| HoldingsError::File { path: self.path.clone(), source })?;
        let mut digester = Digester::default();
        digester.update(&bytes);
        self.compare(&digester)?;
        Ok(Checked(Bytes::Memory(Cursor::new(bytes))))
    }

    fn compare(&self, digester: &Digester) -> Result<(), HoldingsError> {
        let found = digester.finish();
        if found == self.digest {
            return Ok(());
        }
        let kept = self.digest;
        let what = format!(
            "its checksum is {found}, not {kept}; restore it from a backup, or have the instance sent again, which puts it back"
        );
        Err(HoldingsError::Damaged { path: self.path.clone(), what })
    }
}

impl Read for OpenInstance {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.file.read(into)
    }
}

/// See [`OpenInstance::checked`].
pub struct Checked(Bytes);

enum Bytes {
    Memory(Cursor<Vec<u8>>),
    File { instance: OpenInstance, digester: Box<Digester>, left: u64 },
}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Bytes::Memory(_) => "Checked",
            Bytes::File { .. } => "Checked while it is read",
        })
    }
}

impl Read for Checked {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Bytes::Memory(bytes) => bytes.read(into),
            Bytes::File { instance, digester, left } => {
                let count = instance.file.read(into)?;
                digester.update(into.get(..count).unwrap_or_default());
                *left = left.saturating_sub(count as u64);
                if *left == 0 {
                    instance.compare(digester).map_err(io::Error::other)?;
                }
                Ok(count)
            }
        }
    }
}

impl Holdings {
    /// Opens an instance to be sent on; its bytes are as they were kept as far as [`OpenInstance::checked`] says so.
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
                let (path, digest) = (self.vault.path(&key), Digest::from_bytes(held.digest));
                Ok(OpenInstance { file, path, data_set_offset, data_set_bytes, digest })
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
    key_of_place(&held.place)
}

/// Where the vault has what has this place in the catalog.
pub(crate) fn key_of_place(place: &Place) -> InstanceKey {
    InstanceKey {
        day: place.day,
        study: place.study_instance_uid.clone(),
        series: place.series_instance_uid.clone(),
        sop_instance: place.sop_instance_uid.clone(),
        version: place.version,
    }
}
