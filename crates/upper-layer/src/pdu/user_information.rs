use vocabulary::Uid;

use super::associate::{text_from_wire, text_to_wire};
use super::items::{Malformed, Reader, TooLong, UnknownItem, push_item, push_item_of};
use super::user_items::{
    AsynchronousWindow, CommonExtendedNegotiation, ExtendedNegotiation, RoleSelection, UserIdentity,
    identity_response_content, read_identity_response,
};

const NAME: &str = "the user information item";

/// Types of sub-items (PS3.8 D.1, PS3.7 D.3.3).
mod item_type {
    pub(super) const MAXIMUM_LENGTH: u8 = 0x51;
    pub(super) const IMPLEMENTATION_CLASS_UID: u8 = 0x52;
    pub(super) const ASYNCHRONOUS_WINDOW: u8 = 0x53;
    pub(super) const ROLE_SELECTION: u8 = 0x54;
    pub(super) const IMPLEMENTATION_VERSION_NAME: u8 = 0x55;
    pub(super) const EXTENDED_NEGOTIATION: u8 = 0x56;
    pub(super) const COMMON_EXTENDED_NEGOTIATION: u8 = 0x57;
    pub(super) const USER_IDENTITY: u8 = 0x58;
    pub(super) const USER_IDENTITY_RESPONSE: u8 = 0x59;
}

/// What the two AEs tell each other (PS3.8 9.3.2.3, PS3.7 D.3.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserInformation {
    /// 51H: the longest variable part of a P-DATA-TF that the sender takes; 0 or absent: no limit.
    pub max_pdu_length: Option<u32>,
    /// 52H.
    pub implementation_class_uid: Option<Uid>,
    /// 53H.
    pub asynchronous_window: Option<AsynchronousWindow>,
    /// 54H.
    pub role_selections: Vec<RoleSelection>,
    /// 55H.
    pub implementation_version_name: Option<String>,
    /// 56H.
    pub extended_negotiations: Vec<ExtendedNegotiation>,
    /// 57H, in requests only.
    pub common_extended_negotiations: Vec<CommonExtendedNegotiation>,
    /// 58H, in requests only.
    pub user_identity: Option<UserIdentity>,
    /// 59H, in acceptances only.
    pub user_identity_response: Option<Vec<u8>>,
    /// Sub-items that are not known, come once too often or are not understood.
    pub unknown: Vec<UnknownItem>,
}

impl UserInformation {
    /// Takes the content of the item.
    ///
    /// # Errors
    /// When sub-items do not fit in it, or the maximum length is no 32 bit number: without it nothing could be
    /// sent safely. Other contents that are not understood are kept as unknown.
    pub fn read(content: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(content);
        let mut information = Self::default();
        while !reader.is_empty() {
            let (item_type, content) = reader.item(NAME)?;
            if item_type == item_type::MAXIMUM_LENGTH {
                let length: [u8; 4] = content.try_into().map_err(|_| Malformed::Length {
                    what: "the maximum length sub-item",
                    length: content.len(),
                })?;
                if information.max_pdu_length.replace(u32::from_be_bytes(length)).is_some() {
                    return Err(Malformed::Repeated("the maximum length sub-item"));
                }
            } else if !information.take(item_type, content) {
                information.unknown.push(UnknownItem { item_type, content: content.to_vec() });
            }
        }
        Ok(information)
    }

    /// Takes one sub-item, unless it is not understood or there is one of its type already.
    fn take(&mut self, item_type: u8, content: &[u8]) -> bool {
        match item_type {
            item_type::IMPLEMENTATION_CLASS_UID => {
                first(&mut self.implementation_class_uid, Uid::from_wire(content).ok())
            }
            item_type::ASYNCHRONOUS_WINDOW => {
                first(&mut self.asynchronous_window, AsynchronousWindow::read(content).ok())
            }
            item_type::ROLE_SELECTION => push(&mut self.role_selections, RoleSelection::read(content).ok()),
            item_type::IMPLEMENTATION_VERSION_NAME => {
                first(&mut self.implementation_version_name, Some(text_from_wire(content)))
            }
            item_type::EXTENDED_NEGOTIATION => {
                push(&mut self.extended_negotiations, ExtendedNegotiation::read(content).ok())
            }
            item_type::COMMON_EXTENDED_NEGOTIATION => {
                push(&mut self.common_extended_negotiations, CommonExtendedNegotiation::read(content).ok())
            }
            item_type::USER_IDENTITY => first(&mut self.user_identity, UserIdentity::read(content).ok()),
            item_type::USER_IDENTITY_RESPONSE => {
                first(&mut self.user_identity_response, read_identity_response(content).ok())
            }
            _ => false,
        }
    }

    /// The content of the item.
    ///
    /// # Errors
    /// When something is too long for its length field.
    pub fn to_bytes(&self) -> Result<Vec<u8>, TooLong> {
        let mut out = Vec::new();
        self.write(&mut out)?;
        Ok(out)
    }

    /// Appends the content of the item.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), TooLong> {
        let mut push = |item_type, content: &[u8]| push_item(out, NAME, item_type, content);
        if let Some(length) = self.max_pdu_length {
            push(item_type::MAXIMUM_LENGTH, &length.to_be_bytes())?;
        }
        if let Some(uid) = &self.implementation_class_uid {
            push(item_type::IMPLEMENTATION_CLASS_UID, uid.as_str().as_bytes())?;
        }
        if let Some(window) = self.asynchronous_window {
            push(item_type::ASYNCHRONOUS_WINDOW, &window.content())?;
        }
        for role in &self.role_selections {
            push_item_of(out, NAME, item_type::ROLE_SELECTION, |out| role.write(out))?;
        }
        let mut push = |item_type, content: &[u8]| push_item(out, NAME, item_type, content);
        if let Some(name) = &self.implementation_version_name {
            push(item_type::IMPLEMENTATION_VERSION_NAME, &text_to_wire(name))?;
        }
        for extended in &self.extended_negotiations {
            push(item_type::EXTENDED_NEGOTIATION, &extended.content()?)?;
        }
        for common in &self.common_extended_negotiations {
            push(item_type::COMMON_EXTENDED_NEGOTIATION, &common.content()?)?;
        }
        if let Some(identity) = &self.user_identity {
            push(item_type::USER_IDENTITY, &identity.content()?)?;
        }
        if let Some(response) = &self.user_identity_response {
            push(item_type::USER_IDENTITY_RESPONSE, &identity_response_content(response)?)?;
        }
        for item in &self.unknown {
            push(item.item_type, &item.content)?;
        }
        Ok(())
    }

    /// Whether there is a user identity item that is not understood, or one too many.
    pub fn has_unusable_identity(&self) -> bool {
        self.unknown.iter().any(|item| item.item_type == item_type::USER_IDENTITY)
    }

    /// The roles that were proposed or answered for a SOP class.
    pub fn roles(&self, sop_class: &Uid) -> Option<&RoleSelection> {
        self.role_selections.iter().find(|role| role.sop_class == *sop_class)
    }
}

/// Keeps the first value; says whether this was it.
fn first<T>(slot: &mut Option<T>, value: Option<T>) -> bool {
    let is_first = slot.is_none() && value.is_some();
    if is_first {
        *slot = value;
    }
    is_first
}

/// Appends a value; says whether there was one.
fn push<T>(list: &mut Vec<T>, value: Option<T>) -> bool {
    let before = list.len();
    list.extend(value);
    list.len() > before
}
