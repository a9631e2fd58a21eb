//! What was corrected: which rows it is about, and those rows made anew.
//!
//! A correction is no change of rows. It is kept, and whatever is recorded of the patient, study or series that it is
//! about goes through it ([`corrected`]): so what comes later has it too, and a catalog that is rebuilt from the files
//! comes to the same. To correct what is held is to record it again.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};
use vocabulary::{Level, Uid};

use crate::entities::{read as read_row, statements};
use crate::extract::LevelRow;
use crate::keys::Key;
use crate::locate::{HELD_COLUMNS, held};
use crate::overrides::{read, to_bytes};
use crate::writing::Writing;
use crate::{Assigned, CatalogError, Held, InstanceRow, Location, record, search_text};

pub mod valid;

#[cfg(test)]
mod tests;

/// What tells a patient from others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PatientIdentity {
    /// Patient ID (0010,0020), not empty.
    pub patient_id: String,
    /// Issuer of Patient ID (0010,0021), or empty.
    pub issuer: String,
}

/// What a correction is of: as it was called at that time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// A patient.
    Patient(PatientIdentity),
    /// A study, by its Study Instance UID.
    Study(Uid),
    /// A series, by its Series Instance UID.
    Series(Uid),
}

impl Of {
    /// Its level.
    pub fn level(&self) -> Level {
        match self {
            Self::Patient(_) => Level::Patient,
            Self::Study(_) => Level::Study,
            Self::Series(_) => Level::Series,
        }
    }

    /// As three columns have it.
    fn columns(&self) -> (i64, &str, &str) {
        match self {
            Self::Patient(patient) => (0, &patient.patient_id, &patient.issuer),
            Self::Study(uid) => (1, uid.as_str(), ""),
            Self::Series(uid) => (2, uid.as_str(), ""),
        }
    }
}

/// A patient, study or series as the catalog has it.
#[derive(Debug)]
pub struct Subject {
    level: Level,
    /// Whose it is; `None` of a patient without a Patient ID.
    pub patient: Option<PatientIdentity>,
    /// How many instances it has, versions that are not current left out.
    pub instances: u64,
    own: LevelRow,
    patients: LevelRow,
    study: i64,
}

impl Subject {
    /// The value of a key of its level, or of its patient; empty without.
    pub fn value(&self, key: &Key) -> String {
        match key.level == self.level {
            true => self.own.text(self.level, key),
            false => self.patients.text(Level::Patient, key),
        }
    }
}

/// The catalog as corrections see it. What is written is written with the transaction that lent this.
#[derive(Debug)]
pub struct Correctable<'c> {
    connection: &'c Connection,
}

impl<'c> Correctable<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Self {
        Self { connection }
    }

    /// The numbers of the corrections that hold, in ascending order.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn corrections(&self) -> Result<Vec<u64>, CatalogError> {
        let mut statement = self.connection.prepare_cached("SELECT id FROM correction ORDER BY id")?;
        let ids = statement.query_map([], |row| row.get::<_, i64>(0))?;
        ids.map(|id| Ok(u64::try_from(id?).unwrap_or(0))).collect()
    }

    /// Lets a correction hold for what is recorded from now on.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub fn add(&self, id: u64, of: &Of, values: &[Assigned], made_at: i64) -> Result<(), CatalogError> {
        let (level, key, issuer) = of.columns();
        let id = i64::try_from(id).unwrap_or(i64::MAX);
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO correction (id, level, key, issuer, made_at, assigned) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![id, level, key, issuer, made_at, to_bytes(&values)?])?;
        Ok(())
    }

    /// Lets a correction hold no longer.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub fn remove(&self, id: u64) -> Result<(), CatalogError> {
        let id = i64::try_from(id).unwrap_or(i64::MAX);
        self.connection.prepare_cached("DELETE FROM correction WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    /// The patients with this Patient ID, of this issuer or of any.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn patients(&self, patient_id: &str, issuer: Option<&str>) -> Result<Vec<Subject>, CatalogError> {
        let ids = self.ids(
            "SELECT id FROM patient WHERE patient_id = ?1 AND patient_id <> '' \
             AND (?2 IS NULL OR issuer_of_patient_id = ?2) ORDER BY issuer_of_patient_id",
            params![patient_id, issuer],
        )?;
        ids.into_iter().map(|id| self.patient(id)).collect()
    }

    /// The studies with this Study Instance UID: one, unless they name several patients.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn studies(&self, uid: &Uid) -> Result<Vec<Subject>, CatalogError> {
        let ids = self
            .ids("SELECT id FROM study WHERE study_instance_uid = ?1 ORDER BY id", params![uid.as_str()])?;
        ids.into_iter().map(|id| self.below(Level::Study, id, id)).collect()
    }

    /// The series with this Series Instance UID.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn series(&self, uid: &Uid) -> Result<Vec<Subject>, CatalogError> {
        let ids = self
            .ids("SELECT id FROM series WHERE series_instance_uid = ?1 ORDER BY id", params![uid.as_str()])?;
        let study = |id: &i64| -> Result<i64, CatalogError> {
            Ok(self.connection.query_row("SELECT study FROM series WHERE id = ?1", [id], |row| row.get(0))?)
        };
        ids.into_iter().map(|id| self.below(Level::Series, id, study(&id)?)).collect()
    }

    fn patient(&self, id: i64) -> Result<Subject, CatalogError> {
        let own = self.row(Level::Patient, id)?;
        let instances = self.connection.query_row(
            "SELECT sum(x.number_of_instances) FROM patient p JOIN study x \
             ON x.patient_id = p.patient_id AND x.patient = p.id WHERE p.id = ?1",
            [id],
            |row| row.get::<_, Option<i64>>(0),
        )?;
        let instances = u64::try_from(instances.unwrap_or(0)).unwrap_or(0);
        let patient = identity(&own);
        Ok(Subject { level: Level::Patient, patient, instances, patients: own.clone(), own, study: 0 })
    }

    fn below(&self, level: Level, id: i64, study: i64) -> Result<Subject, CatalogError> {
        let own = self.row(level, id)?;
        let table = if level == Level::Study { "study" } else { "series" };
        let count = format!("SELECT number_of_instances FROM {table} WHERE id = ?1");
        let instances: i64 = self.connection.query_row(&count, [id], |row| row.get(0))?;
        let patient: i64 =
            self.connection
                .query_row("SELECT patient FROM study WHERE id = ?1", [study], |row| row.get(0))?;
        let patients = self.row(Level::Patient, patient)?;
        let instances = u64::try_from(instances).unwrap_or(0);
        Ok(Subject { level, patient: identity(&patients), instances, own, patients, study })
    }

    fn row(&self, level: Level, id: i64) -> Result<LevelRow, CatalogError> {
        let mut statement = self.connection.prepare_cached(&statements(level).select)?;
        Ok(statement.query_row([id], |found| read_row(level, found))?)
    }

    fn ids(&self, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<i64>, CatalogError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let ids = statement.query_map(values, |row| row.get(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    /// The rows that a correction changes: the studies of what it is of, and all those of the patients that it takes
    /// something from or gives something to.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn scope(&self, of: &Of, patients: &[PatientIdentity]) -> Result<Scope, CatalogError> {
        let mut studies: BTreeSet<i64> = match of {
            Of::Patient(_) => BTreeSet::new(),
            Of::Study(uid) => self.studies(uid)?.into_iter().map(|subject| subject.study).collect(),
            Of::Series(uid) => self.series(uid)?.into_iter().map(|subject| subject.study).collect(),
        };
        let own = match of {
            Of::Patient(own) => Some(own),
            Of::Study(_) | Of::Series(_) => None,
        };
        for patient in patients.iter().chain(own) {
            studies.extend(self.ids(
                "SELECT s.id FROM patient p CROSS JOIN study s ON s.patient_id = p.patient_id AND s.patient = p.id \
                 WHERE p.patient_id = ?1 AND p.issuer_of_patient_id = ?2 AND p.without_id = ''",
                params![patient.patient_id, patient.issuer],
            )?);
        }
        Ok(Scope { studies })
    }

    /// Every version of every instance of some rows, in the order in which they were received.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn instances(&self, scope: &Scope) -> Result<Vec<Held>, CatalogError> {
        // An index has the current ones of a series; every other version has one of them beside it.
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT {HELD_COLUMNS} FROM study s CROSS JOIN series e ON e.study = s.id \
             CROSS JOIN instance c ON c.series = e.id AND c.current = 1 \
             CROSS JOIN instance i ON i.sop_instance_key = c.sop_instance_key \
             AND i.sop_instance_uid = c.sop_instance_uid AND i.series = c.series WHERE s.id = ?1"
        ))?;
        let mut instances = Vec::new();
        for study in &scope.studies {
            let mut rows = statement.query([study])?;
            while let Some(row) = rows.next()? {
                instances.push(held(row)?);
            }
        }
        instances.sort_by(|one, other| {
            let order =
                |held: &Held| (held.received_at, held.place.version, held.place.sop_instance_uid.clone());
            order(one).cmp(&order(other))
        });
        Ok(instances)
    }

    /// Makes rows anew: what is held of them is forgotten, and recorded again as the corrections now say. `row` gives
    /// what the file of an instance says.
    ///
    /// # Errors
    /// When an instance cannot be read, or the catalog cannot be written.
    pub fn record_again<E: From<CatalogError>>(
        &self,
        scope: &Scope,
        row: &mut dyn FnMut(&Held) -> Result<InstanceRow, E>,
    ) -> Result<(), E> {
        let mut again = Vec::new();
        for held in self.instances(scope)? {
            again.push((row(&held)?, location(&held)));
        }
        self.forget(scope)?;
        for (row, location) in &again {
            record::record(self.connection, row, location, &mut Writing::AtOnce)?;
        }
        Ok(())
    }

    fn forget(&self, scope: &Scope) -> Result<(), CatalogError> {
        let connection = self.connection;
        for study in &scope.studies {
            let instances = self.ids(
                "SELECT i.id FROM series e CROSS JOIN instance c ON c.series = e.id AND c.current = 1 \
                 CROSS JOIN instance i ON i.sop_instance_key = c.sop_instance_key \
                 AND i.sop_instance_uid = c.sop_instance_uid AND i.series = c.series WHERE e.study = ?1",
                params![study],
            )?;
            for instance in instances {
                connection.prepare_cached("DELETE FROM instance WHERE id = ?1")?.execute([instance])?;
            }
            for (kind, list) in [("M", "modalities_in_study"), ("C", "sop_classes_in_study")] {
                let values: String = connection
                    .prepare_cached(&format!("SELECT {list} FROM study WHERE id = ?1"))?
                    .query_row([study], |row| row.get(0))?;
                for value in values.split('\\') {
                    connection
                        .prepare_cached(
                            "DELETE FROM study_has WHERE kind = ?1 AND value = ?2 AND study = ?3",
                        )?
                        .execute(params![kind, value, study])?;
                }
            }
            connection.prepare_cached("DELETE FROM series WHERE study = ?1")?.execute([study])?;
            let patient: i64 = connection
                .prepare_cached("DELETE FROM study WHERE id = ?1 RETURNING patient")?
                .query_row([study], |row| row.get(0))?;
            search_text::remove(connection, Level::Study, *study)?;
            let gone = connection
                .prepare_cached(
                    "DELETE FROM patient WHERE id = ?1 AND NOT EXISTS \
                     (SELECT 1 FROM study x WHERE x.patient_id = patient.patient_id AND x.patient = patient.id)",
                )?
                .execute([patient])?;
            if gone > 0 {
                search_text::remove(connection, Level::Patient, patient)?;
            }
        }
        Ok(())
    }
}

/// Rows that are made anew together.
#[derive(Debug)]
pub struct Scope {
    studies: BTreeSet<i64>,
}

fn identity(patient: &LevelRow) -> Option<PatientIdentity> {
    let value = |column| patient.column(Level::Patient, column).to_owned();
    let (patient_id, issuer) = (value("patient_id"), value("issuer_of_patient_id"));
    (!patient_id.is_empty()).then_some(PatientIdentity { patient_id, issuer })
}

fn location(held: &Held) -> Location {
    Location {
        day: held.place.day,
        version: held.place.version,
        bytes: held.bytes,
        data_set_offset: held.data_set_offset,
        digest: held.digest,
        received_at: held.received_at,
        source_ae_title: held.source_ae_title.clone(),
    }
}

/// Whether there are any corrections. Nearly always there are none, and to know that costs a tenth of looking for those
/// of an instance.
pub(crate) fn are_there_any(connection: &Connection) -> Result<bool, CatalogError> {
    let mut statement = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM correction)")?;
    Ok(statement.query_row([], |found| found.get(0))?)
}

/// The row as the corrections say; `None`: none of them is of it. They are gone through in the order in which they
/// were made, each for what the row is called after those before it.
pub(crate) fn corrected(
    connection: &Connection,
    row: &InstanceRow,
) -> Result<Option<InstanceRow>, CatalogError> {
    let mut corrected: Option<InstanceRow> = None;
    let mut after = 0_i64;
    while let Some((id, made_at, values)) = next(connection, corrected.as_ref().unwrap_or(row), after)? {
        corrected.get_or_insert_with(|| row.clone()).correct(&values, made_at);
        after = id;
    }
    Ok(corrected)
}

type Next = (i64, i64, Vec<Assigned>);

fn next(connection: &Connection, row: &InstanceRow, after: i64) -> Result<Option<Next>, CatalogError> {
    let patient = |column| row.patient.column(Level::Patient, column);
    let mut statement = connection.prepare_cached(
        "SELECT id, made_at, assigned FROM correction WHERE key IN (?1, ?2, ?3) AND id > ?5 \
         AND ((level = 0 AND key = ?1 AND issuer = ?4) OR (level = 1 AND key = ?2) OR (level = 2 AND key = ?3)) \
         ORDER BY id LIMIT 1",
    )?;
    let found = statement.query_row(
        params![
            patient("patient_id"),
            row.study_instance_uid.as_str(),
            row.series_instance_uid.as_str(),
            patient("issuer_of_patient_id"),
            after
        ],
        |found| Ok((found.get(0)?, found.get(1)?, found.get::<_, Vec<u8>>(2)?)),
    );
    let Some((id, made_at, assigned)) = found.optional()? else { return Ok(None) };
    Ok(Some((id, made_at, read(&assigned)?)))
}
