//! Associations: PDUs, negotiation, messages.

use std::io;
use std::time::Duration;

use dimse::{Dialogue, FindRq, Incoming, Message, Outcome, Priority, Request, Response, StoreRq};
use upper_layer::negotiation::{Identity, Offer, Roles, negotiate};
use upper_layer::pdu::{ContextRefusal, ProposedContext, UserIdentity, UserInformation, pdu_type};
use upper_layer::script::Script;
use upper_layer::{Abort, AssociateAc, AssociateRq, Rejection, Timers, Transport};
use vocabulary::{AeTitle, Category, Status, Uid};

const IMPLICIT: &str = "1.2.840.10008.1.2";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub(crate) const ECHO: &str = "1.2.840.10008.1.1";
const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";

/// Longest data set that is collected, in bytes.
const COLLECTED_BYTES_MAX: usize = 4096;

fn uid(text: &'static str) -> Uid {
    Uid::known(text)
}

fn title(text: &str) -> AeTitle {
    AeTitle::parse(text).unwrap()
}

/// One PDU as a whole: what is read is written, and read again the same.
pub fn pdu(bytes: &[u8]) {
    let Some((kind, body)) = bytes.split_first() else { return };
    match kind % 5 {
        0 => {
            let Ok(request) = AssociateRq::read(body) else { return };
            let answer = negotiate(&request, &Everything, &us());
            assert_eq!(
                answer.presentation_contexts.len(),
                request.presentation_contexts.len() + request.unusable_contexts.len(),
                "every context is answered"
            );
            assert_round_answer(&answer);
            let accepted: Vec<_> = upper_layer::negotiation::agreed(&request, &answer, false);
            assert!(accepted.len() <= vocabulary::limits::PRESENTATION_CONTEXTS_MAX);
            if request.unusable_contexts.is_empty()
                && let Ok(written) = request.to_bytes()
            {
                assert_eq!(AssociateRq::read(&written[6..]).expect("what we write can be read"), request);
            }
        }
        1 => {
            let Ok(answer) = AssociateAc::read(body) else { return };
            assert_round_answer(&answer);
            upper_layer::negotiation::agreed(&our_request(), &answer, true);
        }
        2 => {
            let Ok(rejection) = Rejection::read(body) else { return };
            assert_eq!(Rejection::read(&rejection.to_bytes()[6..]).expect("it was written"), rejection);
        }
        3 => {
            let abort = Abort::read(body);
            assert_eq!(Abort::read(&abort.to_bytes()[6..]), abort);
        }
        _ => {
            let Ok(information) = UserInformation::read(body) else { return };
            if let Ok(written) = information.to_bytes() {
                assert_eq!(UserInformation::read(&written).expect("what we write can be read"), information);
            }
        }
    }
}

fn assert_round_answer(answer: &AssociateAc) {
    let Ok(written) = answer.to_bytes() else { return };
    assert_eq!(AssociateAc::read(&written[6..]).expect("what we write can be read"), *answer);
}

/// Takes whatever is proposed.
pub(crate) struct Everything;

impl Offer for Everything {
    fn choose(&self, _: &Uid, proposed: &[Uid]) -> Result<Uid, ContextRefusal> {
        proposed.first().cloned().ok_or(ContextRefusal::TransferSyntaxesNotSupported)
    }

    fn roles(&self, _: &Uid) -> Roles {
        Roles { scu: true, scp: true }
    }

    fn extended(&self, _: &Uid, information: &[u8]) -> Option<Vec<u8>> {
        Some(information.to_vec())
    }

    fn user_identity(&self, identity: &UserIdentity) -> Option<Vec<u8>> {
        identity.positive_response_requested.then(Vec::new)
    }
}

pub(crate) fn us() -> Identity {
    Identity {
        max_pdu_length: 16 * 1024,
        implementation_class_uid: uid("1.2.3.4"),
        implementation_version_name: "HOSTILE".to_owned(),
    }
}

fn context(id: u8, abstract_syntax: &'static str) -> ProposedContext {
    ProposedContext {
        id,
        abstract_syntax: uid(abstract_syntax),
        transfer_syntaxes: vec![uid(IMPLICIT), uid(EXPLICIT)],
    }
}

pub(crate) fn our_request() -> AssociateRq {
    let contexts = vec![context(1, ECHO), context(3, CT), context(5, FIND)];
    AssociateRq::new(&title("THEM"), &title("US"), contexts, us().to_user_information())
}

/// A connection that a peer opens: the first byte says how its bytes are cut, the rest are its bytes.
pub fn acceptor(bytes: &[u8]) {
    let Some((cut, bytes)) = bytes.split_first() else { return };
    let (script, record) = Script::new();
    let script = script.sends(bytes).closes().in_portions(portions(*cut));
    if let Ok(requested) = upper_layer::accept(script, Timers::default()) {
        let answer = negotiate(requested.request(), &Everything, &us());
        if let Ok(association) = requested.accept(answer) {
            let mut dialogue = Dialogue::new(association);
            serve(&mut dialogue, *cut);
            if let Some(association) = dialogue.into_association() {
                association.confirm_release().ok();
            }
        }
    }
    for pdu in record.pdus() {
        let length = pdu.get(2..6).and_then(|length| length.try_into().ok()).map(u32::from_be_bytes);
        assert_eq!(length.map(|length| length as usize + 6), Some(pdu.len()), "whole PDUs are sent");
    }
    assert!(record.is_closed(), "every connection is closed in the end");
}

/// Sizes of what a read brings.
fn portions(cut: u8) -> Vec<usize> {
    match cut % 4 {
        0 => vec![usize::MAX],
        1 => vec![1],
        2 => vec![usize::from(cut) + 1, 7],
        _ => vec![6, 1, usize::from(cut)],
    }
}

/// Answers whatever is asked, until there is nothing more.
fn serve<T: Transport>(dialogue: &mut Dialogue<T>, how: u8) {
    while let Ok(incoming) = dialogue.next(Some(Duration::from_secs(30))) {
        let Incoming::Request(request) = incoming else { return };
        let heading = request.heading();
        if dialogue.data_set_follows() && how & 0x10 == 0 {
            match dialogue.collect_data_set(COLLECTED_BYTES_MAX) {
                Ok(collected) => assert!(collected.len() <= COLLECTED_BYTES_MAX),
                Err(dimse::CollectFailed::TooLong { .. }) => {}
                Err(_) => return,
            }
        }
        if dialogue.cancel_requested(heading.message_id).is_err() {
            return;
        }
        if let Request::Find(find) = &request {
            let pending = find.respond(Status::PENDING);
            if dialogue.queue_response(&pending, Some(&[8, 0, 5, 0, 0, 0, 0, 0])).is_err() {
                return;
            }
        }
        if dialogue.respond(&request.refuse(Outcome::new(Status::UNABLE_TO_PROCESS)), None).is_err() {
            return;
        }
    }
}

/// A connection that we open: the peer's answers.
pub fn requestor(bytes: &[u8]) {
    let Some((how, bytes)) = bytes.split_first() else { return };
    let (script, record) = Script::new();
    let script = script.sends(bytes).closes().in_portions(portions(*how));
    if let Ok(association) = upper_layer::request(script, our_request(), Timers::default()) {
        for context in association.contexts() {
            assert!([1, 3, 5].contains(&context.id), "nothing is agreed on that was not proposed");
        }
        let mut dialogue = Dialogue::new(association);
        ask(&mut dialogue, *how);
        if let Some(association) = dialogue.into_association() {
            association.release().ok();
        }
    }
    assert!(record.is_closed(), "every connection is closed in the end");
}

fn ask<T: Transport>(dialogue: &mut Dialogue<T>, how: u8) -> Option<()> {
    let wait = Some(Duration::from_secs(30));
    if how & 0x10 == 0 {
        dialogue.echo(1, wait).ok()?;
    }
    if how & 0x20 == 0 {
        let message_id = dialogue.next_message_id();
        let store = StoreRq {
            context_id: 3,
            message_id,
            affected_sop_class_uid: uid(CT),
            affected_sop_instance_uid: uid("1.2.3"),
            priority: Priority::MEDIUM,
            move_originator_ae_title: None,
            move_originator_message_id: None,
        };
        dialogue.store_from(&store, &mut io::repeat(7), 40_000).ok()?;
        dialogue.await_store_response(wait).ok()?;
    }
    let message_id = dialogue.next_message_id();
    let find =
        FindRq { context_id: 5, message_id, affected_sop_class_uid: uid(FIND), priority: Priority::MEDIUM };
    dialogue.send(&find, Some(&[8, 0, 5, 0, 0, 0, 0, 0])).ok()?;
    loop {
        let response = dialogue.await_response(wait).ok()?;
        if dialogue.data_set_follows() {
            dialogue.collect_data_set(COLLECTED_BYTES_MAX).ok()?;
        }
        if response.is_final() {
            return Some(());
        }
    }
}

/// A command set on an association that is there: what is understood of it is written, and understood again.
pub fn command(bytes: &[u8]) {
    let Some(incoming) = understood(bytes) else { return };
    let written = match &incoming {
        Incoming::Request(Request::Echo(rq)) => rq.to_bytes(false),
        Incoming::Request(Request::Store(rq)) => rq.to_bytes(true),
        Incoming::Request(Request::Find(rq)) => rq.to_bytes(true),
        Incoming::Request(Request::Get(rq)) => rq.to_bytes(true),
        // Nobody writes what is no AE title: it is kept as a text for the refusal, not as the bytes that came.
        Incoming::Request(Request::Move(rq)) if rq.move_destination.is_err() => return,
        Incoming::Request(Request::Move(rq)) => rq.to_bytes(true),
        Incoming::Request(Request::NAction(rq)) => rq.to_bytes(true),
        Incoming::Request(Request::NEventReport(rq)) => rq.to_bytes(true),
        Incoming::Request(Request::Unusable(rq)) => {
            assert_eq!(rq.reason.status.category(), Category::Failure, "what is not carried out is refused");
            return;
        }
        Incoming::Response(Response::Find(rsp)) => rsp.to_bytes(false),
        Incoming::Response(_) | Incoming::ReleaseRequested => return,
    };
    let again = understood(&written).expect("what we write can be understood");
    assert_eq!(again, incoming);
}

/// What the peer is understood to say by this command set.
fn understood(command: &[u8]) -> Option<Incoming> {
    let mut sent = our_request().to_bytes().unwrap();
    let mut rest = command;
    loop {
        let (fragment, after) = rest.split_at_checked(8000).unwrap_or((rest, &[]));
        sent.extend([pdu_type::P_DATA_TF, 0]);
        sent.extend((fragment.len() as u32 + 6).to_be_bytes());
        sent.extend((fragment.len() as u32 + 2).to_be_bytes());
        sent.extend([3, if after.is_empty() { 3 } else { 1 }]);
        sent.extend(fragment);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    let (script, _) = Script::new();
    let requested = upper_layer::accept(script.sends(sent).closes(), Timers::default()).unwrap();
    let answer = negotiate(requested.request(), &Everything, &us());
    let mut dialogue = Dialogue::new(requested.accept(answer).unwrap());
    dialogue.next(None).ok()
}
