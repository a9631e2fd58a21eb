use std::cell::Cell;
use std::io;
use std::time::{Duration, Instant};

use super::{abort_pdu, accepted, data_pdu, pdu, rq_bytes, timers, written};
use crate::ended::Waiting;
use crate::script::Script;
use crate::{Abort, Ended, Indication, Transport};

const SECOND: Duration = Duration::from_secs(1);

/// Takes pieces with this idle time until the association ends.
fn end_of(script: Script, idle: Duration) -> Ended {
    let mut association = accepted(script);
    loop {
        if let Err(ended) = association.receive(Some(idle)) {
            return ended;
        }
    }
}

#[test]
fn sil_023_an_idle_association_is_aborted_after_the_time_its_owner_gives() {
    let (script, record) = Script::new();
    let ended = end_of(script.sends(rq_bytes()), 180 * SECOND);
    assert_eq!(ended, Ended::TimedOut { waiting_for: Waiting::Message });
    assert_eq!(written(&record), [abort_pdu(Abort::BY_USER)]);
    assert_eq!(record.elapsed(), 180 * SECOND + timers().artim);
}

#[test]
fn scp_054_the_rest_of_a_data_set_is_awaited_by_the_low_level_timer() {
    let (script, record) = Script::new();
    let script = script.sends(rq_bytes()).sends(data_pdu(&[(1, 0, b"begun")]));
    let ended = end_of(script, 180 * SECOND);
    assert_eq!(ended, Ended::TimedOut { waiting_for: Waiting::RestOfMessage });
    assert_eq!(written(&record), [abort_pdu(Abort::BY_USER)]);
    assert_eq!(record.elapsed(), timers().between_packets + timers().artim);
}

#[test]
fn the_rest_of_a_pdu_is_awaited_by_the_low_level_timer() {
    for begun in [vec![4], vec![4, 0, 0, 0, 1, 0], data_pdu(&[(1, 3, &[0; 50])])[..40].to_vec()] {
        let (script, record) = Script::new();
        let script = script.sends(rq_bytes()).pauses(100 * SECOND).sends(begun);
        let ended = end_of(script, 180 * SECOND);
        assert_eq!(ended, Ended::TimedOut { waiting_for: Waiting::RestOfMessage });
        assert_eq!(record.elapsed(), 100 * SECOND + timers().between_packets + timers().artim);
    }
}

#[test]
fn single_bytes_buy_no_time() {
    let (script, record) = Script::new();
    let mut script = script.sends(rq_bytes());
    for byte in data_pdu(&[(1, 3, &[0; 500])]) {
        script = script.sends([byte]).pauses(SECOND);
    }
    let ended = end_of(script, 180 * SECOND);
    assert_eq!(ended, Ended::TimedOut { waiting_for: Waiting::RestOfMessage });
    assert_eq!(record.elapsed(), timers().between_packets + timers().artim);
}

#[test]
fn a_slow_but_steady_peer_has_all_the_time_it_needs() {
    let (script, record) = Script::new();
    let mut script = script.sends(rq_bytes());
    for _ in 0..100 {
        script = script.sends(data_pdu(&[(1, 0, &[0; 1000])])).pauses(6 * SECOND);
    }
    let script = script.sends(data_pdu(&[(1, 2, b"end")])).closes();
    let ended = end_of(script, 180 * SECOND);
    assert_eq!(ended, Ended::Closed(std::io::ErrorKind::UnexpectedEof));
    assert_eq!(record.elapsed(), 600 * SECOND);
}

#[test]
fn the_patience_with_one_message_is_not_spent_on_the_next() {
    let (script, record) = Script::new();
    let mut script = script.sends(rq_bytes());
    for _ in 0..5 {
        script =
            script.sends(data_pdu(&[(1, 1, b"com")])).pauses(20 * SECOND).sends(data_pdu(&[(1, 3, b"mand")]));
    }
    assert_eq!(end_of(script.closes(), 60 * SECOND), Ended::Closed(std::io::ErrorKind::UnexpectedEof));
    assert_eq!(record.elapsed(), 100 * SECOND);
}

/// A peer that never stops sending, so that no read ever has to wait; each takes a second.
struct Flood {
    first: Vec<u8>,
    then: Vec<u8>,
    start: Instant,
    seconds: Cell<u32>,
}

impl Transport for Flood {
    fn now(&self) -> Instant {
        self.start + SECOND * self.seconds.get()
    }

    fn read(&mut self, into: &mut [u8], _: Option<Instant>) -> io::Result<usize> {
        self.seconds.set(self.seconds.get() + 1);
        let bytes = std::mem::replace(&mut self.first, self.then.clone());
        into[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    fn write_all(&mut self, _: &mut [io::IoSlice<'_>], _: Option<Instant>) -> io::Result<()> {
        Ok(())
    }

    fn is_readable(&mut self) -> io::Result<bool> {
        Ok(true)
    }

    fn close(&mut self) {}
}

#[test]
fn a_peer_that_never_stops_sending_keeps_no_timer_from_expiring() {
    let flooded = || {
        let then = data_pdu(&[(1, 3, b"x")]);
        let flood = Flood { first: rq_bytes(), then, start: Instant::now(), seconds: Cell::new(0) };
        crate::accept(flood, timers()).unwrap().accept(super::ac()).unwrap()
    };
    // Would not come back if ARTIM did not end it.
    flooded().abort(Abort::BY_USER);
    let association = flooded();
    assert_eq!(association.release(), Err(Ended::TimedOut { waiting_for: Waiting::ReleaseResponse }));
}

/// shows: SCP-013
#[test]
fn the_idle_time_begins_anew_with_every_wait() {
    let (script, record) = Script::new();
    let mut script = script.sends(rq_bytes());
    for _ in 0..10 {
        script = script.pauses(50 * SECOND).sends(data_pdu(&[(1, 3, b"c")]));
    }
    assert_eq!(end_of(script.closes(), 60 * SECOND), Ended::Closed(std::io::ErrorKind::UnexpectedEof));
    assert_eq!(record.elapsed(), 500 * SECOND);
}

#[test]
fn no_idle_time_at_all_still_takes_what_is_there() {
    let (script, _) = Script::new();
    let mut association = accepted(script.sends(rq_bytes()).sends(data_pdu(&[(1, 3, b"c")])));
    assert!(matches!(association.receive(Some(Duration::ZERO)), Ok(Indication::Data(_))));
}

#[test]
fn sil_022_artim_ends_the_wait_for_the_close_though_the_peer_goes_on_talking() {
    let (script, record) = Script::new();
    let mut script = script.sends(rq_bytes());
    for _ in 0..100 {
        script = script.pauses(SECOND).sends(data_pdu(&[(1, 3, b"deaf")]));
    }
    accepted(script).abort(Abort::BY_USER);
    assert_eq!(written(&record), [abort_pdu(Abort::BY_USER)]);
    assert_eq!(record.elapsed(), timers().artim);
    assert!(record.is_closed());
}

#[test]
fn sil_025_after_an_abort_pdus_are_ignored_but_for_requests_and_junk() {
    // Sta13: AA-6 and AA-7.
    let (script, record) = Script::new();
    let script = script
        .sends(rq_bytes())
        .sends(data_pdu(&[(1, 3, b"ignored")]))
        .sends(pdu(5, &[0; 4]))
        .sends(rq_bytes())
        .sends(*b"junk")
        .sends(*b"more junk")
        .closes();
    accepted(script).abort(Abort::BY_USER);
    let expected = [Abort::BY_USER, Abort::UNEXPECTED_PDU, Abort::UNRECOGNIZED_PDU].map(abort_pdu);
    assert_eq!(written(&record), expected);
    assert!(record.is_closed());
}

#[test]
fn two_aborts_that_cross_end_at_once() {
    let (script, record) = Script::new();
    accepted(script.sends(rq_bytes()).sends(Abort::BY_USER.to_bytes())).abort(Abort::BY_USER);
    assert_eq!(record.elapsed(), Duration::ZERO);
    assert!(record.is_closed());
}
