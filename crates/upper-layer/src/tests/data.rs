use std::time::Duration;

use proptest::prelude::{any, prop};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::{
    Message, RELEASE_RQ, abort_pdu, accepted, accepted_sending, data_pdu, pdu, receive_all, rq_bytes, written,
};
use crate::ended::Fault;
use crate::script::Script;
use crate::{Abort, Ended, Indication, Piece};

const CLOSED: Ended = Ended::Closed(std::io::ErrorKind::UnexpectedEof);

fn all(bytes: impl Into<Vec<u8>>) -> (Vec<Message>, Ended) {
    let (mut association, _) = accepted_sending(bytes);
    receive_all(&mut association)
}

#[test]
fn command_and_data_fragments_may_share_a_pdu_in_any_packing() {
    let packings = [
        vec![data_pdu(&[(1, 3, b"command")]), data_pdu(&[(1, 2, b"data set")])],
        vec![data_pdu(&[(1, 3, b"command"), (1, 2, b"data set")])],
        vec![data_pdu(&[(1, 1, b"com"), (1, 3, b"mand"), (1, 0, b"data")]), data_pdu(&[(1, 2, b" set")])],
        vec![
            data_pdu(&[(1, 1, b"c")]),
            data_pdu(&[(1, 1, b"o"), (1, 1, b""), (1, 3, b"mmand")]),
            data_pdu(&[(1, 0, b""), (1, 0, b"data s")]),
            data_pdu(&[(1, 0, b"et")]),
            data_pdu(&[(1, 2, b"")]),
        ],
    ];
    for packing in packings {
        let (messages, ended) = all(packing.concat());
        assert_eq!(messages, [(1, true, b"command".to_vec()), (1, false, b"data set".to_vec())]);
        assert_eq!(ended, CLOSED);
    }
}

#[test]
fn the_end_of_a_message_is_told_once_though_its_last_fragment_is_empty() {
    let (mut association, _) = accepted_sending(data_pdu(&[(3, 0, b"all"), (3, 2, b"")]));
    let piece = Piece { context_id: 3, is_command: false, ends_message: false, bytes: b"all" };
    assert_eq!(association.receive(None), Ok(Indication::Data(piece)));
    let piece = Piece { context_id: 3, is_command: false, ends_message: true, bytes: b"" };
    assert_eq!(association.receive(None), Ok(Indication::Data(piece)));
    assert_eq!(association.receive(None), Err(CLOSED));
}

#[test]
fn a_pdu_larger_than_any_buffer_is_handed_on_in_pieces() {
    let mut rq = super::rq();
    rq.user_information.max_pdu_length = Some(0);
    let data_set: Vec<u8> = (0..9_000_000_u32).map(|at| (at % 251) as u8).collect();
    let (script, _) = Script::new();
    let script = script.sends(rq.to_bytes().unwrap()).sends(data_pdu(&[(1, 2, &data_set)])).closes();
    let requested = crate::accept(script, super::timers()).unwrap();
    let mut answer = super::ac();
    answer.user_information.max_pdu_length = Some(0);
    let mut association = requested.accept(answer).unwrap();
    let (mut whole, mut longest) = (Vec::new(), 0);
    while let Ok(Indication::Data(piece)) = association.receive(None) {
        whole.extend_from_slice(piece.bytes);
        longest = longest.max(piece.bytes.len());
        assert_eq!(piece.ends_message, whole.len() == data_set.len());
    }
    assert!(whole == data_set);
    assert!(longest <= 256 * 1024, "{longest}");
    assert!(longest > 128 * 1024, "{longest}");
}

#[test]
fn sil_025_data_that_break_the_protocol_are_answered_by_the_fitting_abort() {
    let invalid = Abort::INVALID_PARAMETER;
    let cases = [
        // No value, part of a header, a value of 1 byte, one beyond its PDU, one of the largest length.
        (pdu(4, &[]), invalid),
        (pdu(4, &[0, 0, 0, 4, 1]), invalid),
        (pdu(4, &[0, 0, 0, 1, 1, 3, 0, 0]), invalid),
        (pdu(4, &[0, 0, 0, 0, 1, 3, 0, 0]), invalid),
        (pdu(4, &[0, 0, 0, 5, 1, 3, 0, 0]), invalid),
        (pdu(4, &[0xFF, 0xFF, 0xFF, 0xFF, 1, 3, 0, 0]), invalid),
        // Junk behind the last value.
        (pdu(4, &[0, 0, 0, 2, 1, 1, 9, 9, 9]), invalid),
        // Contexts that were not accepted.
        (data_pdu(&[(5, 3, b"x")]), invalid),
        (data_pdu(&[(0, 3, b"x")]), invalid),
        (data_pdu(&[(2, 3, b"x")]), invalid),
        // Unknown types, one of them as from a TLS client.
        (vec![0x16, 3, 1, 2, 0, 1], Abort::UNRECOGNIZED_PDU),
        (vec![8, 0, 0, 0, 0, 4, 0, 0, 0, 0], Abort::UNRECOGNIZED_PDU),
        (vec![0, 0, 0, 0, 0, 0], Abort::UNRECOGNIZED_PDU),
        // Known ones at the wrong time.
        (pdu(2, &[0; 4]), Abort::UNEXPECTED_PDU),
        (pdu(3, &[0; 4]), Abort::UNEXPECTED_PDU),
        // A release of the wrong size.
        (pdu(5, &[0; 3]), invalid),
        (pdu(5, &[0; 5]), invalid),
    ];
    for (bytes, abort) in cases {
        let (mut association, record) = accepted_sending(bytes.clone());
        let (messages, ended) = receive_all(&mut association);
        assert_eq!(messages, [], "{bytes:?}");
        assert!(
            matches!(ended, Ended::PeerMisbehaved { answer, .. } if answer == abort),
            "{bytes:?}: {ended}"
        );
        assert_eq!(written(&record), [abort_pdu(abort)], "{bytes:?}");
        assert!(record.is_closed());
    }
}

#[test]
fn an_unknown_context_is_named() {
    let (_, ended) = all(data_pdu(&[(77, 3, b"x")]));
    let what = Fault::UnknownContext(77);
    assert_eq!(ended, Ended::PeerMisbehaved { what, answer: Abort::INVALID_PARAMETER });
}

#[test]
fn sil_020_a_pdu_longer_than_announced_is_aborted_unless_the_peer_counts_the_header() {
    let room = super::OUR_MAX as usize - 6;
    for (length, is_taken) in [(room, true), (room + 6, true), (room + 7, false), (room + 100_000, false)] {
        let (messages, ended) = all(data_pdu(&[(1, 3, &vec![1; length])]));
        assert_eq!(messages.len(), usize::from(is_taken), "{length}");
        assert_eq!(ended == CLOSED, is_taken, "{ended}");
    }
    let (_, ended) = all([4, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
    let what = Fault::PduTooLong { pdu_type: 4, length: u32::MAX, allowed: super::OUR_MAX + 6 };
    assert_eq!(ended, Ended::PeerMisbehaved { what, answer: Abort::INVALID_PARAMETER });
}

#[test]
fn an_abort_of_the_peer_is_reported_however_it_is_spelt() {
    let aborts = [(pdu(7, &[0, 0, 2, 6]), Abort::INVALID_PARAMETER), (pdu(7, &[]), Abort::BY_USER)];
    for (bytes, abort) in aborts {
        let (mut association, record) = accepted_sending(bytes);
        assert_eq!(association.receive(None), Err(Ended::Aborted(abort)));
        assert_eq!(written(&record), Vec::<Vec<u8>>::new());
        assert!(record.is_closed());
    }
}

#[test]
fn nothing_is_had_of_an_association_that_is_over() {
    // An end in the middle of a PDU leaves bytes behind, which are nobody's.
    let (mut association, record) =
        accepted_sending([data_pdu(&[(1, 1, b"a"), (9, 1, b"b"), (1, 3, b"c")])].concat());
    let (_, ended) = receive_all(&mut association);
    assert!(matches!(ended, Ended::PeerMisbehaved { .. }));
    assert!(matches!(association.receive(None), Err(Ended::Misused(_))));
    assert!(matches!(association.is_readable(), Err(Ended::Misused(_))));
    assert!(matches!(association.queue(1, b"c", None), Err(Ended::Misused(_))));
    association.abort(Abort::BY_USER);
    assert_eq!(written(&record).len(), 1);
}

#[test]
fn bytes_that_were_read_already_count_as_readable() {
    let both = [data_pdu(&[(1, 3, b"one")]), data_pdu(&[(1, 3, b"two")])].concat();
    let (script, _) = Script::new();
    let script = script.sends([rq_bytes(), both].concat()).pauses(Duration::from_secs(1)).closes();
    let mut association = accepted(script);
    for _ in 0..2 {
        assert_eq!(association.is_readable(), Ok(true));
        assert!(matches!(association.receive(None), Ok(Indication::Data(_))));
    }
    assert_eq!(association.is_readable(), Ok(false));
}

/// What a peer may send: messages on two contexts, cut into fragments, the fragments packed into PDUs.
fn sent() -> impl proptest::strategy::Strategy<Value = Vec<Vec<(u8, u8, Vec<u8>)>>> {
    let value = (prop::sample::select(vec![1_u8, 3]), 0_u8..4, prop::collection::vec(any::<u8>(), 0..40));
    prop::collection::vec(prop::collection::vec(value, 1..5), 0..6)
}

fn bytes_of(pdus: &[Vec<(u8, u8, Vec<u8>)>]) -> Vec<u8> {
    let as_values = |pdu: &Vec<(u8, u8, Vec<u8>)>| {
        let values: Vec<(u8, u8, &[u8])> =
            pdu.iter().map(|(id, control, bytes)| (*id, *control, &bytes[..])).collect();
        data_pdu(&values)
    };
    pdus.iter().flat_map(as_values).collect()
}

proptest! {
    #[test]
    fn any_split_of_a_byte_stream_gives_the_same_indications(
        pdus in sent(),
        sizes in prop::collection::vec(1_usize..30, 1..20),
    ) {
        let bytes = [&bytes_of(&pdus)[..], &RELEASE_RQ].concat();
        let whole = all(bytes.clone());
        let (script, _) = Script::new();
        let script = script.sends([rq_bytes(), bytes].concat()).closes().in_portions(sizes);
        let split = receive_all(&mut accepted(script));
        prop_assert_eq!(&whole, &split);
        let values: Vec<_> = pdus.iter().flatten().collect();
        let ends = values.iter().filter(|(_, control, _)| control & 2 == 2).count();
        prop_assert_eq!(whole.0.len(), ends + 1);
        prop_assert!(whole.1 == CLOSED);
    }
}
