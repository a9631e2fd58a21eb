//! A file from elsewhere comes in on the same way as an instance over an association.

use std::{
    fs::File,
    io::{self, Cursor, Read, Seek, SeekFrom},
    path::Path,
    time::SystemTime,
};

use catalog::keys;
use dataset::{
    Walker,
    file_meta::{DataSetFound, FileMetaError, find_data_set},
};
use vocabulary::{Tag, Uid};

use crate::{Arriving, Holdings, Kept, NotKept, Origin, Refusal};

/// How much of a file is read at a time, in bytes.
const READ_BYTES: usize = 128 * 1024;

/// Media Storage Directory Storage: a DICOMDIR.
const MEDIA_STORAGE_DIRECTORY_STORAGE: &str = "1.2.840.10008.1.3.10";

/// Why a file was not imported.
#[derive(Debug, thiserror::Error)]
pub enum NotImported {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is no DICOM file.
    #[error(transparent)]
    NotDicom(FileMetaError),
    /// It is the directory of a medium, not an instance.
    #[error("a DICOMDIR lists the files of a medium and is no instance")]
    Directory,
    /// It is an instance that cannot be kept, or the disk or the catalog fails.
    #[error(transparent)]
    NotKept(#[from] NotKept),
}

impl NotImported {
    /// Whether the next file will not fare better: it is we who fall short.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::NotKept(NotKept::Short(_)))
    }
}

impl Holdings {
    /// Takes a file in: with or without preamble and file meta information, which is written anew. `now` is when it
    /// counts as received.
    ///
    /// # Errors
    /// With the reason why it was skipped, see [`NotImported`].
    pub fn import(&mut self, path: &Path, origin: &Origin, now: SystemTime) -> Result<Kept, NotImported> {
        let mut file = File::open(path)?;
        let found = find(&mut file)?;
        let announced = match announced(&found)? {
            Some(announced) => announced,
            None => look_ahead(&mut file, &found)?,
        };
        match self.import_as(&mut file, &found, announced, origin, now) {
            // Files whose meta information was not changed with the data set occur. The data set is what counts.
            Err(NotImported::NotKept(NotKept::Refused(
                Refusal::OtherSopClass { .. } | Refusal::OtherSopInstance { .. },
            ))) => {
                let announced = look_ahead(&mut file, &found)?;
                self.import_as(&mut file, &found, announced, origin, now)
            }
            other => other,
        }
    }

    fn import_as(
        &mut self,
        file: &mut File,
        found: &DataSetFound,
        (sop_class_uid, sop_instance_uid): (Uid, Uid),
        origin: &Origin,
        now: SystemTime,
    ) -> Result<Kept, NotImported> {
        let transfer_syntax_uid = found.transfer_syntax_uid.clone();
        let origin = origin.clone();
        let mut ingest =
            self.begin(Arriving { sop_class_uid, sop_instance_uid, transfer_syntax_uid, origin })?;
        for_each_piece(file, found.data_set_offset, &mut |piece| Ok(ingest.write(piece)?))?;
        Ok(self.keep(ingest, now)?)
    }
}

/// Where the data set begins; mostly after one read.
fn find(file: &mut File) -> Result<DataSetFound, NotImported> {
    const HEAD_BYTES: u64 = 16 * 1024;
    let mut head = Vec::new();
    file.take(HEAD_BYTES).read_to_end(&mut head)?;
    let is_whole = (head.len() as u64) < HEAD_BYTES;
    let found = match find_data_set(&mut Cursor::new(&head)) {
        // A broken beginning, or one that is longer than the head.
        Err(_) if !is_whole => {
            file.seek(SeekFrom::Start(0))?;
            find_data_set(file)
        }
        found => found,
    };
    found.map_err(|error| match error {
        FileMetaError::Read(error) => NotImported::Unreadable(error),
        other => NotImported::NotDicom(other),
    })
}

/// SOP class and instance as the file meta information says them.
fn announced(found: &DataSetFound) -> Result<Option<(Uid, Uid)>, NotImported> {
    const MEDIA_STORAGE_SOP_CLASS_UID: Tag = Tag(0x0002, 0x0002);
    const MEDIA_STORAGE_SOP_INSTANCE_UID: Tag = Tag(0x0002, 0x0003);
    let uid = |tag| found.meta.as_ref()?.uid(tag)?.ok();
    let Some(sop_class) = uid(MEDIA_STORAGE_SOP_CLASS_UID) else { return Ok(None) };
    if sop_class == MEDIA_STORAGE_DIRECTORY_STORAGE {
        return Err(NotImported::Directory);
    }
    Ok(uid(MEDIA_STORAGE_SOP_INSTANCE_UID).map(|sop_instance| (sop_class, sop_instance)))
}

/// SOP class and instance as the data set says them.
fn look_ahead(file: &mut File, found: &DataSetFound) -> Result<(Uid, Uid), NotImported> {
    let mut walker = Walker::new(found.encoding, keys::wanted_tags());
    for_each_piece(file, found.data_set_offset, &mut |piece| {
        walker.push(piece).map_err(|malformed| NotKept::from(Refusal::from(malformed)).into())
    })?;
    let attributes = walker.finish().map_err(|malformed| NotKept::from(Refusal::from(malformed)))?;
    let row = catalog::InstanceRow::extract(&attributes, &found.transfer_syntax_uid)
        .map_err(|error| NotKept::from(Refusal::from(error)))?;
    Ok((row.sop_class_uid().clone(), row.sop_instance_uid().clone()))
}

fn for_each_piece(
    file: &mut File,
    offset: u64,
    each: &mut dyn FnMut(&[u8]) -> Result<(), NotImported>,
) -> Result<(), NotImported> {
    file.seek(SeekFrom::Start(offset))?;
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let count = match file.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            count => count?,
        };
        match buffer.get(..count) {
            Some(piece) if !piece.is_empty() => each(piece)?,
            _ => return Ok(()),
        }
    }
}
