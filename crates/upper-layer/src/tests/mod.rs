//! Whole associations, against scripted peers.

mod acceptor;
mod data;
mod hostile;
mod release;
mod requestor;
mod sending;
mod waiting;

use std::time::Duration;

use vocabulary::{AeTitle, Uid, transfer_syntax};

use crate::negotiation::{Identity, Offer, Roles, negotiate};
use crate::pdu::{
    Abort, AssociateAc, AssociateRq, ContextRefusal, ProposedContext, RELEASE_RP, RELEASE_RQ, UserInformation,
};
use crate::script::{Record, Script};
use crate::{Association, Ended, Indication, Timers, accept, request};

/// Verification.
pub(crate) const ECHO: &str = "1.2.840.10008.1.1";

/// What the peers of these tests announce.
const PEER_MAX: u32 = 16 * 1024;

/// What we announce.
pub(crate) const OUR_MAX: u32 = 32 * 1024;

/// Accepts verification in implicit VR, for either role.
pub(crate) struct Anything;

impl Offer for Anything {
    fn choose(&self, abstract_syntax: &Uid, proposed: &[Uid]) -> Result<Uid, ContextRefusal> {
        if *abstract_syntax != ECHO {
            return Err(ContextRefusal::AbstractSyntaxNotSupported);
        }
        let implicit = proposed.iter().find(|uid| **uid == transfer_syntax::IMPLICIT_VR_LITTLE_ENDIAN);
        implicit.cloned().ok_or(ContextRefusal::TransferSyntaxesNotSupported)
    }

    fn roles(&self, _: &Uid) -> Roles {
        Roles { scu: true, scp: true }
    }
}

pub(crate) fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

pub(crate) fn context(id: u8, abstract_syntax: &str, transfer_syntaxes: &[&str]) -> ProposedContext {
    let transfer_syntaxes = transfer_syntaxes.iter().map(|text| uid(text)).collect();
    ProposedContext { id, abstract_syntax: uid(abstract_syntax), transfer_syntaxes }
}

pub(crate) fn us() -> Identity {
    Identity {
        max_pdu_length: OUR_MAX,
        implementation_class_uid: uid("1.2.3.4"),
        implementation_version_name: "ISOCENTER 0".to_owned(),
    }
}

/// A request for verification on context 1 and context 3.
pub(crate) fn rq() -> AssociateRq {
    let title = |text| AeTitle::parse(text).unwrap();
    let implicit = transfer_syntax::IMPLICIT_VR_LITTLE_ENDIAN;
    let contexts = vec![context(1, ECHO, &[implicit]), context(3, ECHO, &[implicit])];
    let information = UserInformation { max_pdu_length: Some(PEER_MAX), ..UserInformation::default() };
    AssociateRq::new(&title("ARCHIVE"), &title("CT1"), contexts, information)
}

fn rq_bytes() -> Vec<u8> {
    rq().to_bytes().unwrap()
}

/// The acceptance of [`rq`] by somebody who announces [`OUR_MAX`].
fn ac() -> AssociateAc {
    negotiate(&rq(), &Anything, &us())
}

fn timers() -> Timers {
    let seconds = Duration::from_secs;
    Timers {
        artim: seconds(30),
        associate_response: seconds(31),
        release: seconds(32),
        between_packets: seconds(33),
        write: seconds(34),
    }
}

/// An association that a scripted peer requested; its bytes are to come behind its request.
fn accepted(script: Script) -> Association<Script> {
    let requested = accept(script, timers()).unwrap();
    let answer = negotiate(requested.request(), &Anything, &us());
    requested.accept(answer).unwrap()
}

/// The same from nothing: the peer sends `bytes` once it is accepted, and closes.
fn accepted_sending(bytes: impl Into<Vec<u8>>) -> (Association<Script>, Record) {
    let (script, record) = Script::new();
    (accepted(script.sends(rq_bytes()).sends(bytes).closes()), record)
}

/// An association that we requested; the scripted peer accepts first.
fn requested(script: Script) -> Association<Script> {
    request(script, rq(), timers()).unwrap()
}

/// A P-DATA-TF of these values: context, control byte, bytes.
fn data_pdu(values: &[(u8, u8, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (context_id, control, bytes) in values {
        body.extend_from_slice(&(bytes.len() as u32 + 2).to_be_bytes());
        body.extend_from_slice(&[*context_id, *control]);
        body.extend_from_slice(bytes);
    }
    pdu(4, &body)
}

fn pdu(pdu_type: u8, body: &[u8]) -> Vec<u8> {
    let mut pdu = vec![pdu_type, 0];
    pdu.extend_from_slice(&(body.len() as u32).to_be_bytes());
    pdu.extend_from_slice(body);
    pdu
}

/// A command set or data set that has arrived: context, whether it is a command, its bytes.
type Message = (u8, bool, Vec<u8>);

/// Everything that arrives until the end, put together again; and the end.
fn receive_all(association: &mut Association<Script>) -> (Vec<Message>, Ended) {
    let mut messages = Vec::new();
    let mut open = Vec::new();
    loop {
        match association.receive(Some(Duration::from_secs(60))) {
            Ok(Indication::Data(piece)) => {
                open.extend_from_slice(piece.bytes);
                if piece.ends_message {
                    messages.push((piece.context_id, piece.is_command, std::mem::take(&mut open)));
                }
            }
            Ok(Indication::ReleaseRequested) => messages.push((0, false, Vec::new())),
            Err(ended) => return (messages, ended),
        }
    }
}

fn abort_pdu(abort: Abort) -> Vec<u8> {
    abort.to_bytes().to_vec()
}

/// What was written, but for the acceptance or the request at its beginning.
fn written(record: &Record) -> Vec<Vec<u8>> {
    record.pdus().split_off(1)
}
