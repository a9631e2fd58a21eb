//! What each file of the vault says of itself beside PS3.10: the checksum of its data set and when it was received.
//!
//! It stands in the Private Information (0002,0102), so that any reader of DICOM files passes it by, and a catalog that
//! is rebuilt from the files knows both without reading them whole.

use std::time::{Duration, SystemTime};

use dataset::{DataSetWriter, FileMeta, Identifier};
use vault::Digest;
use vocabulary::{Encoding, Tag, Uid, Vr};

const PRIVATE_INFORMATION_CREATOR_UID: Tag = Tag(0x0002, 0x0100);
const PRIVATE_INFORMATION: Tag = Tag(0x0002, 0x0102);

/// Below [`Uid::ROOT`]: 1 is for implementations (PS3.7 D.3.3.2), 2 for private information. The last component
/// is the layout: digest, then microseconds since 1970, little endian.
const CREATOR_SUFFIX: &str = "2.1";

/// Preamble and prefix, and the header of (0002,0000): then comes the length of group 0002.
const GROUP_LENGTH_AT: usize = 128 + 4 + 8;

const TIME_BYTES: usize = 8;
const NOTED_BYTES: usize = Digest::BYTES + TIME_BYTES;

/// What is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) digest: Digest,
    pub(crate) received_at: SystemTime,
}

impl Noted {
    /// All that stands before the data set, with room for what is known only after it; and where that room is.
    pub(crate) fn make_room(meta: &FileMeta) -> (Vec<u8>, u64) {
        let mut private = DataSetWriter::new(Encoding::ExplicitLittleEndian);
        private.text(PRIVATE_INFORMATION_CREATOR_UID, Vr::UI, &creator());
        private.element(PRIVATE_INFORMATION, Vr::OB, &[0; NOTED_BYTES]);
        let private = private.into_bytes();
        let mut bytes = meta.to_bytes();
        let length = bytes.get_mut(GROUP_LENGTH_AT..).and_then(|rest| rest.first_chunk_mut::<4>());
        if let Some(length) = length {
            let added = u32::try_from(private.len()).unwrap_or_default();
            *length = (u32::from_le_bytes(*length) + added).to_le_bytes();
        }
        bytes.extend_from_slice(&private);
        let room = bytes.len() - NOTED_BYTES;
        (bytes, room as u64)
    }

    /// As it stands in the file.
    pub(crate) fn to_bytes(self) -> [u8; NOTED_BYTES] {
        let since = self.received_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let microseconds = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
        let mut bytes = [0; NOTED_BYTES];
        let values =
            self.digest.as_bytes().iter().chain(&microseconds.to_le_bytes()).copied().collect::<Vec<_>>();
        bytes.iter_mut().zip(values).for_each(|(to, from)| *to = from);
        bytes
    }

    /// What group 0002 of a file says; nothing if we did not write it.
    pub(crate) fn read(group: &Identifier) -> Option<Self> {
        let creator_found = group.uid(PRIVATE_INFORMATION_CREATOR_UID)?.ok()?;
        let value = group.raw(PRIVATE_INFORMATION).filter(|_| creator_found == *creator())?;
        let (digest, rest) = value.split_first_chunk::<{ Digest::BYTES }>()?;
        let microseconds = u64::from_le_bytes(*rest.first_chunk()?);
        let received_at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_micros(microseconds))?;
        Some(Self { digest: Digest::from_bytes(*digest), received_at })
    }
}

fn creator() -> String {
    format!("{}.{CREATOR_SUFFIX}", Uid::ROOT)
}

#[cfg(test)]
mod tests {
    use dataset::file_meta::find_data_set;

    use super::*;

    #[test]
    fn what_is_noted_is_read_back_and_the_file_stays_a_part_10_file() {
        let meta = FileMeta {
            media_storage_sop_class_uid: Uid::parse("1.2").unwrap(),
            media_storage_sop_instance_uid: Uid::parse("1.2.3").unwrap(),
            transfer_syntax_uid: Uid::parse("1.2.840.10008.1.2.1").unwrap(),
            implementation_class_uid: Uid::parse("1.2.3.4").unwrap(),
            implementation_version_name: "TEST_1".to_owned(),
            source_ae_title: None,
            sending_ae_title: None,
            receiving_ae_title: None,
        };
        let noted = Noted {
            digest: Digest::from_bytes(std::array::from_fn(|i| i as u8 + 1)),
            received_at: SystemTime::UNIX_EPOCH + Duration::from_micros(1_795_436_582_123_456),
        };
        let (mut bytes, room) = Noted::make_room(&meta);
        let end = bytes.len();
        bytes[usize::try_from(room).unwrap()..].copy_from_slice(&noted.to_bytes());
        let group_length = u32::from_le_bytes(bytes[140..144].try_into().unwrap());
        assert_eq!(144 + group_length as usize, end);
        bytes.extend_from_slice(b"\x08\0\x16\0UI\x04\x001.2\0");

        let found = find_data_set(&mut &bytes[..]).unwrap();
        assert_eq!(found.data_set_offset, end as u64);
        assert_eq!(Noted::read(&found.meta.unwrap()), Some(noted));
        assert_eq!(FileMeta::read(&mut &bytes[..]).unwrap().0, meta);
    }

    #[test]
    fn the_private_information_of_others_says_nothing() {
        let mut group = Identifier::new();
        group.set_text(PRIVATE_INFORMATION_CREATOR_UID, "1.2.3");
        group.set(PRIVATE_INFORMATION, Vr::OB, &[1; NOTED_BYTES]);
        assert_eq!(Noted::read(&group), None);
        group.set_text(PRIVATE_INFORMATION_CREATOR_UID, &creator());
        assert!(Noted::read(&group).is_some());
        group.set(PRIVATE_INFORMATION, Vr::OB, &[1; NOTED_BYTES - 2]);
        assert_eq!(Noted::read(&group), None);
    }
}
