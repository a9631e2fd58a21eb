//! What a study has of its series and instances: modalities, SOP classes, anatomic regions.

use rusqlite::{Connection, params};

use crate::CatalogError;
use crate::extract::ANATOMIC_REGION_SEQUENCE;
use crate::further::{self, Further};
use crate::writing::Writing;

/// `study_has.kind` of a modality.
pub(crate) const MODALITY: &str = "M";
/// `study_has.kind` of a SOP class.
pub(crate) const SOP_CLASS: &str = "C";

/// Notes what a new study has; its row was made with it.
pub(crate) fn begin(
    connection: &Connection,
    study: i64,
    modality: &str,
    sop_class: &str,
    writing: &mut Writing,
) -> Result<(), CatalogError> {
    for (kind, value) in [(MODALITY, modality), (SOP_CLASS, sop_class)] {
        if !value.is_empty() {
            writing.has(connection, study, kind, value)?;
        }
    }
    Ok(())
}

/// Adds the modality of a new series to those that the study has.
pub(crate) fn add_modality(
    connection: &Connection,
    study: i64,
    modality: &str,
    writing: &mut Writing,
) -> Result<(), CatalogError> {
    if modality.is_empty() {
        return Ok(());
    }
    let before: String = connection
        .prepare_cached("SELECT modalities_in_study FROM study WHERE id = ?1")?
        .query_row([study], |row| row.get(0))?;
    add(connection, study, MODALITY, &before, modality, writing)
}

/// Adds the SOP class of an instance to those that the study has.
pub(crate) fn add_sop_class(
    connection: &Connection,
    study: i64,
    before: &str,
    sop_class: &str,
    writing: &mut Writing,
) -> Result<(), CatalogError> {
    add(connection, study, SOP_CLASS, before, sop_class, writing)
}

fn add(
    connection: &Connection,
    study: i64,
    kind: &'static str,
    before: &str,
    value: &str,
    writing: &mut Writing,
) -> Result<(), CatalogError> {
    let mut all: Vec<_> = before.split('\\').filter(|have| !have.is_empty()).collect();
    if all.contains(&value) {
        return Ok(());
    }
    writing.has(connection, study, kind, value)?;
    all.push(value);
    all.sort_unstable();
    set_list(connection, study, kind, &all.join("\\"))
}

/// Adds the regions of an instance to those of the study.
pub(crate) fn add_regions(
    connection: &Connection,
    study: i64,
    before: &[u8],
    regions: &[u8],
) -> Result<(), CatalogError> {
    let mut all = Further(before).items(ANATOMIC_REGION_SEQUENCE).unwrap_or_default();
    let count = all.len();
    for region in Further(regions).items(ANATOMIC_REGION_SEQUENCE).unwrap_or_default() {
        if !all.iter().any(|have| have.elements() == region.elements()) {
            all.push(region);
        }
    }
    if all.len() == count {
        return Ok(());
    }
    set_regions(connection, study, &further::items_to_bytes(ANATOMIC_REGION_SEQUENCE, &all))
}

fn set_regions(connection: &Connection, study: i64, regions: &[u8]) -> Result<(), CatalogError> {
    connection
        .prepare_cached("UPDATE study SET anatomic_regions = ?2 WHERE id = ?1")?
        .execute(params![study, regions])?;
    Ok(())
}

/// Makes the modalities anew from the series that are left, or that have been filled in.
pub(crate) fn refresh_modalities(connection: &Connection, study: i64) -> Result<(), CatalogError> {
    refresh(
        connection,
        study,
        MODALITY,
        "SELECT DISTINCT modality FROM series WHERE study = ?1 AND modality <> ''",
    )
}

/// Makes the SOP classes anew from the current instances that are left.
pub(crate) fn refresh_sop_classes(connection: &Connection, study: i64) -> Result<(), CatalogError> {
    refresh(
        connection,
        study,
        SOP_CLASS,
        "SELECT DISTINCT i.sop_class_uid FROM series e CROSS JOIN instance i ON i.series = e.id AND i.current = 1 \
         WHERE e.study = ?1",
    )
}

/// Makes the anatomic regions anew from the current instances that are left.
pub(crate) fn refresh_regions(connection: &Connection, study: i64) -> Result<(), CatalogError> {
    let has_any: bool = connection
        .prepare_cached("SELECT anatomic_regions <> x'' FROM study WHERE id = ?1")?
        .query_row([study], |row| row.get(0))?;
    if !has_any {
        return Ok(());
    }
    let mut all: Vec<dataset::Identifier> = Vec::new();
    let mut statement = connection.prepare_cached(
        "SELECT i.further FROM series e CROSS JOIN instance i ON i.series = e.id AND i.current = 1 \
         WHERE e.study = ?1",
    )?;
    let mut rows = statement.query([study])?;
    while let Some(row) = rows.next()? {
        let further = Further(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?);
        for region in further.items(ANATOMIC_REGION_SEQUENCE).unwrap_or_default() {
            if !all.iter().any(|have| have.elements() == region.elements()) {
                all.push(region);
            }
        }
    }
    let regions = match all.as_slice() {
        [] => Vec::new(),
        all => further::items_to_bytes(ANATOMIC_REGION_SEQUENCE, all),
    };
    set_regions(connection, study, &regions)
}

/// `select` finds the values that the study has now.
fn refresh(
    connection: &Connection,
    study: i64,
    kind: &'static str,
    select: &str,
) -> Result<(), CatalogError> {
    let column = column(kind);
    let before: String = connection
        .prepare_cached(&format!("SELECT {column} FROM study WHERE id = ?1"))?
        .query_row([study], |row| row.get(0))?;
    for value in before.split('\\') {
        connection
            .prepare_cached("DELETE FROM study_has WHERE kind = ?1 AND value = ?2 AND study = ?3")?
            .execute((kind, value, study))?;
    }
    let mut values: Vec<String> =
        connection.prepare_cached(select)?.query_map([study], |row| row.get(0))?.collect::<Result<_, _>>()?;
    values.sort_unstable();
    for value in &values {
        Writing::AtOnce.has(connection, study, kind, value)?;
    }
    set_list(connection, study, kind, &values.join("\\"))
}

/// The column of a study with the list of a kind.
pub(crate) fn column(kind: &str) -> &'static str {
    if kind == MODALITY { "modalities_in_study" } else { "sop_classes_in_study" }
}

fn set_list(connection: &Connection, study: i64, kind: &str, list: &str) -> Result<(), CatalogError> {
    connection
        .prepare_cached(&format!("UPDATE study SET {} = ?2 WHERE id = ?1", column(kind)))?
        .execute((study, list))?;
    Ok(())
}
