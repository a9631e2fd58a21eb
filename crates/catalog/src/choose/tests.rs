use vocabulary::{InformationModel, Level, Tag};

use super::start;
use crate::matching::{Matching, Ways};
use crate::narrow::{How, narrowings};
use crate::trial::{
    PATIENT_NAME, SOP_INSTANCE_UID, STUDY_DATE, STUDY_INSTANCE_UID, Trial, location, query, row, try_query,
};
use crate::{Query, QueryRules};

const FAMILIES: &[&str] = &["Smith", "Smithers", "Mueller", "Thermann", "Rossi", "Ito"];
const GIVEN: &[&str] = &["Anna", "Hannah", "Therese", "Jo"];

fn name(number: u32) -> String {
    let of = |names: &[&'static str], at: u32| names[at as usize % names.len()];
    format!("{}^{}", of(FAMILIES, number), of(GIVEN, number / 6))
}

/// Every family with every given name, as often as makes every trigram of theirs a frequent one; one name that is rare.
fn of_many_alike() -> Trial {
    let mut trial = Trial::new();
    let mut rows = Vec::new();
    for number in 0..1_200 {
        let uid = format!("1.2.{number}");
        let name = if number == 700 { "Kowalski^Anna".to_owned() } else { name(number) };
        let day = if number % 400 == 0 { "20240101" } else { "20230101" };
        let elements =
            [(STUDY_INSTANCE_UID, &*uid), (SOP_INSTANCE_UID, &uid), (PATIENT_NAME, &name), (STUDY_DATE, day)];
        rows.push((row(&elements), location(number)));
    }
    trial.fill(&rows);
    trial
}

/// The trigrams that a search begins with, as they are asked for; `None`: it begins otherwise.
fn trigrams(trial: &Trial, query: &Query) -> Option<String> {
    let narrowings = narrowings(query);
    match start(&trial.connection(), &narrowings).unwrap().unwrap().how {
        How::Text(question) => Some(question.expression()),
        How::Column(_) | How::Has { .. } => None,
    }
}

fn named(pattern: &str) -> Query {
    query(Level::Study, &[(PATIENT_NAME, pattern), (STUDY_INSTANCE_UID, "")])
}

#[test]
fn a_rare_trigram_is_asked_for_alone() {
    let trial = of_many_alike();
    let asked = trigrams(&trial, &named("*kowalski^anna*")).unwrap();
    let quoted: Vec<_> = asked.split('"').skip(1).step_by(2).collect();
    assert!(quoted.len() == 1 && "kowalski^".contains(quoted[0]), "{asked}");
}

#[test]
fn of_frequent_trigrams_a_few_are_asked_for_together() {
    let trial = of_many_alike();
    let asked = trigrams(&trial, &named("*mithers*")).unwrap();
    assert_eq!(asked.matches(" AND ").count(), 1, "{asked}");
}

#[test]
fn what_a_name_begins_with_is_not_looked_for_by_trigrams() {
    let trial = of_many_alike();
    let prefixes: &[(Tag, &str)] = &[(PATIENT_NAME, "smithers^anna*")];
    assert_eq!(narrowings(&query(Level::Study, prefixes)).len(), 1);
    assert_eq!(trigrams(&trial, &named("smithers*")), None);
    // Here they say more than the beginning does.
    assert_eq!(narrowings(&query(Level::Study, &[(PATIENT_NAME, "s*^anna*")])).len(), 2);
    assert!(trigrams(&trial, &named("s*^hannah*")).is_some());
}

#[test]
fn a_narrow_column_goes_before_trigrams() {
    let trial = of_many_alike();
    let both = query(Level::Study, &[(PATIENT_NAME, "*anna*"), (STUDY_DATE, "20240101")]);
    assert_eq!(trigrams(&trial, &both), None);
    let wide = query(Level::Study, &[(PATIENT_NAME, "*kowal*"), (STUDY_DATE, "20230101")]);
    assert!(trigrams(&trial, &wide).is_some());
}

#[test]
fn whatever_trigrams_are_left_out_what_is_found_is_what_matches() {
    let trial = of_many_alike();
    let patterns = [
        "*mithers^anna*",
        "*mith*",
        "*the*",
        "*anna^the*",
        "*ther*^*anna*",
        "*ther*^*nnah",
        "s*th*^the*",
        "*kowalski*",
        "*ith^*\\*wal*",
        "*err*\\*the*\\*ito*\\*oss*\\*smi*\\*mann*",
        "*smithers^anna^^*",
        "*nobody*",
        "s*",
    ];
    for pattern in patterns {
        let vr = dataset::vr_of(PATIENT_NAME);
        let matching = Matching::read(vr, pattern, Ways::STANDARD).unwrap();
        let mut expected: Vec<_> = (0..1_200)
            .filter(|number| {
                let held = if *number == 700 { "Kowalski^Anna".to_owned() } else { name(*number) };
                matching.matches(&held, false)
            })
            .map(|number| vec![format!("1.2.{number}")])
            .collect();
        expected.sort();
        let keys = [(PATIENT_NAME, pattern), (STUDY_INSTANCE_UID, "")];
        let query = try_query(InformationModel::StudyRoot, "STUDY", &keys, &QueryRules::STANDARD).unwrap();
        assert_eq!(trial.answers(&query, &[STUDY_INSTANCE_UID]), expected, "{pattern}");
    }
}
