//! The Association Acceptance Policy: may they, and what for (PS3.8 7.1, PS3.2 F.4.2.2.4.1.1).

use std::net::IpAddr;
use std::time::Duration;

use upper_layer::negotiation::{self, Identity, Roles};
use upper_layer::pdu::{
    APPLICATION_CONTEXT_NAME, ContextAnswer, ContextRefusal, ProposedContext, UserIdentity,
};
use upper_layer::{AssociateAc, AssociateRq, Rejection};
use vocabulary::{AeTitle, Uid, sop_class};

use crate::peers::Acquaintances;
use crate::rights::{Denied, Grant, Granted};
use crate::users::{Demand, IdentityRefused, Users};
use crate::{Caller, Entity, rejections};

/// A request that passed every check but the count of associations, and that of the user.
#[derive(Debug)]
pub struct Acceptable<'a> {
    /// Who calls.
    pub calling: AeTitle,
    /// Who is called, as the peer wrote it.
    pub called: String,
    /// The entity whose association it is, by name: its places are counted.
    pub entity: &'static str,
    /// How long the association may wait for its next request.
    pub idle: Duration,
    /// What the requestor may do.
    pub granted: Granted,
    /// The rights for want of which contexts are refused, each once.
    pub denied: Vec<Denied>,
    /// The user identity that has to be right before the answer goes out; [`Acceptable::identified`] says that it is.
    pub identity: Option<&'a UserIdentity>,
    /// The answer.
    pub answer: AssociateAc,
    candidates: Vec<&'a Entity>,
}

/// Why a request is rejected, for the peer and for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// PS3.8 9.3.2.1 (QR-018).
    #[error("the application context {0:?} is not that of DICOM")]
    ApplicationContext(String),
    /// The address is in no allowed range (SEC-005).
    #[error("the address {0} is not in allowed-addresses")]
    Address(IpAddr),
    /// The calling title is none, or not in the list (QR-020).
    #[error("the calling AE title {0:?} is blank or not in allowed-calling-ae-titles")]
    CallingAeTitle(String),
    /// The title is bound to certificates, and who calls has none of them.
    #[error(
        "the AE title {calling} must come with a certificate of its [[peer]], and {shown}: correct the peer, or \
         certificates of its [[peer]]"
    )]
    Certificate {
        /// Who calls.
        calling: AeTitle,
        /// What it shows instead.
        shown: String,
    },
    /// The title is known, and not from there.
    #[error("the AE title {calling} calls from {address}, which is not in calls-from of its [[peer]]")]
    CallsFrom {
        /// Who calls.
        calling: AeTitle,
        /// From where.
        address: IpAddr,
    },
    /// The title is not known, and only known ones may call.
    #[error("no [[peer]] has the calling AE title {0}, and unknown-peer.may-call is false")]
    UnknownPeer(AeTitle),
    /// Nobody here has that title (QR-019).
    #[error(
        "the called AE title is {called:?}, but this is {ours}: correct it at the peer, or switch check-called-ae-title off"
    )]
    CalledAeTitle {
        /// What the peer called.
        called: String,
        /// Who listens at this address.
        ours: String,
    },
    /// The user is not who it should be (SIL-009).
    #[error(transparent)]
    Identity(#[from] IdentityRefused),
    /// Nothing that was proposed is acceptable (QR-011).
    #[error("none of the {0} proposed presentation contexts is acceptable")]
    NoContext(usize),
    /// Nothing that was proposed may be done.
    #[error("none of the {proposed} proposed presentation contexts is acceptable: {denied} is false")]
    NothingPermitted {
        /// How many.
        proposed: usize,
        /// The first right that is missing.
        denied: Denied,
    },
}

impl Refused {
    /// What goes out.
    pub fn rejection(&self) -> Rejection {
        let row = match self {
            Self::ApplicationContext(_) => rejections::APPLICATION_CONTEXT,
            Self::CallingAeTitle(_)
            | Self::Certificate { .. }
            | Self::CallsFrom { .. }
            | Self::UnknownPeer(_) => rejections::CALLING_AE_TITLE,
            Self::CalledAeTitle { .. } => rejections::CALLED_AE_TITLE,
            Self::Address(_) => rejections::ADDRESS,
            Self::Identity(IdentityRefused::Busy(_)) => rejections::CONGESTION,
            Self::Identity(_) => rejections::USER_IDENTITY,
            Self::NoContext(_) | Self::NothingPermitted { .. } => rejections::NO_CONTEXT,
        };
        row.rejection
    }
}

/// Checks a request against the entities that listen where it came in, and negotiates the answer.
///
/// The order of the checks (SIL-018): application context, address, calling title, called title, whether there is a
/// user identity, contexts; then the count of associations, so that a peer that will never be served is told so even
/// when all places are taken. That the user identity is right comes last: who checks it holds a place, or a flood of
/// passcodes would cost more than a flood of associations.
///
/// # Errors
/// Why the request is to be rejected.
pub fn check<'a>(
    rq: &'a AssociateRq,
    caller: &Caller,
    entities: &[&'a Entity],
    acquaintances: &Acquaintances,
) -> Result<Acceptable<'a>, Refused> {
    let peer = caller.ip();
    if rq.application_context != APPLICATION_CONTEXT_NAME {
        return Err(Refused::ApplicationContext(rq.application_context.clone()));
    }
    let mut candidates = entities.to_vec();
    keep(&mut candidates, |entity| match &entity.access.allowed_addresses {
        Some(ranges) => ranges.iter().any(|range| range.contains(peer)),
        None => true,
    })
    .ok_or(Refused::Address(peer))?;

    let unknown_calling = || Refused::CallingAeTitle(rq.calling_ae_title.to_string());
    let calling = rq.calling_ae_title.title().map_err(|_| unknown_calling())?;
    keep(&mut candidates, |entity| match &entity.access.allowed_calling_ae_titles {
        Some(titles) => titles.contains(&calling),
        None => true,
    })
    .ok_or_else(unknown_calling)?;
    let granted = Granted::by(acquaintances.grant(&calling, caller)?);

    let called = rq.called_ae_title.title().ok();
    let ours = || candidates_titles(entities);
    keep(&mut candidates, |entity| {
        !entity.access.check_called_ae_title || called.as_ref() == Some(&entity.ae_title)
    })
    .ok_or_else(|| Refused::CalledAeTitle { called: rq.called_ae_title.to_string(), ours: ours() })?;
    let identity = identity_to_check(rq, &mut candidates)?;

    let negotiated = negotiate(rq, &candidates, &granted, None)?;
    Ok(Acceptable {
        calling,
        called: rq.called_ae_title.to_string(),
        entity: negotiated.first.name,
        idle: negotiated.idle,
        answer: negotiated.answer,
        denied: negotiated.denied,
        granted,
        identity,
        candidates,
    })
}

/// The user identity that has to be right, if there is one; entities that demand one are left out if there is none.
///
/// One of a type that is not supported counts as none: PS3.7 D.3.3.7 has an acceptor without support accept, and not
/// answer.
fn identity_to_check<'a>(
    rq: &'a AssociateRq,
    candidates: &mut Vec<&'a Entity>,
) -> Result<Option<&'a UserIdentity>, Refused> {
    if candidates.iter().all(|entity| entity.access.user_identity == Demand::Off) {
        return Ok(None);
    }
    if rq.user_information.has_unusable_identity() {
        return Err(IdentityRefused::Malformed.into());
    }
    let given = rq.user_information.user_identity.as_ref();
    let supported = given.filter(|identity| Users::supports(identity));
    if supported.is_none() {
        keep(candidates, |entity| entity.access.user_identity != Demand::Required).ok_or(match given {
            Some(identity) => IdentityRefused::NotSupported(identity.identity_type),
            None => IdentityRefused::Missing,
        })?;
    }
    Ok(supported)
}

impl Acceptable<'_> {
    /// The same request once it is known whose it is: the rights of the user hold as well.
    ///
    /// # Errors
    /// When nothing is left that may be done, and the entity rejects such requests.
    pub fn identified(self, rq: &AssociateRq, grants: Vec<Grant>) -> Result<Self, Refused> {
        let granted = self.granted.and(grants);
        // PS3.7 D.3.3.7.2: the response to names and tokens has nothing in it.
        let negotiated = negotiate(rq, &self.candidates, &granted, Some(Vec::new()))?;
        let Negotiated { first: _, idle, denied, answer } = negotiated;
        Ok(Self { granted, idle, denied, answer, identity: None, ..self })
    }
}

/// The answer, and what goes with it.
struct Negotiated<'a> {
    first: &'a Entity,
    idle: Duration,
    denied: Vec<Denied>,
    answer: AssociateAc,
}

fn negotiate<'a>(
    rq: &AssociateRq,
    candidates: &[&'a Entity],
    granted: &Granted,
    identity_response: Option<Vec<u8>>,
) -> Result<Negotiated<'a>, Refused> {
    let combined = Combined { entities: candidates, rq, granted, identity_response };
    let mut answer = negotiation::negotiate(rq, &combined, &combined.identity());
    let serving = combined.serving(&answer);
    let is_denied = |context: &ContextAnswer| context.answer == Err(ContextRefusal::UserRejection);
    let denied = match answer.presentation_contexts.iter().any(is_denied) {
        true => combined.denied(),
        false => Vec::new(),
    };
    let proposed = rq.presentation_contexts.len() + rq.unusable_contexts.len();
    let Some(first) = serving.first().or(candidates.first()) else {
        return Err(Refused::NoContext(proposed));
    };
    if serving.is_empty() && first.reject_without_context {
        return Err(match denied.into_iter().next() {
            Some(denied) => Refused::NothingPermitted { proposed, denied },
            None => Refused::NoContext(proposed),
        });
    }
    // The entity whose association it is names the implementation (GEN-010).
    answer.user_information.implementation_class_uid = Some(first.identity.implementation_class_uid.clone());
    let idle = serving.iter().map(|entity| entity.idle).max().unwrap_or(first.idle);
    Ok(Negotiated { first, idle, denied, answer })
}

/// Keeps the candidates that pass; none when nobody does.
fn keep(candidates: &mut Vec<&Entity>, passes: impl Fn(&Entity) -> bool) -> Option<()> {
    candidates.retain(|entity| passes(entity));
    (!candidates.is_empty()).then_some(())
}

fn candidates_titles(entities: &[&Entity]) -> String {
    let mut titles: Vec<_> = entities.iter().map(|entity| entity.ae_title.as_str()).collect();
    titles.dedup();
    titles.join(" and ")
}

/// What several entities at one address offer together. A context belongs to the first entity that has a row
/// for its SOP class and a role that the requestor asks for: storage classes are those of STORAGE-SCP when the
/// requestor is to store, those of QUERY-RETRIEVE-SCP when it is to be sent to.
struct Combined<'r, 'a> {
    entities: &'r [&'a Entity],
    rq: &'r AssociateRq,
    granted: &'r Granted,
    /// What is answered to a user identity that was found right.
    identity_response: Option<Vec<u8>>,
}

/// Whether the requestor could take one of the roles that it asks for.
fn is_any(offered: Roles, proposed: Roles) -> bool {
    (offered.scu && proposed.scu) || (offered.scp && proposed.scp)
}

impl<'a> Combined<'_, 'a> {
    fn identity(&self) -> Identity {
        let longest = self.entities.iter().max_by_key(|entity| match entity.identity.max_pdu_length {
            0 => u32::MAX,
            length => length,
        });
        match longest {
            Some(entity) => entity.identity.clone(),
            None => Identity {
                max_pdu_length: 0,
                implementation_class_uid: Uid::known(sop_class::VERIFICATION),
                implementation_version_name: String::new(),
            },
        }
    }

    /// The entity that a context belongs to; or why it belongs to none.
    fn owner(&self, abstract_syntax: &Uid) -> Result<&'a Entity, ContextRefusal> {
        let proposed = self.proposed(abstract_syntax);
        let mut is_offered = false;
        for entity in self.entities {
            let Some(row) = entity.offer.find(abstract_syntax) else { continue };
            is_offered |= is_any(row.requestor, proposed);
            if is_any(self.granted.permitted(abstract_syntax, row.requestor), proposed) {
                return Ok(entity);
            }
        }
        Err(if is_offered {
            ContextRefusal::UserRejection
        } else {
            ContextRefusal::AbstractSyntaxNotSupported
        })
    }

    fn proposed(&self, abstract_syntax: &Uid) -> Roles {
        self.rq.user_information.roles(abstract_syntax).map_or(Roles::DEFAULT, Roles::from)
    }

    /// The rights for want of which contexts are refused, each once.
    fn denied(&self) -> Vec<Denied> {
        let mut all: Vec<Denied> = Vec::new();
        for ProposedContext { abstract_syntax, .. } in &self.rq.presentation_contexts {
            if self.owner(abstract_syntax).err() == Some(ContextRefusal::UserRejection)
                && let Some(denied) = self.granted.denied(abstract_syntax, self.proposed(abstract_syntax))
                && !all.contains(&denied)
            {
                all.push(denied);
            }
        }
        all
    }

    /// The entities that have an accepted context, those with more than Verification first.
    fn serving(&self, answer: &AssociateAc) -> Vec<&'a Entity> {
        let mut serving: Vec<&Entity> = Vec::new();
        for verification in [false, true] {
            for context in &self.rq.presentation_contexts {
                let accepted =
                    answer.presentation_contexts.iter().any(|a| a.id == context.id && a.answer.is_ok());
                let is_verification = context.abstract_syntax == sop_class::VERIFICATION;
                if accepted
                    && verification == is_verification
                    && let Ok(entity) = self.owner(&context.abstract_syntax)
                    && !serving.iter().any(|known| known.name == entity.name)
                {
                    serving.push(entity);
                }
            }
            if !serving.is_empty() {
                break;
            }
        }
        serving
    }
}

impl negotiation::Offer for Combined<'_, '_> {
    fn choose(&self, abstract_syntax: &Uid, proposed: &[Uid]) -> Result<Uid, ContextRefusal> {
        let entity = self.owner(abstract_syntax)?;
        entity.offer.choose(abstract_syntax, proposed)
    }

    fn roles(&self, abstract_syntax: &Uid) -> Roles {
        let rows = self.entities.iter().filter_map(|entity| entity.offer.find(abstract_syntax));
        let offered = rows.fold(Roles { scu: false, scp: false }, |all, row| Roles {
            scu: all.scu || row.requestor.scu,
            scp: all.scp || row.requestor.scp,
        });
        self.granted.permitted(abstract_syntax, offered)
    }

    fn user_identity(&self, _identity: &UserIdentity) -> Option<Vec<u8>> {
        self.identity_response.clone()
    }
}

#[cfg(test)]
mod tests;
