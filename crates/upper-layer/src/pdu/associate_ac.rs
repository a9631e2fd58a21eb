use vocabulary::{Uid, transfer_syntax};

use super::associate::{Fixed, item_type, text_from_wire, text_to_wire};
use super::items::{Malformed, Reader, TooLong, UnknownItem, push_item, push_item_of, with_header};
use super::{TitleField, UserInformation, pdu_type};

const NAME: &str = "A-ASSOCIATE-AC";
const CONTEXT: &str = "a presentation context item";

/// The acceptance of an association (A-ASSOCIATE-AC, PS3.8 9.3.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssociateAc {
    /// Bit 0 is the one version there is.
    pub protocol_version: u16,
    /// As it came in the request; not tested.
    pub called_ae_title: TitleField,
    /// As it came in the request; not tested.
    pub calling_ae_title: TitleField,
    /// The application context name.
    pub application_context: String,
    /// The answer to each proposed context.
    pub presentation_contexts: Vec<ContextAnswer>,
    /// The user information (PS3.7 D.3.3).
    pub user_information: UserInformation,
    /// Items that are not known.
    pub unknown: Vec<UnknownItem>,
}

/// The answer to one proposed presentation context (PS3.8 9.3.3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextAnswer {
    /// The identifier of the proposal.
    pub id: u8,
    /// The transfer syntax that was accepted (result 0), or why none was.
    pub answer: Result<Uid, ContextRefusal>,
}

/// Why a presentation context is not accepted (PS3.8 table 9-18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ContextRefusal {
    /// Result 1.
    #[error("refused by the user")]
    UserRejection,
    /// Result 2, also for a result that PS3.8 does not know and for an acceptance that names no transfer syntax.
    #[error("refused without a reason")]
    NoReason,
    /// Result 3.
    #[error("abstract syntax not supported")]
    AbstractSyntaxNotSupported,
    /// Result 4.
    #[error("transfer syntaxes not supported")]
    TransferSyntaxesNotSupported,
}

impl ContextRefusal {
    /// The result field.
    pub fn result(self) -> u8 {
        match self {
            Self::UserRejection => 1,
            Self::NoReason => 2,
            Self::AbstractSyntaxNotSupported => 3,
            Self::TransferSyntaxesNotSupported => 4,
        }
    }
}

impl AssociateAc {
    /// Takes the PDU's variable part.
    ///
    /// # Errors
    /// When lengths contradict each other, an item comes twice that may come once, or a context is answered
    /// twice.
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(body);
        let fixed = Fixed::read(&mut reader, NAME)?;
        let mut application_context = None;
        let mut user_information = None;
        let mut presentation_contexts: Vec<ContextAnswer> = Vec::new();
        let mut seen = [false; 256];
        let mut unknown = Vec::new();
        while !reader.is_empty() {
            let (kind, content) = reader.item(NAME)?;
            match kind {
                item_type::APPLICATION_CONTEXT => {
                    if application_context.replace(text_from_wire(content)).is_some() {
                        return Err(Malformed::Repeated("the application context item"));
                    }
                }
                item_type::ANSWERED_CONTEXT => {
                    let context = read_context(content)?;
                    let id = context.id;
                    if seen.get_mut(usize::from(id)).is_some_and(|seen| std::mem::replace(seen, true)) {
                        return Err(Malformed::DuplicateContext(id));
                    }
                    presentation_contexts.push(context);
                }
                item_type::USER_INFORMATION => {
                    if user_information.replace(UserInformation::read(content)?).is_some() {
                        return Err(Malformed::Repeated("the user information item"));
                    }
                }
                item_type => unknown.push(UnknownItem { item_type, content: content.to_vec() }),
            }
        }
        Ok(Self {
            protocol_version: fixed.protocol_version,
            called_ae_title: fixed.called_ae_title,
            calling_ae_title: fixed.calling_ae_title,
            application_context: application_context.unwrap_or_default(),
            presentation_contexts,
            user_information: user_information.unwrap_or_default(),
            unknown,
        })
    }

    /// The whole PDU.
    ///
    /// # Errors
    /// When something is too long for its length field.
    pub fn to_bytes(&self) -> Result<Vec<u8>, TooLong> {
        let mut body = Vec::new();
        let fixed = Fixed {
            protocol_version: self.protocol_version,
            called_ae_title: self.called_ae_title,
            calling_ae_title: self.calling_ae_title,
        };
        fixed.write(&mut body);
        let name = text_to_wire(&self.application_context);
        push_item(&mut body, "the application context", item_type::APPLICATION_CONTEXT, &name)?;
        for context in &self.presentation_contexts {
            // A refusal carries a transfer syntax too, which nobody may read anything into; some peers do
            // not parse an answer without one.
            let (result, syntax) = match &context.answer {
                Ok(syntax) => (0, syntax.as_str()),
                Err(refusal) => (refusal.result(), transfer_syntax::IMPLICIT_VR_LITTLE_ENDIAN),
            };
            push_item_of(&mut body, CONTEXT, item_type::ANSWERED_CONTEXT, |out| {
                out.extend_from_slice(&[context.id, 0, result, 0]);
                push_item(out, CONTEXT, item_type::TRANSFER_SYNTAX, syntax.as_bytes())
            })?;
        }
        for item in &self.unknown {
            push_item(&mut body, "an unknown item", item.item_type, &item.content)?;
        }
        push_item_of(&mut body, "the user information", item_type::USER_INFORMATION, |out| {
            self.user_information.write(out)
        })?;
        with_header(pdu_type::ASSOCIATE_AC, NAME, &body)
    }
}

fn read_context(content: &[u8]) -> Result<ContextAnswer, Malformed> {
    let mut reader = Reader::new(content);
    let id = reader.u8(CONTEXT)?;
    reader.skip(1, CONTEXT)?;
    let result = reader.u8(CONTEXT)?;
    reader.skip(1, CONTEXT)?;
    let mut syntax = None;
    while !reader.is_empty() {
        let (kind, name) = reader.item(CONTEXT)?;
        if kind == item_type::TRANSFER_SYNTAX && syntax.is_none() {
            syntax = Uid::from_wire(name).ok();
        }
    }
    let answer = match result {
        0 => syntax.ok_or(ContextRefusal::NoReason),
        1 => Err(ContextRefusal::UserRejection),
        3 => Err(ContextRefusal::AbstractSyntaxNotSupported),
        4 => Err(ContextRefusal::TransferSyntaxesNotSupported),
        _ => Err(ContextRefusal::NoReason),
    };
    Ok(ContextAnswer { id, answer })
}
