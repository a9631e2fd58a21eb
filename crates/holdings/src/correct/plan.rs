//! What a correction comes to, given what the catalog has.

use std::time::SystemTime;

use catalog::keys::{self, KEYS, Kept, Key};
use catalog::{Correctable, Of, PatientIdentity, Subject};
use vocabulary::{Level, Uid};

use super::request;
use super::{Change, Correction, CorrectionRequest, Moved, Named, NotCorrected};

/// The correction that a request means; its number is for who writes it down.
pub(super) fn plan(
    catalog: &Correctable<'_>,
    request: &CorrectionRequest,
    at: SystemTime,
) -> Result<Correction, NotCorrected> {
    let (of, subject) = subject(catalog, &request.of)?;
    let values = request::values(&of, &request.values)?;
    let moved = moved(catalog, request, &subject, &values)?;
    let changes = match &moved {
        Some((_, Some(target))) => as_other(&subject, target, &values)?,
        _ => values.into_iter().map(|(key, after)| change(&subject, key, after)).collect(),
    };
    let is_about_patient =
        of.level() == Level::Study && changes.iter().any(|change| change.key.level == Level::Patient);
    if is_about_patient && moved.is_none() {
        return refused(
            "the study is that patient's already: to correct the patient, correct the patient".to_owned(),
        );
    }
    if moved.is_none() && changes.iter().all(|change| change.before == change.after) {
        return refused("nothing is to be corrected: the values are those that are held".to_owned());
    }
    let from = subject.patient.clone();
    Ok(Correction {
        id: 0,
        of,
        changes,
        moved: moved.map(|(to, target)| Moved { from, to, merged: target.is_some() }),
        instances: subject.instances,
        at,
        by: request.by.clone(),
        reason: request.reason.clone(),
        undone: None,
    })
}

fn refused<T>(words: String) -> Result<T, NotCorrected> {
    Err(NotCorrected::Refused(words))
}

fn change(subject: &Subject, key: &'static Key, after: String) -> Change {
    Change { key, before: subject.value(key), after }
}

/// What is corrected, if it is held and is one.
fn subject(catalog: &Correctable<'_>, named: &Named) -> Result<(Of, Subject), NotCorrected> {
    let one_uid = |what: &str, uid: &Uid, mut found: Vec<Subject>| match (found.pop(), found.is_empty()) {
        (None, _) => refused(format!("there is no {what} {uid}")),
        (Some(one), true) => Ok(one),
        (Some(last), false) => {
            let patients: Vec<_> =
                found.iter().chain([&last]).map(|subject| words(subject.patient.as_ref())).collect();
            refused(format!(
                "{what} {uid} is held of {}: correct the patients first",
                patients.join(" and of ")
            ))
        }
    };
    match named {
        Named::Study(uid) => Ok((Of::Study(uid.clone()), one_uid("study", uid, catalog.studies(uid)?)?)),
        Named::Series(uid) => Ok((Of::Series(uid.clone()), one_uid("series", uid, catalog.series(uid)?)?)),
        Named::Patient { patient_id, issuer } => {
            let mut found = catalog.patients(patient_id, issuer.as_deref())?;
            let issuers: Vec<_> = found.iter().map(|one| words(one.patient.as_ref())).collect();
            match (found.pop(), found.is_empty()) {
                (Some(Subject { patient: None, .. }) | None, _) => {
                    refused(format!("there is no patient {}", shown(patient_id)))
                }
                (Some(_), false) => refused(format!(
                    "several patients have this ID: say whose it is with --issuer ({})",
                    issuers.join(", ")
                )),
                (Some(one), true) => match one.patient.clone() {
                    Some(identity) => Ok((Of::Patient(identity), one)),
                    None => refused(format!("there is no patient {}", shown(patient_id))),
                },
            }
        }
    }
}

type Target = (PatientIdentity, Option<Subject>);

/// Who the patient is from then on, and what is held of that one; `None`: the same as before.
fn moved(
    catalog: &Correctable<'_>,
    request: &CorrectionRequest,
    subject: &Subject,
    values: &[(&'static Key, String)],
) -> Result<Option<Target>, NotCorrected> {
    let given = |keyword: &str| values.iter().find(|(key, _)| key.keyword == keyword).map(|(_, value)| value);
    let (new_id, new_issuer) = (given("PatientID"), given("IssuerOfPatientID"));
    if new_id.is_none() && new_issuer.is_none() {
        return Ok(None);
    }
    let before = subject.patient.as_ref();
    let value_of = |keyword: &str, given: Option<&String>, before: Option<&String>| {
        let held = KEYS.iter().find(|key| key.keyword == keyword).map(|key| subject.value(key));
        given.or(before).cloned().or(held).unwrap_or_default()
    };
    let to = PatientIdentity {
        patient_id: value_of("PatientID", new_id, before.map(|patient| &patient.patient_id)),
        issuer: value_of("IssuerOfPatientID", new_issuer, before.map(|patient| &patient.issuer)),
    };
    if before == Some(&to) {
        return Ok(None);
    }
    let others = catalog.patients(&to.patient_id, None)?;
    let is_to = |other: &Subject| other.patient.as_ref() == Some(&to);
    if new_id.is_some() && new_issuer.is_none() && !others.is_empty() && !others.iter().any(is_to) {
        let issuers: Vec<_> = others.iter().map(|one| words(one.patient.as_ref())).collect();
        return refused(format!(
            "there is {}: say which issuer is meant with IssuerOfPatientID=",
            issuers.join(" and ")
        ));
    }
    let target = others.into_iter().find(is_to);
    if let Some(target) = &target
        && !request.merge
    {
        let value = |keyword: &str| {
            KEYS.iter().find(|key| key.keyword == keyword).map(|key| target.value(key)).unwrap_or_default()
        };
        return refused(format!(
            "{} is held already ({}, born {}, {} instances): say --merge if it is the same person, whose values are then taken",
            words(target.patient.as_ref()),
            shown(&value("PatientName")),
            shown(&value("PatientBirthDate")),
            target.instances
        ));
    }
    Ok(Some((to, target)))
}

/// The instances become those of a patient who is held: all that is known of the patient is as it is of that one.
fn as_other(
    subject: &Subject,
    target: &Subject,
    values: &[(&'static Key, String)],
) -> Result<Vec<Change>, NotCorrected> {
    let of_patient =
        KEYS.iter().filter(|key| key.level == Level::Patient && !matches!(key.kept, Kept::Made(_)));
    let mut changes = Vec::new();
    for key in of_patient {
        if !key.vr.is_text() {
            // What identifies the other one in a sequence goes; that of the target stays in its own instances.
            changes.push(Change { key, before: String::new(), after: String::new() });
            continue;
        }
        let held = target.value(key);
        if let Some((_, wanted)) = values.iter().find(|(given, _)| given.tag == key.tag)
            && *wanted != held
        {
            let (keyword, held) = (key.keyword, shown(&held));
            return refused(format!(
                "{keyword} of the patient who is held is {held}: leave it out, and correct that patient if it is wrong"
            ));
        }
        changes.push(change(subject, key, held));
    }
    let others = values.iter().filter(|(key, _)| key.level != Level::Patient);
    changes.extend(others.map(|(key, value)| change(subject, key, value.clone())));
    Ok(changes)
}

fn words(patient: Option<&PatientIdentity>) -> String {
    match patient {
        None => "a patient without Patient ID".to_owned(),
        Some(PatientIdentity { patient_id, issuer }) if issuer.is_empty() => {
            format!("patient {}", shown(patient_id))
        }
        Some(PatientIdentity { patient_id, issuer }) => {
            format!("patient {} of issuer {}", shown(patient_id), shown(issuer))
        }
    }
}

fn shown(value: &str) -> String {
    format!("\"{}\"", value.escape_debug())
}

/// The key with a keyword.
pub(super) fn key(keyword: &str) -> Option<&'static Key> {
    keys::KEYS.iter().find(|key| key.keyword == keyword)
}
