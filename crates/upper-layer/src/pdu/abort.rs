use std::fmt;

use super::pdu_type;

/// Who aborts and why (A-ABORT, PS3.8 9.3.8 and table 9-26).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Abort {
    /// 0: the service-user; 2: the service-provider.
    pub source: u8,
    /// Why, where the source is the service-provider; else not significant.
    pub reason: u8,
}

impl Abort {
    /// The AE does not want to go on; a reason cannot be given.
    pub const BY_USER: Self = Self { source: 0, reason: 0 };
    /// The upper layer cannot go on, for none of the reasons below.
    pub const NO_REASON: Self = Self { source: 2, reason: 0 };
    /// A PDU of an unknown type came.
    pub const UNRECOGNIZED_PDU: Self = Self { source: 2, reason: 1 };
    /// A PDU came that may not come now.
    pub const UNEXPECTED_PDU: Self = Self { source: 2, reason: 2 };
    /// A PDU held a parameter that is not known.
    pub const UNRECOGNIZED_PARAMETER: Self = Self { source: 2, reason: 4 };
    /// A PDU held a parameter that may not be there.
    pub const UNEXPECTED_PARAMETER: Self = Self { source: 2, reason: 5 };
    /// A PDU held a parameter with a value that it cannot have.
    pub const INVALID_PARAMETER: Self = Self { source: 2, reason: 6 };

    /// Takes the PDU's variable part; missing bytes count as 0, since an abort is one however it is spelt.
    pub fn read(body: &[u8]) -> Self {
        let byte = |at: usize| body.get(at).copied().unwrap_or(0);
        Self { source: byte(2), reason: byte(3) }
    }

    /// The whole PDU.
    pub fn to_bytes(self) -> [u8; 10] {
        [pdu_type::ABORT, 0, 0, 0, 0, 4, 0, 0, self.source, self.reason]
    }
}

impl fmt::Display for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match (self.source, self.reason) {
            (0, _) => "by the service-user",
            (2, 0) => "by the service-provider, reason not specified",
            (2, 1) => "by the service-provider, unrecognized PDU",
            (2, 2) => "by the service-provider, unexpected PDU",
            (2, 4) => "by the service-provider, unrecognized PDU parameter",
            (2, 5) => "by the service-provider, unexpected PDU parameter",
            (2, 6) => "by the service-provider, invalid PDU parameter value",
            _ => "for a reason that PS3.8 does not know",
        };
        write!(f, "{words} (source {}, reason {})", self.source, self.reason)
    }
}
