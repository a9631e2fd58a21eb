//! What each file of the vault says of itself beside PS3.10: the checksum of its data set, when it was received,
//! and what was changed about it then.
//!
//! It stands in the Private Information (0002,0102), so that any reader of DICOM files passes it by, and a catalog that
//! is rebuilt from the files knows these without reading them whole.

use std::time::{Duration, SystemTime};

use catalog::Change;
use dataset::{DataSetWriter, FileMeta, Identifier};
use vault::Digest;
use vocabulary::{Encoding, Tag, Uid, Vr};

const PRIVATE_INFORMATION_CREATOR_UID: Tag = Tag(0x0002, 0x0100);
const PRIVATE_INFORMATION: Tag = Tag(0x0002, 0x0102);

/// Below [`Uid::ROOT`]: 1 is for implementations (PS3.7 D.3.3.2), 2 for private information. The last component
/// is the layout: digest, then microseconds since 1970, little endian.
const CREATOR_SUFFIX: &str = "2.1";

/// The layout that goes on with a length in two bytes, little endian, and so many bytes of [`Change::to_bytes`]; then
/// zeros.
const CREATOR_SUFFIX_WITH_CHANGES: &str = "2.2";

/// Preamble and prefix, and the header of (0002,0000): then comes the length of group 0002.
const GROUP_LENGTH_AT: usize = 128 + 4 + 8;

const TIME_BYTES: usize = 8;
const NOTED_BYTES: usize = Digest::BYTES + TIME_BYTES;
const LENGTH_BYTES: usize = 2;

/// Room for changes, in bytes: a name of two parts (524), a Patient ID (264), a UID (72), an accession number (264), a
/// modality twice (2 * 264 at most, as a default), dates and sex (60), two lengths.
const CHANGES_BYTES_MAX: usize = 2_048;

/// Whether a file has room for changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    ForChanges,
    ForNoChanges,
}

/// What is noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) digest: Digest,
    pub(crate) received_at: SystemTime,
    /// What the catalog and exports have otherwise than the data set.
    pub(crate) changes: Vec<Change>,
}

impl Noted {
    /// All that stands before the data set, with room for what is known only after it; and where that room is.
    pub(crate) fn make_room(meta: &FileMeta, room: Room) -> (Vec<u8>, u64) {
        let mut private = DataSetWriter::new(Encoding::ExplicitLittleEndian);
        let (suffix, noted_bytes) = match room {
            Room::ForNoChanges => (CREATOR_SUFFIX, NOTED_BYTES),
            Room::ForChanges => (CREATOR_SUFFIX_WITH_CHANGES, NOTED_BYTES + LENGTH_BYTES + CHANGES_BYTES_MAX),
        };
        private.text(PRIVATE_INFORMATION_CREATOR_UID, Vr::UI, &creator(suffix));
        private.element(PRIVATE_INFORMATION, Vr::OB, &vec![0; noted_bytes]);
        let private = private.into_bytes();
        let mut bytes = meta.to_bytes();
        let length = bytes.get_mut(GROUP_LENGTH_AT..).and_then(|rest| rest.first_chunk_mut::<4>());
        if let Some(length) = length {
            let added = u32::try_from(private.len()).unwrap_or_default();
            *length = (u32::from_le_bytes(*length) + added).to_le_bytes();
        }
        bytes.extend_from_slice(&private);
        let room = bytes.len() - noted_bytes;
        (bytes, room as u64)
    }

    /// As it stands in the file; `None` if there are more changes than there is room for.
    pub(crate) fn to_bytes(&self) -> Option<Vec<u8>> {
        let since = self.received_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let microseconds = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
        let mut bytes = Vec::with_capacity(NOTED_BYTES);
        bytes.extend_from_slice(self.digest.as_bytes());
        bytes.extend_from_slice(&microseconds.to_le_bytes());
        if !self.changes.is_empty() {
            let changes = Change::to_bytes(&self.changes);
            let length = u16::try_from(changes.len()).ok().filter(|_| changes.len() <= CHANGES_BYTES_MAX)?;
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(&changes);
        }
        Some(bytes)
    }

    /// What group 0002 of a file says; nothing if we did not write it.
    pub(crate) fn read(group: &Identifier) -> Option<Self> {
        let creator_found = group.uid(PRIVATE_INFORMATION_CREATOR_UID)?.ok()?;
        let has_changes = creator_found == *creator(CREATOR_SUFFIX_WITH_CHANGES);
        let is_ours = has_changes || creator_found == *creator(CREATOR_SUFFIX);
        let value = group.raw(PRIVATE_INFORMATION).filter(|_| is_ours)?;
        let (digest, rest) = value.split_first_chunk::<{ Digest::BYTES }>()?;
        let (microseconds, rest) = rest.split_first_chunk()?;
        let microseconds = u64::from_le_bytes(*microseconds);
        let received_at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_micros(microseconds))?;
        let changes = match has_changes {
            true => {
                let (length, rest) = rest.split_first_chunk::<LENGTH_BYTES>()?;
                Change::from_bytes(rest.get(..usize::from(u16::from_le_bytes(*length)))?)
            }
            false => Vec::new(),
        };
        Some(Self { digest: Digest::from_bytes(*digest), received_at, changes })
    }
}

fn creator(suffix: &str) -> String {
    format!("{}.{suffix}", Uid::ROOT)
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
        let changes = vec![
            Change::new(Tag(0x0008, 0x0018), "2.25.4711"),
            Change { tag: Tag(0x0010, 0x0040), catalogued: "U".to_owned(), exported: String::new() },
        ];
        for (has_room, changes) in
            [(Room::ForNoChanges, vec![]), (Room::ForChanges, vec![]), (Room::ForChanges, changes)]
        {
            let noted = Noted {
                digest: Digest::from_bytes(std::array::from_fn(|i| i as u8 + 1)),
                received_at: SystemTime::UNIX_EPOCH + Duration::from_micros(1_795_436_582_123_456),
                changes,
            };
            let (mut bytes, room) = Noted::make_room(&meta, has_room);
            let (end, room) = (bytes.len(), usize::try_from(room).unwrap());
            let noted_bytes = noted.to_bytes().unwrap();
            bytes[room..room + noted_bytes.len()].copy_from_slice(&noted_bytes);
            let group_length = u32::from_le_bytes(bytes[140..144].try_into().unwrap());
            assert_eq!(144 + group_length as usize, end);
            bytes.extend_from_slice(b"\x08\0\x16\0UI\x04\x001.2\0");

            let found = find_data_set(&mut &bytes[..]).unwrap();
            assert_eq!(found.data_set_offset, end as u64);
            assert_eq!(Noted::read(&found.meta.unwrap()), Some(noted));
            assert_eq!(FileMeta::read(&mut &bytes[..]).unwrap().0, meta);
        }
    }

    #[test]
    fn the_longest_changes_there_are_have_room_and_longer_ones_are_not_cut() {
        let of = |changes| Noted {
            digest: Digest::from_bytes([0; Digest::BYTES]),
            received_at: SystemTime::UNIX_EPOCH,
            changes,
        };
        let long = |characters: usize| "\u{1F600}".repeat(characters);
        let longest = vec![
            Change::new(Tag(0x0008, 0x0018), "1".repeat(64)),
            Change::new(Tag(0x0008, 0x0020), "20261123"),
            Change::new(Tag(0x0008, 0x0050), long(64)),
            Change { tag: Tag(0x0008, 0x0060), catalogued: long(64), exported: "A".repeat(16) },
            Change::new(Tag(0x0010, 0x0010), long(129)),
            Change::new(Tag(0x0010, 0x0020), long(64)),
            Change::new(Tag(0x0010, 0x0030), "20261123"),
            Change { tag: Tag(0x0010, 0x0040), catalogued: "U".to_owned(), exported: String::new() },
        ];
        assert!(of(longest).to_bytes().is_some());
        assert_eq!(of(vec![Change::new(Tag(0x0010, 0x0010), long(1_000))]).to_bytes(), None);
    }

    #[test]
    fn the_private_information_of_others_says_nothing() {
        let mut group = Identifier::new();
        group.set_text(PRIVATE_INFORMATION_CREATOR_UID, "1.2.3");
        group.set(PRIVATE_INFORMATION, Vr::OB, &[1; NOTED_BYTES]);
        assert_eq!(Noted::read(&group), None);
        group.set_text(PRIVATE_INFORMATION_CREATOR_UID, &creator(CREATOR_SUFFIX));
        assert!(Noted::read(&group).is_some());
        group.set(PRIVATE_INFORMATION, Vr::OB, &[1; NOTED_BYTES - 2]);
        assert_eq!(Noted::read(&group), None);
    }
}
