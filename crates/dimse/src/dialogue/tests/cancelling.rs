use std::io::IoSlice;
use std::time::Duration;

use upper_layer::Transport;
use upper_layer::pdu::RELEASE_RQ;
use upper_layer::script::pair;
use vocabulary::Status;

use super::peer::{accepted, asks, echo_rq, find_rq, get_rq, message, p_data, pdv, performing, store_rq};
use crate::incoming::{Kind, Response};
use crate::{CancelRq, Ended, Incoming, Message, Misbehaviour};

const IDLE: Option<Duration> = Some(Duration::from_secs(60));

fn cancel(request: &impl Message) -> Vec<u8> {
    message(&CancelRq::of(request), None)
}

#[test]
fn sil_054_a_cancel_for_nothing_is_ignored() {
    let (mut dialogue, sent) =
        performing(|script| script.sends(cancel(&find_rq(1))).sends(message(&echo_rq(2), None)));
    assert_eq!(dialogue.next(IDLE), Ok(Incoming::Request(echo_rq(2).into())));
    assert_eq!(sent.messages(), []);
    assert_eq!(sent.controls(), Vec::<Vec<u8>>::new());
}

#[test]
fn sil_054_a_cancel_with_another_id_is_ignored() {
    let (mut dialogue, _) = performing(|script| {
        script
            .sends(message(&find_rq(1), Some(b"identifier")))
            .sends(cancel(&find_rq(2)))
            .sends(message(&echo_rq(3), None))
    });
    dialogue.next(IDLE).unwrap();
    dialogue.drain_data_set().unwrap();
    assert_eq!(dialogue.cancel_requested(1), Ok(false));
    assert_eq!(dialogue.cancel_requested(2), Ok(false));
    dialogue.respond(&find_rq(1).respond(Status::SUCCESS), None).unwrap();
    assert_eq!(dialogue.next(IDLE), Ok(Incoming::Request(echo_rq(3).into())));
}

#[test]
fn sil_054_a_cancel_after_the_final_response_is_ignored() {
    let (mut dialogue, _) = performing(|script| {
        script
            .sends(message(&find_rq(1), Some(b"identifier")))
            .sends(cancel(&find_rq(1)))
            .sends(message(&find_rq(1), Some(b"identifier")))
    });
    dialogue.next(IDLE).unwrap();
    dialogue.respond(&find_rq(1).respond(Status::SUCCESS), None).unwrap();
    assert_eq!(dialogue.cancel_requested(1), Ok(false));
    assert_eq!(dialogue.next(IDLE), Ok(Incoming::Request(find_rq(1).into())));
    dialogue.drain_data_set().unwrap();
    assert_eq!(dialogue.cancel_requested(1), Ok(false), "the late cancel is not taken for the next request");
}

#[test]
fn sil_054_a_cancel_during_a_find_is_seen_by_polling() {
    let (ours, mut theirs) = pair();
    let mut says = |bytes: &[u8]| theirs.write_all(&mut [IoSlice::new(bytes)], None).unwrap();
    says(&asks());
    let mut dialogue = accepted(ours);
    says(&message(&find_rq(1), Some(b"identifier")));
    dialogue.next(IDLE).unwrap();
    dialogue.drain_data_set().unwrap();
    assert_eq!(dialogue.cancel_requested(1), Ok(false));
    dialogue.queue_response(&find_rq(1).respond(Status::PENDING), Some(b"match")).unwrap();
    dialogue.flush().unwrap();
    assert_eq!(dialogue.cancel_requested(1), Ok(false));

    // The first half of the command does not make anybody wait for the second.
    let command = CancelRq::of(&find_rq(1)).to_bytes(false);
    let (begin, end) = command.split_at(20);
    says(&p_data(&[pdv(find_rq(1).context_id, true, false, begin)]));
    assert_eq!(dialogue.cancel_requested(1), Ok(false));
    says(&p_data(&[pdv(find_rq(1).context_id, true, true, end)]));
    assert_eq!(dialogue.cancel_requested(1), Ok(true));
    assert_eq!(dialogue.cancel_requested(1), Ok(true), "it is not forgotten");
    dialogue.respond(&find_rq(1).respond(Status::CANCEL), None).unwrap();
    says(&message(&echo_rq(2), None));
    assert_eq!(dialogue.next(IDLE), Ok(Incoming::Request(echo_rq(2).into())));
}

#[test]
fn sil_054_a_cancel_between_a_sub_operation_and_its_response_is_seen_and_the_response_too() {
    let (mut dialogue, sent) = performing(|script| {
        script
            .sends(message(&get_rq(1), Some(b"identifier")))
            .sends(cancel(&get_rq(1)))
            .sends(message(&store_rq(1).respond(Status::SUCCESS), None))
            .sends(message(&echo_rq(9), None))
    });
    dialogue.next(IDLE).unwrap();
    dialogue.drain_data_set().unwrap();
    let sub_operation = store_rq(dialogue.next_message_id());
    dialogue.store_from(&sub_operation, &mut b"instance".as_slice(), 8).unwrap();
    assert_eq!(dialogue.await_store_response(IDLE), Ok(sub_operation.respond(Status::SUCCESS)));
    assert_eq!(dialogue.cancel_requested(1), Ok(true));
    dialogue.respond(&get_rq(1).respond(Status::CANCEL), None).unwrap();
    assert_eq!(dialogue.next(IDLE), Ok(Incoming::Request(echo_rq(9).into())));
    let messages = sent.messages();
    assert!(matches!(&messages[0], (Kind::Request(_), instance) if instance == b"instance"));
    assert!(matches!(&messages[1], (Kind::Response(Response::Get(_)), _)));
}

#[test]
fn gen_009_a_request_among_sub_operations_ends_the_association() {
    // Its data set would stand between us and the response to the sub-operation.
    let (mut dialogue, sent) = performing(|script| {
        script
            .sends(message(&get_rq(1), Some(b"identifier")))
            .sends(message(&find_rq(2), Some(b"identifier")))
            .sends(message(&store_rq(1).respond(Status::SUCCESS), None))
            .closes()
    });
    dialogue.next(IDLE).unwrap();
    dialogue.drain_data_set().unwrap();
    assert_eq!(dialogue.cancel_requested(1), Ok(false));
    dialogue.store_from(&store_rq(1), &mut b"instance".as_slice(), 8).unwrap();
    let outstanding = Misbehaviour::OperationOutstanding(find_rq(2).heading().command_field);
    assert_eq!(dialogue.await_store_response(IDLE), Err(Ended::PeerMisbehaved(outstanding)));
    assert!(sent.is_aborted());
}

#[test]
fn a_release_request_during_an_operation_waits_for_its_end() {
    let (mut dialogue, sent) =
        performing(|script| script.sends(message(&find_rq(1), Some(b"identifier"))).sends(RELEASE_RQ));
    dialogue.next(IDLE).unwrap();
    dialogue.drain_data_set().unwrap();
    assert_eq!(dialogue.cancel_requested(1), Ok(false));
    dialogue.respond(&find_rq(1).respond(Status::SUCCESS), None).unwrap();
    assert_eq!(dialogue.next(IDLE), Ok(Incoming::ReleaseRequested));
    assert_eq!(sent.messages().len(), 1);
}

#[test]
fn a_peer_that_vanishes_during_a_find_is_noticed_by_polling() {
    let (mut dialogue, _) =
        performing(|script| script.sends(message(&find_rq(1), Some(b"identifier"))).closes());
    dialogue.next(IDLE).unwrap();
    dialogue.drain_data_set().unwrap();
    assert!(matches!(dialogue.cancel_requested(1), Err(Ended::Association(_))));
}

#[test]
fn a_cancel_may_not_bring_a_data_set() {
    let bytes = p_data(&[pdv(find_rq(1).context_id, true, true, &CancelRq::of(&find_rq(1)).to_bytes(true))]);
    let (mut dialogue, sent) = performing(|script| script.sends(bytes).closes());
    assert_eq!(dialogue.next(IDLE), Err(Ended::PeerMisbehaved(Misbehaviour::CancelWithDataSet)));
    assert!(sent.is_aborted());
}
