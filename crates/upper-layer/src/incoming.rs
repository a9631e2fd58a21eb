use std::ops::Range;

/// What an association begins with, a page: an idle one costs little, and so does one that is short.
const FIRST_BYTES: usize = 4 * 1024;

/// By how much it grows while it is smaller than data want it: the request of a modality that proposes all it has is some
/// ten kilobytes long.
const GROWTH: usize = 4;

/// What it grows to as soon as data come.
const DATA_BYTES: usize = 64 * 1024;

/// After how many bytes it grows to its full size. New pages cost about as much as reading twenty times their
/// bytes saves in system calls, so that a short association never has it.
const LONG_AFTER_BYTES: u64 = 4 * 1024 * 1024;

/// Its full size: one read(2) then fills it with as much as there is. The longest A-ASSOCIATE PDU fits as well.
const BYTES_MAX: usize = vocabulary::limits::ASSOCIATE_PDU_BYTES_MAX as usize;

/// The bytes that were read and not yet taken, where they were read to.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    was_filled: bool,
    /// All that was ever read, in bytes.
    read: u64,
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
        } else if let Some(larger) = self.larger() {
            let mut larger = vec![0; larger];
            if let Some(to) = larger.get_mut(..self.end) {
                to.copy_from_slice(self.available());
            }
            self.buffer = larger;
        }
        self.was_filled = false;
        self.buffer.get_mut(self.end..).unwrap_or_default()
    }

    /// How large it is to be from now on, if it is to grow: when reads fill it, and when there is no room at all.
    fn larger(&self) -> Option<usize> {
        let size = self.buffer.len();
        if size < DATA_BYTES {
            return (self.was_filled || self.end == size).then_some(size * GROWTH);
        }
        let pays = self.was_filled && self.read >= LONG_AFTER_BYTES;
        (size < BYTES_MAX && (pays || self.end == size)).then_some(BYTES_MAX)
    }

    /// So many bytes of the room were read to.
    pub(crate) fn filled(&mut self, count: usize) {
        self.end = self.buffer.len().min(self.end.saturating_add(count));
        self.was_filled = self.end == self.buffer.len();
        self.read = self.read.saturating_add(count as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MAX, DATA_BYTES, FIRST_BYTES, GROWTH, Incoming};

    #[test]
    fn it_grows_only_when_reads_fill_it_and_never_past_its_bound() {
        let mut incoming = Incoming::default();
        assert_eq!(incoming.room().len(), FIRST_BYTES);
        incoming.filled(100);
        incoming.take(100);
        assert_eq!(incoming.room().len(), FIRST_BYTES);
        let mut sizes = Vec::new();
        for _ in 0..100 {
            let room = incoming.room().len();
            sizes.push(room);
            incoming.filled(room);
            incoming.take(room);
        }
        assert_eq!(incoming.room().len(), BYTES_MAX);
        sizes.dedup();
        assert_eq!(sizes, [FIRST_BYTES, FIRST_BYTES * GROWTH, DATA_BYTES, BYTES_MAX]);
    }

    #[test]
    fn one_pdu_that_is_wanted_as_a_whole_finds_room() {
        let mut incoming = Incoming::default();
        let mut wanted = BYTES_MAX;
        while wanted > 0 {
            let count = incoming.room().len().min(wanted);
            incoming.filled(count);
            wanted -= count;
        }
        assert_eq!(incoming.available().len(), BYTES_MAX);
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
        assert_eq!(incoming.room().len(), FIRST_BYTES * GROWTH - 3);
        assert_eq!(incoming.available(), left);
    }
}
