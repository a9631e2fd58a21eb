use std::io;

use vocabulary::limits::PEER_PDU_BYTES_MIN;

use crate::pdu::{HEADER_BYTES, pdu_type};

/// What a write hands over at most: 256 KiB of data and the headers around them.
const BYTES_MAX: usize = 256 * 1024 + 4096;

/// The longest variable part of a P-DATA-TF that is sent unless somebody wants shorter ones: 128 KiB.
pub(crate) const PDU_LENGTH_MAX: u32 = 128 * 1024;

/// PDU header, value length, context and control byte.
const FRAGMENT_HEADER_BYTES: usize = HEADER_BYTES + 6;

/// Fragments that one vectored read fills at most; the kernel takes 1,024.
const FRAGMENTS_MAX: usize = 512;

/// What waits to be written, as the bytes that will go out.
#[derive(Debug)]
pub(crate) struct Outgoing {
    buffer: Vec<u8>,
    filled: usize,
    /// Bytes of a message in one fragment.
    fragment: usize,
}

/// Which fragments: of what, on which context.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Of {
    pub(crate) context_id: u8,
    pub(crate) is_command: bool,
}

/// The header of a P-DATA-TF with one value (PS3.8 9.3.5 and annex E).
fn header(of: Of, is_last: bool, fragment: usize) -> [u8; FRAGMENT_HEADER_BYTES] {
    // A fragment is shorter than PDU_LENGTH_MAX.
    let length = u32::try_from(fragment).unwrap_or(0);
    let [p0, p1, p2, p3] = (length + 6).to_be_bytes();
    let [v0, v1, v2, v3] = (length + 2).to_be_bytes();
    let control = u8::from(of.is_command) | u8::from(is_last) << 1;
    [pdu_type::P_DATA_TF, 0, p0, p1, p2, p3, v0, v1, v2, v3, of.context_id, control]
}

impl Outgoing {
    pub(crate) fn new() -> Self {
        Self { buffer: Vec::new(), filled: 0, fragment: fragment_for(PDU_LENGTH_MAX) }
    }

    /// Sends PDUs with variable parts of this length at most, 0 being no limit; ours and the least possible are
    /// the bounds. Says which length that comes to.
    pub(crate) fn limit_pdu_length(&mut self, length: u32) -> u32 {
        let length =
            if length == 0 { PDU_LENGTH_MAX } else { length.clamp(PEER_PDU_BYTES_MIN, PDU_LENGTH_MAX) };
        self.fragment = fragment_for(length);
        length
    }

    pub(crate) fn fragment(&self) -> usize {
        self.fragment
    }

    /// What waits.
    pub(crate) fn waiting(&self) -> &[u8] {
        self.buffer.get(..self.filled).unwrap_or_default()
    }

    pub(crate) fn clear(&mut self) {
        self.filled = 0;
    }

    /// Appends bytes as they are.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if let Some(room) = self.room(bytes.len()) {
            room.copy_from_slice(bytes);
        }
    }

    /// Appends a P-DATA-TF with one fragment.
    pub(crate) fn push_fragment(&mut self, of: Of, is_last: bool, fragment: &[u8]) {
        self.push(&header(of, is_last, fragment.len()));
        self.push(fragment);
    }

    /// Reads as many fragments as one write holds into their places behind their headers, and takes them off
    /// `remaining`. Nothing is appended if that fails.
    pub(crate) fn read_fragments(
        &mut self,
        of: Of,
        source: &mut dyn io::Read,
        remaining: &mut u64,
    ) -> io::Result<()> {
        let left = usize::try_from(*remaining).unwrap_or(usize::MAX);
        let room = BYTES_MAX.saturating_sub(self.filled);
        let whole = (room / (FRAGMENT_HEADER_BYTES + self.fragment)).clamp(1, FRAGMENTS_MAX);
        let payload = left.min(whole * self.fragment);
        let count = payload.div_ceil(self.fragment);
        let (before, fragment) = (self.filled, self.fragment);
        let Some(mut room) = self.room(payload + count * FRAGMENT_HEADER_BYTES) else { return Ok(()) };
        let mut slices = Vec::with_capacity(count);
        let mut unplaced = payload;
        while let Some((head, rest)) = room.split_at_mut_checked(FRAGMENT_HEADER_BYTES) {
            let length = unplaced.min(fragment);
            unplaced -= length;
            head.copy_from_slice(&header(of, unplaced == 0 && payload == left, length));
            let Some((place, rest)) = rest.split_at_mut_checked(length) else { break };
            slices.push(io::IoSliceMut::new(place));
            room = rest;
        }
        let read = read_exactly(source, &mut slices, payload);
        match read {
            Ok(()) => *remaining -= payload as u64,
            Err(_) => self.filled = before,
        }
        read
    }

    /// So many more bytes behind what waits.
    fn room(&mut self, count: usize) -> Option<&mut [u8]> {
        let end = self.filled + count;
        if self.buffer.len() < end {
            self.buffer.resize(end.next_power_of_two().min(BYTES_MAX).max(end), 0);
        }
        let start = std::mem::replace(&mut self.filled, end);
        self.buffer.get_mut(start..end)
    }
}

/// The longest even fragment in a variable part of this length, behind the header of its value.
fn fragment_for(pdu_length: u32) -> usize {
    (pdu_length.saturating_sub(6) as usize & !1).max(2)
}

fn read_exactly(
    source: &mut dyn io::Read,
    mut slices: &mut [io::IoSliceMut<'_>],
    mut left: usize,
) -> io::Result<()> {
    while left > 0 {
        match source.read_vectored(slices) {
            Ok(0) => {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "it is shorter than it was said to be",
                ));
            }
            Ok(count) if count > left => return Err(io::ErrorKind::InvalidData.into()),
            Ok(count) => {
                left -= count;
                io::IoSliceMut::advance_slices(&mut slices, count);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MAX, Of, Outgoing, PDU_LENGTH_MAX};

    const OF: Of = Of { context_id: 1, is_command: false };

    #[test]
    fn fragments_that_could_not_be_read_leave_nothing_behind() {
        let mut outgoing = Outgoing::new();
        outgoing.push(b"waiting");
        let mut remaining = 100;
        assert!(outgoing.read_fragments(OF, &mut &[0; 99][..], &mut remaining).is_err());
        assert_eq!((outgoing.waiting(), remaining), (&b"waiting"[..], 100));
    }

    #[test]
    fn one_write_never_grows_past_its_bound() {
        for length in [8, 9, 1000, 16384, 65_537, PDU_LENGTH_MAX, u32::MAX, 0] {
            let mut outgoing = Outgoing::new();
            outgoing.limit_pdu_length(length);
            // The most that can be queued before.
            outgoing.push(&[0; 64 * 1024]);
            let mut remaining = u64::MAX;
            outgoing.read_fragments(OF, &mut std::io::repeat(7), &mut remaining).unwrap();
            assert!(outgoing.waiting().len() <= BYTES_MAX, "{length}");
            assert!(remaining < u64::MAX);
        }
    }

    #[test]
    fn a_fragment_is_even_and_fits_the_length_it_is_for() {
        let mut outgoing = Outgoing::new();
        for (length, fragment) in [(8, 2), (9, 2), (10, 4), (16384, 16378), (0, 131_066), (u32::MAX, 131_066)]
        {
            outgoing.limit_pdu_length(length);
            assert_eq!(outgoing.fragment(), fragment);
        }
    }
}
