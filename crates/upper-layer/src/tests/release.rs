use std::time::Duration;

use super::{
    RELEASE_RP, RELEASE_RQ, abort_pdu, accepted, accepted_sending, data_pdu, requested, rq_bytes, timers,
    written,
};
use crate::ended::Waiting;
use crate::script::Script;
use crate::{Abort, Ended, Indication};

#[test]
fn a_release_is_asked_for_and_the_connection_closed() {
    let (script, record) = Script::new();
    let association = requested(script.sends(super::ac().to_bytes().unwrap()).sends(RELEASE_RP));
    association.release().unwrap();
    assert_eq!(written(&record), [RELEASE_RQ]);
    assert!(record.is_closed());
    assert_eq!(record.elapsed(), Duration::ZERO);
}

#[test]
fn sil_022_a_release_is_answered_and_the_peers_close_awaited_under_artim() {
    let (script, record) = Script::new();
    let mut association = accepted(script.sends(rq_bytes()).sends(RELEASE_RQ));
    assert_eq!(association.receive(None), Ok(Indication::ReleaseRequested));
    association.confirm_release().unwrap();
    assert_eq!(written(&record), [RELEASE_RP]);
    assert_eq!(record.elapsed(), timers().artim);
    assert!(record.is_closed());
}

#[test]
fn sil_025_what_is_outstanding_may_still_be_sent_when_the_peer_wants_the_release() {
    let (mut association, record) = accepted_sending(RELEASE_RQ);
    assert_eq!(association.receive(None), Ok(Indication::ReleaseRequested));
    association.queue(1, b"last", None).unwrap();
    association.confirm_release().unwrap();
    assert_eq!(written(&record), [data_pdu(&[(1, 3, b"last")]), RELEASE_RP.to_vec()]);
    // Both in one write, behind the acceptance.
    assert_eq!(record.writes().len(), 2);
}

#[test]
fn sil_025_release_collision_seen_by_the_requestor() {
    // Sta7, Sta9, Sta11.
    let (script, record) = Script::new();
    let script = script.sends(super::ac().to_bytes().unwrap()).sends(RELEASE_RQ).sends(RELEASE_RP);
    requested(script).release().unwrap();
    assert_eq!(written(&record), [RELEASE_RQ, RELEASE_RP]);
    assert!(record.is_closed());
    assert_eq!(record.elapsed(), Duration::ZERO);
}

#[test]
fn sil_025_release_collision_seen_by_the_acceptor() {
    // Sta7, Sta10, Sta12, Sta13: it answers after it was answered.
    let (script, record) = Script::new();
    let script =
        script.sends(rq_bytes()).sends(RELEASE_RQ).sends(RELEASE_RP).pauses(Duration::from_secs(4)).closes();
    accepted(script).release().unwrap();
    assert_eq!(written(&record), [RELEASE_RQ, RELEASE_RP]);
    assert!(record.is_closed());
    assert_eq!(record.elapsed(), Duration::from_secs(4));

    // Without the peer's answer ours is not given.
    let (script, record) = Script::new();
    let ended = accepted(script.sends(rq_bytes()).sends(RELEASE_RQ)).release().unwrap_err();
    assert_eq!(ended, Ended::TimedOut { waiting_for: Waiting::ReleaseResponse });
    assert_eq!(written(&record), [RELEASE_RQ.to_vec(), abort_pdu(Abort::BY_USER)]);
}

#[test]
fn two_of_our_own_ends_release_at_the_same_time() {
    let (requestor, acceptor) = crate::script::pair();
    let acceptor = std::thread::spawn(move || {
        let requested = crate::accept(acceptor, timers()).unwrap();
        requested.accept(super::ac()).unwrap().release()
    });
    crate::request(requestor, super::rq(), timers()).unwrap().release().unwrap();
    acceptor.join().unwrap().unwrap();
}

#[test]
fn data_behind_our_release_request_are_dropped() {
    let (script, record) = Script::new();
    let script = script
        .sends(super::ac().to_bytes().unwrap())
        .sends(data_pdu(&[(1, 1, &[7; 9000])]))
        .sends(data_pdu(&[(1, 3, b"too late")]))
        .sends(RELEASE_RP)
        .in_portions([700]);
    let mut association = requested(script);
    // A part of the first PDU was taken before.
    assert!(matches!(association.receive(None), Ok(Indication::Data(_))));
    association.release().unwrap();
    assert_eq!(written(&record), [RELEASE_RQ]);
}

#[test]
fn sil_023_a_release_that_is_not_answered_is_aborted_though_data_flow() {
    let (script, record) = Script::new();
    let mut script = script.sends(super::ac().to_bytes().unwrap());
    for _ in 0..100 {
        script = script.pauses(Duration::from_secs(1)).sends(data_pdu(&[(1, 3, b"more")]));
    }
    let ended = requested(script).release().unwrap_err();
    assert_eq!(ended, Ended::TimedOut { waiting_for: Waiting::ReleaseResponse });
    assert_eq!(written(&record), [RELEASE_RQ.to_vec(), abort_pdu(Abort::BY_USER)]);
    assert_eq!(record.elapsed(), timers().release + timers().artim);
}

#[test]
fn releasing_what_the_peer_wants_released_is_agreeing() {
    let (mut association, record) = accepted_sending(RELEASE_RQ);
    assert_eq!(association.receive(None), Ok(Indication::ReleaseRequested));
    association.release().unwrap();
    assert_eq!(written(&record), [RELEASE_RP]);
}

#[test]
fn an_answer_to_no_question_is_aborted() {
    let (mut association, record) = accepted_sending(RELEASE_RP);
    let ended = association.receive(None).unwrap_err();
    assert!(matches!(ended, Ended::PeerMisbehaved { answer: Abort::UNEXPECTED_PDU, .. }), "{ended}");
    assert_eq!(written(&record), [abort_pdu(Abort::UNEXPECTED_PDU)]);
}

#[test]
fn sil_025_data_behind_the_peers_own_release_request_are_aborted() {
    let (mut association, record) = accepted_sending([&RELEASE_RQ[..], &data_pdu(&[(1, 3, b"x")])].concat());
    assert_eq!(association.receive(None), Ok(Indication::ReleaseRequested));
    let ended = association.receive(None).unwrap_err();
    assert!(matches!(ended, Ended::PeerMisbehaved { answer: Abort::UNEXPECTED_PDU, .. }), "{ended}");
    assert_eq!(written(&record), [abort_pdu(Abort::UNEXPECTED_PDU)]);
}

#[test]
fn a_connection_that_is_gone_cannot_be_released() {
    let (script, _) = Script::new();
    let script = script.sends(super::ac().to_bytes().unwrap()).closes();
    assert_eq!(requested(script).release(), Err(Ended::Closed(std::io::ErrorKind::UnexpectedEof)));
}

#[test]
fn agreeing_to_what_nobody_asked_for_is_our_fault() {
    let (association, _) = accepted_sending([]);
    let ended = association.confirm_release().unwrap_err();
    assert_eq!(ended.blame(), vocabulary::Blame::Unreachable);
}
