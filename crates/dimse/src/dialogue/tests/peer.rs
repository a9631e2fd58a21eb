use upper_layer::negotiation::{Identity, Offer, Roles, negotiate};
use upper_layer::pdu::{
    AssociateRq, ContextRefusal, ProposedContext, RELEASE_RP, RoleSelection, UserInformation, pdu_type,
};
use upper_layer::script::{Record, Script};
use upper_layer::{Association, Piece, Timers, Transport, accept, request};
use vocabulary::{AeTitle, Uid, sop_class, transfer_syntax};

use crate::incoming::Kind;
use crate::message::{Assembler, Step};
use crate::{Dialogue, EchoRq, FindRq, GetRq, Message, Priority, StoreRq};

pub(super) const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

/// The presentation context of each SOP class that the tests talk about.
pub(super) const ECHO: u8 = 1;
pub(super) const STORE: u8 = 3;
pub(super) const FIND: u8 = 5;
pub(super) const GET: u8 = 7;
pub(super) const COMMITMENT: u8 = 9;

fn contexts() -> Vec<ProposedContext> {
    [
        (ECHO, sop_class::VERIFICATION),
        (STORE, CT),
        (FIND, sop_class::STUDY_ROOT_FIND),
        (GET, sop_class::STUDY_ROOT_GET),
        (COMMITMENT, sop_class::STORAGE_COMMITMENT_PUSH_MODEL),
    ]
    .into_iter()
    .map(|(id, uid)| ProposedContext {
        id,
        abstract_syntax: Uid::known(uid),
        transfer_syntaxes: vec![Uid::known(transfer_syntax::IMPLICIT_VR_LITTLE_ENDIAN)],
    })
    .collect()
}

fn associate_rq() -> AssociateRq {
    let both = RoleSelection { sop_class: Uid::known(CT), scu: true, scp: true };
    AssociateRq::new(
        &AeTitle::parse("ARCHIVE").unwrap(),
        &AeTitle::parse("PEER").unwrap(),
        contexts(),
        UserInformation {
            max_pdu_length: Some(16_384),
            role_selections: vec![both],
            ..UserInformation::default()
        },
    )
}

/// Takes everything.
struct Everything;

impl Offer for Everything {
    fn choose(&self, _abstract_syntax: &Uid, proposed: &[Uid]) -> Result<Uid, ContextRefusal> {
        proposed.first().cloned().ok_or(ContextRefusal::TransferSyntaxesNotSupported)
    }

    fn roles(&self, _abstract_syntax: &Uid) -> Roles {
        Roles { scu: true, scp: true }
    }
}

fn identity() -> Identity {
    Identity {
        max_pdu_length: 65_536,
        implementation_class_uid: Uid::known("1.2.3"),
        implementation_version_name: "TEST".to_owned(),
    }
}

/// The association that a peer has asked for, whose A-ASSOCIATE-RQ is the first that the transport brings.
pub(super) fn accepted<T: Transport>(transport: T) -> Dialogue<T> {
    let requested = accept(transport, Timers::default()).unwrap();
    let answer = negotiate(requested.request(), &Everything, &identity());
    Dialogue::new(requested.accept(answer).unwrap())
}

/// The bytes of the A-ASSOCIATE-RQ that [`accepted`] wants to read.
pub(super) fn asks() -> Vec<u8> {
    associate_rq().to_bytes().unwrap()
}

/// A dialogue with a peer that asks for an association and then does what `script` adds.
pub(super) fn performing(script: impl FnOnce(Script) -> Script) -> (Dialogue<Script>, Sent) {
    let (begun, record) = Script::new();
    let dialogue = accepted(script(begun.sends(asks())));
    (dialogue, Sent(record))
}

/// A dialogue with a peer that accepts our association and then does what `script` adds.
pub(super) fn invoking(script: impl FnOnce(Script) -> Script) -> (Dialogue<Script>, Sent) {
    let (begun, record) = Script::new();
    let answer = negotiate(&associate_rq(), &Everything, &identity()).to_bytes().unwrap();
    let association: Association<Script> =
        request(script(begun.sends(answer)), associate_rq(), Timers::default()).unwrap();
    (Dialogue::new(association), Sent(record))
}

/// One presentation data value: item length, context, message control header, fragment (PS3.8 9.3.5.1, E.2).
pub(super) fn pdv(context_id: u8, is_command: bool, is_last: bool, bytes: &[u8]) -> Vec<u8> {
    let mut value = u32::try_from(bytes.len() + 2).unwrap().to_be_bytes().to_vec();
    value.extend([context_id, u8::from(is_command) | u8::from(is_last) << 1]);
    value.extend_from_slice(bytes);
    value
}

/// One P-DATA-TF with these presentation data values.
pub(super) fn p_data(values: &[Vec<u8>]) -> Vec<u8> {
    let values = values.concat();
    let mut pdu = vec![pdu_type::P_DATA_TF, 0];
    pdu.extend(u32::try_from(values.len()).unwrap().to_be_bytes());
    pdu.extend(values);
    pdu
}

/// A message in PDUs that both sides take: the command in one, the data set in as many as it needs.
pub(super) fn message(message: &impl Message, data_set: Option<&[u8]>) -> Vec<u8> {
    let context_id = message.heading().context_id;
    let mut pdus = p_data(&[pdv(context_id, true, true, &message.to_bytes(data_set.is_some()))]);
    let mut fragments = data_set.unwrap_or_default().chunks(16_000).peekable();
    while let Some(fragment) = fragments.next() {
        pdus.extend(p_data(&[pdv(context_id, false, fragments.peek().is_none(), fragment)]));
    }
    pdus
}

pub(super) fn echo_rq(message_id: u16) -> EchoRq {
    EchoRq::new(ECHO, message_id)
}

pub(super) fn store_rq(message_id: u16) -> StoreRq {
    StoreRq {
        context_id: STORE,
        message_id,
        affected_sop_class_uid: Uid::known(CT),
        affected_sop_instance_uid: Uid::known("1.2.3.4"),
        priority: Priority::MEDIUM,
        move_originator_ae_title: None,
        move_originator_message_id: None,
    }
}

pub(super) fn find_rq(message_id: u16) -> FindRq {
    FindRq {
        context_id: FIND,
        message_id,
        affected_sop_class_uid: Uid::known(sop_class::STUDY_ROOT_FIND),
        priority: Priority::MEDIUM,
    }
}

pub(super) fn get_rq(message_id: u16) -> GetRq {
    GetRq {
        context_id: GET,
        message_id,
        affected_sop_class_uid: Uid::known(sop_class::STUDY_ROOT_GET),
        priority: Priority::MEDIUM,
    }
}

/// What the peer was sent.
pub(super) struct Sent(Record);

impl Sent {
    /// The messages, each with its data set, whatever PDUs they came in.
    pub(super) fn messages(&self) -> Vec<(Kind, Vec<u8>)> {
        messages(&self.0.pdus())
    }

    /// The PDUs that are no data, without the A-ASSOCIATE PDU that comes first.
    pub(super) fn controls(&self) -> Vec<Vec<u8>> {
        self.0.pdus().into_iter().skip(1).filter(|pdu| pdu.first() != Some(&pdu_type::P_DATA_TF)).collect()
    }

    /// Whether it was sent A-ABORT as the last thing, and the connection is closed.
    pub(super) fn is_aborted(&self) -> bool {
        let last = self.0.pdus().pop();
        last.and_then(|pdu| pdu.first().copied()) == Some(pdu_type::ABORT) && self.0.is_closed()
    }

    /// Whether the last thing it was sent is the answer to its release request.
    pub(super) fn is_released(&self) -> bool {
        self.0.pdus().pop().is_some_and(|pdu| pdu == RELEASE_RP)
    }
}

/// The messages in some PDUs.
pub(super) fn messages(pdus: &[Vec<u8>]) -> Vec<(Kind, Vec<u8>)> {
    let mut assembler = Assembler::default();
    let mut messages = Vec::new();
    for pdu in pdus.iter().filter(|pdu| pdu[0] == pdu_type::P_DATA_TF) {
        let mut rest = &pdu[6..];
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let (value, after) = after.split_at(usize::try_from(u32::from_be_bytes(*length)).unwrap());
            rest = after;
            let (context_id, header, bytes) = (value[0], value[1], &value[2..]);
            let piece =
                Piece { context_id, is_command: header & 1 == 1, ends_message: header & 2 == 2, bytes };
            match assembler.push(&piece).unwrap() {
                Step::Partial => {}
                Step::Command(command) => messages.push((command.kind, Vec::new())),
                Step::DataSet => messages.last_mut().unwrap().1.extend_from_slice(bytes),
            }
        }
    }
    assert!(assembler.is_between_messages(), "the last message is not complete");
    messages
}
