use std::time::{Duration, Instant};

use super::Places;
use crate::{Admission, Group, Limit, Refusal};

const GRACE: Duration = Duration::from_millis(100);
const FULL: Admission = Admission::Refused(Refusal::LocalLimitExceeded);
const CONGESTED: Admission = Admission::Refused(Refusal::TemporaryCongestion);

fn group(name: &str, limit: Limit) -> Group {
    Group { name: name.to_owned(), limit }
}

/// Asks for places one after the other and returns the answers that come at once.
fn ask(places: &mut Places, group: &str, asked: &[(u64, &str)], now: Instant) -> Vec<(u64, Admission)> {
    for &(who, calling) in asked {
        places.ask(who, group, calling, now);
    }
    places.settle(now)
}

#[test]
fn qr_007_the_eleventh_association_is_refused_when_the_grace_is_over() {
    let mut places = Places::new(&[group("qr", Limit::Total(10))], GRACE);
    let start = Instant::now();
    for who in 0..10 {
        assert_eq!(ask(&mut places, "qr", &[(who, "WS")], start), [(who, Admission::Admitted)]);
    }
    assert_eq!(ask(&mut places, "qr", &[(10, "WS")], start), []);
    assert_eq!(places.next_deadline(), Some(start + GRACE));
    assert_eq!(places.settle(start + GRACE - Duration::from_nanos(1)), []);
    assert_eq!(places.settle(start + GRACE), [(10, FULL)]);
    assert_eq!(places.next_deadline(), None);
}

#[test]
fn a_place_that_comes_free_goes_to_who_waits_longest() {
    let mut places = Places::new(&[group("qr", Limit::Total(1))], GRACE);
    let start = Instant::now();
    assert_eq!(ask(&mut places, "qr", &[(1, "A"), (2, "B"), (3, "C")], start), [(1, Admission::Admitted)]);
    places.free(1);
    assert_eq!(places.settle(start), [(2, Admission::Admitted)]);
    assert_eq!(places.settle(start + GRACE), [(3, FULL)]);
}

#[test]
fn a_place_freed_after_the_ask_of_the_same_round_is_there_for_it() {
    let mut places = Places::new(&[group("qr", Limit::Total(1))], Duration::ZERO);
    let start = Instant::now();
    assert_eq!(ask(&mut places, "qr", &[(1, "A")], start), [(1, Admission::Admitted)]);
    places.ask(2, "qr", "A", start);
    places.free(1);
    assert_eq!(places.settle(start), [(2, Admission::Admitted)]);
}

#[test]
fn qr_008_counted_per_calling_ae_one_full_peer_does_not_lock_out_another() {
    let limit = Limit::PerCallingAe { each: 2, ceiling: 100 };
    let mut places = Places::new(&[group("qr", limit)], GRACE);
    let start = Instant::now();
    let asked = [(1, "HUNG"), (2, "HUNG"), (3, "HUNG"), (4, "WS9")];
    let answers = ask(&mut places, "qr", &asked, start);
    assert_eq!(answers, [(1, Admission::Admitted), (2, Admission::Admitted), (4, Admission::Admitted)]);
    assert_eq!(places.settle(start + GRACE), [(3, FULL)]);
}

#[test]
fn sil_021_counted_per_calling_ae_there_is_a_ceiling_for_all_together() {
    let limit = Limit::PerCallingAe { each: 2, ceiling: 3 };
    let mut places = Places::new(&[group("qr", limit)], GRACE);
    let start = Instant::now();
    let asked = [(1, "A"), (2, "B"), (3, "C"), (4, "D")];
    assert_eq!(ask(&mut places, "qr", &asked, start).len(), 3);
    assert_eq!(places.settle(start + GRACE), [(4, CONGESTED)]);
    places.free(2);
    assert_eq!(ask(&mut places, "qr", &[(5, "A")], start), [(5, Admission::Admitted)]);
}

#[test]
fn each_group_counts_for_itself() {
    let groups = [group("storage-scp", Limit::Total(1)), group("qr", Limit::Total(1))];
    let mut places = Places::new(&groups, GRACE);
    let start = Instant::now();
    assert_eq!(ask(&mut places, "storage-scp", &[(1, "A")], start), [(1, Admission::Admitted)]);
    assert_eq!(ask(&mut places, "qr", &[(2, "A")], start), [(2, Admission::Admitted)]);
    assert_eq!(places.summary(), "storage-scp 1 of 1, qr 1 of 1");
}

#[test]
fn a_place_is_freed_once_however_often_it_is_given_back() {
    let mut places = Places::new(&[group("qr", Limit::Total(2))], Duration::ZERO);
    let start = Instant::now();
    assert_eq!(ask(&mut places, "qr", &[(1, "A"), (2, "A")], start).len(), 2);
    places.free(1);
    places.free(1);
    places.free(77);
    assert_eq!(places.summary(), "1 of 2 associations");
    let answers = ask(&mut places, "qr", &[(3, "A"), (4, "A")], start);
    assert_eq!(answers, [(3, Admission::Admitted), (4, FULL)]);
}

#[test]
fn who_gives_up_waiting_gets_no_place() {
    let mut places = Places::new(&[group("qr", Limit::Total(1))], GRACE);
    let start = Instant::now();
    assert_eq!(ask(&mut places, "qr", &[(1, "A"), (2, "B"), (3, "C")], start).len(), 1);
    places.free(2);
    places.free(1);
    assert_eq!(places.settle(start), [(3, Admission::Admitted)]);
}

#[test]
fn lower_limits_take_no_place_away() {
    let mut places = Places::new(&[group("qr", Limit::Total(2))], Duration::ZERO);
    let start = Instant::now();
    assert_eq!(ask(&mut places, "qr", &[(1, "A"), (2, "A")], start).len(), 2);
    places.set(&[group("qr", Limit::Total(1))], Duration::ZERO);
    places.free(1);
    assert_eq!(ask(&mut places, "qr", &[(3, "A")], start), [(3, FULL)]);
    places.free(2);
    assert_eq!(ask(&mut places, "qr", &[(4, "A")], start), [(4, Admission::Admitted)]);
}

#[test]
fn qr_017_a_drain_refuses_everybody_at_once() {
    let mut places = Places::new(&[group("qr", Limit::Total(1))], GRACE);
    let start = Instant::now();
    assert_eq!(ask(&mut places, "qr", &[(1, "A"), (2, "B")], start).len(), 1);
    places.drain();
    places.free(1);
    let draining = Admission::Refused(Refusal::Draining);
    assert_eq!(ask(&mut places, "qr", &[(3, "C")], start), [(2, draining), (3, draining)]);
}

#[test]
fn a_group_that_is_not_there_any_more_refuses() {
    let mut places = Places::new(&[], GRACE);
    assert_eq!(ask(&mut places, "gone", &[(1, "A")], Instant::now()), [(1, CONGESTED)]);
}
