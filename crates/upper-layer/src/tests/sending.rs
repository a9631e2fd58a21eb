use std::io;

use proptest::prelude::{any, prop};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::{abort_pdu, accepted, accepted_sending, data_pdu, receive_all, rq, rq_bytes, timers, written};
use crate::ended::Waiting;
use crate::script::{Record, Script};
use crate::{Abort, Association, Ended, SendFailed, accept};

/// An association with a peer that takes P-DATA-TF of this length.
fn with_peer_max(length: u32) -> (Association<Script>, Record) {
    let mut rq = rq();
    rq.user_information.max_pdu_length = Some(length);
    let (script, record) = Script::new();
    let requested = accept(script.sends(rq.to_bytes().unwrap()).closes(), timers()).unwrap();
    (requested.accept(super::ac()).unwrap(), record)
}

/// The messages in what was written, as a peer puts them together, each PDU checked against its limit.
fn understood(record: &Record, limit: usize) -> Vec<super::Message> {
    let pdus = written(record);
    assert!(pdus.iter().all(|pdu| pdu.len() - 6 <= limit), "{:?}", pdus.iter().map(Vec::len).max());
    let mut rq = rq();
    rq.user_information.max_pdu_length = Some(0);
    let (script, _) = Script::new();
    let script = script.sends(rq.to_bytes().unwrap()).sends(pdus.concat()).closes();
    let mut answer = super::ac();
    answer.user_information.max_pdu_length = Some(0);
    let mut reader = accept(script, timers()).unwrap().accept(answer).unwrap();
    let (messages, ended) = receive_all(&mut reader);
    assert_eq!(ended, Ended::Closed(io::ErrorKind::UnexpectedEof));
    messages
}

#[test]
fn command_data_set_and_small_messages_go_out_in_one_write() {
    let (mut association, record) = accepted_sending([]);
    association.queue(1, b"command", Some(b"data set")).unwrap();
    for _ in 0..100 {
        association.queue(3, b"pending", Some(b"match")).unwrap();
    }
    assert_eq!(record.writes().len(), 1);
    association.flush().unwrap();
    assert_eq!(record.writes().len(), 2);
    assert_eq!(written(&record)[..2], [data_pdu(&[(1, 3, b"command")]), data_pdu(&[(1, 2, b"data set")])]);
    assert_eq!(written(&record).len(), 202);
    association.flush().unwrap();
    assert_eq!(record.writes().len(), 2);
}

#[test]
fn what_is_queued_is_written_at_64_kib_and_before_a_wait() {
    let (mut association, record) = with_peer_max(16384);
    association.queue(1, b"c", Some(&[5; 70_000])).unwrap();
    assert_eq!(record.writes().len(), 2);
    assert!(record.writes()[1].len() >= 64 * 1024);
    assert!(association.receive(None).is_err());
    assert_eq!(understood(&record, 16384), [(1, true, b"c".to_vec()), (1, false, vec![5; 70_000])]);
}

#[test]
fn an_empty_data_set_is_a_data_set() {
    let (mut association, record) = accepted_sending([]);
    association.queue(1, b"c", Some(b"")).unwrap();
    association.flush().unwrap();
    association.send_from(1, b"d", &mut io::empty(), 0).unwrap();
    let empty = data_pdu(&[(1, 2, b"")]);
    let expected = [data_pdu(&[(1, 3, b"c")]), empty.clone(), data_pdu(&[(1, 3, b"d")]), empty];
    assert_eq!(written(&record), expected);
}

#[test]
fn a_file_goes_out_in_few_writes_of_many_pdus() {
    let data_set: Vec<u8> = (0..1_000_000_u32).map(|at| (at % 249) as u8).collect();
    let (mut association, record) = with_peer_max(16384);
    association.send_from(3, b"c-store", &mut &data_set[..], data_set.len() as u64).unwrap();
    let writes = record.writes();
    assert_eq!(writes.len() - 1, 4);
    assert!(writes.iter().all(|write| write.len() <= 260 * 1024));
    assert_eq!(written(&record).len(), 1 + data_set.len().div_ceil(16378));
    assert!(understood(&record, 16384) == [(3, true, b"c-store".to_vec()), (3, false, data_set)]);
}

#[test]
fn sil_020_a_peer_that_takes_8_bytes_gets_fragments_of_2() {
    let (mut association, record) = with_peer_max(8);
    association.queue(1, b"cmd", None).unwrap();
    association.send_from(1, b"store", &mut &[7; 3001][..], 3001).unwrap();
    let expected = [(1, true, b"cmd".to_vec()), (1, true, b"store".to_vec()), (1, false, vec![7; 3001])];
    assert_eq!(understood(&record, 8), expected);
    assert_eq!(written(&record)[0], data_pdu(&[(1, 1, b"cm")]));
}

#[test]
fn only_so_many_bytes_are_taken_from_the_source_as_were_said() {
    let (mut association, record) = accepted_sending([]);
    let mut source = &b"0123456789"[..];
    association.send_from(1, b"c", &mut source, 4).unwrap();
    assert_eq!(source, b"456789");
    assert_eq!(written(&record)[1], data_pdu(&[(1, 2, b"0123")]));
}

#[test]
fn a_source_that_ends_early_or_fails_aborts_and_never_completes_the_message() {
    struct Broken;
    impl io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
    let mut early = &[1; 500_000][..];
    let mut broken = Broken;
    let sources: [(&mut dyn io::Read, _); 2] =
        [(&mut early, io::ErrorKind::UnexpectedEof), (&mut broken, io::ErrorKind::PermissionDenied)];
    for (source, kind) in sources {
        let (mut association, record) = accepted_sending([]);
        let failed = association.send_from(1, b"c", source, 500_001).unwrap_err();
        assert!(matches!(&failed, SendFailed::Source(error) if error.kind() == kind), "{failed}");
        let pdus = written(&record);
        assert_eq!(pdus.last(), Some(&abort_pdu(Abort::BY_USER)));
        assert!(pdus.iter().all(|pdu| pdu[0] == 7 || pdu[11] != 2), "a last data fragment was sent");
        assert!(record.is_closed());
        assert!(matches!(association.flush(), Ok(())));
        assert!(matches!(association.queue(1, b"c", None), Err(Ended::Misused(_))));
    }
}

#[test]
fn a_peer_that_does_not_read_ends_the_association_without_another_word() {
    let (script, record) = Script::new();
    let mut association = accepted(script.sends(rq_bytes()));
    record.fail_writes(io::ErrorKind::TimedOut);
    association.queue(1, b"c", None).unwrap();
    assert_eq!(association.flush(), Err(Ended::TimedOut { waiting_for: Waiting::RoomToWrite }));
    assert!(record.is_closed());
    assert_eq!(record.writes().len(), 1);
    assert_eq!(record.elapsed(), std::time::Duration::ZERO);
}

#[test]
fn a_connection_that_breaks_while_we_write_is_reported_as_lost() {
    let (mut association, record) = accepted_sending([]);
    record.fail_writes(io::ErrorKind::BrokenPipe);
    let failed = association.send_from(1, b"c", &mut &[0; 10][..], 10).unwrap_err();
    assert!(matches!(failed, SendFailed::Ended(Ended::Closed(io::ErrorKind::BrokenPipe))), "{failed}");
    assert!(record.is_closed());
}

#[test]
fn an_abort_drops_what_is_queued() {
    let (mut association, record) = accepted_sending([]);
    association.queue(1, b"never sent", None).unwrap();
    association.abort(Abort::BY_USER);
    assert_eq!(written(&record), [abort_pdu(Abort::BY_USER)]);
}

proptest! {
    #[test]
    fn what_is_sent_arrives_whatever_the_peer_takes(
        peer_max in peer_maxima(),
        command in prop::collection::vec(any::<u8>(), 1..300),
        data_set in prop::collection::vec(any::<u8>(), 0..5000),
        from_file in any::<bool>(),
    ) {
        let (mut association, record) = with_peer_max(peer_max);
        if from_file {
            association.send_from(1, &command, &mut &data_set[..], data_set.len() as u64).unwrap();
        } else {
            association.queue(1, &command, Some(&data_set)).unwrap();
            association.flush().unwrap();
        }
        let messages = understood(&record, peer_max as usize);
        prop_assert_eq!(messages.len(), 2);
        prop_assert!(messages == [(1, true, command), (1, false, data_set)]);
    }
}

fn peer_maxima() -> impl proptest::strategy::Strategy<Value = u32> {
    proptest::prop_oneof![8_u32..64, 64_u32..20_000]
}
