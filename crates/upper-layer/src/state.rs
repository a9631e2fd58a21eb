//! The protocol machine (PS3.8 9.2).

/// The states (PS3.8 tables 9-1 to 9-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// No association.
    Sta1Idle,
}
