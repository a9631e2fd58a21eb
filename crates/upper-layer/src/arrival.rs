//! What comes from the peer: whole PDUs, but for P-DATA-TF, of which only the header is taken here.

use vocabulary::limits::{ASSOCIATE_PDU_BYTES_MAX, PEER_PDU_BYTES_MIN};

use crate::Transport;
use crate::ended::{Ended, Fault};
use crate::link::{BodyFailed, Head, Link, Wait};
use crate::pdu::{Abort, AssociateAc, AssociateRq, HEADER_BYTES, Malformed, Rejection};
use crate::state::{self, Action, Event};

/// Content of every PDU that has nothing but reserved and single bytes.
const SHORT_BODY_BYTES: u32 = 4;

/// A PDU that was awaited; the machine has taken its event.
#[derive(Debug)]
pub(crate) enum Arrival {
    AssociateRq(Box<AssociateRq>),
    AssociateAc(Box<AssociateAc>),
    AssociateRj(Rejection),
    /// The header of a P-DATA-TF; the rest is still to be read.
    Data,
    ReleaseRq,
    ReleaseRp,
}

/// Why a request is rejected before any AE hears of it.
type Refusal = (Fault, Rejection);

impl<T: Transport> Link<T> {
    /// The next PDU, and what the table says about it. An A-ABORT and whatever may not come are ends.
    ///
    /// `first` limits the wait for its first byte, `then` for the others. P-DATA-TF may have `data_max` bytes; 0
    /// is no limit.
    pub(crate) fn arrive(
        &mut self,
        first: Wait,
        then: Wait,
        data_max: u32,
    ) -> Result<(Action, Arrival), Ended> {
        self.skip_pdu(then)?;
        let head = self.head(first, then)?;
        let pdu_type = head.pdu_type;
        if let Some(Action::Aa1SendAbort | Action::Aa8SendAbort) = state::action(self.state(), head.event) {
            let fault = match head.event {
                Event::Evt19InvalidPdu => Fault::UnrecognizedPdu(pdu_type),
                _ => Fault::UnexpectedPdu { pdu_type, state: self.state() },
            };
            return Err(self.misbehaved(head.event, fault));
        }
        match head.event {
            Event::Evt6AssociateRq => self.take_request(head, then),
            Event::Evt3AssociateAc => {
                let answer = self.read(head, ASSOCIATE_PDU_BYTES_MAX, then, read_answer)?;
                Ok((self.step(head.event)?, Arrival::AssociateAc(Box::new(answer))))
            }
            Event::Evt4AssociateRj => {
                let rejection = self.read(head, SHORT_BODY_BYTES, then, |body| Ok(Rejection::read(body)?))?;
                Ok((self.step(head.event)?, Arrival::AssociateRj(rejection)))
            }
            Event::Evt10Data => {
                // Some peers count the header, which PS3.8 D.1 does not.
                let allowed = data_max.saturating_add(HEADER_BYTES as u32);
                if data_max > 0 && head.length > allowed {
                    let fault = Fault::PduTooLong { pdu_type, length: head.length, allowed };
                    return Err(self.misbehaved(Event::Evt19InvalidPdu, fault));
                }
                Ok((self.step(head.event)?, Arrival::Data))
            }
            Event::Evt12ReleaseRq => {
                self.read(head, SHORT_BODY_BYTES, then, read_nothing)?;
                Ok((self.step(head.event)?, Arrival::ReleaseRq))
            }
            Event::Evt13ReleaseRp => {
                self.read(head, SHORT_BODY_BYTES, then, read_nothing)?;
                Ok((self.step(head.event)?, Arrival::ReleaseRp))
            }
            _ => {
                let abort = self.read(head, ASSOCIATE_PDU_BYTES_MAX, then, |body| Ok(Abort::read(body)))?;
                self.step(head.event)?;
                Err(Ended::Aborted(abort))
            }
        }
    }

    /// Reads a whole PDU; one that cannot be read is invalid (Evt19).
    fn read<P>(
        &mut self,
        head: Head,
        allowed: u32,
        wait: Wait,
        parse: impl Fn(&[u8]) -> Result<P, Fault>,
    ) -> Result<P, Ended> {
        let parsed = match self.body(head, allowed, wait) {
            Ok(range) => parse(self.incoming.taken(range)),
            Err(BodyFailed::TooLong(fault)) => Err(fault),
            Err(BodyFailed::Ended(ended)) => return Err(ended),
        };
        parsed.map_err(|fault| self.misbehaved(Event::Evt19InvalidPdu, fault))
    }

    /// AE-6: the request, or a rejection by the service-provider where no AE could do anything with it.
    fn take_request(&mut self, head: Head, wait: Wait) -> Result<(Action, Arrival), Ended> {
        let judged = match self.body(head, ASSOCIATE_PDU_BYTES_MAX, wait) {
            Ok(range) => judge(self.incoming.taken(range)),
            Err(BodyFailed::TooLong(fault)) => Err((fault, Rejection::NO_REASON_BY_ACSE)),
            Err(BodyFailed::Ended(ended)) => return Err(ended),
        };
        match judged {
            Ok(request) => Ok((self.step(head.event)?, Arrival::AssociateRq(Box::new(request)))),
            Err((what, rejection)) => {
                self.refuse_request(&rejection.to_bytes())?;
                self.linger();
                Err(Ended::Rejected { what, rejection })
            }
        }
    }
}

fn judge(body: &[u8]) -> Result<AssociateRq, Refusal> {
    // The version comes first in the PDU and in the judgement: another one may look different behind it.
    if let Some(version) = body.get(..2).and_then(|bytes| bytes.try_into().ok()).map(u16::from_be_bytes)
        && version & 1 == 0
    {
        return Err((Fault::ProtocolVersion(version), Rejection::PROTOCOL_VERSION_NOT_SUPPORTED));
    }
    let request = AssociateRq::read(body).map_err(|error| (error.into(), Rejection::NO_REASON_BY_ACSE))?;
    check_length(request.user_information.max_pdu_length)
        .map_err(|fault| (fault, Rejection::NO_REASON_BY_ACSE))?;
    Ok(request)
}

fn read_answer(body: &[u8]) -> Result<AssociateAc, Fault> {
    let answer = AssociateAc::read(body)?;
    check_length(answer.user_information.max_pdu_length)?;
    Ok(answer)
}

/// Nothing could be sent to a peer that takes less than one fragment.
fn check_length(max_pdu_length: Option<u32>) -> Result<(), Fault> {
    match max_pdu_length {
        Some(length @ 1..PEER_PDU_BYTES_MIN) => Err(Fault::MaximumLength(length)),
        _ => Ok(()),
    }
}

/// The reserved bytes of a release.
fn read_nothing(body: &[u8]) -> Result<(), Fault> {
    let missing = (SHORT_BODY_BYTES as usize).saturating_sub(body.len());
    if missing == 0 { Ok(()) } else { Err(Malformed::Short { within: "a release PDU", missing }.into()) }
}
