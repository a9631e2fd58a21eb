use std::fmt;

use super::items::{Malformed, Reader};
use super::pdu_type;

/// Why an association is not wanted (A-ASSOCIATE-RJ, PS3.8 9.3.4 and table 9-21).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rejection {
    /// 1: permanent; 2: transient, asking again later may help.
    pub result: u8,
    /// 1: the service-user; 2: the service-provider, ACSE; 3: the service-provider, presentation.
    pub source: u8,
    /// Why; the source says which list it is from.
    pub reason: u8,
}

impl Rejection {
    /// The AE gives no reason.
    pub const NO_REASON: Self = Self { result: 1, source: 1, reason: 1 };
    /// The application context is not the DICOM one.
    pub const APPLICATION_CONTEXT_NAME_NOT_SUPPORTED: Self = Self { result: 1, source: 1, reason: 2 };
    /// The caller is not known here.
    pub const CALLING_AE_TITLE_NOT_RECOGNIZED: Self = Self { result: 1, source: 1, reason: 3 };
    /// The called title is not ours.
    pub const CALLED_AE_TITLE_NOT_RECOGNIZED: Self = Self { result: 1, source: 1, reason: 7 };
    /// The request could not be understood.
    pub const NO_REASON_BY_ACSE: Self = Self { result: 1, source: 2, reason: 1 };
    /// Bit 0 of the protocol version is not set.
    pub const PROTOCOL_VERSION_NOT_SUPPORTED: Self = Self { result: 1, source: 2, reason: 2 };
    /// Too little of something just now.
    pub const TEMPORARY_CONGESTION: Self = Self { result: 2, source: 3, reason: 1 };
    /// As many associations as are allowed are open.
    pub const LOCAL_LIMIT_EXCEEDED: Self = Self { result: 2, source: 3, reason: 2 };

    /// Takes the PDU's variable part.
    ///
    /// # Errors
    /// When it is too short.
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(body);
        reader.skip(1, "A-ASSOCIATE-RJ")?;
        Ok(Self {
            result: reader.u8("A-ASSOCIATE-RJ")?,
            source: reader.u8("A-ASSOCIATE-RJ")?,
            reason: reader.u8("A-ASSOCIATE-RJ")?,
        })
    }

    /// The whole PDU.
    pub fn to_bytes(self) -> [u8; 10] {
        [pdu_type::ASSOCIATE_RJ, 0, 0, 0, 0, 4, 0, self.result, self.source, self.reason]
    }

    /// What the reason means, given its source.
    pub fn reason_words(self) -> &'static str {
        match (self.source, self.reason) {
            (1, 1) => "no reason given",
            (1, 2) => "application context name not supported",
            (1, 3) => "calling AE title not recognized",
            (1, 7) => "called AE title not recognized",
            (2, 1) => "no reason given by the upper layer",
            (2, 2) => "protocol version not supported",
            (3, 1) => "temporary congestion",
            (3, 2) => "local limit exceeded",
            _ => "a reason that PS3.8 does not know",
        }
    }

    /// Whether asking again later may help.
    pub fn is_transient(self) -> bool {
        self.result == 2
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = match self.result {
            1 => "permanently",
            2 => "for now",
            _ => "with an unknown result",
        };
        let reason = self.reason_words();
        write!(f, "{result}: {reason} ({}/{}/{})", self.result, self.source, self.reason)
    }
}
