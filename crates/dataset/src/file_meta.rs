//! Files (PS3.10 section 7): preamble, prefix, file meta information, and where the data set begins.

use std::io::{self, Read};

use vocabulary::{AeTitle, Blame, Encoding, Tag, Uid, Vr, transfer_syntax};

use crate::malformed::Malformed;
use crate::writer::DataSetWriter;

mod find;
#[cfg(test)]
mod tests;

pub use find::{DataSetFound, Form, find_data_set};

const PREAMBLE_BYTES: usize = 128;
const PREFIX: &[u8; 4] = b"DICM";

const GROUP_LENGTH: Tag = Tag(0x0002, 0x0000);
const VERSION: Tag = Tag(0x0002, 0x0001);
const MEDIA_STORAGE_SOP_CLASS_UID: Tag = Tag(0x0002, 0x0002);
const MEDIA_STORAGE_SOP_INSTANCE_UID: Tag = Tag(0x0002, 0x0003);
const TRANSFER_SYNTAX_UID: Tag = Tag(0x0002, 0x0010);
const IMPLEMENTATION_CLASS_UID: Tag = Tag(0x0002, 0x0012);
const IMPLEMENTATION_VERSION_NAME: Tag = Tag(0x0002, 0x0013);
const SOURCE_AE_TITLE: Tag = Tag(0x0002, 0x0016);
const SENDING_AE_TITLE: Tag = Tag(0x0002, 0x0017);
const RECEIVING_AE_TITLE: Tag = Tag(0x0002, 0x0018);

/// The file meta information of a file (PS3.10 7.1), complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMeta {
    /// (0002,0002)
    pub media_storage_sop_class_uid: Uid,
    /// (0002,0003)
    pub media_storage_sop_instance_uid: Uid,
    /// (0002,0010)
    pub transfer_syntax_uid: Uid,
    /// (0002,0012)
    pub implementation_class_uid: Uid,
    /// (0002,0013), at most 16 characters; empty: not written.
    pub implementation_version_name: String,
    /// (0002,0016)
    pub source_ae_title: Option<AeTitle>,
    /// (0002,0017)
    pub sending_ae_title: Option<AeTitle>,
    /// (0002,0018)
    pub receiving_ae_title: Option<AeTitle>,
}

/// Why the beginning of a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FileMetaError {
    /// Reading failed.
    #[error("cannot read the file: {0}")]
    Read(#[from] io::Error),
    /// No DICM after 128 bytes, nor anything else that looks like DICOM.
    #[error("not a DICOM file")]
    NotDicom,
    /// Longer than any that is read.
    #[error("the file meta information is longer than {0} bytes")]
    TooLong(usize),
    /// Group 0002 does not keep to PS3.5.
    #[error("the file meta information is broken: {0}")]
    Malformed(#[from] Malformed),
    /// An attribute of type 1 is absent or has no valid value.
    #[error("the file meta information has no valid {0}")]
    Lacks(Tag),
}

impl FileMetaError {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Read(_) => Blame::FellShort,
            _ => Blame::NotOffered,
        }
    }
}

impl FileMeta {
    /// Preamble, prefix and group 0002: all that stands before the data set.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut group = DataSetWriter::new(Encoding::ExplicitLittleEndian);
        group.element(VERSION, Vr::OB, &[0, 1]);
        group.text(MEDIA_STORAGE_SOP_CLASS_UID, Vr::UI, self.media_storage_sop_class_uid.as_str());
        group.text(MEDIA_STORAGE_SOP_INSTANCE_UID, Vr::UI, self.media_storage_sop_instance_uid.as_str());
        group.text(TRANSFER_SYNTAX_UID, Vr::UI, self.transfer_syntax_uid.as_str());
        group.text(IMPLEMENTATION_CLASS_UID, Vr::UI, self.implementation_class_uid.as_str());
        if !self.implementation_version_name.is_empty() {
            group.text(IMPLEMENTATION_VERSION_NAME, Vr::SH, &self.implementation_version_name);
        }
        let titles = [
            (SOURCE_AE_TITLE, &self.source_ae_title),
            (SENDING_AE_TITLE, &self.sending_ae_title),
            (RECEIVING_AE_TITLE, &self.receiving_ae_title),
        ];
        for (tag, title) in titles {
            if let Some(title) = title {
                group.text(tag, Vr::AE, title.as_str());
            }
        }
        let group = group.into_bytes();
        let mut length = DataSetWriter::new(Encoding::ExplicitLittleEndian);
        length.u32(GROUP_LENGTH, group.len() as u32);
        let mut bytes = vec![0; PREAMBLE_BYTES];
        bytes.extend_from_slice(PREFIX);
        bytes.extend_from_slice(&length.into_bytes());
        bytes.extend_from_slice(&group);
        bytes
    }

    /// Reads the beginning of a file that has preamble, prefix and complete file meta information, as
    /// all files of the vault. Gives the offset of the data set too.
    ///
    /// # Errors
    /// When it is not like that, or reading fails.
    pub fn read(from: &mut impl Read) -> Result<(Self, u64), FileMetaError> {
        let found = find_data_set(from)?;
        let (Form::Part10, Some(group)) = (found.form, &found.meta) else {
            return Err(FileMetaError::NotDicom);
        };
        let uid = |tag| match group.uid(tag) {
            Some(Ok(uid)) => Ok(uid),
            _ => Err(FileMetaError::Lacks(tag)),
        };
        let title = |tag| group.raw(tag).and_then(|title| AeTitle::from_wire(title).ok());
        let meta = Self {
            media_storage_sop_class_uid: uid(MEDIA_STORAGE_SOP_CLASS_UID)?,
            media_storage_sop_instance_uid: uid(MEDIA_STORAGE_SOP_INSTANCE_UID)?,
            transfer_syntax_uid: uid(TRANSFER_SYNTAX_UID)?,
            implementation_class_uid: uid(IMPLEMENTATION_CLASS_UID)?,
            implementation_version_name: group.text(IMPLEMENTATION_VERSION_NAME).unwrap_or_default(),
            source_ae_title: title(SOURCE_AE_TITLE),
            sending_ae_title: title(SENDING_AE_TITLE),
            receiving_ae_title: title(RECEIVING_AE_TITLE),
        };
        Ok((meta, found.data_set_offset))
    }
}

/// The encoding of a transfer syntax; those that the table does not know are explicit VR little endian, as
/// every encapsulated one is (PS3.5 A.4).
fn encoding_of(transfer_syntax_uid: &Uid) -> Encoding {
    transfer_syntax::find(transfer_syntax_uid.as_str())
        .map_or(Encoding::ExplicitLittleEndian, |syntax| syntax.encoding)
}
