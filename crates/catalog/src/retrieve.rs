use std::collections::{BTreeMap, VecDeque};

use dataset::Identifier;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use vocabulary::{InformationModel, Level, Uid};

use crate::held::uid_key;
use crate::keys;
use crate::limits::INSTANCES_READ;
use crate::locate::{HELD_COLUMNS, held};
use crate::query::level_of;
use crate::rules::Lenience;
use crate::{CatalogError, Held, QueryRefused, QueryRules};

/// What a C-MOVE or C-GET asks for: the unique keys of its identifier (PS3.4 C.4.2.1.4, C.4.3.1.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retrieve {
    level: Level,
    patient_id: Option<String>,
    /// Of studies, series and instances, each empty where none is asked for.
    studies: Vec<Uid>,
    series: Vec<Uid>,
    instances: Vec<Uid>,
}

impl Retrieve {
    /// Takes what is asked for from the identifier of a C-MOVE or C-GET request. Keys that are not unique keys of the
    /// level or above are ignored (SIL-059).
    ///
    /// # Errors
    /// When the identifier does not fit the model: A900, with the element that offends.
    pub fn from_identifier(
        model: InformationModel,
        identifier: &Identifier,
        rules: &QueryRules,
    ) -> Result<Self, QueryRefused> {
        let level = level_of(model, identifier)?;
        let mut retrieve =
            Self { level, patient_id: None, studies: Vec::new(), series: Vec::new(), instances: Vec::new() };
        for at in model.levels().iter().copied().filter(|at| *at <= level) {
            let key = keys::unique(at);
            let text = identifier.text(key.tag).unwrap_or_default();
            if text.is_empty() {
                if at == level || rules.upper_unique_key_missing == Lenience::Refused {
                    return Err(QueryRefused::unfit(key.tag, &format!("{} has no value", key.keyword)));
                }
                continue;
            }
            if text.contains(['*', '?']) {
                return Err(QueryRefused::unfit(key.tag, &format!("{} has wild cards", key.keyword)));
            }
            let is_list = text.contains('\\');
            if is_list && (at != level || at == Level::Patient) {
                let comment = format!("{} has more than one value", key.keyword);
                return Err(QueryRefused::unfit(key.tag, &comment));
            }
            if at == Level::Patient {
                retrieve.patient_id = Some(text);
                continue;
            }
            let uids = text.split('\\').map(Uid::parse).collect::<Result<Vec<_>, _>>();
            let mut uids =
                uids.map_err(|error| QueryRefused::unfit(key.tag, &format!("{}: {error}", key.keyword)))?;
            uids.sort_unstable();
            uids.dedup();
            match at {
                Level::Patient => {}
                Level::Study => retrieve.studies = uids,
                Level::Series => retrieve.series = uids,
                Level::Image => retrieve.instances = uids,
            }
        }
        Ok(retrieve)
    }

    /// One study with all that is in it.
    pub fn study(study_instance_uid: Uid) -> Self {
        Self {
            level: Level::Study,
            patient_id: None,
            studies: vec![study_instance_uid],
            series: Vec::new(),
            instances: Vec::new(),
        }
    }

    /// Query/Retrieve Level (0008,0052).
    pub fn level(&self) -> Level {
        self.level
    }
}

/// The instances that a C-MOVE or C-GET asks for. No lock and no read transaction is held between two of them,
/// however long the sending takes.
#[derive(Debug)]
pub struct Retrieval<'c> {
    connection: &'c Connection,
    instances: u64,
    /// What is still to be read, the next last: series, or single instances.
    left: Vec<i64>,
    level: Level,
    /// The last instance that was read of the series that is being read.
    after: i64,
    read: VecDeque<Held>,
}

/// Instances of one SOP class in one transfer syntax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Their SOP class.
    pub sop_class_uid: Uid,
    /// Their transfer syntax.
    pub transfer_syntax_uid: Uid,
    /// How many there are.
    pub instances: u64,
}

impl<'c> Retrieval<'c> {
    pub(crate) fn new(connection: &'c Connection, retrieve: &Retrieve) -> Result<Self, CatalogError> {
        let mut parameters: Vec<Value> = Vec::new();
        let mut conditions: Vec<String> = Vec::new();
        let mut place = |value: Value| {
            parameters.push(value);
            format!("?{}", parameters.len())
        };
        let from = match retrieve.level {
            Level::Image => {
                let uid_keys: Vec<_> =
                    retrieve.instances.iter().map(|uid| uid_key(uid.as_str()).to_string()).collect();
                let uid_keys = place(format!("[{}]", uid_keys.join(",")).into());
                conditions.push(format!("i.sop_instance_key IN (SELECT value FROM json_each({uid_keys}))"));
                conditions.push(format!("i.sop_instance_uid IN {}", list(&mut place, &retrieve.instances)));
                conditions.push("i.current = 1".to_owned());
                "instance i CROSS JOIN series e ON e.id = i.series CROSS JOIN study s ON s.id = e.study"
            }
            Level::Series => "series e CROSS JOIN study s ON s.id = e.study",
            Level::Study | Level::Patient => "study s CROSS JOIN series e ON e.study = s.id",
        };
        if !retrieve.series.is_empty() {
            let own = plus(retrieve.level != Level::Series);
            conditions.push(format!("{own}e.series_instance_uid IN {}", list(&mut place, &retrieve.series)));
        }
        if !retrieve.studies.is_empty() {
            let own = plus(retrieve.level != Level::Study);
            conditions.push(format!("{own}s.study_instance_uid IN {}", list(&mut place, &retrieve.studies)));
        }
        if let Some(patient_id) = &retrieve.patient_id {
            let own = plus(retrieve.level != Level::Patient);
            conditions.push(format!("{own}s.patient_id = {}", place(patient_id.clone().into())));
        }
        let what = if retrieve.level == Level::Image { "i.id, 1" } else { "e.id, e.number_of_instances" };
        let sql = format!("SELECT {what} FROM {from} WHERE {}", conditions.join(" AND "));
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(parameters))?;
        let (mut left, mut instances) = (Vec::new(), 0_u64);
        while let Some(row) = rows.next()? {
            left.push(row.get(0)?);
            instances += u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
        }
        left.reverse();
        Ok(Self { connection, instances, left, level: retrieve.level, after: 0, read: VecDeque::new() })
    }

    /// How many there were when the request came.
    pub fn instances(&self) -> u64 {
        self.instances
    }

    /// What kinds of instances are still to be read, in the order of their UIDs: what a sender has to propose.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn kinds(&self) -> Result<Vec<Kind>, CatalogError> {
        let of = if self.level == Level::Image { "id" } else { "series" };
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT sop_class_uid, transfer_syntax_uid, count(*) FROM instance \
             WHERE {of} = ?1 AND current = 1 GROUP BY sop_class_uid, transfer_syntax_uid"
        ))?;
        let mut kinds: BTreeMap<(String, String), u64> = BTreeMap::new();
        for id in &self.left {
            let mut rows = statement.query([id])?;
            while let Some(row) = rows.next()? {
                *kinds.entry((row.get(0)?, row.get(1)?)).or_default() +=
                    u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
            }
        }
        kinds
            .into_iter()
            .map(|((sop_class, transfer_syntax), instances)| {
                Ok(Kind {
                    sop_class_uid: Uid::parse(&sop_class).map_err(|_| crate::locate::damaged("a UID"))?,
                    transfer_syntax_uid: Uid::parse(&transfer_syntax)
                        .map_err(|_| crate::locate::damaged("a UID"))?,
                    instances,
                })
            })
            .collect()
    }

    /// Reads on, until something was read or there is no more.
    fn read_more(&mut self) -> Result<(), CatalogError> {
        while self.read.is_empty() {
            let Some(id) = self.left.last().copied() else { return Ok(()) };
            let of = if self.level == Level::Image {
                "i.id = ?1 AND i.id > ?2"
            } else {
                "i.series = ?1 AND i.id > ?2"
            };
            let mut statement = self.connection.prepare_cached(&format!(
                "SELECT {HELD_COLUMNS}, i.id FROM instance i CROSS JOIN series e ON e.id = i.series \
                 CROSS JOIN study s ON s.id = e.study WHERE {of} AND i.current = 1 ORDER BY i.id LIMIT ?3"
            ))?;
            let mut rows = statement.query((id, self.after, INSTANCES_READ as i64))?;
            while let Some(row) = rows.next()? {
                self.after = row.get(15)?;
                self.read.push_back(held(row)?);
            }
            if self.read.len() < INSTANCES_READ {
                self.left.pop();
                self.after = 0;
            }
        }
        Ok(())
    }
}

impl Iterator for Retrieval<'_> {
    type Item = Result<Held, CatalogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Err(error) = self.read_more() {
            self.left.clear();
            return Some(Err(error));
        }
        self.read.pop_front().map(Ok)
    }
}

/// Keeps the planner from starting with a condition.
fn plus(apart: bool) -> &'static str {
    if apart { "+" } else { "" }
}

/// UIDs hold digits and dots only: in JSON they need no escapes.
fn list(place: &mut impl FnMut(Value) -> String, uids: &[Uid]) -> String {
    let quoted: Vec<_> = uids.iter().map(|uid| format!("\"{uid}\"")).collect();
    format!("(SELECT value FROM json_each({}))", place(format!("[{}]", quoted.join(",")).into()))
}

#[cfg(test)]
mod tests;
