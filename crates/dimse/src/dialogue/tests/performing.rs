use std::time::Duration;

use proptest::prelude::*;
use upper_layer::pdu::RELEASE_RQ;
use vocabulary::{Status, limits};

use super::peer::{
    CT, ECHO, FIND, STORE, Sent, echo_rq, find_rq, message, p_data, pdv, performing, store_rq,
};
use crate::incoming::{Kind, Response};
use crate::{
    CollectFailed, CommandField, Dialogue, Ended, Incoming, Message, Misbehaviour, PreparedResponse, Request,
    StoreRq,
};

const IDLE: Option<Duration> = Some(Duration::from_secs(60));

fn store(dialogue: &mut Dialogue<upper_layer::script::Script>) -> StoreRq {
    match dialogue.next(IDLE) {
        Ok(Incoming::Request(Request::Store(request))) => request,
        other => panic!("a C-STORE-RQ was expected, not {other:?}"),
    }
}

fn echo(dialogue: &mut Dialogue<upper_layer::script::Script>, message_id: u16) {
    let expected = Incoming::Request(echo_rq(message_id).into());
    assert_eq!(dialogue.next(IDLE), Ok(expected));
}

fn statuses(sent: &Sent) -> Vec<(u16, Status)> {
    let answered = |(kind, _)| match kind {
        Kind::Response(response) => (Response::heading(&response).message_id, response.outcome().status),
        other => panic!("a response was expected, not {other:?}"),
    };
    sent.messages().into_iter().map(answered).collect()
}

#[test]
fn sil_058_an_echo_is_answered_and_the_release_confirmed() {
    let (mut dialogue, sent) =
        performing(|script| script.sends(message(&echo_rq(7), None)).sends(RELEASE_RQ));
    echo(&mut dialogue, 7);
    assert_eq!(dialogue.data_set_piece(), Ok(None));
    dialogue.respond(&echo_rq(7).respond(Status::SUCCESS), None).unwrap();
    assert_eq!(sent.messages(), [(Kind::Response(echo_rq(7).respond(Status::SUCCESS).into()), vec![])]);
    assert_eq!(dialogue.next(IDLE), Ok(Incoming::ReleaseRequested));
    dialogue.into_association().unwrap().confirm_release().unwrap();
    assert!(sent.is_released());
}

#[test]
fn a_command_and_its_data_set_may_share_a_pdu_with_the_next_message() {
    let store_command = store_rq(1).to_bytes(true);
    let (begin, end) = store_command.split_at(33);
    let pdu = p_data(&[
        pdv(STORE, true, false, begin),
        pdv(STORE, true, false, b""),
        pdv(STORE, true, true, end),
        pdv(STORE, false, false, b"some "),
        pdv(STORE, false, true, b"data"),
        pdv(ECHO, true, true, &echo_rq(2).to_bytes(false)),
    ]);
    let (mut dialogue, sent) = performing(|script| script.sends(pdu));
    let request = store(&mut dialogue);
    assert!(dialogue.data_set_follows());
    assert_eq!(dialogue.collect_data_set(9), Ok(b"some data".to_vec()));
    assert!(!dialogue.data_set_follows());
    dialogue.respond(&request.respond(Status::SUCCESS), None).unwrap();
    echo(&mut dialogue, 2);
    assert_eq!(statuses(&sent), [(1, Status::SUCCESS)]);
}

#[test]
fn a_command_may_come_in_a_fragment_for_each_byte() {
    let command = store_rq(1).to_bytes(true);
    let last = command.len() - 1;
    let mut bytes: Vec<u8> = Vec::new();
    for (at, byte) in command.iter().enumerate() {
        bytes.extend(p_data(&[pdv(STORE, true, at == last, &[*byte])]));
    }
    bytes.extend(p_data(&[pdv(STORE, false, true, b"data")]));
    let (mut dialogue, _) = performing(|script| script.sends(bytes));
    assert_eq!(store(&mut dialogue), store_rq(1));
    assert_eq!(dialogue.collect_data_set(4), Ok(b"data".to_vec()));
}

#[test]
fn what_nobody_read_of_a_data_set_is_dropped_before_the_next_message() {
    let (mut dialogue, _) = performing(|script| {
        script.sends(message(&store_rq(1), Some(&[7; 100_000]))).sends(message(&echo_rq(2), None))
    });
    store(&mut dialogue);
    assert!(dialogue.data_set_piece().unwrap().is_some());
    echo(&mut dialogue, 2);
}

#[test]
fn a_response_waits_for_the_end_of_the_data_set_of_its_request() {
    let (mut dialogue, sent) =
        performing(|script| script.sends(message(&store_rq(1), Some(&[7; 100_000]))).closes());
    let request = store(&mut dialogue);
    dialogue.respond(&request.respond(Status::OUT_OF_RESOURCES), None).unwrap();
    assert!(!dialogue.data_set_follows());
    assert_eq!(statuses(&sent), [(1, Status::OUT_OF_RESOURCES)]);
}

#[test]
fn a_data_set_that_is_too_long_is_read_to_its_end_and_can_be_answered() {
    let (mut dialogue, sent) = performing(|script| {
        script.sends(message(&find_rq(1), Some(&[7; 5000]))).sends(message(&echo_rq(2), None))
    });
    dialogue.next(IDLE).unwrap();
    let failed = dialogue.collect_data_set(4999).unwrap_err();
    assert_eq!(failed, CollectFailed::TooLong { bytes_max: 4999 });
    dialogue.respond(&find_rq(1).respond(failed.status().unwrap()), None).unwrap();
    echo(&mut dialogue, 2);
    assert_eq!(statuses(&sent), [(1, Status::RESOURCE_LIMITATION)]);
}

#[test]
fn sil_056_an_unusable_request_is_answered_and_the_association_goes_on() {
    // The instance UID of the command: as many letters as there were digits and dots.
    let mut command = store_rq(1).to_bytes(true);
    let at = command.windows(7).position(|window| window == b"1.2.3.4").unwrap();
    command[at..at + 7].copy_from_slice(b"letters");
    let bytes = [
        p_data(&[pdv(STORE, true, true, &command)]),
        p_data(&[pdv(STORE, false, true, b"data")]),
        message(&echo_rq(2), None),
    ];
    let (mut dialogue, sent) = performing(|script| script.sends(bytes.concat()));
    let Ok(Incoming::Request(Request::Unusable(request))) = dialogue.next(IDLE) else {
        panic!("an unusable request")
    };
    dialogue.respond(&request.respond(), None).unwrap();
    echo(&mut dialogue, 2);
    assert_eq!(statuses(&sent), [(1, Status::INVALID_OBJECT_INSTANCE)]);
}

#[test]
fn a_request_that_is_not_served_here_is_refused_whatever_it_is() {
    let (mut dialogue, sent) = performing(|script| script.sends(message(&store_rq(3), Some(b"data"))));
    let Ok(Incoming::Request(request)) = dialogue.next(IDLE) else { panic!("a request") };
    let refusal = request.refuse(Status::SOP_CLASS_NOT_SUPPORTED);
    assert_eq!(refusal.heading().command_field, CommandField::C_STORE_RQ.response());
    dialogue.respond(&refusal, None).unwrap();
    assert_eq!(statuses(&sent), [(3, Status::SOP_CLASS_NOT_SUPPORTED)]);
    let (Kind::Response(Response::Store(response)), _) = sent.messages().remove(0) else {
        panic!("a C-STORE-RSP")
    };
    assert_eq!(response.affected_sop_class_uid.unwrap().as_str(), CT);
}

#[test]
fn gen_009_a_request_that_comes_early_is_answered_after_the_one_before() {
    let (mut dialogue, sent) = performing(|script| {
        script
            .sends(message(&find_rq(1), Some(b"identifier")))
            .sends(message(&store_rq(2), Some(b"instance")))
            .sends(message(&echo_rq(3), None))
    });
    dialogue.next(IDLE).unwrap();
    assert_eq!(dialogue.collect_data_set(100), Ok(b"identifier".to_vec()));
    assert_eq!(dialogue.cancel_requested(1), Ok(false));
    assert_eq!(dialogue.data_set_piece(), Ok(None), "the data set of the request that waits");
    dialogue.queue_response(&find_rq(1).respond(Status::PENDING), Some(b"match")).unwrap();
    assert_eq!(dialogue.cancel_requested(1), Ok(false));
    dialogue.respond(&find_rq(1).respond(Status::SUCCESS), None).unwrap();
    assert_eq!(dialogue.has_begun(), Ok(true), "nobody may wait for what is here already");
    let request = store(&mut dialogue);
    assert_eq!(dialogue.collect_data_set(100), Ok(b"instance".to_vec()));
    dialogue.respond(&request.respond(Status::SUCCESS), None).unwrap();
    echo(&mut dialogue, 3);
    let answered = [(1, Status::PENDING), (1, Status::SUCCESS), (2, Status::SUCCESS)];
    assert_eq!(statuses(&sent), answered);
}

#[test]
fn prepared_pending_responses_differ_from_others_in_nothing() {
    let (mut dialogue, sent) = performing(|script| script.sends(message(&find_rq(1), Some(b"identifier"))));
    dialogue.next(IDLE).unwrap();
    dialogue.drain_data_set().unwrap();
    let pending = find_rq(1).respond(Status::PENDING);
    let prepared = PreparedResponse::pending(&pending);
    assert_eq!((prepared.context_id(), prepared.command()), (FIND, pending.to_bytes(true).as_slice()));
    for number in 0..100_u8 {
        dialogue.queue_prepared(&prepared, &[number; 300]).unwrap();
    }
    dialogue.respond(&find_rq(1).respond(Status::SUCCESS), None).unwrap();
    let messages = sent.messages();
    assert_eq!(messages.len(), 101);
    for (number, (kind, data_set)) in (0..100_u8).zip(&messages) {
        assert_eq!(*kind, Kind::Response(pending.clone().into()));
        assert_eq!(*data_set, [number; 300]);
    }
}

/// What the dialogue ends with when a peer sends these bytes, and whether the peer was told.
fn ends_with(bytes: Vec<u8>) -> Misbehaviour {
    let (mut dialogue, sent) = performing(|script| script.sends(bytes).closes());
    let ended = loop {
        match dialogue.next(IDLE) {
            Ok(Incoming::Request(_)) => {}
            Ok(other) => panic!("{other:?} was not expected"),
            Err(ended) => break ended,
        }
    };
    assert_eq!(dialogue.next(IDLE).unwrap_err(), ended, "it stays over");
    drop(dialogue);
    assert!(sent.is_aborted());
    match ended {
        Ended::PeerMisbehaved(misbehaviour) => misbehaviour,
        other => panic!("the peer is to blame, not {other:?}"),
    }
}

#[test]
fn what_cannot_be_answered_is_aborted() {
    let too_long = vec![0; limits::COMMAND_SET_BYTES_MAX / 2 + 1];
    let fragment = p_data(&[pdv(ECHO, true, false, &too_long)]);
    assert_eq!(ends_with([fragment.clone(), fragment].concat()), Misbehaviour::CommandTooLong);

    let no_command = p_data(&[pdv(STORE, false, true, b"data")]);
    assert_eq!(ends_with(no_command.clone()), Misbehaviour::DataSetUnannounced);
    let after_echo = [message(&echo_rq(1), None), no_command].concat();
    assert_eq!(ends_with(after_echo), Misbehaviour::DataSetUnannounced);

    let store_command = p_data(&[pdv(STORE, true, true, &store_rq(1).to_bytes(true))]);
    let no_data_set = [store_command.clone(), message(&echo_rq(2), None)].concat();
    let elsewhere = Misbehaviour::ContextChanged { began: STORE, context_id: ECHO };
    assert_eq!(ends_with(no_data_set), elsewhere);
    assert_eq!(
        ends_with([store_command.clone(), store_command.clone()].concat()),
        Misbehaviour::DataSetMissing
    );

    let released = [store_command, RELEASE_RQ.to_vec()].concat();
    assert_eq!(ends_with(released), Misbehaviour::ReleaseWithinOperation);

    let nothing = p_data(&[pdv(ECHO, true, true, b"")]);
    let command_field = vocabulary::Tag(0x0000, 0x0100);
    assert_eq!(ends_with(nothing), Misbehaviour::Unanswerable(command_field));

    let response = message(&echo_rq(1).respond(Status::SUCCESS), None);
    let field = CommandField::C_ECHO_RQ.response();
    assert_eq!(ends_with(response), Misbehaviour::UnexpectedResponse { command_field: field, message_id: 1 });
}

#[test]
fn a_data_set_that_breaks_off_is_an_error_and_not_its_end() {
    let begun = [
        p_data(&[pdv(STORE, true, true, &store_rq(1).to_bytes(true))]),
        p_data(&[pdv(STORE, false, false, b"half")]),
    ];
    let (mut dialogue, _) = performing(|script| script.sends(begun.concat()).closes());
    store(&mut dialogue);
    assert!(matches!(dialogue.collect_data_set(100), Err(CollectFailed::Ended(Ended::Association(_)))));
}

#[test]
fn a_fault_within_a_data_set_aborts_even_if_nothing_more_is_called() {
    let bytes = [
        p_data(&[pdv(STORE, true, true, &store_rq(1).to_bytes(true))]),
        p_data(&[pdv(ECHO, false, false, b"elsewhere")]),
    ];
    let (mut dialogue, sent) = performing(|script| script.sends(bytes.concat()).closes());
    store(&mut dialogue);
    assert!(matches!(dialogue.data_set_piece(), Err(Ended::PeerMisbehaved(_))));
    assert!(dialogue.into_association().is_none());
    assert!(sent.is_aborted());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn however_the_bytes_arrive_the_messages_are_the_same(
        portions in prop::collection::vec(1_usize..300, 1..12),
        fragment in 1_usize..200,
        instance in prop::collection::vec(any::<u8>(), 0..3000),
    ) {
        let command = store_rq(1).to_bytes(true);
        let mut bytes = Vec::new();
        for (is_command, whole) in [(true, &command), (false, &instance)] {
            let mut chunks = whole.chunks(fragment).peekable();
            if chunks.peek().is_none() {
                bytes.extend(p_data(&[pdv(STORE, is_command, true, b"")]));
            }
            while let Some(chunk) = chunks.next() {
                bytes.extend(p_data(&[pdv(STORE, is_command, chunks.peek().is_none(), chunk)]));
            }
        }
        bytes.extend(message(&echo_rq(2), None));
        let (mut dialogue, _) = performing(|script| script.sends(bytes).in_portions(portions));
        prop_assert_eq!(store(&mut dialogue), store_rq(1));
        prop_assert_eq!(dialogue.collect_data_set(instance.len()), Ok(instance));
        echo(&mut dialogue, 2);
    }
}
