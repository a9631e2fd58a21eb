use std::time::Duration;

use upper_layer::pdu::RELEASE_RQ;
use vocabulary::{AeTitle, Status, Uid, sop_class};

use super::peer::{
    COMMITMENT, ECHO, FIND, echo_rq, find_rq, get_rq, invoking, message, performing, store_rq,
};
use crate::incoming::Kind;
use crate::{
    CancelRq, CommandField, Ended, Incoming, Message, Misbehaviour, NEventReportRq, Request, Response,
    SendFailed, StoreRq,
};

const TIMEOUT: Option<Duration> = Some(Duration::from_secs(300));

#[test]
fn an_echo_goes_out_and_its_answer_comes_back() {
    let answer = echo_rq(1).respond(Status::SUCCESS);
    let (mut dialogue, sent) = invoking(|script| script.sends(message(&answer, None)));
    assert_eq!(dialogue.echo(ECHO, TIMEOUT), Ok(answer));
    assert_eq!(sent.messages(), [(Kind::Request(echo_rq(1).into()), vec![])]);
}

#[test]
fn the_answers_to_a_find_come_with_their_identifiers_until_the_final_one() {
    let pending = find_rq(1).respond(Status::PENDING);
    let done = find_rq(1).respond(Status::SUCCESS);
    let (mut dialogue, sent) = invoking(|script| {
        script
            .sends(message(&pending, Some(b"first")))
            .sends(message(&pending, Some(b"second")))
            .sends(message(&done, None))
    });
    dialogue.send(&find_rq(1), Some(b"identifier")).unwrap();
    let mut matches = Vec::new();
    loop {
        let response = dialogue.await_response(TIMEOUT).unwrap();
        if response.is_final() {
            assert_eq!(response, Response::Find(done));
            break;
        }
        matches.push(dialogue.collect_data_set(100).unwrap());
    }
    assert_eq!(matches, [b"first".to_vec(), b"second".to_vec()]);
    assert_eq!(sent.messages(), [(Kind::Request(find_rq(1).into()), b"identifier".to_vec())]);
}

#[test]
fn an_identifier_that_nobody_read_is_dropped_before_the_next_response() {
    let pending = find_rq(1).respond(Status::PENDING);
    let done = find_rq(1).respond(Status::CANCEL);
    let (mut dialogue, sent) =
        invoking(|script| script.sends(message(&pending, Some(&[1; 50_000]))).sends(message(&done, None)));
    dialogue.send(&find_rq(1), Some(b"identifier")).unwrap();
    dialogue.await_response(TIMEOUT).unwrap();
    dialogue.send(&CancelRq::of(&find_rq(1)), None).unwrap();
    assert_eq!(dialogue.await_response(TIMEOUT), Ok(Response::Find(done)));
    assert_eq!(sent.messages()[1].0, Kind::Cancel(CancelRq { context_id: FIND, message_id: 1 }));
}

#[test]
fn sil_066_a_sub_operation_goes_out_from_its_source_with_the_move_originator() {
    let request = StoreRq {
        move_originator_ae_title: Some(AeTitle::parse("WORKSTATION").unwrap()),
        move_originator_message_id: Some(4711),
        ..store_rq(1)
    };
    let answer = request.respond(Status::ELEMENTS_DISCARDED);
    let (mut dialogue, sent) = invoking(|script| script.sends(message(&answer, None)));
    let instance: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    dialogue.store_from(&request, &mut instance.as_slice(), 100_000).unwrap();
    assert_eq!(dialogue.await_store_response(TIMEOUT), Ok(answer));
    assert_eq!(sent.messages(), [(Kind::Request(request.into()), instance)]);
}

#[test]
fn a_source_that_ends_early_aborts_and_is_not_the_peers_fault() {
    let (mut dialogue, sent) = invoking(|script| script.closes());
    let failed = dialogue.store_from(&store_rq(1), &mut b"short".as_slice(), 6).unwrap_err();
    assert!(matches!(failed, SendFailed::Source(_)));
    assert_eq!(failed.blame(), vocabulary::Blame::FellShort);
    assert!(sent.is_aborted());
}

#[test]
fn a_response_to_another_message_ends_the_association() {
    for answer in [
        message(&store_rq(2).respond(Status::SUCCESS), None),
        message(&echo_rq(1).respond(Status::SUCCESS), None),
    ] {
        let (mut dialogue, sent) = invoking(|script| script.sends(answer).closes());
        dialogue.send(&store_rq(1), Some(b"instance")).unwrap();
        let ended = dialogue.await_store_response(TIMEOUT).unwrap_err();
        assert!(matches!(ended, Ended::PeerMisbehaved(Misbehaviour::UnexpectedResponse { .. })));
        assert!(sent.is_aborted());
    }
}

#[test]
fn gen_009_a_second_request_before_the_first_is_answered_is_our_bug() {
    let (mut dialogue, sent) = invoking(|script| script);
    dialogue.send(&echo_rq(1), None).unwrap();
    let ended = dialogue.send(&echo_rq(2), None).unwrap_err();
    assert_eq!(ended.blame(), vocabulary::Blame::Unreachable);
    assert_eq!(sent.messages().len(), 1);
}

#[test]
fn a_peer_that_does_not_answer_is_aborted_in_time() {
    let (mut dialogue, sent) = invoking(|script| script.pauses(Duration::from_secs(3600)));
    dialogue.send(&store_rq(1), Some(b"instance")).unwrap();
    let ended = dialogue.await_store_response(TIMEOUT).unwrap_err();
    assert!(matches!(ended, Ended::Association(upper_layer::Ended::TimedOut { .. })));
    assert!(sent.is_aborted());
}

#[test]
fn a_release_request_in_place_of_a_response_ends_the_association() {
    let (mut dialogue, sent) = invoking(|script| script.sends(RELEASE_RQ).closes());
    dialogue.send(&echo_rq(1), None).unwrap();
    let ended = dialogue.await_response(TIMEOUT).unwrap_err();
    assert_eq!(ended, Ended::PeerMisbehaved(Misbehaviour::ReleaseWithinOperation));
    assert!(sent.is_aborted());
}

#[test]
fn a_retrieval_brings_requests_and_responses_over_one_association() {
    let pending = get_rq(1).respond(Status::PENDING);
    let done = get_rq(1).respond(Status::SUCCESS);
    let (mut dialogue, sent) = invoking(|script| {
        script
            .sends(message(&store_rq(7), Some(b"instance")))
            .sends(message(&pending, None))
            .sends(message(&done, None))
    });
    dialogue.send(&get_rq(1), Some(b"identifier")).unwrap();
    assert_eq!(dialogue.next(TIMEOUT), Ok(Incoming::Request(store_rq(7).into())));
    assert_eq!(dialogue.collect_data_set(100), Ok(b"instance".to_vec()));
    dialogue.respond(&store_rq(7).respond(Status::SUCCESS), None).unwrap();
    assert_eq!(dialogue.next(TIMEOUT), Ok(Incoming::Response(pending.into())));
    assert_eq!(dialogue.next(TIMEOUT), Ok(Incoming::Response(done.into())));
    assert_eq!(sent.messages().len(), 2);
}

#[test]
fn sil_089_a_request_may_come_while_our_notification_is_outstanding() {
    let notification = NEventReportRq {
        context_id: COMMITMENT,
        message_id: 1,
        affected_sop_class_uid: Uid::known(sop_class::STORAGE_COMMITMENT_PUSH_MODEL),
        affected_sop_instance_uid: Uid::known("1.2.840.10008.1.20.1.1"),
        event_type_id: 1,
    };
    let confirmed = notification.respond(Status::SUCCESS);
    let (mut dialogue, sent) = performing(|script| {
        script.sends(message(&store_rq(1), Some(b"instance"))).sends(message(&confirmed, None))
    });
    dialogue.send(&notification, Some(b"event information")).unwrap();
    assert_eq!(dialogue.next(TIMEOUT), Ok(Incoming::Request(Request::Store(store_rq(1)))));
    dialogue.respond(&store_rq(1).respond(Status::SUCCESS), None).unwrap();
    assert_eq!(dialogue.next(TIMEOUT), Ok(Incoming::Response(confirmed.into())));
    let fields: Vec<CommandField> = sent
        .messages()
        .iter()
        .map(|(kind, _)| match kind {
            Kind::Request(request) => request.heading().command_field,
            Kind::Response(response) => response.heading().command_field,
            Kind::Cancel(cancel) => cancel.heading().command_field,
        })
        .collect();
    assert_eq!(fields, [CommandField::N_EVENT_REPORT_RQ, CommandField::C_STORE_RQ.response()]);
}

#[test]
fn message_ids_run_on_and_are_never_zero() {
    let (mut dialogue, _) = invoking(|script| script);
    let ids: Vec<u16> = (0..65_536_u32).map(|_| dialogue.next_message_id()).collect();
    assert_eq!((ids[0], ids[65_534], ids[65_535]), (1, 65_535, 1));
}
