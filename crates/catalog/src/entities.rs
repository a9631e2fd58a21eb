//! The rows above the instances: patients, studies and series as the instances name them.
//!
//! The first instance gives a row its values. Where it had none, a later one fills in; a value is never
//! changed by another, so that what a query saw stays.

use std::sync::LazyLock;

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use vocabulary::Level;

use crate::extract::{LevelRow, columns};
use crate::seen::Sort;
use crate::texts::Texts;
use crate::writing::Writing;
use crate::{CatalogError, InstanceRow, normal, search_text, study_sets};

/// The rows that an instance hangs below.
#[derive(Debug)]
pub(crate) struct Parents {
    pub(crate) patient: i64,
    pub(crate) study: i64,
    pub(crate) series: i64,
    /// What the study has of `sop_classes_in_study` and `anatomic_regions`.
    sop_classes: String,
    anatomic_regions: Vec<u8>,
    /// Whether the values of a row may be other than those of the instance.
    differs: bool,
    counted: Counted,
}

/// What the numbers of instances have of the instance that is being recorded: a new row is made with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    Nowhere,
    InSeries,
    InSeriesAndStudy,
}

/// The rows of an instance, if its series is known under its study and its patient.
pub(crate) fn find(
    connection: &Connection,
    row: &InstanceRow,
    writing: &mut Writing,
) -> Result<Option<Parents>, CatalogError> {
    let (series, study) = (row.series_instance_uid.as_str(), row.study_instance_uid.as_str());
    let patient_id = row.patient.column(Level::Patient, "patient_id");
    let issuer = row.patient.column(Level::Patient, "issuer_of_patient_id");
    let without_id = row.without_id();
    let key = [series, study, patient_id, issuer, &without_id];
    if !writing.may_be_there(connection, Sort::Series, &key)? {
        return Ok(None);
    }
    let mut statement = connection.prepare_cached(
        "SELECT p.id, s.id, e.id, s.sop_classes_in_study, s.anatomic_regions, \
         p.fingerprint <> ?6 OR s.fingerprint <> ?7 OR e.fingerprint <> ?8 \
         FROM series e CROSS JOIN study s ON s.id = e.study CROSS JOIN patient p ON p.id = s.patient \
         WHERE e.series_instance_uid = ?1 AND s.study_instance_uid = ?2 \
         AND p.patient_id = ?3 AND p.issuer_of_patient_id = ?4 AND p.without_id = ?5",
    )?;
    let parents = statement.query_row(
        params![
            series,
            study,
            patient_id,
            issuer,
            without_id,
            row.patient.fingerprint,
            row.study.fingerprint,
            row.series.fingerprint,
        ],
        |found| {
            Ok(Parents {
                patient: found.get(0)?,
                study: found.get(1)?,
                series: found.get(2)?,
                sop_classes: found.get(3)?,
                anatomic_regions: found.get(4)?,
                differs: found.get(5)?,
                counted: Counted::Nowhere,
            })
        },
    );
    Ok(parents.optional()?)
}

/// Fills what the rows have no value for.
pub(crate) fn fill(
    connection: &Connection,
    row: &InstanceRow,
    parents: Parents,
    writing: &mut Writing,
) -> Result<Parents, CatalogError> {
    if parents.differs {
        fill_level(connection, Level::Patient, parents.patient, &row.patient)?;
        fill_level(connection, Level::Study, parents.study, &row.study)?;
        if fill_level(connection, Level::Series, parents.series, &row.series)? {
            writing.settle(connection)?;
            study_sets::refresh_modalities(connection, parents.study)?;
        }
    }
    Ok(parents)
}

/// The rows of an instance whose series is new, or is known only below another study.
pub(crate) fn find_or_add(
    connection: &Connection,
    row: &InstanceRow,
    writing: &mut Writing,
) -> Result<Parents, CatalogError> {
    let patient_id = row.patient.column(Level::Patient, "patient_id");
    let issuer = row.patient.column(Level::Patient, "issuer_of_patient_id");
    let without_id = row.without_id();
    let key = [row.study_instance_uid.as_str(), patient_id, issuer, &without_id];
    let [_, of_patient @ ..] = &key;
    let patient = match writing.may_be_there(connection, Sort::Patient, of_patient)? {
        true => connection
            .prepare_cached(
                "SELECT id FROM patient WHERE patient_id = ?1 AND issuer_of_patient_id = ?2 AND without_id = ?3",
            )?
            .query_row((patient_id, issuer, &without_id), |found| found.get(0))
            .optional()?,
        false => None,
    };
    let patient = match patient {
        Some(id) => {
            fill_level(connection, Level::Patient, id, &row.patient)?;
            id
        }
        None => {
            let own = [("without_id", without_id.as_str().into())];
            let id = insert(connection, Level::Patient, &row.patient, &own)?;
            search_text::insert(connection, Level::Patient, id, &row.patient)?;
            id
        }
    };
    let study = match writing.may_be_there(connection, Sort::Study, &key)? {
        true => connection
            .prepare_cached(
                "SELECT id, sop_classes_in_study, anatomic_regions FROM study \
                 WHERE study_instance_uid = ?1 AND patient = ?2",
            )?
            .query_row((row.study_instance_uid.as_str(), patient), |found| {
                Ok((found.get(0)?, found.get(1)?, found.get(2)?))
            })
            .optional()?,
        false => None,
    };
    let modality = row.series.column(Level::Series, "modality");
    let (study, sop_classes, anatomic_regions, counted) = match study {
        Some((study, sop_classes, anatomic_regions)) => {
            fill_level(connection, Level::Study, study, &row.study)?;
            study_sets::add_modality(connection, study, modality, writing)?;
            connection
                .prepare_cached("UPDATE study SET number_of_series = number_of_series + 1 WHERE id = ?1")?
                .execute([study])?;
            (study, sop_classes, anatomic_regions, Counted::InSeries)
        }
        None => {
            let sop_class = row.sop_class_uid.as_str();
            let own = [
                ("patient", patient.into()),
                ("modalities_in_study", modality.into()),
                ("sop_classes_in_study", sop_class.into()),
            ];
            let id = insert(connection, Level::Study, &row.study, &own)?;
            search_text::insert(connection, Level::Study, id, &row.study)?;
            study_sets::begin(connection, id, modality, sop_class, writing)?;
            (id, sop_class.to_owned(), Vec::new(), Counted::InSeriesAndStudy)
        }
    };
    let series = insert(connection, Level::Series, &row.series, &[("study", study.into())])?;
    Ok(Parents { patient, study, series, sop_classes, anatomic_regions, differs: false, counted })
}

/// Counts an instance that has become the current one, and adds its SOP class and regions to those of the study.
pub(crate) fn count_in(
    connection: &Connection,
    parents: &Parents,
    row: &InstanceRow,
    is_new: bool,
    writing: &mut Writing,
) -> Result<(), CatalogError> {
    if is_new {
        match parents.counted {
            Counted::Nowhere => {
                writing.count_in_series(connection, parents.series, 1)?;
                writing.count_in_study(connection, parents.study, 1)?;
            }
            Counted::InSeries => writing.count_in_study(connection, parents.study, 1)?,
            Counted::InSeriesAndStudy => {}
        }
    }
    if !parents.sop_classes.split('\\').any(|class| row.sop_class_uid == class) {
        study_sets::add_sop_class(
            connection,
            parents.study,
            &parents.sop_classes,
            row.sop_class_uid.as_str(),
            writing,
        )?;
    }
    if !row.anatomic_regions.is_empty() && row.anatomic_regions != parents.anatomic_regions {
        study_sets::add_regions(connection, parents.study, &parents.anatomic_regions, &row.anatomic_regions)?;
    }
    Ok(())
}

/// Whether anything was filled in.
fn fill_level(
    connection: &Connection,
    level: Level,
    id: i64,
    arriving: &LevelRow,
) -> Result<bool, CatalogError> {
    let mut statement = connection.prepare_cached(&statements(level).select)?;
    let held = statement.query_row([id], |found| read(level, found))?;
    let filled = held.filled_from(arriving);
    if filled == held {
        return Ok(false);
    }
    let values = values(level, &filled).chain([ToSqlOutput::from(id)]);
    connection.prepare_cached(&statements(level).update)?.execute(params_from_iter(values))?;
    search_text::replace(connection, level, id, &filled)?;
    Ok(true)
}

pub(crate) fn read(level: Level, found: &Row<'_>) -> rusqlite::Result<LevelRow> {
    let count = columns(level).len();
    let mut texts = Texts::default();
    for at in 0..count {
        texts.push(found.get_ref(at)?.as_str()?);
    }
    Ok(LevelRow::new(texts, found.get(count)?))
}

fn insert(
    connection: &Connection,
    level: Level,
    row: &LevelRow,
    own: &[(&str, ToSqlOutput<'_>)],
) -> Result<i64, CatalogError> {
    let values = values(level, row)
        .chain([ToSqlOutput::from(row.fingerprint)])
        .chain(own.iter().map(|(_, value)| value.clone()));
    connection.prepare_cached(&statements(level).insert)?.execute(params_from_iter(values))?;
    Ok(connection.last_insert_rowid())
}

/// The values of a row in the order of its statements: the columns of the keys, those made from them, the rest.
fn values(level: Level, row: &LevelRow) -> impl Iterator<Item = ToSqlOutput<'_>> {
    // As many as there are places for, whatever another process says.
    let texts = (0..columns(level).len()).map(|at| ToSqlOutput::from(row.columns.get(at)));
    let rest = std::iter::once(ToSqlOutput::from(row.further.as_slice()));
    texts.chain(derived(level, row)).chain(rest)
}

fn derived(level: Level, row: &LevelRow) -> Vec<ToSqlOutput<'static>> {
    let day = |column| ToSqlOutput::from(normal::day(row.column(level, column)).unwrap_or(0));
    let mut values: Vec<_> =
        DERIVED_DAYS.iter().filter(|(of, _, _)| *of == level).map(|(_, _, column)| day(column)).collect();
    if matches!(level, Level::Patient | Level::Study) {
        values.extend(normal::folded_groups(row.column(level, "patient_name")).map(ToSqlOutput::from));
    }
    values
}

/// Columns with the day of a date: level, column, the date's column.
pub(crate) const DERIVED_DAYS: &[(Level, &str, &str)] = &[
    (Level::Patient, "birth_day", "patient_birth_date"),
    (Level::Study, "study_day", "study_date"),
    (Level::Study, "birth_day", "patient_birth_date"),
    (Level::Series, "series_day", "series_date"),
    (Level::Series, "performed_procedure_step_start_day", "performed_procedure_step_start_date"),
];

/// Columns with the component groups of the patient's name.
pub(crate) const FOLDED: [&str; 3] = ["folded_alphabetic", "folded_ideographic", "folded_phonetic"];

pub(crate) struct Statements {
    /// The columns of the keys and the further attributes of one row.
    pub(crate) select: String,
    insert: String,
    update: String,
}

pub(crate) fn statements(level: Level) -> &'static Statements {
    static ALL: LazyLock<[Statements; 3]> =
        LazyLock::new(|| [Level::Patient, Level::Study, Level::Series].map(Statements::new));
    let [patient, study, series] = &*ALL;
    match level {
        Level::Patient => patient,
        Level::Study => study,
        Level::Series | Level::Image => series,
    }
}

impl Statements {
    fn new(level: Level) -> Self {
        // What a new row starts with, made with its first instance: its place and its sets; its counts.
        let (table, own, counts) = match level {
            Level::Patient => ("patient", &["without_id"][..], &[][..]),
            Level::Study => (
                "study",
                &["patient", "modalities_in_study", "sop_classes_in_study"][..],
                &[("number_of_series", "1"), ("number_of_instances", "1"), ("anatomic_regions", "x''")][..],
            ),
            Level::Series | Level::Image => ("series", &["study"][..], &[("number_of_instances", "1")][..]),
        };
        let texts: Vec<_> = columns(level).iter().map(|(_, column)| *column).collect();
        let mut all = texts.clone();
        all.extend(DERIVED_DAYS.iter().filter(|(of, _, _)| *of == level).map(|(_, column, _)| *column));
        if matches!(level, Level::Patient | Level::Study) {
            all.extend(FOLDED);
        }
        all.push("further");
        let places: Vec<_> = (1..=all.len() + 1 + own.len()).map(|number| format!("?{number}")).collect();
        let assignments: Vec<_> =
            all.iter().zip(&places).map(|(column, place)| format!("{column} = {place}")).collect();
        let columns: Vec<&str> = all
            .iter()
            .chain(&["fingerprint"])
            .chain(own)
            .copied()
            .chain(counts.iter().map(|count| count.0))
            .collect();
        let values: Vec<&str> =
            places.iter().map(String::as_str).chain(counts.iter().map(|count| count.1)).collect();
        Self {
            select: format!("SELECT {}, further FROM {table} WHERE id = ?1", texts.join(", ")),
            insert: format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), values.join(", ")),
            update: format!("UPDATE {table} SET {} WHERE id = ?{}", assignments.join(", "), all.len() + 1),
        }
    }
}
