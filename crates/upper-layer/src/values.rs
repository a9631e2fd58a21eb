//! Presentation data values (PS3.8 9.3.5.1 and annex E), read where they lie.

use std::ops::Range;

use crate::Transport;
use crate::ended::{Ended, Fault};
use crate::link::{Link, Wait};
use crate::outgoing::Of;
use crate::pdu::Malformed;
use crate::state::Event;

/// Value length, context identifier and control byte.
const HEADER_BYTES: u32 = 6;

/// Context identifier and control byte, which the value length counts.
const COUNTED_BYTES: u32 = 2;

/// Where the reader stands among the values of the present P-DATA-TF.
#[derive(Debug)]
pub(crate) struct Values {
    accepted: [bool; 256],
    value: Option<Value>,
    /// A command set or a data set has begun and not ended.
    is_message_open: bool,
}

#[derive(Debug, Clone, Copy)]
struct Value {
    of: Of,
    is_last: bool,
    left: u32,
}

/// Bytes of a value that were taken off the incoming ones.
#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) of: Of,
    pub(crate) ends_message: bool,
    pub(crate) range: Range<usize>,
}

impl Values {
    pub(crate) fn new(accepted: impl IntoIterator<Item = u8>) -> Self {
        let mut is_accepted = [false; 256];
        for id in accepted {
            if let Some(slot) = is_accepted.get_mut(usize::from(id)) {
                *slot = true;
            }
        }
        Self { accepted: is_accepted, value: None, is_message_open: false }
    }

    /// Whether the rest of a command set or a data set is due.
    pub(crate) fn is_message_open(&self) -> bool {
        self.is_message_open
    }

    /// The next bytes of the present P-DATA-TF; none where a value holds none, and ends nothing.
    pub(crate) fn next<T: Transport>(&mut self, link: &mut Link<T>) -> Result<Option<Span>, Ended> {
        let value = match self.value {
            Some(value) => value,
            None => self.read_header(link)?,
        };
        if value.left > 0 && link.incoming.available().is_empty() {
            self.value = Some(value);
            link.fill(Wait::Rest)?;
        }
        let range = link.incoming.take(value.left as usize);
        // No more was taken than is left.
        let left = value.left - range.len() as u32;
        link.pdu_left -= range.len() as u64;
        self.value = (left > 0).then_some(Value { left, ..value });
        let ends_message = left == 0 && value.is_last;
        self.is_message_open = !ends_message;
        let is_worth_telling = ends_message || !range.is_empty();
        Ok(is_worth_telling.then_some(Span { of: value.of, ends_message, range }))
    }

    /// A value begins, so there must be its header; a P-DATA-TF holds one value at least.
    pub(crate) fn check_header<T: Transport>(&self, link: &mut Link<T>) -> Result<(), Ended> {
        let missing = u64::from(HEADER_BYTES).saturating_sub(link.pdu_left);
        if missing == 0 {
            return Ok(());
        }
        let missing = usize::try_from(missing).unwrap_or(0);
        let short = Malformed::Short { within: "a P-DATA-TF", missing };
        Err(link.misbehaved(Event::Evt19InvalidPdu, short.into()))
    }

    fn read_header<T: Transport>(&mut self, link: &mut Link<T>) -> Result<Value, Ended> {
        self.check_header(link)?;
        link.need(HEADER_BYTES as usize, Wait::Rest)?;
        let range = link.incoming.take(HEADER_BYTES as usize);
        let header: [u8; 6] = link.incoming.taken(range).try_into().unwrap_or_default();
        let [l0, l1, l2, l3, context_id, control] = header;
        let length = u32::from_be_bytes([l0, l1, l2, l3]);
        let room = u32::try_from(link.pdu_left - 4).unwrap_or(u32::MAX);
        link.pdu_left -= u64::from(HEADER_BYTES);
        if length < COUNTED_BYTES || length > room {
            return Err(link.misbehaved(Event::Evt19InvalidPdu, Fault::ValueLength { length, room }));
        }
        if self.accepted.get(usize::from(context_id)) != Some(&true) {
            return Err(link.misbehaved(Event::Evt19InvalidPdu, Fault::UnknownContext(context_id)));
        }
        let of = Of { context_id, is_command: control & 1 == 1 };
        Ok(Value { of, is_last: control & 2 == 2, left: length - COUNTED_BYTES })
    }
}
