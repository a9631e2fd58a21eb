use vocabulary::{AeTitle, Uid, UidError};

use super::associate::{Fixed, item_type, push_uid, text_from_wire, text_to_wire};
use super::items::{Malformed, Reader, TooLong, UnknownItem, push_item, push_item_of, with_header};
use super::{APPLICATION_CONTEXT_NAME, TitleField, UserInformation, pdu_type};

const NAME: &str = "A-ASSOCIATE-RQ";
const CONTEXT: &str = "a presentation context item";

/// The request for an association (A-ASSOCIATE-RQ, PS3.8 9.3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssociateRq {
    /// Bit 0 is the one version there is; the others are not tested.
    pub protocol_version: u16,
    /// Who is asked, as it came.
    pub called_ae_title: TitleField,
    /// Who asks, as it came.
    pub calling_ae_title: TitleField,
    /// The application context name as it came, empty where the item lacks; the AE compares it with
    /// [`APPLICATION_CONTEXT_NAME`].
    pub application_context: String,
    /// What is proposed, in order.
    pub presentation_contexts: Vec<ProposedContext>,
    /// What is proposed and cannot be accepted by anybody; each is answered by a refusal.
    pub unusable_contexts: Vec<UnusableContext>,
    /// The user information (PS3.7 D.3.3).
    pub user_information: UserInformation,
    /// Items that are not known.
    pub unknown: Vec<UnknownItem>,
}

/// A proposed presentation context (PS3.8 9.3.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedContext {
    /// An odd number, used once in the request.
    pub id: u8,
    /// What the messages are about.
    pub abstract_syntax: Uid,
    /// How they may be encoded, in order; names that are no UIDs are left out, so it may be empty.
    pub transfer_syntaxes: Vec<Uid>,
}

/// A proposed presentation context that nobody can accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableContext {
    /// Its identifier.
    pub id: u8,
    /// What is wrong with it.
    pub fault: ContextFault,
}

/// What makes a proposed presentation context unusable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContextFault {
    /// Identifiers are odd (PS3.8 9.3.2.2).
    #[error("its identifier is even")]
    EvenId,
    /// The item lacks.
    #[error("it has no abstract syntax")]
    NoAbstractSyntax,
    /// There may be one.
    #[error("it has several abstract syntaxes")]
    SeveralAbstractSyntaxes,
    /// The name is no UID.
    #[error("its abstract syntax is no UID: {0}")]
    AbstractSyntax(UidError),
}

impl AssociateRq {
    /// A request as it is sent: current version and application context, nothing unusable or unknown.
    pub fn new(
        called: &AeTitle,
        calling: &AeTitle,
        presentation_contexts: Vec<ProposedContext>,
        user_information: UserInformation,
    ) -> Self {
        Self {
            protocol_version: 1,
            called_ae_title: called.into(),
            calling_ae_title: calling.into(),
            application_context: APPLICATION_CONTEXT_NAME.to_owned(),
            presentation_contexts,
            unusable_contexts: Vec::new(),
            user_information,
            unknown: Vec::new(),
        }
    }

    /// Takes the PDU's variable part.
    ///
    /// # Errors
    /// When lengths contradict each other, an item comes twice that may come once, or identifiers of contexts
    /// are used twice.
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(body);
        let fixed = Fixed::read(&mut reader, NAME)?;
        let mut application_context = None;
        let mut user_information = None;
        let mut seen = [false; 256];
        let (mut presentation_contexts, mut unusable_contexts) = (Vec::new(), Vec::new());
        let mut unknown = Vec::new();
        while !reader.is_empty() {
            let (kind, content) = reader.item(NAME)?;
            match kind {
                item_type::APPLICATION_CONTEXT => {
                    if application_context.replace(text_from_wire(content)).is_some() {
                        return Err(Malformed::Repeated("the application context item"));
                    }
                }
                item_type::PROPOSED_CONTEXT => {
                    let (id, context) = read_context(content)?;
                    if seen.get_mut(usize::from(id)).is_some_and(|seen| std::mem::replace(seen, true)) {
                        return Err(Malformed::DuplicateContext(id));
                    }
                    match context {
                        Ok(context) => presentation_contexts.push(context),
                        Err(fault) => unusable_contexts.push(UnusableContext { id, fault }),
                    }
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
            unusable_contexts,
            user_information: user_information.unwrap_or_default(),
            unknown,
        })
    }

    /// The whole PDU. Unusable contexts are a peer's, and are not written.
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
            push_item_of(&mut body, CONTEXT, item_type::PROPOSED_CONTEXT, |out| {
                out.extend_from_slice(&[context.id, 0, 0, 0]);
                push_uid(out, CONTEXT, item_type::ABSTRACT_SYNTAX, &context.abstract_syntax)?;
                for syntax in &context.transfer_syntaxes {
                    push_uid(out, CONTEXT, item_type::TRANSFER_SYNTAX, syntax)?;
                }
                Ok(())
            })?;
        }
        for item in &self.unknown {
            push_item(&mut body, "an unknown item", item.item_type, &item.content)?;
        }
        push_item_of(&mut body, "the user information", item_type::USER_INFORMATION, |out| {
            self.user_information.write(out)
        })?;
        with_header(pdu_type::ASSOCIATE_RQ, NAME, &body)
    }

    /// Whether bit 0 of the protocol version, the only one that is tested, is set (PS3.8 9.3.2).
    pub fn is_version_supported(&self) -> bool {
        self.protocol_version & 1 == 1
    }
}

/// One context: its identifier, and what it proposes or why it cannot be used.
fn read_context(content: &[u8]) -> Result<(u8, Result<ProposedContext, ContextFault>), Malformed> {
    let mut reader = Reader::new(content);
    let id = reader.u8(CONTEXT)?;
    reader.skip(3, CONTEXT)?;
    let mut abstract_syntax = None;
    let mut several = false;
    let mut transfer_syntaxes = Vec::new();
    while !reader.is_empty() {
        let (kind, name) = reader.item(CONTEXT)?;
        match kind {
            item_type::ABSTRACT_SYNTAX => {
                several |= abstract_syntax.replace(Uid::from_wire(name)).is_some();
            }
            item_type::TRANSFER_SYNTAX => transfer_syntaxes.extend(Uid::from_wire(name).ok()),
            _ => {}
        }
    }
    let context = match abstract_syntax {
        _ if id % 2 == 0 => Err(ContextFault::EvenId),
        _ if several => Err(ContextFault::SeveralAbstractSyntaxes),
        None => Err(ContextFault::NoAbstractSyntax),
        Some(Err(error)) => Err(ContextFault::AbstractSyntax(error)),
        Some(Ok(abstract_syntax)) => Ok(ProposedContext { id, abstract_syntax, transfer_syntaxes }),
    };
    Ok((id, context))
}
