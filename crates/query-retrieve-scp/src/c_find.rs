//! C-FIND as SCP (PS3.4 C.4.1, PS3.2 F.4.2.2.4.1.3).

use std::time::Instant;

use application_entity::Attendance;
use catalog::{CatalogError, Encoder, Look, Query, QueryRefused};
use dataset::Identifier;
use dimse::{Dialogue, Ended, FindRq, Outcome, PreparedResponse};
use holdings::Holdings;
use upper_layer::Transport;
use vocabulary::{InformationModel, Status};

use crate::identifier::{self, Unusable};
use crate::{QueryRetrieveScp, statuses, witness};

/// A C-CANCEL-RQ is looked for after so many matches: often enough to be obeyed within a millisecond, rarely
/// enough to cost nothing.
const MATCHES_BETWEEN_LOOKS: u64 = 32;

/// Why a C-FIND ended without success.
enum Failed {
    Ended(Ended),
    Cancelled,
    Catalog(CatalogError),
}

impl From<Ended> for Failed {
    fn from(ended: Ended) -> Self {
        Self::Ended(ended)
    }
}

impl From<CatalogError> for Failed {
    fn from(error: CatalogError) -> Self {
        Self::Catalog(error)
    }
}

impl QueryRetrieveScp {
    /// Answers a C-FIND request: a pending response for each match, then the final one.
    ///
    /// # Errors
    /// When the association is over.
    pub fn find<T: Transport>(
        &self,
        holdings: &Holdings,
        dialogue: &mut Dialogue<T>,
        rq: &FindRq,
        attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        attendance.show(format_args!("C-FIND"));
        let (query, identifier) = match self.query(dialogue, rq)? {
            Ok(query) => query,
            Err(outcome) => {
                witness::queried(attendance, &rq.affected_sop_class_uid, None, 0, &outcome);
                tracing::warn!(status = %outcome.status, why = outcome.error_comment.as_deref(), "refused C-FIND");
                return dialogue.respond(&rq.respond(outcome), None);
            }
        };
        let began = Instant::now();
        let mut matches = 0;
        let outcome = match self.answer(holdings, dialogue, rq, &query, &mut matches) {
            Ok(()) => Outcome::new(statuses::MATCHED.status),
            Err(Failed::Ended(ended)) => return Err(ended),
            Err(Failed::Cancelled) => Outcome::new(statuses::FIND_CANCELLED.status),
            Err(Failed::Catalog(error)) => {
                tracing::error!(status = %statuses::CANNOT_SEARCH.status, "failed C-FIND: {error}");
                Outcome::new(statuses::CANNOT_SEARCH.status).comment("the catalog cannot be read")
            }
        };
        let took_ms = elapsed_ms(began);
        let (query_level, status) = (query.level(), outcome.status);
        tracing::info!(%query_level, keys = matched(&query), matches, %status, took_ms, "answered C-FIND");
        witness::queried(attendance, &rq.affected_sop_class_uid, Some(&identifier), matches, &outcome);
        dialogue.respond(&rq.respond(outcome), None)
    }

    /// The query of the request, or how it is refused.
    fn query<T: Transport>(
        &self,
        dialogue: &mut Dialogue<T>,
        rq: &FindRq,
    ) -> Result<Result<(Query, Identifier), Outcome>, Ended> {
        let identifier = match identifier::read(dialogue, rq.context_id) {
            Ok(identifier) => identifier,
            Err(Unusable::Ended(ended)) => return Err(ended),
            Err(Unusable::Refused(outcome)) => return Ok(Err(outcome)),
        };
        let Some(model) = InformationModel::of_sop_class(rq.affected_sop_class_uid.as_str()) else {
            return Ok(Err(Outcome::new(Status::SOP_CLASS_NOT_SUPPORTED)));
        };
        let query = Query::from_identifier(model, &identifier, &self.query_rules).map_err(refused);
        Ok(query.map(|query| (query, identifier)))
    }

    fn answer<T: Transport>(
        &self,
        holdings: &Holdings,
        dialogue: &mut Dialogue<T>,
        rq: &FindRq,
        query: &Query,
        count: &mut u64,
    ) -> Result<(), Failed> {
        let encoding = identifier::encoding(dialogue, rq.context_id);
        let pending = PreparedResponse::pending(&rq.respond(query.pending_status()));
        let mut encoder = Encoder::new(query, encoding, &self.ae_title);
        let mut found = holdings.find(query)?;
        let mut matches = found.matches()?;
        let mut bytes = Vec::new();
        loop {
            let is_time_to_look = match matches.look()? {
                Look::End => return Ok(()),
                Look::NoneYet => {
                    // What was found meanwhile goes out: the next match may be far.
                    dialogue.flush()?;
                    true
                }
                Look::Match(answer) => {
                    bytes.clear();
                    encoder.encode(&answer, &mut bytes)?;
                    dialogue.queue_prepared(&pending, &bytes)?;
                    // The first match goes out at once: a workstation shows something while the rest comes.
                    if *count == 0 {
                        dialogue.flush()?;
                    }
                    *count += 1;
                    count.is_multiple_of(MATCHES_BETWEEN_LOOKS)
                }
            };
            if is_time_to_look && dialogue.cancel_requested(rq.message_id)? {
                return Err(Failed::Cancelled);
            }
        }
    }
}

/// The keywords of what was matched, never a value: values are of patients.
fn matched(query: &Query) -> String {
    query.matched_keys().collect::<Vec<_>>().join(" ")
}

/// For the log: the time since then in milliseconds.
pub(crate) fn elapsed_ms(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// The outcome of a refused identifier.
pub(crate) fn refused(refused: QueryRefused) -> Outcome {
    Outcome::new(refused.status).comment(&refused.comment).offending(&refused.offending)
}
