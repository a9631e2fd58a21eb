use catalog::keys;
use dataset::{FileMeta, Walker};
use vault::{Digest, Digester, Draft, Vault};
use vocabulary::{AeTitle, Encoding, Uid, transfer_syntax};

use crate::{
    HoldingsRules, NotKept, Refusal,
    noted::{Noted, Room},
};

/// An instance as it is announced, before its first byte.
#[derive(Debug, Clone)]
pub struct Arriving {
    /// Affected SOP Class UID (0000,0002), or what a file says.
    pub sop_class_uid: Uid,
    /// Affected SOP Instance UID (0000,1000), or what a file says.
    pub sop_instance_uid: Uid,
    /// The transfer syntax that its bytes are in, and are kept in.
    pub transfer_syntax_uid: Uid,
    /// Who takes it, and from whom.
    pub origin: Origin,
}

/// Who writes a file, and from whom the instance came: goes into the file meta information (PS3.10 7.1).
#[derive(Debug, Clone)]
pub struct Origin {
    /// Implementation Class UID (0002,0012) of the AE that writes the file.
    pub implementation_class_uid: Uid,
    /// Implementation Version Name (0002,0013) of the AE that writes the file.
    pub implementation_version_name: String,
    /// Source Application Entity Title (0002,0016): who sent it, if it came over an association.
    pub source_ae_title: Option<AeTitle>,
}

/// An instance on its way in: its bytes go to a draft, and past the walker and the checksum. Dropped, nothing
/// of it is left.
#[derive(Debug)]
pub struct Ingest {
    pub(crate) arriving: Arriving,
    pub(crate) draft: Draft,
    pub(crate) walker: Walker,
    pub(crate) digester: Digester,
    pub(crate) data_set_offset: u32,
    /// Where the file says what is known only at its end.
    pub(crate) note_offset: u64,
    /// How many bytes are written on after the data set turned out to be none, to be looked at.
    rejected_bytes_max: u64,
    /// Why it is none.
    pub(crate) refused: Option<Refusal>,
}

impl Ingest {
    pub(crate) fn begin(vault: &Vault, arriving: Arriving, rules: &HoldingsRules) -> Result<Self, NotKept> {
        let mut draft = vault.draft()?;
        let room = if rules.may_change() { Room::ForChanges } else { Room::ForNoChanges };
        let (head, note_offset) = Noted::make_room(&file_meta(&arriving), room);
        draft.write(&head)?;
        Ok(Self {
            walker: Walker::new(encoding_of(&arriving.transfer_syntax_uid), keys::wanted_tags()),
            digester: Digester::default(),
            // The file meta information of ours is a few hundred bytes long.
            data_set_offset: u32::try_from(draft.bytes()).unwrap_or(u32::MAX),
            note_offset,
            rejected_bytes_max: rules.rejected_bytes_max_of(&arriving.origin),
            refused: None,
            arriving,
            draft,
        })
    }

    /// Takes the next piece of the data set, of any length.
    ///
    /// # Errors
    /// When the data set turns out not to be one, or the disk fails. There is no use in writing on then; the
    /// error is what the request is answered with once its remaining bytes are out of the way.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), NotKept> {
        if self.refused.is_some() {
            return self.write_on(piece);
        }
        if let Err(malformed) = self.walker.push(piece) {
            self.refused = Some(malformed.into());
            return self.write_on(piece);
        }
        self.digester.update(piece);
        self.draft.write(piece)?;
        Ok(())
    }

    /// Takes the next piece of what is no data set.
    fn write_on(&mut self, piece: &[u8]) -> Result<(), NotKept> {
        if self.draft.bytes().saturating_add(piece.len() as u64) > self.rejected_bytes_max
            && let Some(refusal) = self.refused.take()
        {
            return Err(refusal.into());
        }
        Ok(self.draft.write(piece)?)
    }

    /// Bytes of the data set so far.
    pub fn data_set_bytes(&self) -> u64 {
        self.draft.bytes().saturating_sub(u64::from(self.data_set_offset))
    }

    pub(crate) fn digest(&self) -> Digest {
        self.digester.finish()
    }
}

fn file_meta(arriving: &Arriving) -> FileMeta {
    FileMeta {
        media_storage_sop_class_uid: arriving.sop_class_uid.clone(),
        media_storage_sop_instance_uid: arriving.sop_instance_uid.clone(),
        transfer_syntax_uid: arriving.transfer_syntax_uid.clone(),
        implementation_class_uid: arriving.origin.implementation_class_uid.clone(),
        implementation_version_name: arriving.origin.implementation_version_name.clone(),
        source_ae_title: arriving.origin.source_ae_title.clone(),
        sending_ae_title: None,
        receiving_ae_title: None,
    }
}

/// How data sets of a transfer syntax are encoded. One that no table knows is taken for Explicit VR Little Endian,
/// which every encapsulated transfer syntax is (PS3.5 A.4).
pub(crate) fn encoding_of(transfer_syntax_uid: &Uid) -> Encoding {
    transfer_syntax::find(transfer_syntax_uid.as_str())
        .map_or(Encoding::ExplicitLittleEndian, |syntax| syntax.encoding)
}
