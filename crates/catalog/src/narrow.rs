//! What SQL can do of a query: conditions that indexes fit, each wider than what is asked or as wide.
//!
//! | key | looked up in |
//! |---|---|
//! | UIDs, Patient ID, Accession Number, Study ID and the other texts with a column | the column's index: equality, or the range of what the value begins with |
//! | Patient's Name | the indexes of its three folded component groups, likewise |
//! | dates with a column | the index of their day |
//! | Modalities in Study, SOP Classes in Study | `study_has` |
//! | texts of patient and study without a column, and all with three or more characters in a row that stand behind a wild card | the trigrams of `patient_text` and `study_text` |
//! | keys of series and instances without a column | the study or the series, whose unique key stands beside them |
//! | Patient's Sex | the index of those that are neither M nor F; these two are met everywhere |
//! | times, numbers and sequences of a study alone | nothing: the rows are gone through |

use rusqlite::types::Value;
use vocabulary::Level;

use crate::entities::{DERIVED_DAYS, FOLDED};
use crate::held::uid_key;
use crate::keys::{Kept, Key, KeyType, Made};
use crate::matching::{Matching, Wild};
use crate::query::{Criterion, Query, Test};
use crate::search_text::{self, Question};
use crate::study_sets;

/// Every text that begins with a prefix is below the prefix with this behind it.
const LAST_CHARACTER: char = '\u{10FFFF}';

/// A condition on the table of one level.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Narrowing {
    /// The table: that of the key's level, or of the study for the patient's copy there.
    pub(crate) level: Level,
    pub(crate) how: How,
    /// How few rows it lets one expect, from 0 (one at most) up.
    pub(crate) rank: u8,
}

/// How rows are found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum How {
    /// By the index of a column.
    Column(Column),
    /// By `study_has`.
    Has { kind: &'static str, value: String },
    /// By the trigrams of the level's texts.
    Text(Question),
}

/// One column of which a range is wanted, or several of which one has to be in its range.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    alternatives: Vec<(&'static str, Bounds)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Bounds {
    /// The column is equal to one of these.
    Among(Vec<Value>),
    /// Both ends included.
    Between(i64, i64),
    /// The text begins so.
    Begins(String),
}

/// The indexes that leave empty texts out (schema 0001): the condition must say that it wants none.
const WITHOUT_EMPTY: &[&str] = &[
    "issuer_of_patient_id",
    "folded_ideographic",
    "folded_phonetic",
    "accession_number",
    "study_id",
    "study_description",
    "series_description",
    "body_part_examined",
];

/// The index of sexes leaves those out that are no rarity.
const COMMON_SEXES: &str = "('M', 'F', '')";

/// The index that leaves zero out.
const WITHOUT_ZERO: &str = "performed_procedure_step_start_day";

impl Column {
    /// The condition, its parameters appended to `parameters`. `apart` keeps the planner from looking the rows
    /// up by it.
    pub(crate) fn condition(&self, alias: &str, apart: bool, parameters: &mut Vec<Value>) -> String {
        let plus = if apart { "+" } else { "" };
        let mut conditions = Vec::new();
        for (name, bounds) in &self.alternatives {
            let mut place = |value: Value| {
                parameters.push(value);
                format!("?{}", parameters.len())
            };
            let column = format!("{plus}{alias}.{name}");
            let mut condition = match bounds {
                Bounds::Among(values) => match values.as_slice() {
                    [one] => format!("{column} = {}", place(one.clone())),
                    several => {
                        format!("{column} IN (SELECT value FROM json_each({}))", place(json(several).into()))
                    }
                },
                Bounds::Between(from, to) => {
                    let from = place(Value::Integer(*from));
                    format!("{column} BETWEEN {from} AND {}", place(Value::Integer(*to)))
                }
                Bounds::Begins(prefix) => {
                    let from = place(prefix.clone().into());
                    let to = place(format!("{prefix}{LAST_CHARACTER}").into());
                    format!("{column} >= {from} AND {column} < {to}")
                }
            };
            if WITHOUT_EMPTY.contains(name) {
                condition.push_str(&format!(" AND {column} <> ''"));
            } else if *name == "patient_sex" {
                condition.push_str(&format!(" AND {column} NOT IN {COMMON_SEXES}"));
            } else if *name == WITHOUT_ZERO {
                condition.push_str(&format!(" AND {column} <> 0"));
            }
            conditions.push(condition);
        }
        match conditions.as_slice() {
            [one] => one.clone(),
            several => format!("({})", several.join(" OR ")),
        }
    }
}

/// A JSON list of whole numbers, or of texts.
fn json(values: &[Value]) -> String {
    let texts: Vec<String> = values
        .iter()
        .map(|value| match value {
            Value::Integer(number) => number.to_string(),
            Value::Text(text) => quoted(text),
            Value::Null | Value::Real(_) | Value::Blob(_) => "null".to_owned(),
        })
        .collect();
    format!("[{}]", texts.join(","))
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\0'..='\u{1F}' => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The table of a level.
pub(crate) fn table(level: Level) -> &'static str {
    match level {
        Level::Patient => "patient",
        Level::Study => "study",
        Level::Series => "series",
        Level::Image => "instance",
    }
}

/// What the statement calls it.
pub(crate) fn alias(level: Level) -> &'static str {
    match level {
        Level::Patient => "p",
        Level::Study => "s",
        Level::Series => "e",
        Level::Image => "i",
    }
}

/// The level whose table has the values of a key in a query: the patient's are the study's from there down.
pub(crate) fn table_level(query: &Query, key: &Key) -> Level {
    match (key.level, key.kept) {
        (Level::Patient, Kept::Made(Made::Number(_))) => Level::Patient,
        (Level::Patient, _) if query.level() > Level::Patient => Level::Study,
        (level, _) => level,
    }
}

/// Every way to narrow a query.
pub(crate) fn narrowings(query: &Query) -> Vec<Narrowing> {
    let mut found = Vec::new();
    for criterion in &query.criteria {
        if query.empty_matches && criterion.key.key_type_in(query.model()) == KeyType::Required {
            continue;
        }
        if let Test::Value(matching) = &criterion.test {
            let level = table_level(query, criterion.key);
            let by_column = by_column(level, criterion, matching);
            // What a value begins with leaves no more rows than its trigrams, if it is all that is asked.
            if by_column.is_none() || !is_all_prefix(matching) {
                found.extend(by_text(level, criterion, matching));
            }
            found.extend(by_column);
        }
    }
    found
}

/// Whether nothing is asked of a value but what it begins with, or what it is.
fn is_all_prefix(matching: &Matching) -> bool {
    let is = |wild: &Wild| wild.literal_runs().eq(Some(wild.prefix()).filter(|prefix| !prefix.is_empty()));
    match matching {
        Matching::Text(patterns) => patterns.iter().all(|pattern| is(&pattern.0)),
        Matching::Name(patterns) => patterns
            .iter()
            .all(|pattern| pattern.groups.len() == 1 && pattern.groups.iter().flatten().all(is)),
        _ => true,
    }
}

fn by_column(level: Level, criterion: &Criterion, matching: &Matching) -> Option<Narrowing> {
    let key = criterion.key;
    let narrowing =
        |alternatives, rank| Some(Narrowing { level, how: How::Column(Column { alternatives }), rank });
    let column = match key.kept {
        Kept::Column(column) => column,
        Kept::Made(made @ (Made::ModalitiesInStudy | Made::SopClassesInStudy)) => {
            let kind =
                if made == Made::ModalitiesInStudy { study_sets::MODALITY } else { study_sets::SOP_CLASS };
            let value = single_literal(matching)?;
            return Some(Narrowing { level, how: How::Has { kind, value: value.to_owned() }, rank: 7 });
        }
        Kept::Made(_) | Kept::Attributes => return None,
    };
    let texts = |texts: Vec<&str>| texts.into_iter().map(|text| Value::Text(text.to_owned())).collect();
    match matching {
        Matching::Uids(uids) if key.key_type == KeyType::Unique => {
            let (column, values) = if level == Level::Image {
                ("sop_instance_key", uids.iter().map(|uid| Value::Integer(uid_key(uid))).collect())
            } else {
                (column, texts(uids.iter().map(String::as_str).collect()))
            };
            narrowing(vec![(column, Bounds::Among(values))], 0)
        }
        Matching::Uids(uids) => {
            narrowing(vec![(column, Bounds::Among(texts(uids.iter().map(String::as_str).collect())))], 9)
        }
        Matching::Text(patterns) => {
            let literals: Option<Vec<&str>> = patterns.iter().map(|pattern| pattern.0.as_literal()).collect();
            if column == "patient_sex" {
                let is_rare = |sex: &&str| !["M", "F"].contains(sex);
                let rare = literals.filter(|sexes| sexes.iter().all(is_rare))?;
                return narrowing(vec![(column, Bounds::Among(texts(rare)))], rank(column));
            }
            match (literals, patterns.as_slice()) {
                (Some(literals), _) => {
                    narrowing(vec![(column, Bounds::Among(texts(literals)))], rank(column))
                }
                (None, [one]) if !one.0.prefix().is_empty() => {
                    narrowing(vec![(column, Bounds::Begins(one.0.prefix().to_owned()))], rank(column) + 2)
                }
                _ => None,
            }
        }
        Matching::Name(patterns) if column == "patient_name" => {
            let [pattern] = patterns.as_slice() else { return None };
            let is_any = pattern.groups.len() == 1;
            let group = |wild: &Wild| match wild.as_literal() {
                Some(literal) => Some(Bounds::Among(texts(vec![literal]))),
                None => {
                    let prefix = wild.prefix().trim_end_matches('^');
                    (!prefix.is_empty()).then(|| Bounds::Begins(prefix.to_owned()))
                }
            };
            let is_literal = pattern.groups.iter().flatten().any(|wild| wild.as_literal().is_some());
            let rank = if is_literal { 3 } else { 5 };
            if is_any {
                let bounds = group(pattern.groups.first()?.as_ref()?)?;
                return narrowing(FOLDED.iter().map(|column| (*column, bounds.clone())).collect(), rank);
            }
            let mut groups = FOLDED.iter().zip(&pattern.groups);
            let (column, bounds) =
                groups.find_map(|(column, wild)| Some((*column, group(wild.as_ref()?)?)))?;
            narrowing(vec![(column, bounds)], rank)
        }
        Matching::Days(ranges) => {
            let (_, day, _) = DERIVED_DAYS.iter().find(|(of, _, date)| *of == level && *date == column)?;
            let bounds = match ranges.as_slice() {
                [(from, to)] => Bounds::Between(i64::from(*from).max(1), i64::from(*to)),
                several if several.iter().all(|(from, to)| from == to) => {
                    Bounds::Among(several.iter().map(|(day, _)| Value::Integer(i64::from(*day))).collect())
                }
                _ => return None,
            };
            narrowing(vec![(*day, bounds)], 4)
        }
        _ => None,
    }
}

/// Of the texts with a column.
fn rank(column: &str) -> u8 {
    match column {
        "patient_id" | "accession_number" => 1,
        "study_id" => 2,
        "patient_sex" | "issuer_of_patient_id" | "modality" => 8,
        _ => 3,
    }
}

fn by_text(level: Level, criterion: &Criterion, matching: &Matching) -> Option<Narrowing> {
    let key = criterion.key;
    if search_text::indexed(level).is_empty() || !search_text::has_text(key.vr) {
        return None;
    }
    let column = match key.kept {
        Kept::Column(column) => search_text::column_of(level, Some(column)),
        Kept::Attributes => search_text::OTHER,
        Kept::Made(_) => return None,
    };
    let question = match matching {
        Matching::Text(patterns) => Question::new(column, patterns.iter().map(|pattern| [Some(&pattern.0)])),
        Matching::Name(patterns) => {
            Question::new(column, patterns.iter().map(|pattern| pattern.groups.iter().map(Option::as_ref)))
        }
        _ => None,
    };
    Some(Narrowing { level, how: How::Text(question?), rank: 6 })
}

fn single_literal(matching: &Matching) -> Option<&str> {
    match matching {
        Matching::Uids(uids) => match uids.as_slice() {
            [one] => Some(one),
            _ => None,
        },
        Matching::Text(patterns) => match patterns.as_slice() {
            [one] => one.0.as_literal(),
            _ => None,
        },
        _ => None,
    }
}
