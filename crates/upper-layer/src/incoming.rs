use std::ops::Range;

/// What an association begins with: an idle one costs little.
const FIRST_BYTES: usize = 16 * 1024;

/// What it grows to when data come: one read(2) then fills it with as much as there is. The longest
/// A-ASSOCIATE PDU fits as well.
const BYTES_MAX: usize = vocabulary::limits::ASSOCIATE_PDU_BYTES_MAX as usize;

/// The bytes that were read and not yet taken, where they were read to.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    was_filled: bool,
}

impl Incoming {
    /// What is there.
    pub(crate) fn available(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Takes so many bytes, or what there is; says where they are until the next read.
    pub(crate) fn take(&mut self, count: usize) -> Range<usize> {
        let start = self.start;
        self.start = self.end.min(start.saturating_add(count));
        start..self.start
    }

    /// Bytes that were taken and not read over since.
    pub(crate) fn taken(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }

    /// Room for the next read; there is some as long as less than the longest PDU is wanted at once.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        // What is left over is no more than part of a header when data flow, so that moving it costs nothing.
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.is_empty() {
            self.buffer = vec![0; FIRST_BYTES];
        } else if (self.was_filled || self.end == self.buffer.len()) && self.buffer.len() < BYTES_MAX {
            let mut larger = vec![0; (self.buffer.len() * 4).min(BYTES_MAX)];
            if let Some(to) = larger.get_mut(..self.end) {
                to.copy_from_slice(self.available());
            }
            self.buffer = larger;
        }
        self.was_filled = false;
        self.buffer.get_mut(self.end..).unwrap_or_default()
    }

    /// So many bytes of the room were read to.
    pub(crate) fn filled(&mut self, count: usize) {
        self.end = self.buffer.len().min(self.end.saturating_add(count));
        self.was_filled = self.end == self.buffer.len();
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MAX, FIRST_BYTES, Incoming};

    #[test]
    fn it_grows_only_when_reads_fill_it_and_never_past_its_bound() {
        let mut incoming = Incoming::default();
        assert_eq!(incoming.room().len(), FIRST_BYTES);
        incoming.filled(100);
        incoming.take(100);
        assert_eq!(incoming.room().len(), FIRST_BYTES);
        for _ in 0..10 {
            let room = incoming.room().len();
            incoming.filled(room);
            incoming.take(room);
        }
        assert_eq!(incoming.room().len(), BYTES_MAX);
    }

    #[test]
    fn what_is_left_over_is_kept_when_it_moves() {
        let mut incoming = Incoming::default();
        let room = incoming.room();
        let count = room.len();
        room.iter_mut().zip(0..).for_each(|(byte, at)| *byte = at as u8);
        incoming.filled(count);
        incoming.take(count - 3);
        let left = incoming.available().to_vec();
        assert_eq!(incoming.room().len(), FIRST_BYTES * 4 - 3);
        assert_eq!(incoming.available(), left);
    }
}
