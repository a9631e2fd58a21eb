//! An order from QUERY-RETRIEVE-SCP: instances to one destination, over associations of our own (PS3.2
//! F.4.2.1.3.1.1).

use std::time::Duration;

use application_entity::{Initiation, InitiationFailed, Peer, TcpTransport};
use dimse::{Dialogue, SendFailed};
use upper_layer::pdu::ProposedContext;
use vocabulary::Status;

use crate::offer::{ContextLayout, contexts, covers};
use crate::{NotStored, Outgoing, Sending};

/// How STORAGE-SCU exports.
#[derive(Debug, Clone)]
pub struct Export {
    /// How associations are begun.
    pub initiation: Initiation,
    /// How contexts are proposed.
    pub layout: ContextLayout,
    /// Further attempts to open the association after the first one failed (CFG-027).
    pub retries: u32,
    /// The wait before each of them (CFG-028).
    pub retry_delay: Duration,
}

/// Whether an export goes on after an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// With the next instance.
    Continue,
    /// Nothing more is sent; the instances that are left are told of as not tried.
    Abandon,
    /// Nothing more is sent, and nothing more is told.
    Stop,
}

/// Why an export ended before its last instance.
#[derive(Debug, thiserror::Error)]
pub enum ExportFailed {
    /// There was no association.
    #[error(transparent)]
    Initiation(#[from] InitiationFailed),
    /// The association ended.
    #[error("the association with the destination ended: {0}")]
    Association(#[from] SendFailed),
}

impl Export {
    /// Sends the instances one after the other and tells of each. Each one is told of exactly once, those that
    /// could not be tried as not tried, until `each` says to stop.
    ///
    /// # Errors
    /// When an association could not be opened or ended early, after everything was told.
    pub fn run<O: Outgoing>(
        &self,
        peer: &Peer,
        instances: &[O],
        sending: &Sending,
        each: &mut dyn FnMut(&O, Result<Status, NotStored>) -> Next,
    ) -> Result<(), ExportFailed> {
        let mut failed = None;
        let mut abandoned = false;
        for part in contexts(instances, self.layout) {
            let mut queue = instances.iter().filter(|instance| covers(&part, *instance));
            if failed.is_none() && !abandoned {
                match self.part(peer, &part, &mut queue, sending, each) {
                    Ok(Next::Continue) => {}
                    Ok(Next::Abandon) => abandoned = true,
                    Ok(Next::Stop) => return Ok(()),
                    Err(error) => failed = Some(error),
                }
            }
            for left in queue {
                if each(left, Err(NotStored::NotTried)) == Next::Stop {
                    return failed.map_or(Ok(()), Err);
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// One association: takes from the queue what it tells of.
    fn part<'o, O: Outgoing + 'o>(
        &self,
        peer: &Peer,
        part: &[ProposedContext],
        queue: &mut impl Iterator<Item = &'o O>,
        sending: &Sending,
        each: &mut dyn FnMut(&O, Result<Status, NotStored>) -> Next,
    ) -> Result<Next, ExportFailed> {
        let mut dialogue = self.open(peer, part)?;
        for instance in queue {
            let next = match sending.send(&mut dialogue, instance) {
                Ok(result) => each(instance, result),
                Err(error) => {
                    return match each(instance, Err(NotStored::Interrupted)) {
                        Next::Continue | Next::Abandon => Err(error.into()),
                        Next::Stop => Ok(Next::Stop),
                    };
                }
            };
            if next != Next::Continue {
                release(dialogue);
                return Ok(next);
            }
        }
        release(dialogue);
        Ok(Next::Continue)
    }

    fn open(
        &self,
        peer: &Peer,
        part: &[ProposedContext],
    ) -> Result<Dialogue<TcpTransport>, InitiationFailed> {
        let mut attempts_left = self.retries;
        loop {
            match self.initiation.begin(peer, part.to_vec(), Vec::new()) {
                Ok(association) => return Ok(Dialogue::new(association)),
                Err(error) if attempts_left == 0 => return Err(error),
                Err(error) => {
                    tracing::warn!(attempts_left, "will try again: {error}");
                    attempts_left -= 1;
                    std::thread::sleep(self.retry_delay);
                }
            }
        }
    }
}

/// Releases; every instance was answered, so a release that fails takes nothing back.
fn release(dialogue: Dialogue<TcpTransport>) {
    if let Some(association) = dialogue.into_association()
        && let Err(ended) = association.release()
    {
        tracing::warn!("the association with the destination was not released: {ended}");
    }
}
