//! What A-ASSOCIATE-RQ and A-ASSOCIATE-AC have in common (PS3.8 9.3.2 and 9.3.3).

use vocabulary::Uid;

use super::items::{Malformed, Reader, TooLong, push_item};
use super::title::TitleField;

/// Types of items in the variable part.
pub(super) mod item_type {
    pub(crate) const APPLICATION_CONTEXT: u8 = 0x10;
    pub(crate) const PROPOSED_CONTEXT: u8 = 0x20;
    pub(crate) const ANSWERED_CONTEXT: u8 = 0x21;
    pub(crate) const ABSTRACT_SYNTAX: u8 = 0x30;
    pub(crate) const TRANSFER_SYNTAX: u8 = 0x40;
    pub(crate) const USER_INFORMATION: u8 = 0x50;
}

/// The fixed fields.
pub(super) struct Fixed {
    pub(super) protocol_version: u16,
    pub(super) called_ae_title: TitleField,
    pub(super) calling_ae_title: TitleField,
}

impl Fixed {
    pub(super) fn read(reader: &mut Reader<'_>, within: &'static str) -> Result<Self, Malformed> {
        let protocol_version = reader.u16(within)?;
        reader.skip(2, within)?;
        let called_ae_title = TitleField::from_wire(reader.array(within)?);
        let calling_ae_title = TitleField::from_wire(reader.array(within)?);
        reader.skip(32, within)?;
        Ok(Self { protocol_version, called_ae_title, calling_ae_title })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.protocol_version.to_be_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&self.called_ae_title.to_wire());
        out.extend_from_slice(&self.calling_ae_title.to_wire());
        out.extend_from_slice(&[0; 32]);
    }
}

/// A name of the wire as text: every byte is one character, padding behind it is gone.
pub(super) fn text_from_wire(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    text.trim_end_matches(['\0', ' ']).to_owned()
}

/// The reverse of [`text_from_wire`]; a character that has no byte becomes a question mark.
pub(super) fn text_to_wire(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

pub(super) fn push_uid(
    out: &mut Vec<u8>,
    what: &'static str,
    item_type: u8,
    uid: &Uid,
) -> Result<(), TooLong> {
    push_item(out, what, item_type, uid.as_str().as_bytes())
}
