/// Whose fault an error is, which decides how it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The peer broke the protocol (PS3.7, PS3.8): the association is aborted.
    PeerMisbehaved,
    /// The peer asked for what is not offered, or sent what cannot be taken: a failure; asking again will not help.
    NotOffered,
    /// We fell short of what we offer (disk, memory, catalog): refused; the peer may ask again.
    FellShort,
    /// A bug of ours: aborted, and somebody should be woken.
    Unreachable,
}
