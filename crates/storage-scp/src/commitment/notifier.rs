//! Storage commitment over associations of our own (PS3.2 F.4.2.3.3.1.1).

use std::time::SystemTime;

use application_entity::{Channel, Initiation, InitiationFailed, Peers};
use dimse::{Dialogue, Ended, Response};
use upper_layer::Association;
use upper_layer::pdu::{ProposedContext, RoleSelection};
use vocabulary::sop_class::{STORAGE_COMMITMENT_PUSH_MODEL, VERIFICATION};
use vocabulary::transfer_syntax::{EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN};
use vocabulary::{AeTitle, Uid};

use super::Commitment;
use super::notification::{Taking, fail, send, settle};
use super::room::{Entry, Name, Room, RoomError, Taken};

/// Delivers what could not be delivered on the association of its request: one association at a time (SCP-006).
#[derive(Debug)]
pub struct Notifier {
    /// The settings of storage commitment.
    pub commitment: Commitment,
    /// How associations are begun.
    pub initiation: Initiation,
    /// Where peers listen (SCP-026).
    pub peers: Peers,
}

/// Why a notification could not be delivered.
#[derive(Debug, thiserror::Error)]
enum Undelivered {
    #[error("no [[peer]] has this AE title: add one that says where it listens")]
    UnknownPeer,
    #[error(transparent)]
    Initiation(#[from] InitiationFailed),
    #[error("the peer does not accept Storage Commitment Push Model from us as its SCP")]
    NoContext,
    #[error("{0}")]
    Ended(#[from] Ended),
    #[error("the peer answered something else")]
    Unexpected,
}

/// The contexts of an association for notifications (SCP-032): PC-001, and PC-011 with each transfer syntax.
pub fn contexts() -> Vec<ProposedContext> {
    let rows = [
        (VERIFICATION, IMPLICIT_VR_LITTLE_ENDIAN),
        (STORAGE_COMMITMENT_PUSH_MODEL, IMPLICIT_VR_LITTLE_ENDIAN),
        (STORAGE_COMMITMENT_PUSH_MODEL, EXPLICIT_VR_LITTLE_ENDIAN),
    ];
    let ids = (1..=u8::MAX).step_by(2);
    ids.zip(rows)
        .map(|(id, (class, syntax))| ProposedContext {
            id,
            abstract_syntax: Uid::known(class),
            transfer_syntaxes: vec![Uid::known(syntax)],
        })
        .collect()
}

/// We are the SCP although we ask for the association (PS3.7 D.3.3.4).
pub fn roles() -> Vec<RoleSelection> {
    vec![RoleSelection { sop_class: Uid::known(STORAGE_COMMITMENT_PUSH_MODEL), scu: false, scp: true }]
}

impl Notifier {
    /// Delivers what is due, peer by peer. `goes_on` is asked before each notification.
    ///
    /// # Errors
    /// When the room of transactions cannot be read or written.
    pub fn round(
        &self,
        clock: &dyn Fn() -> SystemTime,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Result<(), RoomError> {
        let room = Room::of(&self.commitment.data);
        let now = clock();
        // A clock that was set back must not hold anything up.
        let latest = now + self.commitment.retry_wait;
        let mut due: Vec<Name> = room.waiting()?;
        due.retain(|name| name.due <= now || name.due > latest);
        // One that fails again and again comes behind the others.
        due.sort_by_key(|name| (name.attempts, name.due));
        while let Some(first) = due.first() {
            let peer = first.peer.clone();
            let (batch, others) = due.into_iter().partition(|name| name.peer == peer);
            due = others;
            self.batch(&room, &peer, batch, clock, goes_on)?;
            if !goes_on() {
                break;
            }
        }
        Ok(())
    }

    /// Forgets Transaction UIDs whose time is over, and clears away what was not written to its end.
    ///
    /// # Errors
    /// When the room of transactions cannot be read or written.
    pub fn tidy(&self, now: SystemTime) -> Result<(), RoomError> {
        Room::of(&self.commitment.data).tidy(self.commitment.remembered, now)
    }

    /// What waits for one peer, over one association as far as it goes (SCP-027, SCP-028).
    fn batch(
        &self,
        room: &Room,
        peer: &AeTitle,
        batch: Vec<Name>,
        clock: &dyn Fn() -> SystemTime,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Result<(), RoomError> {
        let mut queue = batch.into_iter();
        let Some((first, entry)) = next(room, &mut queue)? else { return Ok(()) };
        let called = entry.called.clone();
        let (mut dialogue, context_id) = match self.open(peer, called.clone()) {
            Ok(opened) => opened,
            Err(error) => {
                // Each of them waited for this association.
                tracing::error!(destination = %peer, waiting = queue.len() + 1, "cannot deliver storage commitment notifications: {error}");
                fail(room, &self.commitment, first, clock())?;
                for name in queue {
                    if let Some(taken) = room.take(&name)? {
                        fail(room, &self.commitment, taken, clock())?;
                    }
                }
                return Ok(());
            }
        };
        let mut current = Some((first, entry));
        while let Some((taken, entry)) = current {
            if entry.called != called || !goes_on() {
                break;
            }
            match self.deliver(&mut dialogue, context_id, &entry) {
                Ok(outcome) => {
                    if settle(room, &self.commitment, taken, &outcome, clock())? == Taking::Refused {
                        break;
                    }
                }
                Err(error) => {
                    let transaction = &taken.name.transaction_uid;
                    tracing::error!(destination = %peer, %transaction, "a storage commitment notification was not answered: {error}");
                    fail(room, &self.commitment, taken, clock())?;
                    // The others were not tried; a peer in this state is left alone for a while.
                    for name in queue {
                        if let Some(taken) = room.take(&name)? {
                            let attempts = taken.name.attempts;
                            room.postpone(taken, attempts, clock() + self.commitment.retry_wait)?;
                        }
                    }
                    return Ok(());
                }
            }
            current = next(room, &mut queue)?;
        }
        if let Some(association) = dialogue.into_association()
            && let Err(ended) = association.release()
        {
            tracing::warn!(destination = %peer, "the association for storage commitment was not released: {ended}");
        }
        Ok(())
    }

    fn open(
        &self,
        ae_title: &AeTitle,
        called: Option<AeTitle>,
    ) -> Result<(Dialogue<Channel>, u8), Undelivered> {
        let peer = self.peers.find(ae_title).ok_or(Undelivered::UnknownPeer)?;
        let mut initiation = self.initiation.clone();
        if let Some(called) = called {
            initiation.ae_title = called;
        }
        let association = initiation.begin(peer, contexts(), roles())?;
        match usable(&association) {
            Some(context_id) => Ok((Dialogue::new(association), context_id)),
            None => {
                association.release().map_err(Ended::from)?;
                Err(Undelivered::NoContext)
            }
        }
    }

    fn deliver(
        &self,
        dialogue: &mut Dialogue<Channel>,
        context_id: u8,
        entry: &Entry,
    ) -> Result<dimse::Outcome, Undelivered> {
        send(dialogue, context_id, entry, &self.commitment)?;
        match dialogue.await_response(Some(self.commitment.response_timeout))? {
            Response::NEventReport(rsp) => Ok(rsp.outcome),
            _ => Err(Undelivered::Unexpected),
        }
    }
}

/// A context on which the peer lets us be the SCP. One that says nothing about roles gets the notification as well: it
/// knows what it accepted, and many do not know of role selection (SIL-010).
fn usable(association: &Association<Channel>) -> Option<u8> {
    let class = Uid::known(STORAGE_COMMITMENT_PUSH_MODEL);
    let granted = association.answer().user_information.role_selections.iter();
    let denies = granted.filter(|role| role.sop_class == class).any(|role| !role.scp);
    let mut contexts = association.contexts().iter().filter(|context| context.abstract_syntax == class);
    contexts.next().filter(|_| !denies).map(|context| context.id)
}

/// The next notification that nobody else has and that can be read.
fn next(room: &Room, queue: &mut impl Iterator<Item = Name>) -> Result<Option<(Taken, Entry)>, RoomError> {
    for name in queue {
        if let Some(mut taken) = room.take(&name)?
            && let Some(entry) = room.read(&mut taken)?
        {
            return Ok(Some((taken, entry)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scp_032_pc_001_and_pc_011_are_proposed_in_rows_of_their_own_with_the_scp_role() {
        let proposed = contexts();
        assert_eq!(proposed.iter().map(|context| context.id).collect::<Vec<_>>(), [1, 3, 5]);
        assert!(proposed.iter().all(|context| context.transfer_syntaxes.len() == 1));
        let [role] = roles().try_into().unwrap();
        assert!(role.scp && !role.scu && role.sop_class == STORAGE_COMMITMENT_PUSH_MODEL);
    }
}
