//! The machine at work: events go through PS3.8 table 9-10, and what the table says is done.

use std::io;
use std::ops::Range;
use std::time::{Duration, Instant};

use vocabulary::limits::ASSOCIATE_PDU_BYTES_MAX;

use crate::ended::{Ended, Fault, Waiting};
use crate::incoming::Incoming;
use crate::outgoing::{Of, Outgoing};
use crate::pdu::{Abort, HEADER_BYTES, pdu_type};
use crate::state::{self, Action, Event, State};
use crate::{Timers, Transport};

/// A transport, the state of the machine, and what waits on the way in and out.
#[derive(Debug)]
pub(crate) struct Link<T> {
    pub(crate) transport: T,
    pub(crate) timers: Timers,
    pub(crate) incoming: Incoming,
    pub(crate) outgoing: Outgoing,
    /// Bytes of the present PDU that were not taken yet.
    pub(crate) pdu_left: u64,
    /// Time that is left for the rest of a message to make progress.
    pub(crate) patience: Patience,
    state: State,
    we_requested: bool,
    artim: Option<Instant>,
    /// Where PDUs begin is not known any more.
    out_of_step: bool,
}

/// How long the rest of a message may take: `between_packets` of waiting for every so many bytes of it. Only
/// waiting counts, not what the AE does in between; single bytes do not buy time.
#[derive(Debug)]
pub(crate) struct Patience {
    left: Duration,
    progress: usize,
}

/// Bytes that must come within `between_packets`, or else the message end. Far below any network's rate.
const PROGRESS_BYTES: usize = 4096;

/// What limits a wait.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wait {
    /// ARTIM.
    Artim,
    /// A point in time, if any.
    Until(Option<Instant>, Waiting),
    /// The rest of something that has begun.
    Rest,
}

/// The header of a PDU.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) pdu_type: u8,
    pub(crate) length: u32,
    pub(crate) event: Event,
}

impl Patience {
    pub(crate) fn restart(&mut self, timers: &Timers) {
        *self = Self { left: timers.between_packets, progress: 0 };
    }
}

impl<T: Transport> Link<T> {
    pub(crate) fn new(transport: T, timers: Timers, we_requested: bool) -> Self {
        Self {
            transport,
            timers,
            incoming: Incoming::default(),
            outgoing: Outgoing::new(),
            pdu_left: 0,
            patience: Patience { left: timers.between_packets, progress: 0 },
            state: State::Sta1Idle,
            we_requested,
            artim: None,
            out_of_step: false,
        }
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Takes an event that sends nothing.
    pub(crate) fn step(&mut self, event: Event) -> Result<Action, Ended> {
        self.step_saying(event, &[])
    }

    /// Takes an event whose action sends this PDU, if it sends one.
    pub(crate) fn step_saying(&mut self, event: Event, pdu: &[u8]) -> Result<Action, Ended> {
        self.enter(event, true, pdu)
    }

    /// Takes an A-ASSOCIATE-RQ that cannot be taken: AE-6 answers by this A-ASSOCIATE-RJ.
    pub(crate) fn refuse_request(&mut self, rejection: &[u8]) -> Result<Action, Ended> {
        self.enter(Event::Evt6AssociateRq, false, rejection)
    }

    fn enter(&mut self, event: Event, is_taken: bool, pdu: &[u8]) -> Result<Action, Ended> {
        let Some(action) = state::action(self.state, event) else {
            return Err(Ended::Misused("it is not in a state for this"));
        };
        self.state = action.leads_to(is_taken, self.we_requested);
        match action {
            // The transport comes connected, and indications are the return values of our callers.
            Action::Ae1OpenTransport
            | Action::Ae3ConfirmAccepted
            | Action::Dt1SendData
            | Action::Dt2IndicateData
            | Action::Ar2IndicateRelease
            | Action::Ar6IndicateData
            | Action::Ar7SendData
            | Action::Ar8IndicateCollision
            | Action::Ar10ConfirmRelease
            | Action::Aa6Ignore => {}
            Action::Ae5StartArtim => self.start_artim(),
            Action::Ae6TakeAssociateRq => {
                self.artim = None;
                if !is_taken {
                    self.start_artim();
                    self.send(pdu)?;
                }
            }
            Action::Ae2SendAssociateRq
            | Action::Ae7SendAssociateAc
            | Action::Ar1SendReleaseRq
            | Action::Ar9SendReleaseRp
            | Action::Aa7SendAbort => self.send(pdu)?,
            Action::Ae8SendAssociateRj | Action::Ar4SendReleaseRp => {
                self.start_artim();
                self.send(pdu)?;
            }
            Action::Aa1SendAbort | Action::Aa8SendAbort => {
                self.start_artim();
                self.outgoing.clear();
                self.send(pdu)?;
            }
            Action::Ae4ConfirmRejected
            | Action::Ar3ConfirmRelease
            | Action::Ar5StopArtim
            | Action::Aa2Close
            | Action::Aa3IndicateAbort
            | Action::Aa4IndicateLoss
            | Action::Aa5StopArtim => {
                self.artim = None;
                self.outgoing.clear();
                self.transport.close();
            }
        }
        Ok(action)
    }

    fn start_artim(&mut self) {
        self.artim = self.transport.now().checked_add(self.timers.artim);
    }

    /// Sends a PDU behind what is queued.
    fn send(&mut self, pdu: &[u8]) -> Result<(), Ended> {
        self.outgoing.push(pdu);
        self.flush()
    }

    /// Writes what is queued, in one go.
    pub(crate) fn flush(&mut self) -> Result<(), Ended> {
        if self.outgoing.waiting().is_empty() {
            return Ok(());
        }
        let deadline = self.transport.now().checked_add(self.timers.write);
        let written = self.transport.write_all(&mut [io::IoSlice::new(self.outgoing.waiting())], deadline);
        self.outgoing.clear();
        match written {
            Ok(()) => Ok(()),
            // Nobody knows where in a PDU the peer is now: there is no way to say anything more.
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                self.lost(error.kind());
                Err(Ended::TimedOut { waiting_for: Waiting::RoomToWrite })
            }
            Err(error) => Err(self.lost(error.kind())),
        }
    }

    /// Queues the fragments of a command set or a data set.
    pub(crate) fn queue(&mut self, of: Of, bytes: &[u8], full: usize) -> Result<(), Ended> {
        self.step(Event::Evt9SendData)?;
        let mut rest = bytes;
        loop {
            let (fragment, after) = rest.split_at_checked(self.outgoing.fragment()).unwrap_or((rest, &[]));
            self.outgoing.push_fragment(of, after.is_empty(), fragment);
            if self.outgoing.waiting().len() >= full {
                self.flush()?;
            }
            rest = after;
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    /// One read.
    pub(crate) fn fill(&mut self, wait: Wait) -> Result<(), Ended> {
        self.check_not_over()?;
        self.flush()?;
        let began = self.transport.now();
        let (deadline, waiting_for) = match wait {
            Wait::Artim => (self.artim, Waiting::AssociateRequest),
            Wait::Until(deadline, waiting_for) => (deadline, waiting_for),
            Wait::Rest => (began.checked_add(self.patience.left), Waiting::RestOfMessage),
        };
        // A peer that never stops sending does not keep the clock from being looked at. The wait for a message is
        // not concerned: it may have no length at all.
        if waiting_for != Waiting::Message && deadline.is_some_and(|deadline| deadline <= began) {
            return Err(self.expired(waiting_for));
        }
        loop {
            match self.transport.read(self.incoming.room(), deadline) {
                Ok(0) => return Err(self.lost(io::ErrorKind::UnexpectedEof)),
                Ok(count) => {
                    self.incoming.filled(count);
                    if matches!(wait, Wait::Rest) {
                        self.spend(began, count);
                    }
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    return Err(self.expired(waiting_for));
                }
                Err(error) => return Err(self.lost(error.kind())),
            }
        }
    }

    fn spend(&mut self, began: Instant, count: usize) {
        let waited = self.transport.now().saturating_duration_since(began);
        self.patience.left = self.patience.left.saturating_sub(waited);
        self.patience.progress = self.patience.progress.saturating_add(count);
        if self.patience.progress >= PROGRESS_BYTES {
            self.patience.restart(&self.timers);
        }
    }

    pub(crate) fn is_readable(&mut self) -> Result<bool, Ended> {
        self.check_not_over()?;
        if !self.incoming.available().is_empty() {
            return Ok(true);
        }
        self.transport.is_readable().map_err(|error| self.lost(error.kind()))
    }

    pub(crate) fn check_not_over(&self) -> Result<(), Ended> {
        match self.state {
            State::Sta1Idle => Err(Ended::Misused("it is over")),
            _ => Ok(()),
        }
    }

    /// The connection is gone.
    fn lost(&mut self, kind: io::ErrorKind) -> Ended {
        self.outgoing.clear();
        match self.step(Event::Evt17TransportClosed) {
            Ok(_) => Ended::Closed(kind),
            Err(misused) => misused,
        }
    }

    /// Time ran out: ARTIM closes; for any other wait the AE aborts.
    fn expired(&mut self, waiting_for: Waiting) -> Ended {
        if state::action(self.state, Event::Evt18ArtimExpired).is_some() {
            if let Err(misused) = self.step(Event::Evt18ArtimExpired) {
                return misused;
            }
        } else {
            self.abort(Abort::BY_USER);
        }
        Ended::TimedOut { waiting_for }
    }

    /// The AE aborts; nothing, where there is nothing to abort. Sees the connection closed.
    pub(crate) fn abort(&mut self, abort: Abort) {
        // A connection that fails now is over all the same, which is what was wanted.
        drop(self.step_saying(Event::Evt15AbortRequest, &abort.to_bytes()));
        self.linger();
    }

    /// The peer broke the protocol by `event`. Sees the connection closed.
    pub(crate) fn misbehaved(&mut self, event: Event, what: Fault) -> Ended {
        let answer = match state::action(self.state, event) {
            // AA-1: the service-user is the source, and has no reasons.
            Some(Action::Aa1SendAbort) => Abort::BY_USER,
            _ => what.answer(),
        };
        drop(self.step_saying(event, &answer.to_bytes()));
        self.linger();
        Ended::PeerMisbehaved { what, answer }
    }

    /// Whether that many bytes are there, after as many reads as it takes.
    pub(crate) fn need(&mut self, count: usize, wait: Wait) -> Result<(), Ended> {
        while self.incoming.available().len() < count {
            self.fill(wait)?;
        }
        Ok(())
    }

    /// Drops the rest of the present PDU.
    pub(crate) fn skip_pdu(&mut self, wait: Wait) -> Result<(), Ended> {
        while self.pdu_left > 0 {
            if self.incoming.available().is_empty() {
                self.fill(wait)?;
            }
            let count = usize::try_from(self.pdu_left).unwrap_or(usize::MAX);
            self.pdu_left -= self.incoming.take(count).len() as u64;
        }
        Ok(())
    }

    /// The header of the next PDU. The first byte tells a stranger, who need not send more.
    pub(crate) fn head(&mut self, first: Wait, then: Wait) -> Result<Head, Ended> {
        if self.incoming.available().is_empty() {
            self.fill(first)?;
        }
        let pdu_type = self.incoming.available().first().copied().unwrap_or_default();
        let event = match pdu_type {
            pdu_type::ASSOCIATE_RQ => Event::Evt6AssociateRq,
            pdu_type::ASSOCIATE_AC => Event::Evt3AssociateAc,
            pdu_type::ASSOCIATE_RJ => Event::Evt4AssociateRj,
            pdu_type::P_DATA_TF => Event::Evt10Data,
            pdu_type::RELEASE_RQ => Event::Evt12ReleaseRq,
            pdu_type::RELEASE_RP => Event::Evt13ReleaseRp,
            pdu_type::ABORT => Event::Evt16Abort,
            _ => {
                self.out_of_step = true;
                return Ok(Head { pdu_type, length: 0, event: Event::Evt19InvalidPdu });
            }
        };
        self.need(HEADER_BYTES, then)?;
        let range = self.incoming.take(HEADER_BYTES);
        let length = self.incoming.taken(range).get(2..).and_then(|bytes| bytes.try_into().ok());
        let length = length.map_or(0, u32::from_be_bytes);
        self.pdu_left = u64::from(length);
        Ok(Head { pdu_type, length, event })
    }

    /// The variable part of a PDU that is to be read as a whole, if it has no more bytes than `allowed`.
    pub(crate) fn body(&mut self, head: Head, allowed: u32, wait: Wait) -> Result<Range<usize>, BodyFailed> {
        let allowed = allowed.min(ASSOCIATE_PDU_BYTES_MAX);
        if head.length > allowed {
            let (pdu_type, length) = (head.pdu_type, head.length);
            return Err(BodyFailed::TooLong(Fault::PduTooLong { pdu_type, length, allowed }));
        }
        let length = head.length as usize;
        self.need(length, wait).map_err(BodyFailed::Ended)?;
        self.pdu_left = 0;
        Ok(self.incoming.take(length))
    }

    /// Waits in Sta13 for the end of the connection, under ARTIM; closes it.
    pub(crate) fn linger(&mut self) {
        while self.state == State::Sta13AwaitClose {
            // A failure has moved the machine to Sta1.
            drop(self.hear_out());
        }
    }

    fn hear_out(&mut self) -> Result<(), Ended> {
        if self.out_of_step {
            self.incoming.take(usize::MAX);
            return self.fill(Wait::Artim);
        }
        self.skip_pdu(Wait::Artim)?;
        let head = self.head(Wait::Artim, Wait::Artim)?;
        let abort = match head.event {
            Event::Evt19InvalidPdu => Abort::UNRECOGNIZED_PDU,
            _ => Abort::UNEXPECTED_PDU,
        };
        self.step_saying(head.event, &abort.to_bytes()).map(drop)
    }
}

/// Why a PDU has no variable part that could be read.
pub(crate) enum BodyFailed {
    TooLong(Fault),
    Ended(Ended),
}
