//! Reading what lies in the vault: where its data set begins, what it says, what its checksum is.

use std::io::{self, Cursor};

use catalog::{ExtractError, InstanceRow, keys};
use dataset::{FileMeta, Malformed, Walker, file_meta::FileMetaError};
use vault::{Digest, Digester, InstanceFile, InstanceKey};

use crate::ingest::encoding_of;

/// How much of a file is read at a time, in bytes.
const READ_BYTES: usize = 128 * 1024;

/// How much of a file is read for its file meta information at first, in bytes: mostly all that it takes.
const HEAD_BYTES: usize = 4 * 1024;

/// Why a file of the vault cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error("its beginning is broken: {0}")]
    FileMeta(#[from] FileMetaError),
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error(transparent)]
    Unidentified(#[from] ExtractError),
    #[error("it is an instance that belongs elsewhere")]
    Elsewhere,
}

/// What a file of the vault says of itself.
#[derive(Debug)]
pub(crate) struct ReadBack {
    pub(crate) meta: FileMeta,
    pub(crate) data_set_offset: u32,
    pub(crate) row: InstanceRow,
    pub(crate) digest: Digest,
}

/// The file meta information, and where the data set begins.
pub(crate) fn read_file_meta(file: &InstanceFile) -> Result<(FileMeta, u32), Unreadable> {
    let mut head = vec![0; HEAD_BYTES];
    let count = file.read_at(&mut head, 0)?;
    head.truncate(count);
    let (meta, offset) = match FileMeta::read(&mut Cursor::new(&head)) {
        // A broken one, or one that is longer than the head.
        Err(_) if count == HEAD_BYTES => FileMeta::read(&mut From0 { file, position: 0 })?,
        read => read?,
    };
    let offset = u32::try_from(offset).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok((meta, offset))
}

/// Reads a whole file: what it says of itself, and the checksum of its data set.
pub(crate) fn read_back(file: &InstanceFile, key: &InstanceKey) -> Result<ReadBack, Unreadable> {
    let (meta, data_set_offset) = read_file_meta(file)?;
    let mut walker = Walker::new(encoding_of(&meta.transfer_syntax_uid), keys::wanted_tags());
    let mut digester = Digester::default();
    for_each_piece(file, data_set_offset, &mut |piece| {
        digester.update(piece);
        walker.push(piece).map_err(Unreadable::from)
    })?;
    let row = InstanceRow::extract(&walker.finish()?, &meta.transfer_syntax_uid)?;
    let belongs = *row.study_instance_uid() == key.study
        && *row.series_instance_uid() == key.series
        && *row.sop_instance_uid() == key.sop_instance;
    if !belongs {
        return Err(Unreadable::Elsewhere);
    }
    Ok(ReadBack { meta, data_set_offset, row, digest: digester.finish() })
}

/// The checksum of the data set that begins at `data_set_offset`.
pub(crate) fn digest_of_data_set(file: &InstanceFile, data_set_offset: u32) -> io::Result<Digest> {
    let mut digester = Digester::default();
    for_each_piece(file, data_set_offset, &mut |piece| {
        digester.update(piece);
        Ok::<_, io::Error>(())
    })?;
    Ok(digester.finish())
}

fn for_each_piece<E: From<io::Error>>(
    file: &InstanceFile,
    data_set_offset: u32,
    each: &mut dyn FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut buffer = vec![0; READ_BYTES];
    let mut offset = u64::from(data_set_offset);
    loop {
        let count = file.read_at(&mut buffer, offset)?;
        match buffer.get(..count) {
            Some(piece) if !piece.is_empty() => each(piece)?,
            _ => return Ok(()),
        }
        offset += count as u64;
    }
}

/// Reads a file from its first byte on.
struct From0<'a> {
    file: &'a InstanceFile,
    position: u64,
}

impl io::Read for From0<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(into, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}
