//! One instance out, over a new or a borrowed association: C-STORE as SCU (PS3.4 B.2.2).

use std::io::Read;
use std::time::Duration;

use conversion::{Applied, NotConverted, Plan, Rules, Stored};
use dimse::{Dialogue, Priority, SendFailed, StoreRq};
use upper_layer::Transport;
use vocabulary::{Status, Uid, sop_class, transfer_syntax};

use crate::responses::Warnings;
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
    /// What instances are made into for this peer.
    pub rules: Rules,
    /// Which statuses of its responses are warnings.
    pub warnings: Warnings,
}

/// What goes out: as it is held, or converted.
struct Parcel {
    context_id: u8,
    sop_class_uid: Uid,
    sop_instance_uid: Uid,
    data_set: Box<dyn Read>,
    length: u64,
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
        let parcel = {
            let context_of = |class: &Uid, syntax: &Uid| {
                let contexts = dialogue.association()?.contexts();
                let context = contexts.iter().find(|context| {
                    context.abstract_syntax == *class
                        && context.transfer_syntax == *syntax
                        && context.we_are_scu
                });
                context.map(|context| context.id)
            };
            match self.parcel(instance, &context_of) {
                Ok(parcel) => parcel,
                Err(not_stored) => return Ok(Err(not_stored)),
            }
        };
        let Parcel { context_id, sop_class_uid, sop_instance_uid, mut data_set, length } = parcel;
        let rq = StoreRq {
            context_id,
            message_id: dialogue.next_message_id(),
            affected_sop_class_uid: sop_class_uid,
            affected_sop_instance_uid: sop_instance_uid,
            priority: self.priority,
            move_originator_ae_title: self.originator.as_ref().map(|o| o.ae_title.clone()),
            move_originator_message_id: self.originator.as_ref().map(|o| o.message_id),
        };
        dialogue.store_from(&rq, &mut *data_set, length)?;
        let outcome = dialogue.await_store_response(Some(self.response_timeout))?.outcome;
        Ok(match responses::is_stored(outcome.status, self.warnings) {
            true => Ok(outcome.status),
            false => Err(NotStored::Refused { status: outcome.status, comment: outcome.error_comment }),
        })
    }

    /// What is sent of an instance, in the best of the contexts that the peer accepted.
    fn parcel(
        &self,
        instance: &impl Outgoing,
        context_of: &dyn Fn(&Uid, &Uid) -> Option<u8>,
    ) -> Result<Parcel, NotStored> {
        let (class, syntax) = (instance.sop_class_uid(), instance.transfer_syntax_uid());
        let corrections = instance.corrections();
        let as_stored = |context_id| {
            let (data_set, length) = instance.open().map_err(NotStored::Unreadable)?;
            let sop_instance_uid = instance.sop_instance_uid().clone();
            Ok(Parcel { context_id, sop_class_uid: class.clone(), sop_instance_uid, data_set, length })
        };
        if let Some(context_id) = context_of(class, syntax)
            && corrections.is_none()
            && self.rules.leave_as_stored()
        {
            return as_stored(context_id);
        }
        let stored = Stored {
            sop_class_uid: class.clone(),
            sop_instance_uid: instance.sop_instance_uid().clone(),
            transfer_syntax_uid: syntax.clone(),
        };
        let accepts = |class: &Uid, syntax: &Uid| context_of(class, syntax).is_some();
        let mut why_not = None;
        for plan in Plan::for_destination(&stored, accepts, &self.rules, corrections) {
            let conversion = match plan {
                Plan::AsStored => {
                    if let Some(reason) = &why_not {
                        tracing::warn!(instance = %stored.sop_instance_uid, "sends instance as it is held: {reason}");
                    }
                    match context_of(class, syntax) {
                        Some(context_id) => return as_stored(context_id),
                        None => continue,
                    }
                }
                Plan::Convert(conversion) => conversion,
            };
            let context = context_of(conversion.sop_class_uid(), conversion.transfer_syntax_uid());
            let Some(context_id) = context else { continue };
            match conversion.apply(&|| instance.open().map(|(data_set, _)| data_set)) {
                Ok(Applied::AsStored) => return as_stored(context_id),
                Ok(Applied::Converted(converted)) => {
                    tracing::info!(
                        instance = %stored.sop_instance_uid,
                        class = sop_class::name(&converted.sop_class_uid),
                        syntax = transfer_syntax::name(&converted.transfer_syntax_uid),
                        sent_as = %converted.sop_instance_uid,
                        "sends instance converted"
                    );
                    return Ok(Parcel {
                        context_id,
                        sop_class_uid: converted.sop_class_uid,
                        sop_instance_uid: converted.sop_instance_uid,
                        data_set: converted.data_set,
                        length: converted.length,
                    });
                }
                Err(NotConverted::Read(error)) => return Err(NotStored::Unreadable(error)),
                Err(reason) => why_not = why_not.or(Some(reason)),
            }
        }
        Err(match why_not {
            Some(reason) => {
                let (class, syntax) = (sop_class::name(class), transfer_syntax::name(syntax));
                NotStored::NotConverted { class: class.to_owned(), syntax: syntax.to_owned(), reason }
            }
            None => NotStored::no_context(instance),
        })
    }
}
