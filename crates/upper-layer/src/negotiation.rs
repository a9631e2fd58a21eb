//! What is proposed against what is offered (PS3.8 7.1, PS3.7 D.3): pure functions of the two.

use vocabulary::Uid;

use crate::pdu::{
    APPLICATION_CONTEXT_NAME, AssociateAc, AssociateRq, AsynchronousWindow, ContextAnswer, ContextRefusal,
    ExtendedNegotiation, RoleSelection, UserIdentity, UserInformation,
};

/// What an AE accepts.
pub trait Offer {
    /// The transfer syntax to accept for a proposed context, or why none is.
    ///
    /// # Errors
    /// [`ContextRefusal::AbstractSyntaxNotSupported`] or [`ContextRefusal::TransferSyntaxesNotSupported`], as
    /// the case may be.
    fn choose(&self, abstract_syntax: &Uid, proposed: &[Uid]) -> Result<Uid, ContextRefusal>;

    /// The roles that the requestor may take for a SOP class.
    fn roles(&self, abstract_syntax: &Uid) -> Roles;

    /// The answer to a SOP class extended negotiation item for an accepted context; none: not answered.
    fn extended(&self, _sop_class: &Uid, _information: &[u8]) -> Option<Vec<u8>> {
        None
    }

    /// The server response to a user identity that asks for one; none: not answered.
    fn user_identity(&self, _identity: &UserIdentity) -> Option<Vec<u8>> {
        None
    }
}

/// Roles of the association requestor (PS3.7 D.3.3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// It may be the SCU.
    pub scu: bool,
    /// It may be the SCP.
    pub scp: bool,
}

impl Roles {
    /// What holds where nothing is negotiated: the requestor is SCU, the acceptor SCP.
    pub const DEFAULT: Self = Self { scu: true, scp: false };

    /// The roles that are in both.
    fn and(self, other: Self) -> Self {
        Self { scu: self.scu && other.scu, scp: self.scp && other.scp }
    }

    fn is_none(self) -> bool {
        !self.scu && !self.scp
    }
}

impl From<&RoleSelection> for Roles {
    fn from(selection: &RoleSelection) -> Self {
        Self { scu: selection.scu, scp: selection.scp }
    }
}

/// What we say about ourselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The longest variable part of a P-DATA-TF that we take; 0: no limit.
    pub max_pdu_length: u32,
    /// Which implementation this is (PS3.7 D.3.3.2.1).
    pub implementation_class_uid: Uid,
    /// Which version of it (PS3.7 D.3.3.2.3), at most 16 characters.
    pub implementation_version_name: String,
}

impl Identity {
    /// The user information that says this and nothing more.
    pub fn to_user_information(&self) -> UserInformation {
        UserInformation {
            max_pdu_length: Some(self.max_pdu_length),
            implementation_class_uid: Some(self.implementation_class_uid.clone()),
            implementation_version_name: Some(self.implementation_version_name.clone()),
            ..UserInformation::default()
        }
    }
}

/// A presentation context that both sides agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NegotiatedContext {
    /// Its identifier.
    pub id: u8,
    /// What its messages are about.
    pub abstract_syntax: Uid,
    /// How their data sets are encoded.
    pub transfer_syntax: Uid,
    /// We may invoke operations on it.
    pub we_are_scu: bool,
    /// The peer may.
    pub we_are_scp: bool,
}

/// The answer to a request: every proposed context is answered, and nothing that was not proposed.
///
/// A context on which the requestor could take no role (the offer allows none that was proposed, or the default
/// one) is refused as well: nothing could be done on it.
pub fn negotiate(rq: &AssociateRq, offer: &dyn Offer, ours: &Identity) -> AssociateAc {
    let asked = &rq.user_information;
    let mut answered = ours.to_user_information();
    let mut contexts = Vec::with_capacity(rq.presentation_contexts.len() + rq.unusable_contexts.len());
    for context in &rq.presentation_contexts {
        let sop_class = &context.abstract_syntax;
        let selection = asked.roles(sop_class);
        let roles = offer.roles(sop_class).and(selection.map_or(Roles::DEFAULT, Roles::from));
        let answer = match offer.choose(sop_class, &context.transfer_syntaxes) {
            Ok(_) if context.transfer_syntaxes.is_empty() => {
                Err(ContextRefusal::TransferSyntaxesNotSupported)
            }
            Ok(_) if roles.is_none() => Err(ContextRefusal::AbstractSyntaxNotSupported),
            answer => answer,
        };
        if answer.is_ok() && selection.is_some() && answered.roles(sop_class).is_none() {
            let sop_class = sop_class.clone();
            answered.role_selections.push(RoleSelection { sop_class, scu: roles.scu, scp: roles.scp });
        }
        if answer.is_ok() {
            extend(&mut answered, asked, offer, sop_class);
        }
        contexts.push(ContextAnswer { id: context.id, answer });
    }
    for context in &rq.unusable_contexts {
        contexts.push(ContextAnswer { id: context.id, answer: Err(ContextRefusal::NoReason) });
    }
    if asked.asynchronous_window.is_some() {
        answered.asynchronous_window = Some(AsynchronousWindow { invoked: 1, performed: 1 });
    }
    answered.user_identity_response = asked
        .user_identity
        .as_ref()
        .filter(|identity| identity.positive_response_requested)
        .and_then(|identity| offer.user_identity(identity));
    AssociateAc {
        protocol_version: 1,
        called_ae_title: rq.called_ae_title,
        calling_ae_title: rq.calling_ae_title,
        application_context: APPLICATION_CONTEXT_NAME.to_owned(),
        presentation_contexts: contexts,
        user_information: answered,
        unknown: Vec::new(),
    }
}

/// Answers the extended negotiation of a SOP class, once.
fn extend(answered: &mut UserInformation, asked: &UserInformation, offer: &dyn Offer, sop_class: &Uid) {
    let is_of = |item: &&ExtendedNegotiation| item.sop_class == *sop_class;
    if answered.extended_negotiations.iter().any(|item| is_of(&item)) {
        return;
    }
    let Some(proposed) = asked.extended_negotiations.iter().find(is_of) else { return };
    if let Some(information) = offer.extended(sop_class, &proposed.information) {
        answered
            .extended_negotiations
            .push(ExtendedNegotiation { sop_class: sop_class.clone(), information });
    }
}

/// The contexts that hold after a request and its answer, as one of the two sides sees them.
///
/// An answer is never taken for more than was proposed: contexts and transfer syntaxes that were not are left
/// out, roles that were not are not had.
pub fn agreed(rq: &AssociateRq, ac: &AssociateAc, we_requested: bool) -> Vec<NegotiatedContext> {
    let mut contexts = Vec::new();
    for context in &rq.presentation_contexts {
        let answer = ac.presentation_contexts.iter().find(|answer| answer.id == context.id);
        let Some(Ok(transfer_syntax)) = answer.map(|answer| answer.answer.as_ref()) else { continue };
        if !context.transfer_syntaxes.contains(transfer_syntax) {
            continue;
        }
        let proposed = rq.user_information.roles(&context.abstract_syntax).map(Roles::from);
        let granted = ac.user_information.roles(&context.abstract_syntax).map(Roles::from);
        let requestor = match (proposed, granted) {
            (Some(proposed), Some(granted)) => proposed.and(granted),
            _ => Roles::DEFAULT,
        };
        contexts.push(NegotiatedContext {
            id: context.id,
            abstract_syntax: context.abstract_syntax.clone(),
            transfer_syntax: transfer_syntax.clone(),
            we_are_scu: if we_requested { requestor.scu } else { requestor.scp },
            we_are_scp: if we_requested { requestor.scp } else { requestor.scu },
        });
    }
    contexts
}

#[cfg(test)]
mod tests;
