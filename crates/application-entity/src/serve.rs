//! One association, from its first byte to its last.

use std::net::SocketAddr;

use dimse::{Dialogue, Ended as DialogueEnded};
use upper_layer::pdu::Abort;
use upper_layer::{Association, Ended, Timers, Transport, accept};
use vocabulary::Blame;

use crate::dispatch::{Attendance, Instances, Served, Services, dispatch};
use crate::{Admission, Entity, Overseer, acceptance};

/// What every association keeps to, whichever AE serves it.
#[derive(Debug, Clone, Copy)]
pub struct Network {
    /// The upper layer's timers.
    pub timers: Timers,
    /// The longest P-DATA-TF that is sent whatever the peer takes, in bytes (CFG-006).
    pub sent_pdu_length_max: u32,
}

/// Serves one connection: request, checks, admission, then operation after operation until release, abort or
/// loss. Nothing is returned: what happened is in the log, and the peer knows.
pub fn serve<T: Transport, S: Services<T>>(
    transport: T,
    peer: SocketAddr,
    entities: &[&Entity],
    network: &Network,
    overseer: &mut dyn Overseer,
    services: &mut S,
) {
    let requested = match accept(transport, network.timers) {
        Ok(requested) => requested,
        Err(ended) => {
            overseer.done();
            return log_no_request(peer, &ended);
        }
    };
    let rq = requested.request();
    let (calling, called) = (rq.calling_ae_title.to_string(), rq.called_ae_title.to_string());
    // An error's span: what is logged at any level says whom it is about.
    let address = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    let span = tracing::error_span!("association", peer = %address, calling, called);
    let _entered = span.enter();

    let acceptable = match acceptance::check(rq, peer.ip(), entities) {
        Ok(acceptable) => acceptable,
        Err(refused) => {
            let rejection = refused.rejection();
            tracing::warn!(%rejection, "rejected association: {refused}");
            overseer.done();
            return log_end(requested.reject(rejection).map_err(DialogueEnded::from));
        }
    };
    match overseer.admit(acceptable.entity, &acceptable.calling, &acceptable.called) {
        Admission::Admitted => {}
        Admission::Refused(no_place) => {
            let rejection = no_place.rejection();
            tracing::warn!(%rejection, "rejected association: {no_place}");
            overseer.done();
            return log_end(requested.reject(rejection).map_err(DialogueEnded::from));
        }
    }
    let association = match requested.accept(acceptable.answer) {
        Ok(mut association) => {
            association.limit_sent_pdu_length(network.sent_pdu_length_max);
            association
        }
        Err(ended) => {
            overseer.done();
            return log_end(Err(ended.into()));
        }
    };
    log_accepted(&association, acceptable.entity);

    let mut dialogue = Dialogue::new(association);
    let mut attendance = Attendance {
        calling: acceptable.calling,
        called: acceptable.called,
        address: peer.ip(),
        overseer,
        requests: 0,
        instances: Instances::default(),
    };
    let end = dispatch(&mut dialogue, acceptable.idle, services, &mut attendance);
    services.over();
    let (requests, instances) = (attendance.requests, attendance.instances);
    let (stored, refused) = (instances.stored(), instances.refused());
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

/// Says what was agreed on. That nothing was is what a peer's engineer has to know.
fn log_accepted<T: Transport>(association: &Association<T>, entity: &'static str) {
    let contexts = association.contexts().len();
    let refused_contexts = association.answer().presentation_contexts.len().saturating_sub(contexts);
    match contexts {
        0 => tracing::warn!(
            entity,
            refused_contexts,
            "accepted association for {entity}, and none of its presentation contexts: its SOP classes or transfer syntaxes are not offered here"
        ),
        _ => tracing::info!(entity, contexts, refused_contexts, "accepted association for {entity}"),
    }
}

fn log_no_request(peer: SocketAddr, ended: &Ended) {
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
