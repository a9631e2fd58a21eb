use std::time::Duration;

use vocabulary::{AeTitleError, Blame};

use super::{Anything, OUR_MAX, PEER_MAX, abort_pdu, ac, pdu, rq, rq_bytes, timers, us, written};
use crate::ended::{Fault, Waiting};
use crate::negotiation::negotiate;
use crate::pdu::{AssociateAc, HEADER_BYTES, Malformed, TitleField, UnknownItem};
use crate::script::{Record, Script};
use crate::{Abort, AssociateRq, Ended, Rejection, accept};

/// What becomes of a connection on which these bytes come; the peer closes behind them.
fn outcome(bytes: impl Into<Vec<u8>>) -> (Ended, Record) {
    let (script, record) = Script::new();
    let ended = accept(script.sends(bytes).closes(), timers()).map(|requested| requested.request().clone());
    (ended.unwrap_err(), record)
}

/// [`rq`] with something changed.
fn changed(change: impl FnOnce(&mut AssociateRq)) -> Vec<u8> {
    let mut rq = rq();
    change(&mut rq);
    rq.to_bytes().unwrap()
}

#[test]
fn a_request_is_read_and_the_acceptance_written() {
    let (script, record) = Script::new();
    let requested = accept(script.sends(rq_bytes()), timers()).unwrap();
    assert_eq!(*requested.request(), rq());
    let association = requested.accept(ac()).unwrap();
    assert_eq!(association.contexts().len(), 2);
    assert_eq!(association.peer_max_pdu_length(), PEER_MAX);
    assert!(!association.we_requested());
    let [answer] = &record.pdus()[..] else { panic!("{:?}", record.pdus()) };
    assert_eq!(AssociateAc::read(&answer[HEADER_BYTES..]).unwrap(), ac());
    assert_eq!(answer[0], 2);
    assert_eq!(ac().user_information.max_pdu_length, Some(OUR_MAX));
}

#[test]
fn sil_022_artim_closes_a_connection_without_a_request() {
    let (script, record) = Script::new();
    // A byte now and then does not help.
    let mut script = script;
    for byte in rq_bytes() {
        script = script.sends([byte]).pauses(Duration::from_secs(7));
    }
    let ended = accept(script, timers()).unwrap_err();
    assert_eq!(ended, Ended::TimedOut { waiting_for: Waiting::AssociateRequest });
    assert_eq!(record.elapsed(), timers().artim);
    assert!(record.is_closed());
    assert_eq!(record.writes(), Vec::<Vec<u8>>::new());
}

#[test]
fn sil_022_artim_runs_after_a_rejection_until_the_peer_closes() {
    let (script, record) = Script::new();
    let requested = accept(script.sends(rq_bytes()), timers()).unwrap();
    requested.reject(Rejection::LOCAL_LIMIT_EXCEEDED).unwrap();
    assert_eq!(record.pdus(), [vec![3, 0, 0, 0, 0, 4, 0, 2, 3, 2]]);
    assert_eq!(record.elapsed(), timers().artim);
    assert!(record.is_closed());

    let (script, record) = Script::new();
    let script = script.sends(rq_bytes()).pauses(Duration::from_secs(2)).closes();
    accept(script, timers()).unwrap().reject(Rejection::NO_REASON).unwrap();
    assert_eq!(record.elapsed(), Duration::from_secs(2));
    assert!(record.is_closed());
}

#[test]
fn qr_021_a_request_that_cannot_be_parsed_is_rejected() {
    let whole = rq_bytes();
    let junk = [&whole[HEADER_BYTES..], &[0x20, 0, 0]].concat();
    let beyond = [&whole[HEADER_BYTES..], &[0x20, 0, 0, 9, 1]].concat();
    let twice = changed(|rq| rq.presentation_contexts[1].id = 1);
    let requests = [pdu(1, &whole[HEADER_BYTES..60]), pdu(1, &[]), pdu(1, &junk), pdu(1, &beyond), twice];
    for bytes in requests {
        let (ended, record) = outcome(bytes);
        let Ended::Rejected { what: Fault::Malformed(_), rejection } = ended else { panic!("{ended}") };
        assert_eq!(rejection, Rejection::NO_REASON_BY_ACSE);
        assert_eq!(ended.blame(), Blame::PeerMisbehaved);
        assert_eq!(record.pdus(), [vec![3, 0, 0, 0, 0, 4, 0, 1, 2, 1]]);
        assert!(record.is_closed());
    }
}

#[test]
fn qr_021_a_request_of_absurd_length_is_rejected_without_being_read() {
    let (script, record) = Script::new();
    let script = script.sends([1, 0, 0xFF, 0xFF, 0xFF, 0xFF]).sends(vec![0; 1_000_000]);
    let ended = accept(script, timers()).unwrap_err();
    let what = Fault::PduTooLong { pdu_type: 1, length: u32::MAX, allowed: 256 * 1024 };
    assert_eq!(ended, Ended::Rejected { what, rejection: Rejection::NO_REASON_BY_ACSE });
    assert_eq!(record.pdus(), [Rejection::NO_REASON_BY_ACSE.to_bytes()]);
    assert_eq!(record.elapsed(), timers().artim);
}

#[test]
fn sil_017_protocol_version_bit_0_only_is_tested() {
    for version in [0x0001, 0x0003, 0xFFFF, 0x8001] {
        let (script, _) = Script::new();
        let script = script.sends(changed(|rq| rq.protocol_version = version));
        assert_eq!(accept(script, timers()).unwrap().request().protocol_version, version);
    }
    for version in [0x0000, 0x0002, 0xFFFE] {
        let (ended, record) = outcome(changed(|rq| rq.protocol_version = version));
        let rejection = Rejection::PROTOCOL_VERSION_NOT_SUPPORTED;
        assert_eq!(ended, Ended::Rejected { what: Fault::ProtocolVersion(version), rejection });
        assert_eq!(record.pdus(), [vec![3, 0, 0, 0, 0, 4, 0, 1, 2, 2]]);
    }
}

#[test]
fn sil_017_the_version_is_judged_before_what_another_version_may_spell_differently() {
    let (ended, _) = outcome(pdu(1, &[0, 2, 0xAA, 0xBB, 0xCC]));
    assert!(matches!(ended, Ended::Rejected { what: Fault::ProtocolVersion(2), .. }), "{ended}");
}

#[test]
fn sil_020_a_peer_that_takes_no_fragment_is_rejected_and_the_least_that_does_is_served() {
    for length in 1..8 {
        let (ended, record) = outcome(changed(|rq| rq.user_information.max_pdu_length = Some(length)));
        let rejection = Rejection::NO_REASON_BY_ACSE;
        assert_eq!(ended, Ended::Rejected { what: Fault::MaximumLength(length), rejection });
        assert_eq!(record.pdus(), [rejection.to_bytes()]);
    }
    let (script, _) = Script::new();
    let script = script.sends(changed(|rq| rq.user_information.max_pdu_length = Some(8)));
    assert_eq!(accept(script, timers()).unwrap().accept(ac()).unwrap().peer_max_pdu_length(), 8);
}

#[test]
fn sil_020_no_limit_of_the_peer_leaves_ours() {
    for length in [None, Some(0), Some(u32::MAX)] {
        let (script, _) = Script::new();
        let script = script.sends(changed(|rq| rq.user_information.max_pdu_length = length));
        let mut association = accept(script, timers()).unwrap().accept(ac()).unwrap();
        assert_eq!(association.peer_max_pdu_length(), 128 * 1024);
        association.limit_sent_pdu_length(16384);
        assert_eq!(association.peer_max_pdu_length(), 16384);
        association.limit_sent_pdu_length(65536);
        assert_eq!(association.peer_max_pdu_length(), 16384);
    }
}

#[test]
fn qr_019_qr_020_blank_and_broken_titles_reach_the_ae_that_must_reject_them() {
    let (script, _) = Script::new();
    let script = script.sends(changed(|rq| {
        rq.called_ae_title = TitleField::from_wire(*b"                ");
        rq.calling_ae_title = TitleField::from_wire(*b"A\\B\xFF            ");
    }));
    let requested = accept(script, timers()).unwrap();
    assert_eq!(requested.request().called_ae_title.title(), Err(AeTitleError::Blank));
    assert_eq!(requested.request().calling_ae_title.title(), Err(AeTitleError::Character('\\')));
    assert_eq!(requested.request().calling_ae_title.to_string(), "A\\\\B\\xff");
}

#[test]
fn qr_018_the_application_context_is_the_aes_to_judge() {
    for name in ["", "1.2.3", "not a uid"] {
        let (script, _) = Script::new();
        let script = script.sends(changed(|rq| rq.application_context = name.to_owned()));
        assert_eq!(accept(script, timers()).unwrap().request().application_context, name);
    }
}

#[test]
fn a_request_of_128_contexts_with_58_transfer_syntaxes_each_is_taken() {
    let syntaxes: Vec<String> = (10..68).map(|at| format!("1.2.840.10008.1.2.4.{at}")).collect();
    let syntaxes: Vec<&str> = syntaxes.iter().map(String::as_str).collect();
    let bytes = changed(|rq| {
        rq.presentation_contexts =
            (0..128).map(|at| super::context(2 * at + 1, "1.2.840.10008.5.1.4.1.1.2", &syntaxes)).collect();
    });
    assert!(bytes.len() > 180_000, "{}", bytes.len());
    let (script, record) = Script::new();
    let requested = accept(script.sends(bytes).in_portions([1448]), timers()).unwrap();
    assert_eq!(requested.request().presentation_contexts.len(), 128);
    let answer = negotiate(requested.request(), &Anything, &us());
    requested.accept(answer).unwrap();
    assert_eq!(
        AssociateAc::read(&record.pdus()[0][HEADER_BYTES..]).unwrap().presentation_contexts.len(),
        128
    );
}

#[test]
fn a_request_of_256_kib_is_the_longest_that_is_taken() {
    let body = rq_bytes().len() - HEADER_BYTES;
    let item = |bytes: usize| UnknownItem { item_type: 0x77, content: vec![0; bytes - 4] };
    for (length, is_taken) in [(256 * 1024, true), (256 * 1024 + 1, false)] {
        let bytes = changed(|rq| {
            let mut items = vec![item(60_000); 4];
            items.push(item(length - body - 240_000));
            rq.unknown = items;
        });
        assert_eq!(bytes.len() - HEADER_BYTES, length);
        let (script, _) = Script::new();
        let accepted = accept(script.sends(bytes).in_portions([4000, 1]).closes(), timers());
        assert_eq!(accepted.is_ok(), is_taken);
    }
}

#[test]
fn sil_014_a_129th_context_has_no_identifier_of_its_own() {
    let (ended, _) = outcome(changed(|rq| {
        rq.presentation_contexts = (0_u16..129)
            .map(|at| super::context((2 * at + 1) as u8, "1.2.3", &["1.2.840.10008.1.2"]))
            .collect();
    }));
    assert!(
        matches!(ended, Ended::Rejected { what: Fault::Malformed(Malformed::DuplicateContext(1)), .. }),
        "{ended}"
    );
}

#[test]
fn sil_025_anything_but_a_request_is_answered_by_an_abort_of_the_service_user() {
    // PS3.8 AA-1, in Sta2.
    for pdu_type in [2, 3, 4, 5, 6] {
        let (ended, record) = outcome(pdu(pdu_type, &[0; 4]));
        assert!(matches!(ended, Ended::PeerMisbehaved { what: Fault::UnexpectedPdu { .. }, .. }), "{ended}");
        assert_eq!(record.pdus(), [abort_pdu(Abort::BY_USER)]);
        assert!(record.is_closed());
    }
}

#[test]
fn sil_025_a_stranger_is_told_by_its_first_byte() {
    let (script, record) = Script::new();
    let ended = accept(script.sends(*b"G"), timers()).unwrap_err();
    let what = Fault::UnrecognizedPdu(b'G');
    assert_eq!(what.to_string(), "a PDU of the unknown type 47H (HTTP begins like this)");
    assert_eq!(ended, Ended::PeerMisbehaved { what, answer: Abort::BY_USER });
    assert_eq!(record.pdus(), [abort_pdu(Abort::BY_USER)]);
    assert_eq!(record.elapsed(), timers().artim);
}

#[test]
fn a_peer_that_goes_before_it_asks_is_let_go() {
    let (ended, record) = outcome([]);
    assert_eq!(ended, Ended::Closed(std::io::ErrorKind::UnexpectedEof));
    assert!(record.is_closed());
    let (ended, record) = outcome(Abort::BY_USER.to_bytes());
    assert_eq!(ended, Ended::Aborted(Abort::BY_USER));
    assert_eq!(record.pdus(), Vec::<Vec<u8>>::new());
    assert!(record.is_closed());
}

#[test]
fn an_acceptor_may_abort_instead_of_answering() {
    let (script, record) = Script::new();
    accept(script.sends(rq_bytes()).closes(), timers()).unwrap().abort(Abort::BY_USER);
    assert_eq!(record.pdus(), [abort_pdu(Abort::BY_USER)]);
    assert!(record.is_closed());
}

#[test]
fn sil_025_a_second_request_on_an_association_aborts_it() {
    let (mut association, record) = super::accepted_sending(rq_bytes());
    let ended = association.receive(None).unwrap_err();
    assert!(matches!(ended, Ended::PeerMisbehaved { answer: Abort::UNEXPECTED_PDU, .. }), "{ended}");
    assert_eq!(written(&record), [abort_pdu(Abort::UNEXPECTED_PDU)]);
}
