//! The orderly end (PS3.8 7.2 and 9.2), release collision included.

use crate::Transport;
use crate::arrival::Arrival;
use crate::association::Association;
use crate::ended::{Ended, Waiting};
use crate::link::Wait;
use crate::pdu::{Abort, RELEASE_RP, RELEASE_RQ};
use crate::state::{Event, State};

impl<T: Transport> Association<T> {
    /// Asks for the release and waits for it. Data that still arrive are dropped. Where the peer has asked
    /// already, this is [`Association::confirm_release`].
    ///
    /// # Errors
    /// When it ended otherwise.
    pub fn release(mut self) -> Result<(), Ended> {
        if self.link.state() == State::Sta8AwaitLocalRelease {
            return self.confirm_release();
        }
        self.link.step_saying(Event::Evt11ReleaseRequest, &RELEASE_RQ)?;
        let until = self.link.transport.now().checked_add(self.link.timers.release);
        let wait = Wait::Until(until, Waiting::ReleaseResponse);
        let data_max = self.announced();
        while self.link.state() != State::Sta1Idle {
            let (_, arrival) = self.link.arrive(wait, wait, data_max)?;
            // Both asked at once. The one that requested the association answers first.
            let is_our_turn = matches!(
                self.link.state(),
                State::Sta9CollisionAwaitLocalRelease | State::Sta12CollisionAwaitLocalRelease
            );
            if is_our_turn && matches!(arrival, Arrival::ReleaseRq | Arrival::ReleaseRp) {
                self.link.step_saying(Event::Evt14ReleaseResponse, &RELEASE_RP)?;
                self.link.linger();
            }
        }
        Ok(())
    }

    /// Answers [`crate::Indication::ReleaseRequested`] behind whatever is queued, and sees the connection closed
    /// (ARTIM).
    ///
    /// # Errors
    /// When the answer could not be sent.
    pub fn confirm_release(mut self) -> Result<(), Ended> {
        self.link.step_saying(Event::Evt14ReleaseResponse, &RELEASE_RP)?;
        self.link.linger();
        Ok(())
    }

    /// Aborts, and sees the connection closed (ARTIM). What is queued is dropped.
    pub fn abort(mut self, abort: Abort) {
        self.link.abort(abort);
    }
}
