//! One notification: the N-EVENT-REPORT, and what its answer means (PS3.4 J.3.3, SCP-066 to SCP-068).

use std::time::SystemTime;

use dimse::{Dialogue, Ended, NEventReportRq, Outcome};
use upper_layer::Transport;
use vocabulary::{Encoding, Status, StatusRow, Uid, sop_class, transfer_syntax};

use super::Commitment;
use super::room::{Entry, Room, RoomError, Taken};

const DELIVERED: StatusRow = StatusRow::new(
    Status::SUCCESS,
    "The peer has taken the notification",
    "Success entry in the service log",
);
const DELIVERED_WITH_A_WARNING: StatusRow = StatusRow::new(
    Status::ATTRIBUTE_LIST_ERROR,
    "The peer has taken the notification, not all of its attributes",
    "Counts as delivered; warning entry in the service log",
);

/// The statuses of N-EVENT-REPORT responses that count as delivered. Any other is a failure: an error entry in the
/// service log, and another attempt later if the settings say so.
pub const EVENT_STATUSES: &[StatusRow] = &[DELIVERED, DELIVERED_WITH_A_WARNING];

/// Sends the N-EVENT-REPORT-RQ of an entry on a context of the SOP class.
///
/// # Errors
/// When the association is over.
pub(super) fn send<T: Transport>(
    dialogue: &mut Dialogue<T>,
    context_id: u8,
    entry: &Entry,
    commitment: &Commitment,
) -> Result<(), Ended> {
    let syntax = dialogue.context(context_id).map(|context| &context.transfer_syntax);
    let encoding = syntax
        .and_then(|uid| transfer_syntax::find(uid.as_str()))
        .map_or(Encoding::ImplicitLittleEndian, |syntax| syntax.encoding);
    let rq = NEventReportRq {
        context_id,
        message_id: dialogue.next_message_id(),
        affected_sop_class_uid: Uid::known(sop_class::STORAGE_COMMITMENT_PUSH_MODEL),
        affected_sop_instance_uid: Uid::known(sop_class::STORAGE_COMMITMENT_PUSH_MODEL_INSTANCE),
        event_type_id: entry.report.event_type_id(),
    };
    let information = entry.report.to_bytes(encoding, Some(&commitment.retrieve_ae_title));
    dialogue.send(&rq, Some(&information))
}

/// Whether the peer has taken the notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taking {
    Taken,
    Refused,
}

/// Records what the peer answered, and says it in the log.
pub(super) fn settle(
    room: &Room,
    commitment: &Commitment,
    taken: Taken,
    outcome: &Outcome,
    now: SystemTime,
) -> Result<Taking, RoomError> {
    let (peer, transaction) = (taken.name.peer.clone(), taken.name.transaction_uid.clone());
    let status = outcome.status;
    match status {
        Status::SUCCESS => {
            tracing::info!(destination = %peer, %transaction, "the peer has taken a storage commitment notification")
        }
        Status::ATTRIBUTE_LIST_ERROR => {
            tracing::warn!(destination = %peer, %transaction, %status, "the peer has taken a storage commitment notification, with a warning");
        }
        _ => {
            let why = outcome.error_comment.as_deref().unwrap_or_default();
            tracing::error!(destination = %peer, %transaction, %status, why, "the peer refused a storage commitment notification");
            match commitment.retry_refused {
                true => fail(room, commitment, taken, now)?,
                false => give_up(room, taken, now)?,
            }
            return Ok(Taking::Refused);
        }
    }
    room.end(taken, now)?;
    Ok(Taking::Taken)
}

/// Counts an attempt that failed: there is another one later, or none (SCP-029).
pub(super) fn fail(
    room: &Room,
    commitment: &Commitment,
    taken: Taken,
    now: SystemTime,
) -> Result<(), RoomError> {
    let attempts = taken.name.attempts.saturating_add(1);
    if attempts >= commitment.attempts {
        return give_up(room, taken, now);
    }
    tracing::info!(
        destination = %taken.name.peer,
        transaction = %taken.name.transaction_uid,
        attempts,
        of = commitment.attempts,
        again_in = ?commitment.retry_wait,
        "a storage commitment notification is sent again later"
    );
    room.postpone(taken, attempts, now + commitment.retry_wait)
}

fn give_up(room: &Room, taken: Taken, now: SystemTime) -> Result<(), RoomError> {
    tracing::error!(
        destination = %taken.name.peer,
        transaction = %taken.name.transaction_uid,
        attempts = taken.name.attempts.saturating_add(1),
        "gave up a storage commitment notification: the peer has to ask again, under a new Transaction UID"
    );
    room.end(taken, now)
}
