//! The keys of the information models, level by level.

use catalog::keys::{KEYS, Key, KeyType, Matched, PRIVATE_CREATOR, SPECIAL};
use catalog::{Letters, Offered, QueryRules};
use vocabulary::{InformationModel, Level};

use crate::document::{Section, Text, literal, text};
use crate::facts::Facts;

const COLUMNS: &[&str] = &["Attribute", "Tag", "VR", "Type", "Matching"];

pub(crate) fn section(facts: &Facts<'_>) -> Section {
    let rules = facts.query_rules;
    let models = models(facts);
    let mut section = Section::new("keys", "Supported Keys")
        .say(
            "Type: U unique, R required, O optional (PS3.4 C.2.2.1). Matching: S single value, * wild cards, R range, \
             L list of UIDs, SEQ sequence, U universal (an empty key), NONE: returned, never matched.",
        )
        .say(models_text(&models))
        .say(format!(
            "Of a private key xx is the block that the request reserves for the private creator {PRIVATE_CREATOR} (PS3.5 7.8.1); \
             the response reserves the same."
        ));
    let special = SPECIAL.iter().map(|special| {
        vec![
            special.keyword.into(),
            literal(special.tag.to_string()),
            text(special.vr.to_string()),
            special.role.into(),
        ]
    });
    section = section.table(
        "Attributes of every query that are not matched",
        &["Attribute", "Tag", "VR", "Role"],
        special.collect(),
    );
    for level in Level::ALL {
        let rows: Vec<Vec<Text>> =
            KEYS.iter().filter(|key| key.level == level).filter_map(|key| row(key, rules, &models)).collect();
        if !rows.is_empty() {
            section = section.table(format!("Keys of level {level}"), COLUMNS, rows);
        }
    }
    section
}

/// The models that QUERY-RETRIEVE-SCP offers to query.
fn models(facts: &Facts<'_>) -> Vec<InformationModel> {
    let mut models = Vec::new();
    for row in facts.query_retrieve_scp.entity.offer.rows() {
        if let Some(model) = InformationModel::of_sop_class(row.abstract_syntax.as_str())
            && !models.contains(&model)
        {
            models.push(model);
        }
    }
    models
}

fn models_text(models: &[InformationModel]) -> Text {
    let mut sentences = Vec::new();
    for model in models {
        let levels: Vec<&str> = model.levels().iter().map(|level| level.as_str()).collect();
        let name = match model {
            InformationModel::PatientRoot => "Patient Root",
            InformationModel::StudyRoot => "Study Root",
            InformationModel::PatientStudyOnly => "Patient/Study Only (Retired)",
        };
        sentences.push(format!("{name} has the levels {}.", levels.join(", ")));
    }
    if models.contains(&InformationModel::StudyRoot) {
        sentences.push("Under Study Root the keys of level PATIENT belong to level STUDY.".to_owned());
    }
    text(sentences.join(" "))
}

fn row(key: &Key, rules: &QueryRules, models: &[InformationModel]) -> Option<Vec<Text>> {
    let letters = rules.letters(key.tag)?;
    Some(vec![
        key.keyword.into(),
        literal(tag_of(key)),
        text(key.vr.to_string()),
        key_type(key, models).into(),
        matching(key, letters, rules.offered).into(),
    ])
}

/// The tag; of a private key with the block left open.
fn tag_of(key: &Key) -> String {
    match key.tag.is_private() {
        true => format!("({:04X},xx{:02X})", key.tag.group(), key.tag.element() & 0xFF),
        false => key.tag.to_string(),
    }
}

fn key_type(key: &Key, models: &[InformationModel]) -> String {
    let word = |key_type| match key_type {
        KeyType::Unique => "U",
        KeyType::Required => "R",
        KeyType::Optional => "O",
    };
    let (own, root) = (word(key.key_type), word(key.key_type_in(InformationModel::StudyRoot)));
    let is_made = !key.is_of_data_sets();
    let own = if is_made { format!("{own}, made by the catalog") } else { own.to_owned() };
    match models.contains(&InformationModel::StudyRoot) && root != word(key.key_type) {
        true => format!("{own} (Study Root: {root})"),
        false => own,
    }
}

fn matching(key: &Key, letters: Letters, offered: Offered) -> String {
    let everything = match key.matched() {
        Matched::WildCard => &["S", "*", "U"][..],
        Matched::SingleValue => &["S", "U"],
        Matched::Range => &["S", "R", "U"],
        Matched::UidList => &["S", "L", "U"],
        Matched::Sequence => &["SEQ", "U"],
        Matched::Never => &["NONE"],
    };
    if offered == Offered::Everything {
        return everything.join(", ");
    }
    let Letters { single, range, wild_card, list } = letters;
    let said = [(single, "S"), (wild_card, "*"), (range, "R"), (list, "L")];
    let mut words: Vec<&str> =
        said.into_iter().filter(|(is_said, _)| *is_said).map(|(_, word)| word).collect();
    if words.is_empty() {
        return "NONE".to_owned();
    }
    words.push("U");
    words.join(", ")
}
