//! Reading what lies in the vault: what a file says of itself, and what its data set is.

use std::{
    io::{self, Cursor},
    time::SystemTime,
};

use catalog::{Change, ExamTypes, ExtractError, InstanceRow, Location, keys};
use dataset::{
    Malformed, Walker,
    file_meta::{DataSetFound, FileMetaError, Form, find_data_set},
};
use vault::{Digest, Digester, InstanceFile, InstanceKey};
use vocabulary::{AeTitle, Encoding, Tag, Uid};

use crate::{ingest::encoding_of, noted::Noted};

const TRANSFER_SYNTAX_UID: Tag = Tag(0x0002, 0x0010);
const SOURCE_AE_TITLE: Tag = Tag(0x0002, 0x0016);

/// How much of a file is read at a time, in bytes.
const READ_BYTES: usize = 128 * 1024;

/// How much of a file is read for its beginning, in bytes: mostly all that stands before the pixel data.
const HEAD_BYTES: usize = 16 * 1024;

/// How much of a file is read for what it notes, in bytes: group 0002 as we write it, and room for longer UIDs.
const NOTED_HEAD_BYTES: usize = 1024;

/// How often Pixel Data (7FE0,0010) is taken for what it may be in the head: private values may look like it.
const PIXEL_DATA_TRIED_MAX: usize = 4;

/// Why a file of the vault cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error("its beginning is broken: {0}")]
    FileMeta(#[from] FileMetaError),
    #[error("it lacks file meta information")]
    NoFileMeta,
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error(transparent)]
    Unidentified(#[from] ExtractError),
    #[error("it is an instance that belongs elsewhere")]
    Elsewhere,
    #[error("its data set is not the one that was kept: the checksum is {found}, not {noted}")]
    Changed { found: Digest, noted: Digest },
}

/// What stands before the data set of a file.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) transfer_syntax_uid: Uid,
    pub(crate) data_set_offset: u32,
    source_ae_title: Option<AeTitle>,
    pub(crate) noted: Option<Noted>,
    /// The beginning of the file, the data set's included.
    bytes: Vec<u8>,
}

/// How much of a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it, and its checksum is compared with the one noted.
    Whole,
    /// No more than the catalog wants, if the file notes its checksum.
    Header,
}

/// When an instance was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Received {
    /// Its file says so.
    Noted(SystemTime),
    /// Its file does not say so: when it was last changed, be it by a copy.
    Presumed(SystemTime),
}

/// Reads when an instance was received, and no more than that.
pub(crate) fn read_received(file: &InstanceFile) -> Result<Received, Unreadable> {
    read_head_of(file, NOTED_HEAD_BYTES).map(|head| head.received(file))
}

/// Reads what stands before the data set.
pub(crate) fn read_head(file: &InstanceFile) -> Result<Head, Unreadable> {
    read_head_of(file, HEAD_BYTES)
}

fn read_head_of(file: &InstanceFile, head_bytes: usize) -> Result<Head, Unreadable> {
    let length = usize::try_from(file.length()).unwrap_or(usize::MAX).min(head_bytes);
    let mut bytes = vec![0; length];
    let count = file.read_at(&mut bytes, 0)?;
    bytes.truncate(count);
    let found = match find_data_set(&mut Cursor::new(&bytes)) {
        // A broken one, or one that is longer than the head.
        Err(_) if count == head_bytes => find_data_set(&mut FromTheStart { file, position: 0 })?,
        found => found?,
    };
    let (Form::Part10, DataSetFound { data_set_offset, meta: Some(group), .. }) = (found.form, found) else {
        return Err(Unreadable::NoFileMeta);
    };
    let Some(Ok(transfer_syntax_uid)) = group.uid(TRANSFER_SYNTAX_UID) else {
        return Err(FileMetaError::Lacks(TRANSFER_SYNTAX_UID).into());
    };
    Ok(Head {
        transfer_syntax_uid,
        data_set_offset: u32::try_from(data_set_offset).map_err(|_| Unreadable::NoFileMeta)?,
        source_ae_title: group.raw(SOURCE_AE_TITLE).and_then(|title| AeTitle::from_wire(title).ok()),
        noted: Noted::read(&group),
        bytes,
    })
}

/// Reads a file of the vault as the catalog wants it.
pub(crate) fn read_back(
    file: &InstanceFile,
    key: &InstanceKey,
    extent: Extent,
    exam_types: &ExamTypes,
) -> Result<(InstanceRow, Location), Unreadable> {
    read_back_when(file, key, extent, exam_types).map(|(row, location, _)| (row, location))
}

/// As [`read_back`], and how it is known when the instance was received.
pub(crate) fn read_back_when(
    file: &InstanceFile,
    key: &InstanceKey,
    extent: Extent,
    exam_types: &ExamTypes,
) -> Result<(InstanceRow, Location, Received), Unreadable> {
    let head = read_head(file)?;
    let from_header = match (extent, &head.noted) {
        (Extent::Header, Some(noted)) => read_header(&head).map(|row| (row, noted.digest)),
        _ => None,
    };
    let (row, digest) = match from_header {
        Some(read) => read,
        None => read_whole(file, &head)?,
    };
    let row = row.with_exam_type(exam_types);
    let row = if head.changes().is_empty() { row } else { row.changed(head.changes().to_vec())? };
    let belongs = *row.study_instance_uid() == key.study
        && *row.series_instance_uid() == key.series
        && *row.sop_instance_uid() == key.sop_instance;
    if !belongs {
        return Err(Unreadable::Elsewhere);
    }
    let location = head.location(file, key, digest);
    Ok((row, location, head.received(file)))
}

impl Head {
    /// When the instance was received, as far as its file says.
    fn received(&self, file: &InstanceFile) -> Received {
        let presumed = || Received::Presumed(file.changed());
        self.noted.as_ref().map_or_else(presumed, |noted| Received::Noted(noted.received_at))
    }

    /// What is recorded of the file beside its data set.
    pub(crate) fn location(&self, file: &InstanceFile, key: &InstanceKey, digest: Digest) -> Location {
        Location {
            day: key.day,
            version: key.version,
            bytes: file.length(),
            data_set_offset: self.data_set_offset,
            digest: *digest.as_bytes(),
            received_at: self.received_at(file),
            source_ae_title: self.source_ae_title.clone(),
        }
    }

    /// What was changed about it when it arrived.
    pub(crate) fn changes(&self) -> &[Change] {
        self.noted.as_ref().map_or(&[], |noted| &noted.changes)
    }

    /// When it was received; for a file that does not say so, when it was last changed.
    pub(crate) fn received_at(&self, file: &InstanceFile) -> SystemTime {
        self.noted.as_ref().map_or_else(|| file.changed(), |noted| noted.received_at)
    }
}

/// What the catalog wants, from the elements before Pixel Data (7FE0,0010), if they are all in the head. The walker
/// says whether what looks like Pixel Data is: only there may a data set end.
fn read_header(head: &Head) -> Option<InstanceRow> {
    let encoding = encoding_of(&head.transfer_syntax_uid);
    let pixel_data = match encoding {
        Encoding::ImplicitLittleEndian | Encoding::ExplicitLittleEndian => [0xE0, 0x7F, 0x10, 0x00],
        Encoding::ExplicitBigEndian => [0x7F, 0xE0, 0x00, 0x10],
        Encoding::DeflatedExplicitLittleEndian => return None,
    };
    let data_set = head.bytes.get(usize::try_from(head.data_set_offset).ok()?..)?;
    let places = data_set.windows(pixel_data.len()).enumerate().filter(|(_, window)| **window == pixel_data);
    places.take(PIXEL_DATA_TRIED_MAX).find_map(|(place, _)| {
        let mut walker = Walker::new(encoding, keys::wanted_tags());
        walker.push(data_set.get(..place)?).ok()?;
        InstanceRow::extract(&walker.finish().ok()?, &head.transfer_syntax_uid).ok()
    })
}

fn read_whole(file: &InstanceFile, head: &Head) -> Result<(InstanceRow, Digest), Unreadable> {
    let mut walker = Walker::new(encoding_of(&head.transfer_syntax_uid), keys::wanted_tags());
    let mut digester = Digester::default();
    let mut take = |piece: &[u8]| {
        digester.update(piece);
        walker.push(piece).map_err(Unreadable::from)
    };
    // What is in the head already is not read again, which of a small file is all of it.
    let data_set_offset = u64::from(head.data_set_offset);
    let in_head =
        usize::try_from(data_set_offset).ok().and_then(|offset| head.bytes.get(offset..)).unwrap_or_default();
    take(in_head)?;
    let rest = data_set_offset + in_head.len() as u64;
    if rest < file.length() {
        for_each_piece(file, rest, &mut take)?;
    }
    let digest = digester.finish();
    match &head.noted {
        Some(Noted { digest: noted, .. }) if *noted != digest => {
            return Err(Unreadable::Changed { found: digest, noted: *noted });
        }
        _ => {}
    }
    Ok((InstanceRow::extract(&walker.finish()?, &head.transfer_syntax_uid)?, digest))
}

/// The checksum of the data set that begins at `data_set_offset`.
pub(crate) fn digest_of_data_set(file: &InstanceFile, data_set_offset: u32) -> io::Result<Digest> {
    let mut digester = Digester::default();
    for_each_piece(file, u64::from(data_set_offset), &mut |piece| {
        digester.update(piece);
        Ok::<_, io::Error>(())
    })?;
    Ok(digester.finish())
}

fn for_each_piece<E: From<io::Error>>(
    file: &InstanceFile,
    mut offset: u64,
    each: &mut dyn FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut buffer = vec![0; READ_BYTES];
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
struct FromTheStart<'a> {
    file: &'a InstanceFile,
    position: u64,
}

impl io::Read for FromTheStart<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(into, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}
