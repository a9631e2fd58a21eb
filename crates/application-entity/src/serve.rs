//! One association, from its first byte to its last.

use std::time::Duration;

use dimse::{Dialogue, Ended as DialogueEnded};
use tracing::field::Empty;
use upper_layer::pdu::Abort;
use upper_layer::{AssociateRq, Association, Ended, Rejection, Timers, Transport, accept};
use vocabulary::Blame;

use crate::acceptance::{Acceptable, Refused};
use crate::dispatch::{Attendance, Instances, Served, Services, dispatch};
use crate::rights::Denied;
use crate::users::Identified;
use crate::{Acquaintances, Admission, Caller, Entity, Overseer, acceptance};

/// How long the check of a passcode may wait for its turn. The peer waits that long for an answer, which is less than
/// most give it (CFG-009).
const PASSCODE_WAIT_MAX: Duration = Duration::from_secs(10);

/// What every association keeps to, whichever AE serves it.
#[derive(Debug, Clone, Copy)]
pub struct Network {
    /// The upper layer's timers.
    pub timers: Timers,
    /// The longest P-DATA-TF that is sent whatever the peer takes, in bytes (CFG-006).
    pub sent_pdu_length_max: u32,
}

/// What holds where a connection comes in.
#[derive(Debug, Clone, Copy)]
pub struct Reception<'a> {
    /// Who listens there.
    pub entities: &'a [&'a Entity],
    /// Whom they know.
    pub acquaintances: &'a Acquaintances,
    /// Timers, and the longest PDU to send.
    pub network: &'a Network,
}

/// Serves one connection: request, checks, admission, then operation after operation until release, abort or
/// loss. Nothing is returned: what happened is in the log, and the peer knows.
pub fn serve<T: Transport, S: Services<T>>(
    transport: T,
    caller: &Caller,
    reception: &Reception<'_>,
    overseer: &mut dyn Overseer,
    services: &mut S,
) {
    let requested = match accept(transport, reception.network.timers) {
        Ok(requested) => requested,
        Err(ended) => {
            if let Some(witness) = overseer.witness()
                && !matches!(ended, Ended::Closed(_))
            {
                witness.caller("", "", &caller.address.ip().to_canonical().to_string());
                witness.rejected(&ended.to_string());
            }
            overseer.done();
            return log_no_request(caller, &ended);
        }
    };
    let rq = requested.request();
    let (calling, called) = (rq.calling_ae_title.to_string(), rq.called_ae_title.to_string());
    // An error's span: what is logged at any level says whom it is about.
    let span = tracing::error_span!("association", peer = %caller, calling, called, user = Empty);
    let _entered = span.enter();
    if let Some(witness) = overseer.witness() {
        witness.caller(&calling, &called, &caller.address.ip().to_canonical().to_string());
    }

    let (acceptable, user) = match admit(rq, caller, reception, overseer) {
        Ok(admitted) => admitted,
        Err(rejection) => {
            overseer.done();
            return log_end(requested.reject(rejection).map_err(DialogueEnded::from));
        }
    };
    let Acceptable { calling, called, entity, idle, granted, denied, answer, .. } = acceptable;
    let association = match requested.accept(answer) {
        Ok(mut association) => {
            association.limit_sent_pdu_length(reception.network.sent_pdu_length_max);
            association
        }
        Err(ended) => {
            overseer.done();
            return log_end(Err(ended.into()));
        }
    };
    log_accepted(&association, entity, &denied);
    if let Some(witness) = overseer.witness() {
        witness.accepted();
    }

    let mut dialogue = Dialogue::new(association);
    let mut attendance = Attendance {
        calling,
        called,
        address: caller.ip(),
        user,
        granted,
        overseer,
        requests: 0,
        instances: Instances::default(),
    };
    let end = dispatch(&mut dialogue, idle, services, &mut attendance);
    services.over();
    let (requests, instances) = (attendance.requests, attendance.instances);
    let (stored, refused) = (instances.stored(), instances.refused());
    if let Some(witness) = attendance.overseer.witness() {
        witness.over();
    }
    // The place is free before the peer learns that the association is over: it may come back at once.
    attendance.overseer.done();
    let end = end.and_then(|served| {
        match (served, dialogue.into_association()) {
            (Served::ReleaseRequested, Some(association)) => association.confirm_release()?,
            (Served::Stopped, Some(association)) => association.abort(Abort::BY_USER),
            (_, None) => {}
        }
        Ok(served)
    });
    match end {
        Ok(Served::ReleaseRequested) => tracing::info!(requests, stored, refused, "released association"),
        Ok(Served::Stopped) => {
            tracing::info!(requests, stored, refused, "aborted association: the server is being stopped");
        }
        Err(ended) => {
            let span = tracing::error_span!("end", requests, stored, refused);
            span.in_scope(|| log_end(Err(ended)));
        }
    }
}

/// Checks a request and asks for a place for it: what is to be answered and which user it is of, or the rejection,
/// which is logged.
fn admit<'a>(
    rq: &'a AssociateRq,
    caller: &Caller,
    Reception { entities, acquaintances, network: _ }: &Reception<'a>,
    overseer: &mut dyn Overseer,
) -> Result<(Acceptable<'a>, Option<String>), Rejection> {
    let acceptable = match acceptance::check(rq, caller, entities, acquaintances) {
        Ok(acceptable) => acceptable,
        Err(refused) => return Err(rejected(overseer, &refused, refused.rejection())),
    };
    match overseer.admit(acceptable.entity, &acceptable.calling, &acceptable.called) {
        Admission::Admitted => {}
        Admission::Refused(no_place) => {
            return Err(rejected(overseer, &no_place, no_place.rejection()));
        }
    }
    let Some(identity) = acceptable.identity else { return Ok((acceptable, None)) };
    let mut permit = None;
    let mut turn = || {
        permit = overseer.passcode_permit();
        permit.as_mut().and_then(|permit| permit.wait(PASSCODE_WAIT_MAX)) == Some(true)
    };
    let identified = acquaintances.users.identify(identity, &mut turn);
    drop(permit);
    let Identified { name, grants } = match identified {
        Ok(identified) => identified,
        Err(refused) => {
            let refused = Refused::from(refused);
            return Err(rejected(overseer, &refused, refused.rejection()));
        }
    };
    tracing::Span::current().record("user", name.as_str());
    match acceptable.identified(rq, grants) {
        Ok(acceptable) => Ok((acceptable, Some(name))),
        Err(refused) => Err(rejected(overseer, &refused, refused.rejection())),
    }
}

/// Says and puts on record that there is no association, and why.
fn rejected(overseer: &mut dyn Overseer, why: &dyn std::fmt::Display, rejection: Rejection) -> Rejection {
    tracing::warn!(%rejection, "rejected association: {why}");
    if let Some(witness) = overseer.witness() {
        witness.rejected(&why.to_string());
    }
    rejection
}

/// Says what was agreed on. That nothing was is what a peer's engineer has to know.
fn log_accepted<T: Transport>(association: &Association<T>, entity: &'static str, denied: &[Denied]) {
    let contexts = association.contexts().len();
    let refused_contexts = association.answer().presentation_contexts.len().saturating_sub(contexts);
    for denied in denied {
        tracing::warn!(entity, "refused presentation contexts: {denied} is false");
    }
    match contexts {
        0 if denied.is_empty() => tracing::warn!(
            entity,
            refused_contexts,
            "accepted association for {entity}, and none of its presentation contexts: its SOP classes or transfer syntaxes are not offered here"
        ),
        _ => tracing::info!(entity, contexts, refused_contexts, "accepted association for {entity}"),
    }
}

fn log_no_request(caller: &Caller, ended: &Ended) {
    let peer = caller;
    match ended {
        // A port scan or a load balancer's probe: no error of ours, and no association either.
        Ended::Closed(_) => tracing::debug!(%peer, "connection closed without an association request"),
        _ => tracing::warn!(%peer, "no association: {ended}"),
    }
}

fn log_end(end: Result<(), DialogueEnded>) {
    if let Err(ended) = end {
        match ended.blame() {
            Blame::Unreachable => tracing::error!("association ended: {ended}"),
            _ => tracing::warn!("association ended: {ended}"),
        }
    }
}
