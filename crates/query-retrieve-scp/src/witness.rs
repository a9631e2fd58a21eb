//! What the audit trail is told of queries and retrieves (PS3.15 A.5.3).

use std::collections::BTreeMap;

use application_entity::Attendance;
use audit::{Failure, Node, Study};
use dataset::Identifier;
use dimse::{Outcome, SubOperations};
use holdings::Holdings;
use vocabulary::{Category, Encoding, Uid, transfer_syntax};

use crate::retrieve::HeldInstance;

/// The instances of a retrieve, study by study; none where no trail is kept.
pub(crate) fn studies(
    attendance: &mut Attendance<'_>,
    holdings: &Holdings,
    instances: &[HeldInstance<'_>],
) -> Vec<Study> {
    if attendance.overseer.witness().is_none() {
        return Vec::new();
    }
    let mut counts: BTreeMap<&Uid, BTreeMap<&str, u32>> = BTreeMap::new();
    for instance in instances {
        let (study, class) = instance.study_and_class();
        *counts.entry(study).or_default().entry(class).or_default() += 1;
    }
    let study = |(uid, classes): (&Uid, BTreeMap<&str, u32>)| Study {
        uid: uid.to_string(),
        // The trail goes on without it.
        patient_id: holdings.patient_ids(uid).unwrap_or_default().join("\\"),
        classes: classes.into_iter().map(|(class, count)| (class.to_owned(), count)).collect(),
    };
    counts.into_iter().map(study).collect()
}

/// A retrieve begins; `to`: somebody else than the requester.
pub(crate) fn sending(attendance: &mut Attendance<'_>, to: Option<&Node>, studies: &[Study]) {
    if let Some(witness) = attendance.overseer.witness() {
        witness.sending(to, studies);
    }
}

/// A retrieve is over.
pub(crate) fn sent(
    attendance: &mut Attendance<'_>,
    to: Option<&Node>,
    studies: Vec<Study>,
    outcome: &Outcome,
    counters: SubOperations,
) {
    if let Some(witness) = attendance.overseer.witness() {
        let SubOperations { completed, failed, warning, .. } = counters;
        let stored = completed.saturating_add(warning);
        let words = || format!("{}: {failed} instances were not sent, {stored} were", outcome.status);
        let is_short = failed > 0 || matches!(outcome.status.category(), Category::Cancel);
        let failure = is_short.then(|| Failure { entirely: stored == 0, words: words() });
        witness.sent(to, studies, failure.as_ref());
    }
}

/// A retrieve was refused, so that nothing is known of what it was about.
pub(crate) fn refused_retrieve(attendance: &mut Attendance<'_>, to: Option<&Node>, outcome: &Outcome) {
    if let Some(witness) = attendance.overseer.witness() {
        witness.sent(to, vec![Study::default()], Some(&refusal(outcome)));
    }
}

/// A query was answered or refused, with so many matches.
pub(crate) fn queried(
    attendance: &mut Attendance<'_>,
    sop_class: &Uid,
    identifier: Option<&Identifier>,
    matches: u64,
    outcome: &Outcome,
) {
    if let Some(witness) = attendance.overseer.witness() {
        let failure = match outcome.status.category() {
            Category::Success => None,
            _ => Some(Failure { entirely: matches == 0, ..refusal(outcome) }),
        };
        let identifier = identifier.map(|identifier| identifier.to_bytes(Encoding::ExplicitLittleEndian));
        let syntax = transfer_syntax::EXPLICIT_VR_LITTLE_ENDIAN;
        witness.queried(sop_class.as_str(), syntax, identifier.unwrap_or_default(), matches, failure);
    }
}

fn refusal(outcome: &Outcome) -> Failure {
    let why = outcome.error_comment.as_deref().unwrap_or_default();
    Failure { entirely: true, words: format!("{} {why}", outcome.status).trim_end().to_owned() }
}
