//! SQL against a plain model in memory: whatever is asked of whatever is held, they must agree.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_assert_eq, proptest};
use vocabulary::{InformationModel, Level, Tag};

use crate::keys::{self, Key};
use crate::matching::{Matching, Ways};
use crate::trial::{
    ACCESSION_NUMBER, BIRTH_DATE, ISSUER_OF_PATIENT_ID, MODALITIES_IN_STUDY, MODALITY, PATIENT_ID,
    PATIENT_NAME, SERIES_INSTANCE_UID, SERIES_NUMBER, SEX, SOP_INSTANCE_UID, STUDY_DATE, STUDY_DESCRIPTION,
    STUDY_ID, STUDY_INSTANCE_UID, STUDY_INSTANCES, STUDY_TIME, Trial, row, try_query,
};
use crate::{Look, QueryRules};

const REFERRING: Tag = Tag(0x0008, 0x0090);
const PATIENT_COMMENTS: Tag = Tag(0x0010, 0x4000);
const READING: Tag = Tag(0x0008, 0x1060);
const BODY_PART: Tag = Tag(0x0018, 0x0015);
const INSTITUTION: Tag = Tag(0x0008, 0x0080);
const STEP_DATE: Tag = Tag(0x0040, 0x0244);

/// What the attributes of random instances are drawn from, and what is asked of them.
const NAMES: &[&str] = &[
    "Smith^John",
    "SMITH^JANE^M",
    "Schmidt^Jörg",
    "Müller^Anna",
    "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "Doe",
    "",
];
const NAMES_ASKED: &[&str] = &[
    "smith*",
    "*mi*",
    "*SMI*",
    "Smith^John",
    "*",
    "m?ller*",
    "山田*",
    "*太郎*",
    "Doe^*",
    "?oe",
    "*^J*",
    "Yamada*=山田*",
    "S*\\D*",
    "*ö*",
    "*idt^j*",
    "nobody",
    "*^^*",
];
const IDS: &[&str] = &["P1", "P2", "p1", "P\"3", "P10", "A%_B", ""];
const IDS_ASKED: &[&str] =
    &["P1", "P*", "p?", "*1*", "P1\\P2", "*\"3", "A%_B", "%", "_", "?10", "*A%_*", "P\"3"];
const DATES: &[&str] = &["20240101", "20240115", "2024.02.01", "19991231", "rubbish", ""];
const DATES_ASKED: &[&str] =
    &["20240101", "20240101-20240131", "-20240101", "20240115-", "20240101\\20240201", "20300101-"];
const TIMES: &[&str] = &["120000", "1200", "235959.999", ""];
const TIMES_ASKED: &[&str] = &["12", "1200-1300", "-1159", "120000"];
const WORDS: &[&str] = &["CHEST", "Chest CT", "Kopf, nativ", "a\"b'c", "頭部CT", "CHéri", "CT", ""];
const WORDS_ASKED: &[&str] =
    &["CHEST", "*hest*", "*est*CT", "CH*", "*部C*", "C?", "*\"b'*", "*nat*", "chest", "*, *", "頭部*"];
const CODES: &[&str] = &["CT", "MR", "SR", ""];
const CODES_ASKED: &[&str] = &["CT", "M*", "CT\\MR", "*R", "PT"];
const NUMBERS: &[&str] = &["1", "02", "10", ""];
const NUMBERS_ASKED: &[&str] = &["1", "2", "010", "1*"];
const UIDS: &[&str] = &["1", "2", "3"];

/// The keys that are drawn, with their values and what is asked of them.
const DRAWN: &[(Tag, &[&str], &[&str])] = &[
    (PATIENT_NAME, NAMES, NAMES_ASKED),
    (PATIENT_ID, IDS, IDS_ASKED),
    (ISSUER_OF_PATIENT_ID, &["", "H1"], &["H1", "H*"]),
    (BIRTH_DATE, DATES, DATES_ASKED),
    (SEX, &["F", "M", "O", ""], &["F", "?", "F\\M"]),
    (PATIENT_COMMENTS, WORDS, WORDS_ASKED),
    (STUDY_DATE, DATES, DATES_ASKED),
    (STUDY_TIME, TIMES, TIMES_ASKED),
    (ACCESSION_NUMBER, IDS, IDS_ASKED),
    (STUDY_ID, IDS, IDS_ASKED),
    (STUDY_DESCRIPTION, WORDS, WORDS_ASKED),
    (REFERRING, NAMES, NAMES_ASKED),
    (READING, NAMES, NAMES_ASKED),
    (MODALITY, CODES, CODES_ASKED),
    (SERIES_NUMBER, NUMBERS, NUMBERS_ASKED),
    (BODY_PART, WORDS, WORDS_ASKED),
    (INSTITUTION, WORDS, WORDS_ASKED),
    (STEP_DATE, DATES, DATES_ASKED),
    (crate::trial::INSTANCE_NUMBER, NUMBERS, NUMBERS_ASKED),
];

type Attributes = BTreeMap<Tag, String>;

/// An entity in the model: its level's attributes, filled as they came.
#[derive(Debug, Clone, Default)]
struct Entity {
    attributes: Attributes,
    instances: usize,
}

/// The holdings as the files say them, level by level, by what identifies them.
#[derive(Debug, Default)]
struct Model {
    levels: [BTreeMap<Vec<String>, Entity>; 4],
}

impl Model {
    fn add(&mut self, attributes: &Attributes) {
        let value = |tag: Tag| attributes.get(&tag).cloned().unwrap_or_default();
        let mut identity = vec![value(PATIENT_ID), value(ISSUER_OF_PATIENT_ID)];
        identity.push(match value(PATIENT_ID).as_str() {
            "" => format!(
                "{}\\{}",
                crate::normal::folded_groups(&value(PATIENT_NAME)).join("="),
                value(BIRTH_DATE)
            ),
            _ => String::new(),
        });
        for (level, uid) in Level::ALL.into_iter().zip([
            None,
            Some(STUDY_INSTANCE_UID),
            Some(SERIES_INSTANCE_UID),
            Some(SOP_INSTANCE_UID),
        ]) {
            identity.extend(uid.map(value));
            let entity = self.levels[level as usize].entry(identity.clone()).or_default();
            for (tag, text) in attributes {
                let of = keys::find(*tag).map_or(Level::Image, |key| key.level);
                if of == level || (of == Level::Patient && level == Level::Study) {
                    let held = entity.attributes.entry(*tag).or_default();
                    if held.is_empty() {
                        held.clone_from(text);
                    }
                }
            }
            entity.instances += 1;
        }
    }

    /// The value of a key for an entity: its own, or that of what it belongs to.
    fn value(&self, identity: &[String], level: Level, key: &Key) -> String {
        let at = match (key.level, level) {
            (Level::Patient, Level::Patient) => Level::Patient,
            (Level::Patient, _) => Level::Study,
            (of, _) => of,
        };
        let entity = &self.levels[at as usize][&identity[..3 + at as usize]];
        if key.tag == MODALITIES_IN_STUDY {
            let series = self.levels[Level::Series as usize].iter();
            let below = series.filter(|(series, _)| series.starts_with(&identity[..4]));
            let modalities = below.map(|(_, series)| series.attributes[&MODALITY].clone());
            let distinct: BTreeSet<_> = modalities.filter(|modality| !modality.is_empty()).collect();
            return distinct.into_iter().collect::<Vec<_>>().join("\\");
        }
        entity.attributes.get(&key.tag).cloned().unwrap_or_default()
    }

    fn find(&self, level: Level, asked: &[(Tag, &str)]) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        for (identity, entity) in &self.levels[level as usize] {
            let is_match = asked.iter().all(|(tag, text)| {
                let key = keys::find(*tag).unwrap();
                let value = self.value(identity, level, key);
                Matching::read(key.vr, text, Ways::STANDARD).unwrap().matches(&value, key.multiple)
            });
            if is_match {
                let mut answer: Vec<String> = Level::ALL
                    .into_iter()
                    .filter(|at| *at <= level)
                    .map(|at| self.value(identity, level, keys::unique(at)))
                    .collect();
                if level == Level::Study {
                    answer.push(entity.instances.to_string());
                }
                found.push(answer);
            }
        }
        found.sort();
        found
    }
}

fn drawn_attributes() -> impl Strategy<Value = Attributes> {
    let values: Vec<_> = DRAWN
        .iter()
        .map(|(tag, values, _)| prop::sample::select(*values).prop_map(move |value| (*tag, value.to_owned())))
        .collect();
    let uids = (prop::sample::select(UIDS), prop::sample::select(UIDS));
    (values, uids).prop_map(|(values, (study, series))| {
        let mut attributes: Attributes = values.into_iter().collect();
        attributes.insert(STUDY_INSTANCE_UID, format!("1.{study}"));
        attributes.insert(SERIES_INSTANCE_UID, format!("1.{study}.{series}"));
        attributes
    })
}

/// Up to four keys of the level or above.
fn drawn_query() -> impl Strategy<Value = (Level, Vec<(Tag, &'static str)>)> {
    let key = any::<prop::sample::Index>().prop_flat_map(|index| {
        let mut choices = DRAWN.to_vec();
        choices.push((MODALITIES_IN_STUDY, CODES, CODES_ASKED));
        choices.push((STUDY_INSTANCE_UID, &[], &["1.1", "1.1\\1.3", "1.9"]));
        choices.push((SERIES_INSTANCE_UID, &[], &["1.1.1", "1.1.2\\1.2.1"]));
        choices.push((SOP_INSTANCE_UID, &[], &["1.5.1", "1.5.2\\1.5.3"]));
        let (tag, _, asked) = *index.get(&choices);
        (Just(tag), prop::sample::select(asked))
    });
    (prop::sample::select(&Level::ALL[..]), prop::collection::vec(key, 0..4)).prop_map(|(level, keys)| {
        let mut drawn: Vec<(Tag, &str)> = Vec::new();
        for (tag, asked) in keys {
            let of = keys::find(tag).unwrap().level;
            if of <= level && drawn.iter().all(|(have, _)| *have != tag) {
                drawn.push((tag, asked));
            }
        }
        (level, drawn)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_sql_finds_is_what_matching_finds(
        instances in prop::collection::vec(drawn_attributes(), 1..30),
        queries in prop::collection::vec(drawn_query(), 40),
    ) {
        let mut trial = Trial::new();
        let mut model = Model::default();
        for (number, mut attributes) in (1_u32..).zip(instances) {
            attributes.insert(SOP_INSTANCE_UID, format!("1.5.{number}"));
            let elements: Vec<(Tag, &str)> =
                attributes.iter().map(|(tag, text)| (*tag, text.as_str())).collect();
            trial.keep(&row(&elements), number);
            model.add(&attributes);
        }
        for (level, asked) in queries {
            let mut keys: Vec<Tag> =
                Level::ALL.into_iter().filter(|at| *at <= level).map(|at| keys::unique(at).tag).collect();
            if level == Level::Study {
                keys.push(STUDY_INSTANCES);
            }
            let mut all = asked.clone();
            all.extend(keys.iter().filter(|key| asked.iter().all(|(tag, _)| tag != *key)).map(|key| (*key, "")));
            let query =
                try_query(InformationModel::PatientRoot, level.as_str(), &all, &QueryRules::STANDARD).unwrap();
            prop_assert_eq!(trial.answers(&query, &keys), model.find(level, &asked), "{} {:?}", level, asked);
        }
    }
}

#[test]
fn sil_029_under_the_other_rule_a_required_key_without_value_matches_everything() {
    let mut trial = Trial::new();
    trial.add(&[(ACCESSION_NUMBER, "")]);
    let keys = [(ACCESSION_NUMBER, "A1"), (STUDY_INSTANCE_UID, "")];
    let found = |rules| {
        let query = try_query(InformationModel::StudyRoot, "STUDY", &keys, &rules).unwrap();
        trial.answers(&query, &[STUDY_INSTANCE_UID]).len()
    };
    assert_eq!(found(QueryRules::STANDARD), 0);
    assert_eq!(found(QueryRules { empty_matches: true, ..QueryRules::STANDARD }), 1);
}

#[test]
fn a_list_of_very_many_uids_is_one_query() {
    let mut trial = Trial::new();
    trial.add(&[]);
    let many: Vec<String> = (0..50_000).map(|number| format!("1.9.{number}")).collect();
    let list = format!("{}\\1.2.3.1", many.join("\\"));
    let query = try_query(
        InformationModel::StudyRoot,
        "STUDY",
        &[(STUDY_INSTANCE_UID, &list)],
        &QueryRules::STANDARD,
    )
    .unwrap();
    assert_eq!(trial.answers(&query, &[STUDY_INSTANCE_UID]), [["1.2.3.1"]]);
}

#[test]
fn a_look_comes_back_before_a_rare_match_is_found() {
    let mut trial = Trial::new();
    let mut rows = Vec::new();
    for number in 1..=2_500_u32 {
        let uid = format!("1.2.{number}");
        let time = if number == 2_400 { "235959" } else { "120000" };
        let elements = [(STUDY_INSTANCE_UID, uid.as_str()), (SOP_INSTANCE_UID, &uid), (STUDY_TIME, time)];
        rows.push((row(&elements), crate::trial::location(number)));
    }
    trial.fill(&rows);
    let query = crate::trial::query(Level::Study, &[(STUDY_TIME, "235959")]);
    let mut find = trial.catalog.find(&query).unwrap();
    let mut matches = find.matches().unwrap();
    let mut looks = Vec::new();
    loop {
        match matches.look().unwrap() {
            Look::NoneYet => looks.push(String::new()),
            Look::Match(answer) => looks.push(answer.text(STUDY_INSTANCE_UID).unwrap().unwrap().into_owned()),
            Look::End => break,
        }
    }
    assert_eq!(looks, ["", "", "1.2.2400"]);
}
