//! An order from QUERY-RETRIEVE-SCP: instances to one destination, over associations of our own (PS3.2
//! F.4.2.1.3.1.1).

use std::iter::Peekable;
use std::time::{Duration, Instant};

use application_entity::{Channel, Initiation, InitiationFailed, Peer};
use dimse::{Dialogue, SendFailed};
use upper_layer::pdu::ProposedContext;
use vocabulary::Status;

use crate::offer::{ContextLayout, contexts, part_of};
use crate::{NotStored, Outgoing, Sending};

/// While an export waits, whoever asked for it is asked this often whether it is still wanted.
const LOOKS_EVERY: Duration = Duration::from_millis(250);

/// Whoever has an export made.
pub trait Watch<O> {
    /// What became of an instance.
    fn told(&mut self, instance: &O, result: Result<Status, NotStored>) -> Next;

    /// Nothing is to be done for this long; whether the export goes on.
    fn pause(&mut self, at_most: Duration) -> Next {
        std::thread::sleep(at_most);
        Next::Continue
    }
}

/// Told of each instance, and patient.
struct Each<'e, O>(&'e mut dyn FnMut(&O, Result<Status, NotStored>) -> Next);

impl<O> Watch<O> for Each<'_, O> {
    fn told(&mut self, instance: &O, result: Result<Status, NotStored>) -> Next {
        (self.0)(instance, result)
    }
}

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
    /// As [`Export::run_watched`], for whoever wants the export in any case.
    ///
    /// # Errors
    /// The same.
    pub fn run<O: Outgoing>(
        &self,
        peer: &Peer,
        instances: &[O],
        sending: &Sending,
        each: &mut dyn FnMut(&O, Result<Status, NotStored>) -> Next,
    ) -> Result<(), ExportFailed> {
        self.run_watched(peer, instances, sending, &mut Each(each))
    }

    /// Sends the instances one after the other and tells of each. Each one is told of exactly once, those that
    /// could not be tried as not tried, until `watch` says to stop.
    ///
    /// # Errors
    /// When an association could not be opened or ended early, after everything was told.
    pub fn run_watched<O: Outgoing>(
        &self,
        peer: &Peer,
        instances: &[O],
        sending: &Sending,
        watch: &mut dyn Watch<O>,
    ) -> Result<(), ExportFailed> {
        let span = tracing::error_span!(
            "export",
            destination = %peer.ae_title,
            address = %format_args!("{}:{}", peer.host, peer.port)
        );
        let _entered = span.enter();
        let mut failed = None;
        let mut abandoned = false;
        let parts = contexts(instances, self.layout, &sending.rules);
        let places: Vec<Option<usize>> =
            instances.iter().map(|instance| part_of(&parts, instance, &sending.rules)).collect();
        let of_part = |place| {
            let pairs = instances.iter().zip(&places);
            pairs.filter(move |(_, its)| **its == place).map(|(instance, _)| instance)
        };
        for instance in of_part(None) {
            match watch.told(instance, Err(NotStored::no_context(instance))) {
                Next::Continue => {}
                Next::Abandon => abandoned = true,
                Next::Stop => return Ok(()),
            }
        }
        for (number, part) in parts.iter().enumerate() {
            let mut queue = of_part(Some(number));
            if failed.is_none() && !abandoned {
                match self.part(peer, part, &mut queue, sending, watch) {
                    Ok(Next::Continue) => {}
                    Ok(Next::Abandon) => abandoned = true,
                    Ok(Next::Stop) => return Ok(()),
                    Err(error) => failed = Some(error),
                }
            }
            for left in queue {
                if watch.told(left, Err(NotStored::NotTried)) == Next::Stop {
                    return failed.map_or(Ok(()), Err);
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// The instances of one association: takes from the queue what it tells of.
    fn part<'o, O: Outgoing + 'o>(
        &self,
        peer: &Peer,
        part: &[ProposedContext],
        queue: &mut impl Iterator<Item = &'o O>,
        sending: &Sending,
        watch: &mut dyn Watch<O>,
    ) -> Result<Next, ExportFailed> {
        let mut queue = queue.peekable();
        let ended = self.associations(peer, part, &mut queue, sending, watch);
        // What was looked at and not taken is told of here, for nobody else sees it.
        match queue.next_if(|_| !matches!(ended, Ok(Next::Stop))) {
            Some(left) if watch.told(left, Err(NotStored::NotTried)) == Next::Stop => Ok(Next::Stop),
            _ => ended,
        }
    }

    /// As many associations as it takes: one, and one more for each instance that could not be read to its end.
    fn associations<'o, O: Outgoing + 'o>(
        &self,
        peer: &Peer,
        part: &[ProposedContext],
        queue: &mut Peekable<impl Iterator<Item = &'o O>>,
        sending: &Sending,
        watch: &mut dyn Watch<O>,
    ) -> Result<Next, ExportFailed> {
        while queue.peek().is_some() {
            let mut dialogue = match self.open(peer, part, &mut |at_most| watch.pause(at_most))? {
                Ok(dialogue) => dialogue,
                Err(next) => return Ok(next),
            };
            while let Some(instance) = queue.next() {
                let next = match sending.send(&mut dialogue, instance) {
                    Ok(result) => watch.told(instance, result),
                    Err(SendFailed::Source(error)) => {
                        // What was begun cannot be taken back, so the association was aborted.
                        match watch.told(instance, Err(NotStored::Unreadable(error))) {
                            Next::Continue => break,
                            next => return Ok(next),
                        }
                    }
                    Err(error) => {
                        return match watch.told(instance, Err(NotStored::Interrupted)) {
                            Next::Continue | Next::Abandon => Err(error.into()),
                            Next::Stop => Ok(Next::Stop),
                        };
                    }
                };
                if next != Next::Continue || queue.peek().is_none() {
                    release(dialogue);
                    return Ok(next);
                }
            }
        }
        Ok(Next::Continue)
    }

    /// Waits before the next attempt, in steps, so that whoever asked for the export can end the wait.
    fn wait(&self, pause: &mut dyn FnMut(Duration) -> Next) -> Next {
        let began = Instant::now();
        loop {
            let left = self.retry_delay.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Next::Continue;
            }
            let next = pause(left.min(LOOKS_EVERY));
            if next != Next::Continue {
                return next;
            }
        }
    }

    /// An association with the destination; or what was said while it was waited for.
    fn open(
        &self,
        peer: &Peer,
        part: &[ProposedContext],
        pause: &mut dyn FnMut(Duration) -> Next,
    ) -> Result<Result<Dialogue<Channel>, Next>, InitiationFailed> {
        let mut attempts_left = self.retries;
        loop {
            match self.initiation.begin(peer, part.to_vec(), Vec::new()) {
                Ok(association) => {
                    let contexts = association.contexts().len();
                    let refused_contexts = part.len().saturating_sub(contexts);
                    tracing::info!(contexts, refused_contexts, "the destination accepted an association");
                    return Ok(Ok(Dialogue::new(association)));
                }
                Err(error) if attempts_left == 0 => return Err(error),
                Err(error) => {
                    tracing::warn!(attempts_left, again_in = ?self.retry_delay, "will try again: {error}");
                    attempts_left -= 1;
                    let next = self.wait(pause);
                    if next != Next::Continue {
                        return Ok(Err(next));
                    }
                }
            }
        }
    }
}

/// Releases; every instance was answered, so a release that fails takes nothing back.
fn release(dialogue: Dialogue<Channel>) {
    if let Some(association) = dialogue.into_association()
        && let Err(ended) = association.release()
    {
        tracing::warn!("the association with the destination was not released: {ended}");
    }
}
