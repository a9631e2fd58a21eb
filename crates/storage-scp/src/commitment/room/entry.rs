use twox_hash::XxHash3_128;
use vocabulary::{AeTitle, Encoding};

use super::super::report::Report;

/// How every entry begins; the number is that of the form.
const MAGIC: &[u8] = b"isocenter-commitment-1\n";

/// The form in which the report is kept.
const ENCODING: Encoding = Encoding::ExplicitLittleEndian;

/// The content of a notification's file: a checksum of what follows it, the title that the peer called, the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Entry {
    /// The title that the peer called in its request, if it was one: a new association comes from it (SIL-088).
    pub(in super::super) called: Option<AeTitle>,
    pub(in super::super) report: Report,
}

impl Entry {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // The Retrieve AE Title is what the settings say when it is sent.
        let body = self.report.to_bytes(ENCODING, None);
        let called = self.called.as_ref().map_or("", AeTitle::as_str);
        let content = [called.as_bytes(), b"\n", &body].concat();
        [MAGIC, &XxHash3_128::oneshot(&content).to_be_bytes(), &content].concat()
    }

    /// None: not what [`Entry::to_bytes`] wrote.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (checksum, content) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<16>()?;
        if XxHash3_128::oneshot(content).to_be_bytes() != *checksum {
            return None;
        }
        let end = content.iter().position(|byte| *byte == b'\n')?;
        let (called, body) = (content.get(..end)?, content.get(end + 1..)?);
        Some(Self {
            called: match called {
                [] => None,
                title => Some(AeTitle::from_wire(title).ok()?),
            },
            report: Report::read(body, ENCODING)?,
        })
    }
}
