//! Whole commands: what is written is what is read, what is wrong is answered as it should be, and how a message
//! is cut does not matter.

use proptest::prelude::*;
use upper_layer::Piece;
use vocabulary::{AeTitle, Status, Tag, Uid, sop_class};

use super::{Assembler, Step};
use crate::ended::Misbehaviour;
use crate::incoming::{Command, Kind};
use crate::{
    CancelRq, CommandField, EchoRq, FindRq, GetRq, InvalidDestination, Message, MoveRq, NActionRq,
    NEventReportRq, NEventReportRsp, Outcome, Priority, Request, Response, StoreRq, SubOperations,
    UnusableRq,
};

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

fn store_rq() -> StoreRq {
    StoreRq {
        context_id: 5,
        message_id: 0x0102,
        affected_sop_class_uid: Uid::known(CT),
        affected_sop_instance_uid: Uid::known("1.2.3.4"),
        priority: Priority::HIGH,
        move_originator_ae_title: Some(AeTitle::parse("WORKSTATION").unwrap()),
        move_originator_message_id: Some(77),
    }
}

fn find_rq() -> FindRq {
    FindRq {
        context_id: 1,
        message_id: 3,
        affected_sop_class_uid: Uid::known(sop_class::STUDY_ROOT_FIND),
        priority: Priority::LOW,
    }
}

fn move_rq(destination: &str) -> MoveRq {
    MoveRq {
        context_id: 3,
        message_id: 4,
        affected_sop_class_uid: Uid::known(sop_class::STUDY_ROOT_MOVE),
        priority: Priority::MEDIUM,
        move_destination: AeTitle::parse(destination)
            .map_err(|error| InvalidDestination { text: destination.to_owned(), error }),
    }
}

/// One element as a peer may write it.
fn element(tag: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0];
    bytes.extend_from_slice(&tag.to_le_bytes());
    bytes.extend_from_slice(&u32::try_from(value.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(value);
    bytes
}

fn number(tag: u16, value: u16) -> Vec<u8> {
    element(tag, &value.to_le_bytes())
}

/// The elements of a C-STORE-RQ, each to be left out, doubled or changed.
fn store_elements() -> Vec<Vec<u8>> {
    vec![
        element(0x0002, CT.as_bytes()),
        number(0x0100, 0x0001),
        number(0x0110, 9),
        number(0x0700, 0),
        number(0x0800, 1),
        element(0x1000, b"1.2.3.4\0"),
    ]
}

fn request(bytes: &[u8]) -> Request {
    match Command::read(1, bytes).unwrap().kind {
        Kind::Request(request) => request,
        other => panic!("a request was expected, not {other:?}"),
    }
}

fn unusable(bytes: &[u8]) -> UnusableRq {
    match request(bytes) {
        Request::Unusable(request) => request,
        other => panic!("an unusable request was expected, not {other:?}"),
    }
}

fn reread(message: &impl Message, data_set_follows: bool) -> Kind {
    let command = Command::read(message.heading().context_id, &message.to_bytes(data_set_follows)).unwrap();
    assert_eq!(command.data_set_follows, data_set_follows);
    command.kind
}

#[test]
fn requests_are_read_as_they_were_written() {
    let uid = Uid::known("1.2.840.10008.1.20.1");
    let echo = EchoRq::new(1, 2);
    assert_eq!(reread(&echo, false), Kind::Request(echo.into()));
    let store = store_rq();
    assert_eq!(reread(&store, true), Kind::Request(store.into()));
    let find = find_rq();
    assert_eq!(reread(&find, true), Kind::Request(find.into()));
    let get = GetRq {
        context_id: 9,
        message_id: 8,
        affected_sop_class_uid: Uid::known(sop_class::PATIENT_ROOT_GET),
        priority: Priority(0x4711),
    };
    assert_eq!(reread(&get, true), Kind::Request(get.into()));
    let r#move = move_rq("VIEWER1");
    assert_eq!(reread(&r#move, true), Kind::Request(r#move.into()));
    let action = NActionRq {
        context_id: 11,
        message_id: 12,
        requested_sop_class_uid: uid.clone(),
        requested_sop_instance_uid: Uid::known("1.2.840.10008.1.20.1.1"),
        action_type_id: 1,
    };
    assert_eq!(reread(&action, true), Kind::Request(action.into()));
    let event = NEventReportRq {
        context_id: 11,
        message_id: 12,
        affected_sop_class_uid: uid,
        affected_sop_instance_uid: Uid::known("1.2.840.10008.1.20.1.1"),
        event_type_id: 2,
    };
    assert_eq!(reread(&event, true), Kind::Request(event.into()));
    let cancel = CancelRq::of(&find_rq());
    assert_eq!(reread(&cancel, false), Kind::Cancel(CancelRq { context_id: 1, message_id: 3 }));
}

#[test]
fn responses_are_made_from_their_requests_and_read_as_they_were_written() {
    let outcome = Outcome::new(Status::OUT_OF_RESOURCES)
        .comment("no space left")
        .offending(&[Tag(0x0008, 0x0018), Tag(0x0010, 0x0020)]);
    let store = store_rq().respond(outcome.clone());
    assert_eq!((store.context_id, store.message_id), (5, 0x0102));
    assert_eq!(store.affected_sop_instance_uid, Some(Uid::known("1.2.3.4")));
    assert_eq!(reread(&store, false), Kind::Response(store.into()));
    let echo = EchoRq::new(1, 2).respond(Status::SUCCESS);
    assert_eq!(reread(&echo, false), Kind::Response(echo.into()));
    let find = find_rq().respond(Status::PENDING);
    assert_eq!(reread(&find, true), Kind::Response(find.into()));
    let counters = SubOperations { remaining: Some(4), completed: 3, failed: 2, warning: 1 };
    let r#move = move_rq("V").respond(Status::PENDING).counting(counters);
    assert_eq!(reread(&r#move, false), Kind::Response(r#move.into()));
    let refused = move_rq("V").respond(Status::MOVE_DESTINATION_UNKNOWN);
    assert_eq!(reread(&refused, false), Kind::Response(refused.into()));
    let get = GetRq {
        context_id: 9,
        message_id: 8,
        affected_sop_class_uid: Uid::known(sop_class::PATIENT_ROOT_GET),
        priority: Priority::MEDIUM,
    }
    .respond(outcome)
    .counting(SubOperations { remaining: None, ..counters });
    assert_eq!(reread(&get, true), Kind::Response(get.into()));
}

#[test]
fn n_responses_carry_the_class_instance_and_type_of_their_requests() {
    let action = NActionRq {
        context_id: 11,
        message_id: 12,
        requested_sop_class_uid: Uid::known("1.2.840.10008.1.20.1"),
        requested_sop_instance_uid: Uid::known("1.2.840.10008.1.20.1.1"),
        action_type_id: 1,
    }
    .respond(Status::SUCCESS);
    assert_eq!(action.affected_sop_class_uid, Some(Uid::known("1.2.840.10008.1.20.1")));
    assert_eq!(action.affected_sop_instance_uid, Some(Uid::known("1.2.840.10008.1.20.1.1")));
    assert_eq!(action.action_type_id, Some(1));
    assert_eq!(reread(&action, false), Kind::Response(action.into()));
    let event = NEventReportRsp {
        context_id: 1,
        message_id: 2,
        affected_sop_class_uid: None,
        affected_sop_instance_uid: None,
        event_type_id: None,
        outcome: Status::NO_SUCH_EVENT_TYPE.into(),
    };
    assert_eq!(reread(&event, false), Kind::Response(event.into()));
}

#[test]
fn sil_063_remaining_goes_out_with_pending_and_cancelled_only() {
    let counters = SubOperations { remaining: Some(70_000), completed: 70_001, failed: 2, warning: 1 };
    for (status, remaining) in [
        (Status::PENDING, Some(65_535)),
        (Status::CANCEL, Some(65_535)),
        (Status::SUCCESS, None),
        (Status::SUB_OPERATIONS_COMPLETE_WITH_FAILURES, None),
        (Status::CANNOT_PERFORM_SUB_OPERATIONS, None),
    ] {
        let sent = move_rq("V").respond(status).counting(counters);
        let Kind::Response(Response::Move(received)) = reread(&sent, false) else { panic!("a C-MOVE-RSP") };
        let expected = SubOperations { remaining, completed: 65_535, failed: 2, warning: 1 };
        assert_eq!(received.sub_operations, Some(expected), "{status}");
    }
}

#[test]
fn sil_063_every_sub_operation_is_counted_once() {
    let mut counters = SubOperations::to_do(5);
    counters.count(Status::SUCCESS);
    counters.count(Status::COERCION_OF_DATA_ELEMENTS);
    counters.count(Status::OUT_OF_RESOURCES);
    assert_eq!(counters, SubOperations { remaining: Some(2), completed: 1, failed: 1, warning: 1 });
    counters.fail_remaining();
    assert_eq!(counters, SubOperations { remaining: Some(0), completed: 1, failed: 3, warning: 1 });
}

#[test]
fn sil_057_a_priority_travels_as_it_came_and_a_missing_one_is_medium() {
    let mut elements = store_elements();
    elements[3] = number(0x0700, 2);
    let Request::Store(request_with) = request(&elements.concat()) else { panic!("a C-STORE-RQ") };
    assert_eq!(request_with.priority, Priority::LOW);
    elements.remove(3);
    let Request::Store(request_without) = request(&elements.concat()) else { panic!("a C-STORE-RQ") };
    assert_eq!(request_without.priority, Priority::MEDIUM);
}

#[test]
fn sil_066_the_move_originator_travels_with_a_sub_operation_and_only_then() {
    let Kind::Request(Request::Store(received)) = reread(&store_rq(), true) else { panic!("a C-STORE-RQ") };
    assert_eq!(received.move_originator_ae_title.unwrap().as_str(), "WORKSTATION");
    assert_eq!(received.move_originator_message_id, Some(77));
    let Request::Store(plain) = request(&store_elements().concat()) else { panic!("a C-STORE-RQ") };
    assert_eq!((plain.move_originator_ae_title, plain.move_originator_message_id), (None, None));
}

#[test]
fn sil_058_a_response_to_c_echo_has_nothing_but_its_status() {
    let response = EchoRq::new(1, 0x1234).respond(Status::SUCCESS);
    let expected = [
        element(0x0000, &66_u32.to_le_bytes()),
        element(0x0002, b"1.2.840.10008.1.1\0"),
        number(0x0100, 0x8030),
        number(0x0120, 0x1234),
        number(0x0800, 0x0101),
        number(0x0900, 0x0000),
    ]
    .concat();
    assert_eq!(response.to_bytes(false), expected);
}

#[test]
fn a_move_destination_that_is_no_title_keeps_its_text() {
    let Kind::Request(Request::Move(request)) = reread(&move_rq("A TITLE THAT IS TOO LONG"), true) else {
        panic!("a C-MOVE-RQ")
    };
    let invalid = request.move_destination.clone().unwrap_err();
    assert_eq!(invalid.text, "A TITLE THAT IS TOO LONG");
    assert_eq!(request.respond(Status::MOVE_DESTINATION_UNKNOWN).message_id, 4);
}

#[test]
fn sil_056_an_invalid_instance_uid_is_answered_0117() {
    for value in [&b"1.2.X\0"[..], b"", b"../../etc/passwd"] {
        let mut elements = store_elements();
        elements[5] = element(0x1000, value);
        let request = unusable(&elements.concat());
        assert_eq!(request.reason.status, Status::INVALID_OBJECT_INSTANCE);
        assert_eq!(request.reason.offending_elements, [Tag(0x0000, 0x1000)]);
        let response = request.respond();
        assert_eq!((response.message_id, response.affected_sop_instance_uid.as_ref()), (9, None));
        assert_eq!(response.affected_sop_class_uid, Some(Uid::known(CT)));
        assert_eq!(response.heading().command_field, CommandField::C_STORE_RQ.response());
    }
}

#[test]
fn sil_056_an_invalid_class_uid_is_answered_0122_or_for_n_services_0118() {
    let mut elements = store_elements();
    elements[0] = element(0x0002, b"CT");
    assert_eq!(unusable(&elements.concat()).reason.status, Status::SOP_CLASS_NOT_SUPPORTED);
    let action = [
        element(0x0003, b"PUSH"),
        number(0x0100, 0x0130),
        number(0x0110, 9),
        number(0x0800, 1),
        element(0x1001, b"1.2"),
        number(0x1008, 1),
    ];
    assert_eq!(unusable(&action.concat()).reason.status, Status::NO_SUCH_SOP_CLASS);
}

#[test]
fn sil_056_missing_doubled_and_mistyped_elements_are_answered_0110_and_0212() {
    let mut missing = store_elements();
    missing.remove(0);
    assert_eq!(unusable(&missing.concat()).reason.status, Status::PROCESSING_FAILURE);
    let mut doubled = store_elements();
    doubled.push(element(0x1000, b"1.2.3.5\0"));
    let request = unusable(&doubled.concat());
    assert_eq!(request.reason.status, Status::PROCESSING_FAILURE);
    assert_eq!(request.sop_instance_uid, None);
    let mut mistyped = store_elements();
    mistyped[3] = element(0x0700, &[0, 0, 0, 0]);
    let request = unusable(&mistyped.concat());
    assert_eq!(request.reason.status, Status::MISTYPED_ARGUMENT);
    assert_eq!(request.reason.offending_elements, [Tag(0x0000, 0x0700)]);
    let mut without_data_set = store_elements();
    without_data_set[4] = number(0x0800, 0x0101);
    assert_eq!(unusable(&without_data_set.concat()).reason.status, Status::MISTYPED_ARGUMENT);
    let mut truncated = store_elements().concat();
    truncated.extend([0, 0, 0x30, 0x10, 0, 1, 0, 0]);
    assert_eq!(unusable(&truncated).reason.status, Status::PROCESSING_FAILURE);
}

#[test]
fn sil_056_an_unknown_command_is_answered_0211() {
    for field in [0x0110, 0x0140, 0x0002, 0x7FFF] {
        let bytes = [number(0x0100, field), number(0x0110, 9), number(0x0800, 0x0101)].concat();
        let request = unusable(&bytes);
        assert_eq!(request.reason.status, Status::UNRECOGNIZED_OPERATION);
        assert_eq!(request.respond().heading().command_field.0, field | 0x8000);
    }
}

#[test]
fn sil_056_what_no_answer_can_be_made_from_ends_the_association() {
    for left_out in [1, 2, 4] {
        let mut elements = store_elements();
        let tag = u16::from_le_bytes([elements[left_out][2], elements[left_out][3]]);
        let gone = elements.remove(left_out);
        let unanswerable = Err(Misbehaviour::Unanswerable(Tag(0, tag)));
        assert_eq!(Command::read(1, &elements.concat()), unanswerable);
        elements.extend([gone.clone(), gone]);
        assert_eq!(Command::read(1, &elements.concat()), unanswerable);
    }
}

#[test]
fn an_unknown_response_is_an_error() {
    let bytes =
        [number(0x0100, 0x8140), number(0x0120, 9), number(0x0800, 0x0101), number(0x0900, 0)].concat();
    assert_eq!(Command::read(1, &bytes), Err(Misbehaviour::UnknownResponse(CommandField(0x8140))));
}

#[test]
fn a_response_without_status_is_an_error() {
    let bytes = [number(0x0100, 0x8001), number(0x0120, 9), number(0x0800, 0x0101)].concat();
    assert!(matches!(Command::read(1, &bytes), Err(Misbehaviour::UnusableResponse { .. })));
}

#[test]
fn a_comment_fits_its_vr_whatever_the_text() {
    let outcome = Outcome::new(Status::CANNOT_UNDERSTAND).comment(&"Überlänge\\\n".repeat(20));
    let comment = outcome.error_comment.unwrap();
    assert_eq!(comment.len(), 64);
    assert!(comment.starts_with("?berl?nge??"));
}

#[test]
fn a_command_field_says_its_name() {
    assert_eq!(CommandField::C_STORE_RQ.response().to_string(), "C-STORE-RSP");
    assert_eq!(CommandField(0x0002).to_string(), "command 0002H");
}

/// Feeds a message in pieces of the given sizes, command and data set each cut on their own.
fn assemble(command: &[u8], data_set: &[u8], sizes: &[usize]) -> (Option<Command>, Vec<u8>) {
    let mut assembler = Assembler::default();
    let (mut read, mut collected) = (None, Vec::new());
    let mut sizes = sizes.iter().copied().cycle();
    for (is_command, mut rest) in [(true, command), (false, data_set)] {
        loop {
            let (bytes, after) = rest.split_at(sizes.next().unwrap_or(1).min(rest.len()));
            rest = after;
            let piece = Piece { context_id: 5, is_command, ends_message: rest.is_empty(), bytes };
            match assembler.push(&piece).unwrap() {
                Step::Partial => assert!(is_command && !rest.is_empty()),
                Step::Command(command) => assert_eq!(read.replace(command), None),
                Step::DataSet => collected.extend_from_slice(bytes),
            }
            if rest.is_empty() {
                break;
            }
        }
    }
    assert!(assembler.is_between_messages());
    (read, collected)
}

fn piece(context_id: u8, is_command: bool, ends_message: bool, bytes: &[u8]) -> Piece<'_> {
    Piece { context_id, is_command, ends_message, bytes }
}

#[test]
fn a_command_may_not_grow_without_bound() {
    let mut assembler = Assembler::default();
    let fragment = [0; 4096];
    for _ in 0..16 {
        assert_eq!(assembler.push(&piece(1, true, false, &fragment)), Ok(Step::Partial));
    }
    assert_eq!(assembler.push(&piece(1, true, false, &[0])), Err(Misbehaviour::CommandTooLong));
}

#[test]
fn fragments_that_do_not_belong_are_refused() {
    let store = store_rq().to_bytes(true);
    let (begin, end) = store.split_at(20);
    let mut assembler = Assembler::default();
    assert_eq!(assembler.push(&piece(5, false, false, b"data")), Err(Misbehaviour::DataSetUnannounced));
    assert_eq!(assembler.push(&piece(5, true, false, begin)), Ok(Step::Partial));
    assert_eq!(assembler.push(&piece(5, false, false, b"data")), Err(Misbehaviour::CommandInterrupted));
    let elsewhere = Misbehaviour::ContextChanged { began: 5, context_id: 7 };
    assert_eq!(assembler.push(&piece(7, true, true, end)), Err(elsewhere.clone()));
    assert!(matches!(assembler.push(&piece(5, true, true, end)), Ok(Step::Command(_))));
    assert_eq!(assembler.push(&piece(7, false, true, b"data")), Err(elsewhere));
    assert_eq!(assembler.push(&piece(5, true, true, &store)), Err(Misbehaviour::DataSetMissing));
    assert_eq!(assembler.push(&piece(5, false, true, b"data")), Ok(Step::DataSet));
    let echo = EchoRq::new(5, 1).to_bytes(false);
    assert!(matches!(assembler.push(&piece(5, true, true, &echo)), Ok(Step::Command(_))));
    assert_eq!(assembler.push(&piece(5, false, true, b"data")), Err(Misbehaviour::DataSetUnannounced));
}

proptest! {
    #[test]
    fn every_split_gives_the_same_message(
        sizes in prop::collection::vec(0_usize..40, 1..20).prop_filter("progress", |s| s.iter().any(|n| *n > 0)),
        data_set in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let whole = Command::read(5, &store_rq().to_bytes(true)).unwrap();
        let (command, collected) = assemble(&store_rq().to_bytes(true), &data_set, &sizes);
        prop_assert_eq!(command, Some(whole));
        prop_assert_eq!(collected, data_set);
    }

    #[test]
    fn a_store_request_comes_back_whatever_is_in_it(
        message_id in any::<u16>(),
        class in "[1-9][0-9.]{0,40}[0-9]",
        instance in "[0-9]{1,64}",
        priority in any::<u16>(),
        originator in prop::option::of(("[A-Z]{1,16}", any::<u16>())),
    ) {
        let request = StoreRq {
            context_id: 1,
            message_id,
            affected_sop_class_uid: Uid::parse(&class).unwrap(),
            affected_sop_instance_uid: Uid::parse(&instance).unwrap(),
            priority: Priority(priority),
            move_originator_ae_title: originator.as_ref().map(|(title, _)| AeTitle::parse(title).unwrap()),
            move_originator_message_id: originator.map(|(_, id)| id),
        };
        prop_assert_eq!(reread(&request, true), Kind::Request(request.into()));
    }

    #[test]
    fn a_mutated_command_never_panics_and_is_answered_to_its_sender_or_not_at_all(
        mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = store_rq().to_bytes(true);
        for (index, value) in mutations {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        if let Ok(Command { kind: Kind::Request(request), .. }) = Command::read(5, &bytes) {
            let refusal = request.refuse(Status::PROCESSING_FAILURE);
            let heading = refusal.heading();
            prop_assert_eq!(heading.message_id, request.heading().message_id);
            prop_assert!(heading.command_field.is_response());
            prop_assert!(refusal.to_bytes(false).len() < 512);
        }
    }
}
