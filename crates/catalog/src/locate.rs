//! Where instances lie.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, Row};
use vocabulary::{AeTitle, Day, Uid};

use crate::held::uid_key;
use crate::{CatalogError, Change, Held, Overrides, Place, overrides};

/// What [`held`] reads, from the tables `i`, `e` and `s`.
pub(crate) const HELD_COLUMNS: &str = "i.day, i.version, s.study_instance_uid, e.series_instance_uid, \
     i.sop_instance_uid, i.sop_class_uid, i.transfer_syntax_uid, i.bytes, i.data_set_offset, i.digest, \
     i.received_at, i.source_ae_title, i.current, i.overrides, i.changes";

/// Every version of an instance: the current ones first, then the latest first.
pub(crate) fn locate(connection: &Connection, sop_instance_uid: &Uid) -> Result<Vec<Held>, CatalogError> {
    let uid = sop_instance_uid.as_str();
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {HELD_COLUMNS} FROM instance i CROSS JOIN series e ON e.id = i.series \
         CROSS JOIN study s ON s.id = e.study WHERE i.sop_instance_key = ?1 AND i.sop_instance_uid = ?2 \
         ORDER BY i.current DESC, i.received_at DESC, i.version DESC"
    ))?;
    let mut rows = statement.query((uid_key(uid), uid))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(held(row)?);
    }
    Ok(found)
}

/// Every version received on a day.
pub(crate) fn received_on(
    connection: &Connection,
    day: Day,
    each: &mut dyn FnMut(Held),
) -> Result<(), CatalogError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {HELD_COLUMNS} FROM instance i CROSS JOIN series e ON e.id = i.series \
         CROSS JOIN study s ON s.id = e.study WHERE i.day = ?1"
    ))?;
    let mut rows = statement.query([day.as_number()])?;
    while let Some(row) = rows.next()? {
        each(held(row)?);
    }
    Ok(())
}

/// Reads a row of [`HELD_COLUMNS`].
pub(crate) fn held(row: &Row<'_>) -> Result<Held, CatalogError> {
    let digest: &[u8] = row.get_ref(9)?.as_blob().map_err(rusqlite::Error::from)?;
    let source: Option<&str> = row.get_ref(11)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    let received_at: i64 = row.get(10)?;
    let changes = row.get_ref(14)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
    Ok(Held {
        place: place(row, 0)?,
        sop_class_uid: uid(row, 5)?,
        transfer_syntax_uid: uid(row, 6)?,
        bytes: u64::try_from(row.get::<_, i64>(7)?).map_err(|_| damaged("a length"))?,
        data_set_offset: row.get(8)?,
        digest: digest.try_into().map_err(|_| damaged("a checksum"))?,
        received_at: SystemTime::UNIX_EPOCH
            + Duration::from_micros(u64::try_from(received_at).map_err(|_| damaged("a time"))?),
        source_ae_title: source.map(AeTitle::parse).transpose().map_err(|_| damaged("an AE title"))?,
        current: row.get(12)?,
        overrides: corrected(row.get_ref(13)?.as_blob_or_null().map_err(rusqlite::Error::from)?)?,
        changes: Change::from_bytes(changes.unwrap_or_default()),
    })
}

fn corrected(bytes: Option<&[u8]>) -> Result<Option<Box<Overrides>>, CatalogError> {
    bytes.map(|bytes| overrides::read(bytes).map(Box::new)).transpose()
}

/// Reads day, version, study, series and SOP instance from five columns.
pub(crate) fn place(row: &Row<'_>, first: usize) -> Result<Place, CatalogError> {
    Ok(Place {
        day: Day::from_number(row.get(first)?).map_err(|_| damaged("a day"))?,
        version: row.get(first + 1)?,
        study_instance_uid: uid(row, first + 2)?,
        series_instance_uid: uid(row, first + 3)?,
        sop_instance_uid: uid(row, first + 4)?,
    })
}

fn uid(row: &Row<'_>, at: usize) -> Result<Uid, CatalogError> {
    let text = row.get_ref(at)?.as_str().map_err(rusqlite::Error::from)?;
    Uid::parse(text).map_err(|_| damaged("a UID"))
}

pub(crate) fn damaged(what: &str) -> CatalogError {
    CatalogError::Damaged(format!("{what} in a row is none"))
}
