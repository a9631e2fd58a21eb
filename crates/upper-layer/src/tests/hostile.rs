use std::time::Duration;

use proptest::prelude::{Strategy, any, prop};
use proptest::{prop_assert, proptest};

use super::{ac, accepted, data_pdu, rq_bytes, timers};
use crate::pdu::{AssociateAc, AssociateRq, HEADER_BYTES, RELEASE_RQ, Rejection, UserInformation};
use crate::script::Script;
use crate::{accept, request};

/// Places and values to overwrite, and where to cut.
type Damage = (Vec<(prop::sample::Index, u8)>, Option<prop::sample::Index>);

fn damage() -> impl Strategy<Value = Damage> {
    let hit = (any::<prop::sample::Index>(), overwriting_byte());
    (prop::collection::vec(hit, 1..6), prop::option::weighted(0.2, any::<prop::sample::Index>()))
}

fn overwriting_byte() -> impl Strategy<Value = u8> {
    proptest::prop_oneof![any::<u8>(), prop::sample::select(vec![0, 1, 0x20, 0x50, 0x7F, 0x80, 0xFF])]
}

fn damaged(mut bytes: Vec<u8>, (hits, cut): Damage) -> Vec<u8> {
    for (at, value) in hits {
        *at.get_mut(&mut bytes) = value;
    }
    if let Some(cut) = cut {
        bytes.truncate(cut.index(bytes.len()));
    }
    bytes
}

/// Whole conversations end, and the connection is closed, whatever comes.
fn converse(bytes: Vec<u8>) -> Result<(), proptest::test_runner::TestCaseError> {
    let (script, record) = Script::new();
    match accept(script.sends(bytes), timers()) {
        Ok(requested) => match requested.accept(ac()) {
            Ok(mut association) => while association.receive(Some(Duration::from_secs(60))).is_ok() {},
            Err(ended) => prop_assert!(!matches!(ended, crate::Ended::Misused(_)), "{ended}"),
        },
        Err(ended) => prop_assert!(!matches!(ended, crate::Ended::Misused(_)), "{ended}"),
    }
    prop_assert!(record.is_closed());
    prop_assert!(record.elapsed() < Duration::from_secs(400), "{:?}", record.elapsed());
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        // What is not refused is written again.
        if let Ok(rq) = AssociateRq::read(&body) {
            prop_assert!(rq.to_bytes().is_ok());
        }
        if let Ok(ac) = AssociateAc::read(&body) {
            prop_assert!(ac.to_bytes().is_ok());
        }
        if let Ok(information) = UserInformation::read(&body) {
            prop_assert!(information.to_bytes().is_ok());
        }
        prop_assert!(Rejection::read(&body).is_ok() == (body.len() >= 4));
    }

    #[test]
    fn any_stream_ends(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        converse(bytes)?;
    }

    #[test]
    fn a_damaged_request_is_read_or_refused(damage in damage()) {
        let bytes = damaged(rq_bytes(), damage);
        if let Some(body) = bytes.get(HEADER_BYTES..)
            && let Ok(rq) = AssociateRq::read(body)
        {
            prop_assert!(rq.to_bytes().is_ok());
        }
        converse(bytes)?;
    }

    #[test]
    fn a_damaged_conversation_ends(damage in damage()) {
        let values: [(u8, u8, &[u8]); 3] = [(1, 1, b"comm"), (1, 3, b"and"), (3, 2, b"data set")];
        let talk = [&data_pdu(&values)[..], &data_pdu(&values[1..]), &RELEASE_RQ].concat();
        converse([rq_bytes(), damaged(talk, damage)].concat())?;
    }

    #[test]
    fn a_damaged_answer_ends_or_is_an_association(damage in damage()) {
        let (script, record) = Script::new();
        let script = script.sends(damaged(ac().to_bytes().unwrap(), damage));
        match request(script, super::rq(), timers()) {
            Ok(association) => drop(association.release()),
            Err(failed) => prop_assert!(!failed.to_string().contains("misused"), "{failed}"),
        }
        prop_assert!(record.is_closed());
    }
}

#[test]
fn a_request_full_of_unknown_items_is_kept_within_its_own_size() {
    let mut rq = super::rq();
    let item = crate::pdu::UnknownItem { item_type: 0x99, content: Vec::new() };
    rq.unknown = vec![item; 60_000];
    let (script, _) = Script::new();
    let requested = accept(script.sends(rq.to_bytes().unwrap()), timers()).unwrap();
    assert_eq!(requested.request().unknown.len(), 60_000);
}

#[test]
fn an_endless_row_of_empty_fragments_is_nothing() {
    let empties = vec![(1_u8, 1_u8, &b""[..]); 5000];
    let (script, _) = Script::new();
    let script = script.sends(rq_bytes()).sends(data_pdu(&empties)).closes();
    assert!(accepted(script).receive(None).is_err());
}
