//! The Association Acceptance Policy: may they, and what for (PS3.8 7.1, PS3.2 F.4.2.2.4.1.1).

use std::net::IpAddr;
use std::time::Duration;

use upper_layer::negotiation::{self, Identity, Roles};
use upper_layer::pdu::{APPLICATION_CONTEXT_NAME, ContextRefusal};
use upper_layer::{AssociateAc, AssociateRq, Rejection};
use vocabulary::{AeTitle, Uid, sop_class};

use crate::{Entity, rejections};

/// A request that passed every check but the count of associations.
#[derive(Debug)]
pub struct Acceptable {
    /// Who calls.
    pub calling: AeTitle,
    /// Who is called, as the peer wrote it.
    pub called: String,
    /// The entity whose association it is, by name: its places are counted.
    pub entity: &'static str,
    /// How long the association may wait for its next request.
    pub idle: Duration,
    /// The answer.
    pub answer: AssociateAc,
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
    /// Nothing that was proposed is acceptable (QR-011).
    #[error("none of the {0} proposed presentation contexts is acceptable")]
    NoContext(usize),
}

impl Refused {
    /// What goes out.
    pub fn rejection(&self) -> Rejection {
        let row = match self {
            Self::ApplicationContext(_) => rejections::APPLICATION_CONTEXT,
            Self::CallingAeTitle(_) => rejections::CALLING_AE_TITLE,
            Self::CalledAeTitle { .. } => rejections::CALLED_AE_TITLE,
            Self::Address(_) => rejections::ADDRESS,
            Self::NoContext(_) => rejections::NO_CONTEXT,
        };
        row.rejection
    }
}

/// Checks a request against the entities that listen where it came in, and negotiates the answer.
///
/// The order of the checks (SIL-018): application context, address, calling title, called title, contexts; the
/// count of associations comes last, so that a peer that will never be served is told so even when all places
/// are taken.
///
/// # Errors
/// Why the request is to be rejected.
pub fn check(rq: &AssociateRq, peer: IpAddr, entities: &[&Entity]) -> Result<Acceptable, Refused> {
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

    let called = rq.called_ae_title.title().ok();
    let ours = || candidates_titles(entities);
    keep(&mut candidates, |entity| {
        !entity.access.check_called_ae_title || called.as_ref() == Some(&entity.ae_title)
    })
    .ok_or_else(|| Refused::CalledAeTitle { called: rq.called_ae_title.to_string(), ours: ours() })?;

    let combined = Combined { entities: &candidates, rq };
    let mut answer = negotiation::negotiate(rq, &combined, &combined.identity());
    let serving = combined.serving(&answer);
    let Some(first) = serving.first().or(candidates.first()) else { return Err(Refused::Address(peer)) };
    if serving.is_empty() && first.reject_without_context {
        return Err(Refused::NoContext(rq.presentation_contexts.len() + rq.unusable_contexts.len()));
    }
    // The entity whose association it is names the implementation (GEN-010).
    answer.user_information.implementation_class_uid = Some(first.identity.implementation_class_uid.clone());
    Ok(Acceptable {
        calling,
        called: rq.called_ae_title.to_string(),
        entity: first.name,
        idle: serving.iter().map(|entity| entity.idle).max().unwrap_or(first.idle),
        answer,
    })
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
struct Combined<'a> {
    entities: &'a [&'a Entity],
    rq: &'a AssociateRq,
}

impl<'a> Combined<'a> {
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

    fn owner(&self, abstract_syntax: &Uid) -> Option<&'a Entity> {
        let proposed = self.rq.user_information.roles(abstract_syntax).map_or(Roles::DEFAULT, Roles::from);
        self.entities.iter().copied().find(|entity| {
            entity
                .offer
                .find(abstract_syntax)
                .is_some_and(|row| (row.requestor.scu && proposed.scu) || (row.requestor.scp && proposed.scp))
        })
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
                    && let Some(entity) = self.owner(&context.abstract_syntax)
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

impl negotiation::Offer for Combined<'_> {
    fn choose(&self, abstract_syntax: &Uid, proposed: &[Uid]) -> Result<Uid, ContextRefusal> {
        let entity = self.owner(abstract_syntax).ok_or(ContextRefusal::AbstractSyntaxNotSupported)?;
        entity.offer.choose(abstract_syntax, proposed)
    }

    fn roles(&self, abstract_syntax: &Uid) -> Roles {
        let rows = self.entities.iter().filter_map(|entity| entity.offer.find(abstract_syntax));
        rows.fold(Roles { scu: false, scp: false }, |all, row| Roles {
            scu: all.scu || row.requestor.scu,
            scp: all.scp || row.requestor.scp,
        })
    }
}

#[cfg(test)]
mod tests;
