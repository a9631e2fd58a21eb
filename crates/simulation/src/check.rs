//! What must hold whenever the archive has started: what was acknowledged is there, byte for byte, and is found; the
//! catalog and the vault have the same; nothing is left over; the counters are right.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use catalog::{Access, Catalog, Held};
use holdings::Duplicates;
use vault::InstanceKey;
use vocabulary::{Day, Level, Status};

use crate::catalog_file::CATALOG;
use crate::peers::{Calling, Match};
use crate::server::{Archive, violate};
use crate::truth::Attempt;

/// A row, and the data set that its file has.
pub(crate) struct Row {
    pub(crate) held: Held,
    pub(crate) data_set: Vec<u8>,
}

/// What the catalog has, with what the vault has of it.
/// `untidy`: a disk that failed may have kept bytes without an entry from being removed.
pub(crate) fn rows(archive: &Archive, attempts: &[Attempt], untidy: bool) -> Vec<Row> {
    let vault = archive.data.join("vault");
    let mut files = archive.disk.files();
    let mut held = Vec::new();
    match Catalog::open(&archive.data.join(CATALOG), Access::ReadOnly) {
        Ok(catalog) => {
            for day in days(files.keys(), &vault) {
                if let Err(error) = catalog.received_on(day, &mut |one| held.push(one)) {
                    violate(format!("the catalog cannot be read: {error}"));
                }
            }
            for attempt in attempts {
                let located = catalog.locate(&attempt.subject.uid).unwrap_or_default();
                held.extend(located.into_iter().filter(|one| !held.contains(one)).collect::<Vec<_>>());
            }
        }
        Err(error) => violate(format!("the catalog cannot be opened: {error}")),
    }
    let replaces = archive.rules.duplicates == Duplicates::Replace;
    let mut rows = Vec::new();
    for held in held {
        let path = vault.join(key(&held).path());
        match files.remove(&path) {
            Some(bytes) => {
                let data_set = bytes.get(held.data_set_offset as usize..).unwrap_or_default().to_vec();
                rows.push(Row { held, data_set });
            }
            // Who was killed while replacing had no time to take the row out: the next start does.
            None if untidy && replaces && files.contains_key(&aside(archive, &held)) => {
                let bytes = files.remove(&aside(archive, &held)).unwrap_or_default();
                let data_set = bytes.get(held.data_set_offset as usize..).unwrap_or_default().to_vec();
                rows.push(Row { held, data_set });
            }
            // What is being replaced when the power goes may be lost.
            None if !held.current && replaces => {}
            None => violate(format!("{} is catalogued and has no bytes", shown(&path, archive))),
        }
    }
    for path in files.keys() {
        let is_replaced = replaces && path.starts_with(archive.data.join("set-aside"));
        if !is_replaced && !untidy {
            violate(format!("{} is left over", shown(path, archive)));
        }
    }
    rows
}

fn shown(path: &Path, archive: &Archive) -> String {
    path.strip_prefix(&archive.data).unwrap_or(path).display().to_string()
}

fn aside(archive: &Archive, held: &Held) -> PathBuf {
    archive.data.join("set-aside").join(key(held).path())
}

fn key(held: &Held) -> InstanceKey {
    InstanceKey {
        day: held.place.day,
        study: held.place.study_instance_uid.clone(),
        series: held.place.series_instance_uid.clone(),
        sop_instance: held.place.sop_instance_uid.clone(),
        version: held.place.version,
    }
}

/// The days that have files.
fn days<'p>(paths: impl Iterator<Item = &'p PathBuf>, vault: &Path) -> BTreeSet<Day> {
    let day = |path: &PathBuf| {
        let digits: String =
            path.strip_prefix(vault).ok()?.iter().take(3).filter_map(|step| step.to_str()).collect();
        Day::from_number(digits.parse().ok()?).ok()
    };
    paths.filter_map(day).collect()
}

/// Whether a row is what an attempt sent.
fn is_of(row: &Row, attempt: &Attempt, duplicates: Duplicates) -> bool {
    let place = &row.held.place;
    (duplicates == Duplicates::NewUid || place.sop_instance_uid == attempt.subject.uid)
        && place.series_instance_uid == *attempt.subject.series
        && place.study_instance_uid == *attempt.subject.study
        && row.held.transfer_syntax_uid == attempt.shape.transfer_syntax()
        && row.data_set == attempt.subject.data_set(attempt.shape)
}

/// That what was acknowledged is held, and nothing that nobody sent.
pub(crate) fn check_rows(rows: &[Row], attempts: &[Attempt], duplicates: Duplicates) {
    for row in rows {
        if !attempts.iter().any(|attempt| is_of(row, attempt, duplicates)) {
            violate(format!(
                "version {} of {} is not what anybody sent",
                row.held.place.version, row.held.place.sop_instance_uid
            ));
        }
    }
    for attempt in attempts.iter().filter(|attempt| attempt.acknowledged.is_some()) {
        let uid = &attempt.subject.uid;
        match duplicates {
            Duplicates::KeepBoth => {
                if !rows.iter().any(|row| is_of(row, attempt, duplicates)) {
                    violate(format!("{uid} in shape {} was acknowledged and is lost", attempt.shape.number));
                }
                check_current(rows, attempts, attempt, duplicates);
            }
            Duplicates::NewUid => {
                let same = |other: &&Attempt| {
                    other.acknowledged.is_some()
                        && (&other.subject, other.shape) == (&attempt.subject, attempt.shape)
                };
                let acknowledged = attempts.iter().filter(same).count();
                if rows.iter().filter(|row| is_of(row, attempt, duplicates)).count() < acknowledged {
                    violate(format!("{uid} was acknowledged {acknowledged} times, and not as many are held"));
                }
            }
            _ => check_current(rows, attempts, attempt, duplicates),
        }
    }
}

/// That one version is current, and that it is not one of those that another came after.
fn check_current(rows: &[Row], attempts: &[Attempt], acknowledged: &Attempt, duplicates: Duplicates) {
    let subject = &acknowledged.subject;
    // Whatever has the same UID is replaced, and be it in another series.
    let replaces = duplicates == Duplicates::Replace;
    let of_subject = |row: &&Row| {
        row.held.place.sop_instance_uid == subject.uid
            && (row.held.place.series_instance_uid == *subject.series || replaces)
            && row.held.current
    };
    let current: Vec<&Row> = rows.iter().filter(of_subject).collect();
    // A machine that goes down while one is replaced leaves both, and in two series both are current.
    if current.is_empty() || (current.len() > 1 && !replaces) {
        return violate(format!("{} has {} current versions", subject.uid, current.len()));
    }
    let overtaken = |attempt: &&Attempt| {
        let Some(ended) = attempt.acknowledged else { return false };
        let is_same = |other: &&Attempt| {
            other.acknowledged.is_some() && (other.shape, &other.subject) == (attempt.shape, &attempt.subject)
        };
        let is_repeated = attempts.iter().filter(is_same).count() > 1;
        attempts.iter().any(|later| {
            later.subject.uid == subject.uid
                && (later.subject == *subject || replaces)
                && (later.shape, &later.subject) != (attempt.shape, &attempt.subject)
                && later.acknowledged.is_some()
                && later.began > ended
                // A copy of what is held bears a later time, and a power cut can bring it back: where the clock was
                // set back then, nothing on the disk says any more which came last.
                && (later.began_at >= attempt.began_at || !is_repeated)
        })
    };
    let is_current = |attempt: &&Attempt| current.iter().any(|row| is_of(row, attempt, Duplicates::KeepBoth));
    let mut its = attempts.iter().filter(is_current).peekable();
    if its.peek().is_some() && its.all(|attempt| overtaken(&attempt)) {
        violate(format!("{} came again otherwise, and the earlier one is current", subject.uid));
    }
}

/// That queries and retrieves say the same as the rows do.
pub(crate) fn check_answers(
    calling: &mut Calling,
    rows: &[Row],
    duplicates: Duplicates,
) -> Result<(), dimse::Ended> {
    let mut truth: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for Row { held, .. } in rows.iter().filter(|row| row.held.current) {
        let place = &held.place;
        let series = truth.entry(place.study_instance_uid.as_str()).or_default();
        let instances = series.entry(place.series_instance_uid.as_str()).or_default();
        instances.insert(place.sop_instance_uid.as_str());
    }
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let (mut studies, mut series, mut instances) = (Vec::new(), Vec::new(), Vec::new());
    let found = |study: &str, series: &str, instance: &str, counts: Vec<i64>| Match {
        study: study.to_owned(),
        series: series.to_owned(),
        instance: instance.to_owned(),
        counts,
    };
    for (study, its_series) in &truth {
        let total = its_series.values().map(BTreeSet::len).sum();
        studies.push(found(study, "", "", vec![count(its_series.len()), count(total)]));
        for (one, its_instances) in its_series {
            series.push(found(study, one, "", vec![count(its_instances.len())]));
            instances.extend(its_instances.iter().map(|instance| found(study, one, instance, Vec::new())));
        }
    }
    for (level, expected) in [(Level::Study, studies), (Level::Series, series), (Level::Image, instances)] {
        let (mut matches, status) = calling.find(level, None, None)?;
        matches.sort();
        if status != Status::SUCCESS || matches != expected {
            violate(format!("C-FIND at {}: {matches:?} ({status}), not {expected:?}", level.as_str()));
        }
    }
    for (study, series) in &truth {
        let got = calling.get(study, 0, None)?;
        let total = series.values().map(BTreeSet::len).sum::<usize>();
        let counters = got.counters;
        if got.status != Some(Status::SUCCESS)
            || counters.completed as usize != total
            || counters.failed + counters.warning > 0
            || got.instances.len() != total
        {
            violate(format!(
                "C-GET of {study}: {:?}, {counters:?}, {} instances of {total}",
                got.status,
                got.instances.len()
            ));
        }
        if duplicates == Duplicates::NewUid {
            continue;
        }
        for (instance, bytes) in &got.instances {
            let is_held = rows.iter().any(|row| {
                row.held.current && row.held.place.sop_instance_uid == *instance && row.data_set == *bytes
            });
            if !is_held {
                violate(format!("C-GET brought {instance} otherwise than it is held"));
            }
        }
    }
    Ok(())
}
