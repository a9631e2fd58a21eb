//! The sub-items of the user information that have fields of their own (PS3.7 D.3.3).

use std::fmt;

use vocabulary::Uid;

use super::items::{Malformed, Reader, TooLong, push_counted};

const WITHIN: &str = "a user information sub-item";

/// How many operations may be outstanding (53H, PS3.7 D.3.3.3); 0 is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsynchronousWindow {
    /// Operations that the sender may invoke at a time.
    pub invoked: u16,
    /// Operations that the sender performs at a time.
    pub performed: u16,
}

/// Which roles the requestor may take for a SOP class (54H, PS3.7 D.3.3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSelection {
    /// For which SOP class.
    pub sop_class: Uid,
    /// The requestor may be its SCU.
    pub scu: bool,
    /// The requestor may be its SCP.
    pub scp: bool,
}

/// What a service class negotiates for a SOP class (56H, PS3.7 D.3.3.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedNegotiation {
    /// For which SOP class.
    pub sop_class: Uid,
    /// Bytes that the service class defines.
    pub information: Vec<u8>,
}

/// Which service class and general classes a SOP class belongs to (57H, PS3.7 D.3.3.6). Not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommonExtendedNegotiation {
    /// Which SOP class.
    pub sop_class: Uid,
    /// Its service class.
    pub service_class: Uid,
    /// General SOP classes as which its instances may be treated.
    pub related_general_sop_classes: Vec<Uid>,
}

/// Who the user is (58H, PS3.7 D.3.3.7.1).
#[derive(Clone, PartialEq, Eq)]
pub struct UserIdentity {
    /// 1 user name, 2 user name and passcode, 3 Kerberos, 4 SAML, 5 JSON web token.
    pub identity_type: u8,
    /// Whether the user wants to hear that the identity was accepted.
    pub positive_response_requested: bool,
    /// Name, ticket, assertion or token.
    pub primary: Vec<u8>,
    /// Passcode.
    pub secondary: Vec<u8>,
}

impl fmt::Debug for UserIdentity {
    /// Passcodes and tokens do not belong into logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserIdentity")
            .field("identity_type", &self.identity_type)
            .field("positive_response_requested", &self.positive_response_requested)
            .finish_non_exhaustive()
    }
}

/// What the reader of a sub-item gives: nothing where the content is not understood, since such an item is kept
/// as unknown and is not fatal.
type Understood<T> = Result<T, NotUnderstood>;

/// The content of a sub-item is not understood.
pub(super) struct NotUnderstood;

impl From<Malformed> for NotUnderstood {
    fn from(_: Malformed) -> Self {
        Self
    }
}

impl From<vocabulary::UidError> for NotUnderstood {
    fn from(_: vocabulary::UidError) -> Self {
        Self
    }
}

/// The end of a sub-item with nothing behind its fields.
fn end<T>(reader: Reader<'_>, value: T) -> Understood<T> {
    if reader.is_empty() { Ok(value) } else { Err(NotUnderstood) }
}

impl AsynchronousWindow {
    pub(super) fn read(content: &[u8]) -> Understood<Self> {
        let mut reader = Reader::new(content);
        let window = Self { invoked: reader.u16(WITHIN)?, performed: reader.u16(WITHIN)? };
        end(reader, window)
    }

    pub(super) fn content(self) -> Vec<u8> {
        [self.invoked.to_be_bytes(), self.performed.to_be_bytes()].concat()
    }
}

impl RoleSelection {
    pub(super) fn read(content: &[u8]) -> Understood<Self> {
        let mut reader = Reader::new(content);
        let sop_class = Uid::from_wire(reader.counted(WITHIN)?)?;
        let role = Self { sop_class, scu: reader.u8(WITHIN)? == 1, scp: reader.u8(WITHIN)? == 1 };
        end(reader, role)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), TooLong> {
        push_counted(out, WITHIN, self.sop_class.as_str().as_bytes())?;
        out.extend_from_slice(&[u8::from(self.scu), u8::from(self.scp)]);
        Ok(())
    }
}

impl ExtendedNegotiation {
    pub(super) fn read(content: &[u8]) -> Understood<Self> {
        let mut reader = Reader::new(content);
        let sop_class = Uid::from_wire(reader.counted(WITHIN)?)?;
        Ok(Self { sop_class, information: reader.rest().to_vec() })
    }

    pub(super) fn content(&self) -> Result<Vec<u8>, TooLong> {
        let mut content = Vec::new();
        push_counted(&mut content, WITHIN, self.sop_class.as_str().as_bytes())?;
        content.extend_from_slice(&self.information);
        Ok(content)
    }
}

impl CommonExtendedNegotiation {
    /// What follows the related general SOP classes is reserved for later editions, and is left alone.
    pub(super) fn read(content: &[u8]) -> Understood<Self> {
        let mut reader = Reader::new(content);
        let sop_class = Uid::from_wire(reader.counted(WITHIN)?)?;
        let service_class = Uid::from_wire(reader.counted(WITHIN)?)?;
        let mut related = Reader::new(reader.counted(WITHIN)?);
        let mut related_general_sop_classes = Vec::new();
        while !related.is_empty() {
            related_general_sop_classes.push(Uid::from_wire(related.counted(WITHIN)?)?);
        }
        Ok(Self { sop_class, service_class, related_general_sop_classes })
    }

    pub(super) fn content(&self) -> Result<Vec<u8>, TooLong> {
        let mut content = Vec::new();
        push_counted(&mut content, WITHIN, self.sop_class.as_str().as_bytes())?;
        push_counted(&mut content, WITHIN, self.service_class.as_str().as_bytes())?;
        let mut related = Vec::new();
        for uid in &self.related_general_sop_classes {
            push_counted(&mut related, WITHIN, uid.as_str().as_bytes())?;
        }
        push_counted(&mut content, WITHIN, &related)?;
        Ok(content)
    }
}

impl UserIdentity {
    /// A user name alone (type 1); no response is asked for.
    pub fn of_name(name: &str) -> Self {
        Self {
            identity_type: 1,
            positive_response_requested: false,
            primary: name.as_bytes().to_vec(),
            secondary: Vec::new(),
        }
    }

    /// A user name and a passcode (type 2); no response is asked for.
    pub fn of_name_and_passcode(name: &str, passcode: Vec<u8>) -> Self {
        Self { identity_type: 2, secondary: passcode, ..Self::of_name(name) }
    }

    pub(super) fn read(content: &[u8]) -> Understood<Self> {
        let mut reader = Reader::new(content);
        let identity_type = reader.u8(WITHIN)?;
        let positive_response_requested = reader.u8(WITHIN)? == 1;
        let primary = reader.counted(WITHIN)?.to_vec();
        let secondary = reader.counted(WITHIN)?.to_vec();
        end(reader, Self { identity_type, positive_response_requested, primary, secondary })
    }

    pub(super) fn content(&self) -> Result<Vec<u8>, TooLong> {
        let mut content = vec![self.identity_type, u8::from(self.positive_response_requested)];
        push_counted(&mut content, "the user identity", &self.primary)?;
        push_counted(&mut content, "the user identity", &self.secondary)?;
        Ok(content)
    }
}

/// The server's answer to a user identity (59H, PS3.7 D.3.3.7.2).
pub(super) fn read_identity_response(content: &[u8]) -> Understood<Vec<u8>> {
    let mut reader = Reader::new(content);
    let response = reader.counted(WITHIN)?.to_vec();
    end(reader, response)
}

pub(super) fn identity_response_content(response: &[u8]) -> Result<Vec<u8>, TooLong> {
    let mut content = Vec::new();
    push_counted(&mut content, "the user identity response", response)?;
    Ok(content)
}
