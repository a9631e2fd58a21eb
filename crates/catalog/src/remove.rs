//! One version out of the catalog, and what is left without instances with it.

use rusqlite::{Connection, OptionalExtension, params};
use vocabulary::Level;

use crate::held::uid_key;
use crate::writing::Writing;
use crate::{CatalogError, Place, search_text, study_sets};

struct Found {
    id: i64,
    current: bool,
    series: i64,
    study: i64,
    patient: i64,
}

pub(crate) fn remove(connection: &Connection, place: &Place) -> Result<(), CatalogError> {
    let uid = place.sop_instance_uid.as_str();
    let found = connection
        .prepare_cached(
            "SELECT i.id, i.current, e.id, s.id, s.patient FROM instance i CROSS JOIN series e ON e.id = i.series \
             CROSS JOIN study s ON s.id = e.study WHERE i.sop_instance_key = ?1 AND i.sop_instance_uid = ?2 \
             AND i.day = ?3 AND i.version = ?4 AND e.series_instance_uid = ?5 AND s.study_instance_uid = ?6",
        )?
        .query_row(
            params![
                uid_key(uid),
                uid,
                place.day.as_number(),
                place.version,
                place.series_instance_uid.as_str(),
                place.study_instance_uid.as_str()
            ],
            |row| {
                Ok(Found {
                    id: row.get(0)?,
                    current: row.get(1)?,
                    series: row.get(2)?,
                    study: row.get(3)?,
                    patient: row.get(4)?,
                })
            },
        )
        .optional()?;
    let Some(found) = found else {
        return Err(CatalogError::NotHeld { sop_instance_uid: uid.to_owned(), version: place.version });
    };
    connection.prepare_cached("DELETE FROM instance WHERE id = ?1")?.execute([found.id])?;
    if !found.current {
        return Ok(());
    }
    let promoted = connection
        .prepare_cached(
            "UPDATE instance SET current = 1 WHERE id = (SELECT id FROM instance \
             WHERE sop_instance_key = ?1 AND sop_instance_uid = ?2 AND series = ?3 \
             ORDER BY received_at DESC, version DESC LIMIT 1)",
        )?
        .execute((uid_key(uid), uid, found.series))?;
    if promoted == 0 {
        Writing::AtOnce.count_in_series(connection, found.series, -1)?;
        Writing::AtOnce.count_in_study(connection, found.study, -1)?;
        if remove_empty(connection, &found)? == Left::Nothing {
            return Ok(());
        }
    }
    study_sets::refresh_sop_classes(connection, found.study)?;
    study_sets::refresh_regions(connection, found.study)
}

/// What of the study is left.
#[derive(PartialEq, Eq)]
enum Left {
    Study,
    Nothing,
}

fn remove_empty(connection: &Connection, found: &Found) -> Result<Left, CatalogError> {
    let delete_if_empty = |statement: &str, id: i64| -> Result<bool, CatalogError> {
        Ok(connection.prepare_cached(statement)?.execute([id])? > 0)
    };
    if !delete_if_empty("DELETE FROM series WHERE id = ?1 AND number_of_instances = 0", found.series)? {
        return Ok(Left::Study);
    }
    connection
        .prepare_cached("UPDATE study SET number_of_series = number_of_series - 1 WHERE id = ?1")?
        .execute([found.study])?;
    study_sets::refresh_modalities(connection, found.study)?;
    study_sets::refresh_sop_classes(connection, found.study)?;
    if !delete_if_empty("DELETE FROM study WHERE id = ?1 AND number_of_series = 0", found.study)? {
        return Ok(Left::Study);
    }
    search_text::remove(connection, Level::Study, found.study)?;
    let childless = "DELETE FROM patient WHERE id = ?1 AND NOT EXISTS \
        (SELECT 1 FROM study x WHERE x.patient_id = patient.patient_id AND x.patient = patient.id)";
    if delete_if_empty(childless, found.patient)? {
        search_text::remove(connection, Level::Patient, found.patient)?;
    }
    Ok(Left::Nothing)
}
