//! Deflated data sets (PS3.5 A.5): RFC 1951 streams without a wrapper.

use std::fmt;
use std::io::{self, Read, Write};

use flate2::{Compression, Decompress, FlushDecompress, Status, write::DeflateEncoder};
use vocabulary::limits;

use crate::malformed::{Fault, Malformed};

/// Inflates a stream as it arrives, in one buffer.
pub(crate) struct Inflater {
    stream: Decompress,
    bytes_free: u64,
    buffer: Box<[u8]>,
    received: u64,
    inflated: u64,
    ended: bool,
    /// Bytes after the end.
    behind: usize,
}

const BUFFER_BYTES: usize = 32 * 1024;

/// What may follow the stream: the checksum and length of the gzip format, which some writers leave there, and the
/// NUL of PS3.5 A.5. More must be NULs.
const BEHIND_BYTES_MAX: usize = 9;

impl Inflater {
    /// `bytes_free`: what the stream may inflate to whatever was received.
    pub(crate) fn new(bytes_free: u64) -> Self {
        Self {
            bytes_free,
            stream: Decompress::new(false),
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            received: 0,
            inflated: 0,
            ended: false,
            behind: 0,
        }
    }

    /// Whether the stream came to its own end.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Inflates `bytes`, and hands on what comes of them.
    pub(crate) fn push(
        &mut self,
        mut bytes: &[u8],
        mut inflated: impl FnMut(&[u8]) -> Result<(), Malformed>,
    ) -> Result<Result<(), Malformed>, Fault> {
        self.received += bytes.len() as u64;
        loop {
            if self.ended {
                let anything = BEHIND_BYTES_MAX.saturating_sub(self.behind);
                self.behind = self.behind.saturating_add(bytes.len());
                let padding = bytes.iter().skip(anything).all(|byte| *byte == 0);
                return if padding { Ok(Ok(())) } else { Err(Fault::AfterDeflate) };
            }
            let (taken, made) = (self.stream.total_in(), self.stream.total_out());
            let status = self
                .stream
                .decompress(bytes, &mut self.buffer, FlushDecompress::None)
                .map_err(|_| Fault::Deflate)?;
            let taken = (self.stream.total_in() - taken) as usize;
            let made = (self.stream.total_out() - made) as usize;
            bytes = bytes.get(taken..).unwrap_or_default();
            self.inflated += made as u64;
            let bytes_max = self.bytes_free.max(self.received * limits::INFLATED_RATIO_MAX);
            if self.inflated > bytes_max {
                return Err(Fault::InflatesTooFar(bytes_max));
            }
            if let Err(malformed) = inflated(self.buffer.get(..made).unwrap_or_default()) {
                return Ok(Err(malformed));
            }
            self.ended = status == Status::StreamEnd;
            if !self.ended && made == 0 && (taken == 0 || bytes.is_empty()) {
                return if bytes.is_empty() { Ok(Ok(())) } else { Err(Fault::Deflate) };
            }
        }
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inflater({} bytes to {})", self.received, self.inflated)
    }
}

/// Bytes that are inflated at a time. What comes of them is held until it is read: some 4 MB at most.
const INFLATED_AT_A_TIME_BYTES: usize = 4 * 1024;

/// A deflated data set as it is read.
#[derive(Debug)]
pub(crate) struct Inflated<R> {
    source: R,
    inflater: Inflater,
    ready: Vec<u8>,
    taken: usize,
}

impl<R: Read> Inflated<R> {
    pub(crate) fn new(source: R) -> Self {
        let inflater = Inflater::new(limits::INFLATED_BYTES_FREE);
        Self { source, inflater, ready: Vec::new(), taken: 0 }
    }

    /// The next inflated bytes; 0: there are no more.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> Result<io::Result<usize>, Malformed> {
        let malformed = |fault| Malformed { offset: 0, path: Box::default(), fault };
        while self.taken == self.ready.len() {
            let mut deflated = [0; INFLATED_AT_A_TIME_BYTES];
            let count = match self.source.read(&mut deflated) {
                Ok(count) => count,
                Err(error) => return Ok(Err(error)),
            };
            if count == 0 {
                return match self.inflater.has_ended() {
                    true => Ok(Ok(0)),
                    false => Err(malformed(Fault::EndsInsideElement { missing: 1 })),
                };
            }
            self.ready.clear();
            self.taken = 0;
            let ready = &mut self.ready;
            let pushed = self.inflater.push(deflated.get(..count).unwrap_or_default(), |bytes| {
                ready.extend_from_slice(bytes);
                Ok(())
            });
            pushed.map_err(malformed)??;
        }
        let ready = self.ready.get(self.taken..).unwrap_or_default();
        let count = ready.len().min(into.len());
        for (to, from) in into.iter_mut().zip(ready) {
            *to = *from;
        }
        self.taken += count;
        Ok(Ok(count))
    }
}

/// Deflates a whole data set, padded to even length as PS3.5 A.5 asks.
pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail; were it to, the stream is unfinished and no reader takes it for whole.
    let mut deflated = encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default();
    if deflated.len() % 2 == 1 {
        deflated.push(0);
    }
    deflated
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflated(inflater: &mut Inflater, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut all = Vec::new();
        inflater
            .push(bytes, |more| {
                all.extend_from_slice(more);
                Ok(())
            })
            .map(|handed_on| handed_on.expect("handing on does not fail"))?;
        Ok(all)
    }

    #[test]
    fn what_was_deflated_is_inflated_in_pieces_of_any_size() {
        let bytes: Vec<u8> = (0..50_000u32).flat_map(|n| n.wrapping_mul(n).to_le_bytes()).collect();
        let deflated = deflate(&bytes);
        assert_eq!(deflated.len() % 2, 0);
        for size in [1, 7, 4096, deflated.len()] {
            let mut inflater = Inflater::new(u64::MAX);
            let pieces: Vec<u8> =
                deflated.chunks(size).flat_map(|piece| inflated(&mut inflater, piece).unwrap()).collect();
            assert!(inflater.has_ended());
            assert_eq!(pieces, bytes);
        }
    }

    #[test]
    fn a_stream_that_grows_out_of_proportion_is_stopped() {
        let deflated = deflate(&vec![0; 4 * 1024 * 1024]);
        assert!(deflated.len() * 500 < 4 * 1024 * 1024);
        let mut inflater = Inflater::new(64 * 1024);
        assert!(matches!(inflated(&mut inflater, &deflated), Err(Fault::InflatesTooFar(_))));
        assert!(inflated(&mut Inflater::new(8 * 1024 * 1024), &deflated).is_ok());
    }

    #[test]
    fn what_is_no_deflated_stream_is_said_to_be_none() {
        assert_eq!(inflated(&mut Inflater::new(u64::MAX), &[0xFF; 64]), Err(Fault::Deflate));
    }

    #[test]
    fn padding_and_a_checksum_may_follow_the_stream_and_nothing_else() {
        let deflated = deflate(b"some bytes");
        for (tail, accepted) in [(&[0][..], true), (&[0; 100], true), (&[7; 8], true), (&[7; 100], false)] {
            let result = inflated(&mut Inflater::new(u64::MAX), &[&deflated, tail].concat());
            assert_eq!(result.is_ok(), accepted, "{tail:?}");
        }
    }
}
