//! One instance out, over a new or a borrowed association: C-STORE as SCU (PS3.4 B.2.2).

use std::time::Duration;

use dimse::{Dialogue, Priority, SendFailed, StoreRq};
use upper_layer::Transport;
use vocabulary::{Status, sop_class, transfer_syntax};

use crate::{NotStored, Originator, Outgoing, responses};

/// How instances are sent over an association, its own or that of a C-GET.
#[derive(Debug, Clone)]
pub struct Sending {
    /// How long a C-STORE-RSP is waited for (CFG-022).
    pub response_timeout: Duration,
    /// Priority of each C-STORE-RQ: that of the request that it belongs to (SIL-057).
    pub priority: Priority,
    /// On whose behalf; none for C-GET and for what nobody asked for.
    pub originator: Option<Originator>,
}

impl Sending {
    /// Sends one instance and waits for the answer: the status of a success or a warning (SCU-026, SCU-030 to
    /// SCU-034), or why it is not stored.
    ///
    /// # Errors
    /// When the association is over.
    pub fn send<T: Transport>(
        &self,
        dialogue: &mut Dialogue<T>,
        instance: &impl Outgoing,
    ) -> Result<Result<Status, NotStored>, SendFailed> {
        let not_stored = |reason| Ok(Err(reason));
        let (class, syntax) = (instance.sop_class_uid(), instance.transfer_syntax_uid());
        let context = dialogue.association().and_then(|association| {
            association.contexts().iter().find(|context| {
                context.abstract_syntax == *class && context.transfer_syntax == *syntax && context.we_are_scu
            })
        });
        let Some(context_id) = context.map(|context| context.id) else {
            return not_stored(NotStored::NoContext {
                class: sop_class::name(class).to_owned(),
                syntax: transfer_syntax::name(syntax).to_owned(),
            });
        };
        let (mut bytes, length) = match instance.open() {
            Ok(opened) => opened,
            Err(error) => return not_stored(NotStored::Unreadable(error)),
        };
        let rq = StoreRq {
            context_id,
            message_id: dialogue.next_message_id(),
            affected_sop_class_uid: class.clone(),
            affected_sop_instance_uid: instance.sop_instance_uid().clone(),
            priority: self.priority,
            move_originator_ae_title: self.originator.as_ref().map(|o| o.ae_title.clone()),
            move_originator_message_id: self.originator.as_ref().map(|o| o.message_id),
        };
        dialogue.store_from(&rq, &mut *bytes, length)?;
        let outcome = dialogue.await_store_response(Some(self.response_timeout))?.outcome;
        if responses::is_stored(outcome.status) {
            Ok(Ok(outcome.status))
        } else {
            not_stored(NotStored::Refused { status: outcome.status, comment: outcome.error_comment })
        }
    }
}
