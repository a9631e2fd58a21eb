use std::time::Duration;

use vocabulary::Blame;

use super::{OUR_MAX, abort_pdu, ac, pdu, requested, rq, rq_bytes, timers, written};
use crate::ended::{Fault, Waiting};
use crate::pdu::ContextRefusal;
use crate::script::{Record, Script};
use crate::{Abort, Ended, Rejection, RequestFailed, request};

fn failure(bytes: impl Into<Vec<u8>>) -> (RequestFailed, Record) {
    let (script, record) = Script::new();
    let failed = request(script.sends(bytes).closes(), rq(), timers()).map(|_| ()).unwrap_err();
    (failed, record)
}

#[test]
fn an_acceptance_makes_an_association_with_what_was_agreed_on() {
    let mut answer = ac();
    answer.presentation_contexts[1].answer = Err(ContextRefusal::UserRejection);
    let (script, record) = Script::new();
    let association = requested(script.sends(answer.to_bytes().unwrap()));
    assert_eq!(record.pdus(), [rq_bytes()]);
    assert!(association.we_requested());
    assert_eq!(association.contexts().iter().map(|context| context.id).collect::<Vec<_>>(), [1]);
    assert!(association.context(1).is_some_and(|context| context.we_are_scu && !context.we_are_scp));
    assert!(association.context(3).is_none());
    assert_eq!(association.peer_max_pdu_length(), OUR_MAX);
    assert_eq!(association.peer().implementation_version_name.as_deref(), Some("ISOCENTER 0"));
    assert_eq!(*association.answer(), answer);
}

#[test]
fn a_rejection_is_told_in_words_and_the_connection_closed() {
    let (failed, record) = failure([3, 0, 0, 0, 0, 4, 0, 1, 1, 7]);
    assert_eq!(failed, RequestFailed::Rejected(Rejection::CALLED_AE_TITLE_NOT_RECOGNIZED));
    assert_eq!(
        failed.to_string(),
        "the peer rejected the association permanently: called AE title not recognized (1/1/7)"
    );
    assert_eq!(failed.blame(), Blame::NotOffered);
    assert!(record.is_closed());
    let (failed, _) = failure([3, 0, 0, 0, 0, 4, 0, 2, 3, 2]);
    assert!(matches!(failed, RequestFailed::Rejected(rejection) if rejection.is_transient()));
}

#[test]
fn sil_022_the_wait_for_the_answer_is_not_artims() {
    let (script, record) = Script::new();
    let failed = request(script, rq(), timers()).map(|_| ()).unwrap_err();
    assert_eq!(failed, Ended::TimedOut { waiting_for: Waiting::AssociateResponse }.into());
    assert_eq!(written(&record), [abort_pdu(Abort::BY_USER)]);
    assert_eq!(record.elapsed(), timers().associate_response + timers().artim);
    assert!(record.is_closed());
}

#[test]
fn sil_025_an_answer_that_is_none_is_aborted_with_its_reason() {
    let short = pdu(2, &[0, 1]);
    let twice = {
        let mut answer = ac();
        answer.presentation_contexts[1].id = 1;
        answer.to_bytes().unwrap()
    };
    let small = {
        let mut answer = ac();
        answer.user_information.max_pdu_length = Some(3);
        answer.to_bytes().unwrap()
    };
    let cases = [
        (short, Abort::INVALID_PARAMETER),
        (twice, Abort::UNEXPECTED_PARAMETER),
        (small, Abort::INVALID_PARAMETER),
        (vec![2, 0, 0xFF, 0, 0, 0], Abort::INVALID_PARAMETER),
        (rq_bytes(), Abort::UNEXPECTED_PDU),
        (pdu(4, &[0; 8]), Abort::UNEXPECTED_PDU),
        (pdu(3, &[0; 2]), Abort::INVALID_PARAMETER),
        (b"HTTP/1.1 400".to_vec(), Abort::UNRECOGNIZED_PDU),
    ];
    for (bytes, abort) in cases {
        let (failed, record) = failure(bytes);
        let RequestFailed::Ended(Ended::PeerMisbehaved { answer, .. }) = failed else { panic!("{failed}") };
        assert_eq!(answer, abort);
        assert_eq!(written(&record), [abort_pdu(abort)]);
        assert!(record.is_closed());
    }
}

#[test]
fn sil_020_a_small_maximum_length_in_the_answer_is_named() {
    let mut answer = ac();
    answer.user_information.max_pdu_length = Some(7);
    let (failed, _) = failure(answer.to_bytes().unwrap());
    assert!(
        matches!(failed, RequestFailed::Ended(Ended::PeerMisbehaved { what: Fault::MaximumLength(7), .. })),
        "{failed}"
    );
}

#[test]
fn an_abort_or_the_end_instead_of_an_answer_is_reported() {
    let (failed, record) = failure(Abort::NO_REASON.to_bytes());
    assert_eq!(failed, Ended::Aborted(Abort::NO_REASON).into());
    assert_eq!(written(&record), Vec::<Vec<u8>>::new());
    let (failed, _) = failure([]);
    assert_eq!(failed, Ended::Closed(std::io::ErrorKind::UnexpectedEof).into());
}

#[test]
fn an_answer_in_single_bytes_is_an_answer() {
    let (script, record) = Script::new();
    let script = script.pauses(Duration::from_secs(3)).sends(ac().to_bytes().unwrap()).in_portions([1]);
    assert_eq!(requested(script).contexts().len(), 2);
    assert_eq!(record.elapsed(), Duration::from_secs(3));
}
