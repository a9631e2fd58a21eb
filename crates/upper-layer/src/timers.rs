use std::time::Duration;

/// How long is waited for what (PS3.2 F.4.1 to F.4.4 give 30 s each where they give one).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// ARTIM (PS3.8 9.1.5): from the connection to the A-ASSOCIATE-RQ, and from a reject, a release or an abort
    /// to the end of the connection.
    pub artim: Duration,
    /// From our A-ASSOCIATE-RQ to its answer.
    pub associate_response: Duration,
    /// From our A-RELEASE-RQ to its answer.
    pub release: Duration,
    /// Within a PDU, and from one PDU to the next of the same fragmented command or data set.
    pub between_packets: Duration,
    /// Until the peer has taken what one write hands to the network.
    pub write: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        const WAIT: Duration = Duration::from_secs(30);
        Self { artim: WAIT, associate_response: WAIT, release: WAIT, between_packets: WAIT, write: WAIT }
    }
}
