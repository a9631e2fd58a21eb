//! One instance into the catalog, within a transaction that the caller opened.

use std::time::SystemTime;

use rusqlite::{Connection, params};

use crate::entities::{self, Parents};
use crate::extract::ANATOMIC_REGION_SEQUENCE;
use crate::further::{self, Further};
use crate::held::{Outcome, Place, uid_key};
use crate::seen::Sort;
use crate::writing::Writing;
use crate::{CatalogError, Change, InstanceRow, Location, correct, locate, study_sets};

/// Another version of the instance that is being recorded.
struct Other {
    id: i64,
    series: i64,
    place: Place,
    received_at: i64,
    current: bool,
    digest: Vec<u8>,
    data_set_bytes: i64,
    transfer_syntax_uid: String,
    sop_class_uid: String,
    anatomic_regions: Vec<u8>,
}

/// Adds the instance, and what lacks of its series, study and patient; keeps their numbers right.
pub(crate) fn record(
    connection: &Connection,
    row: &InstanceRow,
    location: &Location,
    writing: &mut Writing,
) -> Result<Outcome, CatalogError> {
    let corrected = match writing.has_corrections(connection)? {
        true => correct::corrected(connection, row)?,
        false => None,
    };
    let row = corrected.as_ref().unwrap_or(row);
    let sop_instance_uid = row.sop_instance_uid.as_str();
    let others = match writing.may_be_there(connection, Sort::Instance, &[sop_instance_uid])? {
        true => others(connection, row)?,
        false => Vec::new(),
    };
    let known = entities::find(connection, row, writing)?;
    let received_at = microseconds(location.received_at);
    let in_series =
        || others.iter().filter(|other| known.as_ref().is_some_and(|known| known.series == other.series));
    if in_series().any(|other| (other.place.day, other.place.version) == (location.day, location.version)) {
        return Ok(Outcome::AlreadyRecorded);
    }
    let current_before = in_series().find(|other| other.current);
    if let Some(other) = current_before
        && other.digest == location.digest
        && other.data_set_bytes == data_set_bytes(location)
        && row.transfer_syntax_uid == other.transfer_syntax_uid.as_str()
    {
        return Ok(Outcome::SameDataSet(other.place.clone()));
    }
    let is_latest = current_before
        .is_none_or(|other| (other.received_at, other.place.version) < (received_at, location.version));
    let superseded = current_before.filter(|_| is_latest);
    let outcome = match in_series().count() {
        0 => Outcome::New,
        _ => Outcome::NewVersion { current: is_latest },
    };
    let parents = match known {
        Some(known) => entities::fill(connection, row, known, writing)?,
        None => entities::find_or_add(connection, row, writing)?,
    };
    if let Some(other) = superseded {
        connection.prepare_cached("UPDATE instance SET current = 0 WHERE id = ?1")?.execute([other.id])?;
    }
    insert(connection, row, location, &parents, is_latest)?;
    if is_latest {
        entities::count_in(connection, &parents, row, outcome == Outcome::New, writing)?;
    }
    // Going through the study is for the rare version that says otherwise, not for each instance of one sent again.
    if superseded.is_some_and(|other| row.sop_class_uid != other.sop_class_uid.as_str()) {
        writing.settle(connection)?;
        study_sets::refresh_sop_classes(connection, parents.study)?;
    }
    if superseded.is_some_and(|other| row.anatomic_regions != other.anatomic_regions) {
        study_sets::refresh_regions(connection, parents.study)?;
    }
    Ok(outcome)
}

fn insert(
    connection: &Connection,
    row: &InstanceRow,
    location: &Location,
    parents: &Parents,
    current: bool,
) -> Result<(), CatalogError> {
    let number = row.instance.column(vocabulary::Level::Image, "instance_number");
    connection
        .prepare_cached(
            "INSERT INTO instance (series, sop_instance_key, sop_instance_uid, sop_class_uid, instance_number, \
             transfer_syntax_uid, current, version, day, received_at, bytes, data_set_offset, digest, \
             source_ae_title, further, overrides, changes) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        )?
        .execute(params![
            parents.series,
            uid_key(row.sop_instance_uid.as_str()),
            row.sop_instance_uid.as_str(),
            row.sop_class_uid.as_str(),
            number,
            row.transfer_syntax_uid.as_str(),
            current,
            location.version,
            location.day.as_number(),
            microseconds(location.received_at),
            i64::try_from(location.bytes).unwrap_or(i64::MAX),
            location.data_set_offset,
            location.digest,
            location.source_ae_title.as_ref().map(vocabulary::AeTitle::as_str),
            row.instance.further,
            row.overrides.to_bytes()?,
            (!row.changes.is_empty()).then(|| Change::to_bytes(&row.changes)),
        ])?;
    Ok(())
}

fn others(connection: &Connection, row: &InstanceRow) -> Result<Vec<Other>, CatalogError> {
    let uid = row.sop_instance_uid.as_str();
    let mut statement = connection.prepare_cached(
        "SELECT i.id, i.series, i.current, i.received_at, i.digest, i.bytes - i.data_set_offset, \
         i.transfer_syntax_uid, i.sop_class_uid, i.further, \
         i.day, i.version, s.study_instance_uid, e.series_instance_uid, i.sop_instance_uid \
         FROM instance i CROSS JOIN series e ON e.id = i.series CROSS JOIN study s ON s.id = e.study \
         WHERE i.sop_instance_key = ?1 AND i.sop_instance_uid = ?2",
    )?;
    let mut rows = statement.query((uid_key(uid), uid))?;
    let mut others = Vec::new();
    while let Some(found) = rows.next()? {
        others.push(Other {
            id: found.get(0)?,
            series: found.get(1)?,
            current: found.get(2)?,
            received_at: found.get(3)?,
            digest: found.get(4)?,
            data_set_bytes: found.get(5)?,
            transfer_syntax_uid: found.get(6)?,
            sop_class_uid: found.get(7)?,
            anatomic_regions: anatomic_regions(found.get_ref(8)?.as_blob().map_err(rusqlite::Error::from)?),
            place: locate::place(found, 9)?,
        });
    }
    Ok(others)
}

/// As [`InstanceRow::anatomic_regions`] has them.
fn anatomic_regions(further: &[u8]) -> Vec<u8> {
    match Further(further).items(ANATOMIC_REGION_SEQUENCE) {
        Some(items) => further::items_to_bytes(ANATOMIC_REGION_SEQUENCE, &items),
        None => Vec::new(),
    }
}

fn data_set_bytes(location: &Location) -> i64 {
    i64::try_from(location.bytes).unwrap_or(i64::MAX) - i64::from(location.data_set_offset)
}

/// Microseconds since 1970; a clock before that is a clock that was never set.
pub(crate) fn microseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
