//! The identifier of a request: read whole, bounded, understood.

use dataset::Identifier;
use dimse::{CollectFailed, Dialogue, Ended, Outcome};
use upper_layer::Transport;
use vocabulary::{Encoding, limits, transfer_syntax};

use crate::statuses;

/// Why there is no identifier.
pub(crate) enum Unusable {
    Ended(Ended),
    Refused(Outcome),
}

/// Reads the identifier of the request that came last on a context.
pub(crate) fn read<T: Transport>(dialogue: &mut Dialogue<T>, context_id: u8) -> Result<Identifier, Unusable> {
    let encoding = encoding(dialogue, context_id);
    if !dialogue.data_set_follows() {
        let outcome = Outcome::new(statuses::NO_IDENTIFIER.status);
        return Err(Unusable::Refused(outcome.comment("the request has no identifier")));
    }
    let bytes = match dialogue.collect_data_set(limits::IDENTIFIER_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(CollectFailed::Ended(ended)) => return Err(Unusable::Ended(ended)),
        Err(failed) => {
            let status = failed.status().unwrap_or(dimse::statuses::TOO_LONG.status);
            return Err(Unusable::Refused(Outcome::new(status).comment(&failed.to_string())));
        }
    };
    Identifier::read(&bytes, encoding).map_err(|malformed| {
        let outcome = Outcome::new(statuses::NO_IDENTIFIER.status);
        Unusable::Refused(outcome.comment(&malformed.to_string()))
    })
}

/// How data sets on a context are encoded.
pub(crate) fn encoding<T: Transport>(dialogue: &Dialogue<T>, context_id: u8) -> Encoding {
    let syntax = dialogue.context(context_id).map(|context| &context.transfer_syntax);
    syntax
        .and_then(|uid| transfer_syntax::find(uid.as_str()))
        .map_or(Encoding::ImplicitLittleEndian, |syntax| syntax.encoding)
}
