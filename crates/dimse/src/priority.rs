use std::fmt;

/// The Priority (0000,0700) of a request (PS3.7 E.1). A performer need not honour it; values that PS3.7 does not
/// define are kept, so that the sub-operations of a retrieval carry on what was asked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Priority(pub u16);

impl Priority {
    /// Before others.
    pub const HIGH: Self = Self(1);
    /// As usual; also what a request without a priority gets.
    pub const MEDIUM: Self = Self(0);
    /// After others.
    pub const LOW: Self = Self(2);
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::HIGH => f.write_str("high"),
            Self::MEDIUM => f.write_str("medium"),
            Self::LOW => f.write_str("low"),
            Self(other) => write!(f, "{other:04X}H"),
        }
    }
}

impl fmt::Debug for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
